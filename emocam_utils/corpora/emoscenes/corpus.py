"""EmoScenes as a corpus: images are drawn when they are read, from nothing but their names.

A controlled experiment, not a sample of photographs: its causes are known (`rule.yaml`), its boxes
are exact, and any object can be removed. An image id is "<split>/<number>", e.g. "test/00042";
labels take turns, so every split is balanced.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from PIL import Image

from ... import paths
from ..images import UnreadableImage
from . import layers
from . import scene as scenes
from .rule import RULE_FILE, load_rule

SPLITS = {"train": 20_000, "calibration": 1_000, "test": 2_000, "truth": 10_000}


def image_id(split: str, index: int) -> str:
    return f"{split}/{index:05d}"


@lru_cache(maxsize=4096)
def load_scene(image: str) -> scenes.Scene:
    """The scene of an image id.

    Errors: UnreadableImage for an id outside the corpus.
    """
    split, _, number = image.partition("/")
    if split not in SPLITS or not number.isdecimal() or int(number) >= SPLITS[split]:
        sizes = ", ".join(f"{name}/00000 to {name}/{n - 1:05d}" for name, n in SPLITS.items())
        raise UnreadableImage(f"EmoScenes has no image {image!r}; it has {sizes}")
    labels = load_rule().labels
    return scenes.compose(image, labels[int(number) % len(labels)])


@lru_cache(maxsize=1)
def scenes_hash(split: str = "test") -> str:
    """Hash over all drawn scenes of a split: changes with the rule and the drawings."""
    digest = hashlib.sha256()
    for index in range(SPLITS[split]):
        digest.update(scene_digest(image_id(split, index)).encode())
    return digest.hexdigest()[:16]


def scene_digest(image: str) -> str:
    """Of what the scene's drawing is made of, and of what turns that into pixels."""
    drawing = f"resvg {version('resvg-py')}\n{layers.described(load_scene(image))}"
    return hashlib.sha256(drawing.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class EmoScenes:
    """The first `limit` images of a split of EmoScenes (all of them when it is 0)."""

    split: str = "test"
    limit: int = 0
    decoder = staticmethod(layers.render)

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise ValueError(f"split {self.split!r} is not one of {', '.join(SPLITS)}")

    @property
    def name(self) -> str:
        return f"EmoScenes {self.split} (synthetic)"

    @property
    def ids(self) -> list[str]:
        size = SPLITS[self.split]
        return [image_id(self.split, i) for i in range(min(self.limit or size, size))]

    @property
    def fingerprint(self) -> str:
        """Of the whole split, whatever the limit; takes some seconds."""
        return f"emoscenes-{scenes_hash(self.split)}"

    def stamp(self, image: str) -> str:
        """A drawing has no date, so that its code and its name are its date."""
        return self._drawn_by

    @cached_property
    def _drawn_by(self) -> str:
        sources = sorted(Path(__file__).parent.glob("*.py"))
        return hashlib.sha256(
            b"".join(file.read_bytes() for file in (*sources, RULE_FILE))
        ).hexdigest()

    def digest(self, image: str) -> str:
        return scene_digest(image)

    def read(self, image: str) -> Image.Image:
        """An RGB image of 320 x 240 pixels.

        Drawing takes ten times as long as reading, so a drawing is kept in <results>/drawings.
        """
        digest = scene_digest(image)
        kept = paths.RESULTS / "drawings" / digest[:2] / f"{digest}.png"
        try:
            with Image.open(kept) as picture:
                return picture.convert("RGB")
        except (OSError, SyntaxError):  # not there yet, or damaged
            picture = layers.render(load_scene(image))
        with suppress(OSError):  # where nothing can be kept it is drawn again
            kept.parent.mkdir(parents=True, exist_ok=True)
            partial = kept.with_name(f".{uuid.uuid4().hex}.partial")
            picture.save(partial, "PNG", compress_level=1)
            os.replace(partial, kept)
        return picture

    def size(self, image: str) -> tuple[int, int]:
        load_scene(image)
        return scenes.WIDTH, scenes.HEIGHT

    def remove(self, image: str, *removals: scenes.Removal) -> Image.Image:
        """The scene without some of its objects; nothing changes outside of them.

        Errors: ValueError for an object that the scene has not
        """
        return layers.render(load_scene(image), *removals)

    def label_of(self, image: str) -> str:
        """The rule's label of one scene."""
        return load_scene(image).label

    def removable(self, image: str) -> list[scenes.Removal]:
        """What `remove` can leave out of one scene, any of it together: whole things and faces."""
        found = scenes.boxes(load_scene(image))
        found = found[found["class"] != "Clothing"]
        return [scenes.Removal(*one) for one in found[["thing", "class"]].itertuples(index=False)]

    def truth(self) -> pd.DataFrame:
        """The exact boxes of every scene, as `scene.boxes`, with `image` and the rule's `label`."""
        tables = []
        for image in self.ids:
            scene = load_scene(image)
            tables.append(scenes.boxes(scene).assign(image=image, label=scene.label))
        return pd.concat(tables, ignore_index=True)
