"""Where the names of boxes are written, so that none hides another.

Axes: B boxes, C places that are tried. All lengths in pixels of the picture, y downwards.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

STEPS = 12  # of the grid of last resort


def placed(boxes: ArrayLike, sizes: ArrayLike, frame: tuple[float, float]) -> NDArray[np.float64]:
    """Upper left corners of labels, (B, 2): at their boxes and, as far as there is room, apart.

    boxes : (B, 4) as x0, y0, x1, y1, the most important first: it chooses first
    sizes : (B, 2), width and height of each label
    frame : width and height of the picture, which labels do not leave unless they are larger
    Each label takes the first place that is free of others: in a corner of its box, at its edges
    from outside, else the nearest of a grid over the picture; if all are taken, the least covered.
    """
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    sizes = np.asarray(sizes, dtype=np.float64).reshape(-1, 2)
    taken = np.empty((0, 4))
    for box, size in zip(boxes, sizes, strict=True):
        room = np.maximum(np.asarray(frame) - size, 0)
        places = np.clip(np.concatenate([_beside(box, size), _grid(box, room)]), 0, room)
        corners = np.hstack([places, places + size])
        hidden = _overlap(corners, taken).sum(axis=1)
        taken = np.vstack([taken, corners[np.argmin(hidden)]])  # the first of the least
    return taken[:, :2]


def _beside(box: NDArray, size: NDArray) -> NDArray[np.float64]:
    (x0, y0, x1, y1), (width, height) = box, size
    return np.array(
        [
            (x0, y0), (x0, y0 - height), (x0, y1 - height), (x0, y1), (x1 - width, y0),
            (x1 - width, y0 - height), (x1 - width, y1 - height), (x1 - width, y1),
            (x1, y0), (x0 - width, y0), (x0, y0 + height), (x0, y0 - 2 * height),
        ]
    )  # fmt: skip


def _grid(box: NDArray, room: NDArray) -> NDArray[np.float64]:
    """Places all over the picture, the nearest to the box's corner first."""
    x, y = (np.linspace(0, most, STEPS) for most in room)
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return grid[np.argsort(np.hypot(*(grid - box[:2]).T), kind="stable")]


def _overlap(one: NDArray, other: NDArray) -> NDArray[np.float64]:
    """Pixels that two rectangles share: (C, 4), (P, 4) -> (C, P)."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    return np.clip(high - low, 0, None).prod(axis=-1)
