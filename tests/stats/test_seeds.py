"""Intervals over seeds and images against simulated truth."""

import numpy as np
import pytest
from scipy import stats

from emocam_utils.stats.seeds import crossed_mean


@pytest.mark.parametrize(
    ("of_seeds", "of_images"), [(0.0, 1.0), (0.1, 0.5), (0.3, 0.0), (0.2, 1.0)]
)
def test_the_interval_covers_the_truth_as_often_as_it_says(of_seeds, of_images):
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(600):
        values = (
            0.5
            + of_seeds * rng.standard_normal((3, 1))
            + of_images * rng.standard_normal((1, 60))
            + 0.5 * rng.standard_normal((3, 60))
        )
        _, low, high = crossed_mean(values)
        covered += low <= 0.5 <= high
    assert covered / 600 > 0.935


def test_where_images_do_not_differ_it_is_students_over_seeds():
    seeds = np.array([0.1, 0.3, 0.5])
    value, low, high = crossed_mean(np.repeat(seeds[:, None], 1000, axis=1))
    expected = stats.t.interval(0.95, 2, seeds.mean(), stats.sem(seeds))
    assert value == pytest.approx(0.3)
    assert (low, high) == pytest.approx(expected)


def test_where_seeds_do_not_differ_it_is_students_over_images():
    images = np.random.default_rng(1).standard_normal(40)
    value, low, high = crossed_mean(np.repeat(images[None], 3, axis=0))
    expected = stats.t.interval(0.95, 39, images.mean(), stats.sem(images))
    assert (value, low, high) == pytest.approx((images.mean(), *expected))


def test_without_a_second_seed_or_image_there_is_no_interval():
    for values in (np.ones((1, 5)), np.ones((5, 1))):
        value, low, high = crossed_mean(values)
        assert value == 1
        assert np.isnan([low, high]).all()
    assert np.isnan(crossed_mean(np.ones((3, 0)))).all()
    with pytest.raises(ValueError, match="seeds, images"):
        crossed_mean([1, 2])
