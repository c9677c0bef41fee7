"""Many tests at once that depend on each other: the chance of one false verdict among all of them.

The largest statistic of each permutation is what the observed ones are compared with (Westfall and
Young 1993): dependence between the tests is that of the permutations, and need not be known.

Axes: D permutations; a test is any place behind the first axis.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .intervals import LEVEL


def max_t_p(observed: ArrayLike, null: ArrayLike) -> NDArray[np.float64]:
    """p of each test, adjusted for all of them: how often chance's largest reaches the observed.

    observed : statistics of any shape, large where the null hypothesis is doubtful
    null     : (D, *that shape), under permutations
    returns  : at least 1 / (D + 1); NaN where the observed is, which then counts as no test
    """
    observed, null = np.asarray(observed, float), np.asarray(null, float)
    tested = ~np.isnan(observed)
    largest = np.sort(np.nan_to_num(null[:, tested], nan=-np.inf).max(axis=1, initial=-np.inf))
    adjusted = np.full(observed.shape, np.nan)
    below = np.searchsorted(largest, observed[tested] - 1e-9)  # equal up to rounding is reached
    adjusted[tested] = (1 + len(null) - below) / (1 + len(null))
    return adjusted


def two_sided(observed: ArrayLike, null: ArrayLike) -> tuple[NDArray, NDArray]:
    """Distance from the mean of the permutations in their standard deviations, whatever the sign.

    returns : of the observed and of each permutation, for `max_t_p`; NaN where these do not vary
    """
    observed, null = np.asarray(observed, float), np.asarray(null, float)
    middle, spread = null.mean(axis=0), null.std(axis=0)
    spread = np.where(spread > 1e-12, spread, np.nan)
    return np.abs(observed - middle) / spread, np.abs(null - middle) / spread


def simultaneous(
    estimate: ArrayLike, errors: ArrayLike, level: float = LEVEL
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Intervals around several estimates that hold all true values at once, with that probability.

    errors  : (D, *shape of estimate), draws of estimate less truth, e.g. half the difference of two
              disjoint halves of the data
    returns : lower and upper ends, as wide as the largest studentised error asks; NaN where the
              errors do not vary
    """
    estimate, errors = np.asarray(estimate, float), np.asarray(errors, float)
    spread = np.sqrt((errors**2).mean(axis=0))
    known = ~np.isnan(spread) & (spread > 0)
    if not known.any():
        return np.full(estimate.shape, np.nan), np.full(estimate.shape, np.nan)
    largest = (np.abs(errors[:, known]) / spread[known]).max(axis=1)
    half = np.where(known, np.quantile(largest, level) * spread, np.nan)
    return estimate - half, estimate + half
