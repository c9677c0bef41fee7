"""SmallYolo on disk."""

import json

import lightnet as ln
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from emocam_utils.detectors import DETECTORS, lightnet_yolo
from emocam_utils.detectors.small_yolo import SmallYolo
from emocam_utils.detectors.weights import load_small_yolo, save_small_yolo
from emocam_utils.networks.weight_files import WeightsError

CLASSES = ("Cake", "Dog", "Flower")
ANCHORS = ln.util.Anchors([[(64.5, 64.0), (96.0, 48.25)], [(16.0, 16.0), (24.0, 40.0)]])
build = DETECTORS["lightnet-yolo"]


def images(*sizes):
    rng = np.random.default_rng(0)
    return [
        Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
        for width, height in sizes
    ]


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = SmallYolo(len(CLASSES), anchors=ANCHORS)
    with torch.no_grad():
        network(torch.rand(2, 3, 64, 64))  # other running statistics than the initial ones
    return network.eval()


@pytest.fixture
def file(network, tmp_path):
    return save_small_yolo(network, CLASSES, tmp_path / "detector.safetensors")


def rewritten(file, metadata=None, **tensors):
    """The file with other metadata and tensors; a tensor of None is left out."""
    with safe_open(file, "pt") as opened:
        old = opened.metadata()
    state = {name: t for name, t in {**load_file(file), **tensors}.items() if t is not None}
    save_file(state, file, {**old, **(metadata or {})})
    return file


def test_written_and_read_again(network, file):
    got, classes, size = load_small_yolo(file)
    batch = torch.rand(1, 3, 192, 256)
    for read, kept in zip(got(batch), network(batch), strict=True):
        torch.testing.assert_close(read, kept, rtol=0, atol=0.02)  # fp16 in between
    assert (classes, size) == (CLASSES, (192, 256))
    assert not got.training
    assert not any(weight.requires_grad for weight in got.parameters())
    torch.testing.assert_close(got.anchors.as_input(), ANCHORS.as_input())
    save_small_yolo(got, classes, file)
    again, *_ = load_small_yolo(file)
    for read, kept in zip(again(batch), got(batch), strict=True):
        assert torch.equal(read, kept)


def test_the_file_says_what_it_is_and_is_small(file):
    with safe_open(file, "pt") as opened:
        metadata = opened.metadata()
    assert metadata["kind"] == "lightnet-yolo"
    assert json.loads(metadata["classes"]) == list(CLASSES)
    assert json.loads(metadata["anchors"])[0] == [[64.5, 64.0], [96.0, 48.25]]
    assert json.loads(metadata["stride"]) == [32, 16]
    assert json.loads(metadata["input_size"]) == [192, 256]
    assert "not a calibrated probability" in metadata["confidence"]
    assert {str(tensor.dtype) for tensor in load_file(file).values()} == {"torch.float16"}
    assert file.stat().st_size < 5_000_000


def test_wrong_files_are_refused(file, tmp_path):
    page = tmp_path / "page.safetensors"
    page.write_text("<!DOCTYPE html><html><body>not found</body></html>")
    with pytest.raises(WeightsError, match=r"page.*not a safetensors file.*DOCTYPE"):
        build(page)
    short = tmp_path / "short.safetensors"
    short.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(WeightsError, match=r"cut short"):
        build(short)
    with pytest.raises(FileNotFoundError, match=r"no detector weights at .*none.*make train"):
        build(tmp_path / "none.safetensors")
    with pytest.raises(ValueError, match=r"suffix '\.pt', allowed are \.safetensors"):
        build(file.rename(file.with_suffix(".pt")))


def test_another_network_is_refused(file):
    bias = "head.0.1.bias"
    with pytest.raises(WeightsError, match=rf"{bias} has shape \(7,\), expected \(16,\)"):
        build(rewritten(file, **{bias: torch.zeros(7)}))
    with pytest.raises(WeightsError, match=f"{bias} is missing"):
        build(rewritten(file, **{bias: None}))
    with pytest.raises(WeightsError, match=r"fc \(1,\) is not a tensor of SmallYolo"):
        build(rewritten(file, **{bias: torch.zeros(16), "fc": torch.zeros(1)}))
    with pytest.raises(WeightsError, match=r"metadata .* do not describe"):
        build(rewritten(file, {"anchors": "[1, 2]"}))
    with pytest.raises(WeightsError, match="kind 'emonet', expected 'lightnet-yolo'"):
        build(rewritten(file, {"kind": "emonet"}))


def test_nan_is_refused(network, file):
    with pytest.raises(WeightsError, match=r"NaN .* damaged.*head\.0\.1\.bias"):
        build(rewritten(file, **{"head.0.1.bias": torch.full((16,), torch.nan)}))
    huge = SmallYolo(len(CLASSES), anchors=ANCHORS)
    huge.head[0][1].bias.data.fill_(1e6)
    before = file.read_bytes()
    with pytest.raises(WeightsError, match="cannot be stored as fp16"):
        save_small_yolo(huge, CLASSES, file)
    assert file.read_bytes() == before


def test_anchors_for_another_number_of_scales_are_refused():
    with pytest.raises(ValueError, match="two scales, got anchors for 3"):
        SmallYolo(3, anchors=ln.util.Anchors.YoloV3_COCO)


def test_builder_passes_options_on_and_takes_the_files_input_size(file):
    detector = build(file, device="cpu", confidence=0.2, iou=0.3, fill=0.5, class_scores="logistic")
    assert (detector.input_size, detector.classes) == ((192, 256), CLASSES)
    assert (detector.confidence, detector.iou, detector.fill) == (0.2, 0.3, 0.5)
    assert (detector.class_scores, detector.batch) == ("logistic", 1)
    assert build(file, input_size=[64, 96]).input_size == (64, 96)
    with pytest.raises(TypeError, match="confidance"):
        build(file, confidance=0.2)


def test_without_a_file_the_shipped_weights_are_taken(file, monkeypatch):
    monkeypatch.setattr(lightnet_yolo, "SHIPPED", file)
    assert build(None).classes == CLASSES
