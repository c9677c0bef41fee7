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
from .mobilenet_oasis import load_mobilenet_oasis
from .multi_gap_weights import load_multi_gap
from .weights import files_beside, load_emonet


@runtime_checkable
class EmotionNetwork(Protocol):
    """What the study asks of a network. Axes: N images, C channels, h x w cells, L labels.

    Networks are ``nn.Module``s in eval mode whose parameters need no gradient. Every ReLU is a
    non-inplace ``nn.ReLU`` of its own: a shared, functional or in-place one makes DeepLIFT, LRP and
    guided backpropagation return the plain gradient without a word.

    A network may rate images on signed dimensions beside its labels. Then it has

        dimensions : tuple[str, ...], such as valence and arousal, D of them
        rater      : nn.Sequential, a head like `head`: features -> ratings (N, D)

    and a global average pooling and one linear layer in its rater, so that the exact map of a
    dimension is signed and its mean plus the intercept is the rating. A network that was fitted on
    a corpus may have, for each of its images, a version that has not seen the image's like:

        for_image(digest) -> EmotionNetwork : digest of the image's content; any other image has
                                              the network itself or one like it
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
NETWORKS.register("mobilenetv2-oasis")(load_mobilenet_oasis)
NETWORKS.register("multi-gap")(load_multi_gap)

__all__ = ["NETWORKS", "BuildNetwork", "EmotionNetwork"]
