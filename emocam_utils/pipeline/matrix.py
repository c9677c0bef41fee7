"""Which object classes go with which predicted emotion (EmoCAM, Section 2).

Axes: K object classes (rows), L emotion labels (columns). Matrices are DataFrames indexed by both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from operator import add

import pandas as pd
from numpy.typing import NDArray

from ..names import method_name, score_name
from ..stats.intervals import wilson
from ..stats.measures import MEASURES, Counts
from ..stats.tests import benjamini_hochberg, fisher_exact
from ..study import Preset
from .attention import Attention
from .counts import Tally, parts_of

_LAYERS = {"pre_relu": "before", "post_relu": "after"}


@dataclass(frozen=True)
class Association:
    """M_A and M'_A of what a CAM method finds under a preset; those of a corpus' parts add up.

    seen, empty : images, and maps without a positive cell
    rated       : whether the images have an ambiguity, which the preset limits
    """

    cam: str
    preset: Preset
    classes: tuple[str, ...]
    labels: tuple[str, ...]
    counts: Counts
    seen: int
    empty: int
    rated: bool

    def __add__(self, other: Association) -> Association:
        """Errors: ValueError for parts that were not made alike."""
        alike = ("cam", "preset", "classes", "labels", "rated")
        if differ := [name for name in alike if getattr(self, name) != getattr(other, name)]:
            raise ValueError(
                f"these are no parts of one corpus: they differ in {', '.join(differ)}"
            )
        return replace(
            self,
            counts=self.counts + other.counts,
            seen=self.seen + other.seen,
            empty=self.empty + other.empty,
        )

    @cached_property
    def images(self) -> pd.Series:
        """Images of each label that pass the preset's filters."""
        return pd.Series(self.counts.images, list(self.labels), name="images")

    @cached_property
    def matrix(self) -> pd.DataFrame:
        """M_A, (K, L) counts of images."""
        return self.frame(self.counts.attended)

    @cached_property
    def percent(self) -> pd.DataFrame:
        """M'_A: each column of M_A in percent of its label's images; NaN for a label without."""
        return self.measure("attended")

    def measure(self, name: str) -> pd.DataFrame:
        """Another measure of the same counts, (K, L), e.g. "presence" or "lift"."""
        return self.frame(MEASURES[name](self.counts))

    def frame(self, values: NDArray) -> pd.DataFrame:
        """A (K, L) array with its classes and labels."""
        classes, labels = pd.Index(self.classes, name="class"), pd.Index(self.labels, name="label")
        return pd.DataFrame(values, classes, labels)

    def passes(self, rate: float = 0.05) -> pd.DataFrame:
        """Cells in which class and label go together more often than by chance, (K, L) of bool.

        Fisher's exact test, one-sided, with the false discovery rate over all cells below `rate`. A
        class that is merely present with a label passes, too: see `association.given_presence`.
        """
        return self.adjusted_p < rate

    @cached_property
    def adjusted_p(self) -> pd.DataFrame:
        """p of Fisher's exact test, adjusted for all cells (K, L); NaN where undefined."""
        return self.frame(benjamini_hochberg(fisher_exact(self.counts)))

    @cached_property
    def presence_alone(self) -> Association:
        """The same with every detected box attended: what goes together whatever a network sees."""
        return replace(self, counts=replace(self.counts, attended=self.counts.present))

    def panel(self, top: int) -> tuple[pd.DataFrame, pd.Series]:
        """What Fig. 2 shows: the most prominent classes in percent, and n for each label."""
        return most_prominent(self.percent, top), self.images

    def words(self) -> str:
        """The association in a sentence: what was counted, and what was empty."""
        p, clear = self.preset, f" and below ambiguity {self.preset.ambiguity:g}"
        return (
            f"{method_name(self.cam)} of the {p.score}, {_LAYERS[p.layer]} the last ReLU, "
            f"{score_name(p.importance)} > {p.threshold:g}, confidence > {p.confidence:g}: "
            f"{self.images.sum()} of {self.seen} images above probability "
            f"{p.probability:g}{clear if self.rated else ''}, {self.empty} empty maps, "
            f"{(self.counts.attended > 0).sum()} cells with an image"
        )


def associate(attention: Attention | Iterable[Attention]) -> Association:
    """The association matrices of what a method finds in a corpus, or in its parts."""
    return reduce(add, map(_association, parts_of(attention)))


def _association(a: Attention) -> Association:
    counts = Tally.of(a, [a.preset.importance]).counts(a.preset)
    seen, empty = len(a.predictions), int(a.maps["empty"].sum())
    rated = "ambiguity" in a.predictions
    return Association(a.cam, a.preset, a.classes, a.labels, counts, seen, empty, rated)


def both_presets(paper: Association, corrected: Association) -> pd.DataFrame:
    """Two associations, one row a class and label.

    Columns of each: images, percent with its Wilson interval (low, high).
    """
    columns = {}
    for name, association in (("paper", paper), ("corrected", corrected)):
        counts = association.counts
        low, high = (association.frame(100 * x) for x in wilson(counts.attended, counts.images))
        tables = {"images": association.matrix, "percent": association.percent}
        tables |= {"low": low, "high": high}
        for column, table in tables.items():
            columns[f"{name}_{column}"] = table.stack(future_stack=True)
    return pd.DataFrame(columns)


def label_counts(
    predictions: pd.DataFrame, labels: Sequence[str], probability: float
) -> pd.DataFrame:
    """Images of each label: `all`, and `confident` above a probability; 0 if never predicted."""
    sure = predictions[predictions["probability"] > probability]
    counts = {"all": predictions["label"], "confident": sure["label"]}
    table = pd.DataFrame({name: column.value_counts() for name, column in counts.items()})
    return table.reindex(list(labels)).fillna(0).astype(int).rename_axis("label")


def class_counts(
    boxes: pd.DataFrame, confidence: float, truth: pd.DataFrame | None = None
) -> pd.DataFrame:
    """`boxes` of each class above a confidence, and the `images` that hold at least one.

    truth : image and class of what is there; then also `right`, those images that really hold it
    """
    found = boxes[boxes["confidence"] > confidence].groupby("class")["image"]
    counts = pd.DataFrame({"boxes": found.size(), "images": found.nunique()})
    if truth is not None:
        there = truth.groupby("class")["image"].agg(set)
        held = {name: there.get(name, set()) for name in counts.index}
        right = {name: len(held[name] & set(images)) for name, images in found}
        counts["right"] = pd.Series(right, dtype=int)
    return counts.sort_values("images", ascending=False, kind="stable")


def most_prominent(percent: pd.DataFrame, count: int = 25) -> pd.DataFrame:
    """The classes of highest mean percentage over the labels, highest first (as in Fig. 2)."""
    means = percent.mean(axis=1)
    order = means.sort_values(ascending=False, kind="stable")
    return percent.loc[order[order > 0].index[:count]]
