"""The squash to a network's input, again only where an image has changed.

Pillow's bicubic resizing is local and linear between its two roundings: it resamples along one
axis, rounds to 8 bits, resamples along the other, rounds again, with weights in fixed point
(Resample.c). In float64 sums of such integers are exact, so what is recomputed here equals Pillow
bit for bit.

Axes: H x W pixels of the image, h x w pixels of the network's input. Intervals are half-open.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

FIXED = 2.0**22  # Pillow's PRECISION_BITS
SUPPORT = 2.0  # of the bicubic filter, in pixels of the coarser grid


def _bicubic(x: NDArray) -> NDArray:
    """Keys' cubic with a = -0.5, as Pillow writes it."""
    x, a = np.abs(x), -0.5
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


@dataclass(frozen=True)
class Resampling:
    """How `size` pixels become fewer or more along one axis.

    weights     : (out, size) float64, whole numbers, in units of 1 / FIXED
    first, last : (out,), the input pixels that each output pixel reads
    """

    weights: NDArray[np.float64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def readers(self, start: int, stop: int) -> tuple[int, int]:
        """The output pixels that read any of the input pixels start to stop - 1."""
        reads = np.flatnonzero((self.first < stop) & (self.last > start))
        return int(reads[0]), int(reads[-1]) + 1

    def needs(self, start: int, stop: int) -> tuple[int, int]:
        """The input pixels that the output pixels start to stop - 1 read."""
        return int(self.first[start]), int(self.last[stop - 1])


@lru_cache(maxsize=256)
def resampling(size: int, out: int) -> Resampling:
    """Pillow's bicubic weights from `size` to `out` pixels (precompute_coeffs in Resample.c)."""
    scale = size / out
    widened = max(scale, 1.0)
    support = SUPPORT * widened
    centres = (np.arange(out) + 0.5) * scale
    first = np.maximum((centres - support + 0.5).astype(np.int64), 0)
    last = np.minimum((centres + support + 0.5).astype(np.int64), size)
    weights = np.zeros((out, size))
    for row, (start, stop, centre) in enumerate(zip(first, last, centres, strict=True)):
        taps = _bicubic((np.arange(start, stop) - centre + 0.5) * (1 / widened))
        taps = taps / sum(taps.tolist())  # in order: a pairwise sum may round differently
        weights[row, start:stop] = np.trunc(np.where(taps < 0, -0.5, 0.5) + taps * FIXED)
    return Resampling(weights, first, last)


def _resampled(weights: NDArray, lines: NDArray) -> NDArray[np.float64]:
    """(out, K) weights times (K, ...) pixels, rounded and clipped as Pillow's clip8 does."""
    # torch's product, not numpy's: OpenBLAS threads would fight with torch's own for the processor
    sums = torch.from_numpy(weights) @ torch.from_numpy(lines.reshape(len(lines), -1))
    sums = sums.numpy()
    levels = np.floor((sums + FIXED / 2) / FIXED).clip(0, 255)
    return levels.reshape(len(weights), *lines.shape[1:])


@dataclass(frozen=True)
class Patch:
    """A rectangle of pixels: (rows, columns, 3) uint8, its upper left corner at (y, x)."""

    pixels: NDArray[np.uint8]
    y: int
    x: int

    @property
    def rows(self) -> tuple[int, int]:
        return self.y, self.y + self.pixels.shape[0]

    @property
    def columns(self) -> tuple[int, int]:
        return self.x, self.x + self.pixels.shape[1]


@lru_cache(maxsize=256)
def rows_first(width: int, height: int, size: tuple[int, int]) -> bool:
    """Whether Pillow resamples along the rows before the columns, for images of these sizes.

    Newer versions take the cheaper order, so it is looked up on noise, where the two differ.
    Errors: NotImplementedError when Pillow does neither, e.g. in another version.
    """
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    image, bicubic = Image.fromarray(noise), Image.Resampling.BICUBIC
    target = np.asarray(image.resize((size[1], size[0]), bicubic))
    for first, half in ((True, (size[1], height)), (False, (width, size[0]))):
        if (np.asarray(_twice(image, half, size)[1]) == target).all():
            return first
    raise NotImplementedError(f"this Pillow resizes {width} x {height} in another way")


def _twice(
    image: Image.Image, half: tuple[int, int], size: tuple[int, int]
) -> tuple[Image.Image, Image.Image]:
    bicubic = Image.Resampling.BICUBIC
    between = image.resize(half, bicubic)
    return between, between.resize((size[1], size[0]), bicubic)


class Squash:
    """An image squashed to a network's input, and what a changed patch changes of it.

    image : RGB
    size  : height, width of the network's input
    """

    def __init__(self, image: Image.Image, size: tuple[int, int]) -> None:
        (height, width), rows = size, rows_first(image.width, image.height, size)
        half = (width, image.height) if rows else (image.width, height)
        between, squashed = _twice(image, half, size)
        self.pixels = np.asarray(squashed)  # (h, w, 3)
        # Axis 0 is resampled second, axis 1 first; for images of which Pillow takes the columns
        # first both are turned over.
        self._turned = not rows
        self._image, self._between = self._turn(np.asarray(image)), self._turn(np.asarray(between))
        self._along = resampling(self._image.shape[1], width if rows else height)
        self._across = resampling(self._image.shape[0], height if rows else width)

    def _turn(self, pixels: NDArray) -> NDArray:
        return pixels.swapaxes(0, 1) if self._turned else pixels

    def patch(self, changed: Patch) -> Patch:
        """What of the squashed image changes, and to what, when a patch of the image does.

        changed : lies inside the image and holds at least one pixel
        """
        pixels = self._turn(changed.pixels)
        (top, bottom), (left, right) = changed.rows, changed.columns
        if self._turned:
            (top, bottom), (left, right) = (left, right), (top, bottom)
        j0, j1 = self._along.readers(left, right)
        i0, i1 = self._across.readers(top, bottom)

        start, stop = self._along.needs(j0, j1)
        strip = self._image[top:bottom, start:stop].astype(np.float64)
        strip[:, left - start : right - start] = pixels
        lines = _resampled(self._along.weights[j0:j1, start:stop], strip.swapaxes(0, 1))

        start, stop = self._across.needs(i0, i1)
        strip = self._between[start:stop, j0:j1].astype(np.float64)
        strip[top - start : bottom - start] = lines.swapaxes(0, 1)
        block = _resampled(self._across.weights[i0:i1, start:stop], strip).astype(np.uint8)
        y, x = (j0, i0) if self._turned else (i0, j0)
        return Patch(self._turn(block), y, x)
