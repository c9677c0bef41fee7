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

SEEDS = range(20)
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

each_symbol = pytest.mark.parametrize("one", SYMBOLS.values(), ids=SYMBOLS.keys())


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


@each_symbol
def test_a_symbol_is_an_open_images_class_of_sensible_shape(one: Symbol):
    assert one.name in OPEN_IMAGES
    assert SYMBOLS[one.name] is one
    assert 1 / 3 <= one.width / one.height <= 3


@each_symbol
def test_equal_seeds_give_equal_markup_and_the_global_generator_is_untouched(one: Symbol):
    random.seed(0)
    state = random.getstate()
    first, second = (one.draw(random.Random(5)) for _ in range(2))
    assert first == second
    assert random.getstate() == state


@each_symbol
def test_markup_is_xml_without_fonts_links_or_names(one: Symbol):
    """A scene pastes many symbols together: an id would clash, a font depends on the machine."""
    for seed in SEEDS:
        for element in ElementTree.fromstring(svg_of(one, seed)).iter():
            assert element.tag.rpartition("}")[2] in {
                "svg",
                "g",
                "ellipse",
                "rect",
                "path",
                "polygon",
            }
            assert not {"id", "href", "class", "filter"} & set(element.attrib)


@each_symbol
def test_seeds_look_different(one: Symbol):
    """Mean absolute difference of the colours on the box, over all pairs of seeds."""
    images = [
        pixels(one.name, seed)[MARGIN:-MARGIN, MARGIN:-MARGIN].astype(float) for seed in SEEDS
    ]
    pairs = [np.abs(a - b).mean() for i, a in enumerate(images) for b in images[:i]]
    assert np.median(pairs) > 6
    assert min(pairs) > 0.3


@each_symbol
def test_the_drawing_stays_inside_its_box(one: Symbol):
    for seed in SEEDS:
        opaque = pixels(one.name, seed)[..., 3] > 64
        inside = opaque[MARGIN : MARGIN + int(one.height), MARGIN : MARGIN + int(one.width)]
        assert opaque.sum() - inside.sum() <= 0.002 * opaque.sum(), f"seed {seed}"


@each_symbol
def test_the_drawing_fills_its_box(one: Symbol):
    """The tight box of what is drawn is the stated one, within 6 % of its side."""
    for seed in SEEDS:
        rows, columns = np.nonzero(pixels(one.name, seed)[..., 3] > 64)
        tight = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) - MARGIN
        stated = np.array([0, 0, one.width, one.height])
        allowed = 0.06 * np.array([one.width, one.height, one.width, one.height])
        assert (np.abs(tight - stated) <= allowed).all(), f"seed {seed}: {tight} of {stated}"


@each_symbol
def test_the_drawing_covers_a_good_part_of_its_box(one: Symbol):
    """Importance is a mean over the box, so the box must be mostly object (Bicycle: least)."""
    for seed in SEEDS:
        box = pixels(one.name, seed)[MARGIN:-MARGIN, MARGIN:-MARGIN, 3]
        assert (box > 64).mean() > 0.3, f"seed {seed}"


def test_a_class_cannot_be_drawn_twice():
    before = dict(SYMBOLS)
    with pytest.raises(ValueError, match="symbol 'Dog' is already drawn; a class has one symbol"):
        symbol("Dog", 10, 10)(lambda rng: "")
    assert before == SYMBOLS
