"""Emotion networks, split at the layer that class activation maps look at.

``network.head(network.features(images))`` is exactly the network's logits, so features are computed
once an image and every CAM method works on the head alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable

from PIL import Image
from torch import Tensor, nn

from ..registry import Registry
from .face_weights import load_gimefive, load_mini_xception
from .weights import files_beside, load_emonet


@runtime_checkable
class EmotionNetwork(Protocol):
    """What the study asks of a network. Axes: N images, C channels, h x w cells, L labels.

    Networks are ``nn.Module``s in eval mode whose parameters need no gradient. Every ReLU is a
    non-inplace ``nn.ReLU`` of its own: a shared, functional or in-place one makes DeepLIFT, LRP and
    guided backpropagation return the plain gradient without a word.
    """

    labels: tuple[str, ...]
    input_size: tuple[int, int]  # height, width
    head: nn.Sequential  # head[0] is the CAM layer's activation (or nothing), head[1:] all after

    def preprocess(self, image: Image.Image) -> Tensor:
        """An RGB image of any size -> (3, H, W) float32, as the network was trained."""
        ...

    def features(self, images: Tensor) -> Tensor:
        """Preprocessed images (N, 3, H, W) -> (N, C, h, w), before head[0]."""
        ...


class BuildNetwork(Protocol):
    """What NETWORKS holds: a weights file (or None) and options -> a network ready to explain."""

    def __call__(self, weights: Path | None, **options: object) -> EmotionNetwork: ...


NETWORKS: Registry[BuildNetwork] = Registry("emotion network")
load_emonet.reads = files_beside  # its results depend on these too
NETWORKS.register("emonet")(load_emonet)
NETWORKS.register("gimefive")(load_gimefive)
NETWORKS.register("mini-xception")(load_mini_xception)

__all__ = ["NETWORKS", "BuildNetwork", "EmotionNetwork"]
