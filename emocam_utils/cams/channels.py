"""A head as a function of which channels are on: what Ablation-CAM and LIME ask of it.

Most heads begin with layers that treat each channel for itself (ReLU, pooling) and then flatten
into a linear layer. What that layer receives is then a sum over channels, so the share of each
channel is computed once, and switching channels on and off is adding and subtracting shares: exact,
and the largest layer runs once an image instead of once a variant.

Axes: N images, C channels, h x w cells, L labels, S variants, U units of the first linear layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .target import leaf_layers

_PER_CHANNEL = (
    nn.Identity,
    nn.ReLU,
    nn.Dropout,
    nn.Dropout2d,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool2d,
)
"""Layers under which a channel of zeros stays one and no channel sees another."""

_LARGE_LAYER = 2**20
"""Weights from which leaving out unused inputs saves more time than it costs."""


def switches(
    head: nn.Sequential, activations: Tensor, max_megabytes: float
) -> Iterator[_PlainSwitches | _SummingSwitches]:
    """Each image's head as switches, in order; a channel that is off is all zero.

    activations   : (N, C, h, w), the head's input
    max_megabytes : bound of what is held at once beyond the head's weights; less means smaller
                    pieces with the same result, never below one variant at a time
    """
    if not len(activations):
        return
    budget = max_megabytes * 2**20 / 4  # float32 numbers
    _, channels, height, width = activations.shape
    summing = _summing_head(head, activations)
    if summing is None:
        # the widest thing between the layers is not known here; four inputs' worth is the allowance
        rows = max(1, int(budget / (4 * channels * height * width)))
        for image in activations:
            yield _PlainSwitches(head, image, rows)
        return
    pool, first, tail = summing
    widest = max([first.out_features] + [m.out_features for m in tail if _is_linear(m)])
    rows = max(1, int(budget / (4 * widest)))
    together = max(1, int(budget / (2 * channels * first.out_features)))
    for some in activations.split(together):
        for shares in _shares(pool, first, some):
            yield _SummingSwitches(shares, first.bias, tail, rows)


@dataclass(frozen=True)
class _PlainSwitches:
    """One image and any head, which runs once a variant."""

    head: nn.Sequential
    activations: Tensor  # (C, h, w)
    rows: int

    def active(self) -> Tensor:
        """Indices of the channels that reach the score at all; the others need no variant."""
        return self.activations.ne(0).flatten(1).any(1).nonzero().squeeze(1)

    def with_channels(self, masks: Tensor) -> Tensor:
        """Logits (S, L) with the channels on that masks (S, C) name, in 0 and 1."""
        variants = (some[:, :, None, None] * self.activations for some in masks.split(self.rows))
        return torch.cat([self.head(some) for some in variants])

    def without(self, channels: Tensor) -> Tensor:
        """Logits (1 + S, L): first with every channel on, then without each of `channels` (S,)."""
        masks = self.activations.new_ones(1 + len(channels), len(self.activations))
        masks[torch.arange(len(channels), device=masks.device) + 1, channels] = 0
        return self.with_channels(masks)


@dataclass(frozen=True)
class _SummingSwitches:
    """The same for a head whose first linear layer sums the shares of its channels."""

    shares: Tensor  # (C, U)
    bias: Tensor | None
    tail: Sequence[nn.Module]
    rows: int

    def active(self) -> Tensor:
        return self.shares.ne(0).any(1).nonzero().squeeze(1)

    def with_channels(self, masks: Tensor) -> Tensor:
        return torch.cat([self._logits(some @ self.shares) for some in masks.split(self.rows)])

    def without(self, channels: Tensor) -> Tensor:
        everything = self.shares.sum(0, keepdim=True)
        less = (everything - self.shares[some] for some in channels.split(self.rows))
        return torch.cat([self._logits(everything), *(self._logits(some) for some in less)])

    def _logits(self, sums: Tensor) -> Tensor:
        hidden = sums if self.bias is None else sums + self.bias
        for layer in self.tail:
            hidden = _used_inputs_only(layer, hidden) if _is_linear(layer) else layer(hidden)
        return hidden


def _is_linear(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Linear)


def _used_inputs_only(layer: nn.Linear, inputs: Tensor) -> Tensor:
    """layer(inputs) without the inputs that are zero in every row: exact, as they add nothing.

    The variants of one image share most of their silent units, so this halves the work or better.
    """
    if layer.weight.numel() < _LARGE_LAYER:
        return layer(inputs)
    used = inputs.ne(0).any(0).nonzero().squeeze(1)
    if len(used) > 0.6 * inputs.shape[1]:  # gathering the weights would cost what it saves
        return layer(inputs)
    weights = layer.weight.index_select(1, used)
    return functional.linear(inputs.index_select(1, used), weights, layer.bias)


def _summing_head(
    head: nn.Sequential, activations: Tensor
) -> tuple[nn.Sequential, nn.Linear, list[nn.Module]] | None:
    """Split a head into (per channel, flatten), its first linear layer and the rest; or None."""
    layers = leaf_layers(head)
    shape, flat = activations.shape[1:], False
    for position, layer in enumerate(layers):
        if flat:
            if _is_linear(layer):
                return nn.Sequential(*layers[:position]), layer, layers[position + 1 :]
            if not isinstance(layer, nn.Identity | nn.Dropout | nn.ReLU):
                return None
        elif isinstance(layer, _PER_CHANNEL):
            shape = layer(activations.new_zeros(1, *shape)).shape[1:]
        elif _flattens_channel_by_channel(layer, shape):
            flat = True
        else:
            return None
    return None


def _flattens_channel_by_channel(layer: nn.Module, shape: torch.Size) -> bool:
    """Whether a layer only re-orders the cells within each channel of a (C, h, w) input."""
    if layer.state_dict() or len(shape) != 3:
        return False
    cells = torch.arange(1.0, shape.numel() + 1).view(1, *shape)
    try:
        flat = layer(cells)
    except (RuntimeError, ValueError, IndexError):
        return False
    if flat.shape != (1, shape.numel()):
        return False
    by_channel = flat.view(shape[0], -1).sort(1).values
    return torch.equal(by_channel, cells.view(shape[0], -1))


def _shares(pool: nn.Sequential, first: nn.Linear, activations: Tensor) -> Tensor:
    """What each channel adds to each unit of the first linear layer: (N, C, U)."""
    images, channels = activations.shape[:2]
    inputs = pool(activations).view(images, channels, -1)
    weights = first.weight.view(first.out_features, channels, -1)
    if images == 1 and weights.numel() >= _LARGE_LAYER:
        # one image is a matter of reading the weights once, in the order they lie in memory
        blocks = [(some * inputs).sum(-1) for some in weights.split(128)]
        return torch.cat(blocks).T[None]
    return torch.einsum("ucm,ncm->ncu", weights, inputs)
