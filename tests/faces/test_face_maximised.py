"""The paint hides eyes and mouth and nothing else, and changes are counted where it is."""

import numpy as np
import pytest
from PIL import Image
from tiny_faces import brightness

from emocam_utils.faces import maximised as face_maximised
from emocam_utils.faces.analysis import FaceAnalysis, Source, face_study
from emocam_utils.faces.maximisation import Ascent
from emocam_utils.faces.parts.template import PARTS, part_masks
from emocam_utils.study import load_study


@pytest.fixture
def analysis():
    made = FaceAnalysis(face_study(load_study("tiny"), "gimefive"), Source("", ""))
    made.__dict__["network"] = brightness()
    return made


def test_the_paint_covers_dark_eyes_and_leaves_the_rest():
    masks = dict(zip(PARTS, part_masks(64), strict=True))
    face = np.full((64, 64), 180, np.uint8)
    face[masks["eyes"] | masks["mouth"]] = 10
    face[:4] = 60
    painted = np.asarray(face_maximised.painted_over(Image.fromarray(face)))
    assert painted[masks["eyes"] | masks["mouth"]].min() > 150
    outside = ~face_maximised.paint_mask(64)
    assert (painted[outside] == face[outside]).all()


def test_an_emotion_that_wants_light_is_given_light(analysis):
    face = Image.new("L", (8, 8), 120)
    found = face_maximised.maximised(analysis, face, Ascent(steps=20, jitter=0, norm=0))
    table = found.table
    assert list(table.index) == ["happiness", "sadness", "surprise"]
    assert table.loc["happiness", "logit_before"] == pytest.approx(4 * 120 / 255, abs=1e-4)
    assert found.changes["happiness"].mean() > 10 and found.changes["sadness"].mean() < -10
    assert (found.changes["surprise"] == 0).all(), "its logit does not depend on the face"
    assert table["change"].loc["happiness"] == pytest.approx(found.changes["happiness"].mean())


def test_the_change_on_the_paint_is_per_pixel():
    mask = np.zeros((4, 4), bool)
    mask[0] = True
    values = np.where(mask, 6.0, 2.0)
    assert face_maximised._contrast(values, mask) == 3
    assert np.isnan(face_maximised._contrast(np.where(mask, 1.0, 0.0), mask))


def test_the_panels_are_those_of_the_figure(analysis):
    start, climb = Image.new("L", (8, 8), 120), Ascent(steps=2)
    found = face_maximised.maximised(analysis, start, climb)
    floor = face_maximised.untrained_floor(analysis, start, climb)
    panels = face_maximised.filtered(found, "happiness", floor)
    assert list(panels) == [
        "eyes and mouth painted over", "maximised for happiness", "unsharp mask", "contrast",
        "offset", "sharpen", "emboss", "weak unsharp mask", "untrained, as (b)",
    ]  # fmt: skip
    drawn = panels["untrained, as (b)"].tobytes()
    assert drawn == floor.pictures["happiness"].convert("L").tobytes()
    assert panels["maximised for happiness"] == found.pictures["happiness"].convert("L")
    drawings = [{e: p.tobytes() for e, p in of.pictures.items()} for of in (found, floor)]
    assert drawings[0] != drawings[1], "the floor is of another network"


def test_what_is_changed_stands_beside_the_floor(analysis):
    start = Image.new("L", (8, 8), 120)
    found = face_maximised.maximised(analysis, start, Ascent(steps=2))
    floor = face_maximised.untrained_floor(analysis, start, Ascent(steps=2))
    both = face_maximised.beside_floor(found, floor)
    table = face_maximised.painted_table(found, floor)
    assert list(table.columns) == [f"painted {name}" for name in both]
    for name, of in zip(both, (found, floor), strict=True):
        assert both[name] is of.changes
        assert table[f"painted {name}"].equals(of.table["painted"].rename(f"painted {name}"))
