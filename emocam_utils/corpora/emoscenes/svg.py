"""SVG primitives for drawn scenes: plain strings, so that a symbol stays readable as code.

A symbol draws itself inside its own box, from (0, 0) to (width, height); place, size and light
are the scene's business.
"""

from __future__ import annotations

import random

OUTLINE = "#222"


def number(value: float) -> str:
    """A coordinate with at most two decimals, so that equal scenes give equal strings."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def at(x: float, y: float) -> str:
    """A point in the notation of paths."""
    return f"{number(x)} {number(y)}"


def _style(fill: str, stroke: str, width: float, opacity: float) -> str:
    extra = f' opacity="{number(opacity)}"' if opacity < 1 else ""
    return f'fill="{fill}" stroke="{stroke}" stroke-width="{number(width)}"{extra}'


def ellipse(
    cx: float,
    cy: float,
    rx: float,
    ry: float,
    fill: str,
    stroke: str = OUTLINE,
    width: float = 1.5,
    opacity: float = 1.0,
) -> str:
    """An ellipse whose outline stays inside the given radii."""
    rx, ry = max(rx - width / 2, 0.1), max(ry - width / 2, 0.1)
    place = f'cx="{number(cx)}" cy="{number(cy)}" rx="{number(rx)}" ry="{number(ry)}"'
    return f"<ellipse {place} {_style(fill, stroke, width, opacity)}/>"


def rect(
    x: float,
    y: float,
    w: float,
    h: float,
    fill: str,
    radius: float = 0.0,
    stroke: str = OUTLINE,
    width: float = 1.5,
    opacity: float = 1.0,
) -> str:
    """A rectangle, optionally rounded, whose outline stays inside x, y, w, h."""
    x, y, w, h = x + width / 2, y + width / 2, max(w - width, 0.1), max(h - width, 0.1)
    place = f'x="{number(x)}" y="{number(y)}" width="{number(w)}" height="{number(h)}"'
    return f'<rect {place} rx="{number(radius)}" {_style(fill, stroke, width, opacity)}/>'


def polygon(
    points: str, fill: str, stroke: str = OUTLINE, width: float = 1.5, opacity: float = 1.0
) -> str:
    """A closed polygon from SVG's "x,y x,y …" notation."""
    style = _style(fill, stroke, width, opacity)
    return f'<polygon points="{points}" {style} stroke-linejoin="round"/>'


def path(
    d: str,
    fill: str = "none",
    stroke: str = OUTLINE,
    width: float = 1.5,
    opacity: float = 1.0,
) -> str:
    """A path in SVG's notation, round caps and joins."""
    style = _style(fill, stroke, width, opacity)
    return f'<path d="{d}" {style} stroke-linecap="round" stroke-linejoin="round"/>'


def group(content: str, transform: str) -> str:
    return f'<g transform="{transform}">{content}</g>'


def hsl(hue: float, saturation: float, lightness: float) -> str:
    """A colour; hue in degrees (any turn), saturation and lightness in percent (clipped)."""
    saturation, lightness = min(max(saturation, 0), 100), min(max(lightness, 3), 97)
    return f"hsl({hue % 360:.0f},{saturation:.0f}%,{lightness:.0f}%)"


def vary(
    rng: random.Random,
    hue: float,
    saturation: float,
    lightness: float,
    spread: tuple[float, float, float] = (12, 12, 8),
) -> str:
    """A colour near the given one: each component uniform within plus or minus its spread."""
    shifted = (
        value + rng.uniform(-width, width)
        for value, width in zip((hue, saturation, lightness), spread, strict=True)
    )
    return hsl(*shifted)


def any_colour(rng: random.Random, saturation: float = 65, lightness: float = 52) -> str:
    """A colour of any hue."""
    return vary(rng, rng.uniform(0, 360), saturation, lightness)
