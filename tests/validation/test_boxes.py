"""Box by box: keep-rates, size bias, and intervals over scenes."""

import math

import numpy as np
import pytest
from scipy import stats

from emocam_utils.stats import ranks
from emocam_utils.validation import boxes

NAN = float("nan")


def test_keep_rates_are_of_what_is_above_the_threshold():
    importance, causal = [0.9, 0.8, 0.3, 0.1], [True, False, True, False]
    assert boxes.keep_rate(importance, causal, 0.3) == 0.5  # above, not at
    assert boxes.keep_rate([NAN, 1.0], [True, True], 0.0) == 0.5
    nothing = np.zeros(3, bool)
    assert math.isnan(boxes.keep_rate([1, 2, 3], nothing, 0.5))
    assert all(math.isnan(v) for v in boxes.size_bias([1, 2, 3], nothing, [1, 2, 3], 0).values())


def test_size_bias_by_hand():
    """Six causal boxes: the two smallest are dropped, the two largest kept."""
    area = [1, 2, 3, 4, 5, 6, 99]
    importance = [0.1, 0.1, 0.6, 0.1, 0.7, 0.8, 0.0]
    found = boxes.size_bias(importance, [True] * 6 + [False], area, 0.5)
    assert (found["small"], found["large"], found["gap"]) == (0.0, 1.0, 1.0)
    assert found["rho"] == pytest.approx(stats.spearmanr(area[:6], importance[:6]).statistic)


def test_boxes_of_a_scene_are_drawn_together():
    """Scene a holds two causes that are kept, b two that are not: the share is 0, 1/2 or 1."""
    found = boxes.Boxes(["a", "b", "a", "b"], np.ones(4), np.ones(4, bool), times=60)
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
    found = boxes.Boxes(np.arange(400) // 4, effect, causal)
    bounds = found.intervals(importance, 0.5, {"kept": causal})
    for name, value in (
        ("box_rho", ranks.spearman(importance, effect)),
        ("box_auroc", ranks.auroc(importance, causal)),
        ("box_ap", ranks.average_precision(importance, causal)),
        ("kept", boxes.keep_rate(importance, causal, 0.5)),
    ):
        low, high = bounds[name]
        assert low < value < high and high - low < 0.25
