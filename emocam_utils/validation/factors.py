"""From the published settings to the corrected ones, step by step, for every method.

Each step is judged on the same fresh corpora as the one before, so that the change has an interval
of its own. Thresholds are each network's own from the calibration split, except the paper's.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ..pipeline.importance import SCORES
from ..stats.intervals import middle
from ..study import Preset
from .contestants import FACTORS, METHODS, preset_setting, preset_variant, published_name, variant
from .headline import Corpora, by_network, judged_corpora, spread
from .truth import Truth

STEPS = ("as published", "calibrated threshold", "logit, after the ReLU", "corrected box score")


def step_ways(cam: str, presets: Mapping[str, Preset]) -> dict[str, str]:
    """Step -> the column of counts it is judged by."""
    paper, corrected = presets["paper"], presets["corrected"]
    ways = (
        published_name(cam, paper),
        preset_variant(cam, paper),
        f"{preset_setting(cam, corrected)}/{paper.importance}",
        preset_variant(cam, corrected),
    )
    return dict(zip(STEPS, ways, strict=True))


def step_table(
    truths: Mapping[str, Truth], corpora: Corpora, presets: Mapping[str, Preset]
) -> pd.DataFrame:
    """Every method at every step, for every network.

    returns : indexed by network, method and step: `headline.spread`; `change` of the average
              precision from the step before, with the middle 95 % of the corpora
    """
    tables = {}
    for network, matrices in corpora.items():
        for cam in METHODS:
            ways = {step: (way, "attended") for step, way in step_ways(cam, presets).items()}
            known = [m for m in matrices if all(way in m.counts for way, _ in ways.values())]
            if known:
                found = judged_corpora(truths[network], known, ways)
                change = found["ap"].unstack("contestant")[list(ways)].diff(axis=1)
                tables[network, cam] = with_differences(spread(found), change, "change")
    names = ["network", "method", "step"]
    return pd.concat(tables).rename_axis(names) if tables else pd.DataFrame()


def with_differences(table: pd.DataFrame, differences: pd.DataFrame, name: str) -> pd.DataFrame:
    """A table of contestants with the mean and the middle 95 % of differences (corpora, those)."""
    columns = zip((name, f"{name}_low", f"{name}_high"), middle(differences), strict=True)
    return table.join(pd.DataFrame(dict(columns), index=differences.columns))


def factor_table(truths: Mapping[str, Truth], corpora: Corpora) -> pd.DataFrame:
    """Grad-CAM under every score, layer and box score; indexed by network and variant: `spread`."""
    ways = {
        (name := variant("gradcam", *way, score)): (name, "attended")
        for way in FACTORS
        for score in SCORES
    }
    return by_network({n: spread(judged_corpora(truths[n], m, ways)) for n, m in corpora.items()})


def difference_table(
    truths: Mapping[str, Truth], corpora: Corpora, presets: Mapping[str, Preset]
) -> pd.DataFrame:
    """What each factor of Grad-CAM changes while the others stay, on the same corpora.

    returns : indexed by network and factor: change of average precision, low, high; corpora
    """
    paper, corrected = presets["paper"], presets["corrected"]
    rows = {}
    for network, matrices in corpora.items():
        pairs = factor_pairs(paper, corrected)
        ways = {name: (name, "attended") for pair in pairs.values() for name in pair}
        ap = judged_corpora(truths[network], matrices, ways)["ap"].unstack("contestant")
        for factor, (before, after) in pairs.items():
            if before in ap and after in ap:
                change = ap[after] - ap[before]
                ends = zip(("change", "low", "high"), middle(change), strict=True)
                rows[network, factor] = {**dict(ends), "corpora": len(change)}
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.rename_axis(["network", "factor"]) if len(table) else table


def factor_pairs(paper: Preset, corrected: Preset) -> dict[str, tuple[str, str]]:
    """Factor -> the contestants without and with it."""

    def way(score: str, layer: str, box_score: str = paper.importance) -> str:
        return variant("gradcam", score, layer, box_score)

    before, after = (paper.score, paper.layer), (corrected.score, corrected.layer)
    return {
        "threshold calibrated, all else as published": (
            published_name("gradcam", paper),
            way(*before),
        ),
        "logit, before the ReLU": (way(*before), way(corrected.score, paper.layer)),
        "logit, after the ReLU": (way(paper.score, corrected.layer), way(*after)),
        "after the ReLU, probability": (way(*before), way(paper.score, corrected.layer)),
        "after the ReLU, logit": (way(corrected.score, paper.layer), way(*after)),
        "box score, all else corrected": (way(*after), way(*after, corrected.importance)),
    }
