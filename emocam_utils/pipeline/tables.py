"""Tables of class activation maps, a row an image, and what falls on the boxes.

maps : image, target (index of the label), empty, height, width, map (h * w, raw, signed)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from .importance import SCORES, Score


def maps_table(ids: Sequence[str], targets: np.ndarray, cams: np.ndarray) -> pd.DataFrame:
    """Raw maps (N, h, w) as rows; `empty` marks a map without a positive cell."""
    count, height, width = cams.shape
    return pd.DataFrame(
        {
            "image": list(ids),
            "target": targets.astype(np.int16),
            "empty": ~(cams > 0).any(axis=(1, 2)),
            "height": np.full(count, height, np.int16),
            "width": np.full(count, width, np.int16),
            "map": list(cams.reshape(count, -1).astype(np.float32)),
        }
    )


def map_array(row: Any) -> np.ndarray:
    """The map of one row of a maps table, (h, w)."""
    return np.asarray(row["map"], dtype=np.float64).reshape(row["height"], row["width"])


def box_importance(
    boxes: pd.DataFrame, maps: pd.DataFrame, images: pd.DataFrame, score: str | Score
) -> np.ndarray:
    """The importance of every box under one score.

    boxes   : rows of images that are in `maps` and in `images` (for their sizes)
    score   : a registered name, or a function as `SCORES` holds them
    returns : (len(boxes),), NaN where it is undefined (empty map, box outside the image)
    """
    measure = SCORES[score] if isinstance(score, str) else score
    sizes = dict(
        zip(images["image"], zip(images["height"], images["width"], strict=True), strict=True)
    )
    row_of = {image: row for row, image in enumerate(maps["image"])}
    shapes = maps[["height", "width"]].to_numpy()
    cams = maps["map"].to_numpy()
    importance = np.full(len(boxes), np.nan)
    corners = boxes[["x0", "y0", "x1", "y1"]].to_numpy()
    for image, rows in boxes.groupby("image", sort=False).indices.items():
        row = row_of[image]
        cam = np.asarray(cams[row], dtype=np.float64).reshape(shapes[row])
        importance[rows] = measure(cam, corners[rows], sizes[image])
    return importance
