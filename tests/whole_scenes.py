"""Scenes as one SVG document each, as a drawing program would open them: what layers stand for."""

import random

import numpy as np

from emocam_utils.corpora.emoscenes.backgrounds import BACKGROUNDS, HEIGHT, WIDTH, draw_light
from emocam_utils.corpora.emoscenes.layers import draw_thing
from emocam_utils.corpora.emoscenes.raster import raster


def _wash(name, place, start, stop):
    stops = f'<stop offset="0" {start}/><stop offset="1" {stop}/>'
    return (
        f'<defs><linearGradient id="{name}" {place}>{stops}</linearGradient></defs>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#{name})"/>'
    )


def whole_svg(scene, *without):
    """The scene without some objects: gradients, things and light in one document."""
    rng = random.Random(scene.seed)
    background, light = BACKGROUNDS[scene.background](rng), draw_light(rng)
    down = f'gradientUnits="userSpaceOnUse" x1="0" y1="0" x2="0" y2="{background.height}"'
    colours = (f'stop-color="{colour}"' for colour in (background.top, background.bottom))
    drawn = _wash("ground", down, *colours) + background.markup
    for index, thing in enumerate(scene.things):
        lost = {removal.object_class for removal in without if removal.thing == index}
        if not lost & {"Person", thing.name}:
            drawn += draw_thing(thing, lost)
    left = int(light.from_right)
    across = f'x1="{left}" y1="0" x2="{1 - left}" y2="1"'
    tone = f'stop-color="{light.tone}"'
    full = f'{tone} stop-opacity="{light.percent / 100}"'
    drawn += _wash("light", across, f'{tone} stop-opacity="0"', full)
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{drawn}</svg>'


def whole_pixels(scene, *without):
    """(rows, columns, 3) int"""
    return np.asarray(raster(whole_svg(scene, *without)).convert("RGB")).astype(int)
