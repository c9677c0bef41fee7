"""Every plot with a full, an empty and an undefined table: no error and no warning."""

import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emocam_utils import figures
from emocam_utils.comparison import plots

NAMES = ("gradcam", "lime")
FULL, UNDEFINED = np.array([[1, 0.42], [0.42, 1]]), np.full((2, 2), np.nan)


@pytest.fixture(autouse=True)
def no_warning():
    with warnings.catch_warnings(), figures.style():
        warnings.simplefilter("error")
        yield


def drawn(figure):
    figure.canvas.draw()
    return figure


@pytest.mark.parametrize(("values", "texts"), [(FULL, ["0.42", "0.42", "1.00", "1.00"]),
                                               (UNDEFINED, [])])  # fmt: skip
def test_agreements(values, texts):
    table = pd.DataFrame(values, NAMES, NAMES)
    figure = drawn(plots.rsa_figure({"paper": {"M_A": table, "log odds": table}}))
    assert sorted(text.get_text() for text in figure.axes[0].texts) == texts


@pytest.mark.parametrize("kept", [40.0, np.nan])
def test_methods(kept):
    index = pd.MultiIndex.from_product([["paper", "corrected"], NAMES], names=["preset", "method"])
    table = pd.DataFrame({"empty": [0, 3, 1, 2], "images": 4, "kept": kept}, index)
    ax = drawn(plots.methods_figure(table)).axes[0]
    assert [bar.get_height() for bars in ax.containers for bar in bars] == [0, 75, 25, 50]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["Grad-CAM", "LIME"]


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
