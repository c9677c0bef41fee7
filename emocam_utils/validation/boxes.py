"""Box by box: does an importance find the causes, and is it fair to small ones?

Boxes of one scene are not independent, so for intervals scenes are drawn, not boxes.

Axes: B boxes, T bootstrap samples.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..stats.bootstrap import interval, resampled_rows, weighted_mean
from ..stats.intervals import percentile
from ..stats.measures import ratio
from ..stats.ranks import auroc, average_precision, spearman
from .causes import spurious
from .trial import Trial

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
    returns : small, large, gap = large - small; `area_rho` is Spearman of importance and area over
              the causal boxes. An unbiased score has gap and rho near 0, if effects do not grow
              with the area themselves. All NaN without a cause.
    """
    causal, area = np.asarray(causal, dtype=bool), np.asarray(area, dtype=np.float64)
    small, large = (keep_rate(importance, third, threshold) for third in size_thirds(causal, area))
    rho = spearman(np.asarray(importance)[causal], area[causal])
    return {"small": small, "large": large, "gap": large - small, "area_rho": rho}


def size_exponent(
    share: ArrayLike, causal: ArrayLike, area: ArrayLike, images: ArrayLike
) -> tuple[float, float, float]:
    """How the share of a map in the boxes of causes grows with their area: share ~ area^exponent.

    share   : (B,), of the map's positive mass; causal, images : (B,); area : (B,), any unit
    returns : least-squares slope of log share by log area over causal boxes with a positive share,
              and its 95 % interval over images; dividing by that power leaves no trend with size
    """
    share, area = np.asarray(share, dtype=np.float64), np.asarray(area, dtype=np.float64)
    chosen = np.asarray(causal, dtype=bool) & (np.nan_to_num(share) > 0)
    x, y = np.log(area[chosen]), np.log(share[chosen])
    codes, names = pd.factorize(np.asarray(images)[chosen])

    def slope(weights: NDArray) -> NDArray[np.float64]:
        drawn = weights[:, codes].astype(np.float64)
        x_, y_ = (weighted_mean(v, drawn) for v in (x, y))
        spread = weighted_mean(x * x, drawn) - x_**2
        return ratio(weighted_mean(x * y, drawn) - x_ * y_, np.where(spread > 1e-12, spread, 0))

    return interval(slope, len(names))


def box_measures(
    trial: Trial, importance: np.ndarray, threshold: float, times: int = 0
) -> dict[str, float]:
    """How an importance does box by box.

    times   : bootstrap samples of the scenes; with 0 there are no intervals
    returns : box_rho (Spearman with the effect), box_auroc and box_ap (causal boxes), keep-rates
              `small` and `large` of causal boxes with their `gap`, `kept` (of all causal boxes),
              `rejected` (share of spurious companions that are not kept; NaN if nothing is kept,
              for rejecting is then no achievement), each with _low and _high;
              area_rho, `undefined` (share of boxes without an importance), and how many boxes,
              causes and companions there are
    """
    area = trial.objects["area"].to_numpy()
    companions = spurious(trial)
    found = {
        "box_rho": spearman(importance, trial.effect),
        "box_auroc": auroc(importance, trial.causal),
        "box_ap": average_precision(importance, trial.causal),
        **size_bias(importance, trial.causal, area, threshold),
        "kept": keep_rate(importance, trial.causal, threshold),
        "rejected": 1 - keep_rate(importance, companions, threshold),
        "undefined": float(np.isnan(importance).mean()) if len(importance) else float("nan"),
        "boxes": len(importance),
        "causes": int(trial.causal.sum()),
        "companions": int(companions.sum()),
    }
    nothing = not (importance > threshold).any()
    if nothing:
        found["rejected"] = float("nan")
    if not times:
        return found
    small, large = size_thirds(trial.causal, area)
    shares = {"small": small, "large": large, "kept": trial.causal, "rejected": companions}
    samples = box_samples(trial, importance, threshold, shares, times)
    samples["gap"] = samples["large"] - samples["small"]
    samples["rejected"] = np.nan if nothing else 1 - samples.pop("rejected")  # the last column
    for name, low, high in zip(samples, *percentile(samples), strict=True):
        found |= {f"{name}_low": low, f"{name}_high": high}
    return found


def box_samples(
    trial: Trial,
    importance: np.ndarray,
    threshold: float,
    shares: Mapping[str, NDArray],
    times: int,
    seed: int = 0,
) -> pd.DataFrame:
    """box_rho, box_auroc, box_ap on samples of the scenes, and which share of others is kept.

    shares  : name -> which boxes (B,)
    returns : T rows
    """
    kept = (importance > threshold).astype(np.float64)
    drawn = resampled_rows(trial.objects["image"], times, seed)
    parts = []
    for weights in (drawn[i : i + CHUNK] for i in range(0, times, CHUNK)):
        part = {
            "box_rho": spearman(importance, trial.effect, weights),
            "box_auroc": auroc(importance, trial.causal, weights),
            "box_ap": average_precision(importance, trial.causal, weights),
        }
        rates = {k: weighted_mean(kept[some], weights[:, some]) for k, some in shares.items()}
        parts.append(pd.DataFrame(part | rates))
    return pd.concat(parts, ignore_index=True)
