"""SqueezeNet 1.0 (Iandola et al. 2016) for ImageNet, deep-compressed (Han et al. 2016).

A layer of the file is a codebook of 256 values, biases, and for each weight that is not pruned a
code of one byte and the gap to the one before it in four bits:

    26 x uint32 numbers of stored weights, one a layer; then for each layer 256 float32, O float32
    biases, the codes, and the gaps, two a byte, the lower half first

Axes: O output channels of a layer.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torchvision.models import SqueezeNet, squeezenet1_0

from .weight_files import WeightsError

CODES = 256
MEAN = (104.0, 117.0, 123.0)  # of blue, green and red
INPUT_SIZE = (227, 227)


def load_squeezenet(path: Path) -> SqueezeNet:
    """The network in eval mode, its ReLUs not in place; it reads BGR in [0, 255] less `MEAN`.

    Errors: FileNotFoundError; WeightsError for a file that is not this network's
    """
    network = squeezenet1_0().eval().requires_grad_(False)
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    data = Path(path).read_bytes()
    try:
        for layer, (weight, bias) in zip(layers, _layers(data, layers), strict=True):
            layer.weight.copy_(torch.from_numpy(weight).reshape(layer.weight.shape))
            layer.bias.copy_(torch.from_numpy(bias))
    except (ValueError, IndexError) as error:
        raise WeightsError(
            f"{path} is not the deep-compressed SqueezeNet 1.0 of {len(layers)} layers, or it is "
            f"cut short ({error}). Fetch it again: `make data STUDY=photos`"
        ) from error
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    return network


def squeezenet_backbone(path: Path) -> nn.Sequential:
    """Its features: (N, 3, H, W) -> (N, 512, h, w), after fire9."""
    return load_squeezenet(path).features


def preprocess(image: Image.Image) -> Tensor:
    """An image of any size, squashed to 227 x 227: (3, 227, 227) float32, BGR less the mean."""
    height, width = INPUT_SIZE
    squashed = image.convert("RGB").resize((width, height), Image.Resampling.BILINEAR)
    pixels = torch.from_numpy(np.array(squashed)[..., ::-1].copy()).permute(2, 0, 1).float()
    return pixels - torch.tensor(MEAN)[:, None, None]


def _layers(data: bytes, layers: list[nn.Conv2d]) -> list[tuple[NDArray, NDArray]]:
    """Weights, flat, and biases of each layer."""
    counts = np.frombuffer(data, "<u4", len(layers))
    place, found = counts.nbytes, []

    def take(kind: str, count: int) -> NDArray:
        nonlocal place
        values = np.frombuffer(data, kind, count, place)
        place += values.nbytes
        return values

    for layer, count in zip(layers, counts.tolist(), strict=True):
        codebook, bias = take("<f4", CODES), take("<f4", layer.out_channels)
        codes, pairs = take("u1", count), take("u1", (count + 1) // 2)
        gaps = np.stack([pairs & 15, pairs >> 4], axis=1).ravel()[:count].astype(np.int64)
        weight = np.zeros(layer.weight.numel(), np.float32)
        weight[np.cumsum(gaps + 1) - 1] = codebook[codes]
        found.append((weight, bias.copy()))
    if place != len(data):
        raise ValueError(f"{len(data) - place} bytes are left over")
    return found
