"""SqueezeNet 1.0 (Iandola et al. 2016) for ImageNet, from the file of Deep Compression (Han et al.
2016): a second backbone, to compare features with.

The file: 26 uint32, the weights that are not zero in each layer; then for each layer a codebook of
256 float32, the biases, a code (uint8) for each of these weights, and 4 bits for each that say how
many places it lies behind the one before, less 1 (the lower half of a byte first).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.models import squeezenet1_0
from torchvision.models.squeezenet import SqueezeNet

from .weight_files import WeightsError

INPUT_SIZE = (385, 481)  # height, width
MEAN = (104.0, 117.0, 123.0)  # of blue, green and red
CODES = 256


def load_squeezenet(path: Path) -> SqueezeNet:
    """The network with its classifier, in eval mode; see `preprocess` for what it reads.

    Errors: FileNotFoundError; WeightsError for a file that is none of these, or is cut short
    """
    network = squeezenet1_0().eval().requires_grad_(False)
    layers = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    data = Path(path).read_bytes()
    counts = np.frombuffer(data, np.uint32, min(len(layers), len(data) // 4)).astype(int)
    sizes = [
        4 * (CODES + layer.out_channels) + count + (count + 1) // 2
        for layer, count in zip(layers, counts, strict=False)
    ]
    if 4 * len(layers) + sum(sizes) != len(data):
        raise WeightsError(
            f"{path} is not SqueezeNet as Deep Compression stores it ({len(data)} bytes). Fetch "
            "the file again"
        )
    start = 4 * len(layers)
    for layer, count, size in zip(layers, counts, sizes, strict=True):
        _fill(layer, int(count), data[start : start + size], path)
        start += size
    return network


def _fill(layer: nn.Conv2d, count: int, data: bytes, path: Path) -> None:
    """Put one layer's part of the file into it."""
    codebook = np.frombuffer(data, np.float32, CODES)
    bias = np.frombuffer(data, np.float32, layer.out_channels, 4 * CODES)
    rest = np.frombuffer(data, np.uint8, offset=4 * (CODES + layer.out_channels))
    codes, halves = rest[:count], rest[count:]
    gaps = np.stack([halves & 15, halves >> 4], axis=1).reshape(-1)[:count].astype(int)
    places = np.cumsum(gaps + 1) - 1
    weight = np.zeros(layer.weight.numel(), np.float32)
    if count and places[-1] >= len(weight):
        raise WeightsError(f"{path}: a weight lies outside its layer. Fetch the file again")
    weight[places] = codebook[codes]
    layer.weight.copy_(torch.from_numpy(weight).reshape(layer.weight.shape))
    layer.bias.copy_(torch.from_numpy(bias.copy()))


def squeezenet_backbone(path: Path) -> nn.Sequential:
    """SqueezeNet's features, (N, 3, H, W) -> (N, 512, h, w), the last of them rectified."""
    return load_squeezenet(path).features


def preprocess(image: Image.Image) -> Tensor:
    """An image of any size, squashed: (3, 385, 481), blue, green and red less their mean."""
    height, width = INPUT_SIZE
    squashed = image.convert("RGB").resize((width, height), Image.Resampling.BILINEAR)
    pixels = np.array(squashed, dtype=np.float32)[..., ::-1] - np.array(MEAN, np.float32)
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)
