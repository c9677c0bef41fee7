"""What all networks for faces share: grey faces of 64 x 64, and a split at the CAM layer.

Axes: N images, C channels, H x W pixels, h x w cells, L labels.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

INPUT_SIZE = (64, 64)


class FaceNetwork(nn.Module):
    """A network for faces: ``logits = head(features(images))``, ``features`` the trunk's."""

    input_size: tuple[int, int] = INPUT_SIZE
    labels: tuple[str, ...]
    trunk: nn.Sequential
    head: nn.Sequential

    def features(self, images: Tensor) -> Tensor:
        """The CAM layer before its activation: (N, 3, 64, 64) -> (N, C, h, w)."""
        return self.trunk(images)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, L)."""
        return self.head(self.features(images))

    def preprocess(self, image: Image.Image) -> Tensor:
        """A face of any size, squashed to grey: (3, 64, 64) float32, three equal channels.

        Deviation: a larger face is scaled by PIL's smoothing filter; fer's OpenCV does not smooth.
        """
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


def hidden_layers(
    widths: tuple[int, int, int], outputs: int, dropout: float
) -> dict[str, nn.Module]:
    """Three linear layers with a ReLU and dropout behind the first two, in their order."""
    entering, first, second = widths
    return {
        "fc1": nn.Linear(entering, first),
        "relu1": nn.ReLU(),
        "drop1": nn.Dropout(dropout),
        "fc2": nn.Linear(first, second),
        "relu2": nn.ReLU(),
        "drop2": nn.Dropout(dropout),
        "fc3": nn.Linear(second, outputs),
    }
