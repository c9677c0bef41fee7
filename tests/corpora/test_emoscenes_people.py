import io
import itertools
import random
from dataclasses import astuple, replace

import numpy as np
import pytest
import resvg_py
from PIL import Image

from emocam_utils.corpora.emoscenes.hair import HAIR_STYLES
from emocam_utils.corpora.emoscenes.people import (
    CLOTHING_BOX,
    EXPRESSIONS,
    FACE_BOX,
    HEIGHT,
    WIDTH,
    Expression,
    _draw_looks,
    draw_person,
    morph,
)

MARGIN, SCALE = 10, 2
SEEDS = range(24)


def pixels(seed: int, expression: str | Expression = "neutral", **switches: bool) -> np.ndarray:
    """(rows, columns, 4) of the person's box with MARGIN units around it, SCALE pixels a unit."""
    expression = EXPRESSIONS[expression] if isinstance(expression, str) else expression
    width, height = WIDTH + 2 * MARGIN, HEIGHT + 2 * MARGIN
    drawn = draw_person(random.Random(seed), expression, **switches)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * SCALE}" height="{height * SCALE}"'
        f' viewBox="{-MARGIN} {-MARGIN} {width} {height}">{drawn}</svg>'
    )
    data = bytes(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True))
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA")).astype(int)


def extent(mask: np.ndarray) -> np.ndarray:
    """x0, y0, x1, y1 of the true pixels in the person's coordinates."""
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    edges = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
    return edges / SCALE - MARGIN


def inside(inner: np.ndarray, outer: tuple[float, ...], tolerance: float = 1 / SCALE) -> bool:
    low, high = np.array(outer[:2]) - tolerance, np.array(outer[2:]) + tolerance
    return bool((inner[:2] >= low).all() and (inner[2:] <= high).all())


def changed(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one - other).max(-1) > 8


def test_the_seeds_meet_every_hair_style_and_garment():
    looks = [_draw_looks(random.Random(seed)) for seed in SEEDS]
    assert {id(look.style) for look in looks} == {id(style) for style in HAIR_STYLES.values()}
    assert {look.clothes for look in looks} == {"shirt", "hoodie", "dress", "stripes", "tee"}
    assert {True, False} == {look.beard for look in looks} == {look.glasses for look in looks}


def test_one_seed_is_one_person_and_another_seed_another():
    def draw(seed: int) -> str:
        return draw_person(random.Random(seed), EXPRESSIONS["smile"])

    assert [draw(seed) for seed in SEEDS] == [draw(seed) for seed in SEEDS]
    assert len({draw(seed) for seed in SEEDS}) == len(SEEDS)


def test_chance_is_spent_equally_whatever_is_drawn():
    for seed in SEEDS:
        states = set()
        for expression, face, clothing in itertools.product(
            EXPRESSIONS.values(), (True, False), (True, False)
        ):
            rng = random.Random(seed)
            draw_person(rng, expression, face=face, clothing=clothing)
            states.add(rng.getstate())
        assert len(states) == 1, seed


def test_a_head_that_turns_away_keeps_its_outline_and_loses_its_expression():
    for seed in SEEDS:
        front, away = (pixels(seed, face=face)[..., 3] > 127 for face in (True, False))
        assert (front != away).mean() < 0.004, seed
        drawn = {draw_person(random.Random(seed), e, face=False) for e in EXPRESSIONS.values()}
        assert len(drawn) == 1, seed


@pytest.mark.parametrize("clothing", [True, False])
def test_turning_away_changes_the_face_box_only(clothing):
    for seed, expression in zip(SEEDS, itertools.cycle(EXPRESSIONS), strict=False):
        front = pixels(seed, expression, clothing=clothing)
        away = pixels(seed, expression, face=False, clothing=clothing)
        assert inside(extent(changed(front, away)), FACE_BOX), (seed, expression)


@pytest.mark.parametrize("face", [True, False])
def test_bare_shoulders_change_the_clothing_box_only(face):
    x0, y0, x1, y1 = CLOTHING_BOX
    for seed in SEEDS:
        difference = changed(pixels(seed, face=face), pixels(seed, face=face, clothing=False))
        assert inside(extent(difference), CLOTHING_BOX), seed
        assert difference.sum() / SCALE**2 > 0.25 * (x1 - x0) * (y1 - y0), seed


def test_expressions_differ_and_in_the_face_box_only_and_fill_the_persons_box():
    x0, y0, x1, y1 = FACE_BOX
    for seed in range(0, len(SEEDS), 3):
        drawn = {name: pixels(seed, name) for name in EXPRESSIONS}
        for name, picture in drawn.items():
            box = extent(picture[..., 3] > 8)
            slack = np.abs(box - [0, 0, WIDTH, HEIGHT]) / [WIDTH, HEIGHT, WIDTH, HEIGHT]
            assert inside(box, (0, 0, WIDTH, HEIGHT)) and slack.max() < 0.06, (seed, name)
        for one, other in itertools.combinations(EXPRESSIONS, 2):
            difference = changed(drawn[one], drawn[other])
            share = difference.sum() / SCALE**2 / ((x1 - x0) * (y1 - y0))
            assert inside(extent(difference), FACE_BOX) and share > 0.06, (seed, one, other)


def test_morph_by_hand():
    a = Expression(tears=1, mouth_curve=-1, pupil=2)
    b = Expression(tears=0, mouth_curve=0.5, pupil=4)
    quarter = morph(a, b, 0.25)
    assert (quarter.tears, quarter.mouth_curve, quarter.pupil) == (0.75, -0.625, 2.5)


def test_morph_ends_and_middle():
    for a, b in itertools.permutations(EXPRESSIONS.values(), 2):
        assert morph(a, b, 0) == a
        assert morph(a, b, 1) == b
        middle = np.mean([astuple(a), astuple(b)], axis=0)
        assert astuple(morph(a, b, 0.5)) == pytest.approx(middle)


@pytest.mark.parametrize("t", [-0.01, 1.01, float("nan")])
def test_morph_outside_its_range_says_so(t):
    with pytest.raises(ValueError, match=rf"t must be in \[0, 1\], got {t}"):
        morph(EXPRESSIONS["neutral"], EXPRESSIONS["smile"], t)


def test_a_strength_grows_without_a_jump():
    """Each of 10 equal steps changes the picture by a part of the whole, none by most of it."""
    for strength in ("tears", "blush", "pallor", "green", "flush", "sweat"):
        some = [replace(EXPRESSIONS["neutral"], **{strength: step / 10}) for step in range(11)]
        frames = [pixels(5, expression) for expression in some]
        steps = [np.abs(a - b).sum() for a, b in itertools.pairwise(frames)]
        assert min(steps) > 0, strength
        assert max(steps) < 0.5 * np.abs(frames[0] - frames[-1]).sum(), strength
