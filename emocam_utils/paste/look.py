"""One image with an object on it, looked at closely: Fig. 3.A, and what the explorer shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from PIL import Image

from ..cams import CamMethod
from ..corpora import picture
from ..networks import EmotionNetwork
from ..pipeline.analysis import Analysis, preset_cam
from ..pipeline.importance import scaled
from ..study import Preset
from .objects import PasteObject
from .overlays import Overlay, overlay_at, pasted
from .plans import PEOPLE
from .variants import explained, probabilities


@dataclass(frozen=True)
class Look:
    """An image with an overlay (or none), the network's probabilities and the map of its label."""

    image: Image.Image
    probabilities: pd.Series
    cam: np.ndarray  # (h, w) in [0, 1], NaN for an empty map

    @property
    def label(self) -> str:
        return str(self.probabilities.idxmax())


def look_at(
    network: EmotionNetwork, cam: CamMethod, image: Image.Image, overlay: Overlay | None = None
) -> Look:
    """The network's view of an image with an overlay; `cam` explains the label it then gives."""
    logits, maps = explained(network, cam, image, [overlay])
    chances = pd.Series(probabilities(logits)[0], index=list(network.labels))
    return Look(pasted(image, overlay) if overlay else image, chances, scaled(maps[0]))


def moved(
    analysis: Analysis, preset: Preset, found: pd.Series, thing: PasteObject
) -> dict[str, Look]:
    """Fig. 3.A: an example, the object moved left and right by its width, and onto another person.

    preset  : how the maps of the study's first CAM method are made
    found   : a row of grid variants
    returns : title -> look; without "on another person" if no other one is detected
    """
    cam, corpus = preset_cam(analysis.study.cams[0], preset), analysis.corpus
    image = corpus.read(found["image"])
    at = overlay_at(image, thing, (found["x"], found["y"]), found["height"])
    step = at.picture.width
    overlays = {
        f"with a {thing.name}": at,
        "moved left": Overlay(at.picture, at.x - step, at.y),
        "moved right": Overlay(at.picture, at.x + step, at.y),
    }
    other = other_person(analysis.boxes[analysis.boxes["image"] == found["image"]], at.box)
    if other is not None:
        x, y = (other["x0"] + other["x1"]) / 2, (other["y0"] + other["y1"]) / 2
        corner = round(x - step / 2), round(y - at.picture.height / 2)
        overlays[f"on another {other['class'].lower()}"] = Overlay(at.picture, *corner)
    seen = {title: one for title, one in overlays.items() if one.is_visible(image)}
    network, shown = analysis.for_image(found["image"]).network, picture(corpus, found["image"])
    looks = {}
    for title, one in {"original": None, **seen}.items():
        looked = look_at(network, cam, image, one)
        looks[title] = replace(looked, image=pasted(shown, one) if one else shown)
    return looks


def other_person(boxes: pd.DataFrame, covered: tuple[int, int, int, int]) -> pd.Series | None:
    """The surest face, else head, else person whose centre a box does not cover."""
    x, y = (boxes["x0"] + boxes["x1"]) / 2, (boxes["y0"] + boxes["y1"]) / 2
    x0, y0, x1, y1 = covered
    free = boxes[~(x.between(x0, x1) & y.between(y0, y1)) & boxes["class"].isin(PEOPLE)]
    if free.empty:
        return None
    order = free.assign(rank=free["class"].map(PEOPLE.index))
    return order.sort_values(["rank", "confidence"], ascending=[True, False], kind="stable").iloc[0]


def images_with_people(boxes: pd.DataFrame, confidence: float) -> list[str]:
    """Images with at least two people, else those with one, by their faces or bodies."""
    sure = boxes[(boxes["confidence"] > confidence) & boxes["class"].isin(PEOPLE)]
    counts = sure.groupby(["image", "class"]).size().groupby("image").max()
    pairs = counts.index[counts >= 2]
    return list(pairs if len(pairs) else counts.index)


def probability_table(looks: Mapping[str, Look], most: int = 0) -> pd.DataFrame:
    """Probabilities of every panel, a column each.

    most : only so many labels, those with the highest probability in any panel, the highest first
    """
    table = pd.DataFrame({title: one.probabilities for title, one in looks.items()})
    table = table.rename_axis("label")
    highest = table.max(axis=1).sort_values(ascending=False, kind="stable").index
    return table.loc[highest[:most]] if most else table
