"""Measures of weighted boxes against the plain ones on boxes that are really repeated."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emocam_utils.stats import ranks as measures
from emocam_utils.stats import weighted as resampling

NAN = float("nan")
importances = st.one_of(st.sampled_from([0.0, 0.5, 1.0, NAN]), st.floats(-3, 3, width=16))
boxes = st.lists(
    st.tuples(importances, st.floats(-1, 1, width=16), st.booleans(), st.integers(0, 3)),
    min_size=3,
    max_size=25,
)


@given(boxes)
def test_a_weight_is_a_repetition(rows):
    importance, effect, causal, times = (np.array(column) for column in zip(*rows, strict=True))
    again = np.repeat(np.arange(len(rows)), times)
    weights = np.stack([times, np.ones_like(times)])
    importance = importance.astype(float)
    lowest = measures.ranked(importance)  # what "lowest" is does not depend on the sample
    for sampled, plain, of in (
        (resampling.auroc_samples, measures.auroc, causal),
        (resampling.average_precision_samples, measures.average_precision, causal),
    ):
        first, second = sampled(importance, of, weights)
        assert first == pytest.approx(plain(lowest[again], of[again]), nan_ok=True)
        assert second == pytest.approx(plain(importance, of), nan_ok=True)
    first, second = resampling.spearman_samples(importance, effect, weights)
    for value, expected in (
        (first, measures.spearman(importance[again], effect[again])),
        (second, measures.spearman(importance, effect)),
    ):
        if not math.isnan(expected):
            assert value == pytest.approx(expected, abs=1e-9)


def test_boxes_of_a_scene_are_drawn_together():
    """Scene a holds two causes that are kept, b two that are not: the share is 0, 1/2 or 1."""
    found = resampling.Boxes(["a", "b", "a", "b"], np.ones(4), np.ones(4, bool), times=60)
    for weights in found.weights():
        assert (weights[:, 0] == weights[:, 2]).all() and (weights[:, 1] == weights[:, 3]).all()
        assert (weights.sum(axis=1) == 4).all()
    assert sum(len(weights) for weights in found.weights()) == 60
    kept = {"all": np.ones(4, bool), "small": np.arange(4) < 2, "large": np.arange(4) >= 2}
    bounds = found.intervals(np.array([1.0, 0, 1, NAN]), 0.5, kept)
    assert bounds["all"] == (0.0, 1.0) and bounds["gap"] == (0.0, 0.0)
    assert all(math.isnan(bound) for bound in bounds["box_auroc"])  # every box is a cause


def test_the_interval_covers_the_measure():
    rng = np.random.default_rng(1)
    effect = rng.uniform(0, 1, 400)
    importance = effect + rng.normal(0, 0.3, 400)
    causal = effect > 0.7
    found = resampling.Boxes(np.arange(400) // 4, effect, causal)
    bounds = found.intervals(importance, 0.5, {"kept": causal})
    for name, value in (
        ("box_rho", measures.spearman(importance, effect)),
        ("box_auroc", measures.auroc(importance, causal)),
        ("box_ap", measures.average_precision(importance, causal)),
        ("kept", measures.keep_rate(importance, causal, 0.5)),
    ):
        low, high = bounds[name]
        assert low < value < high and high - low < 0.25
