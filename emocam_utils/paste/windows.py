"""Convolutions again, only where an input has changed: exact, because they are local.

A patch that covers a twentieth of an input changes a twentieth of conv1, a fifth of conv2, half of
conv3 and most of conv5 (EmoNet), since every kernel widens it. Each layer is run on a window around
what changed, with the unchanged activations of the original beside it; the rest is copied.

Axes: V variants of one image, C channels, h x w cells. Intervals are half-open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..networks.emonet import LocalResponseNorm

POINTWISE = (nn.ReLU, nn.Identity, LocalResponseNorm, nn.LocalResponseNorm)
Interval = tuple[int, int]


@dataclass(frozen=True)
class _Axis:
    """A layer along one axis: which outputs read an input, and which inputs an output reads."""

    kernel: int
    stride: int
    padding: int

    def readers(self, changed: Interval, outputs: int) -> Interval:
        """The outputs that read any of the changed inputs; may be empty."""
        start, stop = (edge + self.padding for edge in changed)
        first = max(-(-(start - self.kernel + 1) // self.stride), 0)
        return first, max(min((stop - 1) // self.stride + 1, outputs), first)


def _axes(layer: nn.Module) -> tuple[_Axis, _Axis] | None:
    """A layer along rows and columns; None for one that is not known to be local."""
    if isinstance(layer, nn.Conv2d):
        if isinstance(layer.padding, str) or layer.padding_mode != "zeros":
            return None
        if layer.dilation != (1, 1):
            return None
        shapes = zip(layer.kernel_size, layer.stride, layer.padding, strict=True)
    elif isinstance(layer, nn.MaxPool2d):
        if layer.ceil_mode or _pair(layer.padding) != (0, 0) or _pair(layer.dilation) != (1, 1):
            return None
        shapes = zip(_pair(layer.kernel_size), _pair(layer.stride), (0, 0), strict=True)
    else:
        return None
    rows, columns = (_Axis(*shape) for shape in shapes)
    return rows, columns


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


@dataclass(frozen=True)
class _Step:
    """A convolution or pooling, and the pointwise layers behind it."""

    layer: nn.Module
    axes: tuple[_Axis, _Axis]
    pointwise: tuple[nn.Module, ...]

    def __call__(self, activations: Tensor, padded: bool) -> Tensor:
        """padded : the zeros around the activations are there already"""
        layer = self.layer
        if padded and isinstance(layer, nn.Conv2d):
            activations = nn.functional.conv2d(
                activations, layer.weight, layer.bias, layer.stride, 0, 1, layer.groups
            )
        else:
            activations = layer(activations)
        for pointwise in self.pointwise:
            activations = pointwise(activations)
        return activations


@dataclass(frozen=True)
class LocalTrunk:
    """A stack of convolutions, poolings and pointwise layers that can be run on windows."""

    steps: tuple[_Step, ...]

    @classmethod
    def of(cls, trunk: object) -> LocalTrunk | None:
        """The trunk of a network; None if any of its layers is not known to be local."""
        if not isinstance(trunk, nn.Sequential) or not len(trunk):
            return None
        steps: list[_Step] = []
        for layer in trunk:
            axes = _axes(layer)
            if axes:
                steps.append(_Step(layer, axes, ()))
            elif isinstance(layer, POINTWISE) and steps:
                last = steps.pop()
                steps.append(_Step(last.layer, last.axes, (*last.pointwise, layer)))
            else:
                return None
        return cls(tuple(steps))

    def original(self, image: Tensor) -> list[Tensor]:
        """The input (C, H, W) of every step, and the last output: what variants are built on."""
        activations = [image]
        for step in self.steps:
            activations.append(step(activations[-1][None], padded=False)[0])
        return activations

    def changed(
        self, original: Sequence[Tensor], patches: Sequence[Tensor], corners: Sequence[Interval]
    ) -> Tensor:
        """Outputs (V, C, h, w) for an image with one patch each.

        original : as `original` returns it
        patches  : V tensors (C, rows, columns), what the input is there
        corners  : row and column of each patch's upper left corner
        """
        rows = [(y, y + p.shape[1]) for p, (y, _) in zip(patches, corners, strict=True)]
        columns = [(x, x + p.shape[2]) for p, (_, x) in zip(patches, corners, strict=True)]
        windows: Sequence[Tensor] = patches
        for step, before, after in zip(self.steps, original, original[1:], strict=False):
            rows = [step.axes[0].readers(r, after.shape[1]) for r in rows]
            columns = [step.axes[1].readers(c, after.shape[2]) for c in columns]
            tops, height = _same_length(rows, after.shape[1])
            lefts, width = _same_length(columns, after.shape[2])
            inputs = _with_windows(step.axes, before, windows, corners, tops, lefts, height, width)
            windows, corners = step(inputs, padded=True), list(zip(tops, lefts, strict=True))
        return _laid_over(original[-1], windows, corners)


def _same_length(intervals: Sequence[Interval], cells: int) -> tuple[list[int], int]:
    """Starts and one length of windows that hold the intervals and lie inside 0 to `cells`."""
    length = max(max(stop - start for start, stop in intervals), 1)
    return [min(start, cells - length) for start, _ in intervals], length


def _with_windows(
    axes: tuple[_Axis, _Axis],
    original: Tensor,
    windows: Sequence[Tensor],
    corners: Sequence[Interval],
    tops: Sequence[int],
    lefts: Sequence[int],
    height: int,
    width: int,
) -> Tensor:
    """What a layer reads for its output windows: the original's activations, the changed over them.

    windows, corners : the changed inputs (C, rows, columns), by their upper left corners
    tops, lefts      : upper left corners of the output windows, height x width cells each
    returns          : (V, C, rows, columns), with the layer's zero padding
    """
    down, across = axes
    pad_y, pad_x = down.padding, across.padding
    padded = nn.functional.pad(original, (pad_x, pad_x, pad_y, pad_y))
    rows = (height - 1) * down.stride + down.kernel
    columns = (width - 1) * across.stride + across.kernel
    inputs = original.new_empty(len(tops), len(original), rows, columns)
    for variant, (window, (y, x), i, j) in enumerate(
        zip(windows, corners, tops, lefts, strict=True)
    ):
        top, left = i * down.stride, j * across.stride  # of the padded input
        target = inputs[variant]
        target.copy_(padded[:, top : top + rows, left : left + columns])
        y, x = y + pad_y - top, x + pad_x - left
        y0, y1 = max(y, 0), min(y + window.shape[1], rows)
        x0, x1 = max(x, 0), min(x + window.shape[2], columns)
        target[:, y0:y1, x0:x1] = window[:, y0 - y : y1 - y, x0 - x : x1 - x]
    return inputs


def _laid_over(original: Tensor, windows: Tensor, corners: Sequence[Interval]) -> Tensor:
    height, width = windows.shape[2:]
    outputs = original.expand(len(windows), *original.shape).clone()
    for variant, (y, x) in enumerate(corners):
        outputs[variant, :, y : y + height, x : x + width] = windows[variant]
    return outputs


@torch.no_grad()
def is_trunk_of(trunk: LocalTrunk, network: nn.Module, image: Tensor) -> bool:
    """Whether a network's `features` are this trunk's output and nothing more, on one input."""
    return torch.allclose(
        trunk.original(image)[-1], network.features(image[None])[0], rtol=1e-4, atol=1e-4
    )
