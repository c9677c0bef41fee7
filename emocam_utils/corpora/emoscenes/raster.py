"""From SVG to pixels, with resvg and without the machine's fonts."""

from __future__ import annotations

import io

import resvg_py
from PIL import Image


def raster(svg: str) -> Image.Image:
    """A whole SVG document as an RGBA image of its own width and height."""
    png = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)
    return Image.open(io.BytesIO(bytes(png))).convert("RGBA")


def raster_markup(markup: str, width: float, height: float, pixels: int) -> Image.Image:
    """SVG markup that fills (0, 0) to (width, height), on nothing: RGBA, `pixels` high."""
    scale = pixels / height
    return raster(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{round(width * scale)}" '
        f'height="{pixels}" viewBox="0 0 {width:g} {height:g}">{markup}</svg>'
    )
