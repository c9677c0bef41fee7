"""Tests against SciPy, the definition, and what chance must give."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tiny_attention import tiny_attention

from emocam_utils.pipeline.matrix import associate
from emocam_utils.stats.measures import Counts
from emocam_utils.stats.tests import (
    benjamini_hochberg,
    fisher_exact,
    holm,
    permutation_p,
    shuffled_within_images,
)


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


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, np.nan]) == pytest.approx(
        [0.03, 0.06, 0.06, np.nan], nan_ok=True
    )
    assert holm([0.9, 0.8]).tolist() == [1, 1] and np.isnan(holm([np.nan])).all()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_what_its_steps_say(p):
    """The k-th lowest p is multiplied by how many are left, and never below the one before."""
    adjusted, highest = holm(p), 0.0
    for k, i in enumerate(np.argsort(p, kind="stable")):
        highest = max(highest, min(p[i] * (len(p) - k), 1))
        assert adjusted[i] == pytest.approx(highest)


def test_permutation_p_by_hand_and_against_scipy():
    null = np.array([[0.0, 1.0], [2.0, np.nan], [3.0, 1.0]])
    assert permutation_p(np.array([2.0, 5.0]), null).tolist() == [3 / 4, 2 / 4]
    assert np.isnan(permutation_p([np.nan], null[:, :1])).all()
    second, first = np.random.default_rng(0).normal(size=(2, 6))
    found = stats.permutation_test(
        (first, second), lambda a, b, axis: a.mean(axis) - b.mean(axis), vectorized=True,
        alternative="greater", n_resamples=400, rng=0,
    )  # fmt: skip
    p = permutation_p(found.statistic, found.null_distribution)
    assert p == pytest.approx(found.pvalue, abs=1.01 / len(found.null_distribution))
