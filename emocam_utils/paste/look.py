"""One image with an object on it, looked at closely: Fig. 3.A, and what the widget shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image

from ..cams import CamMethod
from ..pipeline.analysis import Analysis
from ..pipeline.importance import scaled
from .objects import PasteObject
from .paste import Overlay, overlay_at, pasted
from .patched import PatchedNetwork, Variants

PEOPLE = ("Human face", "Human head", "Person", "Woman", "Man", "Girl", "Boy")


@dataclass(frozen=True)
class Look:
    """An image with an overlay (or none), the network's probabilities and the map of its label."""

    image: Image.Image
    overlay: Overlay | None
    probabilities: pd.Series
    cam: np.ndarray  # (h, w) in [0, 1], NaN for an empty map

    @property
    def label(self) -> str:
        return str(self.probabilities.idxmax())


def look_at(variants: Variants, overlay: Overlay | None, cam: CamMethod) -> Look:
    """The network's view of an image with an overlay; `cam` explains the label it then gives."""
    network, image = variants.patched.network, variants.image
    features = variants.features([overlay]) if overlay else variants.original()
    head = network.head
    logits = head(features).float().detach()
    raw = cam(head, features, logits.argmax(1))[0].float().cpu().numpy()
    chances = pd.Series(logits.softmax(1)[0].cpu().numpy(), index=list(network.labels))
    shown = pasted(image, overlay) if overlay else image
    return Look(shown, overlay, chances, scaled(raw))


def moved(
    analysis: Analysis, found: pd.Series, thing: PasteObject, cam: CamMethod
) -> dict[str, Look]:
    """Fig. 3.A: an example, the object moved left and right by its width, and onto another person.

    found   : a row of grid variants
    returns : title -> look; without "on another person" if no other one is detected
    """
    image = analysis.corpus.read(found["image"])
    variants = PatchedNetwork(analysis.network).open(image)
    at = overlay_at(image, thing, (found["x"], found["y"]), found["height"])
    step = at.picture.width
    overlays: dict[str, Overlay | None] = {
        "original": None,
        f"with a {thing.name}": at,
        "moved left": Overlay(at.picture, at.x - step, at.y),
        "moved right": Overlay(at.picture, at.x + step, at.y),
    }
    other = other_person(analysis.boxes[analysis.boxes["image"] == found["image"]], at.box)
    if other is not None:
        x, y = (other["x0"] + other["x1"]) / 2, (other["y0"] + other["y1"]) / 2
        corner = round(x - step / 2), round(y - at.picture.height / 2)
        overlays[f"on another {other['class'].lower()}"] = Overlay(at.picture, *corner)
    return {
        title: look_at(variants, overlay, cam)
        for title, overlay in overlays.items()
        if overlay is None or overlay.visible(image)
    }


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


def moved_table(looks: Mapping[str, Look]) -> pd.DataFrame:
    """The probabilities of every panel, one column each."""
    return pd.DataFrame({title: one.probabilities for title, one in looks.items()}).rename_axis(
        "label"
    )
