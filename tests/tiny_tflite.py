"""Quantised TensorFlow Lite files in the form of the published ones, with random weights."""

from pathlib import Path

import flatbuffers
import numpy as np
import tflite
from torch import nn
from torchvision.models import mobilenet_v2

ZERO = 128  # of the weights


def write_mobilenet(path: Path, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """A file like mobilenet_v2_1.0_224_quant.tflite; returns its weights and biases as floats."""
    layers = [m for m in mobilenet_v2().modules() if isinstance(m, nn.Conv2d)]
    shapes = [(tuple(m.weight.shape), m.groups > 1) for m in layers]
    return write_convolutions(path, [*shapes, ((1001, 1280, 1, 1), False)], seed)


def write_convolutions(
    path: Path, shapes: list[tuple[tuple, bool]], seed: int = 0
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Convolutions of these shapes (O, I, h, w), depthwise or not, one after the other.

    returns : weight (O, I, h, w) and bias (O,) of each, as the file says in floats
    """
    rng = np.random.default_rng(seed)
    builder, buffers, tensors, operators, said = flatbuffers.Builder(1 << 20), [], [], [], []
    buffers.append(_buffer(builder, np.empty(0, np.uint8)))  # the first one is empty by convention
    for shape, depthwise in shapes:
        weight = rng.integers(0, 256, shape, dtype=np.uint8)
        bias = rng.integers(-2000, 2000, shape[0], dtype=np.int32)
        scale = float(np.sqrt(2 / np.prod(shape[1:])) / 74)  # 74: the weights' deviation
        said.append(
            (
                ((weight.astype(int) - ZERO) * np.float32(scale)).astype(np.float32),
                (bias * np.float32(1e-5)).astype(np.float32),
            )
        )
        stored = weight.transpose((1, 2, 3, 0) if depthwise else (0, 2, 3, 1))
        for values, kind, s, z in (
            (stored, tflite.TensorType.UINT8, scale, ZERO),
            (bias, tflite.TensorType.INT32, 1e-5, 0),
        ):
            buffers.append(_buffer(builder, np.ascontiguousarray(values)))
            tensors.append(_tensor(builder, values.shape, kind, len(buffers) - 1, s, z))
        operators.append((int(depthwise), len(tensors) - 2, len(tensors) - 1))
    image = len(tensors)  # stands for every input and output: the reader does not follow these
    tensors.append(_tensor(builder, (1, 224, 224, 3), tflite.TensorType.UINT8, 0, 1 / 128, 128))
    made = [_operator(builder, code, [image, w, b], [image]) for code, w, b in operators]
    path.write_bytes(_model(builder, buffers, tensors, made))
    return said


def _vector(builder: flatbuffers.Builder, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


def _buffer(builder: flatbuffers.Builder, values: np.ndarray) -> int:
    data = builder.CreateNumpyVector(values.reshape(-1).view(np.uint8)) if values.size else None
    tflite.BufferStart(builder)
    if data:
        tflite.BufferAddData(builder, data)
    return tflite.BufferEnd(builder)


def _tensor(
    builder: flatbuffers.Builder, shape: tuple, kind: int, buffer: int, scale: float, zero: int
) -> int:
    sides = builder.CreateNumpyVector(np.array(shape, np.int32))
    scales = builder.CreateNumpyVector(np.array([scale], np.float32))
    zeros = builder.CreateNumpyVector(np.array([zero], np.int64))
    tflite.QuantizationParametersStart(builder)
    tflite.QuantizationParametersAddScale(builder, scales)
    tflite.QuantizationParametersAddZeroPoint(builder, zeros)
    quantised = tflite.QuantizationParametersEnd(builder)
    tflite.TensorStart(builder)
    tflite.TensorAddShape(builder, sides)
    tflite.TensorAddType(builder, kind)
    tflite.TensorAddBuffer(builder, buffer)
    tflite.TensorAddQuantization(builder, quantised)
    return tflite.TensorEnd(builder)


def _operator(
    builder: flatbuffers.Builder, code: int, inputs: list[int], outputs: list[int]
) -> int:
    taken = builder.CreateNumpyVector(np.array(inputs, np.int32))
    given = builder.CreateNumpyVector(np.array(outputs, np.int32))
    tflite.OperatorStart(builder)
    tflite.OperatorAddOpcodeIndex(builder, code)
    tflite.OperatorAddInputs(builder, taken)
    tflite.OperatorAddOutputs(builder, given)
    return tflite.OperatorEnd(builder)


def _model(
    builder: flatbuffers.Builder, buffers: list[int], tensors: list[int], operators: list[int]
) -> bytes:
    codes = []
    for kind in (tflite.BuiltinOperator.CONV_2D, tflite.BuiltinOperator.DEPTHWISE_CONV_2D):
        tflite.OperatorCodeStart(builder)
        tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, kind)
        codes.append(tflite.OperatorCodeEnd(builder))
    listed = [_vector(builder, offsets) for offsets in (tensors, operators)]
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, listed[0])
    tflite.SubGraphAddOperators(builder, listed[1])
    graph = tflite.SubGraphEnd(builder)
    parts = [_vector(builder, offsets) for offsets in (codes, [graph], buffers)]
    tflite.ModelStart(builder)
    tflite.ModelAddVersion(builder, 3)
    tflite.ModelAddOperatorCodes(builder, parts[0])
    tflite.ModelAddSubgraphs(builder, parts[1])
    tflite.ModelAddBuffers(builder, parts[2])
    builder.Finish(tflite.ModelEnd(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())
