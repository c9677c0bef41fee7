"""YuNet: boxes, points and scores in pixels of the image, and the real network finds faces."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from real_files import real
from tiny_faces import FACE, astronaut
from tiny_onnx import POINTS, write_yolox, write_yunet

from emocam_utils.corpora import face_finding
from emocam_utils.corpora.face_finding import (
    NoFace,
    cut_face,
    cut_faces,
    face_points,
    find_faces,
    finder,
    finder_in_words,
    finder_stamp,
    square,
)
from emocam_utils.corpora.faces import ExampleFaces, Faces
from emocam_utils.corpora.folder import Folder
from emocam_utils.detectors.yunet import build_yunet
from emocam_utils.networks.weight_files import WeightsError


def with_faces(size, *boxes, level=255):
    """Black, with bright boxes."""
    canvas = Image.new("RGB", size)
    for box in boxes:
        canvas.paste((level,) * 3, box)
    return canvas


@pytest.mark.parametrize("size", [(64, 48), (100, 70), (640, 480)])
def test_a_face_is_the_cell_that_is_bright(tmp_path, size):
    found = build_yunet(write_yunet(tmp_path / "f.onnx")).find(with_faces(size, (8, 16, 16, 24)))
    np.testing.assert_allclose(found.boxes, [[8, 16, 16, 24]], atol=1e-3)
    np.testing.assert_allclose(found.scores, [1], atol=1e-5)
    expected = np.array([[8, 16]]) + 8 * np.array(POINTS)
    np.testing.assert_allclose(found.points, expected[None], atol=1e-3)


def test_a_large_image_is_searched_smaller_and_answers_in_its_own_pixels(tmp_path):
    network = build_yunet(write_yunet(tmp_path / "f.onnx"))
    found = network.find(with_faces((1280, 960), (16, 32, 32, 48)))
    np.testing.assert_allclose(found.boxes, [[16, 32, 32, 48]], atol=1e-3)
    np.testing.assert_allclose(found.points[0, 2], [24, 40], atol=1e-3)
    # 1281 x 17 pixels become 640 x 8: each side has its own scale
    found = network.find(Image.new("RGB", (1281, 17), (255, 255, 255)))
    assert len(found.boxes) == 80
    np.testing.assert_allclose(found.boxes[:, 3], 17, atol=1e-3)
    assert found.boxes[:, 2].max() == pytest.approx(1281, abs=1e-2)


def test_only_what_is_sure_is_a_face(tmp_path):
    path, image = write_yunet(tmp_path / "f.onnx"), with_faces((64, 64), (8, 8, 16, 16), level=180)
    assert len(build_yunet(path).find(image).boxes) == 0  # the root of 180 / 255 is .84
    assert build_yunet(path, confidence=0.8).find(image).scores == pytest.approx([0.84], abs=0.01)
    with pytest.raises(ValueError, match="confidence is 1, allowed are 0 to below 1"):
        build_yunet(path, confidence=1)


def test_points_of_a_face_that_fills_an_image(tmp_path):
    """20 pixels become 320, of which the upper left cells of 8 are bright."""
    network = build_yunet(write_yunet(tmp_path / "f.onnx"))
    points = network.points(with_faces((20, 20), (0, 0, 20, 20)))
    assert (points >= 0).all() and (points <= 20).all()
    assert network.points(with_faces((20, 20), (0, 0, 20, 20), level=100)).shape == (5, 2)
    assert np.isnan(network.points(Image.new("RGB", (20, 20)))).all()
    dim = with_faces((64, 64), (8, 8, 16, 16), level=180)  # found where a face is known to be only
    assert len(network.find(dim).boxes) == 0


def test_as_a_detector_boxes_are_tidy(tmp_path):
    network = build_yunet(write_yunet(tmp_path / "f.onnx"))
    (table,) = network.detect([with_faces((62, 62), (56, 56, 62, 62))], ["a"])
    assert table.empty  # 36 of 64 pixels are bright
    (table,) = build_yunet(tmp_path / "f.onnx", confidence=0.5).detect(
        [with_faces((62, 62), (56, 56, 62, 62))], ["a"]
    )
    assert table["class"].tolist() == ["Human face"]
    assert table[["x0", "y0", "x1", "y1"]].to_numpy().tolist() == [[56, 56, 62, 62]]


def test_a_wrong_file_says_so(tmp_path, capfd):
    (tmp_path / "half.onnx").write_bytes(write_yunet(tmp_path / "f.onnx").read_bytes()[:5000])
    for path in (tmp_path / "half.onnx", write_yolox(tmp_path / "yolox.onnx")):
        with pytest.raises(WeightsError, match=r"not the network YuNet as ONNX.*make data"):
            build_yunet(path)
    with pytest.raises(FileNotFoundError, match="no network YuNet at"):
        build_yunet(tmp_path / "none.onnx")
    assert capfd.readouterr().err == ""


# in place of the cascade


def test_faces_are_found_by_it_where_its_file_is(tiny_yunet):
    assert finder() == ("yunet", tiny_yunet) and "found by YuNet" in finder_in_words()
    image = with_faces((80, 64), (8, 8, 16, 16), (40, 24, 48, 32))
    found = find_faces(image)
    assert found.boxes.tolist() == [[8, 8, 16, 16], [40, 24, 48, 32]]
    assert found.boxes.dtype == np.int64 and found.points.shape == (2, 5, 2)
    assert not len(find_faces(image, smallest=0.2).boxes)  # 8 of 64 pixels
    np.testing.assert_array_equal(np.asarray(cut_face(image, margin=0)), 255)
    with pytest.raises(NoFace, match=r"no face found in wall.png.*turned by up to some 30 degrees"):
        cut_face(Image.new("RGB", (64, 64)), "wall.png")
    assert find_faces(Image.new("L", (1, 1), 0)).boxes.shape == (0, 4)


def test_without_it_the_cascade_says_what_is_missing(without_yunet):
    assert finder()[0] == "opencv-haar" and "make data" in finder_in_words()
    found = find_faces(astronaut())
    assert len(found.boxes) and np.isnan(found.scores).all() and np.isnan(found.points).all()


def test_what_is_known_of_a_face_follows_what_looked_for_it(tiny_yunet, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    with_faces((64, 64), (8, 8, 16, 16)).save(folder / "a.png")

    def known():
        faces = Faces(Folder(folder))
        return faces.stamp("a.png"), faces.digest("a.png")

    before, stamp = known(), finder_stamp()
    assert known() == before
    tiny_yunet.write_bytes(tiny_yunet.read_bytes() + b" ")
    assert finder_stamp() != stamp and not set(known()) & set(before)
    other = known()
    tiny_yunet.unlink()
    assert not set(known()) & {*before, *other}


def test_the_examples_are_the_same_with_it_as_without(monkeypatch, tiny_yunet, tmp_path):
    ours = ExampleFaces().read("astronaut")
    monkeypatch.setattr(face_finding, "YUNET", tmp_path / "none.onnx")
    assert ours.tobytes() == ExampleFaces().read("astronaut").tobytes()


# the real network


@pytest.fixture
def the_real(monkeypatch):
    monkeypatch.setattr(
        face_finding, "YUNET", real("networks", "face_detection_yunet_2023mar.onnx")
    )


@pytest.mark.parametrize("degrees", [0, 25, -25])
def test_it_finds_a_face_and_its_points_also_turned(the_real, degrees):
    middle = ((FACE[0] + FACE[2]) / 2, (FACE[1] + FACE[3]) / 2)
    image = astronaut().rotate(degrees, center=middle, resample=Image.BICUBIC)
    found, (crop,) = cut_faces(image)
    assert found.scores[0] > 0.9
    x0, y0, x1, y1 = found.boxes[0]
    assert x0 < middle[0] < x1 and y0 < middle[1] < y1 and 0.7 < (y1 - y0) / 97 < 1.6
    points = found.points[0]
    np.testing.assert_allclose(points, face_points(crop) + square(found.boxes[0])[:2], atol=1e-3)
    left, right, nose, *mouth = points
    tilt = np.degrees(np.arctan2(left[1] - right[1], right[0] - left[0]))
    assert tilt == pytest.approx(degrees - 3, abs=13)  # she holds her head at -3 degrees
    if not degrees:
        assert left[0] < nose[0] < right[0] and max(left[1], right[1]) < nose[1] < mouth[0][1]


def test_two_faces_are_two(the_real):
    canvas = Image.new("RGB", (768, 512), (90, 90, 90))
    canvas.paste(astronaut(), (0, 0))
    canvas.paste(astronaut().resize((256, 256)), (512, 0))
    boxes = find_faces(canvas, smallest=0.05).boxes
    assert len(boxes) == 2
    np.testing.assert_allclose(boxes[1], boxes[0] / 2 + (512, 0, 512, 0), atol=6)


def test_threads_find_the_same(the_real):
    images = [astronaut().resize((side, side)) for side in (300, 400, 512, 350)] * 2
    alone = [find_faces(image) for image in images]
    with ThreadPoolExecutor(4) as pool:
        for one, two in zip(alone, pool.map(find_faces, images), strict=True):
            for ours, theirs in zip(one, two, strict=True):
                np.testing.assert_array_equal(ours, theirs)
