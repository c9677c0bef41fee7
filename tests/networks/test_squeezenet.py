"""SqueezeNet out of its deep-compressed file: a file written by the definition is read back."""

import numpy as np
import pytest
import torch
from PIL import Image
from real_files import real, unpacked
from torch import nn
from torchvision.models import MobileNet_V2_Weights, squeezenet1_0

from emocam_utils.networks.squeezenet import load_squeezenet, preprocess
from emocam_utils.networks.weight_files import WeightsError


def write_squeezenet(path):
    """Weights one by one: a gap above 15 is bridged by stored zeros, as the format wants it."""
    rng = np.random.default_rng(0)
    layers = [m for m in squeezenet1_0().modules() if isinstance(m, nn.Conv2d)]
    counts, body, said = [], b"", []
    for layer in layers:
        size = layer.weight.numel()
        codebook = rng.normal(0, 0.05, 256).astype("<f4")
        codebook[0] = 0
        bias = rng.normal(size=layer.out_channels).astype("<f4")
        weight, codes, gaps, place = np.zeros(size, np.float32), [], [], -1
        for target in np.flatnonzero(rng.random(size) < 0.2):
            while target - place > 16:
                place += 16
                codes.append(0)
                gaps.append(15)
            codes.append(int(rng.integers(1, 256)))
            gaps.append(target - place - 1)
            weight[target] = codebook[codes[-1]]
            place = target
        pairs = [
            low | high << 4
            for low, high in zip(gaps[::2], [*gaps[1::2], 0][: (len(gaps) + 1) // 2], strict=True)
        ]
        body += codebook.tobytes() + bias.tobytes() + bytes(codes) + bytes(pairs)
        counts.append(len(codes))
        said.append((weight, bias))
    path.write_bytes(np.array(counts, "<u4").tobytes() + body)
    return said


def test_each_code_stands_at_its_place(tmp_path):
    said = write_squeezenet(tmp_path / "tiny.net")
    network = load_squeezenet(tmp_path / "tiny.net")
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    for layer, (weight, bias) in zip(layers, said, strict=True):
        np.testing.assert_array_equal(layer.weight.flatten(), weight)
        np.testing.assert_array_equal(layer.bias, bias)
    assert not any(m.inplace for m in network.modules() if isinstance(m, nn.ReLU))


@pytest.mark.parametrize(
    "change", [lambda data: data[:-10], lambda data: data + b"1", lambda _: b""]
)
def test_other_files_are_refused(tmp_path, change):
    path = tmp_path / "tiny.net"
    write_squeezenet(path)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(WeightsError, match="not the deep-compressed SqueezeNet"):
        load_squeezenet(path)


def test_pixels_are_blue_green_red_less_their_means():
    pixel = preprocess(Image.new("RGB", (9, 5), (10, 20, 30)))[:, 100, 100]
    assert pixel.tolist() == [30 - 104, 20 - 117, 10 - 123]


def test_the_published_file_names_sample_photographs(tmp_path):
    network = load_squeezenet(real("networks", "squeezenet1_0_deep_compression.net"))
    names = MobileNet_V2_Weights.DEFAULT.meta["categories"]
    right = []
    for photo in sorted((unpacked("photos.tar", tmp_path) / "photos").glob("*.JPEG"))[:30]:
        with torch.no_grad():
            said = names[int(network(preprocess(Image.open(photo))[None]).argmax())]
        right.append(said.replace(" ", "_").lower() == photo.stem.split("_", 1)[1].lower())
    assert np.mean(right) > 0.4
