"""Ablation-CAM (Desai and Ramaswamy 2020): how far the score drops without a channel.

Axes: N images, C channels, h x w cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from .base import Cam
from .channels import switches
from .target import Layer, Score, target_scores


@dataclass(frozen=True)
class AblationCam(Cam):
    """Ablation-CAM: w_k = y - y_k, the score with all channels less the score without channel k.

    The paper (eq. 4) divides by y. That is undefined at 0, and with a negative logit it turns the
    map's sign, so here the drop itself is the default; relative=True is the paper's, and the
    library's. map = sum_k w_k A_k, raw and signed (the paper's ReLU is taken at use).

    max_megabytes : bound of the memory used beyond the head's weights; the result does not
                    depend on it
    """

    name: ClassVar[str] = "ablation"
    _positive: ClassVar = ("max_megabytes",)

    score: Score = "logit"
    layer: Layer = "post_relu"
    relative: bool = False
    max_megabytes: float = 256

    @torch.no_grad()
    def weights(self, activations: Tensor, rest: nn.Sequential, targets: Tensor) -> Tensor:
        """The drops (N, C); those relative to a score of exactly 0 are 0."""
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
