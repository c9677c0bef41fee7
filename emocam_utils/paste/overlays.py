"""Pasting an object into an image (EmoCAM, Section 3.2): where, how large, and what hides the same.

Positions are relative, x to the right and y down, both in [0, 1]; boxes are pixels of the image,
half-open. An object may overhang the image and is clipped at its border.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image, ImageFilter

from .objects import PasteObject

HEIGHT = 0.2  # of the image's height, as in the paper
SIDES = (0.2, 0.4, 0.6, 0.8)
POSITIONS: tuple[tuple[float, float], ...] = tuple(
    sorted([(x, y) for x in SIDES for y in SIDES] + [(0.5, 0.5)], key=lambda xy: (xy[1], xy[0]))
)
"""The 17 positions in reading order. The paper only draws them (Fig. 3.B); these are our reading of
the drawing: a grid of four by four, and the centre."""

FILLS = ("object", "grey", "blur", "noise")
"""What is pasted: the object, or a control that hides the same pixels and is no object."""


class PasteError(ValueError):
    """A paste that makes no sense; the message lists every problem at once."""


@dataclass(frozen=True, eq=False)
class Overlay:
    """A picture (RGBA) with the pixel of the image at which its upper left corner lies."""

    picture: Image.Image
    x: int
    y: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1; may overhang the image."""
        return self.x, self.y, self.x + self.picture.width, self.y + self.picture.height

    @property
    def alpha(self) -> Image.Image:
        return self.picture.getchannel("A")

    def is_visible(self, image: Image.Image) -> bool:
        """Whether any of the box lies inside the image."""
        x0, y0, x1, y1 = self.box
        return min(x1, image.width) > max(x0, 0) and min(y1, image.height) > max(y0, 0)


def check_positions(positions: Sequence[Sequence[float]]) -> tuple[tuple[float, float], ...]:
    """Positions as pairs of floats.

    Errors: PasteError naming every position that is no pair, outside [0, 1], or given twice.
    """
    pairs, problems = [], []
    for position in positions:
        try:
            x, y = (float(v) for v in position)
        except (TypeError, ValueError):
            problems.append(f"position {position!r} is not a pair x, y")
            continue
        if not (0 <= x <= 1 and 0 <= y <= 1):
            problems.append(f"position {position!r} lies outside the image")
        elif (x, y) in pairs:
            problems.append(f"position {position!r} is given twice")
        pairs.append((x, y))
    if not positions:
        problems.append("no position is given")
    if problems:
        raise PasteError("; ".join(problems) + ". Give x and y relative to the image, in [0, 1].")
    return tuple(pairs)


def positions_table(positions: Sequence[Sequence[float]]) -> pd.DataFrame:
    """The positions by number: x, y. Errors: PasteError, as `check_positions`."""
    return pd.DataFrame(check_positions(positions), columns=["x", "y"]).rename_axis("position")


def check_height(height: float) -> float:
    """Errors: PasteError for a height that is not in (0, 1]."""
    if not 0 < height <= 1:
        raise PasteError(f"height {height!r} of the object is a share of the image's, in (0, 1]")
    return float(height)


def overlay_at(
    image: Image.Image, thing: PasteObject, position: tuple[float, float], height: float = HEIGHT
) -> Overlay:
    """An object centred at a relative position, its height relative to the image's (Section 3.2).

    An object that is wider than the image at this height overhangs it on both sides.
    """
    ((x, y),) = check_positions([position])
    picture = thing.at_height(check_height(height) * image.height)
    return _centred(picture, x * image.width, y * image.height)


def overlay_in(thing: PasteObject, box: Sequence[float]) -> Overlay:
    """An object centred on a box and as large as fits into it.

    box : x0, y0, x1, y1 in pixels
    """
    x0, y0, x1, y1 = (float(v) for v in box)
    picture = thing.inside(max(x1 - x0, 1), max(y1 - y0, 1))
    return _centred(picture, (x0 + x1) / 2, (y0 + y1) / 2)


def _centred(picture: Image.Image, x: float, y: float) -> Overlay:
    left, top = np.floor([x - picture.width / 2 + 0.5, y - picture.height / 2 + 0.5])
    return Overlay(picture, int(left), int(top))


def pasted(image: Image.Image, overlay: Overlay) -> Image.Image:
    """A copy of an RGB image with the overlay laid on it, clipped at the border."""
    result = image.copy()
    result.paste(overlay.picture, (overlay.x, overlay.y), overlay.alpha)
    return result


def control(image: Image.Image, overlay: Overlay, fill: str, seed: str = "") -> Overlay:
    """An overlay of the same silhouette that hides the same pixels and shows no object.

    fill   : "object" leaves it as it is; "grey" is the middle of the range; "blur" is what is
             hidden, blurred by a quarter of the overlay's height; "noise" is uniform noise
    seed   : what the noise depends on, e.g. the image's id
    Errors : PasteError for another fill
    """
    width, height = overlay.picture.size
    if fill == "object":
        return overlay
    if fill == "grey":
        ground = Image.new("RGB", (width, height), (128, 128, 128))
    elif fill == "noise":
        number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
        rng = np.random.default_rng(number)
        ground = Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
    elif fill == "blur":
        ground = _blurred(image, overlay)
    else:
        raise PasteError(f"fill {fill!r} is not one of {', '.join(FILLS)}")
    picture = ground.convert("RGBA")
    picture.putalpha(overlay.alpha)
    return Overlay(picture, overlay.x, overlay.y)


def _blurred(image: Image.Image, overlay: Overlay) -> Image.Image:
    """What lies below an overlay, blurred with its surroundings; the overhang stays black."""
    radius = max(overlay.picture.height / 4, 1)
    margin = int(3 * radius)
    x0, y0, x1, y1 = overlay.box
    left, top = max(x0 - margin, 0), max(y0 - margin, 0)
    near = image.crop((left, top, min(x1 + margin, image.width), min(y1 + margin, image.height)))
    blurred = near.filter(ImageFilter.GaussianBlur(radius))
    return blurred.crop((x0 - left, y0 - top, x1 - left, y1 - top))
