"""Convolutions out of a quantised TensorFlow Lite file, as float32 for PyTorch.

A quantised tensor q with scale s and zero point z stands for (q - z) * s. Batch normalisation is
folded into the weights and biases of such a file.

Axes: O output channels, I input channels of a group, h x w of a kernel.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tflite
from numpy.typing import NDArray

from .weight_files import WeightsError

TYPES = {
    tflite.TensorType.UINT8: np.uint8,
    tflite.TensorType.INT8: np.int8,
    tflite.TensorType.INT32: np.int32,
    tflite.TensorType.FLOAT32: np.float32,
}
KINDS = {
    tflite.BuiltinOperator.CONV_2D: "convolution",
    tflite.BuiltinOperator.DEPTHWISE_CONV_2D: "depthwise",
}


@dataclass(frozen=True)
class Convolution:
    """One convolution of a file.

    kind   : "convolution" or "depthwise"
    weight : (O, I, h, w), as PyTorch has it; I is 1 for a depthwise one
    bias   : (O,)
    """

    kind: str
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


def read_convolutions(path: Path) -> list[Convolution]:
    """All convolutions of a file in the order in which they run.

    Errors: WeightsError for a file that is none, or that is cut short
    """
    data = Path(path).read_bytes()
    if not tflite.Model.ModelBufferHasIdentifier(data, 0):
        raise WeightsError(
            f"{path} is not a TensorFlow Lite file (it starts with {data[:16]!r}); fetch it again"
        )
    try:
        return _convolutions(data)
    except (ValueError, IndexError, struct.error, KeyError, TypeError) as error:
        raise WeightsError(
            f"{path} is damaged or cut short ({error}); delete it and fetch it again"
        ) from error


def _convolutions(data: bytes) -> list[Convolution]:
    model = tflite.Model.GetRootAsModel(data, 0)
    graph, found = model.Subgraphs(0), []
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        code = model.OperatorCodes(operator.OpcodeIndex())
        kind = KINDS.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()))
        if kind:
            weight, bias = (_values(model, graph, operator.Inputs(place)) for place in (1, 2))
            # stored (O, h, w, I), depthwise (1, h, w, O)
            axes = (0, 3, 1, 2) if kind == "convolution" else (3, 0, 1, 2)
            found.append(Convolution(kind, np.ascontiguousarray(weight.transpose(axes)), bias))
    return found


def _values(model: tflite.Model, graph: tflite.SubGraph, index: int) -> NDArray[np.float32]:
    """A stored tensor as the numbers that it stands for."""
    tensor = graph.Tensors(index)
    stored = model.Buffers(tensor.Buffer()).DataAsNumpy().view(TYPES[tensor.Type()])
    values = stored.reshape(tensor.ShapeAsNumpy())
    if values.dtype == np.float32:
        return values
    quantised = tensor.Quantization()
    scale, zero = quantised.ScaleAsNumpy(), quantised.ZeroPointAsNumpy()
    if len(scale) > 1:  # one an output channel
        shape = np.ones(values.ndim, dtype=int)
        shape[quantised.QuantizedDimension()] = len(scale)
        scale, zero = scale.reshape(shape), zero.reshape(shape)
    return ((values.astype(np.int64) - zero) * scale).astype(np.float32)
