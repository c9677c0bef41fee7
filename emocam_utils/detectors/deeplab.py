"""Which pixels are of which object: DeepLabv3 on MobileNetV2 (Chen et al. 2017, arXiv 1706.05587).

Read from the quantised file deeplabv3_mnv2_pascal_quant.tflite, computed in float32. 21 classes of
PASCAL VOC, the first of which is background; no two objects of a class are told apart.

Axes: N images, C = 21 classes, H x W pixels of the network's input.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from ..networks.emonet import freeze
from ..networks.tflite_files import Convolution, read_convolutions
from ..networks.weight_files import WeightsError
from .onnx_files import FOLDER, HOW_TO_GET

FILE = FOLDER / "deeplabv3_mnv2_pascal_quant.tflite"
SIDE = 513  # of the network's input, pixels

CLASSES = (
    "", "Airplane", "Bicycle", "Bird", "Boat", "Bottle", "Bus", "Car", "Cat", "Chair", "Cattle",
    "Kitchen & dining room table", "Dog", "Horse", "Motorcycle", "Person", "Houseplant", "Sheep",
    "Couch", "Train", "Television",
)  # fmt: skip
"""The project's names of VOC's classes by the rule of data/coco_names.csv; "" is background."""

# of each block of MobileNetV2, in order: stride and dilation of its depthwise convolution
BLOCKS = (
    (1, 1), (2, 1), (1, 1), (2, 1), (1, 1), (1, 1), (2, 1), *[(1, 1)] * 7, (1, 2), (1, 2), (1, 2),
)  # fmt: skip


class Block(nn.Module):
    """An inverted residual block: wider (not in the first), depthwise, narrower."""

    def __init__(self, layers: Sequence[Convolution], stride: int, dilation: int) -> None:
        super().__init__()
        *wider, depthwise, narrower = layers
        self.layers = nn.Sequential(
            *(_convolution(layer, nn.ReLU6()) for layer in wider),
            _convolution(depthwise, nn.ReLU6(), stride, dilation),
            _convolution(narrower),
        )
        inputs = (wider or [depthwise])[0].weight.shape[1 if wider else 0]
        self.adds = stride == 1 and inputs == narrower.weight.shape[0]

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.adds else self.layers(x)


class DeepLab(nn.Module):
    """Stem and 17 blocks at a 16th of the input, a pooled branch beside, and a linear end."""

    def __init__(self, layers: Sequence[Convolution]) -> None:
        super().__init__()
        stem, *rest = layers
        self.stem = _convolution(stem, nn.ReLU6(), 2)
        blocks = []
        for number, (stride, dilation) in enumerate(BLOCKS):
            size = 3 if number else 2
            blocks.append(Block(rest[:size], stride, dilation))
            rest = rest[size:]
        self.blocks = nn.Sequential(*blocks)
        cells, pooled, joined, last = rest
        self.cells, self.pooled = (_convolution(one, nn.ReLU()) for one in (cells, pooled))
        self.end = nn.Sequential(_convolution(joined, nn.ReLU()), _convolution(last))

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W), RGB in [-1, 1] -> logits (N, C, h, w), h = (H - 1) / 16 + 1."""
        x = self.blocks(self.stem(images))
        whole = self.pooled(x.mean((2, 3), keepdim=True)).expand(-1, -1, *x.shape[2:])
        return self.end(torch.cat([whole, self.cells(x)], 1))


def _convolution(
    layer: Convolution, then: nn.Module | None = None, stride: int = 1, dilation: int = 1
) -> nn.Module:
    """With sides of 2^k n + 1, TensorFlow's SAME pads both sides alike, as PyTorch does."""
    weight = torch.from_numpy(layer.weight)
    outputs, inputs, size, _ = weight.shape
    groups = outputs if layer.kind == "depthwise" else 1
    made = nn.Conv2d(
        inputs * groups, outputs, size, stride, dilation * (size // 2), dilation, groups
    )
    made.weight.data, made.bias.data = weight, torch.from_numpy(layer.bias)
    return nn.Sequential(made, then) if then else made


@dataclass(frozen=True)
class Segmenter:
    """Pixels to classes.

    classes : by number; "" for background
    """

    network: DeepLab
    classes: tuple[str, ...] = CLASSES

    @torch.inference_mode()
    def segment(self, image: Image.Image) -> NDArray[np.uint8]:
        """The class of each pixel of the image at the network's size: longer side SIDE pixels."""
        scale = SIDE / max(image.size)
        width, height = (max(round(scale * side), 1) for side in image.size)
        pixels = np.full((SIDE, SIDE, 3), 127.5, np.float32)
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        seen = cv2.resize(np.asarray(image.convert("RGB")), (width, height), interpolation=way)
        pixels[:height, :width] = seen
        inputs = torch.from_numpy(pixels.transpose(2, 0, 1)[None] / 127.5 - 1)
        logits = self.network(inputs)
        full = nn.functional.interpolate(logits, (SIDE, SIDE), mode="bilinear", align_corners=True)
        return full[0, :, :height, :width].argmax(0).to(torch.uint8).numpy()


def build_deeplab(weights: Path | None = None) -> Segmenter:
    """DeepLab from the quantised file; None takes the one that `make data` fetches.

    Errors: FileNotFoundError, WeightsError for another network or a part of one
    """
    path = Path(weights) if weights is not None else FILE
    if not path.is_file():
        raise FileNotFoundError(f"no network DeepLab at {path}; {HOW_TO_GET}")
    layers = read_convolutions(path)
    try:
        network = freeze(DeepLab(layers))
        with torch.inference_mode():
            classes = network(torch.zeros(1, 3, 33, 33)).shape[1]
    except (ValueError, RuntimeError) as error:
        raise WeightsError(
            f"{path} is another network than DeepLabv3 on MobileNetV2: its {len(layers)} "
            f"convolutions do not fit ({error})"
        ) from error
    if classes != len(CLASSES):
        raise WeightsError(f"{path} tells {classes} classes apart, expected {len(CLASSES)} of VOC")
    return Segmenter(network)
