"""A face's box, its map and its probabilities painted on a picture, for videos and animations.

Pictures are RGB, (H, W, 3) uint8; boxes are pixels x0, y0, x1, y1, half-open.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import seaborn as sns
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ..corpora.fer2013 import EMOTIONS
from ..figures import overlay

Picture = NDArray[np.uint8]
_PALETTE = sns.husl_palette(len(EMOTIONS), s=0.8, l=0.62)
COLOURS = {
    emotion: tuple(round(255 * part) for part in colour)
    for emotion, colour in zip(EMOTIONS, _PALETTE, strict=True)
}
OTHER = (73, 80, 87)
INK, PAPER, FAINT = (33, 37, 41), (248, 249, 250), (222, 226, 230)
SMALLEST_TEXT = 9  # pixels


def colour_of(label: str) -> tuple[int, int, int]:
    """The colour of an emotion; grey for a label that is not among FER2013's."""
    return COLOURS.get(label, OTHER)


@lru_cache(maxsize=32)
def font(pixels: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which matplotlib brings along, so that text looks alike on every machine."""
    file = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(str(file), max(pixels, SMALLEST_TEXT))


def paint_map(picture: Picture, box: NDArray, heat: NDArray) -> Picture:
    """The picture with a map laid over the part in a box, as `figures.overlay`.

    box  : may overhang the picture; what lies outside is not painted
    heat : (h, w) in [0, 1] over the whole box, NaN for an empty map, which leaves the part grey
    """
    x0, y0, x1, y1 = (int(v) for v in box)
    height, width = picture.shape[:2]
    rows, columns = np.arange(y0, y1), np.arange(x0, x1)
    crop = picture[np.ix_(rows.clip(0, height - 1), columns.clip(0, width - 1))]
    laid = (overlay(Image.fromarray(crop), heat) * 255).round().astype(np.uint8)
    inside = np.ix_((rows >= 0) & (rows < height), (columns >= 0) & (columns < width))
    painted = picture.copy()
    painted[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = laid[inside]
    return painted


def paint_face(
    picture: Picture, box: NDArray, labels: tuple[str, ...], probabilities: NDArray
) -> Picture:
    """The picture with a box around a face, the label above it and bars of the emotions beside."""
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image, "RGBA")
    x0, y0, x1, y1 = (int(v) for v in box)
    text = max(round(image.height / 28), SMALLEST_TEXT)
    label = labels[int(np.argmax(probabilities))]
    colour = colour_of(label)
    draw.rectangle((x0, y0, x1 - 1, y1 - 1), outline=colour, width=max(image.height // 180, 1))
    words = f"{label} {probabilities.max():.2f}"
    long = draw.textlength(words, font=font(text)) + 6
    left = min(max(x0, 0), max(image.width - long, 0))
    top = y0 - text - 6 if y0 >= text + 6 else min(max(y0, 0), image.height - text - 6)
    draw.rectangle((left, top, left + long, top + text + 5), fill=(*colour, 230))
    draw.text((left + 3, top + 1), words, fill=PAPER, font=font(text))
    _paint_bars(draw, x0, y0, x1, labels, probabilities, max(round(0.75 * text), 9))
    return np.asarray(image)


def _paint_bars(
    draw: ImageDraw.ImageDraw, x0: int, y0: int, x1: int, labels: tuple, chances: NDArray, text: int
) -> None:
    """Bars on the side of the box with more room; none where neither side has enough."""
    width, height = draw.im.size
    named = max(draw.textlength(label, font=font(text)) for label in labels)
    line, wide = text + 4, round(named + 8 + 4 * text)
    left = x1 + 4 if width - x1 >= x0 else x0 - 4 - wide
    top = min(max(y0, 0), height - len(labels) * line - 2)
    if left < 0 or left + wide > width or top < 0:
        return
    draw.rectangle((left, top, left + wide, top + len(labels) * line + 1), fill=(*PAPER, 200))
    for label, chance in zip(labels, chances, strict=True):
        draw.text((left + 3, top + 1), label, fill=INK, font=font(text))
        start, end = left + named + 6, left + wide - 3
        _paint_bar(draw, (start, top + 3, end, top + line - 2), label, float(chance))
        top += line


def _paint_bar(
    draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float], label: str, share: float
) -> None:
    x0, y0, x1, y1 = box
    draw.rectangle(box, fill=FAINT)
    if share * (x1 - x0) >= 0.5:  # Pillow draws a rectangle of no width one pixel wide
        draw.rectangle((x0, y0, x0 + share * (x1 - x0), y1), fill=colour_of(label))


def probability_strip(
    labels: tuple[str, ...], probabilities: NDArray, width: int, emotion: str | None = None
) -> Picture:
    """A strip to stand below a face: a line for each emotion with its bar and percentage.

    emotion : the one that the map explains, written in ink while the others are grey
    returns : (len(labels) * line, width, 3)
    """
    text = max(round(width / 18), SMALLEST_TEXT)
    line = text + 6
    strip = Image.new("RGB", (width, len(labels) * line + 4), PAPER)
    draw = ImageDraw.Draw(strip)
    start, end = round(0.42 * width), round(0.82 * width)
    for k, (label, chance) in enumerate(zip(labels, probabilities, strict=True)):
        top = 2 + k * line
        ink = INK if emotion in (None, label) else (134, 142, 150)
        draw.text((4, top + 1), label, fill=ink, font=font(text))
        _paint_bar(draw, (start, top + 3, end, top + line - 3), label, float(chance))
        draw.text((end + 4, top + 1), f"{chance:.0%}", fill=ink, font=font(text))
    return np.asarray(strip)
