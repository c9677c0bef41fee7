"""SqueezeNet from a file written here in the published form, and from the real one."""

import tarfile

import numpy as np
import pytest
import torch
from PIL import Image
from real_files import real
from torch import nn
from torchvision.models import squeezenet1_0

from emocam_utils.networks.squeezenet import load_squeezenet, preprocess, squeezenet_backbone
from emocam_utils.networks.weight_files import WeightsError

GAPS = 16


def write_squeezenet(path, seed=0):
    """Weights of which some three in ten are not 0, none more than 15 places after another."""
    rng = np.random.default_rng(seed)
    layers = [m for m in squeezenet1_0().modules() if isinstance(m, nn.Conv2d)]
    counts, parts, said = [], [], []
    for layer in layers:
        size = layer.weight.numel()
        gaps = rng.integers(1, 7, size)
        places = np.cumsum(gaps) - 1
        places = places[places < size]
        gaps = np.diff(np.concatenate([[-1], places])) - 1
        codebook = rng.standard_normal(256).astype(np.float32) / np.sqrt(layer.weight[0].numel())
        codes = rng.integers(0, 256, len(places)).astype(np.uint8)
        bias = rng.standard_normal(layer.out_channels).astype(np.float32)
        even = np.append(gaps, 0)[: len(gaps) + len(gaps) % 2].reshape(-1, 2)
        packed = (even[:, 0] | even[:, 1] << 4).astype(np.uint8)
        weight = np.zeros(size, np.float32)
        weight[places] = codebook[codes]
        said.append((weight.reshape(layer.weight.shape), bias))
        counts.append(len(places))
        parts += [codebook.tobytes(), bias.tobytes(), codes.tobytes(), packed.tobytes()]
    path.write_bytes(np.array(counts, np.uint32).tobytes() + b"".join(parts))
    return said


def test_weights_are_those_of_the_file(tmp_path):
    said = write_squeezenet(tmp_path / "some.net")
    network = load_squeezenet(tmp_path / "some.net")
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    for layer, (weight, bias) in zip(layers, said, strict=True):
        np.testing.assert_array_equal(layer.weight.numpy(), weight)
        np.testing.assert_array_equal(layer.bias.numpy(), bias)
    features = squeezenet_backbone(tmp_path / "some.net")(torch.zeros(1, 3, 97, 129))
    assert features.shape[:2] == (1, 512) and (features >= 0).all()


@pytest.mark.parametrize("cut", [0, 50, 5000, -1])
def test_a_file_that_is_cut_short_is_refused(tmp_path, cut):
    write_squeezenet(tmp_path / "some.net")
    (tmp_path / "half.net").write_bytes((tmp_path / "some.net").read_bytes()[:cut])
    with pytest.raises(WeightsError, match="Fetch"):
        load_squeezenet(tmp_path / "half.net")


def test_it_reads_blue_green_red():
    seen = preprocess(Image.new("RGB", (30, 20), (200, 150, 100)))
    assert seen.shape == (3, 385, 481)
    assert seen[:, 0, 0].tolist() == [100 - 104, 150 - 117, 200 - 123]


def test_the_real_file_knows_acorns():
    network = load_squeezenet(real("networks", "squeezenet1_0_deep_compression.net"))
    with tarfile.open(real("oasis.tar")) as photographs, torch.no_grad():
        image = Image.open(photographs.extractfile("images/Acorns 1.jpg"))
        assert int(network(preprocess(image)[None]).argmax()) == 988
