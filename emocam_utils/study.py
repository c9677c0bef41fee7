"""What a run analyses: a frozen, validated description, from `data/studies/<name>.yaml`."""

from __future__ import annotations

import difflib
import html
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from . import paths


class StudyError(ValueError):
    """A study that cannot be run; the message lists every problem at once."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Preset(_Frozen):
    """How a map is made and when a box counts as attended (`data/presets.yaml`)."""

    score: Literal["logit", "probability"]
    layer: Literal["pre_relu", "post_relu"]
    importance: str
    threshold: float = Field(ge=0, description="a box is kept above this importance")
    probability: float = Field(ge=0, le=1, description="images of higher probability count")
    confidence: float = Field(ge=0, le=1, description="boxes of higher confidence count")
    ambiguity: float = Field(ge=0, description="annotations of lower ambiguity count")
    cams: dict[str, dict[str, Any]] = Field(default={}, description="more options of CAM methods")


class CorpusSpec(_Frozen):
    """Which images: a split of EmoScenes, FindingEmo's, or all below a folder.

    path  : of a folder of images; for FindingEmo instead of data/raw/findingemo/images
    limit : only the first images; 0 takes all
    """

    kind: Literal["emoscenes", "findingemo", "folder"]
    split: Literal["train", "calibration", "test"] = "test"
    path: Path | None = None
    limit: int = Field(default=0, ge=0)


class ModelSpec(_Frozen):
    """A network or detector by its registered name, its weights file and its options."""

    name: str
    weights: Path | None = None
    options: dict[str, Any] = {}


class Study(_Frozen):
    """One study. Its results lie under data/results/<name>, its figures under figures/<name>."""

    name: str = Field(pattern=r"^[a-z0-9_-]+$")
    title: str
    corpus: CorpusSpec
    network: ModelSpec
    detector: ModelSpec
    cams: tuple[str, ...] = Field(min_length=1)
    presets: dict[str, Preset]
    widgets: dict[str, dict[str, Any]] = {}  # what an explorer saved; no result depends on it

    @property
    def results(self) -> Path:
        return paths.RESULTS

    @property
    def figures(self) -> Path:
        return paths.FIGURES / self.name

    def preset(self, name: str) -> Preset:
        """Errors: StudyError for a name that is not a preset, with those there are."""
        if name not in self.presets:
            raise StudyError(f"preset {name!r} is not one of {', '.join(self.presets)}")
        return self.presets[name]

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th align='left'>{key}</th><td align='left'>{html.escape(value)}</td></tr>"
            for key, value in self.summary().items()
        )
        return f"<table>{rows}</table>"

    def summary(self) -> dict[str, str]:
        """The study in a few words, as the notebooks show it."""
        corpus = self.corpus
        images = corpus.split if corpus.kind == "emoscenes" else str(corpus.path or paths.RAW)
        limit = f", first {corpus.limit}" if corpus.limit else ""
        presets = {
            name: f"{p.score}, {p.layer}, {p.importance} > {p.threshold}, probability > "
            f"{p.probability}, confidence > {p.confidence}"
            for name, p in self.presets.items()
        }
        return {
            "study": f"{self.name}: {self.title}",
            "corpus": f"{corpus.kind} ({images}{limit})",
            "network": f"{self.network.name}, {self.network.weights}",
            "detector": f"{self.detector.name}, {self.detector.weights}",
            "CAM methods": ", ".join(self.cams),
            **{f"preset {name}": text for name, text in presets.items()},
        }


def study_names() -> list[str]:
    return sorted(file.stem for file in paths.STUDIES.glob("*.yaml"))


def load_study(name: str, *, images: str | Path = "", limit: int = -1) -> Study:
    """The study of `data/studies/<name>.yaml`.

    images : folder of photographs, for a study of a folder
    limit  : analyse only the first images; 0 takes all, -1 what the study says
    Errors : StudyError, with every problem of the file at once
    """
    file = paths.STUDIES / f"{name}.yaml"
    if name not in study_names():
        near = difflib.get_close_matches(name, study_names(), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise StudyError(
            f"study {name!r} is missing: there is no {file.relative_to(paths.ROOT)}{hint} "
            f"Studies: {', '.join(study_names())}"
        )
    fields = _read_yaml(file)
    presets = _read_yaml(paths.DATA / "presets.yaml")
    for preset, changes in (fields.pop("presets", None) or {}).items():
        presets[preset] = {**presets.get(preset, {}), **changes}
    corpus = dict(fields.get("corpus") or {})
    if images:
        corpus["path"] = Path(images).expanduser().absolute()
    if limit >= 0:
        corpus["limit"] = limit
    if corpus.get("kind") == "folder" and not corpus.get("path"):
        raise StudyError(
            f"study {name!r} analyses a folder of images and none is given: "
            f"make paper STUDY={name} IMAGES=/home/me/photos, or `path:` in {file.name}"
        )
    if images and corpus.get("kind") != "folder":
        raise StudyError(f"study {name!r} does not take images: its corpus is {corpus.get('kind')}")
    return _validated({**fields, "name": name, "corpus": corpus, "presets": presets}, file)


def _read_yaml(file: Path) -> dict:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise StudyError(f"{file} is not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise StudyError(f"{file} must hold `key: value` lines, e.g. title, corpus, network")
    return content


def _validated(fields: dict, file: Path) -> Study:
    try:
        study = Study(**fields)
    except ValidationError as error:
        lines = [
            f"  {'.'.join(map(str, e['loc']))}: {e['msg']} (got {e['input']!r})"
            for e in error.errors()
        ]
        raise StudyError(f"{file.name} has {len(lines)} problem(s):\n" + "\n".join(lines)) from None
    return study.model_copy(
        update={
            part: getattr(study, part).model_copy(update={"weights": _rooted(spec.weights)})
            for part in ("network", "detector")
            if (spec := getattr(study, part)).weights is not None
        }
    )


def _rooted(path: Path) -> Path:
    """A path of a study file is relative to the repository."""
    return path if path.is_absolute() else paths.ROOT / path
