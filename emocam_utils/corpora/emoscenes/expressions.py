"""The expression of a drawn face: numbers that can be moved continuously, and their drawing.

Coordinates are those of the person's box (people.py), y down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from .svg import at, ellipse, number, path, polygon

LINE = "#38282a"
HEAD = "M17 43C17 19 31 7 50 7S83 19 83 43C83 68 69 85 50 85S17 68 17 43Z"
INK = "#4a1219"  # the outline of lips


@dataclass(frozen=True)
class Expression:
    """A face as numbers; 0 is a relaxed face where nothing else is said.

    upper_lid, lower_lid : how far a lid bulges away from the line between the corners of the eye;
        their sum is the opening, a negative one bends with the other lid (laughing, weeping)
    pupil                : radius of the iris
    brow_raise, brow_slant : in [-1, 1]; slant is positive with the inner ends up (sorrow)
    mouth_curve          : in [-1, 1], corners up is positive; mouth_skew lifts one corner
    mouth_open, mouth_width : the gap in box units, half the width in box units
    mouth_square         : 0 pointed corners, 1 an almost rectangular mouth
    teeth                : share of the gap that teeth fill; grit shows the gaps between them
    the others           : strength in [0, 1]
    """

    upper_lid: float = 7.0
    lower_lid: float = 5.0
    pupil: float = 5.0
    brow_raise: float = 0.0
    brow_slant: float = 0.0
    mouth_curve: float = 0.1
    mouth_open: float = 0.0
    mouth_width: float = 11.0
    mouth_square: float = 0.0
    mouth_wave: float = 0.0
    mouth_skew: float = 0.0
    teeth: float = 0.0
    grit: float = 0.0
    tongue: float = 0.0
    wrinkle: float = 0.0
    tears: float = 0.0
    sweat: float = 0.0
    blush: float = 0.0
    pallor: float = 0.0
    green: float = 0.0
    flush: float = 0.0


EXPRESSIONS = {
    "neutral": Expression(),
    "smile": Expression(
        upper_lid=8, lower_lid=-7, pupil=3, brow_raise=0.5, mouth_curve=1, mouth_open=14,
        mouth_width=19, mouth_square=0.45, teeth=0.36, blush=1,
    ),
    "cry": Expression(
        upper_lid=-4, lower_lid=5, pupil=3, brow_raise=0.25, brow_slant=0.9, mouth_curve=-1,
        mouth_open=11, mouth_width=14, mouth_square=0.3, tears=1, blush=0.5,
    ),
    "fear": Expression(
        upper_lid=11.5, lower_lid=9.5, pupil=2.6, brow_raise=0.7, brow_slant=0.75, mouth_curve=-0.4,
        mouth_open=10, mouth_width=18, mouth_square=0.85, mouth_wave=0.8, teeth=1, grit=1,
        sweat=1, pallor=1,
    ),
    "surprise": Expression(
        upper_lid=11.5, lower_lid=9.5, pupil=5.5, brow_raise=1, mouth_curve=0, mouth_open=21,
        mouth_width=9, mouth_square=0.68,
    ),
    "disgust": Expression(
        upper_lid=2.2, lower_lid=1.2, pupil=3, brow_raise=-0.45, brow_slant=-0.45, mouth_curve=-0.5,
        mouth_open=3, mouth_width=15, mouth_square=0.3, mouth_wave=0.7, mouth_skew=1, tongue=1,
        wrinkle=1, green=1,
    ),
    "anger": Expression(
        upper_lid=5, lower_lid=4, pupil=3.4, brow_raise=-0.4, brow_slant=-1, mouth_curve=-0.7,
        mouth_open=11, mouth_width=16, mouth_square=0.8, teeth=1, grit=1, wrinkle=0.6, flush=1,
    ),
}  # fmt: skip


def morph(a: Expression, b: Expression, t: float) -> Expression:
    """The expression a share t of the way from a to b, each number interpolated linearly."""
    if not 0 <= t <= 1:
        raise ValueError(f"t must be in [0, 1], got {t!r}: 0 is the first expression, 1 the second")
    pairs = ((f.name, getattr(a, f.name), getattr(b, f.name)) for f in fields(Expression))
    return Expression(**{name: (1 - t) * start + t * end for name, start, end in pairs})


def skin_light(face: Expression) -> str:
    """Light, shade and the tint of an expression on the skin of the head."""
    light = path("M66 14C80 24 84 44 76 66C70 78 60 84 50 84"
                 "C72 85 83 66 82.4 43C82 30 76 20 66 14Z",
                 "#2a1020", "none", 0, 0.13)  # fmt: skip
    tints = (("#b4d2f0", 0.46 * face.pallor), ("#6fbf3f", 0.4 * face.green))
    tints += (("#e8301c", 0.36 * face.flush),)
    light += "".join(path(HEAD, colour, "none", 0, strength) for colour, strength in tints)
    for x in (27, 73):
        light += ellipse(x, 61.5, 7.5, 5, "#f0566a", "none", 0, 0.5 * face.blush)
    return light


def features(face: Expression, skin: str, iris: str, glasses: bool) -> str:
    """Nose, mouth, eyes, brows, tears and sweat over a head already drawn."""
    creases = "M44 51L48 47M56 51L52 47M43.5 56L47 53M56.5 56L53 53"
    creases += "M41 62Q34 64 31 70M59 62Q66 64 69 70"
    drawn = path("M50 50Q54 57 53 60Q50 62.5 46.5 60.5", stroke=LINE, width=1.8)
    drawn += path(creases, stroke=LINE, width=1.8, opacity=face.wrinkle) + _mouth(face)
    for side in (-1, 1):
        drawn += _eye(face, iris, side) + _tear(face, side) + _brow(face, skin, side)
    if glasses:
        rims = (ellipse(x, 46.5, 14, 13, "none", "#22222c", 1.8) for x in (34.5, 65.5))
        bridge = "M48.3 44.5Q50 43 51.7 44.5M20.5 45L17 44M79.5 45L83 44"
        drawn += "".join(rims) + path(bridge, stroke="#22222c")
    drop = "M79 22Q86 32 83 36Q79 39 75.5 36Q73 32 79 22Z"
    return drawn + path(drop, "#9fdcff", "#2f86c8", 1.2, face.sweat)


def _eye_corners(face: Expression, side: int) -> tuple[float, float, float, float, float]:
    """x of the middle, x and y of the outer and of the inner corner; side -1 is the left eye."""
    x, slant = 50 + 15.5 * side, 2.2 * face.brow_slant
    return x, x + 10 * side, 46 + slant, x - 10 * side, 46 - slant


def _eye(face: Expression, iris: str, side: int) -> str:
    x, x0, y0, x1, y1 = _eye_corners(face, side)
    upper = f"M{at(x0, y0)}Q{at(x, 46 - 2 * face.upper_lid)} {at(x1, y1)}"
    lower = f"Q{at(x, 46 + 2 * face.lower_lid)} {at(x0, y0)}Z"
    drawn = path(upper + lower, "#fff", LINE, 1.4)
    y, half = 46 + (face.lower_lid - face.upper_lid) / 2, (face.upper_lid + face.lower_lid) / 2
    radius = min(face.pupil, 0.95 * half)  # the lids cover a large iris
    if radius > 1:
        drawn += ellipse(x, y, face.pupil, radius, iris, "none", 0)
        drawn += ellipse(x, y, 0.62 * face.pupil, 0.62 * radius, "#120c10", "none", 0)
        drawn += ellipse(x + 1.6, y - 0.4 * radius, 1.3, min(1.3, radius), "#fff", "none", 0)
    return drawn + path(upper, stroke=LINE, width=3)


def _tear(face: Expression, side: int) -> str:
    """A stream from the lower lid, longer the stronger."""
    if face.tears <= 0:
        return ""
    x, y = 50 + 15.5 * side, 51 + 25 * face.tears
    drop = f"M{at(x - 3, 50)}H{number(x + 3)}Q{at(x + 2, y - 10)} {at(x + 5, y - 4)}"
    drop += f"Q{at(x, y + 5)} {at(x - 5, y - 4)}Q{at(x - 2, y - 10)} {at(x - 3, 50)}Z"
    return path(drop, "#8fd8ff", "#2f86c8", 1.2, min(1, 2 * face.tears))


def _brow(face: Expression, skin: str, side: int) -> str:
    x, x0, _, x1, _ = _eye_corners(face, side)
    height = 32 - 7 * face.brow_raise
    outer, inner = height + 4.5 * face.brow_slant, height - 5 * face.brow_slant
    top = (outer + inner) / 2 - 4 - 4 * max(face.brow_raise, 0)
    brow = f"M{at(x0 + side, outer + 1)}Q{at(x, top)} {at(x1, inner)}"
    halo = path(brow, stroke=skin, width=6, opacity=0.5)  # so that it shows over dark hair
    return halo + path(brow, stroke="#241614", width=4)


def _mouth(face: Expression) -> str:
    """Two lips with common corners; the gap opens downwards when smiling, upwards when weeping."""
    smile = max(face.mouth_curve, 0)
    corner = 70.5 - 4.5 * face.mouth_curve - 3 * smile
    middle = 70.5 - face.mouth_open * (1 - face.mouth_curve) / 2 - 3.5 * smile
    upper, lower = _lip(face, corner, middle), _lip(face, corner, middle + face.mouth_open)

    def between(share: float) -> list[str]:
        """The line that lies this share of the way from the upper lip to the lower one."""
        pairs = zip(upper, lower, strict=True)
        return [at(x, (1 - share) * y + share * end) for (x, y), (_, end) in pairs]

    top, bottom = between(0), between(1)
    whole = " ".join(top + bottom[::-1])
    drawn = polygon(whole, "#6e1220", INK, 3)
    drawn += polygon(" ".join(between(0.62)[5:20] + bottom[19:4:-1]), "#e8667a", "none", 0)
    drawn += polygon(" ".join(top + between(face.teeth)[::-1]), "#fffdf6", "none", 0)
    gaps = "".join(f"M{top[k]}L{bottom[k]}" for k in range(3, len(top) - 1, 3))
    drawn += path(f"{gaps}M{'L'.join(between(0.5))}", stroke=INK, width=1, opacity=face.grit)
    drawn += polygon(whole, "none", INK, 2.4)
    if face.tongue > 0:
        (x0, y0), (x1, y1) = lower[9], lower[17]
        tip = y0 + 14 * face.tongue
        shape = f"M{at(x0, y0)}C{at(x0 - 1, tip)} {at(x1 + 1, tip)} {at(x1, y1)}Z"
        drawn += path(shape, "#f0708a", INK, 1.6)
        groove = f"M{at((x0 + x1) / 2, y0 + 1)}V{number(y0 + 6 * face.tongue)}"
        drawn += path(groove, stroke=INK, opacity=face.tongue)
    return drawn


def _lip(face: Expression, corner: float, middle: float) -> list[tuple[float, float]]:
    """25 points of a lip, left to right, from the height of its corners and of its middle."""
    points = []
    for step in range(25):
        t = -math.cos(math.pi * step / 24)
        bend = (middle - corner) * max(1 - t * t, 0) ** (1 - 0.75 * face.mouth_square)
        wave = 1.7 * face.mouth_wave * math.sin(3 * math.pi * t) - 3 * face.mouth_skew * t
        points.append((50 + face.mouth_width * t, corner + bend + wave))
    return points
