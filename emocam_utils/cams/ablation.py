"""Ablation-CAM (Desai and Ramaswamy 2020): how far the score drops without a channel.

Axes: N images, C channels, h x w cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from .channels import switches
from .target import (
    Layer,
    Score,
    check_choice,
    check_positive,
    explained,
    target_scores,
    weighted_sum,
)


@dataclass(frozen=True)
class AblationCam:
    """Ablation-CAM: w_k = y - y_k, the score with all channels less the score without channel k.

    The paper (eq. 4) divides by y. That is undefined at 0, and with a negative logit it turns the
    map's sign, so here the drop itself is the default; relative=True is the paper's, and the
    library's. map = sum_k w_k A_k, raw and signed (the paper's ReLU is taken at use).

    max_megabytes : bound of the memory used beyond the head's weights; the result does not
                    depend on it
    """

    name: ClassVar[str] = "ablation"

    score: Score = "logit"
    layer: Layer = "post_relu"
    relative: bool = False
    max_megabytes: float = 256

    def __post_init__(self) -> None:
        check_choice("score", self.score, Score)
        check_choice("layer", self.layer, Layer)
        check_positive(max_megabytes=self.max_megabytes)

    def __call__(self, head: nn.Sequential, features: Tensor, targets: Tensor) -> Tensor:
        """(N, C, h, w) features before head[0], (N,) targets -> (N, h, w) raw maps."""
        activations, _, _ = explained(head, features, targets, self.layer)
        return weighted_sum(self.weights(head, features, targets), activations)

    @torch.no_grad()
    def weights(self, head: nn.Sequential, features: Tensor, targets: Tensor) -> Tensor:
        """The drops (N, C); those relative to a score of exactly 0 are 0."""
        activations, rest, targets = explained(head, features, targets, self.layer)
        drops = activations.new_zeros(activations.shape[:2])
        variants = switches(rest, activations, self.max_megabytes)
        for image, (target, switch) in enumerate(zip(targets, variants, strict=True)):
            active = switch.active()
            logits = switch.without(active)
            scores = target_scores(logits, target.expand(len(logits)), self.score)
            drops[image, active] = scores[0] - scores[1:]
            if self.relative:
                drops[image] = torch.where(scores[0] != 0, drops[image] / scores[0], 0)
        return drops
