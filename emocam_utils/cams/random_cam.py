"""A floor for every comparison: maps that know nothing of the network.

Axes: N images, C channels, h x w cells.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn

from .base import Cam


@dataclass(frozen=True)
class RandomCam(Cam):
    """Random-CAM: smooth noise of mean 0 and variance 1, unrelated to what the image shows.

    An image always gets the same map for the same seed, whatever its batch and target: the noise is
    seeded with the method's name, `seed` and 256 of the image's features, rounded to a sixteenth of
    their spread: the last bits of a feature, in which machines differ, redraw nothing.

    smoothness : standard deviation of the Gaussian filter, in cells
    """

    name: ClassVar[str] = "random"
    _layer = "pre_relu"
    _positive: ClassVar = ("smoothness",)

    seed: int = 0
    smoothness: float = 1.5

    def maps(self, activations: Tensor, rest: nn.Sequential, targets: Tensor) -> Tensor:
        maps = activations.new_zeros(len(activations), *activations.shape[2:])
        for image, feature in enumerate(activations.cpu().numpy()):
            maps[image] = torch.from_numpy(self._noise(feature)).to(maps)
        return maps

    def _noise(self, feature: np.ndarray) -> np.ndarray:
        identity = hashlib.blake2b(f"{self.name} {self.seed} ".encode(), digest_size=16)
        some = feature.ravel()[:: max(feature.size // 256, 1)].astype(np.float64)
        identity.update(np.rint(16 * some / (some.std() or 1)).astype(np.int64).tobytes())
        rng = np.random.default_rng(int.from_bytes(identity.digest(), "little"))
        noise = gaussian_filter(rng.standard_normal(feature.shape[1:]), self.smoothness)
        noise -= noise.mean()
        return noise / noise.std() if noise.size > 1 else noise
