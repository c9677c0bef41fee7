"""Backgrounds of EmoScenes: four places with texture and clutter, and a light over the whole scene.

Nothing here is an object of the study: no background element is detected, labelled or a cue. Large
gradients are described and not drawn: layers.py computes them faster than a renderer paints them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from .drawing import flat, line, spot
from .svg import any_colour, at, hsl, number, path, polygon, rect, vary

WIDTH, HEIGHT = 320, 240  # pixels of a scene


@dataclass(frozen=True)
class Background:
    """A vertical gradient over the whole frame, and what is drawn on it.

    top, bottom : colours at y = 0 and y = `height`, and of all rows below
    markup      : SVG
    """

    top: str
    bottom: str
    height: float
    markup: str


@dataclass(frozen=True)
class Light:
    """A wash of one colour over everything: nothing in one upper corner, full in the lower other.

    percent    : opacity where it is full
    from_right : whether it grows from the upper right to the lower left
    """

    tone: str
    percent: int
    from_right: bool


Draw = Callable[[random.Random], Background]


def _block(x: float, y: float, w: float, h: float, fill: str, opacity: float = 1.0) -> str:
    """A rectangle without outline."""
    return rect(x, y, w, h, fill, stroke="none", width=0, opacity=opacity)


def _scatter(rng: random.Random, count: int, top: float, bottom: float, mark: Callable) -> str:
    """`count` marks, drawn back to front: smaller and higher ones first."""
    places = sorted((rng.uniform(top, bottom), rng.uniform(0, WIDTH)) for _ in range(count))
    return "".join(mark(x, y, 0.5 + (y - top) / max(bottom - top, 1)) for y, x in places)


def _cloud(rng: random.Random) -> str:
    x, y, size = rng.uniform(10, 310), rng.uniform(8, 60), rng.uniform(10, 26)
    puffs = [(-1.2, 0.15, 0.7), (0, -0.2, 1.0), (1.2, 0.1, 0.75), (2.0, 0.3, 0.5)]
    return "".join(
        spot(x + dx * size, y + dy * size, r * size, r * size * 0.6, "#fff", 0.8)
        for dx, dy, r in puffs
    )


def _hill(rng: random.Random, horizon: float, colour: str) -> str:
    peaks = [horizon - rng.uniform(4, 45) for _ in range(4)]
    xs = [40, 120, 200, 280]
    pairs = zip(xs, peaks, strict=True)
    curve = " ".join(f"Q{at(x - 30, y)} {x} {number(y + 6)}" for x, y in pairs)
    d = f"M0 {number(horizon)} {curve} L{WIDTH} {number(horizon - 10)} V{HEIGHT} H0 Z"
    return flat(d, colour)


def meadow(rng: random.Random) -> Background:
    """Sky, clouds, hills, grass with tufts and pebbles."""
    horizon, hue = rng.uniform(95, 165), rng.choice([95, 75, 120, 48])
    sky = rng.choice([205, 215, 195, 20])
    ground = vary(rng, hue, 38, 52)
    tuft_colour, pebble = vary(rng, hue, 42, 36), vary(rng, 40, 10, 62)

    def tuft(x: float, y: float, size: float) -> str:
        if rng.random() < 0.3:
            return spot(x, y, 4 * size, 2 * size, pebble)
        root = f"M{at(x, y)}"
        blades = f"{root}l{at(-2 * size, -6 * size)}{root}v{number(-8 * size)}"
        return line(f"{blades}{root}l{at(2.5 * size, -6 * size)}", tuft_colour, 1.4)

    top, bottom = vary(rng, sky, 55, 66), vary(rng, sky, 50, 88)
    drawn = (
        "".join(_cloud(rng) for _ in range(rng.randint(0, 3)))
        + _hill(rng, horizon, vary(rng, hue + 10, 25, 62))
        + _block(0, horizon, WIDTH, HEIGHT - horizon, ground)
        + _scatter(rng, 34, horizon + 6, HEIGHT, tuft)
    )
    return Background(top, bottom, horizon + 1, drawn)


def room(rng: random.Random) -> Background:
    """A papered wall, a skirting board and a floor of planks or tiles, with clutter on the wall."""
    floor, hue = rng.uniform(140, 195), rng.uniform(0, 360)
    light = rng.uniform(66, 86)
    motif, step = hsl(hue, 28, light - 7), rng.randint(16, 30)
    pattern = rng.choice(["stripes", "dots", "diamonds", "none"])
    marks = ""
    if pattern == "stripes":
        marks = "".join(_block(x, 0, step * 0.4, floor, motif) for x in range(0, WIDTH, step))
    elif pattern != "none":
        for row, y in enumerate(range(step // 2, int(floor), step)):
            for x in range((row % 2) * step // 2, WIDTH, step):
                r = step * 0.16
                marks += (
                    spot(x, y, r, r, motif)
                    if pattern == "dots"
                    else polygon(f"{x},{y - r} {x + r},{y} {x},{y + r} {x - r},{y}", motif, "none")
                )
    shelf = ""
    if rng.random() < 0.5:
        x, y, w = rng.uniform(10, 200), rng.uniform(25, 70), rng.uniform(50, 100)
        shelf = rect(x, y, w, 5, vary(rng, 28, 40, 45), 1)
        left = x + 4
        while left < x + w - 10:
            thick, tall = rng.uniform(4, 8), rng.uniform(8, 18)
            shelf += rect(left, y - tall, thick, tall, any_colour(rng, 35, 58), width=0.8)
            left += thick + rng.choice([0, 0, 6])
    plank, seam = vary(rng, rng.choice([28, 20, 210]), 32, 52), "#3333"
    lines = "".join(
        line(f"M{x} {number(floor)}L{number(160 + (x - 160) * 2.1)} {HEIGHT}", seam, 1)
        for x in range(-40, 380, 28)
    )
    across = (floor + (HEIGHT - floor) * share for share in (0.18, 0.45, 0.8))
    lines += "".join(line(f"M0 {number(y)}H{WIDTH}", seam, 1) for y in across)
    boards = _block(0, floor, WIDTH, HEIGHT - floor, plank)
    skirting = rect(-2, floor - 7, WIDTH + 4, 8, hsl(hue, 12, 92), width=0.8)
    drawn = marks + shelf + boards + lines + skirting
    return Background(hsl(hue, 22, light), hsl(hue, 25, light - 9), floor, drawn)


def street(rng: random.Random) -> Background:
    """A row of facades, pavement and road; facades are flat shapes, not the class House."""
    pavement = rng.uniform(135, 180)
    top, bottom, out = vary(rng, 215, 40, 70), vary(rng, 35, 45, 84), ""
    x = -rng.uniform(0, 40)
    while x < WIDTH:
        w, h = rng.uniform(34, 70), rng.uniform(50, 120)
        colour = vary(rng, rng.choice([20, 40, 210, 260, 0]), 16, rng.uniform(55, 72))
        out += rect(x, pavement - h, w, h, colour, stroke="#5555", width=0.8)
        pane = rng.choice(["#fff6c8", "#9fb3c4", "#6d7f90"])
        for row in range(int(h // 18)):
            for col in range(int(w // 14)):
                if rng.random() < 0.8:
                    left, upper = x + 5 + col * 14, pavement - h + 6 + row * 18
                    out += _block(left, upper, 7, 10, pane, 0.8)
        x += w + rng.choice([0, 0, 3])
    out += _block(0, pavement, WIDTH, 16, vary(rng, 40, 6, 72))
    out += _block(0, pavement + 14, WIDTH, HEIGHT, vary(rng, 220, 6, 42))
    crack = hsl(220, 5, 34)

    def mark(x: float, y: float, size: float) -> str:
        return line(f"M{at(x, y)}l{at(6 * size, rng.uniform(-3, 3))}", crack, 1.2)

    lane, first = (pavement + 16 + HEIGHT) / 2, int(rng.uniform(-30, 0))
    dashes = "".join(_block(d, lane, 22, 3, "#e8e4d0", 0.8) for d in range(first, WIDTH, 44))
    drawn = out + dashes + _scatter(rng, 16, pavement + 20, HEIGHT, mark)
    return Background(top, bottom, pavement, drawn)


def studio(rng: random.Random) -> Background:
    """A plain backdrop with soft abstract shapes and specks: texture without a place."""
    hue, light = rng.uniform(0, 360), rng.uniform(48, 82)
    top, bottom = hsl(hue, 26, light + 6), hsl(hue + rng.uniform(-30, 30), 30, light - 10)
    out = ""
    for _ in range(rng.randint(4, 9)):
        r = rng.uniform(12, 60)
        x, y, squeezed = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), r * rng.uniform(0.5, 1)
        out += spot(x, y, r, squeezed, vary(rng, hue, 28, light, (40, 10, 14)), 0.35)
    for _ in range(26):
        x, y, a = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(0, math.tau)
        length = rng.uniform(2, 9)
        d = f"M{at(x, y)}l{at(length * math.cos(a), length * math.sin(a))}"
        out += path(d, "none", vary(rng, hue, 30, light, (60, 10, 25)), 1.6, 0.6)
    return Background(top, bottom, HEIGHT, out)


BACKGROUNDS: dict[str, Draw] = {draw.__name__: draw for draw in (meadow, room, street, studio)}


def draw_light(rng: random.Random) -> Light:
    """Light over everything: a warm, cold or dim wash that falls from one side."""
    hue = rng.choice([35, 35, 215, 260])
    strength = rng.uniform(0, 0.3)
    tone = hsl(hue, 60, rng.choice([25, 75, 85]))
    return Light(tone, round(100 * strength), from_right=rng.choice([False, True]))
