"""Thresholds chosen on the calibration split, network by network, and read wherever they are used.

    data/emoscenes/validation/exponents.csv     how the share of a map in a box grows with its area
                             /calibration.csv   a row a network and variant (`contestants.variant`)

Nothing here ever sees the test split, the truth split or a fresh corpus.
`python -m emocam_utils.training.calibrate` writes the table.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from .. import paths
from ..stats.ranks import auroc, ranked, spearman
from ..study import Preset
from .boxes import keep_rate, size_bias
from .cells import LEAST, Matrices, judge
from .trial import Trial
from .truth import Truth

FOLDER = paths.EMOSCENES / "validation"
FILE, EXPONENTS = FOLDER / "calibration.csv", FOLDER / "exponents.csv"
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
    effects = Truth.of(trial.network, trial.objects, 0.0).judged(LEAST)
    columns = {f"{place}": ("importance", limit) for place, limit in enumerate(grid)}
    matrices = Matrices.of(trial.objects, pd.DataFrame({"importance": importance}), columns)
    scores = matrices.scores({name: (name, "attended") for name in columns}, effects.index)
    precision = judge(scores, effects.to_numpy())["ap"].to_numpy()
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

    returns : indexed by variant: threshold, kept (share of all boxes above it), ap (per cell),
              box_auroc and box_rho (Spearman with the effect) per box, gap and area_rho (see
              `boxes.size_bias`), images
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
            "kept": keep_rate(importance, np.ones(len(importance), bool), threshold),
            "ap": precision,
            "box_auroc": auroc(importance, known.causal),
            "box_rho": spearman(importance, known.effect),
            "gap": bias["gap"],
            "area_rho": bias["area_rho"],
            "images": known.count,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("variant")


def matched(trial: Trial, rate: float) -> pd.Series:
    """For every variant of a trial the threshold at which it keeps a given share of the boxes.

    A box without an importance is never kept, so a variant of many empty maps may keep fewer.
    """
    limits = {}
    for name in trial.importances:
        importance = trial.covered(name).importance(name)
        known = not np.isnan(importance).all()
        limit = float(np.quantile(ranked(importance), 1 - rate)) if known else float("nan")
        limits[name] = max(limit, float(np.nanmin(importance))) if known else limit
    return pd.Series(limits, name="matched")


def read_calibration(file: Path = FILE) -> pd.DataFrame:
    """Indexed by network and variant. Errors: NotCalibrated, with the command that makes it."""
    if not file.is_file():
        raise NotCalibrated(f"there is no {file}; make it with: {COMMAND}")
    table = pd.read_csv(file)
    if not {"network", "variant", "matched"} <= set(table):
        raise NotCalibrated(f"{file} is of an older version; make it again with: {COMMAND}")
    return table.set_index(["network", "variant"])


def read_exponents(shipped: bool, file: Path = EXPONENTS) -> pd.DataFrame:
    """Indexed by network: exponent, low, high; no row of a study that the table is not about."""
    if not shipped or not file.is_file():
        return pd.DataFrame()
    return pd.read_csv(file, index_col="network")


def of_network(calibration: pd.DataFrame, network: str) -> pd.DataFrame:
    """The thresholds of one network, indexed by variant.

    A network that was not calibrated (of one's own) has those of the shipped one, the first.
    """
    known = calibration.index.unique("network")
    return calibration.loc[network if network in known else known[0]]


def threshold_of(name: str, thresholds: pd.DataFrame, preset: Preset | None = None) -> float:
    """The calibrated threshold of a variant, or a preset's for one of its own box score.

    Errors: KeyError that says how to make the table
    """
    if name not in thresholds.index:
        if preset is not None and name.endswith(f"/{preset.importance}"):
            return preset.threshold
        raise KeyError(
            f"{name} has no threshold in the calibration table; make it again with {COMMAND}"
        )
    return float(thresholds.loc[name, "threshold"])
