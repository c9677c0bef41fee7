"""The drawn symbols: names, determinism, variation, and a box that the drawing fills exactly."""

from __future__ import annotations

import io
import random
import xml.etree.ElementTree as ElementTree
from functools import cache

import numpy as np
import pytest
import resvg_py
from PIL import Image

from emocam_utils import paths
from emocam_utils.corpora.emoscenes.drawing import symbol
from emocam_utils.corpora.emoscenes.symbols import SYMBOLS, Symbol

SEEDS = range(12)
DRAWINGS = [(name, seed) for name in SYMBOLS for seed in SEEDS]
MARGIN = 20  # SVG units drawn around the stated box, so that an overhang can be seen
OPEN_IMAGES = (paths.DATA / "openimages.names").read_text(encoding="utf-8").splitlines()
NEEDED = [
    "Dog",
    "Cat",
    "Picture frame",
    "Flower",
    "Balloon",
    "Clock",
    "Castle",
    "Television",
    "Couch",
    "Traffic sign",
    "Book",
    "Hamburger",
    "Cake",
    "Toilet",
    "Spider",
    "Syringe",
    "Candle",
    "Football",
    "Rugby ball",
    "Tennis racket",
    "Snake",
    "Knife",
    "Skull",
    "Camera",
    "Wine glass",
    "Umbrella",
    "Lipstick",
    "Box",
    "Tree",
    "Car",
    "House",
    "Chair",
    "Lamp",
    "Bottle",
    "Bicycle",
    "Guitar",
    "Tent",
    "Laptop",
    "Coffee cup",
    "Boat",
    "Axe",
]


def svg_of(one: Symbol, seed: int) -> str:
    """The drawing with MARGIN units of empty canvas on every side."""
    width, height = one.width + 2 * MARGIN, one.height + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="{-MARGIN} {-MARGIN} {width} {height}">{one.draw(random.Random(seed))}</svg>'
    )


@cache
def pixels(name: str, seed: int) -> np.ndarray:
    """(H, W, 4) uint8, one pixel per SVG unit."""
    png = bytes(
        resvg_py.svg_to_bytes(svg_string=svg_of(SYMBOLS[name], seed), skip_system_fonts=True)
    )
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def test_the_symbols_are_the_classes_of_the_study():
    assert sorted(SYMBOLS) == sorted(NEEDED)


def test_the_class_list_is_open_images_601_boxable_classes():
    assert len(OPEN_IMAGES) == len(set(OPEN_IMAGES)) == 601


def test_a_symbol_is_an_open_images_class_of_sensible_shape():
    for name, one in SYMBOLS.items():
        assert name == one.name and name in OPEN_IMAGES
        assert 1 / 3 <= one.width / one.height <= 3, name


def test_equal_seeds_give_equal_markup_and_the_global_generator_is_untouched():
    random.seed(0)
    state = random.getstate()
    for name, one in SYMBOLS.items():
        first, second = (one.draw(random.Random(5)) for _ in range(2))
        assert first == second, name
    assert random.getstate() == state


def test_markup_is_xml_without_fonts_links_or_names():
    """A scene pastes many symbols together: an id would clash, a font depends on the machine."""
    allowed = {"svg", "g", "ellipse", "rect", "path", "polygon"}
    for name, seed in DRAWINGS:
        for element in ElementTree.fromstring(svg_of(SYMBOLS[name], seed)).iter():
            assert element.tag.rpartition("}")[2] in allowed, name
            assert not {"id", "href", "class", "filter"} & set(element.attrib), name


def test_seeds_look_different():
    """Mean absolute difference of the colours on the box, over all pairs of seeds."""
    for name in SYMBOLS:
        boxes = [
            pixels(name, seed)[MARGIN:-MARGIN, MARGIN:-MARGIN].astype(float) for seed in SEEDS[:8]
        ]
        pairs = [np.abs(a - b).mean() for i, a in enumerate(boxes) for b in boxes[:i]]
        assert np.median(pairs) > 6 and min(pairs) > 0.3, name


def test_a_drawing_is_its_box_neither_more_nor_less():
    """Nothing outside, its tight box within 6 % of the stated one, more than 30 % of it covered.

    Importance is a mean over the box, so the box must be mostly object (Bicycle: least).
    """
    wrong = []
    for name, seed in DRAWINGS:
        one, opaque = SYMBOLS[name], pixels(name, seed)[..., 3] > 64
        inside = opaque[MARGIN : MARGIN + int(one.height), MARGIN : MARGIN + int(one.width)]
        rows, columns = np.nonzero(opaque)
        tight = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) - MARGIN
        sides = np.array([one.width, one.height] * 2)
        if opaque.sum() - inside.sum() > 0.002 * opaque.sum():
            wrong.append(f"{name} {seed}: leaves its box")
        if (np.abs(tight - sides * [0, 0, 1, 1]) > 0.06 * sides).any():
            wrong.append(f"{name} {seed}: {tight} of {sides[:2]}")
        if inside.mean() <= 0.3:
            wrong.append(f"{name} {seed}: covers {inside.mean():.0%}")
    assert not wrong


def test_a_class_cannot_be_drawn_twice():
    before = dict(SYMBOLS)
    with pytest.raises(ValueError, match="symbol 'Dog' is already drawn; a class has one symbol"):
        symbol("Dog", 10, 10)(lambda rng: "")
    assert before == SYMBOLS
