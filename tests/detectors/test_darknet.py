"""YOLOv3 in darknet's format: lightnet against OpenCV's importer, and files that are not it."""

import os
import shutil

import cv2
import lightnet as ln
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn

from emocam_utils.detectors import DETECTORS
from emocam_utils.detectors.lightnet_yolo import OPENIMAGES_NAMES, read_names
from emocam_utils.detectors.weights import yolov3_bytes
from emocam_utils.networks.weight_files import WeightsError

SIZE = 96
BYTES = 259_229_388
ANCHORS = "10,13, 16,30, 33,23, 30,61, 62,45, 59,119, 116,90, 156,198, 373,326"
HEADS = ["conv_81", "conv_93", "conv_105"]
YOLO = ["yolo_82", "yolo_94", "yolo_106"]
build = DETECTORS["lightnet-yolo"]


def yolov3_cfg(classes: int) -> str:
    """YOLOv3 (arXiv 1804.02767) as darknet configures it, layer by layer from the paper."""
    lines = [f"[net]\nwidth={SIZE}\nheight={SIZE}\nchannels=3"]

    def conv(filters, size, stride=1):
        lines.append(
            f"[convolutional]\nbatch_normalize=1\nfilters={filters}\nsize={size}\n"
            f"stride={stride}\npad=1\nactivation=leaky"
        )

    conv(32, 3)
    for filters, blocks in ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4)):
        conv(filters, 3, stride=2)
        for _ in range(blocks):
            conv(filters // 2, 1)
            conv(filters, 3)
            lines.append("[shortcut]\nfrom=-3\nactivation=linear")
    for scale, (filters, skip) in enumerate(((512, None), (256, 61), (128, 36))):
        if skip:
            lines.append("[route]\nlayers=-4")
            conv(filters, 1)
            lines.append(f"[upsample]\nstride=2\n[route]\nlayers=-1,{skip}")
        for _ in range(3):
            conv(filters, 1)
            conv(filters * 2, 3)
        mask = ("6,7,8", "3,4,5", "0,1,2")[scale]
        lines.append(
            f"[convolutional]\nfilters={3 * (5 + classes)}\nsize=1\nstride=1\npad=1\n"
            f"activation=linear\n[yolo]\nmask={mask}\n"
            f"anchors={ANCHORS}\nclasses={classes}\nnum=9\nthresh=0.0001"
        )
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """A random YOLOv3 for 601 classes in darknet's format, kept tame by small scales."""
    torch.manual_seed(0)
    network = ln.models.YoloV3(601)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.weight.data.uniform_(0.4, 0.8)
            layer.bias.data.uniform_(-0.2, 0.2)
            layer.running_mean.uniform_(-0.2, 0.2)
            layer.running_var.uniform_(0.5, 1.5)
    for head in network.head.values():
        head[1].bias.data.uniform_(-3, 0)
    path = tmp_path_factory.mktemp("darknet") / "yolov3-openimages.weights"
    network.save(str(path))
    yield path
    path.unlink()


@pytest.fixture(scope="session")
def opencv(weights, tmp_path_factory):
    cfg = tmp_path_factory.mktemp("cfg") / "yolov3.cfg"
    cfg.write_text(yolov3_cfg(601))
    return cv2.dnn.readNetFromDarknet(str(cfg), str(weights))


@pytest.fixture(scope="session")
def image():
    pixels = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.fixture(scope="session")
def detector(weights):
    return build(
        weights, input_size=(SIZE, SIZE), device="cpu", class_scores="logistic",
        confidence=0.3, iou=0.45,
    )  # fmt: skip


def test_raw_outputs_equal_opencvs(detector, opencv, image):
    batch = detector.preprocess(image)[None]
    ours = [output.numpy() for output in detector.network(batch)]
    opencv.setInput(batch.numpy())
    for output, theirs in zip(ours, opencv.forward(HEADS), strict=True):
        assert output.shape == theirs.shape
        assert 0.1 < np.abs(output).max() < 1e4, "the comparison needs sane activations"
        assert np.abs(output - theirs).max() < 1e-3 * np.abs(theirs).max()


def test_logistic_boxes_equal_opencvs(detector, opencv, image):
    opencv.setInput(detector.preprocess(image)[None].numpy())
    rows = np.concatenate([scale.reshape(-1, 606) for scale in opencv.forward(YOLO)])
    expected = []
    for number, name in enumerate(detector.classes):
        score = rows[:, 5 + number]  # OpenCV has multiplied by the objectness
        corners = np.hstack((rows[:, :2] - rows[:, 2:4] / 2, rows[:, 2:4])) * SIZE
        kept = cv2.dnn.NMSBoxes(corners.tolist(), score.tolist(), detector.confidence, detector.iou)
        for index in np.asarray(kept, dtype=int).ravel():
            x, y, width, height = corners[index]
            box = np.clip([x, y, x + width, y + height], 0, SIZE)
            if box[2] > box[0] and box[3] > box[1]:
                expected.append((name, score[index], *box))
    got = detector.detect([image])[0]
    assert len(got) > 20, "the comparison needs boxes"
    expected.sort(key=lambda row: (row[0], -row[1]))
    got = got.sort_values(["class", "confidence"], ascending=[True, False])
    assert got["class"].tolist() == [row[0] for row in expected]
    np.testing.assert_allclose(got["confidence"], [row[1] for row in expected], atol=2e-3)
    np.testing.assert_allclose(got.iloc[:, 2:], [row[2:] for row in expected], atol=0.1)


def test_defaults_are_the_papers(weights):
    detector = build(weights, device="cpu")
    assert detector.input_size == (608, 608)
    assert (detector.confidence, detector.iou, detector.fill) == (0.005, 0.005, 0.0)
    assert detector.class_scores == "softmax"
    assert detector.classes[:2] == ("Tortoise", "Container")
    assert len(set(detector.classes)) == 601
    assert weights.stat().st_size == BYTES


def file_of(path, start: bytes, length: int):
    """A file that takes no room on the disk however long it says it is."""
    path.write_bytes(start)
    os.truncate(path, length)
    return path


HEADER = np.array([0, 2, 0, 0, 0], dtype="<i4").tobytes()
NAN = HEADER + np.float32([0, np.nan, np.inf]).tobytes()
NEGATIVE = HEADER + np.full(200, -1, "<f4").tobytes()
WRONG = {
    "a web page": (b"<!DOCTYPE html><html>", 21, r"exactly 259,229,388 bytes, got 21, a web page"),
    "truncated": (HEADER, BYTES - 4, r"got 259,229,384, cut short or .*openimages\.weights"),
    "empty": (b"", 0, "got 0, an empty file"),
    "COCO's": (HEADER, 248_007_048, r"not YOLOv3 for 601 classes.*got 248,007,048"),
    "a page of that size": (
        b"\n<html>",
        BYTES,
        r"version .*expected \(0, 2, 0\) or later, a web page",
    ),
    "a 32-bit counter": (np.int32([0, 1, 0, 0, 0]).tobytes(), BYTES, r"version \(0, 1, 0\), exp"),
    "NaN": (NAN, BYTES, "2 of 64,807,342 weights are NaN or infinite"),
    "another order": (NEGATIVE, BYTES, "negative variances"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_files_are_refused(name, tmp_path):
    start, length, message = WRONG[name]
    path = file_of(tmp_path / "yolov3.weights", start, length)
    with pytest.raises(WeightsError, match=f"(?s){message}") as error:
        build(path, device="cpu")
    assert "yolov3.weights" in str(error.value)


@pytest.mark.parametrize("version", [(0, 2, 5), (1, 0, 0), (0, 3, 0)])
def test_every_version_with_a_64_bit_counter_is_read(version, weights, detector, image, tmp_path):
    path = tmp_path / "newer.weights"
    shutil.copyfile(weights, path)
    with path.open("r+b") as file:
        file.write(np.array(version, "<i4").tobytes())
    options = {"input_size": (SIZE, SIZE), "device": "cpu", "class_scores": "logistic"}
    newer = build(path, confidence=0.3, iou=0.45, **options)
    path.unlink()
    pd.testing.assert_frame_equal(newer.detect([image])[0], detector.detect([image])[0])


def test_the_length_belongs_to_the_number_of_classes(tmp_path):
    """80 classes: the length of pjreddie.com's yolov3.weights."""
    with torch.device("meta"):
        assert yolov3_bytes(ln.models.YoloV3(80)) == 248_007_048
        assert yolov3_bytes(ln.models.YoloV3(601)) == BYTES
    names = tmp_path / "two.names"
    names.write_text("cat\ndog\n\n")
    with pytest.raises(WeightsError, match="for 2 classes"):
        build(file_of(tmp_path / "a.weights", HEADER, BYTES), names=names)


def test_names(tmp_path):
    assert len(read_names(OPENIMAGES_NAMES)) == 601
    path = tmp_path / "a.names"
    path.write_text("cat\r\nbig dog\r\n", encoding="utf-8")
    assert read_names(path) == ("cat", "big dog")
    path.write_text("cat\n\ndog\n")
    with pytest.raises(ValueError, match="no blank line"):
        read_names(path)
    path.write_text("cat\ncat\n")
    with pytest.raises(ValueError, match="there twice: cat"):
        read_names(path)
    with pytest.raises(FileNotFoundError, match="one name a line"):
        read_names(tmp_path / "none.names")
