"""Objects of 80 classes by YOLOX (Ge et al. 2021, arXiv 2107.08430), through OpenCV.

For yolox_nano.onnx: outputs are raw, a row a cell of three grids. Boxes are pixels x0, y0, x1, y1
of the original image, half-open. A cells, C classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image
from torchvision.ops import batched_nms

from .. import paths
from ..networks.weight_files import WeightsError
from .onnx_files import FOLDER, explained_by, open_onnx
from .postprocess import boxes_table, tidy_boxes

FILE = FOLDER / "yolox_nano.onnx"
COCO_NAMES = paths.DATA / "coco_names.csv"
SIDE, PAD = 416, 114  # of the network's input, pixels; grey beyond the image
STRIDES = (8, 16, 32)
WHAT = "YOLOX"


@dataclass(frozen=True)
class Yolox:
    """Letterbox, network, boxes of the grids' cells, non-maximum suppression within each class.

    network    : of OpenCV, which keeps the image that it looks at: one for each thread
    classes    : names, in the order of the network's outputs
    confidence : a box must be more confident: objectness times the probability of its class
    iou        : a box that overlaps a more confident one of its class by more is dropped
    The defaults are those with which the authors evaluate (yolox/exp/yolox_base.py).
    """

    network: cv2.dnn.Net
    classes: tuple[str, ...]
    confidence: float = 0.01
    iou: float = 0.65

    def __post_init__(self) -> None:
        for name, allowed in (("confidence", "0 to below 1"), ("iou", "above 0 to 1")):
            value = getattr(self, name)
            if not (0 <= value < 1 if name == "confidence" else 0 < value <= 1):
                raise ValueError(f"yolox: {name} is {value!r}, allowed are {allowed}")

    def detect(self, images: Sequence[Image.Image], ids: Sequence[str] = ()) -> list[pd.DataFrame]:
        """One boxes table an image: class, confidence, x0, y0, x1, y1, the most confident first."""
        return [self._detect(image) for image in images]

    def _detect(self, image: Image.Image) -> pd.DataFrame:
        pixels, scale = letterboxed(image)
        self.network.setInput(pixels.transpose(2, 0, 1)[None].astype(np.float32))
        corners, scores = decoded(self.network.forward()[0])
        label = scores.argmax(1)
        score = scores[np.arange(len(scores)), label]
        sure = score > self.confidence
        boxes, score, label = corners[sure] / scale, score[sure], label[sure]
        kept = batched_nms(*map(torch.from_numpy, (boxes, score, label)), self.iou).numpy()
        names = [self.classes[k] for k in label[kept]]
        return tidy_boxes(boxes_table(names, score[kept], boxes[kept]), *image.size)


def letterboxed(image: Image.Image) -> tuple[NDArray[np.uint8], float]:
    """The image in the upper left of the network's input, BGR, (SIDE, SIDE, 3), and its scale."""
    width, height = image.size
    scale = min(SIDE / width, SIDE / height)
    size = max(int(width * scale), 1), max(int(height * scale), 1)
    pixels = np.asarray(image.convert("RGB"))[..., ::-1]
    canvas = np.full((SIDE, SIDE, 3), PAD, np.uint8)
    canvas[: size[1], : size[0]] = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
    return canvas, scale


@cache
def cells() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Column and row of each cell, (A, 2), and its stride, (A, 1), in the order of the outputs."""
    places, strides = [], []
    for stride in STRIDES:
        y, x = np.mgrid[: SIDE // stride, : SIDE // stride]
        places.append(np.stack((x, y), 2).reshape(-1, 2))
        strides.append(np.full((places[-1].shape[0], 1), stride))
    return np.concatenate(places).astype(np.float32), np.concatenate(strides).astype(np.float32)


def decoded(output: NDArray) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Corners in pixels of the input, (A, 4), and objectness times class probability, (A, C).

    output : (A, 5 + C): centre from the cell's corner and logarithm of the size, both in strides,
             objectness, classes
    """
    place, stride = cells()
    centre = (output[:, :2] + place) * stride
    half = np.exp(output[:, 2:4]) * stride / 2
    return np.hstack((centre - half, centre + half)), output[:, 4:5] * output[:, 5:]


def build_yolox(
    weights: Path | None,
    *,
    confidence: float = Yolox.confidence,
    iou: float = Yolox.iou,
) -> Yolox:
    """Yolox from an ONNX file; None takes the one that `make data` fetches.

    Errors: FileNotFoundError, WeightsError for another network or a part of one
    """
    path = Path(weights) if weights is not None else FILE
    network = open_onnx(path, WHAT, cv2.dnn.readNetFromONNX)
    classes = coco_classes()
    expected = (1, len(cells()[0]), 5 + len(classes))
    with explained_by(path, WHAT):
        network.setInput(np.full((1, 3, SIDE, SIDE), PAD, np.float32))
        shape = network.forward().shape
    if shape != expected:
        raise WeightsError(
            f"{path} is another network than {WHAT} for {len(classes)} classes and {SIDE} pixels: "
            f"expected outputs of shape {expected}, got {shape}"
        )
    return Yolox(network, classes, confidence, iou)


def coco_classes(table: Path = COCO_NAMES) -> tuple[str, ...]:
    """The project's names of COCO's classes, in the order of the network's outputs."""
    return tuple(pd.read_csv(table, comment="#")["name"])
