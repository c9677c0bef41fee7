"""Thresholds chosen on the calibration split, and read wherever they are used.

    data/emoscenes/validation/calibration.csv   one row a variant (`contestants.variant`)

Nothing here ever sees the test split. `python -m emocam_utils.training.calibrate` writes the table.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from .. import paths
from ..stats.ranks import auroc, average_precision, spearman
from ..study import Preset
from .boxes import keep_rate, size_bias
from .cells import CAUSAL
from .trial import Trial

FOLDER = paths.EMOSCENES / "validation"
FILE = FOLDER / "calibration.csv"
COMMAND = "python -m emocam_utils.training.calibrate"
QUANTILES = np.linspace(0.02, 0.98, 49)
PLATEAU = 0.01  # of average precision: thresholds this near to the best are as good


class NotCalibrated(FileNotFoundError):
    """The table of thresholds is missing."""


def choose_threshold(trial: Trial, importance: np.ndarray) -> tuple[float, float]:
    """The threshold that finds the causal cells best, and its average precision.

    Thresholds whose precision is within `PLATEAU` of the best differ by the luck of a few scenes;
    among them, the one that parts causal boxes from others best (balanced accuracy) is taken.
    NaN for an importance that is undefined everywhere.
    """
    known = importance[~np.isnan(importance)]
    if not len(known):
        return float("nan"), float("nan")
    grid = np.unique(np.quantile(known, QUANTILES))
    effects = trial.cells.effects()[0]
    judged = ~np.isnan(effects)
    percents = (trial.cells.percent(trial.attended(importance, t))[0] for t in grid)
    causal = effects[judged] > CAUSAL
    precision = np.array([average_precision(percent[judged], causal) for percent in percents])
    if np.isnan(precision).all():
        return float(np.median(grid)), float("nan")
    good = np.flatnonzero(precision >= np.nanmax(precision) - PLATEAU)
    parted = [
        keep_rate(importance, trial.causal, grid[i]) - keep_rate(importance, ~trial.causal, grid[i])
        for i in good
    ]
    chosen = good[int(np.argmax(np.nan_to_num(parted)))]
    return float(grid[chosen]), float(precision[chosen])


def calibrated(trial: Trial) -> pd.DataFrame:
    """Every variant of a trial with its threshold and what it reaches there.

    returns : indexed by variant: threshold, ap (per cell), box_auroc and box_rho (Spearman with the
              effect) per box, gap and area_rho (see `boxes.size_bias`), images
    """
    rows = {}
    for name in trial.importances:
        known = trial.covered(name)
        importance = known.importance(name)
        threshold, precision = choose_threshold(known, importance)
        area = known.objects["area"].to_numpy()
        bias = size_bias(importance, known.causal, area, threshold)
        rows[name] = {
            "threshold": threshold,
            "ap": precision,
            "box_auroc": auroc(importance, known.causal),
            "box_rho": spearman(importance, known.effect),
            "gap": bias["gap"],
            "area_rho": bias["area_rho"],
            "images": known.count,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("variant")


def read_calibration(file: Path = FILE) -> pd.DataFrame:
    """The table that `calibrated` made. Errors: NotCalibrated, with the command that makes it."""
    if not file.is_file():
        raise NotCalibrated(f"there is no {file}; make it with: {COMMAND}")
    return pd.read_csv(file, index_col="variant")


def threshold_of(name: str, calibration: pd.DataFrame, preset: Preset | None = None) -> float:
    """The calibrated threshold of a variant, or a preset's for one of its own box score.

    Errors: KeyError that says how to make the table
    """
    if name not in calibration.index:
        if preset is not None and name.endswith(f"/{preset.importance}"):
            return preset.threshold
        raise KeyError(
            f"{name} has no threshold in the calibration table; make it again with {COMMAND}"
        )
    return float(calibration.loc[name, "threshold"])
