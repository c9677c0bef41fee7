"""Box by box: keep-rates, size bias, and intervals over scenes."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tiny_trials import hand_made

from emocam_utils.stats import ranks
from emocam_utils.stats.bootstrap import resampled, resampled_rows, weighted_mean
from emocam_utils.stats.intervals import percentile
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
    assert found["area_rho"] == pytest.approx(stats.spearmanr(area[:6], importance[:6]).statistic)


def test_samples_are_measures_of_repeated_scenes():
    trial = hand_made(images=8)
    codes, _ = pd.factorize(trial.objects["image"])
    rng = np.random.default_rng(0)
    importance = rng.normal(size=len(codes))
    kept = {"kept": trial.causal, "none": np.zeros(len(codes), bool)}
    found = boxes.box_samples(trial, importance, 0.2, kept, times=60, seed=4)
    for weights, (_, sample) in zip(resampled(8, 60, 4), found.iterrows(), strict=True):
        rows = np.repeat(np.arange(len(codes)), weights[codes])
        again, effect, causal = importance[rows], trial.effect[rows], trial.causal[rows]
        assert sample["box_rho"] == pytest.approx(ranks.spearman(again, effect))
        assert sample["box_auroc"] == pytest.approx(ranks.auroc(again, causal))
        assert sample["box_ap"] == pytest.approx(ranks.average_precision(again, causal))
        assert sample["kept"] == pytest.approx(boxes.keep_rate(again, causal, 0.2))
        assert math.isnan(sample["none"])


def test_the_intervals_cover_the_measures():
    trial = hand_made(images=150)
    importance = trial.effect + np.random.default_rng(1).normal(0, 0.4, len(trial.effect))
    found = boxes.box_measures(trial, importance, 0.5, times=200)
    for name in ("box_rho", "box_auroc", "box_ap", "kept", "small", "large", "gap", "rejected"):
        low, high = found[f"{name}_low"], found[f"{name}_high"]
        assert low < found[name] < high and high - low < 0.5


def boxes_of_scenes(rng, scenes=80):
    """One to five boxes a scene, which share a part of their noise: image, score, positive."""
    image = np.repeat(np.arange(scenes), rng.integers(1, 6, scenes))
    shared = rng.normal(size=scenes)[image]
    positive = rng.random(len(image)) < 0.3
    return image, positive + 0.5 * shared + rng.normal(size=len(image)), positive


@pytest.mark.parametrize("measure", ["box_auroc", "kept"])
def test_intervals_over_scenes_cover_what_they_should(measure):
    """Of 600 simulated corpora, 90 to 98 % of the percentile intervals hold the true value."""
    rng = np.random.default_rng(3)

    def value(score, positive, weights=None):
        if measure == "box_auroc":
            return ranks.auroc(score, positive, weights)
        ones = np.ones((1, len(score))) if weights is None else weights
        found = weighted_mean(score[positive] > 1, ones[:, positive])
        return found[0] if weights is None else found

    truth = value(*boxes_of_scenes(rng, 60_000)[1:])
    held = 0
    for _ in range(600):
        image, score, positive = boxes_of_scenes(rng)
        low, high = percentile(value(score, positive, resampled_rows(image, 300)))
        held += low <= truth <= high
    assert 0.90 <= held / 600 <= 0.98
