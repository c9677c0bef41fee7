"""Images with boxes and maps as small pictures for an HTML widget, drawn with Pillow.

matplotlib takes a tenth of a second for one; this a few milliseconds, once the image has been read.
"""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from html import escape
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from ..corpora import Corpus
from ..figures import DROPPED, KEPT, overlay
from ..label_placement import placed

PLAIN = "#1971c2"  # of boxes among which nothing is kept or dropped
FAINT = "#ced4da"  # of boxes that are not kept: to be seen on a dark map
CORNERS = ["x0", "y0", "x1", "y1"]


class Pictures:
    """The images of a corpus at the width of a screen, the last ones kept."""

    def __init__(self, corpus: Corpus, keep: int = 256) -> None:
        self.corpus = corpus
        self._fitted = lru_cache(maxsize=keep)(self._fit)

    def _fit(self, image: str, width: int) -> tuple[Image.Image, float]:
        return fitted(self.corpus.read(image), width)

    def drawn(self, image: str, width: int, *what: Any, **marks: Any) -> Image.Image:
        """An image with its map laid over it and its boxes, kept ones bold.

        width       : pixels of its longer side
        what, marks : of `drawn_on`, from `cam` on
        """
        return drawn_on(*self._fitted(image, width), *what, **marks)


def fitted(picture: Image.Image, width: int) -> tuple[Image.Image, float]:
    """A picture with its longer side at a width in pixels, and by how much it was scaled."""
    scale = width / max(picture.size)
    size = tuple(max(round(side * scale), 1) for side in picture.size)
    return picture.resize(size), scale


def drawn_on(
    picture: Image.Image,
    scale: float,
    cam: np.ndarray | None = None,
    boxes: pd.DataFrame | None = None,
    importance: np.ndarray | None = None,
    threshold: float = 0.0,
    names: bool = True,
) -> Image.Image:
    """A scaled picture with a map laid over it and boxes of the unscaled one, kept ones bold.

    cam        : (h, w) scaled to [0, 1], or signed in [-1, 1]; NaN for an empty map; None for the
                 bare picture
    importance : (B,), kept above `threshold`, NaN never; None draws all alike
    names      : write class and importance beside the boxes (else beside kept ones only)
    """
    if cam is None:
        picture = picture.copy()
    else:
        lay = signed_overlay if (cam < 0).any() else overlay
        picture = Image.fromarray((255 * lay(picture, cam)).astype(np.uint8))
    if boxes is None:
        return picture
    values = np.full(len(boxes), np.inf) if importance is None else importance
    with np.errstate(invalid="ignore"):
        kept = values > threshold
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(11)
    corners, order = boxes[CORNERS].to_numpy() * scale, np.argsort(kept, kind="stable")
    colours = [PLAIN if importance is None else KEPT if keep else DROPPED for keep in kept]
    for row in order:  # kept ones on top
        x0, y0, x1, y1 = corners[row]
        line = colours[row] if kept[row] else FAINT
        draw.rectangle((x0, y0, max(x1, x0), max(y1, y0)), outline=line, width=1 + kept[row])
    named = [row for row in order[::-1] if names or kept[row]]
    texts = [
        boxes["class"].iloc[row] + ("" if importance is None else f" {values[row]:.2f}")
        for row in named
    ]
    sizes = [draw.textbbox((2, 1), text, font=font)[2:] for text in texts]
    places = placed(corners[named], sizes, picture.size)
    for row, text, (x, y) in zip(named, texts, places, strict=True):
        at = (x + 2, y + 1)
        draw.rectangle(draw.textbbox(at, text, font=font), fill=colours[row])
        draw.text(at, text, fill="white", font=font)
    return picture


def signed_overlay(image: Image.Image, cam: np.ndarray) -> np.ndarray:
    """A signed map laid over its image: (H, W, 3) floats in [0, 1]; red for, blue against.

    cam : (h, w) in [-1, 1]; 0 leaves the image grey
    """
    grey = np.asarray(image.convert("L").convert("RGB"), dtype=np.float64) / 255
    heat = Image.fromarray(cam.astype(np.float32)).resize(image.size, Image.Resampling.BILINEAR)
    level = np.clip(np.asarray(heat), -1, 1)
    colour = mpl.colormaps["RdBu_r"]((level + 1) / 2)[..., :3]
    weight = 0.85 * np.sqrt(np.abs(level))[..., None]
    return grey * (1 - weight) + colour * weight


def picture_data(picture: Image.Image) -> str:
    """A picture as the address of an image in a page."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def picture_html(picture: Image.Image, caption: str = "", css: str = "") -> str:
    """A picture inside the page, with a caption below it, which is its text for who sees none.

    css : class of the picture itself
    """
    return (
        "<figure style='display:inline-block;margin:4px;max-width:calc(100% - 8px);"
        "font:11px sans-serif;vertical-align:top'>"
        f"<img class='{css}' src='{picture_data(picture)}' width={picture.width} "
        f"height={picture.height}"
        f" alt=\"{escape(caption)}\" style='max-width:100%;height:auto'>"
        f"<figcaption style='max-width:{picture.width}px'>{escape(caption)}</figcaption></figure>"
    )
