"""Every plot of every table that there can be: full, of one label, undefined, empty."""

import warnings
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_trials import CORRECTED, PAPER, calibrated_thresholds, hand_made

from emocam_utils.figures import style
from emocam_utils.validation import causes, factors, headline, judgement, method_plots, plots
from emocam_utils.validation.contestants import ODDS, contestants
from emocam_utils.validation.detected import CONFIDENCES
from emocam_utils.validation.experiment import Experiment, telling_image
from emocam_utils.validation.fresh_tables import KEPT, curve_variants, threshold_table

PRESETS = {"paper": PAPER, "corrected": CORRECTED}
THRESHOLDS = calibrated_thresholds()


def trial_of(kind):
    trial = hand_made(images=40)
    if kind == "one label":
        return trial.of(set(trial.objects.loc[trial.objects["label"] == "Anxiety", "image"]))
    if kind == "too few":  # no cell is judged, no object is a cause
        objects = trial.objects.assign(probability_drop=0.0)
        return replace(trial, objects=objects).of({"test/00000"})
    return trial.of(set()) if kind == "empty" else trial


def evidence(trial):
    """Truth and corpora of two networks; none of an empty trial."""
    if not len(trial.objects):
        return {}, {}
    ways = contestants(THRESHOLDS, PRESETS, trial.importances.columns)
    names = "seed 0", "seed 1"
    return dict.fromkeys(names, trial.effects), dict.fromkeys(names, [trial.matrices(ways)] * 2)


def boxes_of(trial):
    value = np.nan if trial.count < 2 else 0.5
    names = ("seed 0", "seed 1") if trial.count else ()
    rows = [
        (network, corpus, "curve", name, at, value)
        for network in names
        for corpus in range(2)
        for name in curve_variants(PRESETS)
        for at in KEPT
    ]
    return pd.DataFrame(rows, columns=["network", "corpus", "measure", "name", "at", "value"])


def experiment(trial):
    image = telling_image(trial)
    objects = trial.objects[trial.objects["image"] == image].reset_index(drop=True)
    picture = Image.new("RGB", (32, 24))
    cams = {"paper": np.full((13, 13), np.nan), "corrected": np.eye(13)}
    return Experiment(image, picture, objects, (picture,) * len(objects), cams)


def main(trial):
    table = headline.headline_table(*evidence(trial), boxes_of(trial))
    scatter = judgement.cell_scatter(trial, trial.effects, THRESHOLDS, PRESETS)
    return plots.validation_figure(
        table, scatter, judgement.size_bins(trial, CORRECTED, THRESHOLDS)
    )


def thresholds(trial):
    table = headline.headline_table(*evidence(trial), boxes_of(trial))
    cuts = headline.cut_table(*evidence(trial))
    return method_plots.threshold_figure(threshold_table(boxes_of(trial)), cuts, table)


def methods(trial):
    return judgement.method_table(trial, trial.effects, THRESHOLDS, PRESETS, times=10)


def steps(trial):
    return factors.step_table(*evidence(trial), PRESETS)


def detected(trial):
    rows = {
        (f"above {c}", name): {"ap": 0.5 if trial.count > 1 else np.nan}
        for c in CONFIDENCES[: trial.count]
        for name in (ODDS, "corrected")
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["ap"])
    return table.rename_axis(["boxes", "contestant"]) if rows else pd.DataFrame()


def curves(kind):
    """The tables of `curve_figure` as their functions make them, or without a row or a value."""
    value = np.nan if kind == "too few" else 0.5
    ends = {f"{n}{e}": value for n in ("area", "probability") for e in ("", "_low", "_high")}
    lines = [("m", c, s) for c in ("deletion", "insertion") for s in (0.0, 1.0)]
    lines = pd.DataFrame(lines, columns=["method", "curve", "share"]).assign(**ends)
    road = pd.DataFrame({"road": value, "road_low": value, "road_high": value}, index=["m"])
    ends = {f"similarity{end}": value for end in ("", "_low", "_high")}
    layers = pd.DataFrame({"method": "m", "layer": ["none", "head.fc8"]}).assign(**ends)
    return [table.iloc[:0] if kind == "empty" else table for table in (lines, road, layers)]


DRAWN = {
    "experiment": lambda trial, _: plots.experiment_figure(experiment(trial)),
    "effects": lambda trial, _: plots.effects_figure(causes.rule_table(trial.effects, True)),
    "effects of photographs": lambda trial, _: plots.effects_figure(
        causes.rule_table(trial.effects, False)
    ),
    "validation": lambda trial, _: main(trial),
    "thresholds": lambda trial, _: thresholds(trial),
    "factors": lambda trial, _: method_plots.factor_figure(
        steps(trial), factors.difference_table(*evidence(trial), PRESETS)
    ),
    "methods": lambda trial, _: method_plots.method_figure(methods(trial), steps(trial), {}),
    "detected": lambda trial, _: method_plots.detected_figure(detected(trial)),
    "curves": lambda _, kind: method_plots.curve_figure(*curves(kind)),
}


@pytest.mark.parametrize("kind", ["full", "one label", "too few", "empty"])
@pytest.mark.parametrize("name", DRAWN)
def test_every_plot_is_drawn_without_a_warning(name, kind):
    with warnings.catch_warnings(), style():
        warnings.simplefilter("error")
        figure = DRAWN[name](trial_of(kind), kind)
        figure.canvas.draw()
    plt.close(figure)


def test_effects_that_are_unknown_look_unlike_zero_and_idle_cues_stay():
    trial = trial_of("full")
    objects = trial.objects.assign(
        probability_drop=np.where(trial.objects["class"] == "Clock", 0.0, trial.effect)
    )
    cells = causes.rule_table(replace(trial, objects=objects).effects, True)
    ax = plots.effects_figure(cells).axes[0]
    rows = [label.get_text() for label in ax.get_yticklabels()]
    assert "Clock" in rows and "Umbrella" in rows
    dashed = [p for p in ax.patches if p.get_linestyle() not in ("-", "solid")]
    assert len(dashed) == (cells["planted"] > 0).sum() - 1  # all but the dog for Adoration
    mesh = ax.collections[0]
    zero = mesh.cmap(mesh.norm(0.0))[:3]
    assert np.allclose(zero, 0.97, atol=0.02) and mesh.get_array().mask.any()
    plt.close("all")


def test_a_plot_shows_what_the_table_says():
    trial = trial_of("full")
    table = methods(trial)
    figure = method_plots.method_figure(table, steps(trial), {"seed 0": 0.5})
    drawn = {round(float(line.get_xdata()[0]), 6) for line in figure.axes[0].lines}
    assert set(table["ap"].round(6)) <= drawn and 0.5 in drawn
    assert figure.axes[0].get_ylim()[0] > figure.axes[0].get_ylim()[1]
    plt.close("all")
