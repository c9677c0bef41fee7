"""Means over faces with intervals, and many claims judged at once.

Axes: N faces, K columns (parts, differences), T bootstrap samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .ranks import resampled

TIMES, LEVEL = 2000, 0.95


@dataclass(frozen=True)
class Means:
    """Means of K columns over faces, and the same over T samples drawn from the faces.

    value   : (K,); NaN for a column without a defined value
    samples : (T, K)
    """

    value: NDArray[np.float64]
    samples: NDArray[np.float64]

    @classmethod
    def over(cls, values: ArrayLike, times: int = TIMES, seed: int = 0) -> Means:
        """The bootstrap over faces (Efron 1979): faces are drawn with replacement, each with all
        its columns, so that differences of columns are paired.

        values : (N, K); NaN values are left out, N may be 0
        """
        values = np.asarray(values, dtype=np.float64)
        if values.ndim != 2:
            raise ValueError(f"values must be (faces, columns), got shape {values.shape}")
        if not len(values):
            nothing = np.full(values.shape[1], np.nan)
            return cls(nothing, np.full((times, values.shape[1]), np.nan))
        drawn = _drawn(len(values), times, seed).astype(np.float64)
        known = ~np.isnan(values)
        filled, counts = np.where(known, values, 0.0), known.astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            value = filled.sum(axis=0) / counts.sum(axis=0)
            samples = (drawn @ filled) / (drawn @ counts)
        return cls(value, _without_noise(samples))

    def __sub__(self, other: Means) -> Means:
        """Difference of means; of other faces the samples are independent."""
        return Means(self.value - other.value, _without_noise(self.samples - other.samples))

    def scaled(self, factors: ArrayLike) -> Means:
        """Each column multiplied by a factor (K,)."""
        return Means(self.value * np.asarray(factors), self.samples * np.asarray(factors))

    @property
    def low(self) -> NDArray[np.float64]:
        """Lower ends of the 95 % percentile intervals, (K,)."""
        return self._quantile((1 - LEVEL) / 2)

    @property
    def high(self) -> NDArray[np.float64]:
        """Upper ends of the 95 % percentile intervals, (K,)."""
        return self._quantile((1 + LEVEL) / 2)

    @property
    def p(self) -> NDArray[np.float64]:
        """Two-sided bootstrap p of a mean of 0, (K,): below 0.05 where the interval leaves 0 out.

        Never less than 2 / (T + 1); NaN where the mean is not defined.
        """
        below = (self.samples <= 0).sum(axis=0) + 1
        above = (self.samples >= 0).sum(axis=0) + 1
        p = np.minimum(2 * np.minimum(below, above) / (len(self.samples) + 1), 1)
        return np.where(np.isnan(self.value), np.nan, p)

    def _quantile(self, q: float) -> NDArray[np.float64]:
        ends = np.full(len(self.value), np.nan)
        known = ~np.isnan(self.value)
        if known.any():
            ends[known] = np.nanquantile(self.samples[:, known], q, axis=0)
        return ends


@lru_cache(maxsize=64)
def _drawn(count: int, times: int, seed: int) -> NDArray[np.uint8]:
    """How often each face is in each sample (T, N); kept, since drawing is most of the work."""
    return resampled(count, times, seed).astype(np.uint8)


def _without_noise(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """What rounding left of 0 is 0, or a mean of nothing but 0 would have a sign."""
    return np.where(np.abs(samples) < 1e-12, 0.0, samples)


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """p adjusted for several claims (Holm 1979): the chance of one false verdict among them.

    p : (K,); NaN stays NaN and does not count as a claim
    """
    p = np.asarray(p, dtype=np.float64)
    adjusted = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1) if len(order) else steps
    return adjusted
