"""Which classes of Open Images are kinds of others, so that a man can count as a person too.

The relation is data (`data/openimages_hierarchy.csv`, which names its source). It has no cycles,
but it is no tree: a knife is a kitchen utensil and a weapon.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from .. import paths
from ..pipeline.attention import Attention

FILE = paths.DATA / "openimages_hierarchy.csv"

Ancestors = Mapping[str, tuple[str, ...]]


def read_hierarchy(file: Path = FILE) -> pd.DataFrame:
    """The relation, one row a pair: parent, child."""
    return pd.read_csv(file, comment="#")


def ancestors_of(relation: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Every class that has a parent, with all classes above it, the nearest first.

    relation : one row a pair, with columns parent and child
    Errors   : ValueError for a class that is its own ancestor
    """
    parents = relation.groupby("child", sort=False)["parent"].agg(list)
    found = {}
    for name in parents.index:
        above = list(dict.fromkeys(parents[name]))
        for parent in above:  # grows while it is read, level by level
            if parent == name:
                raise ValueError(
                    f"class {name!r} is its own ancestor ({' < '.join([name, *above])}); "
                    "remove one of these pairs from the hierarchy"
                )
            above += [p for p in parents.get(parent, []) if p not in above]
        found[name] = tuple(above)
    return found


def with_ancestors(boxes: pd.DataFrame, ancestors: Ancestors) -> tuple[pd.DataFrame, np.ndarray]:
    """Each box under its own class and again under every ancestor of that class.

    returns : the longer table, and for each of its rows the row of `boxes` that it repeats
    """
    chains = {name: (name, *ancestors.get(name, ())) for name in boxes["class"].unique()}
    repeated = boxes["class"].astype(object).map(chains)
    longer = boxes.assign(**{"class": repeated}).reset_index(drop=True).explode("class")
    return longer.reset_index(drop=True), longer.index.to_numpy()


def with_ancestor_classes(classes: Sequence[str], ancestors: Ancestors) -> tuple[str, ...]:
    """The classes and then all their ancestors, each once."""
    above = [name for own in classes for name in ancestors.get(own, ())]
    return tuple(dict.fromkeys([*classes, *above]))


def count_descendants(attention: Attention, ancestors: Ancestors | None = None) -> Attention:
    """An `Attention` in which a class counts the boxes of its descendants too.

    Classes that only their descendants can show (the detector may know dogs and no animals) are
    appended to the detector's.
    """
    ancestors = ancestors_of(read_hierarchy()) if ancestors is None else ancestors
    longer, rows = with_ancestors(attention.boxes, ancestors)
    importances = attention.importances.iloc[rows].reset_index(drop=True)
    classes = with_ancestor_classes(attention.classes, ancestors)
    return replace(attention, boxes=longer, importances=importances, classes=classes)
