"""Intervals, tests and floors against SciPy, the definition, and what chance must give."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tiny_attention import tiny_attention

from emocam_utils.association.floors import (
    class_table,
    floors_words,
    resampled_means,
    shuffled_attention,
    shuffled_means,
)
from emocam_utils.pipeline.matrix import associate
from emocam_utils.stats.measures import Counts
from emocam_utils.stats.significance import (
    benjamini_hochberg,
    bootstrap_means,
    fisher_exact,
    mean_percent,
    ranks,
    shuffled_within_images,
    wilson_interval,
)


@given(trials=st.integers(1, 400), share=st.floats(0, 1), level=st.sampled_from([0.9, 0.95, 0.99]))
def test_wilson_equals_scipy(trials, share, level):
    hits = round(share * trials)
    low, high = wilson_interval(hits, trials, level)
    expected = stats.binomtest(hits, trials).proportion_ci(level, method="wilson")
    assert low == pytest.approx(100 * expected.low, abs=1e-9)
    assert high == pytest.approx(100 * expected.high, abs=1e-9)
    assert 0 <= low <= 100 * hits / trials + 1e-9 <= high + 2e-9 <= 100 + 2e-9


def test_wilson_without_trials_is_undefined():
    low, high = wilson_interval(np.array([0, 1]), np.array([0, 2]))
    assert np.isnan(low[0]) and np.isnan(high[0]) and low[1] < 50 < high[1]


@given(seed=st.integers(0, 3_000))
@settings(max_examples=15)
def test_fisher_equals_scipy_cell_by_cell(seed):
    counts = associate(tiny_attention(seed)).counts
    p, total = fisher_exact(counts), counts.images.sum()
    for i, row in enumerate(counts.attended):
        for j, both in enumerate(row):
            if not counts.images[j] or not row.sum():
                assert np.isnan(p[i, j])
                continue
            table = [[both, counts.images[j] - both], [row.sum() - both, 0]]
            table[1][1] = total - sum(map(sum, table))
            expected = stats.fisher_exact(table, alternative="greater").pvalue
            assert p[i, j] == pytest.approx(expected)


def test_benjamini_hochberg_by_hand_and_without_what_is_undefined():
    p = np.array([[0.01, np.nan], [0.04, 0.03]])
    assert benjamini_hochberg(p) == pytest.approx(
        np.array([[0.03, np.nan], [0.04, 0.04]]), nan_ok=True
    )
    assert np.isnan(benjamini_hochberg([np.nan])).all()


def test_under_chance_few_cells_pass_and_a_true_one_does():
    rng = np.random.default_rng(0)
    images = np.full(10, 100)
    attended = rng.binomial(100, 0.3, (50, 10))
    attended[7, 3] = 90
    adjusted = benjamini_hochberg(fisher_exact(Counts(attended, np.full((50, 10), 100), images)))
    assert adjusted[7, 3] < 1e-10 and (adjusted < 0.05).sum() <= 3


def test_passing_cells_are_named_and_undefined_ones_never_pass():
    passes = associate(tiny_attention(boxes=400)).passes(rate=1.1)
    assert passes.dtypes.eq(bool).all() and not passes["Fear"].any()
    assert not passes.loc["Knife"].any() and passes.loc["Dog"].any()


def test_mean_percent_is_the_mean_over_labels_with_images():
    result = associate(tiny_attention())
    expected = result.percent.mean(axis=1).to_numpy()
    assert mean_percent(result.matrix.to_numpy(), result.images.to_numpy()) == pytest.approx(
        expected
    )
    assert np.isnan(mean_percent(np.zeros((2, 1)), np.zeros(1))).all()


def test_bootstrap_equals_counting_drawn_images_one_by_one():
    pairs = np.array([0, 0, 1, 3]), np.array([0, 1, 0, 1])
    labels, shape = np.array([0, 0, 1, 1]), (2, 2)
    means = bootstrap_means(pairs, labels, shape, draws=20, seed=5)
    rng = np.random.default_rng(5)
    for row in means:
        drawn = rng.integers(0, 4, 4)
        matrix, sizes = np.zeros(shape), np.zeros(2)
        for image in drawn:
            sizes[labels[image]] += 1
            for other, kind in zip(*pairs, strict=True):
                if other == image:
                    matrix[kind, labels[image]] += 1
        assert row == pytest.approx(mean_percent(matrix, sizes))


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


def test_ranks_are_1_for_the_highest_and_ties_share():
    assert ranks(np.array([[5.0, 9.0, 5.0, 1.0]])).tolist() == [[2.5, 1, 2.5, 4]]


@given(seed=st.integers(0, 2_000))
@settings(max_examples=25)
def test_shuffling_keeps_every_images_values_and_nothing_else(seed):
    rng = np.random.default_rng(seed)
    images, importance = rng.integers(0, 6, 40), rng.normal(size=40)
    importance[rng.random(40) < 0.2] = np.nan
    shuffled = shuffled_within_images(importance, images, seed)
    for image in range(6):
        here = images == image
        np.testing.assert_array_equal(np.sort(shuffled[here]), np.sort(importance[here]))


def test_shuffling_reaches_every_order_about_equally_often():
    images, importance = np.array([7, 2, 7, 7]), np.array([1.0, 9.0, 2.0, 3.0])
    seen = [tuple(shuffled_within_images(importance, images, seed)) for seed in range(1200)]
    counts = pd.Series(seen).value_counts()
    assert len(counts) == 6 and all(order[1] == 9 for order in counts.index)
    assert counts.between(150, 250).all()


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
    table = class_table(result, result, top=2, draws=40)
    assert table.index.tolist() == result.panel(2)[0].index.tolist()
    assert (table["attended_low"] <= table["attended"]).all()
    assert (table["attended"] <= table["attended_high"]).all()
    assert (table["attended"] <= table["presence"]).all()
    assert table["random"].tolist() == pytest.approx(table["attended"].tolist())
    assert table["rank"].tolist() == [1, 2]


def test_words_count_classes_above_each_floor():
    table = pd.DataFrame(
        {
            "attended": [5.0, 5, 5],
            "attended_low": [4.0, 4, 4],
            "shuffled_high": [3.0, 5, 6],
            "random": [3.9, 1, 4],
        }
    )
    words = floors_words(table)
    assert "Of 3 classes, 1 are attended" in words and "and 2 more often than with" in words
