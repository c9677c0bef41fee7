"""Many tests at once: false verdicts under the null hypothesis, power, and intervals that hold."""

import numpy as np
import pytest

from emocam_utils.stats.max_t import max_t_p, simultaneous, two_sided


def test_p_by_hand():
    null = [[1.0, 5.0], [2.0, 0.0], [3.0, 1.0]]  # the largest of each: 5, 2, 3
    np.testing.assert_allclose(max_t_p([2.5, 6.0], null), [3 / 4, 1 / 4])
    assert max_t_p([5.0, 0.0], null)[0] == 2 / 4, "an equal one is reached"


def test_what_is_undefined_is_no_test():
    p = max_t_p([np.nan, 2.0], [[9.0, 1.0], [9.0, 3.0]])
    assert np.isnan(p[0]) and p[1] == pytest.approx(2 / 3)
    assert np.isnan(max_t_p([np.nan], [[1.0]])).all()
    assert max_t_p([1.0], [[np.nan], [0.0]])[0] == pytest.approx(1 / 3)


@pytest.mark.parametrize("shared", [0.0, 0.9])
def test_one_false_verdict_in_twenty_families_whatever_the_dependence(shared):
    rng, families, tests = np.random.default_rng(0), 600, 30
    false = 0
    for _ in range(families):
        common = rng.normal(size=(200, 1))
        draws = np.sqrt(shared) * common + np.sqrt(1 - shared) * rng.normal(size=(200, tests))
        false += (max_t_p(*two_sided(draws[0], draws[1:])) < 0.05).any()
    assert 0.025 < false / families < 0.08
    deviant = draws[0].copy()
    deviant[[3, 7]] = 8, -8
    found = max_t_p(*two_sided(deviant, draws[1:])) < 0.05
    assert found[[3, 7]].all() and found.sum() <= 3, "two-sided"


def test_a_floor_that_does_not_vary_is_no_test():
    observed, null = two_sided([1.0, 2.0], [[1.0, 0.0], [1.0, 1.0]])
    assert np.isnan(observed[0]) and np.isnan(null[:, 0]).all() and observed[1] > 0


def test_intervals_hold_all_true_values_at_once():
    rng, held = np.random.default_rng(1), 0
    spread = np.array([0.1, 1.0, 10.0])
    errors = spread * rng.normal(size=(2000, 3))
    for _ in range(400):
        low, high = simultaneous(spread * rng.normal(size=3), errors)
        held += ((low < 0) & (high > 0)).all()
    assert 0.92 < held / 400 < 0.98
    low, high = simultaneous([5.0, np.nan], np.column_stack([errors[:, 0], np.full(2000, np.nan)]))
    assert low[0] < 5 < high[0] and np.isnan([low[1], high[1]]).all()
