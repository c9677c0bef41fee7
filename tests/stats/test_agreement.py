"""Agreement of two columns: against NumPy and SciPy, on repeated rows, and on simulated raters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from emocam_utils.stats.agreement import (
    calibration_slope,
    carried,
    explained,
    pearson,
    reliability,
    spearman_p,
)

RNG = np.random.default_rng(1)


@given(st.integers(0, 10_000), st.floats(-1e4, 1e4))
def test_measures_are_scipys_and_the_definitions(seed, offset):
    rng = np.random.default_rng(seed)
    a = rng.standard_normal(30) + offset
    b = 0.5 * a + rng.standard_normal(30)
    fit = stats.linregress(b, a)
    assert pearson(a, b) == pytest.approx(fit.rvalue, abs=1e-6)
    assert calibration_slope(a, b) == pytest.approx(fit.slope, abs=1e-6)
    assert explained(a, b) == pytest.approx(1 - ((a - b) ** 2).mean() / a.var(), rel=1e-6)


@pytest.mark.parametrize("measure", [pearson, explained, calibration_slope, carried])
def test_a_weight_is_a_repeated_row(measure):
    a, b = RNG.standard_normal((2, 12))
    a[3], b[5] = np.nan, np.nan
    weights = RNG.integers(0, 4, (3, 12))
    repeated = [measure(np.repeat(a, w), np.repeat(b, w)) for w in weights]
    assert measure(a, b, weights) == pytest.approx(repeated)


@pytest.mark.parametrize("measure", [pearson, explained, calibration_slope])
def test_what_is_undefined_is_nan(measure):
    flat, some = np.full(5, 0.1), np.arange(5.0)
    truth, read = (flat, some) if measure is explained else (some, flat)
    assert np.isnan(measure(truth, read))
    assert np.isnan(measure([1.0, 2.0], [2.0, 1.0]))
    assert np.isnan(measure([], []))
    assert np.isnan(measure(some, some + 1, np.zeros((2, 5)))).all()


def test_the_parts_of_a_sum_carry_all_of_its_variance():
    parts = RNG.standard_normal((3, 40)) * [[1], [2], [0.1]]
    shares = [carried(part, parts.sum(axis=0)) for part in parts]
    assert sum(shares) == pytest.approx(1)
    assert np.argmax(shares) == 1


def test_reliability_is_what_two_groups_of_raters_agree_in():
    rng = np.random.default_rng(0)
    images, raters = 3000, 12
    true = rng.normal(4, 0.8, images)
    groups = true[:, None] + rng.normal(0, 1.6, (2, images, raters)).transpose(1, 0, 2).reshape(
        images, 2 * raters
    )
    one, other = groups[:, :raters], groups[:, raters:]
    found = reliability(one.mean(axis=1), one.std(axis=1, ddof=1), np.full(images, raters))
    assert found == pytest.approx(pearson(one.mean(axis=1), other.mean(axis=1)), abs=0.03)
    ceiling = pearson(one.mean(axis=1), true)
    assert np.sqrt(found) == pytest.approx(ceiling, abs=0.02)


def test_reliability_of_weights_is_that_of_repeated_rows():
    means, sd, raters = RNG.normal(4, 1, 9), RNG.uniform(1, 2, 9), RNG.integers(5, 20, 9)
    weights = RNG.integers(0, 3, (4, 9))
    columns = [[np.repeat(v, w) for v in (means, sd, raters)] for w in weights]
    expected = [reliability(*some) for some in columns]
    assert reliability(means, sd, raters, weights) == pytest.approx(expected)


def test_permutation_p_of_a_rank_correlation_is_scipys_and_holds_its_rate():
    a, b = RNG.standard_normal((2, 9))
    b = b + a
    exact = stats.permutation_test(
        (a,), lambda x: stats.spearmanr(x, b).statistic, permutation_type="pairings",
        n_resamples=4000, rng=0,
    ).pvalue  # fmt: skip
    assert spearman_p(a, b, 4000) == pytest.approx(exact, abs=0.03)
    rng = np.random.default_rng(5)
    p = [spearman_p(*rng.standard_normal((2, 10)), 199, seed) for seed in range(300)]
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.05)
    assert np.isnan(spearman_p([1, 2, np.nan], [1, 2, 3]))
    assert np.isnan(spearman_p(np.ones(5), np.arange(5)))
