"""How much of a map falls on an object's own pixels, and not on the background in its box.

    masks : image, height, width, classes (PNG of the class number of each pixel)

A box of a class that the segmenter knows is measured on those of its pixels that are of this class.
What has no pixel of its class in its box, and classes without masks, are undefined (NaN): a mask
score is to be compared with a box score on the boxes that have both.

Axes: B boxes, h x w cells of a map, H x W pixels of a mask (an image's shape, not its size).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..corpora import Corpus
from ..detectors import deeplab
from ..detectors.deeplab import Segmenter, build_deeplab
from ..downloads import assets
from .analysis import Analysis
from .attention import Attention
from .importance import pixel_boxes, scaled
from .tables import map_array

MaskScore = Callable[[NDArray, NDArray], NDArray[np.float64]]


def mask_mean(cam: NDArray, masks: NDArray) -> NDArray[np.float64]:
    """Mean of the scaled map on each mask: the paper's importance without the background.

    cam     : (h, w), raw and signed
    masks   : (B, H, W), True on an object's pixels
    returns : (B,) in [0, 1]; NaN for an empty map or mask
    """
    return _sums(scaled(cam), masks) / _pixels(masks)


def mask_share(cam: NDArray, masks: NDArray) -> NDArray[np.float64]:
    """Share of the map's positive mass that falls on each mask: (B,) in [0, 1]; NaN as above."""
    positive = np.maximum(cam, 0)
    total = _sums(positive, np.ones((1, *masks.shape[1:]), bool))
    return _sums(positive, masks) / np.where(total > 0, total, np.nan) * _defined(masks)


def mask_share_per_cbrt_area(cam: NDArray, masks: NDArray) -> NDArray[np.float64]:
    """The share over the cube root of the mask's share of the image: (B,), 0 and up."""
    return mask_share(cam, masks) / np.cbrt(_pixels(masks) / masks[0].size)


def mask_contribution(cam: NDArray, masks: NDArray) -> NDArray[np.float64]:
    """What each mask adds to the mean of the signed map: (B,), in the map's units.

    Where the mean of the map is the answer of the network but for a constant, it is the part of the
    answer that comes from the object's pixels.
    """
    return _sums(cam, masks) / masks[0].size * _defined(masks)


MASK_SCORES: dict[str, MaskScore] = {
    f.__name__: f for f in (mask_mean, mask_share, mask_share_per_cbrt_area, mask_contribution)
}


def _pixels(masks: NDArray) -> NDArray[np.float64]:
    """Pixels of each mask; NaN for an empty one."""
    count = masks.sum((1, 2)).astype(np.float64)
    return np.where(count > 0, count, np.nan)


def _defined(masks: NDArray) -> NDArray[np.float64]:
    return _pixels(masks) / _pixels(masks)


def _sums(cam: NDArray, masks: NDArray) -> NDArray[np.float64]:
    """Sum over each mask of the map, upsampled as for the box scores (half-pixel centres)."""
    height, width = masks.shape[1:]
    full = cv2.resize(np.asarray(cam, np.float64), (width, height))
    return np.array([full[mask].sum() for mask in masks])


def object_masks(segmented: NDArray, boxes: NDArray, kinds: NDArray) -> NDArray[np.bool_]:
    """The pixels in each box that are of its class: (B, H, W).

    segmented : (H, W), the number of each pixel's class
    boxes     : (B, 4), whole pixels of the mask, as `pixel_boxes`
    kinds     : (B,), the number of each box's class
    """
    masks = np.zeros((len(boxes), *segmented.shape), dtype=bool)
    for mask, (x0, y0, x1, y1), kind in zip(masks, boxes, kinds, strict=True):
        mask[y0:y1, x0:x1] = segmented[y0:y1, x0:x1] == kind
    return masks


def segment(segmenter: Segmenter, corpus: Corpus, ids: Sequence[str]) -> pd.DataFrame:
    """`masks` of some images."""
    rows = []
    for image in ids:
        classes = segmenter.segment(corpus.read(image))
        rows.append((image, *classes.shape, cv2.imencode(".png", classes)[1].tobytes()))
    return pd.DataFrame(rows, columns=["image", "height", "width", "classes"])


def masks_of(analysis: Analysis, weights: Path = deeplab.FILE) -> pd.DataFrame:
    """`masks` of every image of an analysis, computed once for an image and a segmenter.

    Errors: FileNotFoundError, AssetError, WeightsError for a missing or wrong file
    """
    made = {"masks": analysis.recipe("masks", segment, build_deeplab, weights=weights)}

    @cache
    def opened() -> Segmenter:
        assets.require(weights)
        return build_deeplab(weights)

    def compute(ids: list[str], _: list[str]) -> dict[str, pd.DataFrame]:
        return {"masks": segment(opened(), analysis.corpus, ids)}

    return analysis.run(made, compute, "segmenting objects")["masks"]


def with_masks(attention: Attention, masks: pd.DataFrame, images: pd.DataFrame) -> Attention:
    """An attention with the mask scores beside the box scores, and `mask`.

    masks   : of at least its images
    images  : image, width, height
    returns : its importances have a column more for each of MASK_SCORES, and `mask`: the share of
              the box that the object's pixels take, 0 where there are none, NaN for a class without
              masks. A preset whose `importance` is one of these counts only what has masks.
    """
    boxes = attention.boxes
    number = {name: k for k, name in enumerate(deeplab.CLASSES) if name}
    kinds = boxes["class"].map(number).fillna(0).to_numpy(int)
    corners = boxes[["x0", "y0", "x1", "y1"]].to_numpy()
    sizes = images.set_index("image")[["height", "width"]]
    maps, stored = (table.set_index("image") for table in (attention.maps, masks))
    found = np.full((len(boxes), 1 + len(MASK_SCORES)), np.nan)
    for image, rows in boxes.groupby("image", sort=False).indices.items():
        rows = rows[kinds[rows] > 0]
        if not len(rows):
            continue
        png = np.frombuffer(stored.loc[image, "classes"], np.uint8)
        segmented = cv2.imdecode(png, cv2.IMREAD_GRAYSCALE)
        to_mask = (segmented.shape / sizes.loc[image].to_numpy())[[1, 0, 1, 0]]
        inside = pixel_boxes(corners[rows] * to_mask, segmented.shape)
        pixels = object_masks(segmented, inside, kinds[rows])
        area = np.prod((inside[:, 2:] - inside[:, :2]).clip(0), axis=1)
        found[rows, 0] = pixels.sum((1, 2)) / np.where(area > 0, area, np.nan)
        cam = map_array(maps.loc[image])
        for column, score in enumerate(MASK_SCORES.values(), 1):
            found[rows, column] = score(cam, pixels)
    more = pd.DataFrame(found, columns=["mask", *MASK_SCORES])
    importances = attention.importances.reset_index(drop=True)
    return replace(attention, importances=pd.concat([importances, more], axis=1))
