"""Maps from gradients: Grad-CAM, Grad-CAM++ and HiResCAM.

Maps are raw and signed: neither the final ReLU of the papers nor a scaling is applied here. Where
a map is used, its positive part is taken.

Axes: N images, C channels, h x w cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from .target import Layer, Score, check_choice, explained, gradients, target_scores, weighted_sum


@dataclass(frozen=True)
class _FromGradients:
    score: Score = "logit"
    layer: Layer = "post_relu"

    def __post_init__(self) -> None:
        check_choice("score", self.score, Score)
        check_choice("layer", self.layer, Layer)

    def _gradient(
        self, head: nn.Sequential, features: Tensor, targets: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Activations and the score's gradient with respect to them, each (N, C, h, w)."""
        activations, rest, targets = explained(head, features, targets, self.layer)
        with gradients():
            leaf = activations.clone().requires_grad_()
            scores = target_scores(rest(leaf), targets, self.score)
            (gradient,) = torch.autograd.grad(scores.sum(), leaf)
        return activations, gradient


@dataclass(frozen=True)
class GradCam(_FromGradients):
    """Grad-CAM (Selvaraju et al. 2017, eq. 1): w_k is the gradient's mean over channel k.

    map = sum_k w_k A_k, raw and signed (the paper's ReLU is taken at use).
    """

    name: ClassVar[str] = "gradcam"

    def __call__(self, head: nn.Sequential, features: Tensor, targets: Tensor) -> Tensor:
        """(N, C, h, w) features before head[0], (N,) targets -> (N, h, w) raw maps."""
        activations, gradient = self._gradient(head, features, targets)
        return weighted_sum(gradient.mean((2, 3)), activations)


@dataclass(frozen=True)
class GradCamPlusPlus(_FromGradients):
    """Grad-CAM++ (Chattopadhyay et al. 2018, eq. 19), with the score passed through exp.

    w_k = sum of alpha * max(gradient, 0) with alpha = g^2 / (2 g^2 + sum(A_k) g^3); no weight is
    negative. map = sum_k w_k A_k, raw.
    """

    name: ClassVar[str] = "gradcam++"

    def __call__(self, head: nn.Sequential, features: Tensor, targets: Tensor) -> Tensor:
        """(N, C, h, w) features before head[0], (N,) targets -> (N, h, w) raw maps."""
        activations, gradient = self._gradient(head, features, targets)
        squared = gradient**2
        total = activations.sum((2, 3), keepdim=True)
        alpha = squared / (2 * squared + total * squared * gradient + 1e-6)
        alpha = torch.where(gradient != 0, alpha, 0)
        return weighted_sum((gradient.clamp(min=0) * alpha).sum((2, 3)), activations)


@dataclass(frozen=True)
class HiResCam(_FromGradients):
    """HiResCAM (Draelos and Carin 2020): gradient times activation, cell by cell, summed over k.

    Unlike Grad-CAM it does not average the gradient, so a cell counts only where the score uses it;
    inactive cells count nothing, and the two layers give the same map.
    """

    name: ClassVar[str] = "hirescam"

    def __call__(self, head: nn.Sequential, features: Tensor, targets: Tensor) -> Tensor:
        """(N, C, h, w) features before head[0], (N,) targets -> (N, h, w) raw maps."""
        activations, gradient = self._gradient(head, features, targets)
        return (gradient * activations).sum(1)
