"""LRP-CAM and LIFT-CAM: channels weighed by a decomposition of the target's logit.

Both explain the logit only: a softmax takes the sum of the attributions away from what it explains.

Axes: N images, C channels, h x w cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from zennit.composites import LayerMapComposite
from zennit.core import Hook
from zennit.rules import Epsilon, Norm, Pass
from zennit.types import Activation, AvgPool, BatchNorm, Convolution, Linear

from .base import Cam
from .rescale import contributions
from .rules import BlockAlphaBeta, BlockGamma
from .target import Layer, gradients, target_scores

Rule = Literal["epsilon", "gamma", "alpha_beta", "gradient_x_input"]
Bias = Literal["absorbs", "ignored"]


@dataclass(frozen=True)
class LrpCam(Cam):
    """LRP-CAM: w_k is the relevance of channel k for the logit, summed over its cells.

    The relevance is propagated by zennit's rules (Bach et al. 2015, Montavon et al. 2019); at
    a pooling it goes to the winner.
    map = sum_k w_k A_k, raw and signed.

    rule    : "gamma"            positive weights count 1 + gamma times
              "alpha_beta"       positive evidence times alpha, negative times beta = alpha - 1
              "epsilon"          z / (z + epsilon sign z); with biases ignored z may be near 0, and
                                 a small epsilon then gives large relevances that cancel
              "gradient_x_input" what Captum's LRP comes to on such a head; the authors' choice
    epsilon : of the epsilon rule, in units of a layer's pre-activations; elsewhere a mere 1e-6
    bias    : "ignored" leaves it out of the denominators, and the relevances sum to the logit up
              to epsilon's share (completeness); "absorbs" its part of the relevance, as published
    """

    name: ClassVar[str] = "lrp"
    _positive: ClassVar = ("epsilon", "gamma")

    layer: Layer = "post_relu"
    rule: Rule = "gamma"
    epsilon: float = 1e-6
    gamma: float = 0.25
    alpha: float = 2.0
    bias: Bias = "ignored"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.alpha >= 1:
            raise ValueError(f"alpha={self.alpha} is not allowed; beta = alpha - 1, so at least 1")

    def weights(self, activations: Tensor, rest: nn.Sequential, targets: Tensor) -> Tensor:
        return self.relevance(activations, rest, targets).sum((2, 3))

    def relevance(self, activations: Tensor, rest: nn.Sequential, targets: Tensor) -> Tensor:
        """The relevance of every cell of every channel: (N, C, h, w)."""
        with gradients():
            leaf = activations.clone().requires_grad_()
            if self.rule == "gradient_x_input":
                scores = target_scores(rest(leaf), targets, "logit")
                return torch.autograd.grad(scores.sum(), leaf)[0] * activations
            _refuse_batch_norm(rest)
            # the context removes zennit's hooks from the head again, also after an error
            with self._rules().context(rest) as hooked:
                logits = hooked(leaf)
                scores = target_scores(logits, targets, "logit")
                start = torch.zeros_like(logits).scatter(1, targets[:, None], scores[:, None])
                (relevance,) = torch.autograd.grad(logits, leaf, start.detach())
        return relevance.detach()

    def _rules(self) -> LayerMapComposite:
        ignored = self.bias == "ignored"
        rule: Hook
        if self.rule == "epsilon":
            rule = Epsilon(epsilon=self.epsilon, zero_params=["bias"] if ignored else None)
        elif self.rule == "gamma":
            rule = BlockGamma(self.gamma, ignored)
        else:
            rule = BlockAlphaBeta(self.alpha, ignored)
        return LayerMapComposite(
            [(Activation, Pass()), (AvgPool, Norm()), (Convolution, rule), (Linear, rule)]
        )


def _refuse_batch_norm(head: nn.Module) -> None:
    if any(isinstance(layer, BatchNorm) for layer in head.modules()):
        raise TypeError(
            "LRP has no rule for a batch normalisation in the head; fold it into the layer beside "
            "it (zennit.canonizers), or split the network after it"
        )


@dataclass(frozen=True)
class LiftCam(Cam):
    """LIFT-CAM (Jung and Oh 2021): w_k is channel k's DeepLIFT contribution to the logit.

    The contributions (rescale rule, baseline all zero) sum to f(x) - f(0), which makes them the
    approximation of Shapley values that the paper asks for. Captum's do not where the windows of a
    max pooling overlap, as EmoNet's do: of two windows with one winner it keeps one.
    map = sum_k w_k A_k, raw and signed.
    """

    name: ClassVar[str] = "lift"

    layer: Layer = "post_relu"

    def weights(self, activations: Tensor, rest: nn.Sequential, targets: Tensor) -> Tensor:
        return contributions(rest, activations, targets).sum((2, 3))
