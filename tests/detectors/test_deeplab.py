"""DeepLab's layers lie where they belong, and what is no such file is named."""

import numpy as np
import pytest
import torch
from PIL import Image
from real_files import real, unpacked
from torch import nn
from torchvision.models import mobilenet_v2

from emocam_utils.detectors import deeplab as module
from emocam_utils.detectors.deeplab import BLOCKS, CLASSES, SIDE, DeepLab, Segmenter, build_deeplab
from emocam_utils.detectors.yolox import coco_classes
from emocam_utils.networks.tflite_files import Convolution
from emocam_utils.networks.weight_files import WeightsError

RNG = np.random.default_rng(0)


def layer(outputs, inputs, size=1, kind="convolution"):
    """He's random weights."""
    width = inputs * size**2
    weight = RNG.normal(0, np.sqrt(2 / width), (outputs, inputs, size, size)).astype(np.float32)
    return Convolution(kind, weight, RNG.normal(0, 0.1, outputs).astype(np.float32))


def layers(classes=21):
    """MobileNetV2's convolutions, and those of the end."""
    made, inputs = [layer(32, 3, 3)], 32
    for wider, outputs, count in (
        (1, 16, 1), (6, 24, 2), (6, 32, 3), (6, 64, 4), (6, 96, 3), (6, 160, 3), (6, 320, 1)
    ):  # fmt: skip
        for _ in range(count):
            hidden = inputs * wider
            made += [layer(hidden, inputs)] * (wider > 1)
            made += [layer(hidden, 1, 3, "depthwise"), layer(outputs, hidden)]
            inputs = outputs
    return [*made, layer(256, 320), layer(256, 320), layer(256, 512), layer(classes, 256)]


def test_the_trunk_is_mobilenet_v2():
    """torchvision's with the same weights, where stride and dilation are those of DeepLab."""
    given = layers()
    trunk = mobilenet_v2().features[:18].eval()
    convolutions = [m for m in trunk.modules() if isinstance(m, nn.Conv2d)]
    norms = [m for m in trunk.modules() if isinstance(m, nn.BatchNorm2d)]
    for convolution, norm, one in zip(convolutions, norms, given[:-4], strict=True):
        convolution.weight.data = torch.from_numpy(one.weight)
        norm.bias.data, norm.eps = torch.from_numpy(one.bias), 0.0
    depthwise = [m for m in convolutions if m.groups > 1]
    for convolution, (stride, dilation) in zip(depthwise, BLOCKS, strict=True):
        convolution.stride = (stride, stride)
        convolution.dilation = convolution.padding = (dilation, dilation)
    images = torch.rand(1, 3, 65, 65) * 2 - 1
    network = DeepLab(given).eval()
    with torch.no_grad():
        ours, theirs = network.blocks(network.stem(images)), trunk(images)
        assert ours.shape == (1, 320, 5, 5)
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
        assert network(images).shape == (1, 21, 5, 5)


class Columns(nn.Module):
    """Says the class of each of four columns of the input, the first one where it is grey."""

    def forward(self, images):
        self.seen = images
        logits = torch.zeros(1, 21, 33, 33)
        logits[0, 15, :, :17] = logits[0, 12, :, 17:] = 1
        return logits


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (1026, 10), (1, 1)])
def test_pixels_keep_the_shape_of_the_image(size):
    network = Columns()
    found = Segmenter(network).segment(Image.new("RGB", size, (255, 0, 0)))
    scale = SIDE / max(size)
    assert found.shape == tuple(max(round(scale * side), 1) for side in size[::-1])
    height, width = found.shape
    seen = network.seen[0]
    assert seen.shape == (3, SIDE, SIDE)
    assert (seen[0, :height, :width] == 1).all() and (seen[1:, :height, :width] == -1).all()
    assert (seen[:, height:] == 0).all() and (seen[:, :, width:] == 0).all()
    assert set(np.unique(found[:, :250])) <= {15} and set(np.unique(found[:, 270:])) <= {12}


def test_classes_are_among_those_of_the_boxes():
    assert len(CLASSES) == 21 and CLASSES[0] == "" and CLASSES[15] == "Person"
    assert set(CLASSES[1:]) < set(coco_classes())


def test_another_network_is_refused(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"no network DeepLab at .*; `make data"):
        build_deeplab(tmp_path / "none.tflite")
    path = tmp_path / "some.tflite"
    path.write_bytes(b"<html>")
    with pytest.raises(WeightsError, match="is not a TensorFlow Lite file"):
        build_deeplab(path)
    for given, message in (
        ([], "its 0 convolutions do not fit"),
        (layers()[:-2], "do not fit"),
        ([*layers(), layer(21, 21)], "do not fit"),
        (layers(classes=19), "tells 19 classes apart, expected 21"),
    ):
        monkeypatch.setattr(module, "read_convolutions", lambda path, given=given: given)
        with pytest.raises(WeightsError, match=message):
            build_deeplab(path)


def test_the_real_network_segments_what_people_marked(tmp_path):
    """Intersection over union of persons in 6 COCO photos that show some."""
    network = build_deeplab(real("networks", "deeplabv3_mnv2_pascal_quant.tflite"))
    folder, person = unpacked("coco_train128.tar", tmp_path), CLASSES.index("Person")
    shared = either = photos = 0
    for file in sorted((folder / "semantic_segmentation/masks/train2017").glob("*.png")):
        codes = np.array(Image.open(file))
        if (codes == 1).mean() < 0.1 or photos == 6:
            continue
        photos += 1
        photo = Image.open(folder / f"images/train2017/{file.stem}.jpg").convert("RGB")
        found = Image.fromarray(network.segment(photo)).resize(photo.size, Image.Resampling.NEAREST)
        ours, theirs = np.asarray(found) == person, codes == 1
        shared += (ours & theirs)[codes > 0].sum()
        either += (ours | theirs)[codes > 0].sum()
    assert photos == 6 and shared / either > 0.7


def test_the_classifier_s_file_is_refused():
    with pytest.raises(WeightsError, match="another network than DeepLabv3"):
        build_deeplab(real("networks", "mobilenet_v2_1.0_224_quant.tflite"))
