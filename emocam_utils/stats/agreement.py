"""How well one set of numbers reads another: correlation, explained variance, calibration.

With weights, each is that of rows repeated so often. A measure that is undefined (fewer than three
rows, no variance) is NaN, never 0.

Axes: N rows, T bootstrap samples. Without weights a measure is a number; with weights (T, N), it is
(T,). Rows in which either number is NaN are left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .measures import ratio
from .ranks import spearman
from .tests import permutation_p

Measured = float | NDArray[np.float64]
TINY = 1e-9  # of a variance: what rounding leaves of none


def pearson(a: ArrayLike, b: ArrayLike, weights: NDArray | None = None) -> Measured:
    """Correlation of two columns (N,)."""
    spread_a, spread_b, covariance, _ = _moments(a, b, weights)
    return _measured(ratio(covariance, np.sqrt(spread_a * spread_b)), weights)


def explained(truth: ArrayLike, read: ArrayLike, weights: NDArray | None = None) -> Measured:
    """R2 = 1 - mean squared error / variance of the truth; below 0 for worse than its mean."""
    spread, _, _, error = _moments(truth, read, weights)
    return _measured(1 - ratio(error, spread), weights)


def calibration_slope(
    truth: ArrayLike, read: ArrayLike, weights: NDArray | None = None
) -> Measured:
    """Slope of the truth on what was read: 1 is calibrated, below 1 says too much."""
    _, spread, covariance, _ = _moments(truth, read, weights)
    return _measured(ratio(covariance, spread), weights)


def carried(part: ArrayLike, whole: ArrayLike, weights: NDArray | None = None) -> Measured:
    """Share of the variance of a sum that one summand carries: cov(part, whole) / var(whole).

    The shares of all summands add up to 1; that of one may be below 0 or above 1.
    """
    return calibration_slope(part, whole, weights)


def reliability(
    means: ArrayLike, sd: ArrayLike, raters: ArrayLike, weights: NDArray | None = None
) -> Measured:
    """Share of the variance of mean ratings that is no chance of who rated (classical test theory).

    1 - mean(SD^2 / N) / var(means); its square root is the highest correlation with other raters'
    true means that anything can have.
    means, sd, raters : (N,), of each row its raters' mean, standard deviation and number
    returns           : at most 1, below 0 where chance would vary more than the means do
    """
    means = np.asarray(means, dtype=np.float64)
    noise = np.asarray(sd, dtype=np.float64) ** 2 / np.asarray(raters, dtype=np.float64)
    spread, _, _, _ = _moments(means, means, weights)
    known = ~np.isnan(means)
    counts = np.ones((1, len(means))) if weights is None else np.asarray(weights, np.float64)
    average = ratio(counts[:, known] @ noise[known], counts[:, known].sum(axis=1))
    return _measured(1 - ratio(average, spread), weights)


def spearman_p(a: ArrayLike, b: ArrayLike, times: int = 9999, seed: int = 0) -> float:
    """Two-sided permutation p of Spearman's correlation: rows of `b` are dealt out anew.

    It takes the rows for exchangeable. NaN where the correlation is.
    """
    a, b = (np.asarray(v, dtype=np.float64) for v in (a, b))
    known = ~(np.isnan(a) | np.isnan(b))
    observed = spearman(a[known], b[known])
    if np.isnan(observed):
        return np.nan
    x, y = (_standard_ranks(v[known]) for v in (a, b))
    null = np.random.default_rng(seed).permuted(np.tile(y, (times, 1)), axis=1) @ x
    return float(permutation_p(abs(observed), np.abs(null)))


def _standard_ranks(values: NDArray) -> NDArray[np.float64]:
    """Mean ranks, centred and of length 1."""
    order = np.unique(values, return_inverse=True)[1]
    counts = np.bincount(order)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[order]
    ranks = ranks - ranks.mean()
    return ranks / np.sqrt((ranks**2).sum())


def _moments(a: ArrayLike, b: ArrayLike, weights: NDArray | None) -> tuple[NDArray, ...]:
    """Variances of a and b, their covariance, and the mean squared difference; each (T,).

    A variance is NaN for fewer than three rows and for rows that are all the same.
    """
    a, b = (np.asarray(v, dtype=np.float64) for v in (a, b))
    known = ~(np.isnan(a) | np.isnan(b))
    a, b = a[known], b[known]
    counts = np.ones((1, len(a))) if weights is None else np.asarray(weights, np.float64)[:, known]
    total = counts.sum(axis=1)
    if not len(a):
        return tuple(np.full((4, len(counts)), np.nan))
    error = ratio(counts @ (a - b) ** 2, total)
    a, b = a - a.mean(), b - b.mean()  # so that squares of large numbers are not subtracted
    mean_a, mean_b = ratio(counts @ a, total), ratio(counts @ b, total)
    spreads = []
    for values, mean in ((a, mean_a), (b, mean_b)):
        spread = ratio(counts @ values**2, total) - mean**2
        least = TINY * max(float((values**2).mean()), TINY)
        spreads.append(np.where((total >= 3) & (spread > least), spread, np.nan))
    return *spreads, ratio(counts @ (a * b), total) - mean_a * mean_b, error


def _measured(found: NDArray, weights: NDArray | None) -> Measured:
    return float(found[0]) if weights is None else found
