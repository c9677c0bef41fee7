"""A mask score is the map's on an object's own pixels; a mask that fills its box is the box."""

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_attention import tiny_attention

from emocam_utils.detectors.deeplab import CLASSES
from emocam_utils.pipeline import masks as module
from emocam_utils.pipeline.importance import SCORES, pixel_boxes
from emocam_utils.pipeline.masks import MASK_SCORES, object_masks, segment, with_masks
from emocam_utils.pipeline.tables import map_array

RNG = np.random.default_rng(4)
DOG, PERSON = CLASSES.index("Dog"), CLASSES.index("Person")


@pytest.mark.parametrize("score", ["mean", "share", "share_per_cbrt_area"])
def test_a_mask_that_fills_its_box_scores_as_the_box(score):
    size, cam = (40, 60), RNG.normal(size=(5, 7))
    boxes = pixel_boxes([[2, 3, 20, 30], [-5, -5, 8, 9], [30, 10, 99, 40], [70, 0, 80, 9]], size)
    masks = object_masks(np.full(size, DOG, np.uint8), boxes, np.full(4, DOG))
    ours = MASK_SCORES[f"mask_{score}"](cam, masks)
    np.testing.assert_allclose(ours, SCORES[score](cam, boxes, size), rtol=1e-9)
    assert np.isnan(ours[3]) and np.isfinite(ours[:3]).all()


def test_scores_by_hand():
    cam = np.array([[4.0, -2], [0, 2]])
    masks = np.zeros((3, 2, 2), bool)
    masks[0, 0, 0] = masks[1, 0] = True
    scores = {name: score(cam, masks).tolist() for name, score in MASK_SCORES.items()}
    nan = pytest.approx(np.nan, nan_ok=True)
    assert scores["mask_mean"] == [1, 0.5, nan]
    assert scores["mask_share"] == pytest.approx([4 / 6, 4 / 6, np.nan], nan_ok=True)
    assert scores["mask_contribution"] == [1, 0.5, nan]
    expected = [4 / 6 / np.cbrt(1 / 4), 4 / 6 / np.cbrt(1 / 2), np.nan]
    assert scores["mask_share_per_cbrt_area"] == pytest.approx(expected, nan_ok=True)


def test_an_empty_map_has_no_share_but_a_contribution():
    cam, mask = np.full((2, 2), -1.0), np.ones((1, 2, 2), bool)
    for name, score in MASK_SCORES.items():
        expected = -1 if name == "mask_contribution" else np.nan
        assert score(cam, mask)[0] == pytest.approx(expected, nan_ok=True)


def test_contributions_of_all_pixels_are_the_mean_of_the_map():
    cam = RNG.normal(size=(4, 6))
    parts = RNG.integers(0, 3, (40, 60))
    masks = np.stack([parts == k for k in range(3)])
    assert MASK_SCORES["mask_contribution"](cam, masks).sum() == pytest.approx(cam.mean())


def test_only_pixels_of_the_own_class_count():
    segmented = np.zeros((4, 4), np.uint8)
    segmented[:2], segmented[2:] = DOG, PERSON
    dog, person, other = object_masks(
        segmented, np.array([[1, 1, 4, 4]] * 3), np.array([DOG, PERSON, 7])
    )
    assert dog.sum() == 3 and dog[1, 1:].all()
    assert person.sum() == 6 and person[2:, 1:].all()
    assert not other.any()


def png(classes):
    return cv2.imencode(".png", classes)[1].tobytes()


def test_scores_stand_beside_those_of_the_boxes():
    found = tiny_attention(images=5, boxes=25)  # classes Dog, Tree, Man: of these Dog has masks
    names = found.predictions["image"]
    images = pd.DataFrame({"image": names, "width": 60, "height": 60})
    segmented = [RNG.choice([0, DOG], (30, 30)).astype(np.uint8) for _ in names]
    masks = pd.DataFrame(
        {"image": names, "height": 30, "width": 30, "classes": [png(s) for s in segmented]}
    )
    both = with_masks(found, masks.sample(frac=1, random_state=0), images)
    pd.testing.assert_frame_equal(
        both.importances[list(found.importances)], found.importances, check_exact=True
    )
    dogs = (found.boxes["class"] == "Dog").to_numpy()
    more = both.importances[["mask", *MASK_SCORES]]
    assert more[~dogs].isna().all(axis=None) and dogs.any() and not dogs.all()
    assert more.loc[dogs, "mask"].between(0, 1).all()
    for row in np.flatnonzero(dogs):
        box = found.boxes.iloc[row]
        where = list(names).index(box["image"])
        inside = pixel_boxes(box[["x0", "y0", "x1", "y1"]].to_numpy(float) / 2, (30, 30))
        mask = object_masks(segmented[where], inside, np.array([DOG]))
        score = MASK_SCORES["mask_share"](map_array(found.maps.iloc[where]), mask)
        assert more.loc[row, "mask_share"] == pytest.approx(score[0], nan_ok=True)
    none = with_masks(tiny_attention(images=2, boxes=0), masks, images)
    assert list(none.importances)[-5:] == ["mask", *MASK_SCORES] and none.importances.empty


class Halves:
    def segment(self, image):
        classes = np.zeros((image.height, image.width), np.uint8)
        classes[:, image.width // 2 :] = PERSON
        return classes


class Corpus:
    def read(self, image):
        return Image.new("RGB", (8, int(image)))


def test_what_is_stored_is_what_was_segmented():
    table = segment(Halves(), Corpus(), ["3", "5"])
    assert table[["image", "height", "width"]].to_numpy().tolist() == [["3", 3, 8], ["5", 5, 8]]
    back = cv2.imdecode(np.frombuffer(table.loc[1, "classes"], np.uint8), cv2.IMREAD_GRAYSCALE)
    np.testing.assert_array_equal(back, Halves().segment(Image.new("RGB", (8, 5))))


def test_masks_are_computed_once_for_an_image_and_a_segmenter(tmp_path, monkeypatch):
    from tiny_studies import scene_study

    from emocam_utils import Analysis

    weights = tmp_path / "weights.tflite"
    weights.write_bytes(b"1")
    calls = []

    class Counted(Halves):
        def segment(self, image):
            calls.append(image.size)
            return super().segment(image)

    monkeypatch.setattr(module, "build_deeplab", lambda path: Counted())
    analysis = Analysis(scene_study(tmp_path, 3))
    first = module.masks_of(analysis, weights)
    assert first["image"].tolist() == analysis.ids and len(calls) == 3
    pd.testing.assert_frame_equal(module.masks_of(analysis, weights), first)
    assert len(calls) == 3
    weights.write_bytes(b"2")
    module.masks_of(analysis, weights)
    assert len(calls) == 6
