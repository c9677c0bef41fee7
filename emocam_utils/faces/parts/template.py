"""The parts of a face as a template on FER2013's aligned images.

The numbers are measured, not guessed: by `landmarks` on 1,200 training images, 200 of each emotion
(data/faces/part_positions.csv), in pixels of the 64 x 64 image, x to the right and y down:

    eyes    medians (19.0, 24.2) and (43.8, 23.8)   found in 629 faces   spread 2.2 and 2.2 to 3.0
    mouth   median (32.5, 50.8)                     found in 475 faces   spread 2.6 and 3.7
            by emotion y is 49.0 (happiness) to 51.8 (sadness); it spreads by 5.2 in surprise

The spread is that of one face, as a standard deviation. Eyes and mouth have boxes of the same area
around the medians, so that neither wins by size. Brows, nose and outline are read off the mean of
the faces whose eyes are found, moved so that these meet the medians: the grey band over the eyes in
rows 14 to 20, nostrils in rows 39 to 43, the face between columns 8 and 56 at the eyes.

Limits. A box is 8 (eyes) or 10 (mouth) pixels high and a face is off by 2 to 4 pixels, so a typical
face has a quarter to a third of the part outside its box, and as much of its neighbours inside. The
cascades find eyes in frontal faces; the 48 % in which they find none fit the template worse.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIDE = 64  # pixels of the images that the numbers below are given in

BOXES: dict[str, tuple[tuple[int, int, int, int], ...]] = {
    "eyes": ((11, 20, 26, 28), (37, 20, 52, 28)),
    "brows": ((11, 14, 26, 20), (37, 14, 52, 20)),
    "nose": ((26, 20, 37, 28), (25, 28, 38, 44)),
    "mouth": ((20, 46, 44, 56),),
}
"""x0, y0, x1, y1 in 64ths of the face's side, half-open; no two overlap."""

OUTLINE = (31.5, 30.0, 24.0, 38.0)  # of the face, an ellipse: centre x, y, half axes; in 64ths

PARTS = ("eyes", "brows", "nose", "mouth", "cheeks", "forehead", "chin", "surround")
"""What is in no box but inside the outline is forehead above the brows' lower edge, chin below the
mouth's lower edge, and cheeks between; what is outside is the surround (hair, neck, background)."""

UNIONS = {"eyes and brows": ("eyes", "brows")}
REGIONS = (*PARTS, *UNIONS)
"""What is measured: the parts, and the eyes as one may also understand them."""

MOVES = ((-3, 0), (3, 0), (0, -3), (0, 3))
"""Offsets of the template by as much as a face is off, in 64ths: does a verdict depend on it?"""


def part_map(side: int = SIDE, move: tuple[float, float] = (0, 0)) -> NDArray[np.int64]:
    """Index in PARTS of each pixel of a face of side x side pixels, by its centre: (side, side).

    move : offset of the whole template to the right and down, in 64ths of the side
    """
    if side < 1:
        raise ValueError(f"a face has at least one pixel a side, got {side}")
    centres = (np.arange(side) + 0.5) * SIDE / side
    x, y = np.meshgrid(centres - move[0], centres - move[1])
    middle_x, middle_y, half_x, half_y = OUTLINE
    inside = ((x - middle_x) / half_x) ** 2 + ((y - middle_y) / half_y) ** 2 <= 1
    above, below = BOXES["brows"][0][3], BOXES["mouth"][0][3]
    names = np.select(
        [~inside, y < above, y >= below],
        [PARTS.index("surround"), PARTS.index("forehead"), PARTS.index("chin")],
        PARTS.index("cheeks"),
    )
    for part, boxes in BOXES.items():
        for x0, y0, x1, y1 in boxes:
            names[(x0 <= x) & (x < x1) & (y0 <= y) & (y < y1)] = PARTS.index(part)
    return names


def part_masks(side: int = SIDE, move: tuple[float, float] = (0, 0)) -> NDArray[np.bool_]:
    """A mask a part, in the order of PARTS, that hold every pixel once: (P, side, side)."""
    return part_map(side, move) == np.arange(len(PARTS))[:, None, None]


def region_masks(side: int = SIDE, move: tuple[float, float] = (0, 0)) -> NDArray[np.bool_]:
    """Masks in the order of REGIONS: the parts, and unions of them, (R, side, side)."""
    masks = part_masks(side, move)
    unions = [masks[[PARTS.index(part) for part in parts]].any(0) for parts in UNIONS.values()]
    return np.stack([*masks, *unions])


def part_areas(masks: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Share of the face's image that each mask (P, H, W) covers, (P,)."""
    return masks.mean(axis=(1, 2))
