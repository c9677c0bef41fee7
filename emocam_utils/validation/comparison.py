"""Explanations compared: presets, the factors behind them, methods, occlusions, networks.

Every threshold comes from the calibration split (`calibration`), except the paper's own 0.3.
Intervals are 95 %, over scenes. Tables only; `verdict` puts them into words, `plots.validation`
draws them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ..pipeline.analysis import Analysis
from ..pipeline.importance import SCORES
from ..pipeline.tables import box_importance
from ..stats.intervals import percentile, wilson
from ..stats.ranks import auroc, average_precision, spearman
from ..study import Preset
from .boxes import Boxes, keep_rate, size_bias, size_thirds
from .calibration import threshold_of
from .causes import spurious
from .cells import Cells
from .contestants import FACTORS, METHODS, preset_variant, variant
from .trial import Trial

PRESENCE = "presence only"


def box_measures(
    trial: Trial, importance: np.ndarray, threshold: float, times: int = 0
) -> dict[str, float]:
    """How an importance does box by box.

    times   : bootstrap samples of the scenes; with 0 there are no intervals
    returns : box_rho (Spearman with the effect), box_auroc and box_ap (causal boxes), keep-rates
              `small` and `large` of causal boxes with their `gap`, `kept` (of all causal boxes),
              `rejected` (share of spurious companions that are not kept), each with _low and _high;
              area_rho, `undefined` (share of boxes without an importance), and how many boxes,
              causes and companions there are
    """
    area = trial.objects["area"].to_numpy()
    bias = size_bias(importance, trial.causal, area, threshold)
    drawn = trial.truth == "removal"  # only drawn scenes have a rule with companions
    companions = spurious(trial.objects) if drawn else np.zeros(len(trial.objects), bool)
    found = {
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
        "boxes": len(importance),
        "causes": int(trial.causal.sum()),
        "companions": int(companions.sum()),
    }
    if not times:
        return found
    small, large = size_thirds(trial.causal, area)
    shares = {"small": small, "large": large, "kept": trial.causal, "companions": companions}
    boxes = Boxes(trial.objects["image"], trial.effect, trial.causal, times)
    bounds = boxes.intervals(importance, threshold, shares)
    kept_low, kept_high = bounds.pop("companions")
    bounds["rejected"] = (1 - kept_high, 1 - kept_low)
    for name, (low, high) in bounds.items():
        found |= {f"{name}_low": low, f"{name}_high": high}
    return found


def judged(
    trial: Trial, name: str, threshold: float, times: int = 300, box_times: int = 0
) -> dict[str, float]:
    """Everything that is measured of one variant: per cell with intervals, and per box."""
    known = trial.covered(name)
    importance = known.importances[name].to_numpy(dtype=np.float64)
    cells, _ = known.cells.judge(known.attended(importance, threshold), times)
    measures = box_measures(known, importance, threshold, box_times)
    return {"images": known.count, "threshold": threshold, **cells, **measures}


def preset_table(
    trials: Sequence[Trial],
    presets: Mapping[str, Preset],
    times: int = 500,
    box_times: int = 200,
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
            low, high = percentile(samples - base)
            rows[trial.network, name] = {
                "threshold": preset.threshold,
                **measures,
                "gain": measures["ap"] - presence["ap"],
                "gain_low": low,
                "gain_high": high,
                **box_measures(trial, importance, preset.threshold, box_times),
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


def method_table(
    trials: Sequence[Trial],
    paper: Preset,
    corrected: Preset,
    calibration: pd.DataFrame,
    box_times: int = 200,
) -> pd.DataFrame:
    """Every method under both presets, and the occlusions, for every network.

    As published, every method has the paper's threshold; corrected, each has its own from the
    calibration split, because their scales differ. Occlusions have the latter, too.

    returns : indexed by network, method and preset ("paper", "corrected", "occlusion"); the name of
              the variant, measures of `judged`, of the first network with intervals per box
    """
    rows = {}
    for number, trial in enumerate(trials):
        chosen = {(cam, "paper"): preset_variant(cam, paper) for cam in METHODS}
        chosen |= {(cam, "corrected"): preset_variant(cam, corrected) for cam in METHODS}
        chosen |= {
            (name.removesuffix("/probability").replace("/", " "), "occlusion"): name
            for name in trial.importances
            if name.startswith("occlusion/") and name.endswith("/probability")
        }
        for key, name in chosen.items():
            if name not in trial.importances:
                continue
            limit = paper.threshold if key[1] == "paper" else threshold_of(name, calibration)
            times = (300, box_times) if not number else (100, 0)
            rows[trial.network, *key] = {"variant": name, **judged(trial, name, limit, *times)}
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.rename_axis(["network", "method", "preset"])


def covered_table(methods: pd.DataFrame, trial: Trial) -> pd.DataFrame:
    """The corrected CAMs and the occlusions, all on the scenes whose boxes are occluded.

    methods : as `method_table` makes it; its thresholds count
    returns : indexed by method and preset, as one network of `method_table`
    """
    rows = methods.loc[trial.network].drop(index="paper", level="preset")
    scenes = trial.covered(rows.loc[rows["images"].idxmin(), "variant"])
    found = {key: judged(scenes, row["variant"], row["threshold"]) for key, row in rows.iterrows()}
    return pd.DataFrame.from_dict(found, orient="index").rename_axis(["method", "preset"])


def empty_maps(maps: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Share of empty maps of each setting, with its interval and n."""
    counts = pd.DataFrame({name: [t["empty"].sum(), len(t)] for name, t in maps.items()}).T
    low, high = wilson(counts[0], counts[1])
    columns = {"share": counts[0] / counts[1], "low": low, "high": high, "images": counts[1]}
    return pd.DataFrame(columns).rename_axis("setting")


def detected_table(
    analysis: Analysis, trial: Trial, presets: Mapping[str, Preset], times: int = 500
) -> pd.DataFrame:
    """The judgement of the matrices with the detector's boxes beside that with the exact ones.

    returns : indexed by preset and boxes ("exact", of drawn scenes only, and "detected")
    """
    rows = {}
    for name, preset in {PRESENCE: None, **presets}.items():
        if preset is None:
            kept = trial.present()
        else:
            importance = trial.importances[preset_variant("gradcam", preset)]
            kept = trial.attended(importance.to_numpy(dtype=np.float64), preset.threshold)
        if trial.truth == "removal":  # photographs have no other boxes than the detector's
            rows[name, "exact"] = trial.cells.judge(kept, times)[0]
        by, found = _detected(analysis, trial, preset or next(iter(presets.values())))
        attended = np.ones(len(found), bool) if preset is None else found
        rows[name, "detected"] = trial.cells.judge(attended, times, by=by)[0]
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["preset", "boxes"])


def _detected(analysis: Analysis, trial: Trial, preset: Preset) -> tuple[Cells, np.ndarray]:
    """Classes that the detector finds in each image, and in which of them the map attends one."""
    boxes = analysis.boxes[analysis.boxes["confidence"] > preset.confidence]
    boxes = boxes[boxes["image"].isin(trial.cells.images.index)].reset_index(drop=True)
    maps = analysis.map_of("gradcam", preset)
    importance = box_importance(boxes, maps, analysis.images, preset.importance)
    codes, first = pd.MultiIndex.from_frame(boxes[["image", "class"]]).factorize()
    found = pd.DataFrame(list(first), columns=["image", "class"])
    found["label"] = found["image"].map(trial.cells.images)
    kept = np.zeros(len(found), bool)
    np.logical_or.at(kept, codes, np.nan_to_num(importance, nan=-np.inf) > preset.threshold)
    return Cells(found.assign(effect=np.nan), trial.cells.images), kept


def cell_scatter(trial: Trial, presets: Mapping[str, Preset]) -> pd.DataFrame:
    """The judged cells with their effect and their percentage under presence and each preset."""
    table = trial.cells.table(times=2)[["images", "present", "effect", "causal"]]
    for name, preset in presets.items():
        importance = trial.importances[preset_variant("gradcam", preset)].to_numpy(dtype=np.float64)
        table[name] = trial.cells.percent(trial.attended(importance, preset.threshold))[0]
    return table.dropna(subset="effect")
