"""Box by box, with intervals over scenes: measures of all bootstrap samples of the scenes at once.

Boxes of one scene are not independent, so scenes are drawn, not boxes: a box weighs as often as its
scene is drawn. The measures are those of `faithfulness` with weights in place of repeated boxes.

Axes: B boxes, T bootstrap samples, G groups of boxes of equal importance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from .ranks import interval, ranked, resampled, weighted_mean

CHUNK = 50  # samples in memory at a time


def _groups(values: NDArray) -> tuple[NDArray, NDArray]:
    """Boxes from the lowest to the highest (B,), and where each group of equals starts (G,)."""
    order = np.argsort(values, kind="stable")
    return order, np.flatnonzero(np.append(True, np.diff(values[order]) != 0))


def auroc_samples(importance: ArrayLike, causal: ArrayLike, weights: NDArray) -> NDArray:
    """AUROC of every sample; weights (T, B) -> (T,), NaN where a sample has one kind of box."""
    causal = np.asarray(causal, dtype=bool)
    order, starts = _groups(ranked(importance))
    weights = weights[:, order]
    positive = np.add.reduceat(weights * causal[order], starts, axis=1)
    negative = np.add.reduceat(weights * ~causal[order], starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    return _ratio((positive * below).sum(axis=1), pairs)


def average_precision_samples(
    importance: ArrayLike, causal: ArrayLike, weights: NDArray
) -> NDArray:
    """Average precision of every sample; weights (T, B) -> (T,), NaN where none is causal."""
    causal = np.asarray(causal, dtype=bool)
    order, starts = _groups(-ranked(importance))
    weights = weights[:, order]
    positive = np.add.reduceat(weights * causal[order], starts, axis=1)
    whole = np.cumsum(np.add.reduceat(weights, starts, axis=1), axis=1)
    precision = np.cumsum(positive, axis=1) / np.maximum(whole, 1)
    return _ratio((positive * precision).sum(axis=1), positive.sum(axis=1))


def spearman_samples(a: ArrayLike, b: ArrayLike, weights: NDArray) -> NDArray:
    """Rank correlation of every sample over the pairs that are known; weights (T, B) -> (T,)."""
    a, b = (np.asarray(v, dtype=np.float64) for v in (a, b))
    known = ~(np.isnan(a) | np.isnan(b))
    weights = weights[:, known]
    total = weights.sum(axis=1, keepdims=True)
    if not known.any():
        return np.full(len(weights), np.nan)
    x, y = (_ranks(v[known], weights) - (total + 1) / 2 for v in (a, b))
    covariance = (weights * x * y).sum(axis=1)
    spread = (weights * x * x).sum(axis=1) * (weights * y * y).sum(axis=1)
    return _ratio(covariance, np.sqrt(spread))


def _ranks(values: NDArray, weights: NDArray) -> NDArray:
    """Mean rank of each box among the repeated ones; weights (T, B) -> (T, B)."""
    order, starts = _groups(values)
    group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(values))))
    many = np.add.reduceat(weights[:, order], starts, axis=1)
    middle = np.cumsum(many, axis=1) - (many - 1) / 2
    ranks = np.empty(weights.shape)
    ranks[:, order] = middle[:, group]
    return ranks


def _ratio(above: NDArray, below: NDArray) -> NDArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below > 0, above / below, np.nan)


@dataclass(frozen=True)
class Boxes:
    """Boxes of scenes, with the samples of scenes by which all measures get their intervals.

    images : of each box (B,)
    effect : of each box (B,); causal : which are causes (B,)
    """

    images: Sequence[str]
    effect: NDArray
    causal: NDArray
    times: int = 200
    seed: int = 0

    def weights(self) -> list[NDArray]:
        """How often each box is drawn in each sample, in chunks of (CHUNK, B)."""
        codes, names = pd.factorize(np.asarray(self.images))
        drawn = resampled(len(names), self.times, self.seed)
        return [drawn[i : i + CHUNK, codes] for i in range(0, self.times, CHUNK)]

    def intervals(
        self, importance: NDArray, threshold: float, shares: dict[str, NDArray]
    ) -> dict[str, tuple[float, float]]:
        """95 % intervals of box_rho, box_auroc, box_ap, and of the share that is kept of others.

        shares : name -> which boxes (B,); with `small` and `large`, their difference is `gap`
        """
        with np.errstate(invalid="ignore"):
            kept = (np.asarray(importance) > threshold).astype(np.float64)
        found: dict[str, list[NDArray]] = {}
        for weights in self.weights():
            part = {
                "box_rho": spearman_samples(importance, self.effect, weights),
                "box_auroc": auroc_samples(importance, self.causal, weights),
                "box_ap": average_precision_samples(importance, self.causal, weights),
            }
            part |= {
                name: weighted_mean(kept[chosen], weights[:, chosen])
                for name, chosen in shares.items()
            }
            for name, values in part.items():
                found.setdefault(name, []).append(values)
        samples = {name: np.concatenate(values) for name, values in found.items()}
        if {"small", "large"} <= shares.keys():
            samples["gap"] = samples["large"] - samples["small"]
        return {name: interval(values) for name, values in samples.items()}
