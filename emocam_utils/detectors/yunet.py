"""Faces by YuNet (Wu, Peng and Yu 2023, 75,856 weights), through OpenCV: box, five points, score.

Boxes are pixels x0, y0, x1, y1 of the original image, half-open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from .onnx_files import FOLDER, explained_by, open_onnx
from .postprocess import boxes_table, tidy_boxes

FILE = FOLDER / "face_detection_yunet_2023mar.onnx"
FACE = "Human face"
POINTS = ("left eye", "right eye", "nose", "left of the mouth", "right of the mouth")
"""Left and right in the image, of a face that is upright."""

SEARCHED_SIDE = 640  # pixels; larger images are searched at this size
POINTS_SIDE = 320
"""Pixels of a face whose points are looked for; those of small faces are coarse. On 161 faces of
FER2013's PublicTest whose eyes OpenCV's cascade finds too, the two are apart by 1.4 to 1.5 pixels
of 64 (median; 2.1 if looked for at 96 pixels), and one fixed place for all faces by 2.8. A face of
97 pixels that is turned by 25 degrees has upright points as it is, and turned ones at this size."""
POINTS_CONFIDENCE = 0.5  # where it is known that there is a face
OVERLAP, MOST = 0.3, 5000  # as OpenCV: limit of non-maximum suppression; candidates before it
WHAT = "YuNet"


class FoundFaces(NamedTuple):
    """Faces of an image.

    boxes : (B, 4); points : (B, 5, 2), x and y in the order of POINTS; scores : (B,) in [0, 1].
    Points and scores are NaN where the detector gives none.
    """

    boxes: NDArray
    points: NDArray[np.float32]
    scores: NDArray[np.float32]


@dataclass(frozen=True)
class YuNet:
    """The network, and how sure it must be of a face.

    network    : of OpenCV, which keeps the image's size: one for each thread
    confidence : the square root of the product of its two outputs, face and objectness
    """

    network: cv2.FaceDetectorYN
    confidence: float = 0.9
    classes = (FACE,)

    def __post_init__(self) -> None:
        if not 0 <= self.confidence < 1:
            raise ValueError(f"yunet: confidence is {self.confidence!r}, allowed are 0 to below 1")
        self.network.setScoreThreshold(self.confidence)

    def find(self, image: Image.Image) -> FoundFaces:
        """The faces of an image, the surest first; boxes may overhang it."""
        pixels = np.asarray(image.convert("RGB"))[..., ::-1]
        scale = min(1.0, SEARCHED_SIDE / max(image.size))
        if scale < 1:
            size = tuple(max(round(scale * side), 1) for side in image.size)
            pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        height, width = pixels.shape[:2]
        self.network.setInputSize((width, height))
        found = self.network.detect(np.ascontiguousarray(pixels))[1]
        found = np.zeros((0, 15), np.float32) if found is None else found
        # resizing may round the sides, so each axis has its own scale
        back = np.array([image.width / width, image.height / height], np.float32)
        corners = np.hstack((found[:, :2] * back, (found[:, :2] + found[:, 2:4]) * back))
        return FoundFaces(corners, found[:, 4:14].reshape(-1, 5, 2) * back, found[:, 14])

    def points(self, face: Image.Image) -> NDArray[np.float32]:
        """Five points of a face that fills an image, more exact than `find`'s of a small one.

        returns : (5, 2), pixels of the image; NaN if none is found
        """
        scale = POINTS_SIDE / max(face.size)
        size = tuple(max(round(scale * side), 1) for side in face.size)
        self.network.setScoreThreshold(POINTS_CONFIDENCE)
        try:
            found = self.find(face.convert("RGB").resize(size, Image.Resampling.BICUBIC))
        finally:
            self.network.setScoreThreshold(self.confidence)
        if not len(found.scores):
            return np.full((len(POINTS), 2), np.nan, np.float32)
        return found.points[found.scores.argmax()] * np.divide(face.size, size, dtype=np.float32)

    def detect(self, images: Sequence[Image.Image], ids: Sequence[str] = ()) -> list[pd.DataFrame]:
        """One boxes table an image: class, confidence, x0, y0, x1, y1, the most confident first."""
        tables = []
        for image in images:
            boxes, _, scores = self.find(image)
            tables.append(tidy_boxes(boxes_table([FACE] * len(boxes), scores, boxes), *image.size))
        return tables


def build_yunet(weights: Path | None, *, confidence: float = YuNet.confidence) -> YuNet:
    """YuNet from an ONNX file; None takes the one that `make data` fetches.

    Errors: FileNotFoundError, WeightsError for another network or a part of one
    """
    path = Path(weights) if weights is not None else FILE
    found = YuNet(open_onnx(path, WHAT, _opened), confidence)
    with explained_by(path, WHAT):
        found.find(Image.new("RGB", (64, 64)))
    return found


def _opened(path: str) -> cv2.FaceDetectorYN:
    return cv2.FaceDetectorYN.create(path, "", (64, 64), YuNet.confidence, OVERLAP, MOST)
