"""Scenes of EmoScenes, composed from a seed; layers.py draws them.

Coordinates are pixels of the 320 x 240 frame, x to the right and y down; boxes are half-open.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import pandas as pd

from . import people
from .backgrounds import BACKGROUNDS, HEIGHT, WIDTH
from .rule import FACE, Rule, load_rule
from .symbols import SYMBOLS

PERSON_CLASSES = ("Person", "Clothing", "Human face")
CLASSES = (*PERSON_CLASSES, *SYMBOLS)
MOST_OCCLUSION = 0.15  # of the smaller of two boxes
NEVER_MIRRORED = ("Traffic sign", "Clock")  # lettering and dials read from one side


@dataclass(frozen=True)
class Thing:
    """One drawn thing: a symbol, or a person with an expression ("away" shows no face)."""

    name: str  # a class of SYMBOLS, or "Human face/<expression>"
    x: float
    y: float
    width: float
    height: float
    flipped: bool
    seed: int

    @property
    def is_person(self) -> bool:
        return self.name.startswith(FACE)

    @property
    def box(self) -> tuple[float, float, float, float]:
        return self.x, self.y, self.x + self.width, self.y + self.height


@dataclass(frozen=True)
class Scene:
    """A composed scene; things are in painting order, so later ones may cover earlier ones."""

    label: str
    background: str
    seed: int
    things: tuple[Thing, ...]


@dataclass(frozen=True)
class Removal:
    """One object to leave out: a thing and, of a person, which class of it."""

    thing: int
    object_class: str


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Area shared by two boxes, in square pixels."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0.0) * max(height, 0.0)


def _area(box: tuple[float, ...]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _place(rng: random.Random, name: str, placed: list[Thing], shrink: float) -> Thing | None:
    """A thing of random size, stretch and place; None if it would cover too much of another."""
    if name.startswith(FACE):
        width, height = people.WIDTH, people.HEIGHT
        scale = rng.uniform(0.47, 0.66) * shrink * HEIGHT / height
    else:
        symbol = SYMBOLS[name]
        width, height = symbol.width, symbol.height
        size = math.exp(rng.uniform(math.log(0.24), math.log(0.52))) * shrink * HEIGHT
        scale = size / math.sqrt(width * height)
    stretch = rng.uniform(0.93, 1.07)
    width, height = width * scale * stretch, height * scale / stretch
    if width > 0.8 * WIDTH or height > 0.9 * HEIGHT:
        return None
    thing = Thing(
        name,
        x=rng.uniform(1, WIDTH - width - 1),
        y=rng.uniform(1, HEIGHT - height - 1),
        width=width,
        height=height,
        flipped=rng.random() < 0.5 and name not in NEVER_MIRRORED,
        seed=rng.getrandbits(32),
    )
    for other in placed:
        shared = overlap(thing.box, other.box)
        if shared > MOST_OCCLUSION * min(_area(thing.box), _area(other.box)):
            return None
    return thing


def compose(key: str, label: str, rule: Rule | None = None) -> Scene:
    """The scene of a key ("test/00042"): equal keys give equal scenes on every machine."""
    rule = rule or load_rule()
    rng = random.Random(f"{key}/{label}")
    while True:
        placed: list[Thing] = []
        for name in sorted(rule.draw_things(rng, label), key=lambda n: not n.startswith(FACE)):
            attempts = (_place(rng, name, placed, 1 if t < 40 else 0.85) for t in range(80))
            thing = next((a for a in attempts if a is not None), None)
            if thing is None:
                break
            placed.append(thing)
        else:
            rng.shuffle(placed)
            background = rng.choice(sorted(BACKGROUNDS))
            return Scene(label, background, rng.getrandbits(32), tuple(placed))


def _part_box(thing: Thing, part: tuple[float, float, float, float]) -> tuple[float, ...]:
    """A box given in a person's own frame, in pixels of the scene (mirrored if flipped)."""
    sx, sy = thing.width / people.WIDTH, thing.height / people.HEIGHT
    x0, x1 = part[0], part[2]
    if thing.flipped:
        x0, x1 = people.WIDTH - x1, people.WIDTH - x0
    return (
        thing.x + x0 * sx,
        thing.y + part[1] * sy,
        thing.x + x1 * sx,
        thing.y + part[3] * sy,
    )


def parts(thing: Thing) -> dict[str, tuple[float, ...]]:
    """Class -> box of each object that a thing is: a person is up to three."""
    if not thing.is_person:
        return {thing.name: thing.box}
    found = {"Person": thing.box, "Clothing": _part_box(thing, people.CLOTHING_BOX)}
    if not thing.name.endswith("/away"):
        found["Human face"] = _part_box(thing, people.FACE_BOX)
    return found


def boxes(scene: Scene) -> pd.DataFrame:
    """The exact boxes of a scene.

    columns : thing (index in the scene), name, class, x0, y0, x1, y1 (pixels, half-open),
              occluded (share of the box that later things cover, counted by their boxes)
    """
    rows = []
    for index, thing in enumerate(scene.things):
        later = [other.box for other in scene.things[index + 1 :]]
        for object_class, box in parts(thing).items():
            covered = min(sum(overlap(box, other) for other in later) / _area(box), 1.0)
            rows.append((index, thing.name, object_class, *box, covered))
    columns = ["thing", "name", "class", "x0", "y0", "x1", "y1", "occluded"]
    return pd.DataFrame(rows, columns=columns)
