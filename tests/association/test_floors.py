"""Floors of an association: shuffled importances, random maps, and images drawn again."""

import numpy as np
import pytest
from tiny_attention import tiny_attention

from emocam_utils.association.floors import (
    class_table,
    resampled_means,
    shuffled_attention,
    shuffled_means,
)
from emocam_utils.pipeline.matrix import associate
from emocam_utils.stats.measures import mean_percent


def test_resampling_is_around_the_association_itself():
    attention = tiny_attention(images=400, boxes=1200)
    result = associate(attention)
    own = mean_percent(result.matrix.to_numpy(), result.images.to_numpy())
    drawn = resampled_means(attention, draws=200)
    assert drawn.mean(axis=0) == pytest.approx(own, abs=1.0)
    spread = drawn[:, 0].std()
    n = result.images[["Joy", "Awe"]]
    share = result.percent.loc["Dog", ["Joy", "Awe"]] / 100
    expected = 100 * np.sqrt((share * (1 - share) / n).sum()) / 2
    assert spread == pytest.approx(expected, rel=0.2)


def test_only_boxes_of_enough_confidence_are_shuffled():
    attention = tiny_attention()
    shuffled = shuffled_attention(attention, seed=1)
    low = attention.boxes["confidence"] <= attention.preset.confidence
    before, after = attention.importances["mean"], shuffled.importances["mean"]
    assert low.any() and after[low].equals(before[low]) and not after.equals(before)
    for _, rows in attention.boxes[~low].groupby("image"):
        np.testing.assert_array_equal(np.sort(before[rows.index]), np.sort(after[rows.index]))
    assert shuffled.importances["share"].equals(attention.importances["share"])


def test_floors_of_importances_that_mean_nothing_hold_the_association():
    """Importances of this corpus are noise, so shuffling changes its percentages by chance only."""
    attention = tiny_attention(images=300, boxes=1500)
    result = associate(attention)
    own = mean_percent(result.matrix.to_numpy(), result.images.to_numpy())
    shuffled = shuffled_means(attention, draws=30)
    assert abs(own - shuffled.mean(axis=0)).max() < 4
    table = class_table(attention, attention, top=2, draws=40)
    assert table.index.tolist() == result.panel(2)[0].index.tolist()
    assert (table["attended_low"] <= table["attended"]).all()
    assert (table["attended"] <= table["attended_high"]).all()
    assert (table["attended"] <= table["presence"]).all()
    assert table["random"].tolist() == pytest.approx(table["attended"].tolist())
    assert table["rank"].tolist() == [1, 2]
