"""Sign flips against other people's, all flips written out, and data whose truth is known."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from emocam_utils.stats.sign_flips import flipped_means


def t_of(values):
    return np.mean(values) / (np.std(values, ddof=1) / np.sqrt(len(values)))


def test_the_error_is_that_of_a_mean_and_of_sums_over_units():
    values = np.random.default_rng(0).normal(1, 2, (20, 3))
    values[:5, 1] = np.nan
    found = flipped_means(values, times=99)
    for k in range(3):
        known = values[~np.isnan(values[:, k]), k]
        assert found.n[k] == len(known)
        assert found.value[k] == pytest.approx(known.mean())
        assert found.error[k] == pytest.approx(stats.sem(known))
    twice = flipped_means(np.repeat(values, 2, axis=0), np.repeat(np.arange(20), 2), times=99)
    np.testing.assert_allclose(twice.error, found.error)  # copies of a face are no new faces
    np.testing.assert_allclose(twice.p_all, found.p_all)


def test_p_is_that_of_all_flips_written_out():
    values = np.random.default_rng(1).normal(0.4, 1, (9, 2))
    signs = np.array(list(product((-1, 1), repeat=9)))
    every = np.abs([[t_of(s * column) for column in values.T] for s in signs])
    observed = np.abs([t_of(column) for column in values.T])
    found = flipped_means(values, times=20_000)
    np.testing.assert_allclose(found.p, (every >= observed - 1e-9).mean(0), atol=0.012)
    together = (every.max(1)[:, None] >= observed - 1e-9).mean(0)
    np.testing.assert_allclose(found.p_all, together, atol=0.012)


def test_p_is_scipys():
    values = np.random.default_rng(2).normal(0.25, 1, 60)
    theirs = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", rng=np.random.default_rng(0)
    )
    assert flipped_means(values[:, None]).p[0] == pytest.approx(theirs.pvalue, abs=0.012)


def test_corrected_p_and_wide_interval_say_the_same():
    rng = np.random.default_rng(3)
    for seed in range(40):
        found = flipped_means(rng.normal(rng.uniform(0, 0.5, 5), 1, (35, 5)), times=199, seed=seed)
        outside = (found.wide[0] > 0) | (found.wide[1] < 0)
        assert ((found.p_all < 0.05) == outside).all()
        alone = (found.interval[0] > 0) | (found.interval[1] < 0)
        assert ((found.p < 0.05) == alone).all()
        assert (found.p_all >= found.p).all()


def columns(rng, mean, skewed, count=12):
    """Columns of 60 faces that share much; every third lacks half of the faces."""
    shared = rng.exponential(1, (60, 1)) - 1 if skewed else rng.normal(0, 1, (60, 1))
    own = rng.exponential(1, (60, count)) - 1 if skewed else rng.standard_t(4, (60, count))
    values = mean + 0.7 * shared + 0.7 * own
    values[::2, ::3] = np.nan
    return values


@pytest.mark.parametrize(("skewed", "most"), [(False, 0.065), (True, 0.11)])
def test_by_chance_any_verdict_is_rare(skewed, most):
    """In 5 %; of 30 faces that are as skewed as an exponential, in somewhat more."""
    rng = np.random.default_rng(4)
    false = [flipped_means(columns(rng, 0, skewed), times=199).p_all.min() < 0.05
             for _ in range(1000)]  # fmt: skip
    assert 0.03 < np.mean(false) < most


def test_true_effects_make_no_other_verdict_false():
    rng = np.random.default_rng(5)
    mean = np.r_[np.full(6, 2.0), np.zeros(6)]
    found = [flipped_means(columns(rng, mean, False), times=199).p_all < 0.05 for _ in range(200)]
    assert np.mean([one[:6].all() for one in found]) > 0.95
    assert np.mean([one[6:].any() for one in found]) < 0.08


@pytest.mark.parametrize("skewed", [False, True])
def test_intervals_cover_what_is_true(skewed):
    rng = np.random.default_rng(6)
    each, together = [], []
    for _ in range(1000):
        found = flipped_means(columns(rng, 0.8, skewed), times=199)
        inside = [(low <= 0.8) & (high >= 0.8) for low, high in (found.interval, found.wide)]
        each.append(inside[0].mean())
        together.append(inside[1].all())
    assert 0.90 < np.mean(each) < 0.98
    assert (0.89 if skewed else 0.93) < np.mean(together)


def test_what_a_unit_shares_is_no_evidence():
    """Ten faces share an offset: flipped by face one is misled, flipped by unit not."""
    rng = np.random.default_rng(7)
    units = np.repeat(np.arange(30), 10)
    by_face, by_unit = [], []
    for _ in range(200):
        values = rng.normal(0, 1, 30)[units] + rng.normal(0, 1, 300)
        by_face.append(flipped_means(values[:, None], times=99).p[0] < 0.05)
        by_unit.append(flipped_means(values[:, None], units, times=99).p[0] < 0.05)
    assert np.mean(by_face) > 0.3 and np.mean(by_unit) < 0.09


def test_nothing_one_face_and_no_spread():
    values = np.full((6, 4), np.nan)
    values[0, 1], values[:, 2], values[:, 3] = 1.0, 0.0, 2.0
    found = flipped_means(values, times=199)
    assert found.n.tolist() == [0, 1, 6, 6]
    assert np.isnan(found.p_all[:2]).all() and np.isnan(found.interval[0][:2]).all()
    assert found.p[2] == 1 and found.error[2:].tolist() == [0, 0]
    assert found.p[3] == pytest.approx(2 / 64, abs=0.03)
    nobody = flipped_means(np.empty((0, 2)), times=99)
    assert np.isnan(nobody.value).all() and np.isnan(nobody.p).all()


def test_what_is_wrong_is_said():
    with pytest.raises(ValueError, match="a unit a face, got"):
        flipped_means(np.zeros((3, 2)), units=[1, 2])
    with pytest.raises(ValueError, match="10 flips are too few"):
        flipped_means(np.zeros((3, 2)), times=10)
