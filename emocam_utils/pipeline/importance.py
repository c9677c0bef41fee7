"""How much of a class activation map falls on an object (EmoCAM, Section 2).

A map of h x w cells is thought of as upsampled bilinearly to the image. Means and sums over a box
of that upsampled map are bilinear forms of the small map, w_y . map . w_x, with interpolation
weights averaged over the box; the upsampled map itself is never made.

Axes: B boxes, h x w cells. Boxes are pixels x0, y0, x1, y1, half-open, and may overhang the image.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..registry import Registry

Score = Callable[[NDArray, NDArray, tuple[int, int]], NDArray[np.float64]]

SCORES: Registry[Score] = Registry("box score")


def scaled(cam: NDArray) -> NDArray[np.float64]:
    """The map as the paper shows it: positive part, min-max scaled to [0, 1].

    returns : NaN everywhere for an empty map (no positive cell), which has no maximum to scale by;
              a constant positive map is 1 everywhere
    """
    positive = np.maximum(np.asarray(cam, dtype=np.float64), 0)
    low, high = positive.min(), positive.max()
    if high <= 0:
        return np.full_like(positive, np.nan)
    if high == low:
        return np.ones_like(positive)
    return (positive - low) / (high - low)


@lru_cache(maxsize=1024)
def _cumulative_weights(pixels: int, cells: int) -> NDArray[np.float64]:
    """Row p: the summed bilinear weights of pixels 0 to p - 1; (pixels + 1, cells).

    Half-pixel centres and clamped edges, as OpenCV's and PyTorch's bilinear resizing.
    """
    centres = (np.arange(pixels) + 0.5) * cells / pixels - 0.5
    low = np.floor(centres).astype(int)
    share = centres - low
    weights = np.zeros((pixels, cells))
    rows = np.arange(pixels)
    np.add.at(weights, (rows, np.clip(low, 0, cells - 1)), 1 - share)
    np.add.at(weights, (rows, np.clip(low + 1, 0, cells - 1)), share)
    return np.vstack([np.zeros(cells), weights.cumsum(axis=0)])


def pixel_boxes(boxes: NDArray, size: tuple[int, int]) -> NDArray[np.int64]:
    """Boxes on whole pixels inside the image: rounded, at least one pixel wide, clipped.

    size    : height, width of the image in pixels
    returns : (B, 4); x1 <= x0 or y1 <= y0 for a box that lies outside the image
    """
    height, width = size
    x0, y0, x1, y1 = np.rint(np.asarray(boxes, dtype=np.float64).reshape(-1, 4)).T
    x1, y1 = np.maximum(x1, x0 + 1), np.maximum(y1, y0 + 1)
    return np.stack(
        [
            np.clip(x0, 0, width),
            np.clip(y0, 0, height),
            np.clip(x1, 0, width),
            np.clip(y1, 0, height),
        ],
        axis=1,
    ).astype(np.int64)


def _areas(boxes: NDArray) -> NDArray[np.float64]:
    """Pixels of each box; NaN for one with no pixel."""
    area = (boxes[:, 2] - boxes[:, 0]).clip(0) * (boxes[:, 3] - boxes[:, 1]).clip(0)
    return np.where(area > 0, area, np.nan).astype(np.float64)


def sum_weights(
    boxes: NDArray, cells: tuple[int, int], size: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What makes sums over pixel boxes of small maps: rows (B, h) . map . columns (B, w).

    boxes : as `pixel_boxes` makes them; cells : h, w of the maps; size : of the image in pixels
    """
    rows, columns = (_cumulative_weights(p, c) for p, c in zip(size, cells, strict=True))
    return rows[boxes[:, 3]] - rows[boxes[:, 1]], columns[boxes[:, 2]] - columns[boxes[:, 0]]


def _sums(cam: NDArray, boxes: NDArray, size: tuple[int, int]) -> NDArray[np.float64]:
    """Sum of the upsampled map over each pixel box."""
    w_y, w_x = sum_weights(boxes, cam.shape, size)
    return np.einsum("bi,ij,bj->b", w_y, cam, w_x)


@SCORES.register("mean")
def mean_importance(cam: NDArray, boxes: NDArray, size: tuple[int, int]) -> NDArray[np.float64]:
    """Mean of the scaled map inside each box: the paper's importance C_Act.

    cam     : (h, w), raw and signed
    boxes   : (B, 4)
    size    : height, width of the image in pixels
    returns : (B,) in [0, 1]; NaN for an empty map or a box outside the image. It favours small
              boxes: one that lies on the peak holds nothing but the peak (paper, Fig. 4).
    """
    inside = pixel_boxes(boxes, size)
    return _sums(scaled(cam), inside, size) / _areas(inside)


@SCORES.register("share")
def share_importance(cam: NDArray, boxes: NDArray, size: tuple[int, int]) -> NDArray[np.float64]:
    """Share of the map's positive mass that falls inside each box.

    returns : (B,) in [0, 1]; NaN as for the mean. It favours large boxes: the whole image has 1.
    """
    positive = np.maximum(np.asarray(cam, dtype=np.float64), 0)
    inside = pixel_boxes(boxes, size)
    total = _sums(positive, np.array([[0, 0, size[1], size[0]]]), size)[0]
    if total <= 0:
        return np.full(len(inside), np.nan)
    return _sums(positive, inside, size) / total * (_areas(inside) / _areas(inside))


@SCORES.register("share_per_sqrt_area")
def share_per_sqrt_area(cam: NDArray, boxes: NDArray, size: tuple[int, int]) -> NDArray[np.float64]:
    """Share of the map over the square root of the box's share of the image: between the two.

    returns : (B,), 0 and up: sqrt(relative area) for a flat map, 1 for a map that fills the image
              or a box that holds all of it; above 1 for a small box with more than its share.
              NaN as for the mean.
    """
    inside = pixel_boxes(boxes, size)
    relative = _areas(inside) / (size[0] * size[1])
    return share_importance(cam, boxes, size) / np.sqrt(relative)


@SCORES.register("share_per_cbrt_area")
def share_per_cbrt_area(cam: NDArray, boxes: NDArray, size: tuple[int, int]) -> NDArray[np.float64]:
    """Share of the map over the cube root of the box's share of the image: between the extremes.

    The evidence for a cause is a blob as wide as the cells' receptive field, not as the box: a
    larger box holds more of it, but less than in proportion to its area. So dividing by the area
    (the mean) favours small boxes and dividing by nothing (the share) large ones. With which power
    the share in boxes of causes grows differs between networks (06_validation measures it), so no
    single root is fair to all sizes for all of them.

    returns : (B,), 0 and up; NaN as for the mean
    """
    inside = pixel_boxes(boxes, size)
    relative = _areas(inside) / (size[0] * size[1])
    return share_importance(cam, boxes, size) / np.cbrt(relative)
