"""Faces are found where they are, cut out square, and nothing of a folder is lost."""

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from tiny_faces import FACE, astronaut, blocks

from emocam_utils.corpora.face_finding import NoFace, crop_face, cut_face, find_faces, square
from emocam_utils.corpora.faces import ExampleFaces, Faces, open_faces
from emocam_utils.corpora.fer2013 import Fer2013Error
from emocam_utils.corpora.images import UnreadableImage
from emocam_utils.corpora.morph import EMOTIONS, draw_face, eased, expression, morph_faces
from emocam_utils.pipeline.manifest import manifest
from emocam_utils.registry import UnknownName

pytestmark = pytest.mark.usefixtures("without_yunet")


def overlap(a, b):
    """Intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    areas = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (a, b)]
    return shared / (sum(areas) - shared)


def two_faces():
    """The astronaut at the left, half as large at the right; 768 x 512 pixels."""
    canvas = Image.new("RGB", (768, 512), (90, 90, 90))
    canvas.paste(astronaut(), (0, 0))
    canvas.paste(astronaut().resize((256, 256)), (512, 0))
    return canvas


def test_the_largest_face_comes_first_in_pixels_of_the_image():
    boxes = find_faces(two_faces(), smallest=0.05).boxes
    small = np.array(FACE) / 2 + (512, 0, 512, 0)
    assert overlap(boxes[0], FACE) > 0.7  # the picture was searched at 640 pixels, not at 768
    assert max(overlap(box, small) for box in boxes[1:]) > 0.6
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    assert (np.diff(areas) <= 0).all()
    np.testing.assert_array_equal(boxes, find_faces(two_faces(), smallest=0.05).boxes)


def test_the_smallest_face_is_relative_to_the_image():
    assert len(find_faces(astronaut(), smallest=0.15).boxes)
    assert not len(find_faces(astronaut(), smallest=0.25).boxes)  # the face has 0.19 of the side
    with pytest.raises(ValueError, match=r"smallest=0 must lie in \(0, 1\]"):
        find_faces(astronaut(), smallest=0)


@pytest.mark.parametrize("size", [(1, 1), (3, 300), (40, 40)])
def test_a_tiny_or_empty_picture_has_no_face(size):
    assert find_faces(Image.new("L", size, 128)).boxes.shape == (0, 4)


def test_no_face_says_which_image_and_what_to_do():
    with pytest.raises(NoFace, match=r"no face found in wall.png \(50 x 40 .* detect=False"):
        cut_face(Image.new("RGB", (50, 40)), "wall.png")


def test_square_hand_computed():
    assert square(np.array([10, 20, 30, 60]), margin=0.1).tolist() == [-4, 16, 44, 64]
    assert square(np.array([0, 0, 10, 10]), margin=0).tolist() == [0, 0, 10, 10]
    with pytest.raises(ValueError, match="is empty: x0 < x1"):
        square(np.array([5, 0, 5, 9]))
    with pytest.raises(ValueError, match="leaves nothing of the face"):
        square(np.array([0, 0, 5, 9]), margin=-0.5)


def test_a_crop_is_those_pixels_and_repeats_the_border_beyond():
    picture = Image.fromarray(np.arange(20, dtype=np.uint8).reshape(4, 5)).convert("RGB")
    inside = np.asarray(crop_face(picture, np.array([1, 1, 3, 3]), margin=0))[..., 0]
    assert inside.tolist() == [[6, 7], [11, 12]]
    beyond = np.asarray(crop_face(picture, np.array([3, 2, 6, 5]), margin=0))[..., 0]
    assert beyond.tolist() == [[13, 14, 14], [18, 19, 19], [18, 19, 19]]
    with pytest.raises(ValueError, match=r"lies outside the image of 5 x 4 pixels"):
        crop_face(picture, np.array([7, 0, 9, 2]), margin=0)


@pytest.fixture
def photographs(tmp_path):
    (tmp_path / "people").mkdir()
    astronaut().save(tmp_path / "people" / "a ü.png")
    Image.new("RGB", (60, 60), (200, 0, 0)).save(tmp_path / "wall.png")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    return tmp_path


def test_a_folder_gives_its_faces_and_says_what_was_left_out(photographs, tmp_path):
    found = manifest(open_faces(photographs), tmp_path / "results").set_index("image")
    reasons = found.loc[found["reason"] != "", "reason"]
    assert set(reasons.index) == {"broken.jpg", "wall.png"}
    assert "not an image" in reasons["broken.jpg"]
    assert "no face found in wall.png" in reasons["wall.png"]
    faces, face = open_faces(photographs), "people/a ü.png"
    assert faces.size(face) == faces.read(face).size == tuple(found.loc[face, ["width", "height"]])
    assert faces.read(face).tobytes() == cut_face(astronaut()).tobytes()
    with pytest.raises(UnreadableImage, match="no face found"):
        faces.read("wall.png")


def test_cropped_faces_are_taken_as_they_are(photographs, tmp_path):
    crops = open_faces(photographs, detect=False)
    found = manifest(crops, tmp_path / "results")
    assert found.loc[found["reason"] == "", "image"].tolist() == ["people/a ü.png", "wall.png"]
    assert crops.read("wall.png").size == (60, 60)
    other = open_faces(photographs)
    assert crops.digest("wall.png") != other.digest("wall.png")
    assert crops.stamp("wall.png") != other.stamp("wall.png")
    assert crops.decoder is not other.decoder


def test_what_is_known_of_a_face_follows_its_file_and_its_frame(photographs):
    faces, face = open_faces(photographs), "people/a ü.png"
    before = faces.digest(face), faces.stamp(face)
    again = open_faces(photographs)
    assert (again.digest(face), again.stamp(face)) == before
    wide = Faces(faces.source, margin=0.3)
    assert wide.digest(face) != before[0] and wide.stamp(face) != before[1]
    astronaut().resize((400, 400)).save(photographs / face)
    again = open_faces(photographs)
    assert again.digest(face) != before[0] and again.stamp(face) != before[1]


def test_fer2013_by_split_with_its_labels(tmp_path):
    blocks(tmp_path, {"test/PublicTest_1_fear.png": 1, "train/Training_2_happiness.png": 2})
    blocks(tmp_path, {"test/PublicTest_3_happy.png": 3, "holiday.png": 4})
    faces = open_faces(tmp_path, split="test")
    assert faces.ids == ["test/PublicTest_1_fear.png", "test/PublicTest_3_happy.png"]
    assert [faces.emotion(face) for face in faces.ids] == ["fear", "happiness"]
    assert open_faces(tmp_path, split="test", limit=1).ids == faces.ids[:1]
    assert open_faces(tmp_path, detect=False).emotion("test/PublicTest_1_fear.png") == ""
    with pytest.raises(ValueError, match="there are train, validation, test"):
        open_faces(tmp_path, split="private")
    with pytest.raises(Fer2013Error, match="no train image of FER2013"):
        open_faces(tmp_path / "test", split="train")


def test_the_examples_need_no_folder():
    faces = open_faces()
    assert {faces.group(face) for face in faces.ids} >= {"photograph", "EmoScenes (drawn)"}
    assert faces.emotion("drawn/fear-1") == "fear"
    assert faces.emotion("lfw/008") == faces.emotion("astronaut") == ""
    assert faces.read("lfw/008").size == (25, 25)
    with pytest.raises(UnreadableImage, match="no example face 'lfw/150'"):  # not a face
        ExampleFaces().read("lfw/150")


def test_a_morph_moves_the_expression_alone_and_rests_at_both_ends():
    frames = morph_faces("neutral", "joy", frames=9, seed=3, size=48)
    assert frames[0].tobytes() == draw_face(expression("neutral"), 3, 48).tobytes()
    assert frames[-1].tobytes() == draw_face(expression("happiness"), 3, 48).tobytes()
    arrays = [np.asarray(frame, dtype=int) for frame in frames]
    steps = [np.abs(b - a).mean() for a, b in pairwise(arrays)]
    assert min(steps) > 0
    assert steps[0] < steps[3] and steps[-1] < steps[4]
    assert np.abs(np.diff(arrays, axis=0))[:, 44:, :4].max() == 0  # the ground stays
    assert [eased(t) for t in (0, 0.5, 1)] == pytest.approx([0, 0.5, 1])


def test_what_cannot_be_morphed():
    with pytest.raises(UnknownName, match=r"no drawn emotion named 'hapiness'.*'happiness'"):
        morph_faces("neutral", "hapiness")
    with pytest.raises(ValueError, match="needs 2 frames or more"):
        morph_faces(frames=1)
    assert len({draw_face(expression(emotion)).tobytes() for emotion in EMOTIONS}) == 7
