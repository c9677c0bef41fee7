"""Which ways to make maps are put on trial, and what their importances are called.

A *setting* is a way to make maps: "gradcam/logit/post_relu", and where a preset gives a method
options of its own, "lrp/pre_relu/rule=gradient_x_input". A *variant* is a setting and a box score:
"gradcam/logit/post_relu/mean". What a method lacks is left out: LRP-CAM and LIFT-CAM explain the
logit only, so their names hold no score. A *contestant* is a variant with a threshold, or presence,
which needs no map, read by a measure of association.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from ..cams import CamMethod, build_cam, cam_options
from ..pipeline.analysis import preset_cam
from ..study import Preset

PRESENT = "present"
PERCENT, ODDS, NOISE = "presence, percent", "presence, log odds", "random map"
PUBLISHED, SAME_RATE = "as published", "as published, same keep rate"
OWN_BEST = "as published, calibrated"
OWN_BEST_ODDS = f"{OWN_BEST}, log odds"
CORRECTED, CORRECTED_BEST = "corrected", "corrected, own threshold"
CORRECTED_ODDS = f"{CORRECTED}, log odds"
HEADLINE = {  # of Grad-CAM: name -> a column of counts, and a measure of association
    PERCENT: (PRESENT, "attended"),
    ODDS: (PRESENT, "log odds"),
    **{n: (n, "attended") for n in (NOISE, PUBLISHED, SAME_RATE, OWN_BEST)},
    OWN_BEST_ODDS: (OWN_BEST, "log odds"),
    **{n: (n, "attended") for n in (CORRECTED, CORRECTED_BEST)},
    CORRECTED_ODDS: (CORRECTED, "log odds"),
}
PRESENCE = (PERCENT, ODDS)
SHOWN = {"paper": PUBLISHED, "corrected": CORRECTED}  # presets, as figures and tables call them
METHODS = ("gradcam", "ablation", "lime", "lrp", "lift", "hirescam", "random")
FACTORS = tuple(
    (score, layer) for score in ("probability", "logit") for layer in ("pre_relu", "post_relu")
)


def setting(cam: str, score: str, layer: str, **options: object) -> str:
    """The name of a way to make maps; `options` are others than score and layer."""
    wanted = {"score": score, "layer": layer}
    plain = [value for name, value in wanted.items() if name in cam_options(cam)]
    return "/".join([cam, *plain, *(f"{name}={value}" for name, value in options.items())])


def variant(cam: str, score: str, layer: str, box_score: str) -> str:
    """The name of a column of importances: a way to make maps, and how a box is scored."""
    return f"{setting(cam, score, layer)}/{box_score}"


def preset_setting(cam: str, preset: Preset) -> str:
    """The name of a method as `preset_cam` makes it."""
    return setting(
        cam, **{"score": preset.score, "layer": preset.layer, **preset.cams.get(cam, {})}
    )


def preset_variant(cam: str, preset: Preset) -> str:
    """The name of its column of importances, with the preset's box score."""
    return f"{preset_setting(cam, preset)}/{preset.importance}"


def settings_on_trial(presets: Mapping[str, Preset]) -> dict[str, CamMethod]:
    """Every way to make maps that is judged: each method under each preset, Grad-CAM under all
    combinations of score and layer.
    """
    chosen = {
        setting("gradcam", score, layer): build_cam("gradcam", score=score, layer=layer)
        for score, layer in FACTORS
    }
    for preset in presets.values():
        chosen |= {preset_setting(cam, preset): preset_cam(cam, preset) for cam in METHODS}
    return chosen


def short_list(presets: Mapping[str, Preset]) -> dict[str, CamMethod]:
    """For measures that need a pass of the network for each map: every method under the last preset
    ("gradcam"), and Grad-CAM alone under the others ("gradcam, as published").
    """
    *others, last = presets
    chosen = {
        f"gradcam, {SHOWN.get(name, name)}": preset_cam("gradcam", presets[name]) for name in others
    }
    return chosen | {cam: preset_cam(cam, presets[last]) for cam in METHODS}


def contestants(
    thresholds: pd.DataFrame, presets: Mapping[str, Preset], known: Collection[str]
) -> dict[str, tuple[str, float]]:
    """Every contestant with a map that is judged per cell: name -> its variant and threshold.

    thresholds : of one network, as `calibration.of_network` gives them
    known      : the variants there are; others are left out
    returns    : those of `HEADLINE`; every variant under its own name, at its calibrated threshold;
                 and as `published_name` calls it each method as published
    """
    paper, corrected = presets["paper"], presets["corrected"]
    before, after = (preset_variant("gradcam", preset) for preset in (paper, corrected))
    noise = preset_variant("random", corrected)
    own, matched = thresholds["threshold"], thresholds["matched"]
    fixed = {PUBLISHED: (before, paper.threshold), CORRECTED: (after, corrected.threshold)}
    chosen = {NOISE: (noise, matched), SAME_RATE: (before, matched), OWN_BEST: (before, own)}
    chosen |= {CORRECTED_BEST: (after, own), **{name: (name, own) for name in thresholds.index}}
    found = {n: (way, limit[way]) for n, (way, limit) in chosen.items() if way in limit.index}
    for cam in METHODS:
        fixed[published_name(cam, paper)] = preset_variant(cam, paper), paper.threshold
    return {n: v for n, v in {**fixed, **found}.items() if v[0] in known}


def published_name(cam: str, paper: Preset) -> str:
    """What a method as published, at the paper's own threshold, is called among contestants."""
    return f"{preset_variant(cam, paper)} > {paper.threshold:g}"
