"""zennit's gamma and alpha-beta rules with one pass over a dense layer's weights.

zennit copies all weights once for each kind of contribution it separates, which at the size of
EmoNet's fc6 takes a second. Behind a ReLU no input is negative; the rules then need the weights of
one sign at a time, and a block of them fits into the processor's cache. Anything else, that is
convolutions and negative inputs, is left to zennit.

Axes: N images, I inputs, O outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from zennit.core import BasicHook
from zennit.rules import AlphaBeta, Gamma

_BLOCK = 2**18  # weights at a time: 1 MB, which stays in the cache between both products
_STABILIZER = 1e-6  # zennit's default


@dataclass(frozen=True)
class _Part:
    """Relevance (N, O) to be shared in proportion to input times altered weight."""

    relevance: Tensor
    alter: Callable[[Tensor], Tensor]  # of weights and biases, element by element


class _InBlocks(BasicHook):
    """What both rules have in common; a subclass says into which parts the relevance goes."""

    zero_bias: bool

    def parts(self, relevance: Tensor, output: Tensor) -> Sequence[_Part]:
        raise NotImplementedError

    def forward(self, module: nn.Module, input: tuple[Tensor, ...], output: Tensor) -> None:
        super().forward(module, input, output)
        self.stored_tensors["output"] = output

    def backward(
        self, module: nn.Module, grad_input: tuple[Tensor, ...], grad_output: tuple[Tensor, ...]
    ) -> tuple[Tensor | None, ...]:
        inputs, output = self.stored_tensors["input"][0], self.stored_tensors["output"]
        if not isinstance(module, nn.Linear) or inputs.ndim != 2 or bool((inputs < 0).any()):
            return super().backward(module, grad_input, grad_output)
        with torch.no_grad():
            parts = [p for p in self.parts(grad_output[0], output) if bool(p.relevance.any())]
            return (_shared(module, inputs, parts, self.zero_bias),)


class BlockGamma(_InBlocks, Gamma):
    """z + gamma z+ for positive outputs, z + gamma z- for negative ones, z = input times weight."""

    def __init__(self, gamma: float, zero_bias: bool) -> None:
        Gamma.__init__(self, gamma, _STABILIZER, ["bias"] if zero_bias else None)
        self.gamma, self.zero_bias = gamma, zero_bias

    def copy(self) -> Self:
        return type(self)(self.gamma, self.zero_bias)

    def parts(self, relevance: Tensor, output: Tensor) -> Sequence[_Part]:
        return (
            _Part(relevance * (output > 0), lambda w: w + self.gamma * w.clamp(min=0)),
            _Part(relevance * (output < 0), lambda w: w + self.gamma * w.clamp(max=0)),
        )


class BlockAlphaBeta(_InBlocks, AlphaBeta):
    """alpha times the shares of positive contributions less beta times those of negative ones."""

    def __init__(self, alpha: float, zero_bias: bool) -> None:
        AlphaBeta.__init__(self, alpha, alpha - 1, _STABILIZER, ["bias"] if zero_bias else None)
        self.alpha, self.zero_bias = alpha, zero_bias

    def copy(self) -> Self:
        return type(self)(self.alpha, self.zero_bias)

    def parts(self, relevance: Tensor, output: Tensor) -> Sequence[_Part]:
        return (
            _Part(self.alpha * relevance, lambda w: w.clamp(min=0)),
            _Part((1 - self.alpha) * relevance, lambda w: w.clamp(max=0)),
        )


def _shared(layer: nn.Linear, inputs: Tensor, parts: Sequence[_Part], zero_bias: bool) -> Tensor:
    """The relevance of the inputs (N, I)."""
    multipliers = torch.zeros_like(inputs)
    for block in _blocks(*layer.weight.shape):
        weight = layer.weight[block]
        bias = None if zero_bias or layer.bias is None else layer.bias[block]
        for part in parts:
            altered = part.alter(weight)
            total = inputs @ altered.T
            if bias is not None:
                total += part.alter(bias)
            total += _STABILIZER * torch.where(total < 0, -1.0, 1.0)
            multipliers += (part.relevance[:, block] / total) @ altered
    return inputs * multipliers


def _blocks(outputs: int, inputs: int) -> Iterator[slice]:
    step = max(1, _BLOCK // inputs)
    return (slice(start, start + step) for start in range(0, outputs, step))
