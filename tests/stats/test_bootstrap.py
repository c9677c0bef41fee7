"""Samples are corpora with repeated images: against repeating them, one by one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emocam_utils.stats.bootstrap import (
    Means,
    bootstrap_means,
    interval,
    interval_of_sums,
    ratio_of_sums,
    resampled,
    resampled_rows,
    weighted_mean,
)
from emocam_utils.stats.intervals import percentile
from emocam_utils.stats.measures import mean_percent
from emocam_utils.stats.ranks import average_precision, spearman

NAN = np.nan


def test_samples_are_of_the_same_size_and_the_same_again():
    weights = resampled(7, 50, seed=3)
    assert weights.shape == (50, 7) and (weights.sum(axis=1) == 7).all()
    assert (weights == resampled(7, 50, seed=3)).all() and resampled(0, 5).shape == (5, 0)


def test_rows_of_an_image_are_drawn_together():
    weights = resampled_rows(["a", "b", "a", "c", "b"], 60)
    assert (weights[:, [0, 1]] == weights[:, [2, 4]]).all()
    assert (weights[:, [0, 1, 3]] == resampled(3, 60)).all()


@given(st.lists(st.tuples(st.sampled_from([NAN, 0.0, 1.5, -2.0]), st.integers(0, 3)), min_size=1))
def test_a_weighted_mean_is_one_of_repeated_values(rows):
    values, times = (np.array(column) for column in zip(*rows, strict=True))
    expected = pd.Series(np.repeat(values, times)).mean()
    assert weighted_mean(values, times[None])[0] == pytest.approx(expected, nan_ok=True)
    both = weighted_mean(np.column_stack([values, 2 * values]), times[None])[0]
    assert both == pytest.approx(np.array([expected, 2 * expected]), nan_ok=True)


def test_an_interval_of_a_rate_is_that_of_whole_images():
    """Image a has nine hits, b one miss: drawn image by image the rate is 0, .9 or 1."""
    values = np.column_stack([[1.0] * 9 + [0.0], np.ones(10)])
    found = interval_of_sums(values, ["a"] * 9 + ["b"], ratio_of_sums)
    assert found == pytest.approx((0.9, 0.0, 1.0))
    assert np.isnan(interval_of_sums(np.zeros((2, 2)), ["a", "b"], ratio_of_sums)).all()


def test_an_interval_of_sums_equals_repeating_the_images_rows():
    rng = np.random.default_rng(1)
    values, images = rng.normal(size=(40, 2)), rng.integers(0, 12, 40)
    names = pd.unique(images)
    samples = []
    for weights in resampled(len(names), 30, seed=4):
        rows = np.concatenate([values[images == n] for n in np.repeat(names, weights)])
        samples.append(rows[:, 0].sum() / rows[:, 1].sum())
    _, low, high = interval_of_sums(values, images, ratio_of_sums, times=30, seed=4)
    assert (low, high) == pytest.approx(percentile(samples))


def test_means_are_near_the_normal_interval_and_paired():
    rng = np.random.default_rng(0)
    values = rng.normal(1.0, 1.0, (400, 1))
    means = Means.over(np.hstack([values, values + 0.1, NAN * values]))
    error = stats.sem(values[:, 0])
    assert means.value[0] == pytest.approx(values.mean())
    assert means.low[0] == pytest.approx(values.mean() - 1.96 * error, abs=0.02)
    assert means.high[0] == pytest.approx(values.mean() + 1.96 * error, abs=0.02)
    difference = Means(means.value[:1], means.samples[:, :1]) - Means(
        means.value[1:2], means.samples[:, 1:2]
    )
    assert difference.low[0] == pytest.approx(-0.1) == difference.high[0]
    assert np.isnan([means.value[2], means.low[2], means.p[2]]).all()
    assert means.p[0] == pytest.approx(2 / 2001) and np.isnan(Means.over(np.ones((0, 2))).low).all()
    assert Means.over(values).scaled([-2]).high[0] == pytest.approx(-2 * means.low[0])
    with pytest.raises(ValueError, match=r"must be \(faces, columns\), got shape \(3,\)"):
        Means.over([1.0, 2, 3])


@given(seed=st.integers(0, 500))
@settings(max_examples=10)
def test_corpora_drawn_again_equal_counting_their_images_one_by_one(seed):
    pairs = np.array([0, 0, 1, 3]), np.array([0, 1, 0, 1])
    labels, shape = np.array([0, 0, 1, 1]), (2, 2)
    rng = np.random.default_rng(seed)
    for row in bootstrap_means(pairs, labels, shape, draws=5, seed=seed):
        matrix, sizes = np.zeros(shape), np.zeros(2)
        for image in rng.integers(0, 4, 4):
            sizes[labels[image]] += 1
            for other, kind in zip(*pairs, strict=True):
                matrix[kind, labels[image]] += other == image
        assert row == pytest.approx(mean_percent(matrix, sizes))


def mean_of(values):
    return lambda weights: (weights @ values) / weights.sum(axis=1)


def test_the_interval_is_scipys_bca():
    values = np.random.default_rng(1).exponential(size=40)
    found = interval(mean_of(values), 40, times=20_000)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=20_000, method="BCa", rng=2)
    assert found[0] == pytest.approx(values.mean())
    expected = theirs.confidence_interval
    assert found[1:] == pytest.approx((expected.low, expected.high), rel=0.01)


def ap_of(scores, positive):
    return lambda weights: average_precision(scores, positive, weights)


def rho_of(a, b):
    return lambda weights: spearman(a, b, weights)


def simulated(kind, rng):
    """A statistic of 60 units, drawn anew each time."""
    if kind == "mean of a skewed value":
        return mean_of(rng.exponential(size=60)), 60
    if kind == "spearman":
        a = rng.normal(size=60)
        return rho_of(a, a + rng.normal(size=60)), 60
    positive = rng.random(120) < 0.3
    return ap_of(rng.normal(size=120) + 2 * positive, positive), 120


KINDS = ["mean of a skewed value", "spearman", "average precision"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_interval_covers_what_it_should(kind):
    """Of 200 simulated data sets, 90 to 98 % of the intervals hold the true value."""
    rng = np.random.default_rng(7)
    truth = np.mean(
        [
            statistic(np.ones((1, n), int))[0]
            for statistic, n in (simulated(kind, rng) for _ in range(3000))
        ]
    )
    held = 0
    for _ in range(200):
        statistic, count = simulated(kind, rng)
        _, low, high = interval(statistic, count, times=400)
        held += low <= truth <= high
    assert 0.90 <= held / 200 <= 0.98


def test_an_interval_of_nothing_or_of_what_never_changes():
    assert np.isnan(interval(lambda w: np.full(len(w), np.nan), 5)).all()
    assert np.isnan(interval(mean_of(np.zeros(0)), 0)).all()
    assert interval(mean_of(np.full(6, 0.25)), 6) == pytest.approx((0.25, 0.25, 0.25))
