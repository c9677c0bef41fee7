"""Saliency maps and class activation maps under three backpropagation rules.

The figures of Montero, Strong and Kierum (Understanding Emotion Recognition in Neural Networks,
Section 3) come from keras-vis; the rules are its "backprop modifiers", here by Captum. With g the
gradient that reaches a ReLU from above and x its input, the ReLU passes on

    vanilla    g where x > 0             Simonyan et al. 2013: the gradient itself
    rectified  g where g > 0             Zeiler and Fergus 2013: deconvnet; "relu" in the paper
    guided     g where g > 0 and x > 0   Springenberg et al. 2014

Only ReLUs obey a rule. Where none is passed, all three maps are the same: the class activation maps
of mini-Xception, whose head averages, and any map of a network without ReLUs.

Read them with care. Rectified and guided maps show the image's edges rather than the decision: they
hardly depend on the class (Nie et al. 2018) nor on what was learnt (Adebayo et al. 2018).
The module `sanity` says how much, in numbers.

Axes: N images, K channels of the image, H x W pixels, C channels, h x w cells, L labels.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from captum.attr import Deconvolution, GuidedBackprop, Saliency
from torch import Tensor, nn

from ..networks import EmotionNetwork
from ..progress import progress
from .base import Cam
from .rectifiers import relu_calls
from .target import gradients, refuse_training, target_scores

Rule = Literal["vanilla", "rectified", "guided"]
RULES: tuple[Rule, ...] = get_args(Rule)

BATCH = 32  # images in a pass
_CAPTUM = {"vanilla": Saliency, "rectified": Deconvolution, "guided": GuidedBackprop}
Targets = int | Sequence[int] | Tensor


def saliency_gradients(
    network: EmotionNetwork, images: Tensor, targets: Targets, rule: Rule = "vanilla"
) -> Tensor:
    """What each input value does to the target's logit, backpropagated by a rule.

    images  : (N, K, H, W) preprocessed
    targets : class index of each image (N,), or one for all
    returns : (N, K, H, W) signed, logits per unit of the network's input, on the CPU. For a grey
              face in three equal channels the sum over K is the effect of the grey pixel.
    errors  : ValueError for a rule, shape, target or a network in training mode; TypeError for a
              network whose ReLUs the rule would miss (see `rectifiers`)
    """
    if images.ndim != 4:
        raise ValueError(f"images must be (N, K, H, W), got shape {tuple(images.shape)}")
    refuse_training(network, "network")
    return _backpropagated(_Whole(network), images, _each(targets, len(images)), rule)


def saliency_map(
    network: EmotionNetwork, images: Tensor, targets: Targets, rule: Rule = "vanilla"
) -> Tensor:
    """Saliency map (Simonyan et al. 2013, Section 3.1): the largest |gradient| over the channels.

    As `saliency_gradients`, but (N, H, W), at least 0 and not rescaled. The rectified map's size
    has no meaning beside the others': it grows with every layer, for nothing is switched off.
    """
    return saliency_gradients(network, images, targets, rule).abs().amax(1)


@dataclass(frozen=True)
class RuleCam(Cam):
    """The paper's class activation map (keras-vis' `visualize_cam`), as a CAM method.

    Grad-CAM after the activation of the CAM layer (in Keras the activation belongs to the
    convolution), the gradient passing the ReLUs behind it by a rule: w_k is its mean over channel
    k, map = sum_k w_k A_k, raw and signed. With "vanilla" it is
    ``GradCam(score="logit", layer="post_relu")``. keras-vis divides the gradient by its largest
    value and takes the positive part; here nothing is lost, that is done at use.
    """

    rule: Rule = "vanilla"

    @property
    def name(self) -> str:
        return f"rulecam-{self.rule}"

    def weights(self, activations: Tensor, rest: nn.Sequential, targets: Tensor) -> Tensor:
        gradient = _backpropagated(rest, activations, targets, self.rule)
        return gradient.to(activations.device).mean((2, 3))


def rule_cam(
    network: EmotionNetwork, images: Tensor, targets: Targets, rule: Rule = "vanilla"
) -> Tensor:
    """Class activation maps of preprocessed images (N, K, H, W) by a rule, see `RuleCam`.

    returns : (N, h, w) raw and signed, in logits, on the CPU; errors as `saliency_gradients`
    """
    cam, device = RuleCam(rule), next(network.parameters()).device
    targets = _each(targets, len(images))
    maps = []
    for start in _starts(max(len(images), 1), f"{rule} class activation maps"):
        part = slice(start, start + BATCH)
        with torch.no_grad():
            features = network.features(images[part].to(device))
        maps.append(cam(network.head, features, targets[part]).cpu())
    return torch.cat(maps)


class _Whole(nn.Module):
    """A network as one module from image to logits, which is what Captum hooks."""

    def __init__(self, network: EmotionNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return self.network.head(self.network.features(images))


class _TargetScores(nn.Module):
    """Logits of the targets (N,), refused where a rule would miss a ReLU on the way."""

    def __init__(self, logits: nn.Module, rule: Rule) -> None:
        super().__init__()
        self.logits, self.rule = logits, rule

    def forward(self, inputs: Tensor, targets: Tensor) -> Tensor:
        named = self.logits.network if isinstance(self.logits, _Whole) else self.logits
        with relu_calls(named) as calls:
            logits = self.logits(inputs)
        problems = [] if self.rule == "vanilla" else calls.problems(logits)
        if problems:
            raise TypeError(
                f"the {self.rule} rule cannot be applied to this network: {'; '.join(problems)}. "
                "Give each ReLU its own nn.ReLU() that is not in-place, or use the vanilla rule."
            )
        return target_scores(logits, targets, "logit")


def _backpropagated(module: nn.Module, inputs: Tensor, targets: Tensor, rule: Rule) -> Tensor:
    """The gradient by a rule: of module(inputs)[n, targets[n]] for inputs (N, ...), on the CPU."""
    if rule not in _CAPTUM:
        raise ValueError(f"rule={rule!r} is not allowed; choose one of {', '.join(_CAPTUM)}")
    parameter = next(module.parameters(), inputs)
    results = [torch.zeros_like(inputs[:0], device="cpu")]
    options = {"abs": False} if rule == "vanilla" else {}
    for start in _starts(len(inputs), f"{rule} backpropagation"):
        part = slice(start, start + BATCH)
        with gradients(), warnings.catch_warnings():
            for expected in ("Setting backward hooks", "Input Tensor 0 did not already"):
                warnings.filterwarnings("ignore", message=expected)
            method = _CAPTUM[rule](_TargetScores(module, rule))
            # a copy: after an error Captum leaves what it was given requiring gradients
            leaf = inputs[part].detach().to(parameter.device, copy=True).requires_grad_()
            given = targets[part].to(parameter.device, torch.long, copy=True)
            gradient = method.attribute(leaf, additional_forward_args=given, **options)
        results.append(gradient.detach().cpu())
    return torch.cat(results)


def _starts(images: int, label: str) -> Iterable[int]:
    """Where the batches begin; with a progress bar, if there are several."""
    starts = range(0, images, BATCH)
    return progress(starts, label=label) if len(starts) > 1 else starts


def _each(targets: Targets, images: int) -> Tensor:
    """One target an image (N,)."""
    tensor = torch.as_tensor(targets)
    if tensor.numel() and (tensor.is_floating_point() or tensor.dtype == torch.bool):
        raise ValueError(f"targets are class indices, got {targets!r}")
    if tensor.ndim == 0:
        tensor = tensor.expand(images)
    if tensor.shape != (images,):
        raise ValueError(
            f"one target an image is needed, or one for all: {images} images, "
            f"targets of shape {tuple(tensor.shape)}"
        )
    return tensor.long()
