"""Drawn people: bust portraits whose expression is a point that can be moved continuously.

Coordinates are those of the person's box, 100 wide and 125 high, y down. What a person looks like
comes from `rng` alone; the expression, a turned-away head and bare shoulders change only what their
name says, so that the same person can be drawn again with one thing changed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from .expressions import EXPRESSIONS, HEAD, LINE, Expression, features, morph, skin_light
from .hair import HAIR_STYLES, HairStyle
from .svg import any_colour, ellipse, group, number, path, polygon, rect, vary

__all__ = ["CLOTHING_BOX", "EXPRESSIONS", "FACE_BOX", "HEIGHT", "WIDTH", "Expression"]
__all__ += ["draw_person", "morph"]

WIDTH, HEIGHT = 100.0, 125.0
FACE_BOX = (10.0, 0.0, 90.0, 89.0)  # x0, y0, x1, y1
CLOTHING_BOX = (0.0, 86.0, 100.0, 125.0)

TORSO = "M.8 124.2C.8 107 10 100 28 97L38 92H62L72 97C90 100 99.2 107 99.2 124.2Z"
SKINS = ((26, 62, 84), (24, 58, 76), (28, 52, 68), (26, 46, 57), (22, 44, 46), (20, 42, 36))
HAIRS = ((20, 12, 14), (24, 40, 22), (26, 48, 34), (14, 62, 38), (42, 62, 58), (30, 6, 66))
CLOTHES = ("shirt", "hoodie", "dress", "stripes", "tee")


@dataclass(frozen=True)
class _Looks:
    """Everything about a person that is not their expression."""

    skin: str
    hair: str
    style: HairStyle
    clothes: str
    cloth: str
    trim: str
    iris: str
    glasses: bool
    beard: bool
    tilt: float  # degrees


def _draw_looks(rng: random.Random) -> _Looks:
    """All of a person's chance, drawn at once: no later choice may touch `rng`."""
    tone = rng.randrange(len(SKINS))
    skin = vary(rng, *SKINS[tone], spread=(3, 6, 3))
    hair = vary(rng, *rng.choice(HAIRS[:4] if tone > 2 else HAIRS), spread=(4, 6, 4))
    style = HAIR_STYLES[rng.choice(sorted(HAIR_STYLES))]
    clothes = rng.choice(CLOTHES)
    cloth, trim = any_colour(rng, 55, 50), any_colour(rng, 45, 82)
    iris = vary(rng, *rng.choice(((25, 55, 24), (205, 45, 38), (120, 30, 30))))
    glasses, beard = rng.random() < 0.2, rng.random() < 0.4 and style.with_beard
    return _Looks(skin, hair, style, clothes, cloth, trim, iris, glasses, beard, rng.uniform(-3, 3))


def draw_person(
    rng: random.Random, expression: Expression, *, face: bool = True, clothing: bool = True
) -> str:
    """A bust as SVG; `rng` is advanced equally whatever the expression and the two switches are.

    face     : False turns the head away: changes pixels inside FACE_BOX only
    clothing : False leaves bare shoulders: changes pixels inside CLOTHING_BOX only
    """
    looks = _draw_looks(rng)
    body = rect(39, 70, 22, 36, looks.skin, 4, LINE, 1.6) + path(TORSO, looks.skin, LINE, 1.6)
    body += rect(40.6, 86, 18.8, 12, looks.skin, width=0, stroke="none")
    if clothing:
        body += _clothes(looks)
    else:
        body += path("M22 108Q34 103 45 107M55 107Q66 103 78 108", stroke=LINE, opacity=0.5)
    body += path("M40 84H60V88Q50 95 40 88Z", "#2a1020", "none", 0, 0.22)
    back, front = looks.style.back(looks.hair, LINE), looks.style.front(looks.hair, LINE)
    ears = "" if looks.style.over_ears else _ears(looks)
    head = ears + path(HEAD, looks.skin, LINE, 1.6)
    if face:
        under, over = back, head + skin_light(expression) + _beard(looks) + front
        over += features(expression, looks.skin, looks.iris, looks.glasses)
    else:
        under, over = "", back + head + looks.style.away(looks.hair, LINE)
    tilt = f"rotate({number(looks.tilt)} 50 60)"
    return group(under, tilt) + body + group(over, tilt)


def _clothes(looks: _Looks) -> str:
    """The garment over the torso, within CLOTHING_BOX."""
    kind, cloth, trim = looks.clothes, looks.cloth, looks.trim
    if kind == "dress":
        drawn = path("M.8 124.2Q1 118 3 115Q16 118 20 98L29 96.2Q33 112 50 113T71 96.2L80 98"
                     "Q84 118 97 115Q99 118 99.2 124.2Z", cloth, LINE, 1.6)  # fmt: skip
        return drawn + path("M27 97Q31 116 50 117T73 97", stroke=trim, width=2)
    drawn = path(TORSO, cloth, LINE, 1.6)
    if kind == "stripes":
        bands = ((102, 14), (110, 6.5), (118, 3))
        drawn += "".join(rect(x, y, 100 - 2 * x, 4, trim, 0, "none", 0) for y, x in bands)
        drawn += rect(35, 89, 30, 9, cloth, 4, LINE, 1.6)
    elif kind == "shirt":
        drawn += path("M38 91L50 108L62 91Z", looks.skin, LINE, 1.4)
        drawn += path("M50 108V124", stroke=LINE)
        drawn += polygon("38,89 31,96 41,108 50,105", trim, LINE, 1.5)
        drawn += polygon("62,89 69,96 59,108 50,105", trim, LINE, 1.5)
        drawn += "".join(ellipse(53.5, y, 1.4, 1.4, trim, width=0) for y in (112, 119))
    elif kind == "hoodie":
        drawn += path("M38 88Q22 92 24 103Q38 108 50 108T76 103Q78 92 62 88Q62 101 50 101T38 88Z",
                      cloth, LINE, 1.6)  # fmt: skip
        drawn += path("M43 107V118M57 107V118", stroke=trim, width=2.2)
    else:
        drawn += path("M35 93Q38 105 50 105T65 93L62 91H38Z", looks.skin, LINE, 1.4)
        drawn += path("M33 94Q36 108.5 50 108.5T67 94", stroke=trim, width=2.4)
    return drawn + path("M17 112Q19 118 19 124M83 112Q81 118 81 124", stroke=LINE, opacity=0.5)


def _ears(looks: _Looks) -> str:
    ears = (ellipse(x, 50, 5.5, 8, looks.skin, LINE, 1.6) for x in (17.5, 82.5))
    return "".join(ears) + path("M15 47Q17 50 15 53M85 47Q83 50 85 53", stroke=LINE, opacity=0.6)


def _beard(looks: _Looks) -> str:
    if not looks.beard:
        return ""
    mouth = "M36 70C36 78 64 78 64 70C64 63.5 36 63.5 36 70Z"  # wound the other way: a hole
    return path("M17.6 50Q21 58 28 62Q36 57 50 59.5T72 62Q79 58 82.4 50C81 71 67 84.6 50 84.6"
                f"S19 71 17.6 50Z{mouth}", looks.hair, LINE, 1)  # fmt: skip
