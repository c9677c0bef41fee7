"""Scores against the size of boxes, on boxes whose bias is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tiny_attention import tiny_attention

from emocam_utils.association.box_size import (
    binned_medians,
    importance_by_area,
    size_bias,
)
from emocam_utils.pipeline.example import relative_area

IMAGES = pd.DataFrame(
    {"image": [f"i{k}.png" for k in range(30)], "width": 60, "height": range(60, 90)}
)


def test_relative_area_is_a_share_of_the_boxs_own_image():
    boxes = pd.DataFrame(
        {"image": ["i0.png", "i29.png"], "x0": 0, "y0": 0, "x1": [30, 60], "y1": [60, 89]}
    )
    assert relative_area(boxes, IMAGES) == pytest.approx([0.5, 1.0])


def test_only_boxes_that_count_and_have_an_importance_are_there():
    attention = tiny_attention()
    table = importance_by_area(attention, IMAGES)
    wanted = (attention.boxes["confidence"] > 0.1) & attention.importances.notna().all(axis=1)
    sure = attention.predictions.set_index("image")["probability"] > 0.5
    wanted &= attention.boxes["image"].map(sure)
    assert table.index.tolist() == np.flatnonzero(wanted).tolist()
    causal = (attention.boxes["class"] == "Dog").to_numpy()
    some = importance_by_area(attention, IMAGES, causal)
    assert some.index.tolist() == np.flatnonzero(wanted & causal).tolist() and len(some)


def test_bias_is_the_rank_correlation_of_each_score():
    attention = tiny_attention()
    area = relative_area(attention.boxes, IMAGES)
    scores = pd.DataFrame({"against": 1 / area, "along": area**2, "noise": area * 0 + 1})
    table = importance_by_area(replace(attention, importances=scores), IMAGES)
    rho = size_bias(table, draws=20)["rho"]
    assert rho["against"] == pytest.approx(-1) and rho["along"] == pytest.approx(1)
    assert np.isnan(rho["noise"])
    mixed = table.assign(mixed=np.random.default_rng(0).random(len(table)))
    expected = stats.spearmanr(mixed["area"], mixed["mixed"]).statistic
    bias = size_bias(mixed).loc["mixed"]
    assert bias["rho"] == pytest.approx(expected)
    assert bias["low"] < bias["rho"] < bias["high"]


def test_medians_are_over_equally_many_boxes_in_order_of_area():
    table = pd.DataFrame({"area": [4.0, 1, 3, 2, 5, 6], "mean": [40.0, 10, 30, 20, 50, 60]})
    table["image"] = list("aabbcc")
    medians = binned_medians(table, bins=3)
    assert medians["area"].tolist() == [1.5, 3.5, 5.5]
    assert medians["mean"].tolist() == [15, 35, 55]
    assert binned_medians(table[:0]).empty and size_bias(table[:2]).isna().all(axis=None)
