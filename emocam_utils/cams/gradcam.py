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

from .base import Cam
from .target import Layer, Score, gradients, target_scores


@dataclass(frozen=True)
class _FromGradients(Cam):
    score: Score = "logit"
    layer: Layer = "post_relu"

    def gradient(self, activations: Tensor, rest: nn.Sequential, targets: Tensor) -> Tensor:
        """Of the score with respect to each cell: (N, C, h, w)."""
        with gradients():
            leaf = activations.clone().requires_grad_()
            scores = target_scores(rest(leaf), targets, self.score)
            return torch.autograd.grad(scores.sum(), leaf)[0]


@dataclass(frozen=True)
class GradCam(_FromGradients):
    """Grad-CAM (Selvaraju et al. 2017, eq. 1): w_k is the gradient's mean over channel k.

    map = sum_k w_k A_k, raw and signed (the paper's ReLU is taken at use).
    """

    name: ClassVar[str] = "gradcam"

    def weights(self, activations: Tensor, rest: nn.Sequential, targets: Tensor) -> Tensor:
        return self.gradient(activations, rest, targets).mean((2, 3))


@dataclass(frozen=True)
class GradCamPlusPlus(_FromGradients):
    """Grad-CAM++ (Chattopadhyay et al. 2018, eq. 19), with the score passed through exp.

    w_k = sum of alpha * max(gradient, 0) with alpha = g^2 / (2 g^2 + sum(A_k) g^3); no weight is
    negative. map = sum_k w_k A_k, raw.
    """

    name: ClassVar[str] = "gradcam++"

    def weights(self, activations: Tensor, rest: nn.Sequential, targets: Tensor) -> Tensor:
        gradient = self.gradient(activations, rest, targets)
        squared = gradient**2
        total = activations.sum((2, 3), keepdim=True)
        alpha = squared / (2 * squared + total * squared * gradient + 1e-6)
        alpha = torch.where(gradient != 0, alpha, 0)
        return (gradient.clamp(min=0) * alpha).sum((2, 3))


@dataclass(frozen=True)
class HiResCam(_FromGradients):
    """HiResCAM (Draelos and Carin 2020): gradient times activation, cell by cell, summed over k.

    Unlike Grad-CAM it does not average the gradient, so a cell counts only where the score uses it;
    inactive cells count nothing, and the two layers give the same map.
    """

    name: ClassVar[str] = "hirescam"

    def maps(self, activations: Tensor, rest: nn.Sequential, targets: Tensor) -> Tensor:
        return (self.gradient(activations, rest, targets) * activations).sum(1)
