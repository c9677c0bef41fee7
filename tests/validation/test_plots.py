"""Every plot of every table that there can be: full, of one label, undefined, empty."""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_trials import CORRECTED, PAPER, hand_made

from emocam_utils.figures import style
from emocam_utils.pipeline.importance import SCORES
from emocam_utils.validation import causes, judgement, plots
from emocam_utils.validation.contestants import FACTORS, variant
from emocam_utils.validation.experiment import Experiment, telling_image

PRESETS = {"paper": PAPER, "corrected": CORRECTED}
THRESHOLDS = pd.DataFrame(
    {"threshold": 0.3}, [variant("gradcam", *way, score) for way in FACTORS for score in SCORES]
)


def trial_of(kind):
    trial = hand_made(images=40)
    if kind == "one label":
        return trial.of(set(trial.objects.loc[trial.objects["label"] == "Anxiety", "image"]))
    if kind == "too few":  # no cell is judged, no object is a cause
        objects = trial.objects.assign(probability_drop=0.0)
        return type(trial)(**{**vars(trial), "objects": objects}).of({"test/00000"})
    return trial.of(set()) if kind == "empty" else trial


def experiment(trial):
    image = telling_image(trial)
    objects = trial.objects[trial.objects["image"] == image].reset_index(drop=True)
    picture = Image.new("RGB", (32, 24))
    cams = {"paper": np.full((13, 13), np.nan), "corrected": np.eye(13)}
    return Experiment(image, picture, objects, (picture,) * len(objects), cams)


def methods(trial):
    return judgement.method_table([trial, trial], PAPER, CORRECTED, THRESHOLDS, box_times=10)


def curves(kind):
    """The tables of `curve_figure` as their functions make them, or without a row or a value."""
    value = np.nan if kind == "too few" else 0.5
    ends = {"area": value, "area_low": value, "area_high": value}
    lines = [("m", c, s, value) for c in ("deletion", "insertion") for s in (0.0, 1.0)]
    lines = pd.DataFrame(lines, columns=["method", "curve", "share", "probability"]).assign(**ends)
    road = pd.DataFrame({"road": value, "road_low": value, "road_high": value}, index=["m"])
    layers = pd.DataFrame({"method": "m", "layer": ["none", "head.fc8"], "similarity": value})
    return [table.iloc[:0] if kind == "empty" else table for table in (lines, road, layers)]


DRAWN = {
    "experiment": lambda trial, _: plots.experiment_figure(experiment(trial)),
    "effects": lambda trial, _: plots.effects_figure(causes.rule_table(trial, times=2)),
    "validation": lambda trial, _: plots.validation_figure(
        judgement.preset_table([trial], PRESETS, times=5, box_times=5),
        judgement.cell_scatter(trial, PRESETS),
        judgement.size_bins(trial, CORRECTED, THRESHOLDS),
    ),
    "factors": lambda trial, _: plots.factor_figure(
        judgement.step_table(trial, PAPER, CORRECTED, THRESHOLDS),
        judgement.factor_table(trial, THRESHOLDS),
    ),
    "methods": lambda trial, _: plots.method_figure(methods(trial), float("nan")),
    "curves": lambda _, kind: plots.curve_figure(*curves(kind)),
}


@pytest.mark.parametrize("kind", ["full", "one label", "too few", "empty"])
@pytest.mark.parametrize("name", DRAWN)
def test_every_plot_is_drawn_without_a_warning(name, kind):
    with warnings.catch_warnings(), style():
        warnings.simplefilter("error")
        figure = DRAWN[name](trial_of(kind), kind)
        figure.canvas.draw()
    plt.close(figure)


def test_a_plot_shows_what_the_table_says():
    trial = trial_of("full")
    cells = causes.rule_table(trial, times=2)
    ax = plots.effects_figure(cells).axes[0]
    outlined = [p for p in ax.patches if p.get_edgecolor()[:3] == (0, 0, 0)]
    assert len(outlined) == (cells["planted"] > 0).sum() == 2
    table = methods(trial)
    figure = plots.method_figure(table, 0.5)
    drawn = {round(float(line.get_xdata()[0]), 6) for line in figure.axes[0].lines}
    assert set(table["ap"].round(6)) <= drawn and 0.5 in drawn
    assert figure.axes[0].get_ylim()[0] > figure.axes[0].get_ylim()[1]
    plt.close("all")
