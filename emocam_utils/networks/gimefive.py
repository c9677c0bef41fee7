"""GiMeFive (Wang, Kawka and Mohammadi 2024): plain convolutional networks for faces of 64 x 64.

Blocks of a 3 x 3 convolution, batch normalisation, ReLU and 2 x 2 max-pooling, then an average over
space and three linear layers (Section 3.2, Figure 2). The paper names its networks by layers and
gives their parameters (Table 2); the variants here have exactly these counts.

Deviation: the last block does not pool before the average, so that its maps keep 8 x 8 cells with
four blocks and 4 x 4 with five. Axes: N images, C channels, h x w cells, L labels.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Self

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

LABELS: tuple[str, ...] = ("happiness", "surprise", "sadness", "anger", "disgust", "fear")
"""The six emotions in the order of Table 3."""

INPUT_SIZE = (64, 64)
SQUEEZED = 64  # channels of the block that is gated: with them the published count is met
REDUCTION = 16

VARIANTS: dict[str, dict] = {
    "13-layers": {"channels": (64, 128, 256, 512)},
    "15-layers": {"channels": (64, 128, 256, 512, 1024)},
    "10-layers": {"channels": (64, 128, 256, 512, 1024), "batch_norm": False},
    "16-layers": {"channels": (64, 128, 256, 512, 1024), "squeeze_excitation": True},
    "17-layers": {"channels": (64, 128, 256, 512, 1024, 2048)},
}
"""The networks of Table 2 by the paper's names."""


class SqueezeExcitation(nn.Module):
    """Gates each channel by what all channels hold on average (Hu et al. 2018), without biases."""

    def __init__(self, channels: int, reduction: int = REDUCTION) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            OrderedDict(
                squeeze=nn.AdaptiveAvgPool2d(1),
                flatten=nn.Flatten(),
                down=nn.Linear(channels, channels // reduction, bias=False),
                relu=nn.ReLU(),
                up=nn.Linear(channels // reduction, channels, bias=False),
                sigmoid=nn.Sigmoid(),
            )
        )

    def forward(self, activations: Tensor) -> Tensor:
        return activations * self.gate(activations)[:, :, None, None]


class GiMeFive(nn.Module):
    """A GiMeFive network, split at its last convolution: ``logits = head(features(images))``.

    channels           : of the blocks' convolutions
    batch_norm         : normalise after each convolution
    squeeze_excitation : gate the first block's channels
    labels             : one name an output
    dropout            : share of the hidden layers' outputs dropped in training
    """

    input_size: tuple[int, int] = INPUT_SIZE

    def __init__(
        self,
        channels: Sequence[int] = VARIANTS["13-layers"]["channels"],
        batch_norm: bool = True,
        squeeze_excitation: bool = False,
        labels: Sequence[str] = LABELS,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.channels, self.labels = tuple(channels), tuple(labels)
        self.batch_norm, self.squeeze_excitation = batch_norm, squeeze_excitation
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        entering = 3
        for k, width in enumerate(self.channels, start=1):
            layers[f"conv{k}"] = nn.Conv2d(entering, width, 3, padding=1)
            if batch_norm:
                layers[f"norm{k}"] = nn.BatchNorm2d(width)
            if k < len(self.channels):
                layers[f"relu{k}"] = nn.ReLU()
                if squeeze_excitation and k == 1:
                    layers["squeeze_excitation"] = SqueezeExcitation(SQUEEZED)
                layers[f"pool{k}"] = nn.MaxPool2d(2)
            entering = width
        self.trunk = nn.Sequential(layers)
        self.head = nn.Sequential(
            OrderedDict(
                relu=nn.ReLU(),
                average=nn.AdaptiveAvgPool2d(1),
                flatten=nn.Flatten(),
                fc1=nn.Linear(entering, 2 * entering),
                relu1=nn.ReLU(),
                drop1=nn.Dropout(dropout),
                fc2=nn.Linear(2 * entering, entering),
                relu2=nn.ReLU(),
                drop2=nn.Dropout(dropout),
                fc3=nn.Linear(entering, len(self.labels)),
            )
        )

    def features(self, images: Tensor) -> Tensor:
        """The last convolution, normalised, before its ReLU: (N, 3, 64, 64) -> (N, C, h, w)."""
        return self.trunk(images)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, L)."""
        return self.head(self.features(images))

    def preprocess(self, image: Image.Image) -> Tensor:
        """A face of any size, squashed to grey: (3, 64, 64) float32, three equal channels."""
        height, width = self.input_size
        grey = image.convert("L")
        if grey.size != (width, height):
            grey = grey.resize((width, height), resample=Image.Resampling.BILINEAR)
        return self.normalise(torch.from_numpy(np.array(grey)))

    def normalise(self, pixels: Tensor) -> Tensor:
        """Grey pixels (..., H, W) in [0, 255] -> network input (..., 3, H, W) in [-1, 1]."""
        grey = pixels.float() / 127.5 - 1
        return grey.unsqueeze(-3).expand(*grey.shape[:-2], 3, *grey.shape[-2:])

    def initialise(self, seed: int) -> Self:
        """Draw untrained weights (He et al. 2015); the same seed gives the same weights."""
        generator = torch.Generator().manual_seed(seed)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        return self


def parameters(network: nn.Module) -> int:
    """How many numbers a network learns (buffers of batch normalisation are none)."""
    return sum(parameter.numel() for parameter in network.parameters())
