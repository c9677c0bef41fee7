"""Measures against hand-computed cases, SciPy and scikit-learn; what is undefined is NaN."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import average_precision_score, roc_auc_score

from emocam_utils.stats import ranks

NAN = float("nan")
ONE = st.one_of(st.sampled_from([0.0, 0.5, 1.0, NAN]), st.floats(-3, 3, width=16))
ROWS = st.lists(
    st.tuples(ONE, st.floats(-1, 1, width=16), st.booleans(), st.integers(0, 3)),
    min_size=3,
    max_size=25,
)


def test_by_hand():
    scores, positive = [0.9, 0.8, 0.3, 0.1], [True, False, True, False]
    assert ranks.auroc(scores, positive) == 0.75  # 3 of 4 pairs in order
    assert ranks.average_precision(scores, positive) == pytest.approx((1 + 2 / 3) / 2)
    assert ranks.spearman([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(0.8)


@given(ROWS)
def test_equal_the_libraries(rows):
    scores, other, positive, _ = (np.array(column) for column in zip(*rows, strict=True))
    lowest = ranks.ranked(scores)
    if positive.any():
        expected = average_precision_score(positive, lowest)
        assert ranks.average_precision(scores, positive) == pytest.approx(expected)
    if len(set(positive)) == 2:
        assert ranks.auroc(scores, positive) == pytest.approx(roc_auc_score(positive, lowest))
    known = ~np.isnan(scores)
    if known.sum() > 2 and len(set(scores[known])) > 1 and len(set(other[known])) > 1:
        expected = stats.spearmanr(scores[known], other[known]).statistic
        assert ranks.spearman(scores, other) == pytest.approx(expected, abs=1e-12)


@given(ROWS)
def test_a_weight_is_a_repetition(rows):
    scores, other, positive, times = (np.array(column) for column in zip(*rows, strict=True))
    again = np.repeat(np.arange(len(rows)), times)
    weights = np.stack([times, np.ones_like(times)])
    lowest = ranks.ranked(scores)  # what "lowest" is does not depend on the sample
    for measure, first, second in (
        (ranks.auroc, lowest, positive),
        (ranks.average_precision, lowest, positive),
        (ranks.spearman, scores, other),
    ):
        drawn, once = measure(first, second, weights)
        assert drawn == pytest.approx(measure(first[again], second[again]), abs=1e-9, nan_ok=True)
        assert once == pytest.approx(measure(first, second), nan_ok=True)


@given(st.lists(st.tuples(*[ONE] * 3), min_size=3, max_size=20))
def test_the_matrix_is_that_of_every_two_vectors(rows):
    vectors = np.array(rows).T
    known = vectors[:, ~np.isnan(vectors).any(axis=0)]
    found = ranks.spearman_matrix(vectors)
    for i, j in np.ndindex(3, 3):
        expected = ranks.spearman(known[i], known[j]) if known.shape[1] > 2 else found[i, j]
        assert found[i, j] == pytest.approx(expected, abs=1e-9, nan_ok=True)
    assert ranks.spearman_matrix([]).shape == (0, 0)
    assert np.isnan(ranks.spearman_matrix([[1, 1, 1], [NAN, NAN, 2]])).all()


def test_what_is_undefined_is_nan():
    nothing = np.zeros(3, bool)
    assert math.isnan(ranks.auroc([1, 2, 3], nothing))
    assert math.isnan(ranks.auroc([1, 2, 3], ~nothing))
    assert math.isnan(ranks.average_precision([1, 2, 3], nothing))
    assert math.isnan(ranks.spearman([1, 1, 1], [1, 2, 3]))
    assert math.isnan(ranks.spearman([1, NAN, 3], [1, 2, 3]))
    for measure in (ranks.auroc, ranks.average_precision, ranks.spearman):
        assert math.isnan(measure([], []))
        assert np.isnan(measure([1.0, 2, 3], [0, 1, 1], np.zeros((2, 3), int))).all()


def test_an_undefined_score_is_the_lowest():
    assert ranks.auroc([NAN, -7.0, 2.0], [True, False, False]) == 0.0
    assert ranks.average_precision([NAN, -7.0], [True, False]) == 0.5
    assert ranks.average_precision([NAN, NAN], [True, False]) == 0.5  # nothing is known


def test_places_are_1_for_the_highest_and_ties_share():
    assert ranks.places([[5.0, 9.0, 5.0, 1.0]]).tolist() == [[2.5, 1, 2.5, 4]]
