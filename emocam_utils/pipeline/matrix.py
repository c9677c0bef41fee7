"""Which object classes go with which predicted emotion (EmoCAM, Section 2).

Axes: K object classes (rows), L emotion labels (columns). Matrices are DataFrames indexed by both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ..stats.measures import MEASURES, Counts
from ..stats.significance import benjamini_hochberg, fisher_exact, wilson_interval
from .attention import Attention, attended_boxes, counted_images


@dataclass(frozen=True)
class Association:
    """M_A and M'_A of one `Attention`, under its own preset."""

    attention: Attention

    @cached_property
    def images(self) -> pd.Series:
        """Images of each label that pass the preset's filters."""
        counted = counted_images(self.attention.predictions, self.attention.preset)
        return images_per_label(counted, self.attention.labels)

    @cached_property
    def matrix(self) -> pd.DataFrame:
        """M_A, (K, L) counts of images."""
        a = self.attention
        importance = a.importances[a.preset.importance].to_numpy()
        kept = attended_boxes(a.boxes, a.predictions, importance, a.preset)
        return association_matrix(kept, a.classes, a.labels)

    @cached_property
    def percent(self) -> pd.DataFrame:
        """M'_A, (K, L) in percent."""
        return association_percent(self.matrix, self.images)

    @cached_property
    def counts(self) -> Counts:
        """What the measures of `measures` are functions of."""
        a = self.attention
        everything = np.full(len(a.boxes), np.inf)
        detected = attended_boxes(a.boxes, a.predictions, everything, a.preset)
        present = association_matrix(detected, a.classes, a.labels)
        return Counts(self.matrix.to_numpy(), present.to_numpy(), self.images.to_numpy())

    def measure(self, name: str) -> pd.DataFrame:
        """Another measure of the same counts, (K, L), e.g. "presence" or "lift"."""
        return self.matrix.astype(float) * 0 + MEASURES[name](self.counts)

    def passes(self, rate: float = 0.05) -> pd.DataFrame:
        """Cells in which a class is attended more often than by chance, (K, L) of bool.

        Fisher's exact test, one-sided, with the false discovery rate over all cells below `rate`.
        """
        return self.adjusted_p < rate

    @cached_property
    def adjusted_p(self) -> pd.DataFrame:
        """p of Fisher's exact test, adjusted for all cells (K, L); NaN where undefined."""
        adjusted = benjamini_hochberg(fisher_exact(self.counts))
        return pd.DataFrame(adjusted, self.matrix.index, self.matrix.columns)

    def panel(self, top: int) -> tuple[pd.DataFrame, pd.Series]:
        """What Fig. 2 shows: the most prominent classes in percent, and n for each label."""
        return most_prominent(self.percent, top), self.images

    def words(self) -> str:
        """The association in a sentence: what was counted, and what was empty."""
        a, p = self.attention, self.attention.preset
        clear = f" and below ambiguity {p.ambiguity:g}" if "ambiguity" in a.predictions else ""
        return (
            f"{a.cam}, {p.score}, {p.layer}, {p.importance} > {p.threshold:g}: "
            f"{self.images.sum()} of {len(a.predictions)} images above probability "
            f"{p.probability:g}{clear}, {a.maps['empty'].sum()} empty maps, "
            f"{(self.matrix.to_numpy() > 0).sum()} cells with an image"
        )


def associate(attention: Attention) -> Association:
    """The association matrices of what a method finds."""
    return Association(attention)


def both_presets(paper: Association, corrected: Association) -> pd.DataFrame:
    """Two associations, one row a class and label.

    Columns of each: images, percent with its Wilson interval (low, high), p (adjusted).
    """
    columns = {}
    for name, association in (("paper", paper), ("corrected", corrected)):
        matrix = association.matrix
        ends = wilson_interval(matrix.to_numpy(), association.images.to_numpy())
        low, high = (pd.DataFrame(end, matrix.index, matrix.columns) for end in ends)
        tables = {"images": matrix, "percent": association.percent, "low": low, "high": high}
        for column, table in {**tables, "p": association.adjusted_p}.items():
            columns[f"{name}_{column}"] = table.stack(future_stack=True)
    return pd.DataFrame(columns).rename_axis(["class", "label"])


def images_per_label(
    predictions: pd.DataFrame, labels: Sequence[str], probability: float = 0.0
) -> pd.Series:
    """Images predicted as each label above a probability; 0 for a label never predicted."""
    counted = predictions.loc[predictions["probability"] > probability, "label"].value_counts()
    return counted.reindex(list(labels), fill_value=0).rename("images")


def label_counts(
    predictions: pd.DataFrame, labels: Sequence[str], probability: float
) -> pd.DataFrame:
    """Images of each label: `all`, and `confident` above a probability."""
    return pd.DataFrame(
        {
            "all": images_per_label(predictions, labels),
            "confident": images_per_label(predictions, labels, probability),
        }
    ).rename_axis("label")


def class_counts(boxes: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """`boxes` of each class above a confidence, and the `images` that hold at least one."""
    found = boxes[boxes["confidence"] > confidence].groupby("class")["image"]
    counts = pd.DataFrame({"boxes": found.size(), "images": found.nunique()})
    return counts.sort_values("images", ascending=False, kind="stable")


def association_matrix(
    attended: pd.DataFrame, classes: Sequence[str], labels: Sequence[str]
) -> pd.DataFrame:
    """M_A: images of a label in which a class is attended at least once; (K, L) counts.

    attended : one row a box, with columns image, class, label
    Errors   : ValueError for a class or label that is not among the given ones
    """
    for column, allowed in (("class", classes), ("label", labels)):
        unknown = set(attended[column]) - set(allowed)
        if unknown:
            raise ValueError(f"unknown {column}: {', '.join(sorted(unknown))}")
    pairs = attended[["image", "class", "label"]].drop_duplicates()
    counts = pairs.groupby(["class", "label"], observed=True).size().unstack(fill_value=0)
    return counts.reindex(index=list(classes), columns=list(labels), fill_value=0).astype(int)


def association_percent(matrix: pd.DataFrame, images: pd.Series) -> pd.DataFrame:
    """M'_A: each column of M_A in percent of its label's images; NaN for a label without one."""
    return 100 * matrix / images.reindex(matrix.columns).replace(0, np.nan)


def most_prominent(percent: pd.DataFrame, count: int = 25) -> pd.DataFrame:
    """The classes of highest mean percentage over the labels, highest first (as in Fig. 2)."""
    means = percent.mean(axis=1)
    order = means.sort_values(ascending=False, kind="stable")
    return percent.loc[order[order > 0].index[:count]]
