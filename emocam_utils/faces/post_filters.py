"""The filters that make a maximised image readable (Montero, Strong and Kierum, Figure 4).

The paper names them without parameters; they are Pillow's, with strengths chosen by eye on faces of
64 x 64 pixels. Each takes and returns a picture of the same size: grey stays grey, anything else
becomes RGB. A filter only shows what is there more strongly, noise included; it proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageChops, ImageEnhance, ImageFilter

from ..registry import Registry

PostFilter = Callable[[Image.Image], Image.Image]
POST_FILTERS: Registry[PostFilter] = Registry("post-filter")
"""By the names of Figure 4, in the order of its panels c to h."""


@POST_FILTERS.register("unsharp mask")
def unsharp_mask(
    image: Image.Image, radius: float = 2.0, percent: int = 200, threshold: int = 0
) -> Image.Image:
    """Add `percent` of what a Gaussian blur of `radius` pixels takes away (c).

    threshold : differences in [0, 255] below it are left alone
    """
    return _plain(image).filter(ImageFilter.UnsharpMask(radius, percent, threshold))


@POST_FILTERS.register("contrast")
def contrast(image: Image.Image, factor: float = 2.0) -> Image.Image:
    """Stretch the distance of each pixel from the image's mean grey (d)."""
    return ImageEnhance.Contrast(_plain(image)).enhance(factor)


@POST_FILTERS.register("offset")
def offset(image: Image.Image, right: float = 1 / 16, down: float = 1 / 16) -> Image.Image:
    """Shift by shares of the width and the height; what leaves comes in on the other side (e).

    The paper moves its image back onto the face it has drifted from; ours does not drift, because
    the jitter is undone in each step.
    """
    plain = _plain(image)
    return ImageChops.offset(plain, round(right * plain.width), round(down * plain.height))


@POST_FILTERS.register("sharpen")
def sharpen(image: Image.Image) -> Image.Image:
    """Pillow's 3 x 3 sharpening kernel (f)."""
    return _kernel(image, ImageFilter.SHARPEN)


@POST_FILTERS.register("emboss")
def emboss(image: Image.Image) -> Image.Image:
    """Differences along the diagonal as relief on mid-grey (g)."""
    return _kernel(image, ImageFilter.EMBOSS)


@POST_FILTERS.register("weak unsharp mask")
def weak_unsharp_mask(image: Image.Image) -> Image.Image:
    """The unsharp mask at a quarter of its strength (h)."""
    return unsharp_mask(image, percent=50)


def _plain(image: Image.Image) -> Image.Image:
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _kernel(image: Image.Image, kernel: ImageFilter.Kernel) -> Image.Image:
    """A 3 x 3 kernel; beyond the edge the outermost pixels go on.

    Pillow leaves the outermost pixels unfiltered, which an emboss shows as a frame.
    """
    pixels = np.asarray(_plain(image))
    around = [(1, 1), (1, 1), (0, 0)][: pixels.ndim]
    wide = Image.fromarray(np.pad(pixels, around, mode="edge"))
    return wide.filter(kernel).crop((1, 1, image.width + 1, image.height + 1))
