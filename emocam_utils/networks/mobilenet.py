"""MobileNetV2 (Sandler et al. 2018) for ImageNet's 1,000 classes, from Google's quantised file.

torchvision's module takes the weights as they are: batch normalisation is folded into them, so its
own passes its input on and adds the bias. With sides of 32 k + 1 pixels, such as 225 or 385, the
padding of PyTorch equals TensorFlow's "same".
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torchvision.models import MobileNetV2, mobilenet_v2

from .tflite_files import read_convolutions
from .weight_files import WeightsError

CHANNELS = 1280


def load_mobilenet_v2(path: Path) -> MobileNetV2:
    """The network with its classifier, in eval mode, its ReLU6 not in place.

    It reads RGB / 127.5 - 1. The file's first of 1,001 outputs, the background, is left out.
    Errors: FileNotFoundError; WeightsError for a file that holds another network
    """
    network = mobilenet_v2().eval().requires_grad_(False)
    found = read_convolutions(path)
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    expected = [tuple(layer.weight.shape) for layer in layers] + [(1001, CHANNELS, 1, 1)]
    got = [one.weight.shape for one in found]
    if got != expected:
        raise WeightsError(
            f"{path} is not MobileNetV2 of width 1: expected {len(expected)} convolutions, "
            f"got {len(got)}, or others of these shapes. Fetch the file again"
        )
    *trunk, last = found
    for layer, norm, one in zip(layers, norms, trunk, strict=True):
        layer.weight.copy_(torch.from_numpy(one.weight))
        norm.weight.fill_(1)
        norm.bias.copy_(torch.from_numpy(one.bias))
        norm.running_mean.zero_()
        norm.running_var.fill_(1 - norm.eps)  # so that it divides by 1
    classifier = network.classifier[1]
    classifier.weight.copy_(torch.from_numpy(last.weight[1:, :, 0, 0]))
    classifier.bias.copy_(torch.from_numpy(last.bias[1:]))
    for module in network.modules():
        if isinstance(module, nn.ReLU6):
            module.inplace = False  # its input would be lost to whoever explains it
    return network
