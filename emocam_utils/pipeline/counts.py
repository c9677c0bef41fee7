"""Counts of images by class and label: M_A (EmoCAM, Section 2), for any thresholds, at once.

A class is attended in an image if at least one of its boxes passes all filters of a preset. Boxes
are sorted by image and class, so that each pair (image, class) is one run of boxes, and a pair
passes a threshold when the highest importance in its run does.

Counts add up, so a corpus may come in parts: each an `Attention` of some of its images.

Axes: B boxes, P pairs (image, class), N images, K object classes, L emotion labels.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..stats.measures import Counts, mean_percent
from ..study import Preset
from .attention import Attention


class Tally:
    """Counts of one corpus, or of a part of it, for any thresholds.

    images        : (N,), names
    labels_of     : (N,), label code of each image
    probability   : (N,), of that label
    pair_image, cell : (P,), image of each pair, and class * L + label
    confidence    : (P,), of the surest box of each pair
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
        self.labels_of = codes(predictions["label"], self.labels, "label").astype(np.int16)
        self.probability = predictions["probability"].to_numpy()
        has = "ambiguity" in predictions
        self._ambiguity = predictions["ambiguity"].to_numpy() if has else None
        image = pd.Index(self.images).get_indexer(boxes["image"]).astype(np.int32)
        kind = codes(boxes["class"], self.classes, "class")
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
        self.confidence = self._highest(self._confidence)
        # undefined importance passes no threshold
        self._importance = {
            name: np.where(np.isnan(values), -np.inf, values)[order]
            for name, values in importances.items()
        }
        self._best: tuple = (None, None)
        self._pairs: tuple = (None, None)

    @classmethod
    def of(cls, attention: Attention, scores: Sequence[str] | None = None) -> Tally:
        """The table of an `Attention`, with some or all of its scores."""
        a, wanted = attention, list(scores or attention.importances)
        importances = {name: a.importances[name].to_numpy(dtype=np.float64) for name in wanted}
        return cls(a.boxes, a.predictions, importances, a.classes, a.labels)

    def present(self, preset: Preset) -> NDArray[np.bool_]:
        """Pairs with a box of enough confidence in an image that counts, (P,)."""
        return (self.confidence > preset.confidence) & self._counted_pairs(preset)

    def attended(self, preset: Preset) -> NDArray[np.bool_]:
        """Pairs with a box that passes all of a preset's filters, (P,)."""
        above = self.highest_importance(preset) > preset.threshold
        return above & self._counted_pairs(preset)

    def counted(self, preset: Preset) -> NDArray[np.bool_]:
        """Images that count under a preset, (N,), as `attention.counted_images` says."""
        clear = True if self._ambiguity is None else self._ambiguity < preset.ambiguity
        return (self.probability > preset.probability) & clear

    def matrix(self, preset: Preset) -> NDArray[np.int64]:
        """M_A, (K, L)."""
        return self._count(self.attended(preset))

    def counts(self, preset: Preset) -> Counts:
        """What all measures of `measures` are functions of."""
        present = self._count(self.present(preset))
        return Counts(self.matrix(preset), present, self.images_per_label(preset))

    def images_per_label(self, preset: Preset) -> NDArray[np.int64]:
        """(L,)"""
        return np.bincount(self.labels_of[self.counted(preset)], minlength=len(self.labels))

    def frame(self, values: NDArray) -> pd.DataFrame:
        """A (K, L) array with its classes and labels."""
        return pd.DataFrame(values, index=list(self.classes), columns=list(self.labels))

    def _count(self, pairs: NDArray[np.bool_]) -> NDArray[np.int64]:
        shape = len(self.classes), len(self.labels)
        return np.bincount(self.cell[pairs], minlength=shape[0] * shape[1]).reshape(shape)

    def _highest(self, values: NDArray) -> NDArray:
        return np.maximum.reduceat(values, self._start) if len(self._start) else values[:0]

    def highest_importance(self, preset: Preset) -> NDArray:
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


def parts_of(attention: Attention | Iterable[Attention]) -> Iterable[Attention]:
    """A corpus as its parts: a whole one is its only part."""
    return [attention] if isinstance(attention, Attention) else attention


def part_of(attention: Attention, images: Collection[str]) -> Attention:
    """What an `Attention` has of some of its images, in its own order."""
    whole = {name: getattr(attention, name) for name in ("boxes", "predictions", "maps")}
    here = {name: table["image"].isin(images).to_numpy() for name, table in whole.items()}
    whole["importances"], here["importances"] = attention.importances, here["boxes"]
    parts = {name: table[here[name]].reset_index(drop=True) for name, table in whole.items()}
    return replace(attention, **parts)


def joined(parts: Iterable[Attention]) -> Attention:
    """Parts of a corpus as one."""
    parts, tables = [part for part in parts if len(part.predictions)], {}
    for name in ("boxes", "predictions", "maps", "importances"):
        tables[name] = pd.concat([getattr(part, name) for part in parts], ignore_index=True)
    return replace(parts[0], **tables)


def threshold_sweep(
    attention: Attention | Iterable[Attention], preset: Preset, thresholds: Sequence[float]
) -> pd.DataFrame:
    """Mean percentage of each class over the labels (what orders Fig. 2) at several thresholds.

    attention : of a corpus, or of its parts
    returns   : one row a threshold, one column a class; the preset's other filters stay
    """
    moved = [preset.model_copy(update={"threshold": float(value)}) for value in thresholds]
    matrices, images, classes = [0] * len(moved), 0, ()
    for part in parts_of(attention):
        tally = Tally.of(part, [preset.importance])
        matrices = [matrix + tally.matrix(at) for matrix, at in zip(matrices, moved, strict=True)]
        images, classes = images + tally.images_per_label(preset), tally.classes
    rows = [mean_percent(matrix, images) for matrix in matrices]
    index = pd.Index([at.threshold for at in moved], name="threshold")
    return pd.DataFrame(rows, index, list(classes))


def sweep_table(sweeps: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Several sweeps as one table: title, threshold, class and percent of classes ever attended."""
    tables = {
        title: sweep.loc[:, sweep.max() > 0].rename_axis("class", axis=1).stack().rename("percent")
        for title, sweep in sweeps.items()
    }
    return pd.concat(tables, names=["preset"]).to_frame()


def codes(names: ArrayLike, allowed: Sequence[str], what: str) -> NDArray[np.intp]:
    """The place of each name among the allowed ones.

    Errors: ValueError for a name that is not among them; `what` says of what
    """
    names = pd.Series(names)
    if not isinstance(names.dtype, pd.CategoricalDtype):
        names = names.astype("category")
    position = pd.Index(allowed).get_indexer(names.cat.categories)
    unknown = set(names.cat.categories[position < 0]) & set(names.unique())
    if unknown:
        raise ValueError(f"unknown {what}: {', '.join(sorted(unknown))}")
    return position[names.cat.codes.to_numpy()]
