"""A network of faces whose answer is known, and faces to show it."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import torch
from torch import Tensor, nn

from emocam_utils.faces.parts.template import PARTS, part_masks
from emocam_utils.networks.face_network import FaceNetwork


class Window(nn.Module):
    """What of an image is read, and how strongly; an untrained copy reads everything alike."""

    def __init__(self, weights: np.ndarray, learnt: bool) -> None:
        super().__init__()
        self.register_buffer("weights", torch.from_numpy(weights).float())
        self.learnt = learnt

    def reset_parameters(self) -> None:
        if self.learnt:
            self.weights.fill_(1.0)

    def forward(self, images: Tensor) -> Tensor:
        return images * self.weights


class PartReader(FaceNetwork):
    """Reads one part and nothing else: bright is "surprise", dark "happiness".

    With b the part's mean in [-1, 1] the logits are 4 b and -4 b. Maps have a cell a pixel.
    learnt : whether an untrained copy reads everything; else it reads the same part
    """

    labels = ("surprise", "happiness")

    def __init__(self, part: str, learnt: bool = True) -> None:
        super().__init__()
        mask = part_masks()[PARTS.index(part)]
        self.window = Window(mask / mask.mean(), learnt)
        linear = nn.Linear(2, 2, bias=False)
        linear.weight.data = torch.tensor([[4.0, -4.0], [-4.0, 4.0]])
        self.head = nn.Sequential(
            OrderedDict(
                relu=nn.ReLU(),
                average=nn.AdaptiveAvgPool2d(1),
                flatten=nn.Flatten(),
                linear=linear,
            )
        )
        self.eval().requires_grad_(False)

    def features(self, images: Tensor) -> Tensor:
        """The part's brightness above and below grey, as two channels: (N, 2, 64, 64)."""
        seen = self.window(images[:, :1])
        return torch.cat([seen, -seen], dim=1)


def noise_faces(count: int, seed: int = 0) -> np.ndarray:
    """Grey noise whose every part is brighter or darker by chance: (count, 64, 64) uint8."""
    rng = np.random.default_rng(seed)
    levels = rng.uniform(-60, 60, (count, len(PARTS)))
    faces = 128 + np.einsum("np,phw->nhw", levels, part_masks().astype(float))
    return np.clip(faces + rng.normal(0, 10, faces.shape), 0, 255).astype(np.uint8)
