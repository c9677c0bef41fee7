"""YOLOX: boxes are where the cells say, wrong files are named, the real network finds things."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from real_files import real, unpacked
from tiny_onnx import write_yolox, write_yunet

from emocam_utils import contracts
from emocam_utils.detectors import DETECTORS, yolox
from emocam_utils.detectors.joined import Joined
from emocam_utils.detectors.lightnet_yolo import OPENIMAGES_NAMES, read_names
from emocam_utils.detectors.yolox import Yolox, build_yolox, cells, coco_classes, letterboxed
from emocam_utils.networks.weight_files import WeightsError
from emocam_utils.pipeline.keys import recipe
from emocam_utils.study import ModelSpec


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return write_yolox(tmp_path_factory.mktemp("yolox") / "tiny.onnx")


def picture(size, *patches):
    """Black, with patches of one colour: x0, y0, x1, y1, (red, green, blue)."""
    canvas = Image.new("RGB", size)
    for x0, y0, x1, y1, colour in patches:
        canvas.paste(colour, (x0, y0, x1, y1))
    return canvas


def corners(table):
    return table[["x0", "y0", "x1", "y1"]].to_numpy().tolist()


def test_boxes_are_the_cells_that_are_red_or_blue(network):
    image = picture((416, 200), (80, 40, 88, 48, (255, 0, 0)), (160, 96, 168, 104, (0, 0, 200)))
    (found,) = build_yolox(network, confidence=0.5).detect([image], ["a"])
    assert found["class"].tolist() == ["Person", "Dog"]
    np.testing.assert_allclose(found["confidence"], [1, 200 / 255], atol=1e-3)
    assert corners(found) == [[80, 40, 88, 48], [160, 96, 168, 104]]


def test_boxes_are_in_pixels_of_the_image_and_never_of_the_border(network):
    image = picture((400, 832), (160, 16, 176, 32, (255, 0, 0)))
    (found,) = build_yolox(network, confidence=0.5).detect([image], ["a"])
    assert corners(found) == [[160, 16, 176, 32]]
    # the border is grey, red as much as 114: beyond the image at its right
    (found,) = build_yolox(network, confidence=0.4).detect([image], ["a"])
    assert (found["x1"] <= 400).all()


def test_letterbox_upper_left_grey_blue_first():
    pixels, scale = letterboxed(Image.new("RGB", (1040, 832), (10, 20, 30)))
    assert scale == 0.4 and pixels.shape == (416, 416, 3)
    inside = np.zeros((416, 416), bool)
    inside[:332] = True  # 332.8 rows, rounded down as the authors do
    assert (pixels[inside] == (30, 20, 10)).all() and (pixels[~inside] == 114).all()


def test_decoding_is_the_definition_written_slowly():
    rng = np.random.default_rng(0)
    output = rng.normal(size=(len(cells()[0]), 7)).astype(np.float32)
    boxes, scores = yolox.decoded(output)
    row = 0
    for stride in (8, 16, 32):
        for y in range(416 // stride):
            for x in range(416 // stride):
                dx, dy, w, h, sure, *kinds = output[row]
                cx, cy, w, h = (x + dx) * stride, (y + dy) * stride, *np.exp((w, h)) * stride
                expected = [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]
                np.testing.assert_allclose(boxes[row], expected, rtol=1e-4, atol=1e-3)
                np.testing.assert_allclose(scores[row], np.multiply(sure, kinds), rtol=1e-5)
                row += 1
    assert row == len(output)


class Said:
    """A network that says what it is told: centre, size (pixels), a probability for each class."""

    def __init__(self, *rows):
        place, stride = cells()
        self.output = np.zeros((1, len(place), 7), np.float32)
        for k, (x, y, w, h, *kinds) in enumerate(rows):
            self.output[0, k, :2] = (x, y) / stride[k] - place[k]
            self.output[0, k, 2:4] = np.log((w, h) / stride[k])
            self.output[0, k, 4:] = 1, *kinds

    def setInput(self, pixels):
        assert pixels.shape == (1, 3, 416, 416) and pixels.dtype == np.float32

    def forward(self):
        return self.output


def test_suppressed_is_what_overlaps_a_surer_box_of_its_class():
    rows = [
        (100, 100, 50, 50, 0.9, 0.1),
        (105, 100, 50, 50, 0.8, 0.1),  # overlaps the first by 45 of 55
        (105, 100, 50, 50, 0.1, 0.7),  # the same of the other class
        (125, 100, 50, 50, 0.6, 0.1),  # by 25 of 75
        (300, 100, 50, 50, 0.2, 0.1),  # not sure
    ]
    image = Image.new("RGB", (416, 416))
    (found,) = Yolox(Said(*rows), ("A", "B"), 0.3, 0.65).detect([image])
    np.testing.assert_allclose(found["confidence"], [0.9, 0.7, 0.6])
    assert found["class"].tolist() == ["A", "B", "A"]
    (found,) = Yolox(Said(*rows), ("A", "B"), 0.3, 1.0).detect([image])
    assert len(found) == 4
    (found,) = Yolox(Said(*rows), ("A", "B"), 0.3, 0.3).detect([image])
    assert found["confidence"].round(1).tolist() == pytest.approx([0.9, 0.7])


def test_classes_are_those_of_open_images_where_it_has_them():
    names = coco_classes()
    assert len(names) == len(set(names)) == 80
    assert set(names) - set(read_names(OPENIMAGES_NAMES)) == {"Cup"}
    assert names[0] == "Person" and names[16] == "Dog" and names[79] == "Toothbrush"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"confidence": 1.0}, "confidence is 1.0, allowed are 0 to below 1"),
        ({"iou": 0}, "iou is 0, allowed are above 0 to 1"),
    ],
)
def test_wrong_options(network, options, message):
    with pytest.raises(ValueError, match=message):
        build_yolox(network, **options)


def test_a_wrong_file_says_so_and_opencv_stays_silent(tmp_path, network, capfd):
    whole, half, page = network.read_bytes(), tmp_path / "half.onnx", tmp_path / "page.onnx"
    half.write_bytes(whole[: len(whole) // 2])
    page.write_text("<!doctype html>")
    (tmp_path / "void.onnx").write_bytes(b"")
    for path in (half, page, tmp_path / "void.onnx"):
        with pytest.raises(WeightsError, match=r"not the network YOLOX as ONNX.*make data"):
            build_yolox(path)
    with pytest.raises(FileNotFoundError, match=r"no network YOLOX at .*none.onnx; `make data"):
        build_yolox(tmp_path / "none.onnx")
    with pytest.raises(WeightsError, match=r"another network than YOLOX.*\(1, 3549, 85\), got"):
        build_yolox(write_yolox(tmp_path / "few.onnx", classes=20))
    with pytest.raises(WeightsError, match="YOLOX"):
        build_yolox(write_yunet(tmp_path / "yunet.onnx"))
    assert capfd.readouterr().err == ""


# objects and faces


@pytest.fixture
def both(tmp_path):
    write_yunet(tmp_path / "face_detection_yunet_2023mar.onnx")
    return write_yolox(tmp_path / "yolox_nano.onnx")


def test_joined_finds_what_each_finds(both):
    image = picture((416, 416), (80, 40, 88, 48, (255, 0, 0)), (8, 8, 16, 16, (255, 255, 255)))
    joined = DETECTORS["yolox+yunet"](both, confidence=0.5)
    assert joined.classes == (*coco_classes(), "Human face")
    (found,) = joined.detect([image], ["a"])
    faces = found["class"] == "Human face"
    assert corners(found[faces]) == [[8, 8, 16, 16]]
    (objects,) = DETECTORS["yolox"](both, confidence=0.5).detect([image], ["a"])
    pd.testing.assert_frame_equal(found[~faces].reset_index(drop=True), objects)
    with pytest.raises(ValueError, match="both find Human face"):
        Joined((joined, DETECTORS["yunet"](both.with_name("face_detection_yunet_2023mar.onnx"))))


def test_what_is_stored_follows_both_files(both):
    def key():
        spec = ModelSpec(name="yolox+yunet", weights=both)
        return recipe("boxes", detector=[spec, *DETECTORS[spec.name].reads(both)]).key

    before = key()
    assert key() == before
    faces = both.with_name("face_detection_yunet_2023mar.onnx")
    faces.write_bytes(faces.read_bytes() + b" ")
    assert key() != before


def test_faces_are_missed_by_name(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no network YuNet at .*face_detection_yunet"):
        DETECTORS["yolox+yunet"](write_yolox(tmp_path / "yolox_nano.onnx"))


# the real networks


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("yolox", "yolox_nano.onnx"),
        ("yunet", "face_detection_yunet_2023mar.onnx"),
        ("yolox+yunet", "yolox_nano.onnx"),
    ],
)
def test_the_real_network_keeps_every_promise(name, file):
    detector = DETECTORS[name](real("networks", file))
    assert [problem for _, problem in contracts.tried("detector", detector) if problem] == []


def test_the_real_network_finds_what_people_marked(tmp_path):
    """Recall at IoU 0.5 of large objects (over a tenth of the photo) in 12 COCO photos."""
    detector = build_yolox(real("networks", "yolox_nano.onnx"), confidence=0.1)
    folder, classes, found, wanted = unpacked("coco_train128.tar", tmp_path), coco_classes(), 0, 0
    photos = sorted((folder / "images" / "train2017").glob("*.jpg"))[:12]
    for photo in photos:
        marks = folder / "object_detection/labels/train2017" / f"{photo.stem}.txt"
        image = Image.open(photo).convert("RGB")
        (boxes,) = detector.detect([image], [photo.name])
        for line in marks.read_text().splitlines() if marks.exists() else []:
            kind, x, y, w, h = map(float, line.split())
            if w * h < 0.1:
                continue
            wanted += 1
            mark = np.array([x - w / 2, y - h / 2, x + w / 2, y + h / 2]) * (image.size * 2)
            own = boxes.loc[boxes["class"] == classes[int(kind)], ["x0", "y0", "x1", "y1"]]
            low, high = np.maximum(own.to_numpy(), mark), np.minimum(own.to_numpy(), mark)
            shared = np.prod((high[:, 2:] - low[:, :2]).clip(0), axis=1)
            areas = [np.prod(b[..., 2:] - b[..., :2], axis=-1) for b in (own.to_numpy(), mark)]
            found += bool((shared / (areas[0] + areas[1] - shared) > 0.5).any())
    assert wanted >= 8 and found / wanted > 0.6


def test_threads_with_a_network_each_find_the_same():
    weights = real("networks", "yolox_nano.onnx")
    images = contracts.pictures(*[(300, 200 + k) for k in range(6)])

    def work(image):
        return build_yolox(weights, confidence=1e-4).detect([image], ["a"])[0]

    alone = [work(image) for image in images]
    with ThreadPoolExecutor(4) as pool:
        for one, two in zip(alone, pool.map(work, images), strict=True):
            assert len(one)
            pd.testing.assert_frame_equal(one, two, check_exact=True)
