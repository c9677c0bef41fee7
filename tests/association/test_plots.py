"""Every plot with a full, an empty, a one-label and an undefined table: no error and no warning."""

import warnings
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_attention import PRESET, tiny_attention

from emocam_utils import figures, heatmaps
from emocam_utils.association import box_size, floors, plots
from emocam_utils.association.given_presence import given_presence, passing
from emocam_utils.pipeline.counts import part_of, threshold_sweep
from emocam_utils.pipeline.example import Example
from emocam_utils.pipeline.matrix import associate, label_counts

WHOLE = tiny_attention()
IMAGES = WHOLE.predictions[["image"]].assign(width=60, height=80)
CASES = {
    "full": WHOLE,
    "no boxes": replace(WHOLE, boxes=WHOLE.boxes[:0], importances=WHOLE.importances[:0]),
    "one label": replace(WHOLE, labels=("Joy",), predictions=WHOLE.predictions.assign(label="Joy")),
    "one image": part_of(WHOLE, ["i1.png"]),
    "undefined": replace(WHOLE, importances=WHOLE.importances * np.nan),
    "none counts": replace(WHOLE, predictions=WHOLE.predictions.assign(probability=0.0)),
}


@pytest.fixture(autouse=True)
def no_warning():
    with warnings.catch_warnings(), figures.style():
        warnings.simplefilter("error")
        yield


def drawn(figure):
    figure.canvas.draw()
    return figure


@pytest.mark.parametrize("case", CASES)
def test_heatmaps(case):
    result = associate(CASES[case])
    panel = result.panel(25)
    drawn(heatmaps.association_figure({"a": panel}))
    for measure in ("lift", "pmi", "presence"):
        table = result.measure(measure).loc[panel[0].index]
        drawn(heatmaps.association_figure({"a": (table, panel[1])}, measure=measure))
    together = result.presence_alone.measure("log odds").loc[panel[0].index]
    for causes in (None, panel[0] > 50):
        drawn(plots.beside_presence_figure(together, panel[0], panel[1], 5, causes))


@pytest.mark.parametrize("case", CASES)
def test_both_presets_side_by_side(case):
    attention = CASES[case]
    table, images = associate(attention).panel(25)
    test = given_presence(attention, draws=3)
    dots = passing(test, 0.9).reindex(table.index)
    title = plots.setting_title("as published", attention)
    assert title.startswith("as published: mean of the map > 0.3\nkeeps ")
    both = {title: table, "corrected": table}
    for known in ((None, None), (table > 50, table > 30)):
        figure = drawn(
            plots.association_by_preset_figure(both, images, dict.fromkeys(both, dots), *known)
        )
    if len(table):
        names = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
        assert names == table.index.tolist()
        low, high = figure.axes[1].get_ylim()
        assert low > high, "the first class is on top in both panels"


@pytest.mark.parametrize("rows", [1, 2, 3, 25])
def test_the_words_of_the_colours_have_room_however_few_the_classes(rows):
    labels = ["Pleasant activated", "Neutral"]
    table = pd.DataFrame(50.0, [f"class {k}" for k in range(rows)], labels)
    both = {"as published": table, "corrected": table}
    figure = drawn(
        plots.association_by_preset_figure(
            both, pd.Series(9, labels), dict.fromkeys(both, table > 60)
        )
    )
    bar = figure.axes[-1]
    ticks = [tick.get_window_extent() for tick in (*bar.get_xticklabels(), *bar.get_yticklabels())]
    assert len(ticks) == len(plots.TICKS)
    gaps = [one.overlaps(other) for one, other in pairwise(ticks)]
    assert not any(gaps), "ticks stand on each other"
    words = (bar.xaxis if rows < plots.TALL else bar.yaxis).label.get_window_extent()
    assert words.width and words.x0 >= 0 and words.y0 >= 0
    assert words.x1 <= figure.bbox.width and words.y1 <= figure.bbox.height
    for ax in figure.axes[:-1]:
        assert not words.overlaps(ax.xaxis.label.get_window_extent())


def test_marks_stand_on_their_cells():
    table = pd.DataFrame([[60.0, np.nan], [1.0, 30.0]], ["Dog", "Tree"], ["Joy", "Awe"])
    images = pd.Series({"Joy": 2, "Awe": 3})
    figure = drawn(
        plots.association_by_preset_figure(
            {"a": table}, images, {"a": table > 50}, table == 30, table > 0
        )
    )
    ax = figure.axes[0]
    cells, dots, crosses = ax.collections
    assert dots.get_offsets().tolist() == [[0.5, 0.5]]
    assert crosses.get_offsets().tolist() == [[0.5, 0.5], [1.5, 1.5]], "not on a blank cell"
    assert ax.patches[0].get_xy() == (1, 1)
    shown = cells.to_rgba(cells.get_array()).reshape(2, 2, 4)
    assert shown[1, 0].tolist() == [1, 1, 1, 1] and shown[0, 1, 3] == 0, "blank, and undefined"
    assert shown[0, 0, :3].sum() < shown[1, 1, :3].sum() < 3, "darker is more"


@pytest.mark.parametrize("case", CASES)
def test_floors_thresholds_sizes_and_labels(case):
    attention = CASES[case]
    drawn(plots.floors_figure(floors.class_table(attention, attention, top=5, draws=5)))
    sweep = threshold_sweep(attention, PRESET, [0.1, 0.5, 0.9])
    drawn(plots.threshold_sweep_figure({"a": sweep, "b": sweep}, {"a": 0.1, "b": 0.9}))
    table = box_size.importance_by_area(attention, IMAGES)
    medians, rho = box_size.binned_medians(table), box_size.size_bias(table, draws=5)
    drawn(plots.size_bias_figure(table, medians, rho))
    counts = label_counts(attention.predictions, attention.labels, 0.5)
    drawn(plots.label_counts_figure(counts))


def test_nothing_at_all_is_said():
    [ax] = drawn(heatmaps.association_figure({})).axes
    assert ax.texts[0].get_text() == "nothing has been counted"


def test_a_corpus_without_an_example_says_so():
    figure = drawn(plots.score_comparison_figure(None, {}))
    assert "no image" in figure.axes[0].texts[0].get_text()


def test_a_heatmap_says_its_numbers():
    table = pd.DataFrame([[100.0, np.nan], [3.4, -0.0]], ["Dog", "Tree"], ["Joy", "Sexual Desire"])
    images = pd.Series({"Joy": 2, "Sexual Desire": 0})
    figure = drawn(heatmaps.association_figure({"a": (table, images)}))
    ax = figure.axes[0]
    assert [text.get_text() for text in ax.texts] == ["100", "3"], "no sea of zeros"
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["Joy (2)", "Sex. Desire (0)"]


@pytest.mark.parametrize("importance", [[0.2, 0.9], [np.nan, np.nan], []])
def test_who_wins(importance):
    boxes = WHOLE.boxes[: len(importance)].reset_index(drop=True)
    logits = pd.Series([0.7, 0.3], ["Joy", "Awe"])
    one = Example(Image.new("RGB", (60, 60)), "Joy", boxes, np.eye(3), np.eye(3), logits)
    figure = drawn(plots.score_comparison_figure(one, {"mean": np.array(importance)}))
    bold = [patch.get_linewidth() == 2 for patch in figure.axes[1].patches]
    assert bold == ([False, True] if importance[:1] == [0.2] else [False] * len(importance))
