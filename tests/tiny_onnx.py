"""Small networks as ONNX files, written by hand in protobuf's wire format.

Each grid's cell of 8 pixels is an object if it is bright; larger cells never are.
"""

from pathlib import Path

import numpy as np

COCO = 80
POINTS = ((0.25, 0.25), (0.75, 0.25), (0.5, 0.5), (0.25, 0.75), (0.75, 0.75))
"""Of a face of `write_yunet`, in strides from its cell's corner."""


def write_yolox(path: Path, side: int = 416, classes: int = COCO) -> Path:
    """Each cell is a box of its own size: class 0 as sure as it is red, class 16 as it is blue."""
    nodes, weights = [], []
    for stride in (8, 16, 32):
        kernel = np.zeros((5 + classes, 3, stride, stride), np.float32)
        bias = np.zeros(5 + classes, np.float32)
        bias[:2], bias[4] = 0.5, stride == 8
        kernel[5, 2] = kernel[5 + 16, 0] = 1 / (255 * stride**2)  # blue, green, red
        nodes += _cells(f"o{stride}", stride, last=False)
        weights += [(f"o{stride}_w", kernel), (f"o{stride}_b", bias)]
        weights.append((f"o{stride}_s", np.array([1, 5 + classes, -1])))
    nodes.append(node("Concat", ["o8", "o16", "o32"], "joined", axis=2))
    nodes.append(node("Transpose", ["joined"], "output", perm=[0, 2, 1]))
    return write(path, nodes, weights, "images", (1, 3, side, side), ["output"])


def write_yunet(path: Path) -> Path:
    """Each cell is a face of its own size, as sure as it is bright."""
    nodes, weights, outputs = [], [], []
    for stride in (8, 16, 32):
        bright = np.full((1, 3, stride, stride), 1 / (3 * 255 * stride**2), np.float32)
        bright = bright * (stride == 8)
        layers = {
            "cls": (bright, [0]),
            "obj": (0 * bright, [1]),
            "bbox": (np.zeros((4, 3, stride, stride)), [0.5, 0.5, 0, 0]),
            "kps": (np.zeros((10, 3, stride, stride)), np.ravel(POINTS)),
        }
        for name, (kernel, bias) in layers.items():
            out = f"{name}_{stride}"
            outputs.append(out)
            nodes += _cells(out, stride, last=True)
            weights += [(f"{out}_w", np.float32(kernel)), (f"{out}_b", np.float32(bias))]
            weights.append((f"{out}_s", np.array([1, -1, len(bias)])))
    return write(path, nodes, weights, "images", (1, 3, 64, 64), outputs)


def _cells(out: str, stride: int, last: bool) -> list[bytes]:
    """A convolution that gives each cell its channels: (1, cells, channels), or channels first."""
    size = [stride, stride]
    inputs = ["images", f"{out}_w", f"{out}_b"]
    made = [node("Conv", inputs, f"{out}_c", kernel_shape=size, strides=size)]
    if last:
        made.append(node("Transpose", [f"{out}_c"], f"{out}_t", perm=[0, 2, 3, 1]))
    return [*made, node("Reshape", [f"{out}_t" if last else f"{out}_c", f"{out}_s"], out)]


# protobuf: a field is its number and wire type, then a varint or a length and that many bytes


def varint(value: int) -> bytes:
    value, found = value & (2**64 - 1), b""
    while value > 127:
        found += bytes([value & 127 | 128])
        value >>= 7
    return found + bytes([value])


def field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def node(kind: str, inputs: list[str], output: str, **attributes) -> bytes:
    """NodeProto; an attribute is an integer (type 2) or a list of them (type 7)."""
    made = b"".join(field(1, name) for name in inputs) + field(2, output) + field(3, output)
    made += field(4, kind)
    for name, value in attributes.items():
        many = isinstance(value, list)
        values = b"".join(field(8, v) for v in value) if many else field(3, value)
        made += field(5, field(1, name) + values + field(20, 7 if many else 2))
    return made


def tensor(name: str, values: np.ndarray) -> bytes:
    """TensorProto of float32 (type 1) or int64 (type 7)."""
    whole = np.issubdtype(values.dtype, np.integer)
    data = values.astype("<i8" if whole else "<f4").tobytes()
    dims = b"".join(field(1, size) for size in values.shape)
    return dims + field(2, 7 if whole else 1) + field(8, name) + field(9, data)


def value_info(name: str, shape: tuple[int, ...]) -> bytes:
    dims = b"".join(field(1, field(1, size)) for size in shape)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))


def write(path, nodes, weights, given: str, shape, outputs) -> Path:
    """ModelProto of ONNX 7, operators 11."""
    graph = b"".join(field(1, one) for one in nodes) + field(2, "tiny")
    graph += b"".join(field(5, tensor(*one)) for one in weights)
    graph += field(11, value_info(given, shape))
    graph += b"".join(field(12, value_info(name, ())) for name in outputs)
    path.write_bytes(field(1, 7) + field(7, graph) + field(8, field(1, "") + field(2, 11)))
    return path
