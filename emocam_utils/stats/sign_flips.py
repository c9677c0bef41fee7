"""Are these means 0? Sign flips, and one correction for all means that are shown together.

If chance alone were at work, a face would show d as often as -d: signs drawn at random say how
large a mean gets then (Fisher 1935, Section 21). A face keeps its sign in all columns, so that what
columns share stays shared, and the largest of all |t| corrects for having many (Westfall and Young
1993, single step). Means are studentised: of skewed values, which no flip leaves as they are, the
test is right for large samples only (Canay, Romano and Shaikh 2017).

What depends on each other beyond a face can be flipped together, as a unit; the standard error is
then that of sums over units.

Axes: N faces, K columns, U units, T flips.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from .intervals import LEVEL
from .measures import ratio

FLIPS = 9999
AT_ONCE = 500  # flips in memory


@dataclass(frozen=True)
class FlippedMeans:
    """Means of K columns with what sign flips say of them; NaN for a column of less than 2 units.

    n          : faces of each column, (K,)
    value      : (K,); error : standard error, over units, (K,)
    p          : two-sided, of each mean by itself, (K,); NaN for one that is not tested
    p_all      : two-sided, corrected for all columns that are tested, (K,): below 1 - LEVEL where
                 `wide` leaves 0 out
    own, every : |t| that a column by itself, (K,), and the largest of all, reach by chance in
                 1 - LEVEL of the flips
    """

    n: NDArray[np.int64]
    value: NDArray[np.float64]
    error: NDArray[np.float64]
    p: NDArray[np.float64]
    p_all: NDArray[np.float64]
    own: NDArray[np.float64]
    every: float

    @property
    def interval(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """95 % interval of each mean by itself: lower and upper ends, (K,)."""
        return self._around(self.own)

    @property
    def wide(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Intervals that hold all tested means together in 95 % of the experiments, (K,)."""
        return self._around(np.where(np.isnan(self.p), np.nan, self.every))

    def _around(self, times: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        finite = np.where(np.isinf(times), 0.0, times)
        arm = np.where(np.isinf(times), np.inf, finite * self.error)
        return self.value - arm, self.value + arm


def flipped_means(
    values: ArrayLike,
    units: ArrayLike | None = None,
    least: int = 2,
    times: int = FLIPS,
    seed: int = 0,
) -> FlippedMeans:
    """The means of columns, tested together.

    values : (N, K); NaN where a face does not belong to a column
    units  : (N,), names of what is flipped together; None flips each face by itself
    least  : faces that a column needs to be tested; others are only estimated
    errors : ValueError for other shapes, or too few flips for a 95 % interval
    """
    values = np.asarray(values, dtype=np.float64)
    codes = pd.factorize(np.arange(len(values)) if units is None else np.asarray(units))[0]
    if values.ndim != 2 or codes.shape != values.shape[:1]:
        raise ValueError(
            f"values must be (faces, columns) with a unit a face, got {values.shape} and "
            f"{codes.shape}"
        )
    if times < 2 / (1 - LEVEL) - 1:
        raise ValueError(f"{times} flips are too few for a 95 % interval: take at least 39")
    known = ~np.isnan(values)
    sums, counts = np.zeros((2, codes.max(initial=-1) + 1, values.shape[1]))
    np.add.at(sums, codes, np.where(known, values, 0.0))
    np.add.at(counts, codes, known)
    enough = (counts > 0).sum(axis=0) > 1
    tested = enough & (known.sum(axis=0) >= least)
    value, error, t = _studentised(sums, counts, np.ones((1, len(sums))))
    rng, largest = np.random.default_rng(seed), np.empty((times, values.shape[1]))
    for start in range(0, times, AT_ONCE):
        signs = rng.choice((-1.0, 1.0), (min(AT_ONCE, times - start), len(sums)))
        largest[start : start + len(signs)] = np.abs(_studentised(sums, counts, signs)[2])
    all_of_them = largest[:, tested].max(axis=1, initial=0)
    reached = _reached(largest, np.abs(t[0])), _reached(all_of_them[:, None], np.abs(t[0]))
    p, p_all = (np.where(tested, (1 + k) / (1 + times), np.nan) for k in reached)
    rank = int(np.ceil((1 - LEVEL) * (times + 1) - 1e-9)) - 1  # so that p and interval agree
    own, every = (-np.sort(-of, axis=0)[rank - 1] for of in (largest, all_of_them))
    nothing = np.where(enough, 0.0, np.nan)
    return FlippedMeans(
        known.sum(axis=0), value[0], error[0] + nothing, p, p_all, own + nothing, float(every)
    )


def _reached(by_chance: NDArray, observed: NDArray) -> NDArray[np.int64]:
    """In how many flips chance reaches what is observed; equal up to rounding is reached, too."""
    return (by_chance >= observed * (1 - 1e-9)).sum(axis=0)


def _studentised(
    sums: NDArray, counts: NDArray, signs: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean, standard error and t of each flip, (T, K); sums, counts (U, K), signs (T, U).

    Columns that do not vary have an error of 0 and a t that is infinite, or 0 for a mean of 0.
    """
    used = (counts > 0).sum(axis=0)
    mean = ratio(signs @ sums, counts.sum(axis=0))
    # the sum over units of (flipped sum - faces x mean)^2, multiplied out
    squares = (sums**2).sum(axis=0) - 2 * mean * (signs @ (sums * counts))
    squares = squares + mean**2 * (counts**2).sum(axis=0)
    noise = 1e-12 * (sums**2).sum(axis=0)
    squares = np.where(squares > noise, squares, 0.0)
    error = np.sqrt(squares * ratio(used, used - 1)) / np.maximum(counts.sum(axis=0), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(np.abs(mean) > 1e-12 * error, mean / error, 0.0)
    return mean, error, np.where(np.isnan(t), 0.0, t)
