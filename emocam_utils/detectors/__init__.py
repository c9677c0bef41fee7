"""Detectors: images in, boxes of named objects out.

A detector is given the images and their ids, because one that reads its boxes from a file knows
them by id only; a network looks at the images alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import pandas as pd
from PIL import Image

from ..registry import Registry
from .box_files import build_box_files
from .joined import build_yolox_yunet, faces_beside
from .lightnet_yolo import build_lightnet_yolo
from .yolox import build_yolox
from .yunet import build_yunet


@runtime_checkable
class Detector(Protocol):
    """What the study asks of a detector."""

    classes: tuple[str, ...]  # every class it can find

    def detect(self, images: Sequence[Image.Image], ids: Sequence[str]) -> list[pd.DataFrame]:
        """One boxes table an image, without `image`.

        images  : RGB, of any size
        ids     : the images' ids in the corpus, one an image
        returns : class: str, confidence: float32, x0 y0 x1 y1: float32, pixels of the original
                  image, half-open, clipped to it, none empty; the most confident box first, then
                  by class and place. The boxes of an image do not depend on the others.
        """
        ...


class BuildDetector(Protocol):
    """What DETECTORS holds: a weights (or boxes) file and options -> a detector ready to use."""

    def __call__(self, weights: Path | None, **options: object) -> Detector: ...


DETECTORS: Registry[BuildDetector] = Registry("detector")
DETECTORS.register("lightnet-yolo")(build_lightnet_yolo)
build_box_files.by_name = True  # an image has the boxes of its name, whatever its content
DETECTORS.register("box-file")(build_box_files)
DETECTORS.register("yolox")(build_yolox)
DETECTORS.register("yunet")(build_yunet)
build_yolox_yunet.reads = lambda weights: (faces_beside(weights),)
DETECTORS.register("yolox+yunet")(build_yolox_yunet)

__all__ = ["DETECTORS", "BuildDetector", "Detector"]
