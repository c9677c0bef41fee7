"""The symbol, its registry, and the few shading strokes that give all symbols one style.

The style: flat colours, a dark outline, light from the upper left, a translucent shadow on the
lower right, a translucent highlight on the upper left.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .svg import OUTLINE, ellipse, group, hsl, path

Draw = Callable[[random.Random], str]


@dataclass(frozen=True)
class Symbol:
    """A drawing of one object class; `draw(rng)` fills (0, 0) to (width, height) with SVG markup.

    name : a class of the Open Images list (data/openimages.names)
    width, height : the box of every drawing, in SVG user units; about 100 across, so that equal
        stroke widths look equal
    draw : deterministic in rng; colours, proportions and details vary, the box does not
    """

    name: str
    width: float
    height: float
    draw: Draw


SYMBOLS: dict[str, Symbol] = {}


def symbol(name: str, width: float, height: float) -> Callable[[Draw], Draw]:
    """Register the decorated draw function as the symbol of class `name`."""

    def register(draw: Draw) -> Draw:
        if name in SYMBOLS:
            raise ValueError(f"symbol {name!r} is already drawn; a class has one symbol")
        SYMBOLS[name] = Symbol(name, width, height, draw)
        return draw

    return register


def line(d: str, colour: str = OUTLINE, width: float = 1.5) -> str:
    """An open stroke with round ends."""
    return path(d, "none", colour, width)


def tube(d: str, colour: str, width: float) -> str:
    """A thick stroke with an outline; `width` includes the outline."""
    return line(d, OUTLINE, width) + line(d, colour, width - 3)


def flat(d: str, colour: str, opacity: float = 1.0) -> str:
    """A filled shape without outline."""
    return path(d, colour, "none", 0, opacity)


def spot(cx: float, cy: float, rx: float, ry: float, colour: str, opacity: float = 1.0) -> str:
    """A filled ellipse without outline."""
    return ellipse(cx, cy, rx, ry, colour, "none", 0, opacity)


def shade(d: str, opacity: float = 0.16) -> str:
    """A shadow: a translucent dark shape over a part already drawn."""
    return flat(d, "#1a1030", opacity)


def shine(d: str, opacity: float = 0.4) -> str:
    """A highlight: a translucent white shape over a part already drawn."""
    return flat(d, "#fff", opacity)


def crescent(cx: float, cy: float, rx: float, ry: float, opacity: float = 0.16) -> str:
    """The shadow on the lower right of an ellipse."""
    dx, dy = rx * math.sqrt(0.5), ry * math.sqrt(0.5)
    start, end = f"{cx + dx:.1f} {cy - dy:.1f}", f"{cx - dx:.1f} {cy + dy:.1f}"
    outer = f"A{rx:.1f} {ry:.1f} 0 0 1 {end}"
    inner = f"A{rx * 1.2:.1f} {ry * 1.2:.1f} 0 0 0 {start}"
    return shade(f"M{start}{outer}{inner}Z", opacity)


def cloud(circles: Iterable[tuple[float, float, float]], colour: str) -> str:
    """The outlined union of circles (cx, cy, r), such as a tree's crown."""
    circles = list(circles)
    outlines = "".join(ellipse(x, y, r, r, colour) for x, y, r in circles)
    return outlines + "".join(spot(x, y, r - 1.5, r - 1.5, colour) for x, y, r in circles)


def mirror(content: str, width: float) -> str:
    """The drawing seen in a vertical mirror, still from 0 to `width`."""
    return group(content, f"translate({width:g} 0) scale(-1 1)")


def polar(cx: float, cy: float, rx: float, ry: float, angle: float) -> str:
    """The point "x y" of an ellipse at `angle`, radians clockwise from the right."""
    return f"{cx + rx * math.cos(angle):.1f} {cy + ry * math.sin(angle):.1f}"


def tones(
    rng: random.Random, hues: tuple[float, ...], saturation: float, lightness: float
) -> tuple[str, str, str]:
    """A colour near one of `hues`, the same one darker, and the same one lighter."""
    hue = rng.choice(hues) + rng.uniform(-10, 10)
    saturation += rng.uniform(-10, 10)
    lightness += rng.uniform(-6, 6)
    return (
        hsl(hue, saturation, lightness),
        hsl(hue - 4, saturation, lightness * 0.72),
        hsl(hue + 4, saturation, lightness + (100 - lightness) * 0.45),
    )
