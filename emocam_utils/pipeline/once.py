"""The features of an untrained network, computed once an image however many methods explain it.

A floor of five CAM methods under two presets asks ten times for the same features, which take most
of the time. What is kept is a tensor that `stages.explain` would compute again, bit for bit, so the
code here is no part of a recipe (`keys`).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..networks import EmotionNetwork
from .stages import Models


class OneImage:
    """The models of a worker for one call of `stages.explain` with one image."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._fresh: dict[int, FeaturesOnce] = {}

    @property
    def network(self) -> EmotionNetwork:
        return self._models.network

    @property
    def device(self) -> torch.device:
        return self._models.device

    def untrained(self, seed: int) -> FeaturesOnce:
        """`Models.untrained`, whose features are remembered."""
        if seed not in self._fresh:
            self._fresh[seed] = FeaturesOnce(self._models.untrained(seed))
        return self._fresh[seed]


class FeaturesOnce:
    """A network that remembers the features of the last input."""

    def __init__(self, network: EmotionNetwork) -> None:
        self._network = network
        self._last: tuple[Tensor, Tensor] | None = None

    @property
    def head(self) -> nn.Module:
        return self._network.head

    def features(self, inputs: Tensor) -> Tensor:
        """(N, C, h, w); computed again for any other tensor."""
        if self._last is None or self._last[0] is not inputs:
            self._last = inputs, self._network.features(inputs)
        return self._last[1]
