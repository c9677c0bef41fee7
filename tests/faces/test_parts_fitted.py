"""The fitted template lies where a face's points are, and is the template where none are found."""

import cv2
import numpy as np
import pytest
from PIL import Image

from emocam_utils.corpora import face_finding
from emocam_utils.faces.parts import fitted as module
from emocam_utils.faces.parts.fitted import TYPICAL, fitted_map, fitted_masks
from emocam_utils.faces.parts.template import PARTS, part_map

EYES, MOUTH = PARTS.index("eyes"), PARTS.index("mouth")


def points(*moved):
    """Five points whose eyes and middle of the mouth are these, in 64ths."""
    left, right, mouth = np.array(moved or TYPICAL, float)
    corner = np.array([9, 1])
    return np.array([left, right, (np.nan, np.nan), mouth - corner, mouth + corner])


@pytest.mark.parametrize("side", [64, 48, 192])
def test_typical_points_give_the_template(side):
    same = fitted_map(points() * side / 64, side) == part_map(side)
    assert same.mean() > 0.99  # but for rounding at the borders of parts


def test_a_face_that_is_moved_takes_its_parts_along():
    move = np.array([4, -3])
    assert (fitted_map(points() + move) == part_map(move=move)).mean() > 0.99


@pytest.mark.parametrize("degrees", [-20, 30])
def test_a_turned_and_larger_face_has_turned_and_larger_parts(degrees):
    turn = cv2.getRotationMatrix2D((32, 32), degrees, 1.2)
    moved = np.hstack([TYPICAL, np.ones((3, 1))]) @ turn.T
    found = fitted_map(points(*moved), 192 // 3)
    expected = cv2.warpAffine(
        part_map(64).astype(np.uint8),
        turn @ np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]]) - [[0, 0, 0.5], [0, 0, 0.5]],
        (64, 64),
        flags=cv2.INTER_NEAREST,
        borderValue=PARTS.index("surround"),
    )
    assert (found == expected).mean() > 0.95
    assert 1.2 < (found == EYES).sum() / (part_map() == EYES).sum() < 1.65
    for part, anchors in ((EYES, moved[:2]), (MOUTH, moved[2:])):
        centre = np.argwhere(found == part).mean(0)[::-1] + 0.5
        assert np.linalg.norm(centre - anchors.mean(0)) < 3


@pytest.mark.parametrize(
    "wrong",
    [
        points() * np.nan,
        points((30, 30), (34, 30), (32, 34)),  # far too small
        points(TYPICAL[1], TYPICAL[0], TYPICAL[2]),  # a mirrored face
        points((10, 20), (30, 20), (50, 20)),  # on a line
    ],
)
def test_without_a_face_it_is_the_template(wrong):
    np.testing.assert_array_equal(fitted_map(wrong, 48), part_map(48))


def test_points_are_looked_for_in_the_face(monkeypatch, without_yunet):
    face = Image.new("RGB", (128, 128))
    assert (fitted_masks(face).argmax(0) == part_map()).all()  # nobody to look for them
    move = np.array([3, 2])
    monkeypatch.setattr(module, "face_points", lambda face: 2 * (points() + move))
    masks = fitted_masks(face)
    assert (masks.sum(0) == 1).all()
    assert (masks.argmax(0) == part_map(move=move)).mean() > 0.99
    assert face_finding.face_points(face).shape == (5, 2)
