"""The bootstrap over images (or faces, or scenes): they are drawn again, with all that is in them.

Boxes of one image, and variants of it, depend on each other; images do not. A sample is therefore a
row of weights, how often each image is drawn, and a statistic on it is one with weights. Equal
seeds draw equal samples, so that differences of two statistics are paired.

Axes: N images, R rows (each of an image), K columns, T bootstrap samples, L labels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from .intervals import LEVEL, percentile
from .measures import mean_percent, ratio

TIMES = 2000


def resampled(count: int, times: int, seed: int = 0) -> NDArray[np.int64]:
    """How often each of `count` images is drawn in each of `times` samples; (T, N)."""
    if not count:
        return np.zeros((times, 0), dtype=np.int64)
    rng = np.random.default_rng(seed)
    return rng.multinomial(count, np.full(count, 1 / count), size=times)


def resampled_rows(images: ArrayLike, times: int, seed: int = 0) -> NDArray[np.int64]:
    """How often each row is drawn when its image is; images (R,), any names -> (T, R)."""
    codes, names = pd.factorize(np.asarray(images))
    return resampled(len(names), times, seed)[:, codes]


def weighted_mean(values: ArrayLike, weights: NDArray) -> NDArray[np.float64]:
    """Means on each sample; values (N,) or (N, K), weights (T, N) -> (T,) or (T, K).

    NaN values are left out; NaN where nothing is left.
    """
    values, weights = np.asarray(values, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    known = ~np.isnan(values)
    return ratio(weights @ np.where(known, values, 0.0), weights @ known.astype(np.float64))


def interval_of_sums(
    values: ArrayLike,
    images: ArrayLike,
    statistic: Callable[[NDArray], NDArray],
    times: int = 1000,
    seed: int = 0,
) -> tuple[float, float, float]:
    """A statistic of sums over rows with its 95 % interval over images: a rate, a difference.

    values    : (R, K), what is summed; images : (R,), the image of each row
    statistic : (..., K) sums -> (...), e.g. `ratio_of_sums`
    returns   : value, low, high; NaN where they are undefined
    """
    codes, names = pd.factorize(np.asarray(images))
    sums = np.zeros((len(names), np.shape(values)[1]))
    np.add.at(sums, codes, np.asarray(values, dtype=np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        value = float(statistic(sums.sum(axis=0)))
        samples = statistic(resampled(len(names), times, seed) @ sums)
    return (value, *percentile(samples)) if np.isfinite(value) else (value, np.nan, np.nan)


def ratio_of_sums(sums: NDArray) -> NDArray[np.float64]:
    """The first sum over the second: a rate over images, if the second column is 1 a row."""
    return sums[..., 0] / sums[..., 1]


def interval(
    statistic: Callable[[NDArray], NDArray], count: int, times: int = 1000, seed: int = 0
) -> tuple[float, float, float]:
    """A statistic with its 95 % interval over units that are drawn again (BCa, Efron 1987).

    Bias-corrected and accelerated: right also for a statistic whose samples lie to one side of it,
    such as a rank correlation or an average precision near 1. `scipy.stats.bootstrap` has the same
    for statistics of rows; this one is of weights, as all of this module.

    statistic : weights (T, count), how often each unit is drawn -> (T,)
    returns   : value, low, high; NaN where the value is, or where too few samples are defined. A
                statistic that no sample changes has no width. An interval that would leave its
                value out, as BCa can with few units, is widened to it
    """
    value = float(statistic(np.ones((1, count), dtype=np.int64))[0]) if count else float("nan")
    if not np.isfinite(value):
        return value, float("nan"), float("nan")
    samples = np.asarray(statistic(resampled(count, times, seed)), dtype=np.float64)
    samples = samples[~np.isnan(samples)]
    if 2 * len(samples) < times:
        return value, float("nan"), float("nan")
    left_out = statistic(np.ones((count, count), dtype=np.int64) - np.eye(count, dtype=np.int64))
    spread = np.nanmean(left_out) - left_out[~np.isnan(left_out)]
    cubed = (spread**2).sum() ** 1.5
    acceleration = (spread**3).sum() / (6 * cubed) if cubed > 0 else 0.0
    below = (samples < value - 1e-12).mean() + (np.abs(samples - value) <= 1e-12).mean() / 2
    least = 0.5 / len(samples)
    bias = norm.ppf(np.clip(below, least, 1 - least))
    ends = bias + norm.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    low, high = np.quantile(samples, norm.cdf(bias + ends / (1 - acceleration * ends)))
    return value, min(float(low), value), max(float(high), value)


@dataclass(frozen=True)
class Means:
    """Means of K columns over faces, and the same over T samples drawn from the faces.

    value   : (K,); NaN for a column without a defined value
    samples : (T, K)
    """

    value: NDArray[np.float64]
    samples: NDArray[np.float64]

    @classmethod
    def over(
        cls, values: ArrayLike, times: int = TIMES, seed: int = 0, units: ArrayLike | None = None
    ) -> Means:
        """Faces are drawn, each with all its columns, so that differences of columns are paired.

        values : (N, K); NaN values are left out, N may be 0
        units  : (N,), names of what is drawn in the faces' place, with all faces of it
        """
        values = np.asarray(values, dtype=np.float64)
        if values.ndim != 2:
            raise ValueError(f"values must be (faces, columns), got shape {values.shape}")
        value = weighted_mean(values, np.ones((1, len(values))))[0]
        known = units is None
        drawn = _drawn(len(values), times, seed) if known else resampled_rows(units, times, seed)
        return cls(value, _without_noise(weighted_mean(values, drawn)))

    def __sub__(self, other: Means) -> Means:
        """Difference of means; of other faces the samples are independent."""
        return Means(self.value - other.value, _without_noise(self.samples - other.samples))

    def scaled(self, factors: ArrayLike) -> Means:
        """Each column multiplied by a factor (K,)."""
        return Means(self.value * np.asarray(factors), self.samples * np.asarray(factors))

    @property
    def low(self) -> NDArray[np.float64]:
        """Lower ends of the 95 % percentile intervals, (K,)."""
        return percentile(self.samples, LEVEL)[0]

    @property
    def high(self) -> NDArray[np.float64]:
        """Upper ends of the 95 % percentile intervals, (K,)."""
        return percentile(self.samples, LEVEL)[1]

    @property
    def p(self) -> NDArray[np.float64]:
        """Two-sided bootstrap p of a mean of 0, (K,): below 0.05 where the interval leaves 0 out.

        Never less than 2 / (T + 1); NaN where the mean is not defined.
        """
        below = (self.samples <= 0).sum(axis=0) + 1
        above = (self.samples >= 0).sum(axis=0) + 1
        p = np.minimum(2 * np.minimum(below, above) / (len(self.samples) + 1), 1)
        return np.where(np.isnan(self.value), np.nan, p)


@lru_cache(maxsize=64)
def _drawn(count: int, times: int, seed: int) -> NDArray[np.uint8]:
    """`resampled`, kept, since drawing is most of the work of `Means`."""
    return resampled(count, times, seed).astype(np.uint8)


def _without_noise(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """What rounding left of 0 is 0, or a mean of nothing but 0 would have a sign."""
    return np.where(np.abs(samples) < 1e-12, 0.0, samples)


def bootstrap_means(
    pairs: tuple[NDArray, NDArray], labels: NDArray, shape: tuple[int, int], draws: int, seed: int
) -> NDArray[np.float64]:
    """`measures.mean_percent` of each class on corpora drawn from the images with replacement.

    pairs   : image and class of each attended pair, (P,) each, a pair once
    labels  : (N,), label of each image
    shape   : (K classes, L)
    returns : (draws, K). Images are drawn, not boxes or cells, as these depend on each other.
    """
    images, classes = pairs
    cells = classes.astype(np.int64) * shape[1] + labels[images]
    rng = np.random.default_rng(seed)
    means = np.empty((draws, shape[0]))
    for draw in range(draws):
        times = np.bincount(rng.integers(0, len(labels), len(labels)), minlength=len(labels))
        matrix = np.bincount(cells, weights=times[images], minlength=shape[0] * shape[1])
        sizes = np.bincount(labels, weights=times, minlength=shape[1])
        means[draw] = mean_percent(matrix.reshape(shape), sizes)
    return means
