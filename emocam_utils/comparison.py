"""Explanations compared: presets, the factors behind them, methods, occlusions, networks.

Every threshold comes from the calibration split (`calibration`), except the paper's own 0.3.
Tables only; `verdict` puts them into words, `plots.validation` draws them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from .calibration import threshold_of
from .causes import spurious
from .cells import Cells
from .faithfulness import (
    auroc,
    average_precision,
    interval,
    keep_rate,
    size_bias,
    spearman,
)
from .importance import SCORES
from .stages import Analysis, box_importance
from .study import Preset
from .validation import FACTORS, METHODS, Trial, preset_variant, variant

PRESENCE = "presence only"


def box_measures(trial: Trial, importance: np.ndarray, threshold: float) -> dict[str, float]:
    """How an importance does box by box.

    returns : box_rho (Spearman with the effect), box_auroc and box_ap (causal boxes), keep-rates
              `small` and `large` of causal boxes with their `gap`, `rejected` (share of spurious
              companions that are not kept), `undefined` (share of boxes without an importance)
    """
    bias = size_bias(importance, trial.causal, trial.objects["area"].to_numpy(), threshold)
    drawn = trial.truth == "removal"  # only drawn scenes have a rule with companions
    companions = spurious(trial.objects) if drawn else np.zeros(len(trial.objects), bool)
    return {
        "box_rho": spearman(importance, trial.effect),
        "box_auroc": auroc(importance, trial.causal),
        "box_ap": average_precision(importance, trial.causal),
        "small": bias["small"],
        "large": bias["large"],
        "gap": bias["gap"],
        "area_rho": bias["rho"],
        "kept": keep_rate(importance, trial.causal, threshold),
        "rejected": 1 - keep_rate(importance, companions, threshold),
        "undefined": float(np.isnan(importance).mean()),
    }


def judged(trial: Trial, name: str, threshold: float, times: int = 300) -> dict[str, float]:
    """Everything that is measured of one variant: per cell with intervals, and per box."""
    known = trial.covered(name)
    importance = known.importances[name].to_numpy(dtype=np.float64)
    cells, _ = known.cells.judge(known.attended(importance, threshold), times)
    measures = box_measures(known, importance, threshold)
    return {"images": known.count, "threshold": threshold, **cells, **measures}


def preset_table(
    trials: Sequence[Trial], presets: Mapping[str, Preset], times: int = 500
) -> pd.DataFrame:
    """Presence alone and Grad-CAM under each preset, for every network.

    returns : indexed by network and preset; measures of `judged`, and for presets the average
              precision less that of presence (`gain`) with its interval over the same scenes
    """
    rows = {}
    for trial in trials:
        presence, base = trial.cells.judge(trial.present(), times)
        rows[trial.network, PRESENCE] = presence
        for name, preset in presets.items():
            column = preset_variant("gradcam", preset)
            importance = trial.importances[column].to_numpy(dtype=np.float64)
            kept = trial.attended(importance, preset.threshold)
            measures, samples = trial.cells.judge(kept, times)
            low, high = interval(samples - base)
            rows[trial.network, name] = {
                "threshold": preset.threshold,
                **measures,
                "gain": measures["ap"] - presence["ap"],
                "gain_low": low,
                "gain_high": high,
                **box_measures(trial, importance, preset.threshold),
            }
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.rename_axis(["network", "preset"])


def step_table(
    trial: Trial, paper: Preset, corrected: Preset, calibration: pd.DataFrame
) -> pd.DataFrame:
    """From the paper's preset to the corrected one, one factor after the other."""
    same = paper.importance
    steps = [
        ("paper", paper.score, paper.layer, same, paper.threshold),
        ("+ logit", corrected.score, paper.layer, same, paper.threshold),
        ("+ after the ReLU", corrected.score, corrected.layer, same, paper.threshold),
        ("+ calibrated threshold", corrected.score, corrected.layer, same, None),
        ("+ size-aware score", corrected.score, corrected.layer, corrected.importance, None),
    ]
    rows = {}
    for step, score, layer, box_score, threshold in steps:
        name = variant("gradcam", score, layer, box_score)
        limit = threshold_of(name, calibration) if threshold is None else threshold
        rows[step] = judged(trial, name, limit)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("step")


def factor_table(trial: Trial, calibration: pd.DataFrame) -> pd.DataFrame:
    """Grad-CAM under every score, layer and box score, each at its own calibrated threshold."""
    rows = {}
    for score, layer in FACTORS:
        for box_score in SCORES:
            name = variant("gradcam", score, layer, box_score)
            limit = threshold_of(name, calibration)
            rows[score, layer, box_score] = judged(trial, name, limit, times=100)
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.rename_axis(["score", "layer", "box score"])


def method_table(trial: Trial, corrected: Preset, calibration: pd.DataFrame) -> pd.DataFrame:
    """Every method as the corrected preset makes it, and the occlusions, thresholds calibrated."""
    names = {cam: preset_variant(cam, corrected) for cam in METHODS}
    names |= {
        name.removesuffix("/probability").replace("/", " "): name
        for name in trial.importances
        if name.startswith("occlusion/") and name.endswith("/probability")
    }
    rows = {
        shown: judged(trial, name, threshold_of(name, calibration)) for shown, name in names.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")


def empty_maps(maps: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Share of empty maps of each setting."""
    return pd.Series({name: float(table["empty"].mean()) for name, table in maps.items()})


def detected_table(
    analysis: Analysis, trial: Trial, presets: Mapping[str, Preset], times: int = 500
) -> pd.DataFrame:
    """The same judgement of the matrices, with the detector's boxes in place of the exact ones."""
    rows = {}
    for name, preset in presets.items():
        boxes = analysis.boxes[analysis.boxes["confidence"] > preset.confidence]
        boxes = boxes[boxes["image"].isin(trial.cells.images.index)].reset_index(drop=True)
        maps = analysis.map_of("gradcam", preset)
        importance = box_importance(boxes, maps, analysis.images, preset.importance)
        keys = pd.MultiIndex.from_frame(boxes[["image", "class"]])
        codes, first = keys.factorize()
        found = pd.DataFrame(list(first), columns=["image", "class"])
        found["label"] = found["image"].map(trial.cells.images)
        kept = np.zeros(len(found), bool)
        np.logical_or.at(kept, codes, np.nan_to_num(importance, nan=-np.inf) > preset.threshold)
        by = Cells(found.assign(effect=np.nan), trial.cells.images)
        rows[name] = trial.cells.judge(kept, times, by=by)[0]
        rows.setdefault(PRESENCE, trial.cells.judge(np.ones(len(found), bool), times, by=by)[0])
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("preset")


def cell_scatter(trial: Trial, presets: Mapping[str, Preset]) -> pd.DataFrame:
    """The judged cells with their effect and their percentage under presence and each preset."""
    table = trial.cells.table(times=2)[["images", "present", "effect", "causal"]]
    for name, preset in presets.items():
        importance = trial.importances[preset_variant("gradcam", preset)].to_numpy(dtype=np.float64)
        table[name] = trial.cells.percent(trial.attended(importance, preset.threshold))[0]
    return table.dropna(subset="effect")
