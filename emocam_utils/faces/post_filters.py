"""The filters that make a maximised image readable (Montero, Strong and Kierum, Figure 4).

The paper names them without parameters; they are Pillow's, with strengths chosen by eye on faces of
64 x 64 pixels. Each takes and returns a picture of the same size, grey or RGB. A filter only shows
what is there more strongly, noise included; it proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, ImageChops, ImageEnhance, ImageFilter


def unsharp_mask(image: Image.Image, percent: int = 200, radius: float = 2.0) -> Image.Image:
    """Add `percent` of what a Gaussian blur of `radius` pixels takes away."""
    return image.filter(ImageFilter.UnsharpMask(radius, percent, 0))


def contrast(image: Image.Image, factor: float = 2.0) -> Image.Image:
    """Stretch the distance of each pixel from the image's mean grey."""
    return ImageEnhance.Contrast(image).enhance(factor)


def offset(image: Image.Image, right: float = 1 / 16, down: float = 1 / 16) -> Image.Image:
    """Shift by shares of the width and the height; what leaves comes in on the other side.

    The paper moves its image back onto the face it has drifted from; ours does not drift, because
    the jitter is undone in each step.
    """
    return ImageChops.offset(image, round(right * image.width), round(down * image.height))


def filtered(image: Image.Image, kernel: ImageFilter.Kernel) -> Image.Image:
    """Pillow's 3 x 3 kernel; beyond the edge the outermost pixels go on.

    Pillow leaves the outermost pixels unfiltered, which an emboss shows as a frame.
    """
    pixels = np.asarray(image)
    around = [(1, 1), (1, 1), (0, 0)][: pixels.ndim]
    wide = Image.fromarray(np.pad(pixels, around, mode="edge"))
    return wide.filter(kernel).crop((1, 1, image.width + 1, image.height + 1))


POST_FILTERS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "unsharp mask": unsharp_mask,
    "contrast": contrast,
    "offset": offset,
    "sharpen": partial(filtered, kernel=ImageFilter.SHARPEN),
    "emboss": partial(filtered, kernel=ImageFilter.EMBOSS),  # along the diagonal, on mid-grey
    "weak unsharp mask": partial(unsharp_mask, percent=50),
}
"""By the names of Figure 4, in the order of its panels c to h."""
