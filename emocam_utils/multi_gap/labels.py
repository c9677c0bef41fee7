"""Lists of emotions, and which label of one is which of another: data/multi_gap/labels.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from .. import paths
from ..registry import nearest

FILE = paths.DATA / "multi_gap" / "labels.yaml"


class LabelError(ValueError):
    """A label map that is not what it should be, or a label that it does not know."""


@dataclass(frozen=True)
class LabelMap:
    """Labels as they come, and their class among `classes`; None for one that is left out."""

    name: str
    classes: tuple[str, ...]
    of: Mapping[str, str | None]

    def __call__(self, label: str) -> str | None:
        """The class of a label. Errors: LabelError for a label that the map does not know"""
        if label not in self.of:
            near = nearest(label, list(self.of))
            hint = f"; did you mean {near!r}?" if near else ""
            raise LabelError(
                f"the label {label!r} is not in the map {self.name}{hint} "
                f"It has: {', '.join(self.of)}. A label to leave out is `{label}: null`"
            )
        return self.of[label]

    def indices(self, labels: Iterable[str]) -> list[int]:
        """Index among `classes` of each label. Errors: LabelError, also for one left out"""
        labels = list(labels)
        found = {label: self(label) for label in dict.fromkeys(labels)}
        if gone := sorted(label for label, name in found.items() if name is None):
            raise LabelError(f"the map {self.name} leaves out {', '.join(gone)}")
        return [self.classes.index(found[label]) for label in labels]


def label_map(name: str, file: Path = FILE) -> LabelMap:
    """The map of that name, whose classes are the list after its last "-".

    Errors: LabelError for a name that is not there, or a map onto what is none of its classes
    """
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    lists, maps = content.get("classes", {}), content.get("maps", {})
    if name not in maps:
        raise LabelError(f"there is no label map {name!r} in {file}. It has: {', '.join(maps)}")
    onto = name.rpartition("-")[2]
    if onto not in lists:
        raise LabelError(f"{file}: the map {name} is onto {onto!r}, which is none of its classes")
    classes = tuple(lists[onto])
    wrong = [f"{a}: {b}" for a, b in maps[name].items() if b is not None and b not in classes]
    if wrong:
        raise LabelError(
            f"{file}: the map {name} is onto {', '.join(classes)}, and has {', '.join(wrong)}"
        )
    return LabelMap(name, classes, maps[name])
