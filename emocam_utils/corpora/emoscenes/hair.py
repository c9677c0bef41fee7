"""Hair of the drawn people: behind the head, around the face, and over a head turned away.

Coordinates are those of the person's box (people.py); everything stays inside its FACE_BOX.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from .svg import ellipse, path


@dataclass(frozen=True)
class HairStyle:
    """Three drawings, each a function of the hair's colour and the colour of the outline.

    back is drawn behind the shoulders, front over the forehead, away over a head seen from behind.
    """

    back: Callable[[str, str], str]
    front: Callable[[str, str], str]
    away: Callable[[str, str], str]
    over_ears: bool = False
    with_beard: bool = False


def _lock(*shapes: str, rim: bool = True) -> Callable[[str, str], str]:
    """Shapes filled with the colour of the hair, outlined unless `rim` is False."""

    def draw(colour: str, line: str) -> str:
        return "".join(path(shape, colour, line if rim else "none", 1.6) for shape in shapes)

    return draw


def _with(first: Callable[[str, str], str], *strokes: tuple[str, str, float, float]):
    """`first` with strokes (d, colour, width, opacity) over it."""

    def draw(colour: str, line: str) -> str:
        over = (path(d, stroke=ink, width=w, opacity=o) for d, ink, w, o in strokes)
        return first(colour, line) + "".join(over)

    return draw


def _nothing(colour: str, line: str) -> str:
    return ""


def _curls(angles: range, rx: float, ry: float, r: float) -> Callable[[str, str], str]:
    """Round curls on an ellipse about the skull; outlined once around their union."""

    def draw(colour: str, line: str) -> str:
        turns = [math.radians(angle) for angle in angles]
        spots = [(50 + rx * math.cos(a), 38 - ry * math.sin(a)) for a in turns]
        rims = "".join(ellipse(x, y, r, r, colour, line, 1.6) for x, y in spots)
        return rims + "".join(ellipse(x, y, r - 1.5, r - 1.5, colour, "none", 0) for x, y in spots)

    return draw


def _both(first: Callable[[str, str], str], second: Callable[[str, str], str]):
    def draw(colour: str, line: str) -> str:
        return first(colour, line) + second(colour, line)

    return draw


SHINE = ("M25 25Q32 12 46 9", "#ffffff", 3.0, 0.28)
STRANDS = ("M50 12V70M40 14Q30 40 34 68M60 14Q70 40 66 68M31 20Q20 40 25 60M69 20Q80 40 75 60",
           "#000000", 1.4, 0.3)  # fmt: skip
NAPE = "L83 46C82.6 60 76 71 67 77Q58 74 50 78Q42 74 33 77C24 71 17.4 60 17 46Z"
CAP = "M14 46C11 16 29 2.5 50 2.5S89 16 86 46"
SPIKES = (
    "M14 46L13.5 34L18 32L15 22L24 21L24 11L34 13L38 4L47 9L54 2.5L60 9L70 5L72 14L82 14L80 23"
    "L87 27L83 33L86 46"
)
LONG = "M14 50C10 20 28 2.5 50 2.5S90 20 86 50L87 80Q87 86.5 80 86.5H20Q13 86.5 13 80Z"
BOB = "M14 46C11 16 29 2.5 50 2.5S89 16 86 46L87 70Q84 75 74 74H26Q16 75 13 70Z"
BUNS = (
    "M15 14A10 10 0 0 1 35 10Q31 24 20 22Q15 19 15 14Z",
    "M85 14A10 10 0 0 0 65 10Q69 24 80 22Q85 19 85 14Z",
)
CURL_SPOTS = ((30, 24), (45, 20), (60, 24), (24, 37), (38, 34), (53, 34), (67, 37), (30, 50),
              (45, 48), (60, 50), (37, 62), (53, 62))  # fmt: skip
CURLS = ("".join(f"M{x} {y}q5 7 10 0" for x, y in CURL_SPOTS), "#000000", 1.6, 0.35)
WAVES = ("M22 80Q26 70 21 60M78 80Q74 70 79 60", "#000000", 1.4, 0.3)

HAIR_STYLES = {
    "short": HairStyle(
        _nothing,
        _with(_lock(f"{CAP}L80.5 44"
                    "C80 32 76 25 71 20C58 23 42 21 34 14C28 20 21 28 19.5 44Z"), SHINE),
        _with(_lock(CAP + NAPE), STRANDS), with_beard=True,
    ),
    "spiky": HairStyle(
        _nothing,
        _lock(f"{SPIKES}L80.5 44L76 23L68 19L62 23L55 17L48 22L41 17L35 22L28 18L19.5 44Z"),
        _with(_lock(SPIKES + NAPE), STRANDS), with_beard=True,
    ),
    "bald": HairStyle(
        _nothing,
        _with(_nothing, ("M27 27Q32 15 45 12", "#ffffff", 4.0, 0.4)),
        _with(_nothing, ("M27 27Q32 15 45 12", "#ffffff", 4.0, 0.4),
              ("M36 70Q50 75 64 70M39 77Q50 81 61 77", "#38282a", 1.6, 0.6)), with_beard=True,
    ),
    "long": HairStyle(
        _with(_lock(LONG), WAVES),
        _with(_lock("M14 66C9 22 28 2.5 50 2.5S91 22 86 66"
                    "L81 68C83 44 70 30 42 17C31 24 17 40 19 68Z"),
              SHINE),
        _with(_lock(LONG), STRANDS, WAVES), over_ears=True,
    ),
    "bob": HairStyle(
        _lock(BOB),
        _with(_lock(f"{CAP}L86 66L80 66Q82 42 78 25Q50 19 22 25Q18 42 20 66L14 66Z"), SHINE,
              ("M36 21V14M50 20V11M64 21V14", "#000000", 1.4, 0.3)),
        _with(_lock(BOB), STRANDS), over_ears=True,
    ),
    "curly": HairStyle(
        _curls(range(-40, 221, 20), 29, 27, 8.5),
        _curls(range(10, 171, 20), 28, 23, 8.5),
        _with(_both(_curls(range(-40, 221, 20), 29, 27, 8.5),
                    _lock("M22 40C22 8 78 8 78 40C78 62 70 76 50 76S22 62 22 40Z", rim=False)),
              CURLS),
        over_ears=True, with_beard=True,
    ),
    "buns": HairStyle(
        _lock(*BUNS),
        _with(_lock(f"{CAP}L80.5 44C79 30 66 24 50 14C34 24 21 30 19.5 44Z"),
              ("M50 3V14", "#000000", 1.4, 0.35), SHINE),
        _both(_with(_lock(CAP + NAPE), ("M50 3V74", "#ffffff", 1.4, 0.3), STRANDS), _lock(*BUNS)),
    ),
}  # fmt: skip
