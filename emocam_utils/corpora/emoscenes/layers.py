"""Scenes drawn as layers, each once, and put together for the scene and for every removal.

The layers are the background, each thing on its own rectangle of pixels, and the light. Putting
them together is arithmetic on 8-bit integers, so it gives the same bytes on every machine: without
an object no pixel outside its rectangle changes, whatever else is removed and in whichever order.

A rectangle (x0, y0, x1, y1) is in whole pixels and half-open. Arrays are (channels, rows, columns).
"""

from __future__ import annotations

import math
import random
from collections.abc import Collection
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from . import people
from .backgrounds import BACKGROUNDS, HEIGHT, WIDTH, Background, Light, draw_light
from .raster import raster
from .rule import FACE
from .scene import Removal, Scene, Thing, parts
from .svg import group, number
from .symbols import SYMBOLS

COMPOSITING = "background, things, light; 8 bits each"
"""Part of a drawing's digest: to be worded anew when layers are put together in another way."""
MARGIN = 2  # pixels
FRAME = (0, 0, WIDTH, HEIGHT)

Rectangle = tuple[int, int, int, int]
Pixels = NDArray[np.uint8]


class Layers:
    """A scene whose layers are drawn when they are first needed, and only once."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._drawn: dict[tuple[int, frozenset[str]], _Layer] = {}

    def image(self, *without: Removal) -> Image.Image:
        """The scene, or the scene without some of its objects, as RGB of 320 x 240 pixels.

        A person goes with face and clothing; without its face it turns its head away.
        Errors: ValueError for an object that the scene has not
        """
        pixels = self._whole
        if without:
            pixels, gone = pixels.copy(), _gone(without)
            for place in [self._place(removal) for removal in without]:
                pixels[_within(place, FRAME)] = self._composed(place, gone)
        return Image.merge("RGB", [Image.fromarray(channel) for channel in pixels])

    @cached_property
    def _whole(self) -> Pixels:
        return self._composed(FRAME, {})

    @cached_property
    def _ground(self) -> Pixels:
        background, _ = _background_and_light(self.scene)
        ground = _gradient(background)
        _Layer(FRAME, _rasterised(FRAME, background.markup)).over(ground, FRAME)
        return ground

    @cached_property
    def _light(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The light's colour (3, 1, 1) and its opacity in 65536ths (rows, columns)."""
        _, light = _background_and_light(self.scene)
        tone = np.array(ImageColor.getrgb(light.tone), dtype=np.int32)[:, None, None]
        return tone, _opacity(light.percent, light.from_right)

    def _place(self, removal: Removal) -> Rectangle:
        things = dict(enumerate(self.scene.things))
        found = parts(things[removal.thing]) if removal.thing in things else {}
        if removal.object_class not in found:
            there = ", ".join(f"{t}: {c}" for t, thing in things.items() for c in parts(thing))
            raise ValueError(
                f"cannot remove {removal.object_class!r} of thing {removal.thing}: "
                f"the scene holds {there}"
            )
        return _around(found[removal.object_class])

    def _composed(self, place: Rectangle, gone: dict[int, frozenset[str]]) -> Pixels:
        """The pixels of a rectangle of the scene without what is gone."""
        here = _within(place, FRAME)
        canvas = self._ground[here].copy()
        for index, thing in enumerate(self.scene.things):
            lost = gone.get(index, frozenset())
            if _is_left(thing, lost) and _shared(_around(thing.box), place):
                self._layer(index, lost).over(canvas, place)
        tone, opacity = self._light
        lit = canvas.astype(np.int32)
        lit += ((tone - lit) * opacity[here[1:]] + 32768) >> 16
        return lit.astype(np.uint8)

    def _layer(self, index: int, lost: frozenset[str]) -> _Layer:
        """A thing, or a person without face or clothing: drawn anew in those boxes only."""
        if (index, lost) not in self._drawn:
            thing = self.scene.things[index]
            drawn = _rasterised(_around(thing.box), draw_thing(thing, lost), MARGIN)
            if lost:
                whole = self._layer(index, frozenset()).rgba.copy()
                for name in lost:
                    here = _within(_around(parts(thing)[name]), _around(thing.box))
                    whole[here] = drawn[here]
                drawn = whole
            self._drawn[index, lost] = _Layer(_around(thing.box), drawn)
        return self._drawn[index, lost]


class _Layer:
    """Pixels with opacity on one rectangle of the frame; rgba: (4, rows, columns)."""

    def __init__(self, place: Rectangle, rgba: Pixels) -> None:
        self.place, self.rgba = place, rgba
        opacity = rgba[3].astype(np.uint16)
        self._rest = 255 - opacity
        self._colour = rgba[:3] * opacity + 128

    def over(self, canvas: Pixels, place: Rectangle) -> None:
        """Paint the layer, in place, on what lies in a rectangle of the frame.

        c a + d (255 - a), divided by 255 and rounded to the nearest: (x + x / 256) / 256 with
        x the dividend plus 128 is exactly that for 16-bit integers (Blinn 1994, "Three wrongs make
        a right").
        """
        shared = _shared(self.place, place)
        if shared is None:
            return
        there, here = _within(shared, place), _within(shared, self.place)
        blended = canvas[there] * self._rest[here[1:]]
        blended += self._colour[here]
        blended += blended >> 8
        canvas[there] = blended >> 8


def render(scene: Scene, *without: Removal) -> Image.Image:
    """The scene as an RGB image of 320 x 240 pixels; of several versions use one `Layers`."""
    return Layers(scene).image(*without)


def described(scene: Scene) -> str:
    """All that the pixels of a scene depend on, as text, without drawing it."""
    things = (f"{_around(thing.box)} {draw_thing(thing)}" for thing in scene.things)
    return "\n".join((COMPOSITING, *map(str, _background_and_light(scene)), *things))


def draw_thing(thing: Thing, lost: Collection[str] = ()) -> str:
    """A thing as SVG in the frame's coordinates; a person perhaps without face or clothing."""
    rng = random.Random(thing.seed)
    if thing.is_person:
        expression = thing.name.removeprefix(FACE)
        width, height = people.WIDTH, people.HEIGHT
        markup = people.draw_person(
            rng,
            people.EXPRESSIONS["neutral" if expression == "away" else expression],
            face=expression != "away" and "Human face" not in lost,
            clothing="Clothing" not in lost,
        )
    else:
        symbol = SYMBOLS[thing.name]
        width, height, markup = symbol.width, symbol.height, symbol.draw(rng)
    sx, sy = thing.width / width, thing.height / height
    mirror = f" translate({number(width)} 0) scale(-1 1)" if thing.flipped else ""
    return group(
        markup, f"translate({number(thing.x)} {number(thing.y)}) scale({sx:.4f} {sy:.4f}){mirror}"
    )


def _background_and_light(scene: Scene) -> tuple[Background, Light]:
    rng = random.Random(scene.seed)
    return BACKGROUNDS[scene.background](rng), draw_light(rng)


def _gone(without: Collection[Removal]) -> dict[int, frozenset[str]]:
    """Index of a thing -> the classes of it that are removed."""
    gone: dict[int, frozenset[str]] = {}
    for removal in without:
        gone[removal.thing] = gone.get(removal.thing, frozenset()) | {removal.object_class}
    return gone


def _is_left(thing: Thing, lost: frozenset[str]) -> bool:
    return ("Person" if thing.is_person else thing.name) not in lost


def _rasterised(place: Rectangle, markup: str, margin: int = 0) -> Pixels:
    """What SVG markup draws on a rectangle of the frame: (4, rows, columns).

    margin : pixels on each side that are drawn and cut off: the renderer takes curves that touch
             the edge of its picture apart, and then draws them a little differently
    """
    x0, y0, x1, y1 = place
    width, height = x1 - x0 + 2 * margin, y1 - y0 + 2 * margin
    view = f'viewBox="{x0 - margin} {y0 - margin} {width} {height}"'
    size = f'xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
    drawn = np.asarray(raster(f"<svg {size} {view}>{markup}</svg>"))
    return drawn[margin : height - margin, margin : width - margin].transpose(2, 0, 1)


def _gradient(background: Background) -> Pixels:
    """The background's gradient over the whole frame."""
    top, bottom = (
        np.array(ImageColor.getrgb(colour), dtype=np.float64)[:, None]
        for colour in (background.top, background.bottom)
    )
    share = np.minimum((np.arange(HEIGHT) + 0.5) / background.height, 1)
    rows = np.floor(top + (bottom - top) * share + 0.5).astype(np.uint8)
    return np.repeat(rows[:, :, None], WIDTH, axis=2)


@lru_cache(maxsize=64)
def _opacity(percent: int, from_right: bool) -> NDArray[np.int32]:
    """The light's opacity in 65536ths, (rows, columns): half of each way through the frame.

    Pixel centres are (2 x + 1) / 640 and (2 y + 1) / 480 of the way, in 3840ths of both together.
    """
    across, down = 3 * (2 * np.arange(WIDTH) + 1), 4 * (2 * np.arange(HEIGHT) + 1)
    way = down[:, None] + (across[::-1] if from_right else across)
    return (way * percent * 65536 // (3840 * 100)).astype(np.int32)


def _around(box: tuple[float, ...]) -> Rectangle:
    """The least rectangle of whole pixels around a box, within the frame."""
    x0, y0, x1, y1 = box
    return (
        max(math.floor(x0), 0),
        max(math.floor(y0), 0),
        min(math.ceil(x1), WIDTH),
        min(math.ceil(y1), HEIGHT),
    )


def _shared(a: Rectangle, b: Rectangle) -> Rectangle | None:
    x0, y0, x1, y1 = max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def _within(place: Rectangle, outer: Rectangle) -> tuple[slice, slice, slice]:
    """A rectangle as indices of an array (channels, rows, columns) that shows `outer`."""
    (x0, y0, x1, y1), (left, top, _, _) = place, outer
    return slice(None), slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
