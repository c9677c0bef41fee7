"""A photograph of one's own: what is said of it, what is refused, what covering does."""

import base64
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_studies import scene_study

from emocam_utils.detectors.box_files import BoxFileError
from emocam_utils.overview.covering import covered, probabilities
from emocam_utils.overview.photo_explorer import PhotoExplorer
from emocam_utils.pipeline.analysis import Analysis


class Detector:
    """Finds a dog in every image but a wide one; knows no image by a forbidden name."""

    classes = ("Dog", "Cat")

    def detect(self, images, ids):
        if ids == ["forbidden.png"]:
            raise BoxFileError("no boxes of forbidden.png")
        columns = ["class", "confidence", "x0", "y0", "x1", "y1"]
        rows = [["Cat", 0.4, 0, 0, 20, 20], ["Dog", 0.9, 40, 30, 110, 90]]
        if images[0].width > 400:
            rows = []
        return [pd.DataFrame(rows, columns=columns).astype({"x0": float})]


@pytest.fixture
def analysis(tmp_path):
    study = scene_study(tmp_path, limit=2)
    study = study.model_copy(update={"presets": {"corrected": study.presets["paper"]}})
    made = Analysis(study, device="cpu")
    made.__dict__["detector"] = Detector()
    return made


def png(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def photograph():
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    return Image.fromarray(noise)


def test_covering_a_box_changes_nothing_else_and_hides_it():
    pixels = np.zeros((10, 20, 3), dtype=np.uint8)
    pixels[2:5, 3:7] = 200
    pixels[9, :] = (90, 0, 0)
    hidden = np.asarray(covered(Image.fromarray(pixels), (3, 2, 7, 5)))
    mean = round(90 * 20 / (200 - 12))
    assert (hidden[2:5, 3:7] == (mean, 0, 0)).all()
    outside = np.ones((10, 20), dtype=bool)
    outside[2:5, 3:7] = False
    assert (hidden[outside] == pixels[outside]).all() and pixels[2, 3, 0] == 200
    whole = covered(Image.fromarray(pixels), (-5, -5, 50, 50))
    assert np.ptp(np.asarray(whole)[..., 0]) == 0


def test_each_object_says_what_covering_it_does(analysis, photograph):
    explorer = PhotoExplorer(analysis)
    explorer.take("mine.png", png(photograph))
    photo = explorer.photo()
    before, *after = probabilities(
        analysis,
        [photograph, *(covered(photograph, b) for b in [(40, 30, 110, 90), (0, 0, 20, 20)])],
    )
    assert photo.boxes["class"].tolist() == ["Dog", "Cat"]  # the surest first
    label = before.argmax()
    assert photo.label == analysis.labels[label]
    np.testing.assert_allclose(photo.boxes["fall"], [before[label] - a[label] for a in after])
    assert photo.boxes["label when covered"].tolist() == [
        analysis.labels[a.argmax()] for a in after
    ]
    assert (
        "mine.png: " in explorer.view.value and f"{photo.label} when covered" in explorer.view.value
    )


def test_a_dropped_file_is_shown_and_a_wrong_one_is_said(analysis, photograph):
    explorer = PhotoExplorer(analysis)
    first = explorer.view.value
    data = base64.b64encode(png(photograph)).decode()
    explorer.dropped.value = f"drop my%20photo.png data:image/png;base64,{data} 17"
    assert explorer.title == "my photo.png" and explorer.view.value != first
    shown = explorer.view.value
    for value in ("drop", "drop a.png data:,x!! 3", ""):
        explorer.dropped.value = value
    explorer.take("letter.docx", b"no image at all")
    assert "letter.docx: the file is not an image" in explorer.message.value
    assert explorer.view.value == shown and explorer.title == "my photo.png"
    explorer.take("forbidden.png", png(photograph))
    assert "reads its boxes from a file" in explorer.message.value
    assert explorer.title == "my photo.png" and explorer.view.value == shown


def test_a_photograph_without_objects_is_no_error(analysis):
    explorer = PhotoExplorer(analysis)
    explorer.take("wide.png", png(Image.new("RGB", (500, 100), "blue")))
    assert "finds no object" in explorer.view.value and len(explorer.photo().boxes) == 0
    assert len(explorer.figure().axes) == 2


def test_two_photographs_of_one_name_are_told_apart(analysis, photograph):
    explorer = PhotoExplorer(analysis)
    explorer.take("a.png", png(photograph))
    first = explorer.photo().probabilities
    explorer.take("a.png", png(Image.new("RGB", (160, 120), "green")))
    assert not explorer.photo().probabilities.equals(first)
