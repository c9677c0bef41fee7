"""Measures that need an order only. With weights, each is that of rows repeated so often.

A measure that is undefined (nothing to compare, one class only) is NaN, never 0. A score that is
NaN (of an empty map, of a box outside the image) counts as the lowest there is.

Axes: R rows (boxes, cells), T bootstrap samples, G groups of rows of equal score, A vectors.
Without weights a measure is a number; with weights (T, R), whole numbers, it is (T,).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from .measures import ratio

Measured = float | NDArray[np.float64]


def ranked(scores: ArrayLike) -> NDArray[np.float64]:
    """Scores with NaN put below all others."""
    values = np.asarray(scores, dtype=np.float64)
    known = values[~np.isnan(values)]
    return np.where(np.isnan(values), known.min() - 1 if known.size else 0.0, values)


def places(values: ArrayLike) -> NDArray[np.float64]:
    """Rank of each value along the last axis, 1 for the highest; ties share their mean rank."""
    return rankdata(-np.asarray(values), axis=-1)


def spearman(a: ArrayLike, b: ArrayLike, weights: NDArray | None = None) -> Measured:
    """Rank correlation over the pairs that are known; NaN if fewer than 3 or one is flat."""
    a, b = (np.asarray(v, dtype=np.float64) for v in (a, b))
    known = ~(np.isnan(a) | np.isnan(b))
    counts = _counts(weights, len(a))[:, known]
    total = counts.sum(axis=1)
    x, y = (_ranks(v[known], counts) - (total[:, None] + 1) / 2 for v in (a, b))
    covariance = (counts * x * y).sum(axis=1)
    spread = (counts * x * x).sum(axis=1) * (counts * y * y).sum(axis=1)
    return _measured(covariance, np.where(total < 3, 0, np.sqrt(spread)), weights)


def auroc(scores: ArrayLike, positive: ArrayLike, weights: NDArray | None = None) -> Measured:
    """Probability that a positive row is ranked above another (Mann and Whitney 1947).

    NaN if all rows are of one kind. Scikit-learn's takes one sample at a time, ten times slower.
    """
    positive = np.asarray(positive, dtype=bool)
    order, starts = _groups(ranked(scores))
    counts = _counts(weights, len(positive))[:, order]
    above = _sums(counts * positive[order], starts)
    others = _sums(counts * ~positive[order], starts)
    below = np.cumsum(others, axis=1) - others / 2
    pairs = above.sum(axis=1) * others.sum(axis=1)
    return _measured((above * below).sum(axis=1), pairs, weights)


def average_precision(
    scores: ArrayLike, positive: ArrayLike, weights: NDArray | None = None
) -> Measured:
    """Mean precision over the ranks at which recall rises, as scikit-learn has it: rows of equal
    score are taken together. NaN if none is positive.
    """
    positive = np.asarray(positive, dtype=bool)
    order, starts = _groups(-ranked(scores))
    counts = _counts(weights, len(positive))[:, order]
    found = _sums(counts * positive[order], starts)
    precision = np.cumsum(found, axis=1) / np.maximum(np.cumsum(_sums(counts, starts), axis=1), 1)
    return _measured((found * precision).sum(axis=1), found.sum(axis=1), weights)


def spearman_matrix(vectors: Sequence[ArrayLike]) -> NDArray[np.float64]:
    """Rank correlation of every two vectors, (A, n) -> (A, A).

    A number that is NaN in one vector is left out of all. NaN for a flat vector, or without two
    numbers.
    """
    if not len(vectors):
        return np.empty((0, 0))
    values = np.asarray(vectors, dtype=np.float64)
    ranks = rankdata(values[:, ~np.isnan(values).any(axis=0)], axis=1)
    if not ranks.size:
        return np.full((len(values), len(values)), np.nan)
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    length = np.sqrt((centred**2).sum(axis=1))
    unit = centred / np.where(length > 0, length, np.nan)[:, None]
    return np.clip(unit @ unit.T, -1, 1)


def _groups(values: NDArray) -> tuple[NDArray, NDArray]:
    """Rows from the lowest to the highest (R,), and where each group of equals starts (G,)."""
    order = np.argsort(values, kind="stable")
    return order, np.flatnonzero(np.append(True, np.diff(values[order]) != 0)[: len(values)])


def _ranks(values: NDArray, counts: NDArray) -> NDArray:
    """Mean rank of each row among the repeated ones; counts (T, R) -> (T, R)."""
    order, starts = _groups(values)
    group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(values))))
    many = _sums(counts[:, order], starts)
    middle = np.cumsum(many, axis=1) - (many - 1) / 2
    ranks = np.empty(counts.shape)
    ranks[:, order] = middle[:, group]
    return ranks


def _counts(weights: NDArray | None, rows: int) -> NDArray:
    return np.ones((1, rows), np.int64) if weights is None else np.asarray(weights)


def _sums(counts: NDArray, starts: NDArray) -> NDArray:
    """Sums over each group of rows; (T, R) -> (T, G)."""
    return np.add.reduceat(counts, starts, axis=1) if len(starts) else counts


def _measured(above: NDArray, below: NDArray, weights: NDArray | None) -> Measured:
    """above / below, NaN where below is 0: of each sample, or the number of the only one."""
    found = ratio(above, below)
    return float(found[0]) if weights is None else found
