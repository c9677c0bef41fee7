"""Intervals against SciPy, and what they say where there is nothing to say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from emocam_utils.stats.intervals import middle, percentile, wilson


@given(n=st.integers(1, 400), share=st.floats(0, 1), level=st.sampled_from([0.9, 0.95, 0.99]))
def test_wilson_equals_scipy(n, share, level):
    successes = round(share * n)
    low, high = wilson(successes, n, level)
    expected = stats.binomtest(successes, n).proportion_ci(level, method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= low <= successes / n <= high <= 1


def test_wilson_takes_arrays_and_is_undefined_without_trials():
    low, high = wilson([[0], [1]], [0, 1, 2])
    assert low.shape == high.shape == (2, 3)
    assert np.isnan(low[:, 0]).all() and np.isnan(high[:, 0]).all()
    assert low[0, 2] == 0 and high[1, 1] == 1 and low[1, 2] < 0.5 < high[1, 2]


def test_percentile_equals_numpy_column_by_column():
    samples = np.random.default_rng(0).normal(size=(101, 2, 3))
    low, high = percentile(samples, 0.9)
    for i, j in np.ndindex(2, 3):
        expected = np.quantile(samples[:, i, j], [0.05, 0.95])
        assert [low[i, j], high[i, j]] == pytest.approx(expected)
    assert percentile(np.arange(101.0), 0.9) == pytest.approx((5.0, 95.0))


def test_percentile_needs_half_of_the_samples():
    nan = np.nan
    low, high = percentile([[1.0, nan, nan], [3.0, 3.0, nan], [2.0, nan, nan], [2.0, 5.0, nan]])
    assert low[1] == pytest.approx(3.05) and high[1] == pytest.approx(4.95)
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [False, False, True]
    assert all(np.isnan(percentile(few)).all() for few in ([], [nan, nan, 1.0]))


def test_the_middle_of_corpora_holds_their_mean_and_most_of_them():
    values = np.random.default_rng(0).normal(size=(1000, 2))
    mean, low, high = middle(values)
    assert mean == pytest.approx(values.mean(axis=0))
    inside = ((low <= values) & (values <= high)).mean(axis=0)
    assert inside == pytest.approx([0.95, 0.95])
    values[:900, 1] = np.nan
    mean, low, high = middle(values)
    assert np.isnan([mean[1], low[1], high[1]]).all() and mean[0] == pytest.approx(
        values[:, 0].mean()
    )
    assert np.isnan(middle([np.nan, np.nan])).all()
