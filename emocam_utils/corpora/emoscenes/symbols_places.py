"""Symbols of furniture, buildings and vehicles."""

from __future__ import annotations

import math
import random

from .drawing import crescent, flat, line, mirror, polar, shade, shine, spot, symbol, tones, tube
from .svg import OUTLINE, any_colour, ellipse, path, polygon, rect, vary

GLASS = "#bfe0ee"


def _landscape(rng: random.Random, x: float, y: float, w: float, h: float) -> str:
    """A small picture without outline, as on a canvas or a screen."""
    if rng.random() < 0.25:  # blocks of colour
        drawn = rect(x, y, w, h, any_colour(rng, 55, 75), 0, "none", 0)
        for u, v in ((0.05, 0.1), (0.5, 0.1), (0.2, 0.55)):
            drawn += rect(x + u * w, y + v * h, w * 0.4, h * 0.35, any_colour(rng), 0, "none", 0)
        return drawn
    sky = vary(rng, rng.choice((205, 25, 275)), 60, 76)
    sun, hill = vary(rng, 46, 95, 62, (8, 5, 5)), vary(rng, rng.choice((140, 230, 30)), 32, 42)
    drawn = rect(x, y, w, h, sky, 0, "none", 0)
    drawn += spot(x + w * rng.uniform(0.55, 0.8), y + h * 0.3, h * 0.13, h * 0.13, sun)
    peak = rng.uniform(0.28, 0.45)
    far = f"{x + w * peak:.1f} {y + h * 0.35:.1f}"
    near = f"{x + w * 0.68:.1f} {y + h * 0.5:.1f}"
    foot = y + h
    drawn += flat(f"M{x} {foot}L{x} {y + h * 0.85:.1f}L{far}L{x + w * 0.75:.1f} {foot}Z", hill)
    front = f"M{x + w * 0.3:.1f} {foot}L{near}L{x + w} {y + h * 0.8:.1f}L{x + w} {foot}Z"
    return drawn + flat(front, vary(rng, 120, 38, 34))


@symbol("Picture frame", 112, 88)
def picture_frame(rng: random.Random) -> str:
    hue, saturation, lightness = rng.choice(((43, 70, 50), (25, 45, 32), (0, 0, 16), (42, 25, 88)))
    frame = vary(rng, hue, saturation, lightness, (5, 8, 4))
    drawn = rect(0, 0, 112, 88, frame, 2, width=2)
    drawn += shade("M110 2V86H2L14 75H98V13Z", 0.2) + shine("M3 3H108L97 13H14L4 80Z", 0.22)
    drawn += line("M3 3L14 14M109 3L98 14M3 85L14 74M109 85L98 74", OUTLINE, 1)
    mat = rng.choice((0, 5, 9))
    drawn += rect(13, 13, 86, 62, "#fbf7ec", width=1.5)
    drawn += _landscape(rng, 14 + mat, 14 + mat, 84 - 2 * mat, 60 - 2 * mat)
    drawn += rect(13 + mat, 13 + mat, 86 - 2 * mat, 62 - 2 * mat, "none", width=1.2)
    if rng.random() < 0.5:
        drawn += line("M6 8V80M106 8V80", "#fff3c2", 1.2)
    return drawn


@symbol("Clock", 92, 92)
def clock(rng: random.Random) -> str:
    rim, _, _ = tones(rng, (0, 30, 150, 210), 55, 40)
    if rng.random() < 0.3:
        rim = "#2b2b33"
    dial = vary(rng, 48, 35, 94, (10, 20, 3))
    square = rng.random() < 0.2
    if square:
        drawn = rect(0, 0, 92, 92, rim, 12, width=2) + shade("M78 4Q91 4 90 20V80Q90 90 78 90H16Z")
    else:
        drawn = ellipse(46, 46, 46, 46, rim, width=2) + crescent(46, 46, 44, 44, 0.25)
    drawn += ellipse(46, 46, 37, 37, dial)
    few = rng.random() < 0.3
    for k in range(12):
        angle = k * math.pi / 6
        if k % 3 == 0:
            mark = f"M{polar(46, 46, 27, 27, angle)}L{polar(46, 46, 33, 33, angle)}"
            drawn += line(mark, "#26222a", 4)
        elif not few:
            mark = f"M{polar(46, 46, 30, 30, angle)}L{polar(46, 46, 33, 33, angle)}"
            drawn += line(mark, "#26222a", 2)
    minutes = rng.uniform(0, 720)
    hour, minute = math.tau * minutes / 720, math.tau * minutes / 60
    drawn += line(f"M46 46L{polar(46, 46, 16, 16, hour)}", "#26222a", 5.5)
    drawn += line(f"M46 46L{polar(46, 46, 26, 26, minute)}", "#26222a", 3.8)
    if rng.random() < 0.6:
        second = rng.uniform(0, math.tau)
        drawn += line(f"M46 46L{polar(46, 46, 28, 28, second)}", "#d8322e", 1.6)
    return drawn + spot(46, 46, 4, 4, rim) + shine("M16 40Q20 20 40 14Q26 26 22 42Z", 0.5)


@symbol("Television", 114, 92)
def television(rng: random.Random) -> str:
    if rng.random() < 0.5:  # a tube in a wooden case
        case, dark, _ = tones(rng, (25, 15, 0, 190), 42, 34)
        drawn = (
            line("M34 2L57 22L82 2", OUTLINE, 3)
            + rect(14, 82, 12, 10, dark)
            + rect(88, 82, 12, 10, dark)
        )
        drawn += rect(0, 18, 114, 68, case, 8) + shade("M104 20H112V80Q112 85 104 85H14L16 78H104Z")
        drawn += rect(7, 25, 78, 54, "#24242b", 10)
        x, y, w, h = 12, 30, 68, 44
        drawn += ellipse(99, 34, 7, 7, "#d8d3c5") + ellipse(99, 52, 7, 7, "#d8d3c5")
        drawn += line("M99 34V29M99 52L103 49") + line(
            "M93 66H105M93 71H105M93 76H105", "#1e1a1c", 2
        )
    else:  # a flat screen on a stand
        drawn = path("M48 74H66V84H84Q88 91 80 91H34Q26 91 30 84H48Z", "#3a3b44")
        bezel = vary(rng, 225, 12, rng.choice((16, 16, 32, 78)))
        drawn += rect(0, 1, 114, 76, bezel, 4)
        x, y, w, h = 5, 6, 104, 64
    kind = rng.choice(("bars", "picture", "off", "noise"))
    if kind == "picture":
        drawn += _landscape(rng, x, y, w, h)
    elif kind == "bars":
        for k, colour in enumerate(
            ("#e8e4da", "#e3c93a", "#3fb6c4", "#48ab4c", "#c345a8", "#d03a35")
        ):
            drawn += rect(x + k * w / 6, y, w / 6 + 0.4, h, colour, 0, "none", 0)
    else:
        glow = vary(rng, rng.choice((205, 240, 170)), 25, 40 if kind == "off" else 68)
        drawn += rect(x, y, w, h, glow, 3, "none", 0)
    if kind == "noise":
        for k in range(7):
            left, right = x + rng.uniform(2, w / 2), x + w - rng.uniform(2, w / 3)
            drawn += line(f"M{left:.1f} {y + h * (k + 0.6) / 7:.1f}H{right:.1f}", "#e9eef0", 2)
    return drawn + shine(
        f"M{x + 4} {y + 4}H{x + w * 0.42:.1f}L{x + w * 0.2:.1f} {y + h - 4}H{x + 4}Z", 0.2
    )


@symbol("Couch", 144, 80)
def couch(rng: random.Random) -> str:
    cloth, dark, light = tones(rng, (0, 28, 90, 175, 215, 275), 42, 46)
    if rng.random() < 0.25:
        cloth, dark, light = tones(rng, (35,), 18, 74)
    drawn = rect(12, 68, 8, 12, "#3b2a22") + rect(124, 68, 8, 12, "#3b2a22")
    drawn += path("M14 62V14Q14 1 28 1H116Q130 1 130 14V62Z", cloth)
    drawn += shine("M22 12Q24 5 34 5H110Q118 5 120 9Q60 8 22 12Z", 0.35)
    seats = rng.choice((2, 2, 3))
    step = 104 / seats
    for k in range(seats):
        x = 20 + k * step
        drawn += line(f"M{x:.1f} 8V40", dark, 2) if k else ""
        drawn += rect(x, 36, step, 22, light, 6)
    drawn += rect(16, 54, 112, 18, cloth, 3) + shade("M18 64H126V71H18Z", 0.22)
    arm = path("M1 34Q1 24 12 24Q24 24 24 34V66Q24 73 17 73H8Q1 73 1 66Z", cloth)
    drawn += (
        arm + mirror(arm, 144) + shade("M135 27Q142 28 142 36V66Q142 72 136 72H130Q136 50 135 27Z")
    )
    for x in (30, 94) if rng.random() < 0.5 else ():
        drawn += rect(x, 20, 22, 22, any_colour(rng, 60, 60), 5)
    return drawn


@symbol("Traffic sign", 66, 114)
def traffic_sign(rng: random.Random) -> str:
    drawn = rect(29, 54, 8, 60, vary(rng, 215, 8, 58)) + shade("M33 62H36.5V113H33Z")
    red, yellow = vary(rng, 356, 75, 46, (5, 8, 4)), vary(rng, 46, 95, 56, (4, 4, 3))
    kind = rng.choice(("diamond", "stop", "warning", "ban"))
    if kind == "diamond":
        drawn += polygon("33,1 65,34 33,67 1,34", yellow, width=2)
        drawn += polygon("33,7 59,34 33,61 7,34", "none", OUTLINE, 1.6)
        mark = rng.choice(
            ("M33 48V26M24 33L33 22L42 33", "M27 48V36Q27 28 40 28M34 21L42 28L34 35")
        )
        drawn += line(mark, "#1d1a1e", 4.5)
    elif kind == "stop":
        drawn += polygon("20,1 46,1 65,20 65,46 46,65 20,65 1,46 1,20", red, width=2)
        drawn += polygon(
            "21.5,5 44.5,5 61,21.5 61,44.5 44.5,61 21.5,61 5,44.5 5,21.5", "none", "#fff", 2
        )
        letters = "M17 27Q10 25 10 29Q10 32 14 33Q18 34 17 38Q14 41 10 39M21 26H30M25.5 26V40"
        letters += "M34 33Q34 26 38 26Q43 26 43 33Q43 40 38 40Q34 40 34 33Z"
        letters += "M48 40V26H52Q57 27 56 31Q55 34 48 34"
        drawn += line(letters, "#fff", 3)
    elif kind == "warning":
        drawn += path("M33 2L64 60Q64 63 61 63H5Q2 63 2 60Z", red, width=2)
        drawn += flat("M33 14L54 56H12Z", "#fdfbf3")
        mark = rng.choice(("M33 26V42", "M26 50Q24 44 33 40Q42 36 33 28"))
        drawn += line(mark, "#1d1a1e", 5)
        drawn += spot(33, 50, 3, 3, "#1d1a1e") if mark.endswith("V42") else ""
    else:
        drawn += ellipse(33, 34, 32.5, 33, red, width=2) + spot(33, 34, 23, 23, "#fdfbf3")
        mark = rng.choice(("bar", "number"))
        if mark == "bar":
            drawn += line("M19 20L47 48", red, 6) + line(
                "M33 50V26M25 32L33 23L41 32", "#1d1a1e", 4
            )
        else:
            drawn += line("M30 26H21V33Q31 31 30 38Q28 44 20 42", "#1d1a1e", 4)
            drawn += ellipse(41, 34, 8, 11, "none", "#1d1a1e", 4)
    return drawn


@symbol("Toilet", 82, 106)
def toilet(rng: random.Random) -> str:
    china = vary(rng, rng.choice((205, 40, 170, 340)), 22, 92, (10, 15, 3))
    seat = rng.choice((china, vary(rng, 28, 50, 45), vary(rng, 215, 10, 30), china))
    drawn = rect(4, 4, 54, 44, china, 5) + shade("M46 8H57V47H46Z") + rect(0, 0, 62, 11, china, 4)
    drawn += rect(44, 17, 12, 5, "#98a1ad", 2) + shine("M8 16H13V42H8Z", 0.8)
    if rng.random() < 0.5:  # the lid is up
        drawn += path("M16 56Q12 16 42 16Q70 16 70 56Z", seat)
        drawn += shade("M58 22Q70 30 69.5 55H60Q64 34 58 22Z")
    drawn += path("M11 60Q14 82 30 88L26 104H64L60 88Q76 82 79 60Z", china)
    drawn += shade("M66 66L78 62Q76 82 59.5 87.500L63 103H50Q54 84 66 66Z") + rect(
        21, 99, 48, 7, china, 3
    )
    drawn += ellipse(46, 58, 36, 15, seat, width=2)
    drawn += ellipse(46, 58, 25, 9, vary(rng, 205, 25, 72, (8, 10, 6)))
    return drawn + spot(46, 61, 17, 4.5, vary(rng, rng.choice((200, 70)), 45, 52, (10, 10, 6)))


@symbol("Chair", 64, 114)
def chair(rng: random.Random) -> str:
    wood, dark, light = tones(rng, (28, 20, 36), 48, 42)
    if rng.random() < 0.35:
        wood, dark, light = tones(rng, (0, 150, 205, 45), 50, 48)
    drawn = rect(10, 68, 7, 36, dark) + rect(47, 68, 7, 36, dark) + line("M12 92H52", dark, 4)
    kind = rng.choice(("slats", "bars", "solid"))
    if kind == "solid":
        drawn += rect(4, 1, 56, 62, light, 10)
        drawn += rect(4, 1, 56, 62, "none", 10, OUTLINE, 1.5) + shade("M48 4Q59 4 59 14V60H48Z")
    elif kind == "bars":
        drawn += tube("M16 8V60M26 8V60M38 8V60M48 8V60", wood, 6.5) + rect(3, 1, 58, 13, wood, 6)
    else:
        drawn += (
            rect(6, 18, 52, 11, wood, 3)
            + rect(6, 36, 52, 11, wood, 3)
            + rect(3, 1, 58, 12, wood, 5)
        )
    if kind != "solid":
        drawn += (
            rect(3, 2, 8, 64, wood, 3) + rect(53, 2, 8, 64, wood, 3) + shade("M57 4H60.500V64H57Z")
        )
    drawn += path("M4 58H60L63 68Q64 74 58 74H6Q0 74 1 68Z", light if rng.random() < 0.5 else wood)
    drawn += shade("M2 68H62Q63 73 58 73.500H6Q1 73.5 2 68Z", 0.2)
    return (
        drawn
        + rect(2, 73, 8, 41, wood, 2)
        + rect(54, 73, 8, 41, wood, 2)
        + shade("M58 74H61.500V113H58Z")
    )


@symbol("Lamp", 72, 122)
def lamp(rng: random.Random) -> str:
    cloth, dark, _ = tones(rng, (46, 46, 20, 350, 200), 65, 72)
    base, _, _ = tones(rng, (25, 205, 150, 0, 275), 38, 46)
    kind = rng.choice(("vase", "pole", "stacked"))
    if kind == "vase":
        drawn = rect(31, 46, 10, 20, "#b79b5b")
        drawn += path("M30 62H42Q60 82 50 112H22Q12 82 30 62Z", base)
        drawn += shade("M42 62Q60 82 50 111H40Q50 86 40 62Z") + shine(
            "M26 76Q20 90 25 104Q30 90 31 74Z"
        )
    elif kind == "pole":
        drawn = rect(32, 46, 8, 68, vary(rng, 42, 30, 45, (10, 25, 12)))
        drawn += line("M52 52V70", "#6a6670", 1.4) + spot(52, 72, 3, 3, "#6a6670")
    else:
        drawn = rect(32, 46, 8, 16, "#b79b5b")
        for y, r in ((66, 10), (83, 14), (102, 17)):
            drawn += ellipse(36, y, r, 10, base) + crescent(36, y, r, 10)
    drawn += ellipse(36, 114, 25, 8, base)
    drawn += path("M20 3Q36 0 52 3L71 50Q36 57 1 50Z", cloth)
    drawn += shade("M46 2.500L52 3.500L70 49.500Q60 52 54 52.500Z") + shine(
        "M22 5L28 4L18 51L6 49.500Z", 0.5
    )
    if rng.random() < 0.4:
        drawn += line("M16 14Q36 19 56 14", dark, 3) + line("M4 43Q36 50 68 43", dark, 3)
    return drawn


@symbol("Laptop", 118, 86)
def laptop(rng: random.Random) -> str:
    case = vary(rng, 215, 8, rng.choice((30, 72, 84)), (10, 5, 4))
    drawn = rect(12, 0, 94, 66, case, 5) + rect(16, 4, 86, 57, "#1c1d25", 2)
    kind = rng.choice(("text", "picture", "chart"))
    if kind == "picture":
        drawn += _landscape(rng, 19, 7, 80, 51)
    else:
        drawn += rect(19, 7, 80, 51, "#f4f6fa" if rng.random() < 0.6 else "#2b3244", 0, "none", 0)
        drawn += rect(19, 7, 80, 8, any_colour(rng, 55, 55), 0, "none", 0)
    if kind == "text":
        for y in (22, 29, 36, 43, 50):
            drawn += line(f"M26 {y}H{rng.uniform(55, 90):.0f}", "#8a93a6", 2.4)
    elif kind == "chart":
        colour = any_colour(rng, 65, 55)
        for x in range(28, 92, 13):
            height = rng.uniform(10, 34)
            drawn += rect(x, 54 - height, 8, height, colour, 0, "none", 0)
    drawn += shine("M20 8H48L30 57H20Z", 0.16)
    drawn += path("M12 65H106L117 80Q118 85 112 85H6Q0 85 1 80Z", case)
    drawn += shade("M1.5 80H116.500Q117 84.5 112 84.500H6Q1 84.5 1.5 80Z", 0.3)
    keys = "M18 69.500H100M16 73H102" if rng.random() < 0.5 else "M18 71H100"
    return drawn + line(keys, "#3a3d48", 2.2) + flat("M46 75.500H72L74 79.500H44Z", "#8d94a3")


def _window(x: float, y: float, w: float, h: float, frame: str = "#f7f3ea") -> str:
    pane = rect(x, y, w, h, GLASS) + shade(
        f"M{x + 1} {y + h - 1}L{x + w - 1} {y + 1}V{y + h - 1}Z", 0.1
    )
    return pane + line(
        f"M{x + w / 2:g} {y + 1}V{y + h - 1}M{x + 1} {y + h / 2:g}H{x + w - 1}", frame, 2
    )


@symbol("House", 114, 108)
def house(rng: random.Random) -> str:
    wall, wall_dark, _ = tones(rng, (40, 15, 200, 350, 90), 38, 78)
    roof, _, roof_light = tones(rng, (8, 20, 215, 265), 42, 42)
    door = any_colour(rng, 50, 40)
    x = rng.choice((20, 78))
    drawn = rect(x, 8, 14, 36, vary(rng, 12, 40, 45)) + rect(x - 2, 6, 18, 7, wall_dark)
    drawn += (
        rect(10, 44, 94, 63, wall) + shade("M84 46H103V106H84Z") + shade("M11 48H103V58H11Z", 0.22)
    )
    drawn += path("M57 1L113 50Q112 54 108 54H6Q2 54 1 50Z", roof)
    drawn += shade("M57 2L112 50Q111 53.5 108 53.500H86Z") + line("M57 5L12 46", roof_light, 2)
    if rng.random() < 0.5:
        drawn += ellipse(57, 34, 9, 9, GLASS) + line("M57 26.500V41.500M49.5 34H64.5", "#f7f3ea", 2)
    middle = rng.random() < 0.5
    drawn += rect(46 if middle else 18, 68, 22, 39, door, 2)
    drawn += spot(63 if middle else 35, 88, 2, 2, "#f3d36a")
    windows = (18, 76) if middle else (50, 78)
    drawn += "".join(_window(x, 66, 20, 20) for x in windows)
    if rng.random() < 0.4:
        drawn += "".join(rect(x - 2, 86, 24, 6, vary(rng, 110, 45, 40), 2) for x in windows)
    return drawn + rect(6, 102, 102, 6, vary(rng, 100, 35, 42), 2)


@symbol("Castle", 124, 114)
def castle(rng: random.Random) -> str:
    stone, dark, _ = tones(rng, (225, 38, 25), 14, 68)
    roof, _, _ = tones(rng, (0, 215, 270, 160), 52, 45)
    flags = rng.random() < 0.7
    flag = any_colour(rng, 80, 52)
    drawn = ""
    if flags:
        drawn += line("M62 1.500V14") + polygon("62,2 76,6 62,10", flag, width=1)
        top = 10
    else:
        top = 1.5
    drawn += rect(45, 34, 34, 50, stone) + shade("M68 36H78V80H68Z")
    drawn += path(f"M42 36L62 {top}L82 36Z", roof) + shade(f"M62 {top}L81 35.500H66Z", 0.2)
    drawn += rect(58, 42, 8, 13, "#2f2a3a", 4)
    for x in range(28, 92, 14):
        drawn += rect(x, 56, 9, 12, stone)
    drawn += rect(24, 64, 76, 50, stone) + shade("M26 66H98V71H26Z")
    tower = rect(2, 44, 28, 70, stone) + rect(0, 42, 32, 9, stone, 1)
    tower += rect(12, 62, 8, 14, "#2f2a3a", 4)
    if rng.random() < 0.65:
        tower += path("M0.8 43L16 12L31.2 43Z", roof) + shade("M16 13L30 42.500H20Z", 0.2)
    else:
        tower += "".join(rect(x, 34, 8, 11, stone) for x in (0, 12, 24))
    drawn += (
        tower
        + mirror(tower, 124)
        + shade("M114 52H121.500V113H114Z")
        + shade("M22 52H29.500V113H22Z")
    )
    drawn += path("M47 113V94A15 15 0 0 1 77 94V113Z", vary(rng, 24, 45, 27))
    drawn += line("M54 84V112M62 80V112M70 84V112M48 98H76", "#24191a", 1.3)
    for x, y in ((36, 80), (84, 76), (38, 100), (86, 96), (8, 88), (108, 92), (52, 66)):
        drawn += line(f"M{x} {y + rng.randint(-2, 2)}h7", dark, 1.6)
    return drawn


@symbol("Tent", 126, 86)
def tent(rng: random.Random) -> str:
    cloth, dark, light = tones(rng, (25, 45, 95, 150, 205, 0), 60, 48)
    inside = "#2d2833"
    if rng.random() < 0.6:  # a ridge tent
        drawn = path("M42 2L102 10L125 82L82 85Z", dark) + line("M72 8L104 83", cloth, 2)
        drawn += path("M42 2L1 84L83 85Z", cloth) + shade("M42 4L82 84L64 84.500Z")
        drawn += path("M42 26L24 84.500H62Z", inside, width=1)
        drawn += path("M42 26L24 84L12 84.500Q34 62 42 26Z", light, width=1)
        return drawn + line("M42 2L12 62", light, 2)
    drawn = path("M1 84Q8 2 63 2Q118 2 125 84Z", cloth)
    drawn += flat("M63 3Q34 30 30 83.500H2Q10 4 63 3Z", light, 0.7)
    drawn += shade("M80 5Q118 14 124 83.500H104Q104 34 80 5Z")
    drawn += path("M63 22Q42 50 42 84H84Q84 50 63 22Z", inside)
    drawn += path("M63 22Q88 50 96 84H84Q80 50 63 22Z", light, width=1)
    return drawn + line("M63 3Q34 30 30 83M63 3Q92 30 98 83", dark, 2)


def _wheel(cx: float, cy: float, r: float, hub: str) -> str:
    drawn = ellipse(cx, cy, r, r, "#25242b") + ellipse(cx, cy, r * 0.58, r * 0.58, hub, width=1)
    return drawn + spot(cx, cy, r * 0.18, r * 0.18, "#4b4e58")


CAR_BODIES = {
    "saloon": (
        "M2 42Q2 33 12 31L34 27Q46 2 60 2H82Q98 2 114 27"
        "Q138 30 140 42V55Q140 58 136 58H6Q2 58 2 55Z",
        "M42 27Q50 8 60 8H67V27ZM73 8H82Q94 8 104 27H73Z",
    ),
    "hatchback": (
        "M2 34Q4 2 30 2H78Q94 2 110 27Q138 30 140 42V55Q140 58 136 58H6Q2 58 2 55Z",
        "M12 27Q16 8 30 8H48V27ZM54 8H78Q90 8 100 27H54Z",
    ),
    "beetle": (
        "M2 50Q4 28 26 24Q38 2 66 2Q94 2 106 26Q138 28 140 50V55Q140 58 136 58H6Q2 58 2 55Z",
        "M36 25Q46 8 64 8V25ZM70 8Q88 9 96 25H70Z",
    ),
    "van": (
        "M2 10Q2 2 10 2H98Q112 2 122 28Q140 32 140 42V55Q140 58 136 58H6Q2 58 2 55Z",
        "M10 9H36V27H10ZM42 9H68V27H42ZM74 9H97Q106 9 112 27H74Z",
    ),
}


@symbol("Car", 142, 74)
def car(rng: random.Random) -> str:
    paint, dark, light = tones(rng, (0, 30, 48, 140, 205, 225), 68, 50)
    if rng.random() < 0.25:
        paint, dark, light = tones(rng, (215,), 8, rng.choice((82, 28)))
    body, windows = CAR_BODIES[rng.choice(tuple(CAR_BODIES))]
    drawn = path(body, paint) + flat("M3 47H139V55Q139 57 136 57H6Q3 57 3 55Z", dark)
    drawn += path(windows, GLASS) + shine("M60 9L66 9L58 26H50Z", 0.6)
    drawn += (
        line("M70 30V54", dark, 1.6) + line("M74 35H80", OUTLINE, 2) + line("M8 37H132", light, 1.6)
    )
    drawn += ellipse(135, 40, 5, 6, "#fff2b0", width=1) + rect(2, 38, 6, 9, "#d8322e", 2, width=1)
    drawn += rect(0, 50, 12, 6, "#aab2bd", 3) + rect(130, 50, 12, 6, "#aab2bd", 3)
    hub = rng.choice(("#c9cfd8", "#e9ecef", "#8d95a2"))
    return drawn + _wheel(33, 58, 15.5, hub) + _wheel(109, 58, 15.5, hub)


@symbol("Bicycle", 134, 86)
def bicycle(rng: random.Random) -> str:
    frame, _, light = tones(rng, (0, 45, 150, 205, 280, 330), 68, 46)
    drawn = ""
    for cx in (28, 106):
        drawn += ellipse(cx, 58, 28, 28, "none", "#2a2930", 5)
        drawn += ellipse(cx, 58, 24, 24, "none", "#b9bec8", 1.6)
        turn = rng.uniform(0, 1)
        for k in range(4):
            angle = turn + k * math.pi / 4
            ends = f"M{polar(cx, 58, 23, 23, angle)}L{polar(cx, 58, 23, 23, angle + math.pi)}"
            drawn += line(ends, "#8e949f", 1)
        drawn += spot(cx, 58, 3.5, 3.5, "#3a3a44")
    drawn += tube("M106 58L93 14", light, 6)
    if rng.random() < 0.6:  # a diamond frame, or a step-through one
        drawn += tube("M28 58L50 26L96 24L62 60L28 58M50 26L62 60", frame, 6.5)
    else:
        drawn += tube("M28 58L50 30M28 58L62 60L47 18M62 60Q74 52 95 22", frame, 6.5)
    drawn += line("M50 28L46 15", "#4b4e58", 4) + path(
        "M32 10Q46 6 58 11Q60 16 50 17H38Q32 16 32 10Z", "#33272a"
    )
    drawn += line("M94 18L91 6", "#4b4e58", 4)
    bars = rng.choice(("M91 5Q104 0 108 8Q108 16 100 15", "M80 10Q88 2 92 5L104 3", "M84 3H106"))
    drawn += line(bars, "#33343d", 4.5)
    drawn += ellipse(62, 60, 8, 8, "#8e949f") + line("M62 60L68 75M62 76H74", "#33343d", 3)
    if rng.random() < 0.3:
        drawn += rect(100, 16, 24, 16, vary(rng, 32, 50, 52), 3) + line(
            "M106 18V30M112 18V30M118 18V30"
        )
    return drawn


@symbol("Boat", 118, 108)
def boat(rng: random.Random) -> str:
    hull, _, light = tones(rng, (0, 25, 205, 220, 150), 55, 44)
    if rng.random() < 0.65:  # under sail
        sail = rng.choice(("#fbf7ea", "#fbf7ea", any_colour(rng, 65, 62)))
        other = rng.choice((sail, any_colour(rng, 65, 62)))
        drawn = rect(55, 1, 5, 84, "#7a5232", 2) + path("M63 6Q90 38 110 74H63Z", sail)
        drawn += shade("M72 18Q94 46 109 73H92Q92 44 72 18Z")
        drawn += path("M52 14V74H12Q38 50 52 14Z", other)
        if rng.random() < 0.5:
            drawn += line("M64 44H91M64 54H97", any_colour(rng, 70, 48), 4)
    else:  # a small steamer
        drawn = rect(56, 26, 20, 32, hull) + flat("M57 34H75V42H57Z", "#f7f3ea")
        for x, y, r in ((76, 17, 9), (90, 12, 8), (66, 22, 6)):
            drawn += spot(x, y, r, r, "#c9ced6")
        drawn += path("M22 82V54H96V82Z", "#f7f3ea") + shade("M80 55H95V80H80Z")
        drawn += line("M12 78V4", "#6b4b34", 3.5) + polygon(
            "14,2 38,9 14,17", any_colour(rng, 75, 52)
        )
        drawn += "".join(ellipse(x, 66, 6.5, 6.5, GLASS) for x in (36, 56, 76))
    drawn += path("M1 78Q60 86 117 78Q112 107 92 107H28Q8 107 1 78Z", hull)
    drawn += shade("M90 81L116 78.500Q111 106 92 106.500H60Q86 100 90 81Z")
    drawn += line("M6 88Q60 95 112 88", light, 3)
    return drawn + "".join(spot(x, 97, 2.6, 2.6, "#f7f3ea") for x in (36, 52, 68))
