"""Whether the size of a cause decides if it is found: keep-rates by size, and the neutral power."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import linregress

from ..pipeline.importance import SCORES
from ..study import Preset
from .boxes import keep_rate
from .calibration import threshold_of
from .contestants import variant
from .trial import Trial


def size_exponent(trial: Trial, share: str) -> tuple[float, float]:
    """How the share of the map in the boxes of causes grows with their area: share ~ area^exponent.

    share   : the column of importances that holds the share
    returns : least-squares slope of log share by log area over causal boxes with a positive share,
              and its standard error; a score share / area^exponent is neutral in size
    """
    values = trial.importances[share].to_numpy(dtype=np.float64)
    chosen = trial.causal & (np.nan_to_num(values) > 0)
    if chosen.sum() < 3:
        return float("nan"), float("nan")
    line = linregress(np.log(trial.objects["area"].to_numpy()[chosen]), np.log(values[chosen]))
    return float(line.slope), float(line.stderr)


def exponent_table(trials: Sequence[Trial], preset: Preset) -> pd.DataFrame:
    """`size_exponent` of Grad-CAM's share under a preset's score and layer, for every network."""
    share = variant("gradcam", preset.score, preset.layer, "share")
    rows = {trial.network: size_exponent(trial, share) for trial in trials}
    columns = ["exponent", "error"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("network")


def size_bins(
    trial: Trial, preset: Preset, calibration: pd.DataFrame, bins: int = 5
) -> pd.DataFrame:
    """Keep-rate of causes by their size, for every box score of Grad-CAM at calibrated thresholds.

    returns : score, area (median of the bin), kept, objects
    """
    area = trial.objects["area"].to_numpy()
    if trial.causal.sum() < bins:
        return pd.DataFrame({"score": [], "area": [], "kept": [], "objects": []})
    edges = np.quantile(area[trial.causal], np.linspace(0, 1, bins + 1))
    place = np.clip(np.searchsorted(edges, area, side="right") - 1, 0, bins - 1)
    rows = []
    for score in SCORES:
        name = variant("gradcam", preset.score, preset.layer, score)
        importance = trial.importances[name].to_numpy(dtype=np.float64)
        threshold = threshold_of(name, calibration)
        for number in range(bins):
            chosen = trial.causal & (place == number)
            kept = keep_rate(importance, chosen, threshold)
            middle = float(np.median(area[chosen])) if chosen.any() else float("nan")
            rows.append((score, middle, kept, int(chosen.sum())))
    return pd.DataFrame(rows, columns=["score", "area", "kept", "objects"])
