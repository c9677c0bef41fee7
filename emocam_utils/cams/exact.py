"""Class activation maps as first defined (Zhou et al. 2016): exact, where the head allows them.

Axes: N images, C channels, h x w cells, L labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from .base import Cam
from .target import leaf_layers, target_scores, weighted_sum


@dataclass(frozen=True)
class ExactCam(Cam):
    """CAM (Zhou et al. 2016, eq. 2): the mean over cells is the logit, up to the bias.

    For a head that averages each channel over space and then applies at most one linear layer:
    map = sum_k w_k A_k with the linear layer's weights for the target; without a linear layer the
    channels are the labels and the map is the target's channel. Raw and signed, after head[0].
    """

    name: ClassVar[str] = "exact"

    @torch.no_grad()
    def maps(self, activations: Tensor, rest: nn.Sequential, targets: Tensor) -> Tensor:
        """Errors: ValueError for a head of another kind, found by computing its logits."""
        linear = [layer for layer in leaf_layers(rest) if isinstance(layer, nn.Linear)]
        logits = rest(activations)
        scores = target_scores(logits, targets, "logit")
        channels = activations.shape[1]
        if not linear and logits.shape[1] == channels:
            weights, bias = nn.functional.one_hot(targets, channels).to(activations), 0.0
        elif len(linear) == 1 and linear[0].in_features == channels:
            weights = linear[0].weight[targets]
            bias = 0.0 if linear[0].bias is None else linear[0].bias[targets]
        else:
            raise _not_exact(rest)
        maps = weighted_sum(weights, activations)
        scale = float(scores.abs().max()) + 1 if len(scores) else 1.0
        if not torch.allclose(maps.mean((1, 2)) + bias, scores, rtol=1e-3, atol=1e-4 * scale):
            raise _not_exact(rest)
        return maps


def _not_exact(rest: nn.Sequential) -> ValueError:
    return ValueError(
        "an exact CAM needs a head of an activation, a global average pooling and at most one "
        f"linear layer; after its first this one has "
        f"{[type(layer).__name__ for layer in leaf_layers(rest)]}. "
        "Use hirescam or gradcam."
    )
