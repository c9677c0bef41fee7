"""Every plot with a full, an empty and an undefined table: no error and no warning."""

import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emocam_utils import figures
from emocam_utils.comparison import plots

NAMES = ("gradcam", "lime")


@pytest.fixture(autouse=True)
def no_warning():
    with warnings.catch_warnings(), figures.style():
        warnings.simplefilter("error")
        yield


def drawn(figure):
    figure.canvas.draw()
    return figure


def pair_rows(rho, above):
    """Rows as `agreement.pair_table` makes them, for two presets and two views."""
    names = [("gradcam", "lime"), ("gradcam", "lrp")]
    index = [
        (p, v, *pair) for p in ("paper", "corrected") for v in ("M_A", "log odds") for pair in names
    ]
    index = pd.MultiIndex.from_tuples(index, names=["preset", "representation", "first", "second"])
    columns = {"rho": rho, "low": rho - 0.1, "high": rho + 0.05, "untrained": 0.3, "above": above}
    for floor in plots.FLOORS:
        columns |= {floor: 0.5, f"{floor}_low": 0.4, f"{floor}_high": 0.6}
    return pd.DataFrame(columns, index)


@pytest.mark.parametrize(("rho", "above"), [(0.9, True), (0.42, False), (np.nan, False)])
def test_agreements_stand_over_their_floors(rho, above):
    figure = drawn(plots.pairs_figure(pair_rows(rho, above), ("M_A", "log odds")))
    ax = figure.axes[0]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [
        "Grad-CAM · LIME",
        "Grad-CAM · LRP",
    ]
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts[:2] == ["as published", "corrected"]
    dots = ax.collections[3]
    white = dots.get_facecolors()[0].tolist() == [1, 1, 1, 1]
    assert white == (not above)
    np.testing.assert_allclose(np.ma.filled(dots.get_offsets()[:, 0], np.nan), rho)


@pytest.mark.parametrize("kept", [40.0, np.nan])
def test_methods(kept):
    index = pd.MultiIndex.from_product([["paper", "corrected"], NAMES], names=["preset", "method"])
    table = pd.DataFrame({"empty": [0, 3, 1, 2], "images": 4, "kept": kept}, index)
    ax = drawn(plots.methods_figure(table)).axes[0]
    empty = [text.get_text().split(", ")[-1] for text in ax.texts]
    assert empty == [f"{n} of 4 maps empty" for n in (0, 3, 1, 2)]
    assert ax.texts[0].get_text().startswith("40.0 %, ") == (kept == 40)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["Grad-CAM", "LIME"]


@pytest.mark.parametrize("labels", [("Joy", "Awe"), ("Joy",)])
@pytest.mark.parametrize("count", [0, 5])
def test_matrices(labels, count):
    matrix = pd.DataFrame(count, ["Dog", "Tree"], labels)
    drawn(plots.matrices_figure({"gradcam": matrix, "lime": matrix}, top=25))
    drawn(plots.matrices_figure({"gradcam": matrix[:0]}, top=25))


@pytest.mark.parametrize("rho", [[0.2, 0.9], [np.nan, np.nan], []])
def test_floors(rho):
    rows = [("paper", "M_A", kind, value) for kind in plots.KINDS for value in rho]
    table = pd.DataFrame(rows, columns=["preset", "representation", "kind", "rho"])
    drawn(plots.floors_figure(table))


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_spread(rows):
    cells = pd.MultiIndex.from_product([["a", "b", "c"], ["Joy"]], names=["class", "label"])
    table = pd.DataFrame({"gradcam": 10.0, "lime": np.nan, "presence": 40.0, "images": 12}, cells)
    figure = drawn(plots.spread_figure(table[:rows], NAMES))
    assert len(figure.axes[0].texts) == (rows == 0)


def test_an_empty_map_is_said():
    cams = {"gradcam": np.full((2, 2), np.nan), "lime": np.eye(2)}
    figure = drawn(plots.examples_figure([("Joy", Image.new("RGB", (8, 6)))], {"paper": [cams]}))
    assert [text.get_text() for text in figure.axes[1].texts] == ["empty"]
    assert not figure.axes[2].texts and figure.axes[2].get_title() == "LIME"
