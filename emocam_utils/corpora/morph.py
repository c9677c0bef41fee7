"""Drawn faces of EmoScenes, framed as faces in photographs, and one becoming another.

The person comes from the seed alone, so only the expression moves between two frames.
"""

from __future__ import annotations

import math
import random

from PIL import Image

from ..registry import UnknownName
from .emoscenes import people
from .emoscenes.people import Expression
from .emoscenes.raster import raster

FRAME = (12.0, 13.0, 76.0)
"""x, y and side of the square of a drawn person that is shown: forehead to chin, ear to ear, as
FER2013 frames a face (chosen beside 20 training images and the mean of 400)."""

GROUND = "#c8ccd0"
SIZE = 128  # pixels
EMOTIONS = {
    "anger": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "happiness": "smile",
    "neutral": "neutral",
    "sadness": "cry",
    "surprise": "surprise",
}
"""FER2013's emotions -> EmoScenes' expressions."""


def expression(emotion: str) -> Expression:
    """The drawn expression of an emotion, by FER2013's name or EmoScenes'; "joy" is a smile.

    Errors: UnknownName
    """
    name = EMOTIONS.get("happiness" if emotion == "joy" else emotion, emotion)
    if name not in people.EXPRESSIONS:
        raise UnknownName("drawn emotion", emotion, list(EMOTIONS))
    return people.EXPRESSIONS[name]


def draw_face(face: Expression, seed: int = 0, size: int = SIZE) -> Image.Image:
    """The face of the person `seed` with an expression, RGB of size x size pixels."""
    x, y, side = FRAME
    person = people.draw_person(random.Random(seed), face)
    return raster(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" '
        f'viewBox="{x} {y} {side} {side}">'
        f'<rect x="{x}" y="{y}" width="{side}" height="{side}" fill="{GROUND}"/>{person}</svg>'
    ).convert("RGB")


def morph_faces(
    start: str = "neutral", end: str = "joy", frames: int = 24, seed: int = 0, size: int = SIZE
) -> list[Image.Image]:
    """One person whose expression moves from one emotion to another, slowly at both ends.

    frames : pictures, the first of which shows `start` and the last `end`
    errors : UnknownName for an emotion that is not drawn, ValueError for less than two frames
    """
    if frames < 2:
        raise ValueError(f"a morph needs 2 frames or more, its start and its end; got {frames}")
    first, last = expression(start), expression(end)
    return [
        draw_face(people.morph(first, last, eased(k / (frames - 1))), seed, size)
        for k in range(frames)
    ]


def eased(t: float) -> float:
    """Time in [0, 1] -> share of the way in [0, 1], along half a cosine: at rest at both ends."""
    return (1 - math.cos(math.pi * t)) / 2
