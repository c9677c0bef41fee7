"""What a network says of faces: a probability for each emotion, and a map for each face.

Axes: N faces, H x W pixels of the network's input, h x w cells of a map, L labels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ..cams import CamMethod
from ..networks import EmotionNetwork
from ..registry import UnknownName

BATCH = 32  # faces in a pass; larger ones are slower on a CPU: activations leave the cache

FaceMap = Callable[[EmotionNetwork, Tensor, Tensor], Tensor]
"""(network, preprocessed faces (N, 3, H, W), class indices (N,)) -> raw maps (N, h, w), as
`cam_map(GradCam())` or `saliency.rule_cam`."""


@dataclass(frozen=True)
class Reading:
    """Probabilities (N, L), classes that the maps explain (N,), raw maps (N, h, w) or None."""

    labels: tuple[str, ...]
    probabilities: NDArray[np.float32]
    targets: NDArray[np.int64]
    maps: NDArray[np.float32] | None


def device_of(network: EmotionNetwork) -> torch.device:
    """Where a network's weights are; the CPU for one without weights."""
    return next((parameter.device for parameter in network.parameters()), torch.device("cpu"))


@torch.no_grad()
def face_logits(network: EmotionNetwork, images: Tensor) -> Tensor:
    """Logits (N, L) of preprocessed faces (N, 3, H, W), on the CPU."""
    device = device_of(network)
    parts = [network.head(network.features(b.to(device))).cpu() for b in images.split(BATCH)]
    return torch.cat(parts).float()


def cam_map(method: CamMethod) -> FaceMap:
    """A CAM method as a map of faces."""

    def maps(network: EmotionNetwork, images: Tensor, targets: Tensor) -> Tensor:
        device = device_of(network)
        with torch.no_grad():
            features = network.features(images.to(device))
        return method(network.head, features, targets.to(device)).cpu()

    return maps


def read_faces(
    crops: Sequence[Image.Image],
    network: EmotionNetwork,
    face_map: FaceMap | None = None,
    emotion: str | None = None,
) -> Reading:
    """Probabilities of the emotions for cropped faces, and maps if a way to make them is given.

    emotion : that the maps explain; None explains each face's own label
    errors  : UnknownName for an emotion that is not the network's, ValueError without a face
    """
    if not len(crops):
        raise ValueError("no face to read: crops is empty")
    if emotion is not None and emotion not in network.labels:
        raise UnknownName("emotion of the network", emotion, list(network.labels))
    images = torch.stack([network.preprocess(crop) for crop in crops])
    logits = face_logits(network, images)
    targets = logits.argmax(1)
    if emotion is not None:
        targets = torch.full_like(targets, network.labels.index(emotion))
    maps = [
        face_map(network, images[k : k + BATCH], targets[k : k + BATCH]).detach().float().cpu()
        for k in range(0, len(images), BATCH)
        if face_map
    ]
    return Reading(
        tuple(network.labels),
        logits.softmax(1).numpy(),
        targets.numpy(),
        torch.cat(maps).numpy() if maps else None,
    )


def on_one_scale(maps: Sequence[NDArray]) -> list[NDArray[np.float64]]:
    """The positive parts of several maps, divided by the largest value of all: each in [0, 1].

    Over the frames of a film one scale is the honest one: if each frame had its own, a map that
    fades would stay as bright as ever and noise in an indifferent frame would look like evidence.
    A map without a positive cell is NaN everywhere, as `importance.scaled` has it.
    """
    positive = [np.maximum(np.asarray(cam, dtype=np.float64), 0) for cam in maps]
    highest = max((cam.max(initial=0) for cam in positive), default=0)
    return [cam / highest if cam.any() else np.full_like(cam, np.nan) for cam in positive]
