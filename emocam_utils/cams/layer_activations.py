"""What each convolution makes of a face (GiMeFive, Section 1: layer activations).

Axes: N images, C channels, h x w cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from ..networks import EmotionNetwork
from .target import refuse_training


def layer_activations(network: EmotionNetwork, images: Tensor) -> dict[str, NDArray[np.float32]]:
    """The output of every convolution, in the order they run.

    A convolution followed by batch normalisation counts with it, since that is what its ReLU gets;
    the ReLU itself is not applied, so that values below 0 stay to be seen.

    images  : (N, K, H, W) preprocessed
    returns : the convolution's name in the network -> (N, C, h, w) signed; a convolution that runs
              again has its runs numbered, "conv (2)"
    """
    refuse_training(network, "network")
    device = next(network.parameters()).device
    with torch.no_grad(), _recorded(network) as outputs:
        network.head(network.features(images.to(device)))
    return {name: output.cpu().float().numpy() for name, output in outputs.items()}


def most_active(activations: ArrayLike, k: int) -> NDArray[np.int64]:
    """The k channels with the highest mean of the positive part: what their ReLU passes on.

    activations : (N, C, h, w) of one layer
    returns     : (N, min(k, C)) channel indices, the most active first; of equals the lower first
    """
    activations = np.asarray(activations)
    if activations.ndim != 4:
        raise ValueError(f"activations must be (N, C, h, w), got shape {activations.shape}")
    if k < 1:
        raise ValueError(f"k={k}: at least one channel is needed")
    activity = np.maximum(activations, 0).mean((2, 3))
    return np.argsort(-activity, axis=1, kind="stable")[:, :k]


@contextmanager
def _recorded(network: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Outputs of the convolutions that run inside the block; the hooks go with it."""
    outputs: dict[str, Tensor] = {}
    raw: dict[int, tuple[str, Tensor]] = {}  # by identity; holding them keeps identities apart

    def record(name: str):
        def hook(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if isinstance(layer, nn.Conv2d):
                runs = sum(other == name or other.startswith(f"{name} (") for other in outputs)
                shown = f"{name} ({runs + 1})" if runs else name
                raw[id(output)] = shown, output
            elif id(inputs[0]) in raw:
                shown = raw[id(inputs[0])][0]
            else:
                return
            outputs[shown] = output.clone()  # a later in-place layer would overwrite it

        return hook

    layers = nn.Conv2d | nn.BatchNorm2d
    hooks = [
        layer.register_forward_hook(record(name))
        for name, layer in network.named_modules()
        if isinstance(layer, layers)
    ]
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()
