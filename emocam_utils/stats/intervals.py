"""95 % intervals: of a share of independent images, and of bootstrap samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

LEVEL = 0.95

Interval = tuple[NDArray[np.float64], NDArray[np.float64]]


def wilson(successes: ArrayLike, n: ArrayLike, level: float = LEVEL) -> Interval:
    """Confidence interval of a share of independent images (Wilson 1927).

    SciPy's `binomtest` has the same for one share; this takes arrays, and n = 0.

    successes, n : counts of any shapes that broadcast
    returns      : lower and upper ends in [0, 1]; NaN for n = 0. Unlike the normal approximation
                   it stays inside the bounds and is right for 0 successes.
    """
    successes, n = np.broadcast_arrays(np.asarray(successes, float), np.asarray(n, float))
    z = norm.ppf(0.5 + level / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = successes / n
        middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    # rounding must not leave the bounds at 0 and at all successes
    low = np.where(successes == 0, 0, np.clip(middle - half, 0, 1))
    high = np.where(successes == n, 1, np.clip(middle + half, 0, 1))
    return np.where(n == 0, np.nan, low)[()], np.where(n == 0, np.nan, high)[()]


def percentile(samples: ArrayLike, level: float = LEVEL) -> Interval:
    """Percentile interval of bootstrap samples (Efron 1979).

    samples : (T, ...); NaN where a sample does not define the value
    returns : lower and upper ends (...); NaN where fewer than half of the samples are defined
    """
    samples = np.asarray(samples, dtype=np.float64)
    ends = np.full((2, *samples.shape[1:]), np.nan)
    known = (~np.isnan(samples)).sum(axis=0)
    enough = (known > 0) & (2 * known >= len(samples))
    if enough.any():
        chosen = samples[:, enough] if samples.ndim > 1 else samples[:, None]
        ends[:, enough] = np.nanquantile(chosen, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return ends[0], ends[1]


def middle(values: ArrayLike, level: float = LEVEL) -> tuple[NDArray, NDArray, NDArray]:
    """Mean of values of independent corpora, and the range of the middle 95 % of them.

    values  : (T, ...); NaN where a corpus does not define the value
    returns : mean, lower and upper ends (...); NaN where fewer than half of them are defined
    """
    values = np.asarray(values, dtype=np.float64)
    low, high = percentile(values, level)
    known = ~np.isnan(values)
    total, count = np.where(known, values, 0).sum(axis=0), known.sum(axis=0)
    mean = np.where(np.isnan(low), np.nan, total / np.maximum(count, 1))
    return mean[()], low[()], high[()]
