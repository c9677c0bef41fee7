"""Floors of an association: shuffled importances, random maps, and images drawn again."""

import numpy as np
import pandas as pd
import pytest
from tiny_attention import tiny_attention

from emocam_utils.association.floors import (
    attention_where_present,
    beside_presence_table,
    cell_table,
    class_table,
    lasting_classes,
    resampled_means,
    shuffled_attention,
    shuffled_means,
)
from emocam_utils.association.given_presence import given_presence
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


def test_attention_of_too_few_images_is_not_shown():
    result = associate(tiny_attention())
    shown = attention_where_present(result, least=3)
    few = result.counts.present < 3
    assert few.any() and shown.isna().to_numpy()[few].all()
    expected = 100 * result.counts.attended / np.maximum(result.counts.present, 1)
    np.testing.assert_allclose(shown.to_numpy()[~few], expected[~few])


def test_presence_stands_beside_attention_in_every_cell():
    result = associate(tiny_attention())
    table = beside_presence_table(result, ["Tree", "Dog"])
    counts, row = result.counts, table.loc[("Dog", "Joy")]
    assert table.index[0] == ("Tree", "Joy") and len(table) == 6
    assert row["present"] == counts.present[0, 0] and row["attended"] == counts.attended[0, 0]
    there, others, n = counts.present[0, 0], counts.present[0, 1:].sum(), counts.images
    odds = (there + 0.5) / (n[0] - there + 0.5) / (others + 0.5) * (n[1:].sum() - others + 0.5)
    assert row["log_odds_of_presence"] == pytest.approx(np.log(odds))


def test_the_cells_of_fig_2_carry_their_tests_and_what_is_known():
    attention = tiny_attention()
    result, test = associate(attention), given_presence(attention, draws=9)
    causes = result.matrix > 0
    table = cell_table([result, result], [test, test * 2], cause=causes, absent=None)
    row = table.loc[("Dog", "Awe")]
    assert row["paper_p"] == test.loc[("Dog", "Awe"), "adjusted_p"]
    assert row["corrected_expected"] == 2 * test.loc[("Dog", "Awe"), "expected"]
    assert (table["cause"] == (table["paper_images"] > 0)).all() and "absent" not in table


def test_classes_that_last_are_counted_among_those_attended_only():
    sweep = pd.DataFrame({"a": [9.0, 0], "b": [8.0, 1], "c": [7.0, 2], "d": [0.0, 0]}, [0.1, 0.9])
    gone = sweep.assign(b=[8.0, 0], c=[7.0, 0])
    assert lasting_classes({"x": sweep}, top=2).loc["x"].tolist() == [2, 1, 2]
    assert lasting_classes({"x": gone}).loc["x"].tolist() == [3, 0, 0]
