"""Cells of an association matrix judged by the effects: does a dark cell mean a cause?

A cell is a class of object and a predicted label. Its *effect* is the mean, over the images of the
label that hold the class, of how far the label's probability drops without it (of several objects
of the class, the largest drop). A cell is *causal* where that is above `CAUSAL`; a cell with fewer
than `LEAST` such images is not judged, because its effect is not known.

Axes: n images, C cells, R rows (an image and a class in it), T bootstrap samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..stats.bootstrap import resampled
from ..stats.intervals import percentile
from ..stats.ranks import auroc, average_precision, spearman

CAUSAL = 0.2  # of probability
LEAST = 5  # images


@dataclass(frozen=True)
class Cells:
    """The cells of one network on one corpus.

    rows   : image, class, label, effect: one row an image and class, of the images that count
    images : the images that count, with their `label`, indexed by image
    """

    rows: pd.DataFrame
    images: pd.Series

    @cached_property
    def _cell(self) -> tuple[NDArray[np.int64], pd.MultiIndex]:
        keys = pd.MultiIndex.from_frame(self.rows[["class", "label"]])
        codes, names = keys.factorize(sort=True)
        return codes, names.set_names(["class", "label"])

    @cached_property
    def _image(self) -> NDArray[np.int64]:
        return self.images.index.get_indexer(self.rows["image"])

    def _sums(self, values: NDArray, weights: NDArray) -> NDArray[np.float64]:
        """Sum of a value over the rows of each cell; weights (T, n) -> (T, C)."""
        codes, names = self._cell
        order = np.argsort(codes, kind="stable")
        starts = np.searchsorted(codes[order], np.arange(len(names)))
        weighted = weights[:, self._image[order]] * np.asarray(values, dtype=np.float64)[order]
        return np.add.reduceat(weighted, starts, axis=1)

    def _label_images(self, weights: NDArray) -> NDArray[np.float64]:
        """Images of each cell's label; (T, C)."""
        labels = self._cell[1].get_level_values("label")
        of_label = self.images.to_numpy()[None, :] == np.asarray(labels)[:, None]
        return weights @ of_label.T

    def effects(self, weights: NDArray | None = None) -> NDArray[np.float64]:
        """Effect of each cell, NaN where it is not judged; (T, C), T = 1 without weights."""
        weights = self._weights(weights)
        present = self._sums(np.ones(len(self.rows)), weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            effect = self._sums(self.rows["effect"].to_numpy(), weights) / present
        return np.where(present >= LEAST, effect, np.nan)

    def percent(self, attended: NDArray, weights: NDArray | None = None) -> NDArray[np.float64]:
        """M'_A: percent of the label's images in which the class is attended; (T, C).

        attended : (R,), truth or share
        """
        weights = self._weights(weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            return 100 * self._sums(attended, weights) / self._label_images(weights)

    def _weights(self, weights: NDArray | None) -> NDArray:
        return np.ones((1, len(self.images))) if weights is None else weights

    def table(self, times: int = 500, seed: int = 0) -> pd.DataFrame:
        """Every cell with its images, the class's presence, its effect and a 95 % interval."""
        weights = resampled(len(self.images), times, seed)
        effects = self.effects(weights)
        bounds = np.array([percentile(column) for column in effects.T]).reshape(-1, 2)
        everywhere = np.ones(len(self.rows))
        table = pd.DataFrame(
            {
                "images": self._sums(everywhere, self._weights(None))[0].astype(int),
                "present": self.percent(everywhere)[0],
                "effect": self.effects()[0],
                "low": bounds[:, 0],
                "high": bounds[:, 1],
            },
            index=self._cell[1],
        )
        table["causal"] = (table["effect"] > CAUSAL).where(table["effect"].notna())
        return table

    def judge(
        self, attended: NDArray, times: int = 500, seed: int = 0, by: Cells | None = None
    ) -> tuple[dict[str, float], NDArray[np.float64]]:
        """How well a matrix finds the causal cells, with 95 % intervals over scenes.

        attended : (R,): in which rows the class is attended; all true for presence alone
        by       : the rows that `attended` speaks of, of the same images, if they are others than
                   these, e.g. what a detector found; a cell that they lack has 0 percent
        returns  : auroc, ap and rho (Spearman with the effect), each with _low and _high; and the
                   average precision of every bootstrap sample (T,), for paired differences
        """
        by = by or self
        columns = by._cell[1].get_indexer(self._cell[1])

        def percent(weights: NDArray | None = None) -> NDArray[np.float64]:
            found = by.percent(attended, weights)
            return np.where(columns >= 0, found[:, columns], 0.0)

        measures = _judged(self.effects(), percent())
        weights = resampled(len(self.images), times, seed)
        samples = _judged(self.effects(weights), percent(weights))
        result = {}
        for name, (value,) in measures.items():
            low, high = percentile(samples[name])
            result |= {name: float(value), f"{name}_low": low, f"{name}_high": high}
        return result, samples["ap"]


def _judged(effects: NDArray, percent: NDArray) -> dict[str, NDArray[np.float64]]:
    """Measures of each row of effects and percentages (T, C)."""
    found: dict[str, list[float]] = {"auroc": [], "ap": [], "rho": []}
    for effect, share in zip(effects, percent, strict=True):
        known = ~np.isnan(effect)
        causal = effect[known] > CAUSAL
        found["auroc"].append(auroc(share[known], causal))
        found["ap"].append(average_precision(share[known], causal))
        found["rho"].append(spearman(share[known], effect[known]))
    return {name: np.array(values) for name, values in found.items()}
