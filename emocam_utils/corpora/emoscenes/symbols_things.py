"""Symbols of things held in a hand or laid on a table."""

from __future__ import annotations

import math
import random

from .drawing import crescent, flat, line, mirror, shade, shine, spot, symbol, tones, tube
from .svg import OUTLINE, any_colour, ellipse, group, path, rect, vary

STEEL = "#d5dbe2"
WOOD = (28, 20, 35)


@symbol("Balloon", 64, 112)
def balloon(rng: random.Random) -> str:
    skin, dark, light = tones(rng, (0, 45, 130, 205, 280, 325), 80, 56)
    sway = rng.uniform(-10, 10)
    string = line(f"M32 80Q{32 + sway:.1f} 92 32 98T{32 - sway / 2:.1f} 111", "#4a4a55", 2)
    drawn = string + path("M32 74L40 84Q32 81 24 84Z", dark)
    drawn += path("M32 78C12 74 1 52 1 34C1 14 14 1 32 1C50 1 63 14 63 34C63 52 52 74 32 78Z", skin)
    pattern = rng.choice(("plain", "plain", "stripes", "dots"))
    if pattern == "stripes":
        drawn += line("M32 3Q16 36 32 76M32 3Q48 36 32 76", light, 4)
    elif pattern == "dots":
        for x, y in ((20, 48), (34, 32), (46, 50), (33, 62), (50, 26), (28, 14)):
            drawn += spot(x, y, 4, 4, light)
    drawn += shade("M52 9C70 26 64 62 33 77C52 62 58 34 52 9Z")
    return drawn + shine("M9 34Q10 14 26 7Q17 18 15 34Q12 40 9 34Z", 0.7)


@symbol("Book", 104, 76)
def book(rng: random.Random) -> str:
    cover, dark, light = tones(rng, (0, 30, 130, 205, 270), 55, 40)
    if rng.random() < 0.65:  # open
        drawn = path("M1 12L52 20L103 12V66L52 75L1 66Z", cover)
        page = path("M5 7Q32 -3 52 13V69Q32 56 5 62Z", "#fdf8ea")
        page += shade("M40 6Q48 9 51.5 13.5V68Q46 63 40 61Z", 0.12)
        drawn += page + mirror(page, 104)
        rows = range(4) if rng.random() < 0.5 else range(2)
        for y in (18 + 9 * k for k in rows):
            drawn += line(f"M12 {y}Q30 {y - 6} 44 {y + 4}", "#8d8a94", 1.8)
        if len(rows) == 2:
            drawn += flat("M12 38Q30 31 44 41V58Q28 49 12 53Z", light)
        for y in (18, 27, 36, 45):
            drawn += line(f"M92 {y}Q74 {y - 6} 60 {y + 4}", "#8d8a94", 1.8)
        if rng.random() < 0.4:
            drawn += path("M68 5L76 3.5V30L72 25L68 31Z", "#d43a3a", width=1)
        return drawn
    drawn = path("M3 46L78 50L101 20V38L78 75L3 70Q-1 58 3 46Z", "#fdf8ea")
    drawn += line("M4 53L78 58L101 30M4 60L78 66L101 37", "#b9b2a4", 1.2)
    drawn += path("M3 71L78 75L102 40", "none", dark, 3)
    drawn += path("M26 2L102 6L79 53L3 47Q2 46 3 44Z", cover)
    drawn += flat("M26 3L33 3.5L10 47L4 46Z", dark) + shine("M44 12L86 14L80 26L37 23Z", 0.75)
    return drawn + line("M48 17L78 19M34 34L64 37", OUTLINE if rng.random() < 0.5 else light, 2)


@symbol("Syringe", 132, 44)
def syringe(rng: random.Random) -> str:
    liquid = vary(rng, rng.choice((0, 190, 120, 50)), 70, 55, (8, 12, 6))
    push = rng.uniform(0, 12)
    drawn = line("M100 22H131", "#70778a", 2.6) + rect(0, 6, 8, 32, "#8d97a8", 3)
    drawn += rect(6, 17, 28 + push, 10, "#b7bfcb") + rect(30, 7, 64, 30, "#eef6fb", 4)
    drawn += rect(44 + push, 9.5, 48 - push, 25, liquid, 2, "none", 0)
    drawn += rect(38 + push, 8.5, 8, 27, "#3b3f4c", 2) + rect(26, 0, 7, 44, "#9aa4b5", 3)
    drawn += path("M94 14H100L108 20V24L100 30H94Z", "#c3ccd8")
    for x in range(56, 90, 8):
        drawn += line(f"M{x} 8.5V{15 if x % 16 else 18}", width=1.5)
    drawn += shine("M36 11H90V15H36Z", 0.6) + shade("M34 29H92V35H34Z")
    if rng.random() < 0.4:
        drawn += path("M127 24Q132 32 127 34Q122 32 127 24Z", liquid, width=1)
    return drawn


@symbol("Candle", 50, 120)
def candle(rng: random.Random) -> str:
    wax, _, light = tones(rng, (45, 350, 20, 210, 140), 45, 78)
    if rng.random() < 0.3:
        wax, _, light = tones(rng, (350, 20, 150), 65, 45)
    metal = vary(rng, rng.choice((42, 30, 215)), 45, 48, (4, 12, 6))
    lean = rng.uniform(-4, 4)
    drawn = ellipse(25, 110, 25, 9.5, metal) + ellipse(25, 107, 18, 5.5, metal, width=1)
    drawn += path("M10 48V106Q25 113 40 106V48Z", wax) + shade("M31 49H39.5V105.5Q35 108 31 108Z")
    drawn += shine("M13 52H17V100H13Z", 0.5) + ellipse(25, 48, 15, 4.5, light)
    side = f"M10.5 48Q11 {rng.uniform(60, 82):.0f} 15 {rng.uniform(64, 84):.0f}Q19 64 20 52Z"
    drawn += path(side, light, width=1) + line("M25 48V37", "#2a2022", 2.6)
    flame = f"M25 41Q8 34 {25 + lean:.1f} 1Q42 34 25 41Z"
    drawn += path(flame, "#ff8f1a", "#c4561a")
    drawn += flat(f"M25 40Q15 34 {25 + lean / 2:.1f} 15Q35 34 25 40Z", "#ffd84a")
    return drawn + spot(25, 34.5, 3, 5, "#fff6cf")


@symbol("Rugby ball", 112, 68)
def rugby_ball(rng: random.Random) -> str:
    if rng.random() < 0.6:
        skin, band = vary(rng, 20, 55, 38, (6, 10, 6)), "#f7f3ea"
    else:
        skin, band = vary(rng, 0, 4, 93, (20, 4, 3)), any_colour(rng, 70, 45)
    outline = "M1 34C18 8 38 1 56 1C74 1 94 8 111 34C94 60 74 67 56 67C38 67 18 60 1 34Z"
    drawn = path(outline, skin, "none", 0)
    stripe = "M22 12.5Q32 34 22 55.5L28 59Q40 34 28 9Z"
    drawn += flat(stripe, band) + mirror(flat(stripe, band), 112)
    seam = rng.uniform(-3, 3)
    drawn += line(f"M4 34Q56 {30 + seam:.0f} 108 34", "#2b2226", 1.6)
    drawn += shade("M110 34C94 60 74 67 56 67C38 67 18 60 2 35Q56 66 110 34Z", 0.24)
    lace = "#fff" if band == "#f7f3ea" else "#333"
    drawn += line(f"M40 {22 + seam:.1f}H72", lace, 3)
    for x in range(44, 70, 6):
        drawn += line(f"M{x} {17 + seam:.1f}V{27 + seam:.1f}", lace, 2.6)
    drawn += shine("M20 20Q34 6 56 4Q36 12 26 22Z", 0.35)
    return drawn + path(outline, "none", width=2)


@symbol("Tennis racket", 58, 134)
def tennis_racket(rng: random.Random) -> str:
    frame, dark, _ = tones(rng, (0, 45, 130, 205, 280), 70, 48)
    drawn = ellipse(29, 40, 26, 36, "#fbfaf2", "none", 0)
    gut = rng.choice(("#8b8f96", "#b3a03c", "#5c7fa8"))
    for x in range(9, 54, 5):
        half = 34 * math.sqrt(1 - ((x - 29) / 26) ** 2)
        drawn += line(f"M{x} {40 - half:.1f}V{40 + half:.1f}", gut, 1)
    for y in range(10, 75, 6):
        half = 24 * math.sqrt(1 - ((y - 40) / 36) ** 2)
        drawn += line(f"M{29 - half:.1f} {y}H{29 + half:.1f}", gut, 1)
    drawn += ellipse(29, 40, 28, 38.5, "none", OUTLINE, 7) + ellipse(
        29, 40, 26.5, 37, "none", frame, 4
    )
    drawn += tube("M12 68Q22 80 27 96M46 68Q36 80 31 96", frame, 7)
    drawn += line("M8 22Q14 8 25 5", "#fff", 1.8)
    grip = vary(rng, rng.choice((25, 220, 0)), rng.choice((8, 40)), 30, (8, 6, 6))
    drawn += (
        rect(23.5, 92, 11, 41, grip, 3)
        + rect(22.5, 92, 13, 5, dark, 1)
        + rect(22, 128, 14, 6, dark, 2)
    )
    return drawn + line("M25 104L33 100M25 112L33 108M25 120L33 116M25 126L33 123", "#e5dccb", 1.4)


@symbol("Knife", 132, 46)
def knife(rng: random.Random) -> str:
    handle, handle_dark, handle_light = tones(rng, WOOD if rng.random() < 0.6 else (220,), 38, 27)
    steel = vary(rng, 212, 12, 82, (10, 6, 5))
    kitchen = rng.random() < 0.6
    if kitchen:
        drawn = path("M44 2H100Q124 6 131 24Q100 42 60 44H44Z", steel, width=2)
        drawn += shade("M45 31H118Q94 41 60 43H45Z") + line("M48 7H98", "#fff", 2)
        drawn += path("M1 6Q2 2 8 2H46V20H12Q0 20 1 6Z", handle)
        drawn += flat("M4 13H45V19H12Q5 19 4 13Z", handle_dark)
        drawn += "".join(ellipse(x, 11, 2.6, 2.6, STEEL, width=1) for x in (14, 26, 38))
    else:
        drawn = path("M46 12H104L131 23L104 34H46Z", steel, width=2)
        drawn += shade("M46 23H130L104 33H46Z") + line("M50 23H128", "#8b94a1", 1.4)
        drawn += rect(38, 1, 10, 44, vary(rng, 42, 40, 50, (6, 25, 8)), 4)
        drawn += rect(6, 15, 34, 16, handle, 3) + line(
            "M14 16V30M21 16V30M28 16V30", handle_light, 2
        )
        drawn += ellipse(7, 23, 7, 9, STEEL)
    if rng.random() < 0.6:
        red = vary(rng, 356, 80, 38, (4, 8, 5))
        edge = 40 if kitchen else 33
        drop = edge - rng.uniform(2, 8)
        drawn += flat(f"M86 14Q108 12 122 23Q110 {edge - 4} 98 {drop:.1f}Q92 20 86 14Z", red)
        drawn += spot(76, 24, 4, 3, red) + spot(67, 28, 2.2, 2.2, red)
    return drawn


@symbol("Camera", 112, 84)
def camera(rng: random.Random) -> str:
    body, _, light = tones(rng, (0, 25, 210), rng.choice((5, 45)), 27)
    band = vary(rng, 215, 6, rng.choice((28, 78)), (10, 4, 5))
    if rng.random() < 0.5:
        drawn = path("M32 16L42 1H70L80 16Z", band) + rect(46, 6, 20, 8, "#c9e4f5", 2)
    else:
        drawn = rect(68, 0, 28, 18, band, 3) + rect(72, 4, 20, 9, "#fff7d8", 2)
    drawn += rect(12, 6, 18, 12, "#55586a", 3) + rect(0, 13, 112, 71, body, 9)
    drawn += rect(0, 24, 112, 13, band) + shade("M92 37H111V72Q111 83 100 83H84Z")
    drawn += ellipse(56, 50, 32, 32, "#33363f") + ellipse(56, 50, 26, 26, "#9aa1ad")
    glass = vary(rng, rng.choice((215, 265, 190)), 45, 34, (10, 10, 5))
    drawn += ellipse(56, 50, 20, 20, glass) + crescent(56, 50, 19, 19, 0.35)
    drawn += (
        spot(56, 50, 9, 9, "#12141d") + spot(48, 42, 6, 5, "#fff", 0.8) + spot(63, 57, 3, 3, light)
    )
    drawn += rect(92, 17, 13, 9, "#e9edf2", 2) + ellipse(12, 30, 4, 4, "#e53c35", width=1)
    return drawn


@symbol("Wine glass", 62, 118)
def wine_glass(rng: random.Random) -> str:
    hue, saturation, lightness = rng.choice(((345, 75, 32), (350, 60, 66), (50, 75, 66)))
    wine = vary(rng, hue, saturation, lightness, (6, 8, 4))
    glass = "#e6f1f6"
    drawn = (
        ellipse(31, 110, 28, 7.5, glass) + rect(27.5, 64, 7, 44, glass) + line("M30 70V104", "#fff")
    )
    bowl = "M7 1H55Q68 62 31 68Q-6 62 7 1Z"
    level = rng.uniform(20, 34)
    drawn += path(bowl, glass, "none", 0)
    inset = 5 - level / 26
    drawn += flat(
        f"M{inset:.1f} {level:.1f}Q31 {level + 5:.1f} {62 - inset:.1f} {level:.1f}"
        "Q59 62 31 66Q3 62 {0:.1f} {1:.1f}Z".format(inset, level),
        wine,
    )
    drawn += shade("M50 24L59 22Q58 62 32 66Q52 54 50 24Z") + path(bowl, "none", width=1.8)
    return (
        drawn + shine("M11 8H16Q10 36 18 52Q5 42 11 8Z", 0.75) + line("M7 1.5H55", "#9fb2bd", 1.5)
    )


@symbol("Umbrella", 112, 112)
def umbrella(rng: random.Random) -> str:
    cloth, _, light = tones(rng, (0, 35, 150, 215, 280, 330), 58, 45)
    other = rng.choice((cloth, cloth, light, "#f4efe6"))
    handle = vary(rng, 26, 50, 30, (8, 12, 6))
    drawn = tube("M56 50V99A10 10 0 0 0 76 99V95", handle, 6)
    drawn += line("M56 2V12", OUTLINE, 3.5)
    drawn += path(
        "M2 60C2 26 28 8 56 8C84 8 110 26 110 60Q97 49 83 58Q70 49 56 58Q42 49 29 58Q15 49 2 60Z",
        cloth,
    )
    panel = path("M56 8C40 14 30 36 29 58Q42 49 56 58Z", other)
    drawn += panel + path("M56 8C84 8 110 26 110 60Q97 49 83 58C82 36 72 14 56 8Z", other)
    drawn += shade("M72 11C98 18 110 38 109 58Q97 49 83 58C86 40 82 24 72 11Z")
    return drawn + shine("M10 44Q16 22 36 14Q20 28 16 46Z", 0.35)


@symbol("Lipstick", 42, 116)
def lipstick(rng: random.Random) -> str:
    red, dark, _ = tones(rng, (345, 355, 325, 12), 75, 46)
    case = rng.choice(
        ("#26222b", vary(rng, 350, 45, 28), vary(rng, 220, 10, 88), vary(rng, 45, 55, 45))
    )
    gold = vary(rng, 43, 65, 58, (5, 25, 6))
    top = rng.uniform(14, 24)
    drawn = path(f"M10 54V{top:.1f}Q14 2 32 2V54Z", red)
    drawn += flat(f"M11.5 {top:.1f}Q16 5 30.5 3Q29 {top:.1f} 11.5 {top + 3:.1f}Z", "#fff", 0.3)
    drawn += flat("M25 14H31V53H25Z", dark, 0.7)
    drawn += (
        rect(6, 50, 30, 24, gold, 2) + shade("M27 51H35V73H27Z") + shine("M10 52H14V72H10Z", 0.7)
    )
    drawn += (
        rect(0, 70, 42, 46, case, 4) + shade("M30 71H41V115H30Z", 0.25) + shine("M6 75H11V111H6Z")
    )
    return drawn + rect(0, 74, 42, 5, gold)


@symbol("Box", 94, 100)
def gift(rng: random.Random) -> str:
    paper, _, light = tones(rng, (0, 45, 130, 205, 280, 325), 68, 56)
    ribbon, ribbon_dark, _ = tones(rng, (0, 48, 200, 300, 120), 80, 50)
    if rng.random() < 0.3:
        ribbon, ribbon_dark = "#f8f4ea", "#d6cfc0"
    drawn = rect(6, 46, 82, 54, paper, 2)
    pattern = rng.choice(("plain", "dots", "stripes"))
    if pattern == "dots":
        for x, y in (
            (16, 60),
            (30, 72),
            (16, 86),
            (64, 64),
            (78, 76),
            (66, 90),
            (28, 92),
            (80, 58),
        ):
            drawn += spot(x, y, 3.2, 3.2, light)
    elif pattern == "stripes":
        drawn += line("M17 49V97M28 49V97M66 49V97M77 49V97", light, 3)
    drawn += shade("M72 48H87V99H72Z") + shade("M7 47H87V53H7Z", 0.2)
    drawn += (
        rect(0, 28, 94, 20, paper, 2) + shine("M3 31H40V35H3Z", 0.35) + shade("M76 30H93V47H76Z")
    )
    width = rng.uniform(13, 20)
    drawn += rect(47 - width / 2, 28, width, 72, ribbon)
    loop = path("M47 27Q34 1 18 1Q4 3 10 16Q18 28 47 27Z", ribbon)
    loop += path("M42 25Q30 8 20 8Q14 10 19 17Q26 24 42 25Z", ribbon_dark, width=1)
    return drawn + loop + mirror(loop, 94) + rect(39, 19, 16, 13, ribbon, 5)


@symbol("Bottle", 40, 116)
def bottle(rng: random.Random) -> str:
    glass, _, _ = tones(rng, (140, 95, 28, 200), 48, 33)
    cap = vary(rng, rng.choice((0, 45, 30, 210)), 55, 42)
    slim = rng.random() < 0.5
    shoulder = "C29 40 39 42 39 58" if slim else "V34Q39 36 39 48"
    left = "C1 42 11 40 11 28" if slim else "Q1 36 11 34V28"
    start = "58" if slim else "48"
    drawn = path(f"M11 6H29V28{shoulder}V108Q39 115 32 115H8Q1 115 1 108V{start}{left}Z", glass)
    drawn += shade("M28 62H38V108Q38 114 32 114H28Z", 0.28) + shine("M5 60H9V106H5Z", 0.45)
    drawn += shine("M14 14H17V34H14Z", 0.45) + rect(9, 0, 22, 12, cap, 2)
    label = vary(rng, rng.choice((45, 0, 210)), 30, 90, (10, 10, 5))
    drawn += rect(1, 64, 38, 32, label)
    kind = rng.choice(("band", "lines", "dot"))
    if kind == "band":
        drawn += rect(1, 72, 38, 14, cap)
    elif kind == "lines":
        drawn += line("M9 73H31M9 80H31M13 87H27", "#4d4348", 2)
    else:
        drawn += ellipse(20, 80, 9, 9, cap)
    return drawn


@symbol("Guitar", 58, 142)
def guitar(rng: random.Random) -> str:
    electric = rng.random() < 0.4
    wood, dark, light = tones(rng, (28, 36, 14), 60, 48)
    if electric:
        wood, dark, light = tones(rng, (0, 205, 45, 140, 280), 65, 45)
        body = "M20 92Q10 70 5 76Q1 82 4 96Q9 106 4 114Q-2 141 29 141Q60 141 54 114"
        body += "Q49 106 54 98Q57 88 52 82Q46 78 38 92Z"
    else:
        body = "M29 74C44 70 53 76 50 90C48 98 55 102 56 114C58 132 46 141 29 141"
        body += "C12 141 0 132 2 114C3 102 10 98 8 90C5 76 14 70 29 74Z"
    drawn = path(body, wood, width=2)
    drawn += shade("M44 106Q50 112 50 120Q48 136 30 140Q60 140 55 114Q54 106 50 102Z", 0.22)
    drawn += rect(20, 0, 18, 24, dark, 3)
    for y in (6, 12, 18):
        drawn += ellipse(18, y, 3, 2.4, STEEL, width=1) + ellipse(40, y, 3, 2.4, STEEL, width=1)
    neck = 100 if electric else 92
    drawn += rect(24, 20, 10, neck - 20, "#4a3024")
    drawn += line("".join(f"M25 {y}H33" for y in range(28, neck - 4, 8)), "#c9c2b2", 1)
    if electric:
        drawn += path("M34 100Q46 96 46 108Q42 118 46 128Q38 136 33 126Z", "#f5f1e6", width=1)
        drawn += rect(19, 104, 20, 5, "#26262c", 1) + rect(19, 113, 20, 5, "#26262c", 1)
    else:
        drawn += ellipse(29, 99, 10, 10, light) + ellipse(29, 99, 8, 8, "#2b1a14", width=1)
    drawn += rect(18, 125, 22, 5, "#3a2620", 1)
    return drawn + line("M27 6V127M29 6V127M31 6V127", "#efe9dc", 0.7)


@symbol("Coffee cup", 98, 90)
def coffee_cup(rng: random.Random) -> str:
    china, dark, light = tones(rng, (0, 30, 150, 205, 45), 50, 58)
    if rng.random() < 0.35:
        china, dark, light = vary(rng, 40, 15, 95, (20, 8, 2)), "#cfc7bd", "#c0503a"
    sway = rng.uniform(3, 7)
    drawn = ""
    for x in (26, 40, 54):
        drawn += line(f"M{x} 22Q{x - sway:.1f} 17 {x} 12T{x} 2.5", "#9aa0ab", 3.4)
    drawn += tube("M70 42Q92 36 92 50Q92 66 66 68", china, 9)
    saucer = ellipse(42, 81, 42, 9, light if rng.random() < 0.5 else china)
    saucer = group(saucer, "translate(0 0) scale(1.155 1)")
    drawn = saucer + ellipse(44, 79, 26, 5, dark, width=0.8) + drawn
    drawn += path("M6 30Q6 82 28 82H54Q76 82 76 30Z", china)
    drawn += shade("M62 34H75.5Q74 81 54 81H44Q62 74 62 34Z") + shine(
        "M11 40H17Q18 60 25 72Q12 64 11 40Z", 0.5
    )
    drawn += ellipse(41, 31, 35, 8.5, china)
    coffee = vary(rng, 24, 55, rng.choice((20, 34)), (4, 8, 3))
    drawn += ellipse(41, 32, 30, 5.8, coffee, width=1)
    kind = rng.choice(("plain", "band", "heart"))
    if kind == "band":
        drawn += line("M8 50Q41 60 74 50", light, 5)
    elif kind == "heart":
        drawn += flat("M40 70Q26 58 32 52Q38 50 40 56Q42 50 48 52Q54 58 40 70Z", "#d8404a")
    return drawn


@symbol("Axe", 66, 126)
def axe(rng: random.Random) -> str:
    wood, dark, _ = tones(rng, (28, 34), 48, 46)
    head = vary(rng, rng.choice((215, 0)), rng.choice((8, 60)), 45, (6, 4, 8))
    drawn = path("M29 6Q28 2 34 1H40Q44 2 43 8Q40 60 45 125H30Q34 60 29 6Z", wood)
    drawn += shade("M38 3Q43 3 42 8Q39 60 44 124H39Q36 60 38 3Z") + line(
        "M34 60Q35 90 33 118", dark, 1.2
    )
    drawn += path("M50 12V36Q34 34 22 50Q8 46 2 32Q0 18 4 6Q20 16 50 12Z", head, width=2)
    drawn += path("M22 50Q8 46 2 32Q0 18 4 6L12 10Q8 20 10 30Q14 40 26 45Z", STEEL)
    drawn += path("M50 12H62Q65 13 65 18V30Q65 35 62 36H50Z", head, width=2)
    drawn += shade("M26 42Q36 30 64 30V35H50Q36 34 24 48Z", 0.22)
    if rng.random() < 0.5:
        red = vary(rng, 356, 80, 38, (4, 8, 5))
        drawn += flat("M3 12Q12 18 11 30Q18 38 12 43Q4 38 2.5 30Z", red) + spot(22, 26, 3, 3, red)
    return drawn
