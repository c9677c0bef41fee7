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
from scipy.sparse import coo_array

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
    def _coded(self) -> tuple[NDArray[np.int64], pd.MultiIndex]:
        keys = pd.MultiIndex.from_frame(self.rows[["class", "label"]])
        names = keys.unique().sort_values()
        return names.get_indexer(keys), names

    @property
    def names(self) -> pd.MultiIndex:
        """(C,), class and label of each cell."""
        return self._coded[1]

    def _sums(self, values: NDArray, weights: NDArray | None) -> NDArray[np.float64]:
        """Sum of a value over the rows of each cell; weights (T, n) -> (T, C), T = 1 without."""
        places = self.images.index.get_indexer(self.rows["image"]), self._coded[0]
        shape = len(self.images), len(self.names)
        table = coo_array((np.asarray(values, dtype=np.float64), places), shape=shape).tocsr()
        return _once(weights, len(self.images)) @ table

    def effects(self, weights: NDArray | None = None) -> NDArray[np.float64]:
        """Effect of each cell, NaN where it is not judged; (T, C), T = 1 without weights."""
        present = self._sums(np.ones(len(self.rows)), weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            effect = self._sums(self.rows["effect"].to_numpy(), weights) / present
        return np.where(present >= LEAST, effect, np.nan)

    def percent(self, attended: NDArray, weights: NDArray | None = None) -> NDArray[np.float64]:
        """M'_A: percent of the label's images in which the class is attended; (T, C).

        attended : (R,), truth or share
        """
        codes, labels = pd.factorize(self.images)
        images = _once(weights, len(self.images)) @ np.eye(len(labels))[codes]
        of_label = images[:, labels.get_indexer(self.names.get_level_values("label"))]
        with np.errstate(invalid="ignore", divide="ignore"):
            return 100 * self._sums(attended, weights) / of_label

    def table(self, times: int = 500, seed: int = 0) -> pd.DataFrame:
        """Every cell with its images, the class's presence, its effect and a 95 % interval."""
        everywhere = np.ones(len(self.rows))
        low, high = percentile(self.effects(resampled(len(self.images), times, seed)))
        table = pd.DataFrame(
            {
                "images": self._sums(everywhere, None)[0].astype(int),
                "present": self.percent(everywhere)[0],
                "effect": self.effects()[0],
                "low": low,
                "high": high,
            },
            index=self.names,
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
        columns = by.names.get_indexer(self.names)

        def measured(weights: NDArray | None = None) -> pd.DataFrame:
            found = np.pad(by.percent(attended, weights), [(0, 0), (0, 1)])[:, columns]
            return _judged(self.effects(weights), found)

        samples = measured(resampled(len(self.images), times, seed))
        result = {}
        for name, value in measured().iloc[0].items():
            low, high = percentile(samples[name])
            result |= {name: value, f"{name}_low": low, f"{name}_high": high}
        return result, samples["ap"].to_numpy()


def _once(weights: NDArray | None, images: int) -> NDArray:
    return np.ones((1, images)) if weights is None else weights


def _judged(effects: NDArray, percent: NDArray) -> pd.DataFrame:
    """auroc, ap, rho of each row of effects and percentages (T, C)."""
    rows = []
    for effect, share in zip(effects, percent, strict=True):
        known = ~np.isnan(effect)
        effect, share = effect[known], share[known]
        causal = effect > CAUSAL
        measures = auroc(share, causal), average_precision(share, causal), spearman(share, effect)
        rows.append(measures)
    return pd.DataFrame(rows, columns=["auroc", "ap", "rho"])
