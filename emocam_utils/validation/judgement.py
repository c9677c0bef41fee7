"""Explanations judged on the study's own corpus: per cell, box by box, and by size.

Thresholds come from the calibration split (`calibration`), except the paper's own 0.3. Intervals of
measures per box are 95 %, over scenes; what a cell causes comes from `truth`, not from these.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..pipeline.importance import SCORES
from ..stats.intervals import wilson
from ..study import Preset
from .boxes import box_measures, keep_rate
from .calibration import threshold_of
from .cells import judge
from .contestants import (
    CORRECTED,
    HEADLINE,
    METHODS,
    PUBLISHED,
    contestants,
    preset_variant,
    variant,
)
from .trial import Trial
from .truth import Truth

OCCLUSION = "occlusion"


def _table(rows: Mapping, *names: str) -> pd.DataFrame:
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(list(names))


def own_table(
    trial: Trial, truth: Truth, thresholds: pd.DataFrame, presets: Mapping[str, Preset]
) -> pd.DataFrame:
    """The headline's contestants on the study's own corpus; indexed by contestant."""
    chosen = contestants(thresholds, presets, trial.importances.columns)
    effects = truth.judged()
    scores = trial.matrices(chosen).scores(HEADLINE, effects.index)
    return judge(scores, effects.to_numpy()).rename_axis("contestant")


def method_table(
    trial: Trial,
    truth: Truth,
    thresholds: pd.DataFrame,
    presets: Mapping[str, Preset],
    times: int = 200,
) -> pd.DataFrame:
    """Every method as published and corrected, and the occlusions, on the study's own corpus.

    As published, every method has the paper's threshold; all others have their own from the
    calibration split, because scales differ.

    returns : indexed by method and preset; images, threshold, ap (per cell, by the truth), measures
              of `boxes.box_measures` with intervals, kept boxes
    """
    paper, corrected = presets["paper"], presets["corrected"]
    ways = {(cam, PUBLISHED): preset_variant(cam, paper) for cam in METHODS}
    ways |= {(cam, CORRECTED): preset_variant(cam, corrected) for cam in METHODS}
    for name in trial.importances:
        kind, _, measure = name.rpartition("/")
        if name.startswith("occlusion/") and measure == "probability":
            ways[kind.replace("/", " "), OCCLUSION] = name
    rows = {}
    for (method, preset), name in ways.items():
        if name in trial.importances:
            fixed = preset == PUBLISHED
            limit = paper.threshold if fixed else threshold_of(name, thresholds, corrected)
            rows[method, preset] = {"variant": name, **judged(trial, truth, name, limit, times)}
    return _table(rows, "method", "preset")


def judged(
    trial: Trial, truth: Truth, name: str, threshold: float, times: int = 0
) -> dict[str, float]:
    """What is measured of one variant: per cell, and per box with intervals over scenes."""
    known = trial.covered(name)
    effects = truth.judged()
    scores = known.matrices({name: (name, threshold)}).scores(
        {name: (name, "attended")}, effects.index
    )
    cells = judge(scores, effects.to_numpy()).loc[name].to_dict()
    importance = known.importance(name)
    every = keep_rate(importance, np.ones(len(importance), bool), threshold)
    measures = box_measures(known, importance, threshold, times)
    return {"images": known.count, "threshold": threshold, "boxes kept": every, **cells, **measures}


def covered_table(methods: pd.DataFrame, trial: Trial, truth: Truth) -> pd.DataFrame:
    """The corrected CAMs and the occlusions, all on the scenes whose boxes are occluded.

    methods : as `method_table` makes it; its thresholds count
    """
    rows = methods.drop(index=PUBLISHED, level="preset")
    if rows.empty:
        return rows
    scenes = trial.covered(rows.loc[rows["images"].idxmin(), "variant"])
    return _table(
        {
            key: judged(scenes, truth, row["variant"], row["threshold"])
            for key, row in rows.iterrows()
        },
        "method",
        "preset",
    )


def empty_maps(maps: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Share of empty maps of each setting, with its interval and how many images there are."""
    empty = pd.Series({name: table["empty"].sum() for name, table in maps.items()})
    images = pd.Series({name: len(table) for name, table in maps.items()})
    low, high = wilson(empty, images)
    table = pd.DataFrame({"share": empty / images, "low": low, "high": high, "images": images})
    return table.rename_axis("setting")


def gap_table(calibration: pd.DataFrame, preset: Preset) -> pd.DataFrame:
    """How many more of the large causes than of the small ones each box score keeps.

    calibration : as `calibration.read_calibration`; all is measured on its split
    returns     : indexed by network and score: gap (keep-rate of the largest less that of the
                  smallest third) and area_rho (Spearman of importance and area over causes)
    """
    names = {variant("gradcam", preset.score, preset.layer, score): score for score in SCORES}
    rows = calibration[calibration.index.isin(names, level="variant")]
    return rows[["gap", "area_rho"]].rename(index=names, level="variant")


def size_bins(
    trial: Trial, preset: Preset, thresholds: pd.DataFrame, bins: int = 5
) -> pd.DataFrame:
    """Keep-rate of causes by their size, for every box score of Grad-CAM at calibrated thresholds.

    returns : score, area (median of the bin), kept with its 95 % interval, objects
    """
    columns = ["score", "area", "kept", "kept_low", "kept_high", "objects"]
    area = trial.objects["area"].to_numpy()
    if trial.causal.sum() < bins:
        return pd.DataFrame(columns=columns, dtype=np.float64)
    edges = np.quantile(area[trial.causal], np.linspace(0, 1, bins + 1))
    place = np.clip(np.searchsorted(edges, area, side="right") - 1, 0, bins - 1)
    rows = []
    for score in SCORES:
        name = variant("gradcam", preset.score, preset.layer, score)
        if name not in thresholds.index and score != preset.importance:
            continue  # of a plug-in that this study does not use
        threshold = threshold_of(name, thresholds, preset)
        for number in range(bins):
            chosen = trial.causal & (place == number)
            kept = keep_rate(trial.importance(name), chosen, threshold)
            low, high = wilson(round(np.nan_to_num(kept) * chosen.sum()), chosen.sum())
            middle = float(np.median(area[chosen])) if chosen.any() else float("nan")
            rows.append((score, middle, kept, low, high, int(chosen.sum())))
    return pd.DataFrame(rows, columns=columns)


def numbers(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables in long form, for one file with every number: indexed by table, row and measure.

    Columns that hold texts are left out, NaN stays NaN, and tables without a row have none.
    """
    parts = {}
    for name, table in tables.items():
        figures = table.select_dtypes(["number", "bool"]).astype(float)
        if figures.empty:
            continue
        rows = [row if isinstance(row, tuple) else (row,) for row in figures.index]
        index = pd.Index([" / ".join(map(str, row)) for row in rows], name="row")
        long = figures.set_axis(index).stack(future_stack=True)
        parts[name] = long.rename_axis(["row", "measure"])
    return pd.concat(parts, names=["table"]).rename("value").to_frame()


def cell_scatter(
    trial: Trial, truth: Truth, thresholds: pd.DataFrame, presets: Mapping[str, Preset]
) -> pd.DataFrame:
    """The judged cells with their effect and what each contestant of the headline says of them."""
    chosen = contestants(thresholds, presets, trial.importances.columns)
    effects = truth.judged()
    found = trial.matrices(chosen).scores(HEADLINE, effects.index)
    return found.assign(effect=effects)
