"""The three objects of the paste experiment, drawn: data/objects/*.png.

    python -m emocam_utils.corpora.emoscenes.artwork

The balls are drawings of EmoScenes' own symbols, so on EmoScenes they are cues of Excitement. The
lotus flower is drawn here and occurs in no scene.
"""

from __future__ import annotations

import random

from ... import paths
from .drawing import flat, line, shade, shine, spot
from .raster import raster_markup
from .svg import ellipse, group, path
from .symbols import SYMBOLS

HEIGHT = 512  # pixels
WIDTH, TALL = 160.0, 112.0  # of the lotus flower, in SVG user units
ROSE, PALE, DEEP = "#e884b0", "#f7c6da", "#c2538a"


def _petal(length: float, breadth: float, colour: str) -> str:
    """A pointed petal that stands on (0, 0), with a deep tip and a vein; light from the left."""
    a, b = breadth / 2, length
    outline = (
        f"M0 0C{-a * 1.35:.1f} {-b * 0.3:.1f} {-a * 1.1:.1f} {-b * 0.72:.1f} 0 {-b:.1f}"
        f"C{a * 1.1:.1f} {-b * 0.72:.1f} {a * 1.35:.1f} {-b * 0.3:.1f} 0 0Z"
    )
    tip = (
        f"M{-a * 0.62:.1f} {-b * 0.66:.1f}Q{-a * 0.45:.1f} {-b * 0.86:.1f} 0 {-b:.1f}"
        f"Q{a * 0.45:.1f} {-b * 0.86:.1f} {a * 0.62:.1f} {-b * 0.66:.1f}"
        f"Q0 {-b * 0.9:.1f} {-a * 0.62:.1f} {-b * 0.66:.1f}Z"
    )
    dark = (
        f"M0 {-b:.1f}C{a * 1.1:.1f} {-b * 0.72:.1f} {a * 1.35:.1f} {-b * 0.3:.1f} 0 0"
        f"Q{a * 0.8:.1f} {-b * 0.5:.1f} 0 {-b:.1f}Z"
    )
    light = (
        f"M{-a * 0.62:.1f} {-b * 0.3:.1f}Q{-a * 0.85:.1f} {-b * 0.55:.1f} {-a * 0.5:.1f} "
        f"{-b * 0.7:.1f}Q{-a * 0.6:.1f} {-b * 0.5:.1f} {-a * 0.62:.1f} {-b * 0.3:.1f}Z"
    )
    vein = line(f"M0 {-b * 0.12:.1f}Q{a * 0.08:.1f} {-b * 0.5:.1f} 0 {-b * 0.84:.1f}", DEEP, 0.9)
    body = flat(outline, colour) + flat(tip, DEEP, 0.45) + shade(dark, 0.1) + shine(light, 0.4)
    return body + vein + path(outline, "none", width=1.6)


def lotus() -> str:
    """A lotus flower on two leaves, seen from the side; fills (0, 0) to (WIDTH, TALL)."""
    drawn = ellipse(80, 96, 79, 15, "#4f9a57") + spot(60, 92, 40, 6, "#7cc07a", 0.6)
    for x in (18, 44, 116, 142):
        drawn += line(f"M80 97L{x} {101 if 30 < x < 130 else 97}", "#2f6b3b", 1.1)
    rows = (  # angle from the vertical, length, breadth, colour: from the back to the front
        ((-20, 93, 30, PALE), (20, 93, 30, PALE), (0, 97, 32, PALE)),
        ((-44, 89, 30, ROSE), (44, 89, 30, ROSE), (-66, 84, 27, PALE), (66, 84, 27, PALE)),
        ((-31, 76, 31, PALE), (31, 76, 31, PALE)),
        ((-55, 66, 29, ROSE), (55, 66, 29, ROSE), (-80, 68, 22, ROSE), (80, 68, 22, ROSE)),
        ((-14, 64, 30, ROSE), (14, 64, 30, ROSE)),
    )
    for row in rows[:3]:
        for angle, length, breadth, colour in row:
            drawn += group(_petal(length, breadth, colour), f"translate(80 99) rotate({angle})")
    drawn += ellipse(80, 66, 14, 8, "#f2c53d", width=1.2)
    for x in range(69, 93, 4):
        drawn += line(f"M{80 + (x - 80) * 0.6:.1f} 70L{x} 57", "#c9881c", 1.4)
        drawn += spot(x, 57, 1.7, 2.1, "#fbe38a")
    for row in rows[3:]:
        for angle, length, breadth, colour in row:
            drawn += group(_petal(length, breadth, colour), f"translate(80 100) rotate({angle})")
    front = _petal(54, 31, PALE)
    return drawn + group(front, "translate(80 101)")


def main() -> None:
    """Draw the three files again."""
    paths.OBJECTS.mkdir(parents=True, exist_ok=True)
    symbols = {"rugby_ball": ("Rugby ball", 4), "soccer_ball": ("Football", 3)}
    drawings = {
        file: (SYMBOLS[name].draw(random.Random(seed)), SYMBOLS[name].width, SYMBOLS[name].height)
        for file, (name, seed) in symbols.items()
    }
    drawings["lotus_flower"] = (lotus(), WIDTH, TALL)
    for file, (markup, width, height) in drawings.items():
        picture = raster_markup(markup, width, height, HEIGHT)
        picture.save(paths.OBJECTS / f"{file}.png", optimize=True)
        print(f"data/objects/{file}.png: {picture.width} x {picture.height} pixels")


if __name__ == "__main__":
    main()
