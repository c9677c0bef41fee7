"""What a corpus looks like before any network sees it: pictures, classes, the rule."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pandas as pd
from PIL import Image

from ..corpora import Corpus
from ..corpora.emoscenes import people
from ..corpora.emoscenes.corpus import EmoScenes, load_scene
from ..corpora.emoscenes.raster import raster
from ..corpora.emoscenes.rule import FACE, load_rule
from ..corpora.emoscenes.symbols import SYMBOLS
from ..pipeline.analysis import Analysis

TILE = 120  # pixels
FRAME = (320, 240)


def spread(corpus: Corpus, ids: Sequence[str], count: int) -> tuple[list[str], list[Image.Image]]:
    """Images at equal distances through a corpus, fitted into equal frames: (titles, pictures)."""
    chosen = [
        ids[i] for i in np.linspace(0, len(ids) - 1, min(count, len(ids))).round().astype(int)
    ]
    return [_title(corpus, image) for image in chosen], [_framed(corpus.read(i)) for i in chosen]


def _title(corpus: Corpus, image: str) -> str:
    label = f": {load_scene(image).label}" if isinstance(corpus, EmoScenes) else ""
    return image[-28:] + label


def _framed(picture: Image.Image) -> Image.Image:
    picture = picture.copy()
    picture.thumbnail(FRAME)
    frame = Image.new("RGB", FRAME, "white")
    frame.paste(picture, ((FRAME[0] - picture.width) // 2, (FRAME[1] - picture.height) // 2))
    return frame


def image_table(analysis: Analysis, titles: Sequence[str]) -> pd.DataFrame:
    """Every image with its size and reason, marked if it is on the contact sheet."""
    shown = {title.split(":")[0] for title in titles}
    table = analysis.images.copy()
    table["on_sheet"] = table["image"].str[-28:].isin(shown)
    return table.set_index("image")


def _tile(markup: str, width: float, height: float) -> Image.Image:
    scale = 0.92 * TILE / max(width, height)
    x, y = (TILE - width * scale) / 2, (TILE - height * scale) / 2
    return raster(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{TILE}" height="{TILE}">'
        f'<rect width="{TILE}" height="{TILE}" fill="#e7ecef"/>'
        f'<g transform="translate({x:.1f} {y:.1f}) scale({scale:.4f})">{markup}</g></svg>'
    ).convert("RGB")


def class_pictures(variants: int = 2) -> tuple[list[str], list[Image.Image]]:
    """Drawings of every class of EmoScenes, and people with each expression: (names, pictures)."""
    names, pictures = [], []
    for name, symbol in SYMBOLS.items():
        for seed in range(variants):
            names.append(name)
            pictures.append(_tile(symbol.draw(random.Random(seed)), symbol.width, symbol.height))
    for name, expression in people.EXPRESSIONS.items():
        for seed in range(variants):
            person = people.draw_person(random.Random(seed), expression)
            names.append(f"face: {name}")
            pictures.append(_tile(person, people.WIDTH, people.HEIGHT))
    for seed in range(variants):
        away = people.draw_person(random.Random(seed), people.EXPRESSIONS["neutral"], face=False)
        names.append("face: away")
        pictures.append(_tile(away, people.WIDTH, people.HEIGHT))
    return names, pictures


def rule_table() -> pd.DataFrame:
    """The causal rule of EmoScenes as one row a label: full cues, rival cues, companions."""
    rule = load_rule()
    rows = {
        label: {
            "full cues": ", ".join(t for t, w in rule.cues.get(label, {}).items() if w >= 1),
            "rival cues": ", ".join(t for t, w in rule.cues.get(label, {}).items() if w < 1),
            "companions (no cause)": ", ".join(rule.companions.get(label, ())),
        }
        for label in rule.labels
    }
    rows[rule.default]["full cues"] = "(where nothing else decides)"
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("label")


def class_table(names: Sequence[str]) -> pd.DataFrame:
    """Each drawn thing with the labels it is a cue of, and their weights."""
    cues = load_rule().cues
    names = [name.replace("face: ", FACE) for name in names]
    rows = [
        (name, label, cues[label][name]) if label else (name, "", 0.0)
        for name in dict.fromkeys(names)
        for label in [label for label in cues if name in cues[label]] or [""]
    ]
    return pd.DataFrame(rows, columns=["thing", "label", "weight"]).set_index("thing")
