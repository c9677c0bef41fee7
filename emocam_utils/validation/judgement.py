"""Explanations compared: presets, the factors behind them, methods, occlusions, networks.

Every threshold comes from the calibration split (`calibration`), except the paper's own 0.3.
Intervals are 95 %, over scenes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ..pipeline.analysis import Analysis
from ..pipeline.importance import SCORES
from ..pipeline.tables import box_importance
from ..stats.intervals import percentile, wilson
from ..study import Preset
from .boxes import box_measures, keep_rate, size_exponent
from .calibration import threshold_of
from .contestants import FACTORS, METHODS, preset_variant, variant
from .trial import Trial

PRESENCE = "presence only"
AUROC, PRECISION = 0.97, 0.90  # what the corrected preset must reach, per cell


def _table(rows: Mapping, *names: str) -> pd.DataFrame:
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(list(names))


def judged(
    trial: Trial, name: str, threshold: float, times: int = 300, box_times: int = 0
) -> dict[str, float]:
    """Everything that is measured of one variant: per cell with intervals, and per box."""
    known = trial.covered(name)
    importance = known.importance(name)
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
        presence, base = trial.cells.judge(trial.attended_under(None), times)
        rows[trial.network, PRESENCE] = presence
        for name, preset in presets.items():
            measures, samples = trial.cells.judge(trial.attended_under(preset), times)
            low, high = percentile(samples - base)
            importance = trial.importance(preset_variant("gradcam", preset))
            rows[trial.network, name] = {
                "threshold": preset.threshold,
                **measures,
                "gain": measures["ap"] - presence["ap"],
                "gain_low": low,
                "gain_high": high,
                **box_measures(trial, importance, preset.threshold, box_times),
            }
    return _table(rows, "network", "preset")


def verdict_table(presets: pd.DataFrame) -> pd.DataFrame:
    """The answer to the notebook's question, for every network of `preset_table`.

    returns : indexed by network: whether the published preset is worse than presence alone and the
              corrected one better, each also `surely` (the paired interval leaves 0 out), and which
              targets the corrected one misses ("" for none); no row where no cell could be judged
    """
    rows = {}
    for network, table in presets.groupby(level="network", sort=False):
        table = table.droplevel("network")
        presence, paper, corrected = (table.loc[n] for n in (PRESENCE, "paper", "corrected"))
        reached = {
            f"AUROC of at least {AUROC}": corrected["auroc"] >= AUROC,
            f"average precision of at least {PRECISION}": corrected["ap"] >= PRECISION,
            "interval apart from presence's": corrected["ap_low"] > presence["ap_high"],
        }
        if table["ap"].notna().all():
            rows[network] = (
                paper["ap"] < presence["ap"],
                paper["gain_high"] < 0,
                corrected["ap"] > presence["ap"],
                corrected["gain_low"] > 0,
                "; ".join(target for target, holds in reached.items() if not holds),
            )
    columns = ["published is worse", "surely worse", "corrected is better", "surely better"]
    found = pd.DataFrame.from_dict(rows, orient="index", columns=[*columns, "misses"])
    return found.rename_axis("network")


def step_table(
    trial: Trial, paper: Preset, corrected: Preset, calibration: pd.DataFrame
) -> pd.DataFrame:
    """From the paper's preset to the corrected one, one factor after the other."""
    same = paper.importance
    steps = {
        "paper": (paper.score, paper.layer, same),
        "+ logit": (corrected.score, paper.layer, same),
        "+ after the ReLU": (corrected.score, corrected.layer, same),
        "+ calibrated threshold": (corrected.score, corrected.layer, same),
        "+ size-aware score": (corrected.score, corrected.layer, corrected.importance),
    }
    rows = {}
    for number, (step, way) in enumerate(steps.items()):
        name = variant("gradcam", *way)
        limit = paper.threshold if number < 3 else threshold_of(name, calibration, corrected)
        rows[step] = judged(trial, name, limit)
    return _table(rows, "step")


def factor_table(trial: Trial, calibration: pd.DataFrame) -> pd.DataFrame:
    """Grad-CAM under every score, layer and box score, each at its own calibrated threshold.

    A box score that has none, of a plug-in, is left out.
    """
    rows = {}
    for way in ((*factors, box_score) for factors in FACTORS for box_score in SCORES):
        name = variant("gradcam", *way)
        if name not in calibration.index:
            continue
        rows[way] = judged(trial, name, threshold_of(name, calibration), times=100)
    return _table(rows, "score", "layer", "box score")


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
    for trial in trials:
        times = (300, box_times) if trial is trials[0] else (100, 0)
        ways = {(cam, "paper"): preset_variant(cam, paper) for cam in METHODS}
        ways |= {(cam, "corrected"): preset_variant(cam, corrected) for cam in METHODS}
        for name in trial.importances:
            kind, _, measure = name.rpartition("/")
            if name.startswith("occlusion/") and measure == "probability":
                ways[kind.replace("/", " "), "occlusion"] = name
        for (method, preset), name in ways.items():
            if name in trial.importances:
                own = preset != "paper"
                limit = threshold_of(name, calibration, corrected) if own else paper.threshold
                found = {"variant": name, **judged(trial, name, limit, *times)}
                rows[trial.network, method, preset] = found
    return _table(rows, "network", "method", "preset")


def covered_table(methods: pd.DataFrame, trial: Trial) -> pd.DataFrame:
    """The corrected CAMs and the occlusions, all on the scenes whose boxes are occluded.

    methods : as `method_table` makes it; its thresholds count
    returns : indexed by method and preset, as one network of `method_table`
    """
    rows = methods.loc[trial.network].drop(index="paper", level="preset")
    scenes = trial.covered(rows.loc[rows["images"].idxmin(), "variant"])
    found = {key: judged(scenes, row["variant"], row["threshold"]) for key, row in rows.iterrows()}
    return _table(found, "method", "preset")


def empty_maps(maps: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Share of empty maps of each setting, with its interval and how many images there are."""
    empty = pd.Series({name: table["empty"].sum() for name, table in maps.items()})
    images = pd.Series({name: len(table) for name, table in maps.items()})
    low, high = wilson(empty, images)
    table = pd.DataFrame({"share": empty / images, "low": low, "high": high, "images": images})
    return table.rename_axis("setting")


def detected_table(
    analysis: Analysis, trial: Trial, presets: Mapping[str, Preset], times: int = 500
) -> pd.DataFrame:
    """The judgement of the matrices with the detector's boxes beside that with the exact ones.

    returns : indexed by preset and boxes ("exact", of drawn scenes only, and "detected")
    """
    rows = {}
    for name, preset in {PRESENCE: None, **presets}.items():
        found = _detected(analysis, trial, preset or next(iter(presets.values())))
        by = replace(found.cells, images=trial.cells.images)
        if trial.planted:  # photographs have no other boxes than the detector's
            rows[name, "exact"] = trial.cells.judge(trial.attended_under(preset), times)[0]
        rows[name, "detected"] = trial.cells.judge(found.attended_under(preset), times, by=by)[0]
    return _table(rows, "preset", "boxes")


def _detected(analysis: Analysis, trial: Trial, preset: Preset) -> Trial:
    """The detector's boxes in the images of a trial; their effects are not known."""
    boxes = analysis.boxes[analysis.boxes["confidence"] > preset.confidence]
    boxes = boxes[boxes["image"].isin(trial.cells.images.index)].reset_index(drop=True)
    maps = analysis.map_of("gradcam", preset)
    importance = box_importance(boxes, maps, analysis.images, preset.importance)
    objects = boxes.assign(label=boxes["image"].map(trial.cells.images), probability_drop=np.nan)
    columns = pd.DataFrame({preset_variant("gradcam", preset): importance})
    return replace(trial, objects=objects, importances=columns)


def cell_scatter(trial: Trial, presets: Mapping[str, Preset]) -> pd.DataFrame:
    """The judged cells with their effect and their percentage under presence and each preset."""
    table = trial.cells.table(times=2)[["images", "present", "effect", "causal"]]
    for name, preset in presets.items():
        table[name] = trial.cells.percent(trial.attended_under(preset))[0]
    return table.dropna(subset="effect")


def exponent_table(trials: Sequence[Trial], preset: Preset) -> pd.DataFrame:
    """`boxes.size_exponent` of Grad-CAM's share under a preset, for every network."""
    share = variant("gradcam", preset.score, preset.layer, "share")
    found = {trial.network: size_exponent(trial, share) for trial in trials}
    return _table(
        {name: {"exponent": e, "error": se} for name, (e, se) in found.items()}, "network"
    )


def size_bins(
    trial: Trial, preset: Preset, calibration: pd.DataFrame, bins: int = 5
) -> pd.DataFrame:
    """Keep-rate of causes by their size, for every box score of Grad-CAM at calibrated thresholds.

    returns : score, area (median of the bin), kept, objects
    """
    columns = ["score", "area", "kept", "objects"]
    area = trial.objects["area"].to_numpy()
    if trial.causal.sum() < bins:
        return pd.DataFrame(columns=columns, dtype=np.float64)
    edges = np.quantile(area[trial.causal], np.linspace(0, 1, bins + 1))
    place = np.clip(np.searchsorted(edges, area, side="right") - 1, 0, bins - 1)
    rows = []
    for score in SCORES:
        name = variant("gradcam", preset.score, preset.layer, score)
        if name not in calibration.index and score != preset.importance:
            continue  # of a plug-in that this study does not use
        threshold = threshold_of(name, calibration, preset)
        for number in range(bins):
            chosen = trial.causal & (place == number)
            kept = keep_rate(trial.importance(name), chosen, threshold)
            middle = float(np.median(area[chosen])) if chosen.any() else float("nan")
            rows.append((score, middle, kept, int(chosen.sum())))
    return pd.DataFrame(rows, columns=columns)


def numbers(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables in long form, for one file with every number: indexed by table, row and measure.

    Columns that hold texts are left out, NaN stays NaN.
    """
    parts = []
    for table in tables.values():
        figures = table.select_dtypes(["number", "bool"]).astype(float)
        rows = [row if isinstance(row, tuple) else (row,) for row in figures.index]
        index = pd.Index([" / ".join(map(str, row)) for row in rows], name="row")
        long = figures.set_axis(index).stack(future_stack=True)
        parts.append(long.rename_axis(["row", "measure"]))
    return pd.concat(parts, keys=list(tables), names=["table"]).rename("value").to_frame()
