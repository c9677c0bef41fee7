"""The table behind a slider: counts of images, again and at once, for moved thresholds.

`association.association_matrix` says what is counted; this counts the same from integer-coded
arrays. Boxes are sorted by image and class, so that each pair (image, class) is one run of boxes,
and a pair passes a threshold when the highest importance in its run does.

Axes: B boxes, P pairs (image, class), N images, K object classes, L emotion labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..stats.measures import Counts
from ..stats.significance import mean_percent
from ..study import Preset
from .attention import Attention


class Tally:
    """Counts of one corpus for any thresholds.

    images        : (N,), names
    labels_of     : (N,), label code of each image
    pair_image, cell : (P,), image of each pair, and class * L + label
    """

    def __init__(
        self,
        boxes: pd.DataFrame,
        predictions: pd.DataFrame,
        importances: Mapping[str, NDArray],
        classes: Sequence[str],
        labels: Sequence[str],
    ) -> None:
        """boxes, predictions : as the stages store them; boxes of other images are left out

        importances : score -> (len(boxes),), NaN for undefined
        Errors      : ValueError for a class or label that is not among the given ones
        """
        self.classes, self.labels = tuple(classes), tuple(labels)
        self.images = predictions["image"].to_numpy()
        self.labels_of = _codes(predictions["label"], self.labels, "label").astype(np.int16)
        self._probability = predictions["probability"].to_numpy()
        has = "ambiguity" in predictions
        self._ambiguity = predictions["ambiguity"].to_numpy() if has else None
        image = pd.Index(self.images).get_indexer(boxes["image"]).astype(np.int32)
        kind = _codes(boxes["class"], self.classes, "class")
        known = np.flatnonzero(image >= 0)
        pair = image[known].astype(np.int64) * len(self.classes) + kind[known]
        order = known[np.argsort(pair, kind="stable")]
        image, kind = image[order], kind[order]
        new = np.ones(len(order), dtype=bool)
        new[1:] = (image[1:] != image[:-1]) | (kind[1:] != kind[:-1])
        self._start = np.flatnonzero(new)
        self.pair_image = image[self._start]
        label = self.labels_of[self.pair_image].astype(np.int32)
        self.cell = kind[self._start].astype(np.int32) * len(self.labels) + label
        self._confidence = boxes["confidence"].to_numpy()[order]
        self._most_confident = self._highest(self._confidence)
        self._importance = {name: _sorted(values, order) for name, values in importances.items()}
        self._best: tuple = (None, None)
        self._pairs: tuple = (None, None)

    @classmethod
    def of(cls, attention: Attention, scores: Sequence[str] | None = None) -> Tally:
        """The table of an `Attention`, with some or all of its scores."""
        wanted = attention.importances[list(scores)] if scores else attention.importances
        columns = {name: wanted[name].to_numpy() for name in wanted}
        return cls(
            attention.boxes, attention.predictions, columns, attention.classes, attention.labels
        )

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays, those kept between two moves of a slider among them."""
        arrays = [
            self.labels_of, self._probability, self._start, self.pair_image, self.cell,
            self._confidence, self._most_confident, *self._importance.values(),
            self._best[1], self._pairs[1], self._ambiguity,
        ]  # fmt: skip
        return sum(array.nbytes for array in arrays if array is not None)

    def present(self, preset: Preset) -> NDArray[np.bool_]:
        """Pairs with a box of enough confidence in an image that counts, (P,)."""
        return (self._most_confident > preset.confidence) & self._counted_pairs(preset)

    def attended(self, preset: Preset) -> NDArray[np.bool_]:
        """Pairs with a box that passes all of a preset's filters, (P,)."""
        above = self._highest_importance(preset) > preset.threshold
        return above & self._counted_pairs(preset)

    def counted(self, preset: Preset) -> NDArray[np.bool_]:
        """Images that count under a preset, (N,), as `association.counted_images` says."""
        counted = self._probability > preset.probability
        return (
            counted if self._ambiguity is None else counted & (self._ambiguity < preset.ambiguity)
        )

    def matrix(self, preset: Preset) -> NDArray[np.int64]:
        """M_A, (K, L), exactly as `association.association_matrix` counts it."""
        return self._count(self.attended(preset))

    def counts(self, preset: Preset) -> Counts:
        """What all measures of `measures` are functions of."""
        present = self._count(self.present(preset))
        return Counts(self.matrix(preset), present, self.images_per_label(preset))

    def images_per_label(self, preset: Preset) -> NDArray[np.int64]:
        """(L,)"""
        return np.bincount(self.labels_of[self.counted(preset)], minlength=len(self.labels))

    def images_behind(self, cell: tuple[str, str], preset: Preset) -> list[str]:
        """The images that a cell (class, label) of M_A counts, the most important box first."""
        kind, label = self.classes.index(cell[0]), self.labels.index(cell[1])
        here = (self.cell == kind * len(self.labels) + label) & self.attended(preset)
        rows = np.flatnonzero(here)
        rows = rows[np.argsort(-self._highest_importance(preset)[rows], kind="stable")]
        return self.images[self.pair_image[rows]].tolist()

    def frame(self, values: NDArray) -> pd.DataFrame:
        """A (K, L) array with its classes and labels."""
        return pd.DataFrame(values, index=list(self.classes), columns=list(self.labels))

    def _count(self, pairs: NDArray[np.bool_]) -> NDArray[np.int64]:
        shape = len(self.classes), len(self.labels)
        return np.bincount(self.cell[pairs], minlength=shape[0] * shape[1]).reshape(shape)

    def _highest(self, values: NDArray) -> NDArray:
        if not len(self._start):
            return values[:0]
        return np.maximum.reduceat(values, self._start)

    def _highest_importance(self, preset: Preset) -> NDArray:
        """The highest importance of each pair among boxes of enough confidence, -inf for none.

        Kept until the score or the confidence changes: the importance threshold moves most often.
        """
        score, confidence = key = preset.importance, preset.confidence
        if self._best[0] != key:
            if score not in self._importance:
                raise KeyError(f"no score {score!r} here; there are: {', '.join(self._importance)}")
            passed = np.where(self._confidence > confidence, self._importance[score], -np.inf)
            self._best = key, self._highest(passed)
        return self._best[1]

    def _counted_pairs(self, preset: Preset) -> NDArray[np.bool_]:
        key = preset.probability, preset.ambiguity
        if self._pairs[0] != key:
            self._pairs = key, self.counted(preset)[self.pair_image]
        return self._pairs[1]


def threshold_sweep(tally: Tally, preset: Preset, thresholds: Sequence[float]) -> pd.DataFrame:
    """Mean percentage of each class over the labels (what orders Fig. 2) at several thresholds.

    returns : one row a threshold, one column a class; the preset's other filters stay
    """
    rows = {}
    for threshold in thresholds:
        moved = preset.model_copy(update={"threshold": float(threshold)})
        rows[float(threshold)] = mean_percent(tally.matrix(moved), tally.images_per_label(moved))
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(tally.classes))
    return table.rename_axis("threshold")


def sweep_table(sweeps: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Several sweeps as one table: title, threshold, class and percent of classes ever attended."""
    tables = {
        title: sweep.loc[:, sweep.max() > 0].rename_axis("class", axis=1).stack().rename("percent")
        for title, sweep in sweeps.items()
    }
    return pd.concat(tables, names=["preset"]).to_frame()


def sweep_words(sweep: pd.DataFrame, top: int = 10) -> str:
    """How much of the top classes stays from the lowest to the highest threshold, in a sentence."""
    first, last = sweep.index[[0, -1]]
    attended = [sweep.loc[threshold][sweep.loc[threshold] > 0] for threshold in (first, last)]
    ends = [set(row.nlargest(top).index) for row in attended]
    left = len(attended[1])
    return (
        f"Of the {len(ends[0])} classes of highest mean at a threshold of {first:g}, "
        f"{len(ends[0] & ends[1])} are still among the {top} at {last:g}, "
        f"where {left} classes are left."
    )


def _codes(names: pd.Series, allowed: tuple[str, ...], what: str) -> NDArray[np.intp]:
    if not isinstance(names.dtype, pd.CategoricalDtype):
        names = names.astype("category")
    position = pd.Index(allowed).get_indexer(names.cat.categories)
    used = names.cat.codes.to_numpy()
    unknown = set(names.cat.categories[position < 0]) & set(names.unique())
    if unknown:
        raise ValueError(f"unknown {what}: {', '.join(sorted(unknown))}")
    return position[used]


def _sorted(importance: NDArray, order: NDArray) -> NDArray:
    """In the order of the pairs; undefined importance passes no threshold."""
    values = np.asarray(importance)[order]
    return np.where(np.isnan(values), -np.inf, values)
