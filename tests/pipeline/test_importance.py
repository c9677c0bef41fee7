"""Importance of boxes against the definition written slowly: upsample the map, take the mean."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emocam_utils.pipeline.importance import SCORES, mean_importance, scaled, share_importance

RNG = np.random.default_rng(0)
SIZES = [(240, 320), (37, 500), (13, 13), (5, 7), (227, 227)]


def upsampled(cam, size):
    return cv2.resize(cam, size[::-1], interpolation=cv2.INTER_LINEAR)


def some_boxes(size, count=20):
    height, width = size
    xs = np.sort(RNG.uniform(0, width, (count, 2)), axis=1)
    ys = np.sort(RNG.uniform(0, height, (count, 2)), axis=1)
    return np.stack([xs[:, 0], ys[:, 0], xs[:, 1], ys[:, 1]], axis=1)


def pixels_of(box):
    x0, y0, x1, y1 = np.rint(box).astype(int)
    return x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)


@pytest.mark.parametrize("size", SIZES)
def test_mean_equals_the_mean_of_the_upsampled_map(size):
    cam = RNG.normal(size=(13, 13))
    large = upsampled(scaled(cam), size)
    for box in some_boxes(size):
        x0, y0, x1, y1 = pixels_of(box)
        inside = large[y0:y1, x0:x1]
        expected = inside.mean() if inside.size else np.nan
        assert mean_importance(cam, box[None], size)[0] == pytest.approx(
            expected, abs=1e-9, nan_ok=True
        )


@pytest.mark.parametrize("size", SIZES)
def test_share_equals_the_share_of_the_upsampled_map(size):
    cam = RNG.normal(size=(6, 9))
    large = upsampled(np.maximum(cam, 0), size)
    for box in some_boxes(size):
        x0, y0, x1, y1 = pixels_of(box)
        inside = large[y0:y1, x0:x1]
        expected = inside.sum() / large.sum() if inside.size else np.nan
        share = share_importance(cam, box[None], size)[0]
        assert share == pytest.approx(expected, abs=1e-9, nan_ok=True)
        score = SCORES["share_per_sqrt_area"](cam, box[None], size)[0]
        relative = inside.size / large.size
        assert score == pytest.approx(
            expected / np.sqrt(relative) if inside.size else np.nan, abs=1e-9, nan_ok=True
        )


def test_a_hand_computed_case():
    cam = np.array([[0.0, 4.0], [-8.0, 2.0]])  # of 2 x 2 pixels: no interpolation
    boxes = np.array([[0, 0, 1, 1], [1, 0, 2, 1], [1, 0, 2, 2], [0, 0, 2, 2]])
    assert mean_importance(cam, boxes, (2, 2)).tolist() == [0, 1, 0.75, 0.375]
    assert share_importance(cam, boxes, (2, 2)) == pytest.approx([0, 4 / 6, 1, 1])
    score = SCORES["share_per_sqrt_area"](cam, boxes, (2, 2))
    assert score == pytest.approx([0, 4 / 6 / 0.5, 1 / np.sqrt(0.5), 1])


def test_scaling_takes_the_positive_part_to_zero_and_one():
    assert scaled(np.array([[-3.0, 1.0], [2.0, 3.0]])).tolist() == [[0, 1 / 3], [2 / 3, 1]]
    assert scaled(np.full((2, 2), 5.0)).tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("name", list(SCORES))
def test_an_empty_map_is_undefined_not_zero(name):
    boxes = np.array([[0, 0, 5, 5]])
    for empty in (np.zeros((4, 4)), np.full((4, 4), -1.0)):
        assert np.isnan(SCORES[name](empty, boxes, (10, 10))).all()


@pytest.mark.parametrize("name", list(SCORES))
def test_boxes_over_the_border_count_inside_and_outside_is_undefined(name):
    cam = RNG.uniform(0, 1, (4, 4))
    over, inside, outside = [-5, -5, 6, 6], [0, 0, 6, 6], [30, 30, 40, 40]
    scores = SCORES[name](cam, np.array([over, inside, outside]), (20, 20))
    assert scores[0] == pytest.approx(scores[1])
    assert np.isnan(scores[2])


@pytest.mark.parametrize("name", list(SCORES))
@given(
    seed=st.integers(0, 1000),
    factor=st.floats(0.01, 1e4),
    size=st.tuples(st.integers(3, 60), st.integers(3, 60)),
)
@settings(max_examples=30, deadline=None)
def test_scores_ignore_the_maps_scale_and_respect_mirroring(name, seed, factor, size):
    rng = np.random.default_rng(seed)
    cam = rng.normal(size=(5, 5))
    cam[0, 0] = 1.0
    x0, x1 = sorted(rng.choice(size[1] + 1, 2, replace=False))
    y0, y1 = sorted(rng.choice(size[0] + 1, 2, replace=False))
    box, mirrored = [[x0, y0, x1, y1]], [[size[1] - x1, y0, size[1] - x0, y1]]
    score = SCORES[name](cam, np.array(box), size)
    assert SCORES[name](cam * factor, np.array(box), size) == pytest.approx(score, rel=1e-6)
    flipped = SCORES[name](cam[:, ::-1], np.array(mirrored), size)
    assert flipped == pytest.approx(score, rel=1e-6, abs=1e-12)


@given(seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_mean_and_share_are_bounded(seed):
    rng = np.random.default_rng(seed)
    cam = np.abs(rng.normal(size=(7, 3)))
    boxes = rng.uniform(-20, 120, (10, 4))
    boxes[:, 2:] = boxes[:, :2] + np.abs(boxes[:, 2:]) + 1
    for name in ("mean", "share"):
        score = SCORES[name](cam, boxes, (90, 110))
        defined = score[~np.isnan(score)]
        assert ((defined >= -1e-12) & (defined <= 1 + 1e-9)).all()
    assert share_importance(cam, np.array([[0, 0, 110, 90]]), (90, 110)) == pytest.approx(1)
