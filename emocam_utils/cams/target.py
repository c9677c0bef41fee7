"""What a class activation map explains: the activations of a layer, and a target's score.

Axes: N images, C channels, h x w cells, L labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Literal, get_args

import torch
from torch import Tensor, nn

Layer = Literal["pre_relu", "post_relu"]
"""The CAM layer before its activation (as the published EmoCAM code), or after it."""

Score = Literal["logit", "probability"]
"""What is explained: the target's logit, or its softmax probability.

Gradients of a probability vanish when the network is sure, and whole maps with them.
"""

_RANDOM_IN_TRAINING = (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._NormBase)


def check_choice(option: str, value: object, choices: object) -> None:
    """Refuse a value outside a Literal: what was given, what is allowed."""
    allowed = get_args(choices)
    if value not in allowed:
        raise ValueError(f"{option}={value!r} is not allowed; choose one of {', '.join(allowed)}")


def refuse_training(module: nn.Module, what: str) -> None:
    """Refuse layers that drop or normalise by chance. what : "head", for the message."""
    if any(isinstance(m, _RANDOM_IN_TRAINING) and m.training for m in module.modules()):
        raise ValueError(f"the {what} is in training mode, so its scores are random; call .eval()")


@contextmanager
def gradients() -> Iterator[None]:
    """Record gradients even where the caller has switched them off."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


def explained(
    head: nn.Sequential, features: Tensor, targets: Tensor, layer: Layer
) -> tuple[Tensor, nn.Sequential, Tensor]:
    """Split a head at the layer whose activations are weighed, after checking what was given.

    features : (N, C, h, w), before head[0]
    targets  : (N,) class indices; as many as images, or maps go silently blank
    returns  : activations (N, C, h, w), the part of the head that follows them, targets on the
               features' device
    """
    if features.ndim != 4:
        raise ValueError(f"features must be (N, C, h, w), got shape {tuple(features.shape)}")
    if targets.shape != features.shape[:1]:
        raise ValueError(
            f"one target an image is needed: {len(features)} images, "
            f"targets of shape {tuple(targets.shape)}"
        )
    if targets.is_floating_point() or targets.dtype == torch.bool:
        raise ValueError(f"targets are class indices, got a tensor of {targets.dtype}")
    refuse_training(head, "head")
    features = features.detach()
    if features.is_inference():
        with torch.inference_mode(False):
            features = features.clone()
    targets = targets.to(features.device, torch.long)
    if layer == "pre_relu":
        return features, head, targets
    with torch.inference_mode(False), torch.no_grad():  # the other way round records gradients
        return head[0](features), head[1:], targets


def target_scores(logits: Tensor, targets: Tensor, score: Score) -> Tensor:
    """Each row's score for its target: logits (N, L), targets (N,) -> (N,)."""
    outputs = logits.shape[1]
    if targets.numel() and not (int(targets.min()) >= 0 and int(targets.max()) < outputs):
        raise ValueError(
            f"targets from {int(targets.min())} to {int(targets.max())}, "
            f"but the head has the outputs 0 to {outputs - 1}"
        )
    scores = logits if score == "logit" else logits.softmax(1)
    return scores.gather(1, targets[:, None]).squeeze(1)


def weighted_sum(weights: Tensor, activations: Tensor) -> Tensor:
    """The class activation map sum_k w_k A_k: (N, C), (N, C, h, w) -> (N, h, w), signed."""
    return torch.einsum("nc,nchw->nhw", weights, activations)


def leaf_layers(layers: Iterable[nn.Module]) -> list[nn.Module]:
    """The layers of nested ``nn.Sequential``s in the order they run."""
    leaves: list[nn.Module] = []
    for layer in layers:
        leaves += leaf_layers(layer) if isinstance(layer, nn.Sequential) else [layer]
    return leaves
