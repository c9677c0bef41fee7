"""Symbols of animals, plants and food."""

from __future__ import annotations

import math
import random

from .drawing import (
    cloud,
    crescent,
    flat,
    line,
    mirror,
    polar,
    shade,
    shine,
    spot,
    symbol,
    tones,
    tube,
)
from .svg import OUTLINE, ellipse, group, hsl, path, polygon, rect, vary


def _eye(x: float, y: float, rx: float, ry: float) -> str:
    return spot(x, y, rx, ry, "#2a1c1a") + spot(x - rx / 3, y - ry / 3, rx / 3, ry / 3, "#fff")


@symbol("Dog", 100, 100)
def dog(rng: random.Random) -> str:
    hue, saturation, lightness = rng.choice(((28, 55, 52), (32, 50, 70), (22, 45, 33), (30, 8, 85)))
    coat = vary(rng, hue, saturation, lightness, (6, 8, 5))
    dark = vary(rng, 24, 42, 27, (6, 8, 5))
    cream = vary(rng, 36, 60, 88, (6, 10, 4))
    body = path("M25 97Q18 64 38 56H62Q82 64 75 97Z", coat)
    body += shade("M62 57Q81 65 74.5 96.5H62Q72 76 62 57Z") + spot(50, 76, 12, 15, cream)
    body += ellipse(37, 93, 12, 7, cream) + ellipse(63, 93, 12, 7, cream)
    body += line("M34 91V95M40 91V95M60 91V95M66 91V95", width=1.2)
    tail = tube(f"M70 88Q97 88 {rng.uniform(89, 93):.1f} {rng.uniform(58, 70):.1f}", coat, 9)
    ears = rng.choice(("floppy", "pointed"))
    if ears == "floppy":
        ear = path("M27 12Q6 6 1 34Q0 58 12 59Q24 54 26 30Z", dark)
        behind, front = "", ear + mirror(ear, 100)
    else:
        ear = path("M20 34Q0 20 3 1Q28 2 46 12Z", coat) + flat(
            "M19 24Q9 17 9 7Q22 9 30 14Z", "#e8a9a0"
        )
        behind, front = ear + mirror(ear, 100), ""
    head = ellipse(50, 35, 32, 30 if ears == "pointed" else 34, coat) + crescent(50, 36, 30, 28)
    if rng.random() < 0.45:
        head += spot(62, 29, 12, 13, dark if rng.random() < 0.6 else cream)
    head += ellipse(50, 48, 17, 13, cream)
    if rng.random() < 0.6:
        head += path("M44 55Q46 71 51 70Q56 69 56 55Z", "#e8707c")
    head += line("M50 44V52M41 53Q46 58 50 52Q54 58 59 53") + ellipse(50, 42, 7.5, 5.5, "#241c20")
    head += spot(48, 40.5, 2.5, 1.3, "#fff", 0.6) + _eye(37, 31, 4.6, 5.6) + _eye(63, 31, 4.6, 5.6)
    return behind + (tail if rng.random() < 0.5 else mirror(tail, 100)) + body + head + front


@symbol("Cat", 84, 100)
def cat(rng: random.Random) -> str:
    hue, saturation, lightness = rng.choice(
        ((28, 75, 55), (220, 8, 55), (240, 8, 26), (40, 25, 85))
    )
    coat = vary(rng, hue, saturation, lightness, (6, 6, 5))
    stripes = hsl(hue - 5, saturation, lightness * 0.62)
    cream = "#f7efe4"
    tail = tube(f"M60 92Q83 92 {rng.uniform(76, 79):.1f} {rng.uniform(54, 68):.1f}", coat, 8.5)
    body = path("M18 98Q12 62 42 56Q72 62 66 98Z", coat)
    body += shade("M56 60Q71 70 65.5 97.5H55Q64 78 56 60Z")
    body += ellipse(32, 94, 10, 6, cream) + ellipse(52, 94, 10, 6, cream)
    head = ""
    for ear in ("M13 30Q7 12 11 2Q28 6 38 15Z", "M16 22Q13 13 14.5 8Q23 11 29 16Z"):
        drawn = path(ear, coat) if not head else flat(ear, "#eba6a8")
        head += drawn + mirror(drawn, 84)
    head += ellipse(42, 37, 33, 27, coat) + crescent(42, 37, 32, 26)
    pattern = rng.choice(("tabby", "white", "plain"))
    if pattern == "tabby":
        head += line("M42 12V21M34 13L36 21M50 13L48 21", stripes, 3.5)
        head += line("M11 38L20 39M13 46L21 44M73 38L64 39M71 46L63 44", stripes, 3)
        body += line("M19 74L29 76M18 83L27 84M65 74L55 76M66 83L57 84", stripes, 3.5)
    elif pattern == "white":
        head += flat("M42 17Q48 34 60 46Q56 62 42 62.5Q28 62 24 46Q36 34 42 17Z", cream)
        body += spot(42, 74, 12, 12, cream)
    iris = vary(rng, rng.choice((70, 110, 200, 45)), 75, 58, (10, 10, 6))
    pupil = rng.uniform(1.6, 4)
    for x in (29, 55):
        head += ellipse(x, 34, 7.5, 7.5, iris) + spot(x, 34, pupil, 6, "#1a1418")
        head += spot(x - 2, 31, 1.7, 1.7, "#fff")
    head += line("M42 48V51Q38 55 34 52M42 51Q46 55 50 52") + polygon(
        "37,44 47,44 42,49", "#e78a90"
    )
    head += line("M2 42L24 46M3 53L25 50M82 42L60 46M81 53L59 50", "#554a4e", 1.3)
    return (tail if rng.random() < 0.5 else mirror(tail, 84)) + body + head


@symbol("Spider", 112, 84)
def spider(rng: random.Random) -> str:
    dark, darker, light = tones(rng, (0, 25, 265), 18, 20)
    mark = vary(rng, rng.choice((0, 45, 20)), 85, 52, (6, 10, 5))
    legs = ""
    for knee_x, knee_y, x, y in (
        (82, 34, 98, 3),
        (96, 24, 109, 36),
        (98, 44, 109, 64),
        (86, 52, 97, 81),
    ):
        knee_x, knee_y = knee_x + rng.uniform(-5, 5), knee_y + rng.uniform(-5, 3)
        legs += line(f"M60 42Q{knee_x:.1f} {knee_y:.1f} {x} {y}", darker, 4.5)
    abdomen = ellipse(56, 55, 21 + rng.uniform(-2, 2), 25, dark) + crescent(56, 55, 19, 24, 0.35)
    kind = rng.choice(("hourglass", "cross", "stripes"))
    if kind == "hourglass":
        abdomen += flat("M49 46H63L57 56L63 66H49L55 56Z", mark)
    elif kind == "cross":
        abdomen += line("M56 42V66M48 50H64", mark, 4)
    else:
        abdomen += line("M43 50Q56 56 69 50M42 60Q56 66 70 60M47 69Q56 73 65 69", mark, 3)
    head = ellipse(56, 26, 14, 13, dark) + spot(51, 20, 4, 2.5, light, 0.6)
    head += line("M50 36Q48 42 52 43M62 36Q64 42 60 43", "#ddd", 2)
    for x in (50, 62):
        head += ellipse(x, 28, 3.8, 3.8, rng.choice(("#f33", "#fff")), width=1) + spot(
            x, 28.6, 1.5, 1.5, "#111"
        )
    return legs + mirror(legs, 112) + abdomen + head


@symbol("Snake", 116, 88)
def snake(rng: random.Random) -> str:
    skin, dark, light = tones(rng, (105, 85, 50, 20, 150), 50, 42)
    tongue = "#d8232f"
    if rng.random() < 0.55:  # coiled
        drawn = ""
        for cy, rx, ry in ((70, 57, 17), (55, 46, 15), (41, 33, 12)):
            drawn += ellipse(58, cy, rx, ry, skin) + crescent(58, cy, rx - 1, ry - 1)
            for k in range(7):
                angle = math.pi * (k + 0.5) / 7
                x, y = polar(58, cy - 1, rx * 0.86, ry * 0.62, angle).split()
                drawn += spot(float(x), float(y), 3.6, 3, dark)
        drawn += tube("M52 44Q36 30 52 19Q62 12 74 15", skin, 15) + line(
            "M50 34Q44 28 55 20", light, 3
        )
        head = line("M100 17H112M107 17L112 13M107 17L112 21", tongue, 2.2)
        head += path("M66 3Q84 -1 98 8Q106 15 98 22Q82 29 66 24Q58 13 66 3Z", skin)
        head += line("M82 20Q92 21 100 16") + _eye(84, 10, 3.6, 4)
    else:  # creeping
        body = "M14 70C26 30 42 34 50 58S82 92 92 58S70 22 82 16"
        drawn = path("M1 87Q2 74 9 62L22 69Q12 82 1 87Z", skin) + tube(body, skin, 17)
        drawn += f'<g stroke-dasharray="5 9">{line(body, dark, 5)}</g>'
        head = line("M104 12L114 10M110 11L114 6M110 11L114 15", tongue, 2.2)
        head += path("M74 4Q92 -2 104 7Q108 14 102 20Q88 29 74 24Q66 13 74 4Z", skin)
        head += line("M86 19Q96 20 104 15") + _eye(88, 10, 3.6, 4)
    return drawn + head


@symbol("Flower", 74, 112)
def flower(rng: random.Random) -> str:
    hue, saturation, lightness = rng.choice(
        ((340, 80, 62), (50, 92, 58), (285, 55, 62), (5, 78, 54), (215, 70, 62), (30, 10, 95))
    )
    petal = vary(rng, hue, saturation, lightness, (10, 6, 3))
    inner = hsl(hue - 8, saturation, lightness * 0.8)
    green, dark, light = tones(rng, (115, 95), 48, 38)
    stem = tube(f"M37 40Q{rng.uniform(31, 43):.1f} 76 37 109", green, 6)
    leaf = path("M37 104Q40 76 72 72Q72 100 37 104Z", green) + line("M43 98Q54 88 66 78", dark)
    low = path("M37 96Q34 74 3 70Q4 94 37 96Z", light) + line("M31 91Q22 82 10 75", dark)
    count, breadth = rng.choice(((5, 15), (6, 13.5), (8, 10.5), (11, 8)))
    petals = ""
    for k in range(count):
        one = ellipse(37, 18, breadth, 17.5, petal)
        one += spot(37, 25, breadth * 0.4, 8, inner, 0.7)
        petals += group(one, f"rotate({360 * k / count:.1f} 37 37)")
    eye = vary(rng, rng.choice((45, 48, 28)), 85, 50, (5, 8, 5)) if hue != 50 else "#6b3d1e"
    radius = rng.uniform(9, 12)
    centre = ellipse(37, 37, radius, radius, eye) + crescent(37, 37, radius - 1, radius - 1, 0.2)
    return stem + leaf + low + petals + centre


@symbol("Tree", 92, 130)
def tree(rng: random.Random) -> str:
    bark, bark_dark, _ = tones(rng, (26,), 42, 32)
    if rng.random() < 0.3:  # a fir
        green, _, light = tones(rng, (140, 160), 38, 30)
        drawn = rect(39, 104, 14, 25, bark)
        for top, half, bottom in ((58, 45, 112), (30, 35, 80), (2, 25, 50)):
            drawn += path(
                f"M46 {top}L{46 + half} {bottom - 3}Q46 {bottom + 4} {46 - half} {bottom - 3}Z",
                green,
            )
            drawn += shade(f"M46 {top}L{46 + half} {bottom - 3}Q60 {bottom} 52 {bottom}Z")
            drawn += line(f"M{44:.0f} {top + 14}L{46 - half * 0.5:.0f} {bottom - 10}", light, 2)
        return drawn
    green, _, light = tones(rng, (110, 95, 125, 32), 45, 38)
    trunk = path("M38 128Q43 104 39 76H54Q50 104 57 128Z", bark)
    trunk += flat("M50 78H53Q49 104 56 127H50Q47 100 50 78Z", bark_dark)
    jitter = [rng.uniform(-3, 3) for _ in range(4)]
    crown = [
        (23, 62, 22),
        (69, 62, 22),
        (46, 28, 27),
        (29 + jitter[0], 40 + jitter[1], 23),
        (64 + jitter[2], 40 + jitter[3], 23),
        (46, 66, 25),
    ]
    drawn = (
        trunk
        + cloud(crown, green)
        + shade("M90 64Q86 84 66 82Q56 92 40 88Q76 76 80 44Q89 50 90 64Z")
    )
    for x, y in ((30, 30), (20, 54), (48, 20), (50, 46)):
        drawn += spot(x + rng.uniform(-4, 4), y + rng.uniform(-4, 4), 7, 4, light, 0.7)
    if rng.random() < 0.35:
        for x, y in ((30, 44), (58, 34), (68, 60), (44, 68), (22, 66)):
            drawn += ellipse(x, y, 4, 4, "#d8322e", width=1)
    return drawn


@symbol("Hamburger", 100, 84)
def hamburger(rng: random.Random) -> str:
    bun, _, _ = tones(rng, (33, 28), 68, 54)
    meat, meat_dark, _ = tones(rng, (18,), 48, 26)
    cheese = vary(rng, 44, 95, 58, (4, 4, 4))
    drawn = path("M4 64H96Q97 83 82 83H18Q3 83 4 64Z", bun) + shade(
        "M4 74H96Q94 83 82 83H18Q6 83 4 74Z"
    )
    drawn += rect(3, 52, 94, 15, meat, 7) + flat("M8 60H92Q92 66 88 66H12Q8 66 8 60Z", meat_dark)
    drawn += path(f"M4 48H96L78 51L{rng.uniform(62, 72):.0f} 62L54 52L32 52L24 59L16 52Z", cheese)
    if rng.random() < 0.6:
        drawn += rect(8, 42, 84, 8, vary(rng, 4, 80, 50, (4, 8, 4)), 4)
    lettuce = vary(rng, 100, 58, 48, (12, 10, 6))
    drawn += path(
        "M1 38Q2 50 13 43Q20 50 28 43Q36 51 44 43Q52 51 60 43Q68 51 76 43Q84 50 90 43Q99 49 99 38Z",
        lettuce,
    )
    top = path("M3 39Q3 1 50 1Q97 1 97 39Q50 43 3 39Z", bun)
    top += shade("M80 9Q97 17 96.5 38.5Q74 41 50 41Q84 34 80 9Z") + shine(
        "M12 24Q16 8 40 5Q24 13 12 24Z"
    )
    if rng.random() < 0.75:
        for x, y in (
            (28, 18),
            (45, 11),
            (60, 19),
            (40, 25),
            (72, 15),
            (80, 27),
            (22, 30),
            (56, 30),
        ):
            top += group(
                ellipse(x, y, 3.2, 2, "#fff3d0", "#a9783a", 0.8),
                f"rotate({rng.uniform(-40, 40):.0f} {x} {y})",
            )
    return drawn + top


@symbol("Cake", 96, 104)
def cake(rng: random.Random) -> str:
    icing = vary(rng, rng.choice((335, 20, 45, 180)), 65, 86, (12, 10, 5))
    sponge, _, _ = tones(rng, (335, 22, 28, 45), 58, 58)
    plate = ellipse(48, 94, 48, 9.5, "#e6e9ee") + ellipse(48, 92, 40, 6, "#cfd5de", width=0.8)
    drawn = path("M8 58V90Q48 99 88 90V58Z", sponge)
    drawn += shade("M70 60H88V90Q80 92 70 93Z") + line("M9 76Q48 84 87 76", icing, 4)
    drip = "M7 56V66Q12 76 18 68Q24 62 29 72Q35 82 41 72Q46 66 51 72"
    drip += "Q58 84 64 71Q69 63 74 70Q83 78 89 66V56Z"
    drawn += path(drip, icing) + ellipse(48, 56, 41, 10, icing)
    tier = rng.random() < 0.4
    base = 55
    if tier:
        drawn += path("M24 42V54Q48 62 72 54V42Z", sponge) + shade("M60 42H72V54Q66 57 60 58Z")
        drawn += ellipse(48, 42, 24, 7, icing)
        base = 43
    count = rng.randint(1, 3) if tier else rng.randint(1, 5)
    step = 12 if tier else 15
    for k in range(count):
        x = 48 + (k - (count - 1) / 2) * step
        drawn += rect(x - 3, 20, 6, base - 20, vary(rng, rng.uniform(0, 360), 75, 62), 1)
        drawn += line(f"M{x - 2:g} 30L{x + 2:g} 26M{x - 2:g} 38L{x + 2:g} 34", "#fff", 1.6)
        drawn += path(f"M{x:g} 1Q{x + 8:g} 13 {x:g} 19Q{x - 8:g} 13 {x:g} 1Z", "#ff9d1e", "#b4541a")
        drawn += spot(x, 13.5, 2, 4, "#ffe98a")
    if rng.random() < 0.5:
        for x in (17, 79) if tier else (15, 81):
            drawn += ellipse(x, 52, 6, 6, "#d32a3a") + spot(x - 2, 50, 1.5, 1.5, "#fff", 0.8)
    return plate + drawn


@symbol("Skull", 80, 96)
def skull(rng: random.Random) -> str:
    bone = vary(rng, *rng.choice(((46, 25, 88), (38, 42, 76), (90, 16, 72))), (8, 8, 4))
    hollow = rng.choice(("#1d1518", "#2c1014", "#241c2e"))
    wide = rng.uniform(-2, 2)
    drawn = path(
        "M40 1C64 1 79 18 79 40C79 54 73 61 66 65L64 80Q62 95 40 95Q18 95 16 80L14 65"
        "C7 61 1 54 1 40C1 18 16 1 40 1Z",
        bone,
        width=2,
    )
    drawn += shade("M62 8C84 22 84 58 65.5 64L63.5 80Q62 94 42 94.5Q58 88 58 70Q76 40 62 8Z", 0.2)
    drawn += shine("M12 34Q14 16 32 9Q20 20 18 36Z", 0.8)
    for x in (24, 56):
        drawn += ellipse(x, 42, 12 + wide, 13, hollow)
    if rng.random() < 0.3:
        drawn += spot(25, 43, 3.5, 3.5, "#e8352a") + spot(55, 43, 3.5, 3.5, "#e8352a")
    drawn += path("M40 52L47 65Q43 68 40 64Q37 68 33 65Z", hollow)
    if rng.random() < 0.3:  # the mouth is open
        drawn += flat("M20 74Q40 80 60 74Q60 88 40 89Q20 88 20 74Z", hollow)
        drawn += flat("M27 76H32V80H27ZM34 77H39V82H34ZM41 77H46V82H41ZM48 76H53V80H48Z", bone)
    else:
        bite = rng.uniform(76, 84)
        drawn += line(f"M18 {bite - 4:.1f}Q40 {bite + 4:.1f} 62 {bite - 4:.1f}", hollow, 2.4)
        teeth = rng.choice((5, 6))
        for k in range(teeth):
            drawn += line(f"M{25 + 30 * k / (teeth - 1):.1f} 72V90", hollow, 2)
    if rng.random() < 0.5:
        drawn += line("M52 3L48 12L55 17L51 25", "#5d4c44", 1.8)
    return drawn


@symbol("Football", 84, 84)
def football(rng: random.Random) -> str:
    panel = vary(rng, rng.choice((0, 225, 350, 140)), rng.choice((5, 65)), 20, (8, 5, 5))
    white = vary(rng, 50, 12, 96, (10, 6, 1))
    seams = ""
    turn = rng.uniform(0, math.tau)
    corners = [turn + k * math.tau / 5 for k in range(5)]
    for a in corners:
        seams += line(f"M{polar(42, 42, 13, 13, a)}L{polar(42, 42, 27, 27, a)}", "#444", 1.8)
        patch = [(26, 0.0), (33, 0.36), (39.8, 0.3), (39.8, -0.3), (33, -0.36)]
        seams += polygon(" ".join(polar(42, 42, r, r, a + t) for r, t in patch), panel, width=1)
        edge = polar(42, 42, 33, 33, a + math.tau / 5 - 0.36)
        seams += line(f"M{polar(42, 42, 33, 33, a + 0.36)}L{edge}", "#444", 1.8)
    seams += polygon(" ".join(polar(42, 42, 14, 14, a) for a in corners), panel, width=1)
    ball = ellipse(42, 42, 42, 42, white, width=0.5) + seams
    ball += crescent(42, 42, 41, 41, 0.22) + spot(27, 22, 8, 5, "#fff", 0.5)
    return ball + ellipse(42, 42, 42, 42, "none", OUTLINE, 2)
