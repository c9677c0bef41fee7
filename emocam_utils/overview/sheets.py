"""What a corpus looks like before any network sees it: contact sheets, classes, the rule."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from ..corpora import Corpus, offers, picture
from ..corpora.emoscenes import people
from ..corpora.emoscenes.raster import raster
from ..corpora.emoscenes.rule import FACE, load_rule
from ..corpora.emoscenes.symbols import SYMBOLS
from ..corpora.sample import spread as spread
from ..figures import show_image

TILE = 120  # pixels
FRAME = (320, 240)
NAME = 21  # characters


def corpus_sheet(corpus: Corpus, images: Sequence[str]) -> Figure:
    """Images under their known labels, or else their names, fitted into equal frames."""
    known = known_labels(corpus)
    titles = [known.get(image, shortened(image)) for image in images]
    return contact_sheet([framed(picture(corpus, image)) for image in images], titles, 5, 2.0)


def shortened(image: str) -> str:
    """An id that fits above its picture: the file's name only, its middle left out."""
    name = image if len(image) <= NAME else image.rpartition("/")[2]
    return name if len(name) <= NAME else f"{name[: NAME // 2]}…{name[-(NAME - NAME // 2 - 1) :]}"


def known_labels(corpus: Corpus) -> dict[str, str]:
    """The label of each image of which the corpus knows the truth; none, if it knows of none."""
    if not offers(corpus, "truth"):
        return {}
    return corpus.truth().drop_duplicates("image").set_index("image")["label"].to_dict()


def known_objects(corpus: Corpus) -> pd.DataFrame | None:
    """Image and class of what is really there; None, if the corpus does not know."""
    return corpus.truth()[["image", "class"]] if offers(corpus, "truth") else None


def framed(picture: Image.Image) -> Image.Image:
    """The picture in a white frame; a small one is not enlarged."""
    small = picture.copy()
    small.thumbnail(FRAME)
    frame = Image.new("RGB", FRAME, "white")
    frame.paste(small, ((FRAME[0] - small.width) // 2, (FRAME[1] - small.height) // 2))
    return frame


def contact_sheet(
    pictures: Sequence[Image.Image], titles: Sequence[str], columns: int, width: float
) -> Figure:
    """Pictures of one shape in rows, with a title each; `width` inches a picture."""
    rows = max(-(-len(pictures) // columns), 1)
    ratio = pictures[0].height / pictures[0].width if pictures else 1
    figure, axes = plt.subplots(
        rows, columns, figsize=(width * columns, (width * ratio + 0.24) * rows),
        squeeze=False, layout="constrained",
    )  # fmt: skip
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, shown, title in zip(axes.flat, pictures, titles, strict=False):
        show_image(ax, shown)
        ax.set_title(title, fontsize=7, fontweight="normal", pad=2)
    return figure


def image_table(images: pd.DataFrame, shown: Sequence[str]) -> pd.DataFrame:
    """Every image with its size and reason, marked if it is on the contact sheet."""
    return images.assign(on_sheet=images["image"].isin(shown)).set_index("image")


def class_pictures(variants: int = 2) -> tuple[list[str], list[Image.Image]]:
    """Drawings of every class of EmoScenes, and people with each expression: (names, pictures)."""
    faces = {
        name: partial(people.draw_person, expression=expression)
        for name, expression in people.EXPRESSIONS.items()
    }
    faces["away"] = partial(
        people.draw_person, expression=people.EXPRESSIONS["neutral"], face=False
    )
    drawn = {name: (one.draw, one.width, one.height) for name, one in SYMBOLS.items()}
    for name, draw in faces.items():
        drawn[f"face: {name}"] = (draw, people.WIDTH, people.HEIGHT)
    sheet = [
        (name, _tile(draw(random.Random(seed)), width, height))
        for name, (draw, width, height) in drawn.items()
        for seed in range(variants)
    ]
    return [name for name, _ in sheet], [picture for _, picture in sheet]


def _tile(markup: str, width: float, height: float) -> Image.Image:
    scale = 0.92 * TILE / max(width, height)
    x, y = (TILE - width * scale) / 2, (TILE - height * scale) / 2
    return raster(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{TILE}" height="{TILE}">'
        f'<rect width="{TILE}" height="{TILE}" fill="#e7ecef"/>'
        f'<g transform="translate({x:.1f} {y:.1f}) scale({scale:.4f})">{markup}</g></svg>'
    ).convert("RGB")


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


def rule_table() -> pd.DataFrame:
    """The causal rule of EmoScenes as one row a label: full cues, rival cues, companions."""
    rule = load_rule()
    rows = {}
    for label in rule.labels:
        cues = rule.cues.get(label, {}).items()
        rows[label] = {
            "full cues": ", ".join(thing for thing, weight in cues if weight >= 1),
            "rival cues": ", ".join(thing for thing, weight in cues if weight < 1),
            "companions (no cause)": ", ".join(rule.companions.get(label, ())),
        }
    rows[rule.default]["full cues"] = "(where nothing else decides)"
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("label")


def rule_in_words() -> str:
    """How many classes decide labels, for the gallery."""
    rule = load_rule()
    weights = [weight for cues in rule.cues.values() for weight in cues.values()]
    full = sum(weight >= 1 for weight in weights)
    return (
        f"Of {len(rule.labels)} labels, {full} full cues decide one by themselves and "
        f"{len(weights) - full} rival cues only together; companions go with a label and are no "
        "cause."
    )
