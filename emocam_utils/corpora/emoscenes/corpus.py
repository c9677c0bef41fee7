"""EmoScenes as a corpus: images are drawn when they are read, from nothing but their names.

A controlled experiment, not a sample of photographs: its causes are known (`rule.yaml`), its boxes
are exact, and any object can be removed. An image id is "<split>/<number>", e.g. "test/00042";
labels take turns, so every split is balanced.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version

import pandas as pd
from PIL import Image

from ..images import UnreadableImage
from . import scene as scenes
from .rule import load_rule

SPLITS = {"train": 20_000, "calibration": 1_000, "test": 2_000}


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
def scenes_hash() -> str:
    """Hash over drawn scenes, which changes with the rule and the drawings, not with a comment."""
    digest = hashlib.sha256(version("resvg-py").encode())
    for index in range(100):
        digest.update(scenes.to_svg(load_scene(image_id("train", index))).encode())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class EmoScenes:
    """The first `limit` images of a split of EmoScenes (all of them when it is 0)."""

    split: str = "test"
    limit: int = 0
    skipped: dict[str, str] = field(default_factory=dict)  # always empty: drawings can be read

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
        return f"emoscenes-{scenes_hash()}"

    def read(self, image: str) -> Image.Image:
        """An RGB image of 320 x 240 pixels."""
        return scenes.render(load_scene(image))

    def size(self, image: str) -> tuple[int, int]:
        load_scene(image)
        return scenes.WIDTH, scenes.HEIGHT

    def truth(self) -> pd.DataFrame:
        """The exact boxes of every scene, as `scene.boxes`, with `image` and the rule's `label`."""
        tables = []
        for image in self.ids:
            scene = load_scene(image)
            tables.append(scenes.boxes(scene).assign(image=image, label=scene.label))
        return pd.concat(tables, ignore_index=True)
