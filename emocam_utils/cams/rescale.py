"""DeepLIFT with the rescale rule (Shrikumar et al. 2017, Section 3.5.1) on a sequential head.

A layer that is not linear is replaced by the straight line through its values at the input and at
the baseline. The gradient of what results is DeepLIFT's multiplier, and completeness holds:
the contributions sum to f(x) - f(baseline). No hook is set, so nothing can stay behind.

Axes: N images, C channels, h x w cells, L labels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .target import gradients, leaf_layers, target_scores

_BY_ELEMENT = (
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.PReLU,
    nn.ELU,
    nn.SELU,
    nn.GELU,
    nn.SiLU,
    nn.Mish,
    nn.Hardswish,
    nn.Sigmoid,
    nn.Tanh,
    nn.Softplus,
)

_MAX_POOLS = (nn.MaxPool2d, nn.AdaptiveMaxPool2d)


def contributions(head: nn.Sequential, activations: Tensor, targets: Tensor) -> Tensor:
    """DeepLIFT contributions of every cell to the target's logit, against a baseline of zeros.

    activations : (N, C, h, w), the head's input
    targets     : (N,) class indices
    returns     : (N, C, h, w); sums to f(x) - f(0) for each image
    errors      : TypeError for a layer to which the rule cannot be applied exactly
    """
    with gradients():
        leaf = activations.clone().requires_grad_()
        value, baseline = leaf, activations.new_zeros(1, *activations.shape[1:])
        for layer in leaf_layers(head):
            with torch.no_grad():
                reached = layer(baseline)
            value, baseline = _straightened(layer, value, baseline, reached), reached
        scores = target_scores(value, targets, "logit")
        (multipliers,) = torch.autograd.grad(scores.sum(), leaf)
    return multipliers * activations


def _straightened(layer: nn.Module, value: Tensor, baseline: Tensor, reached: Tensor) -> Tensor:
    """layer(value), its gradient being the slope of the line from (baseline, reached) to there."""
    if isinstance(layer, _BY_ELEMENT):
        return _line_by_element(layer, value, baseline, reached)
    if isinstance(layer, _MAX_POOLS):
        # the gradient goes to the winner; that is exact if the baseline has no winner of its own
        if not torch.equal(baseline.amax((2, 3)), baseline.amin((2, 3))):
            raise TypeError(
                f"DeepLIFT's rule for {layer} needs a baseline that is constant within each channel"
            )
        return layer(value)
    output = layer(value)
    _refuse_nonlinear(layer, value.detach(), baseline, output.detach(), reached)
    return output


def _line_by_element(layer: nn.Module, value: Tensor, baseline: Tensor, reached: Tensor) -> Tensor:
    at = value.detach().requires_grad_()
    output = layer(at)
    (tangent,) = torch.autograd.grad(output.sum(), at)
    output, run = output.detach(), at.detach() - baseline
    # where input and baseline meet, the line through both is the tangent
    near = run.abs() < 1e-6
    slope = torch.where(near, tangent, (output - reached) / torch.where(near, 1, run))
    return output + slope * (value - value.detach())


def _refuse_nonlinear(
    layer: nn.Module, value: Tensor, baseline: Tensor, output: Tensor, reached: Tensor
) -> None:
    """A layer taken for linear must put the middle of two inputs in the middle of their outputs."""
    if isinstance(layer, nn.Linear | nn.Conv2d | nn.Flatten | nn.Dropout) or not len(value):
        return
    with torch.no_grad():
        middle = layer((value[:1] + baseline) / 2)
    expected = (output[:1] + reached) / 2
    if not torch.allclose(middle, expected, rtol=1e-3, atol=1e-5 * float(output.abs().max())):
        raise TypeError(
            f"DeepLIFT's rescale rule does not know the layer {layer}; it knows layers that are "
            "linear, work element by element, or take a maximum. Build the head from those."
        )
