"""Objects to paste: pictures with a silhouette, from files or drawn as EmoScenes draws them.

A silhouette is an alpha channel. Without one an object would be pasted with its background, and it
would be the rectangle that turns a label.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from .. import paths
from ..corpora.emoscenes import people
from ..corpora.emoscenes.raster import raster_markup
from ..corpora.emoscenes.rule import FACE, load_rule
from ..corpora.emoscenes.symbols import SYMBOLS
from ..registry import nearest

DRAWN_HEIGHT = 256  # pixels of a drawn object; no image of EmoScenes shows it larger


class ObjectError(ValueError):
    """Objects that cannot be pasted; the message lists every problem at once."""


@dataclass(frozen=True, eq=False)
class PasteObject:
    """A picture to paste, RGBA, with a name for tables and figures."""

    name: str
    picture: Image.Image

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the pixels and of the name."""
        digest = hashlib.sha256(repr((self.name, self.picture.size)).encode())
        digest.update(self.picture.tobytes())
        return digest.hexdigest()[:16]

    def at_height(self, height: float) -> Image.Image:
        """The picture at a height in pixels, its proportions kept; at least one pixel each way."""
        rows = max(round(height), 1)
        return _scaled(self, rows * self.picture.width / self.picture.height, rows)

    def inside(self, width: float, height: float) -> Image.Image:
        """The picture as large as fits into width x height pixels, its proportions kept."""
        scale = min(width / self.picture.width, height / self.picture.height)
        return _scaled(self, scale * self.picture.width, scale * self.picture.height)


@lru_cache(maxsize=512)
def _scaled(thing: PasteObject, width: float, height: float) -> Image.Image:
    """An object's picture at a size, by Pillow's Lanczos filter.

    Pillow multiplies colours by alpha before it mixes them, so no colour of transparent pixels
    bleeds into the rim.
    """
    size = max(round(width), 1), max(round(height), 1)
    return thing.picture.resize(size, Image.Resampling.LANCZOS)


def read_object(file: Path) -> PasteObject:
    """An object from a PNG with alpha; its name is the file's, in words.

    Errors: ObjectError for a file that is missing, no image, without alpha, or all transparent.
    """
    try:
        with Image.open(file) as image:
            transparent = "A" in image.getbands() or "transparency" in image.info
            picture = image.convert("RGBA")
    except FileNotFoundError:
        raise ObjectError(f"{file}: there is no such file") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise ObjectError(f"{file}: not an image ({error})") from None
    if not transparent:
        raise ObjectError(
            f"{file}: mode {image.mode} has no alpha channel, so its background would be pasted "
            "with it; save it as a PNG with transparency (RGBA)"
        )
    if not np.asarray(picture)[..., 3].any():
        raise ObjectError(f"{file}: every pixel is transparent, so nothing would be pasted")
    return PasteObject(file.stem.replace("_", " "), picture)


def read_objects(names: Sequence[str]) -> list[PasteObject]:
    """Objects by the names of files in data/objects ("rugby_ball"), or by paths of PNG files.

    Errors: ObjectError with every problem of every object.
    """
    objects, problems = [], []
    for name in names:
        try:
            objects.append(read_object(_file(name)))
        except ObjectError as error:
            problems.append(str(error))
    titles = [thing.name for thing in objects]
    problems += [f"two objects are named {t!r}" for t in set(titles) if titles.count(t) > 1]
    if not names:
        problems.append(f"no object is given; there are {', '.join(object_names())}")
    if problems:
        raise ObjectError("\n".join(problems))
    return objects


def object_names() -> list[str]:
    """The objects of data/objects."""
    return sorted(file.stem for file in paths.OBJECTS.glob("*.png"))


def _file(name: str) -> Path:
    if name.lower().endswith(".png"):
        return Path(name).expanduser()
    if name not in object_names():
        raise ObjectError(
            f"no object {name!r}:{_hint(name, object_names())} there are "
            f"{', '.join(object_names())}; for your own give the path of a PNG"
        )
    return paths.OBJECTS / f"{name}.png"


def _hint(name: str, known: Sequence[str]) -> str:
    near = nearest(name, list(known))
    return f" did you mean {near!r}?" if near else ""


def drawn_object(thing: str, seed: int = 0) -> PasteObject:
    """A thing of EmoScenes as an object: a symbol's class, or a person "Human face/<expression>".

    Errors: ObjectError for a thing that EmoScenes does not draw.
    """
    rng = random.Random(seed)
    faces = {FACE + name: expression for name, expression in people.EXPRESSIONS.items()}
    if thing in SYMBOLS:
        symbol = SYMBOLS[thing]
        markup, width, height = symbol.draw(rng), symbol.width, symbol.height
    elif thing in faces:
        markup, width, height = people.draw_person(rng, faces[thing]), people.WIDTH, people.HEIGHT
    else:
        raise ObjectError(f"EmoScenes draws no {thing!r};{_hint(thing, [*SYMBOLS, *faces])}")
    return PasteObject(thing, raster_markup(markup, width, height, DRAWN_HEIGHT))


def cue_objects(seed: int = 0) -> list[PasteObject]:
    """Every cue of EmoScenes' rule, drawn, in the order of the rule."""
    cues = [thing for table in load_rule().cues.values() for thing in table]
    return [drawn_object(thing, seed) for thing in dict.fromkeys(cues)]
