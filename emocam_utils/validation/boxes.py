"""Box by box: does an importance find the causes, and is it fair to small ones?

Axes: B boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..stats.bootstrap import resampled_rows, weighted_mean
from ..stats.intervals import percentile
from ..stats.ranks import auroc, average_precision, spearman

CHUNK = 50  # samples in memory at a time


def keep_rate(importance: ArrayLike, chosen: ArrayLike, threshold: float) -> float:
    """Share of the chosen boxes whose importance is above the threshold; NaN if none is chosen."""
    chosen = np.asarray(chosen, dtype=bool)
    if not chosen.any():
        return float("nan")
    return float((np.asarray(importance, dtype=np.float64)[chosen] > threshold).mean())


def size_thirds(causal: ArrayLike, area: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The smallest and the largest third of the causal boxes, (B,) each; none without a cause."""
    causal, area = np.asarray(causal, dtype=bool), np.asarray(area, dtype=np.float64)
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
              the area themselves. All NaN without a cause.
    """
    causal, area = np.asarray(causal, dtype=bool), np.asarray(area, dtype=np.float64)
    small, large = (keep_rate(importance, third, threshold) for third in size_thirds(causal, area))
    rho = spearman(np.asarray(importance)[causal], area[causal])
    return {"small": small, "large": large, "gap": large - small, "rho": rho}


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
        drawn = resampled_rows(self.images, self.times, self.seed)
        return [drawn[i : i + CHUNK] for i in range(0, self.times, CHUNK)]

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
                "box_rho": spearman(importance, self.effect, weights),
                "box_auroc": auroc(importance, self.causal, weights),
                "box_ap": average_precision(importance, self.causal, weights),
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
        return {name: percentile(values) for name, values in samples.items()}
