"""Several detectors as one: each finds its own classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from . import yolox, yunet
from .postprocess import tidy_boxes


@dataclass(frozen=True)
class Joined:
    """The boxes of several detectors, none suppressed by another's.

    parts : detectors without a class in common
    """

    parts: tuple[Any, ...]

    def __post_init__(self) -> None:
        twice = {name for name in self.classes if self.classes.count(name) > 1}
        if twice:
            raise ValueError(f"joined detectors both find {', '.join(sorted(twice))}")

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(name for part in self.parts for name in part.classes)

    def detect(self, images: Sequence[Image.Image], ids: Sequence[str]) -> list[pd.DataFrame]:
        """One boxes table an image, the most confident first of all."""
        found = zip(*(part.detect(images, ids) for part in self.parts), strict=True)
        return [
            tidy_boxes(pd.concat(tables, ignore_index=True), *image.size)
            for tables, image in zip(found, images, strict=True)
        ]


def build_yolox_yunet(
    weights: Path | None, *, face_confidence: float = yunet.YuNet.confidence, **options: float
) -> Joined:
    """YOLOX for objects and YuNet for "Human face".

    weights         : YOLOX's file; YuNet's lies beside it under its own name
    face_confidence : YuNet's; other options are YOLOX's
    """
    objects = yolox.build_yolox(weights, **options)
    return Joined((objects, yunet.build_yunet(faces_beside(weights), confidence=face_confidence)))


def faces_beside(weights: Path | None) -> Path:
    return (Path(weights) if weights is not None else yolox.FILE).with_name(yunet.FILE.name)
