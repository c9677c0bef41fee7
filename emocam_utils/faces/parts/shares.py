"""How much of a map falls on each facial part: Grad-CAM, saliency, and maps that know nothing.

Axes: N faces, h x w cells of a map, H x W pixels of a face, P parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ...cams.gradcam import GradCam
from ...cams.random_cam import RandomCam
from ...cams.saliency import saliency_map
from ...networks import EmotionNetwork
from ...networks.untrained import untrained
from ...progress import progress
from ..reading import BATCH, FaceMap, cam_map
from .template import part_areas

NOISE = RandomCam(smoothness=0.1)
"""Every cell by itself, so that no place is favoured. Smooth noise favours corners: on 4 x 4 cells
with a smoothness of 1.5 the mouth has 0.84 of an even share and the eyes 0.75."""

RANDOM = ("random map", "random pixels")  # the floors of Grad-CAM and of the saliency maps
MAPS: dict[str, FaceMap] = {
    "gradcam": cam_map(GradCam("logit", "post_relu")),
    "saliency": partial(saliency_map, rule="vanilla"),
    "guided saliency": partial(saliency_map, rule="guided"),
    RANDOM[0]: cam_map(NOISE),
    RANDOM[1]: lambda network, images, targets: NOISE(network.head, images, targets),
}


def preprocessed(network: EmotionNetwork, faces: NDArray[np.uint8]) -> Tensor:
    """Grey faces (N, H, W) in [0, 255] -> the network's input (N, 3, H, W).

    Channels come last in memory, with which convolutions take half the time on a CPU.
    """
    images = torch.stack([network.preprocess(Image.fromarray(face)) for face in faces])
    return images.contiguous(memory_format=torch.channels_last)


def cell_weights(masks: NDArray[np.bool_], cells: tuple[int, int]) -> NDArray[np.float64]:
    """What each cell of a map gives to each part once upsampled bilinearly: (h * w, P).

    masks : (P, H, W); cells : h, w of the map. Half-pixel centres, as everywhere in this study.
    """
    parts = masks.reshape(len(masks), -1).astype(np.float64)
    if cells == masks.shape[1:]:
        return parts.T
    count = cells[0] * cells[1]
    basis = torch.eye(count, dtype=torch.float64).view(count, 1, *cells)
    upsampled = torch.nn.functional.interpolate(
        basis, size=masks.shape[1:], mode="bilinear", align_corners=False
    )
    return upsampled.view(count, -1).numpy() @ parts.T


def part_shares(maps: NDArray, masks: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Share of each map's positive mass that falls on each part.

    maps    : (N, h, w), raw and signed; the positive part is upsampled bilinearly to the face
    masks   : (P, H, W)
    returns : (N, P) in [0, 1], of sum 1 where the masks are a partition; NaN for an empty map (no
              positive cell)
    """
    positive = np.maximum(np.asarray(maps, dtype=np.float64), 0)
    everything = np.ones((1, *masks.shape[1:]), bool)
    weights = cell_weights(np.concatenate([masks, everything]), positive.shape[1:])
    mass = positive.reshape(len(positive), -1) @ weights
    mass, total = mass[:, :-1], mass[:, -1:]
    return np.divide(mass, total, out=np.full(mass.shape, np.nan), where=total > 0)


def ceilings(masks: NDArray[np.bool_], cells: tuple[int, int]) -> NDArray[np.float64]:
    """The highest share per area that a map of these cells can give each part, (P,).

    All mass in the one cell that serves the part best. On a coarse map a small part cannot hold
    more, however much the network looks at it.
    """
    single = np.eye(cells[0] * cells[1]).reshape(-1, *cells)
    return part_shares(single, masks).max(axis=0) / part_areas(masks)


def map_shares(
    network: EmotionNetwork,
    faces: NDArray[np.uint8],
    targets: Sequence[int] | NDArray,
    masks: NDArray[np.bool_],
    methods: Sequence[str],
    label: str = "maps",
    copies: int = 0,
) -> tuple[dict[str, NDArray[np.float64]], dict[str, tuple[int, int]]]:
    """Shares of all methods' maps in one pass over the faces.

    faces   : (N, H, W) uint8; targets : (N,), one label a face
    copies  : 0 explains the network; else so many untrained copies of it, which share the faces:
              face n belongs to copy n % copies
    returns : method -> (N, P), and method -> h, w of its maps
    """
    targets = torch.as_tensor(np.asarray(targets), dtype=torch.long)
    if targets.shape != faces.shape[:1]:
        raise ValueError(f"one target a face is needed: {len(faces)} faces, {len(targets)} targets")
    shares = {method: np.full((len(faces), len(masks)), np.nan) for method in methods}
    cells: dict[str, tuple[int, int]] = {}
    starts = range(min(copies, len(faces))) if copies else range(0, len(faces), BATCH)
    for start in progress(starts, label=label):
        batch = slice(start, None, copies) if copies else slice(start, start + BATCH)
        explained = untrained(network, start) if copies else network
        images = preprocessed(network, faces[batch])
        for method in methods:
            maps = MAPS[method](explained, images, targets[batch]).detach().numpy()
            cells[method] = maps.shape[1:]
            shares[method][batch] = part_shares(maps, masks)
    return shares, cells
