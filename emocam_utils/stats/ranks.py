"""Measures of whether an importance says what an effect says; all pure, all on arrays.

A measure that is undefined (nothing to compare, one class only, an empty map) is NaN, never 0.
An importance that is NaN (an empty map, a box outside the image) counts as the lowest there is,
because such a box is never kept; how many there are is reported beside the measure.

Axes: B boxes, h x w cells of a map, S steps of a curve.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest, rankdata


def ranked(importance: ArrayLike) -> NDArray[np.float64]:
    """Importances with NaN put below all others."""
    values = np.asarray(importance, dtype=np.float64)
    known = values[~np.isnan(values)]
    lowest = known.min() - 1 if known.size else 0.0
    return np.where(np.isnan(values), lowest, values)


def spearman(a: ArrayLike, b: ArrayLike) -> float:
    """Rank correlation over the pairs that are known; NaN if fewer than 3 or one is flat."""
    a, b = (np.asarray(v, dtype=np.float64) for v in (a, b))
    known = ~(np.isnan(a) | np.isnan(b))
    a, b = rankdata(a[known]), rankdata(b[known])
    if len(a) < 3 or a.min() == a.max() or b.min() == b.max():
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def auroc(importance: ArrayLike, causal: ArrayLike) -> float:
    """Probability that a causal box (or cell) is ranked above another; NaN if all are alike.

    From the sum of ranks (Mann and Whitney 1947), which is a tenth of scikit-learn's time: the
    bootstrap asks ten thousand times.
    """
    causal = np.asarray(causal, dtype=bool)
    positive, negative = int(causal.sum()), int((~causal).sum())
    if not positive or not negative:
        return float("nan")
    above = rankdata(ranked(importance))[causal].sum() - positive * (positive + 1) / 2
    return float(above / (positive * negative))


def average_precision(importance: ArrayLike, causal: ArrayLike) -> float:
    """Mean precision over the ranks at which recall rises, as scikit-learn has it: boxes of equal
    importance are taken together. NaN if none is causal.
    """
    causal = np.asarray(causal, dtype=bool)
    if not causal.any():
        return float("nan")
    values = ranked(importance)
    order = np.argsort(-values, kind="stable")
    last = np.append(np.diff(values[order]) != 0, True)  # of each group of equal importance
    found = np.cumsum(causal[order])[last]
    precision = found / (np.flatnonzero(last) + 1)
    return float(np.diff(found, prepend=0) @ precision / found[-1])


def keep_rate(importance: ArrayLike, chosen: ArrayLike, threshold: float) -> float:
    """Share of the chosen boxes whose importance is above the threshold; NaN if none is chosen."""
    chosen = np.asarray(chosen, dtype=bool)
    if not chosen.any():
        return float("nan")
    with np.errstate(invalid="ignore"):
        return float((np.asarray(importance, dtype=np.float64)[chosen] > threshold).mean())


def size_thirds(causal: ArrayLike, area: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The smallest and the largest third of the causal boxes, (B,) each; none without a cause."""
    causal = np.asarray(causal, dtype=bool)
    area = np.asarray(area, dtype=np.float64)
    if not causal.any():
        return causal, causal
    low, high = np.quantile(area[causal], [1 / 3, 2 / 3])
    return causal & (area <= low), causal & (area >= high)


def size_bias(
    importance: ArrayLike, causal: ArrayLike, area: ArrayLike, threshold: float
) -> dict[str, float]:
    """Keep-rates of the smallest and largest third of causal boxes, and the importance by area.

    area    : (B,), any unit
    returns : small, large, gap = large - small; `rho` is Spearman of importance and area over the
              causal boxes. An unbiased score has gap and rho near 0, if effects do not grow with
              the area themselves.
    """
    causal = np.asarray(causal, dtype=bool)
    area = np.asarray(area, dtype=np.float64)
    if not causal.any():
        return dict.fromkeys(("small", "large", "gap", "rho"), float("nan"))
    small, large = (keep_rate(importance, third, threshold) for third in size_thirds(causal, area))
    rho = spearman(np.asarray(importance)[causal], area[causal])
    return {"small": small, "large": large, "gap": large - small, "rho": rho}


def pointing_hit(cam: NDArray, boxes: NDArray, size: tuple[int, int]) -> float:
    """Pointing game (Zhang et al. 2018): 1 if the map's maximum lies in one of the boxes, else 0.

    cam     : (h, w), raw; the maximum is at the centre of its cell, the first one of several
    boxes   : (B, 4), pixels x0, y0, x1, y1, half-open: the causal ones
    size    : height, width of the image in pixels
    returns : NaN for an empty map (no positive cell) or without a box
    """
    cam, boxes = np.asarray(cam), np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    if not len(boxes) or not (cam > 0).any():
        return float("nan")
    row, column = np.unravel_index(np.argmax(cam), cam.shape)
    y, x = (row + 0.5) * size[0] / cam.shape[0], (column + 0.5) * size[1] / cam.shape[1]
    x0, y0, x1, y1 = boxes.T
    return float(((x0 <= x) & (x < x1) & (y0 <= y) & (y < y1)).any())


def area_under(curve: ArrayLike) -> float:
    """Area under a curve over equal steps from 0 to 1 (trapezoids); NaN if any value is."""
    return float(np.trapezoid(np.asarray(curve, dtype=np.float64), dx=1 / (len(curve) - 1)))


def cell_order(cam: NDArray) -> NDArray[np.int64]:
    """Cells of a map from the highest to the lowest, ties in reading order; (h * w,)."""
    return np.argsort(-np.asarray(cam, dtype=np.float64).ravel(), kind="stable")


def steps_of(cells: int, steps: int) -> list[int]:
    """How many cells are changed at each of `steps` + 1 points from none to all."""
    return [round(cells * step / steps) for step in range(steps + 1)]


def interval(values: ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """Percentile interval of bootstrap values; NaN if fewer than half of them are defined."""
    values = np.asarray(values, dtype=np.float64)
    known = values[~np.isnan(values)]
    if len(known) * 2 < len(values) or not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def resampled(count: int, times: int, seed: int) -> NDArray[np.int64]:
    """How often each of `count` images is drawn in each of `times` bootstrap samples."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(count, np.full(count, 1 / count), size=times)


def weighted_mean(values: Sequence[float], weights: NDArray) -> NDArray[np.float64]:
    """Means over images under each bootstrap sample; values (n,), weights (times, n) -> (times,).

    NaN values are left out; NaN where nothing is left.
    """
    values = np.asarray(values, dtype=np.float64)
    known = ~np.isnan(values)
    total = weights[:, known].sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.where(total > 0, weights[:, known] @ values[known] / total, np.nan)


def proportion(count: int, of: int) -> dict[str, float]:
    """A share of independent images with its 95 % interval (Wilson 1927); NaN of none."""
    if not of:
        return dict.fromkeys(("share", "low", "high"), float("nan")) | {"images": 0}
    low, high = binomtest(count, of).proportion_ci(method="wilson")
    return {"share": count / of, "low": float(low), "high": float(high), "images": of}
