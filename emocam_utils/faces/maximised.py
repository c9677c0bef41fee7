"""Fig. 4 of the paper: a face whose eyes and mouth are painted over, and what a network puts there.

Montero, Strong and Kierum edited a face by hand and looked at the result. Here the paint covers the
template's eyes, brows and mouth, all emotions are maximised alike, and the change is counted where
the paint is. Axes: H x W pixels of the network's input.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
import torch
from PIL import Image

from ..networks import EmotionNetwork
from ..networks.untrained import untrained
from .analysis import FaceAnalysis
from .maximisation import Ascent, maximise, pictures
from .parts.template import PARTS, part_masks
from .post_filters import POST_FILTERS
from .reading import face_logits

PAINTED = ("eyes", "brows", "mouth")
MARGIN = 2  # pixels around the template's boxes: a face is off by as much
RADIUS = 5  # pixels from which the paint is mixed


@dataclass(frozen=True)
class Maximised:
    """A start picture, and for each emotion the picture that raises its logit.

    changes : emotion -> (H, W) difference from the start in grey levels of 255, signed
    table   : indexed by emotion: probability and logit before and after, `change` (mean absolute,
              in grey levels) and `painted`, the squared change on painted pixels against that
              elsewhere: 1 if the paint is treated as the rest
    """

    start: Image.Image
    pictures: dict[str, Image.Image]
    changes: dict[str, np.ndarray]
    table: pd.DataFrame


def paint_mask(side: int) -> np.ndarray:
    """The pixels that are painted over, (side, side) bool."""
    masks = part_masks(side)[[PARTS.index(part) for part in PAINTED]]
    reach = 2 * round(MARGIN * side / 64) + 1
    return cv2.dilate(masks.any(0).astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0


def painted_over(face: Image.Image, side: int = 64) -> Image.Image:
    """A grey face of side x side pixels whose eyes, brows and mouth the surrounding skin covers.

    The paint is mixed from the nearest pixels around (Telea 2004); what of an eye looks out from
    under it is smeared into it, so a face far from the template keeps a shadow.
    """
    grey = np.asarray(face.convert("L").resize((side, side), Image.Resampling.BILINEAR))
    mask = paint_mask(side).astype(np.uint8)
    return Image.fromarray(cv2.inpaint(grey, mask, RADIUS, cv2.INPAINT_TELEA))


def maximised(
    analysis: FaceAnalysis,
    face: Image.Image,
    ascent: Ascent,
    seed: int = 0,
    network: EmotionNetwork | None = None,
) -> Maximised:
    """Every emotion maximised from one picture, all in one climb.

    seed    : of the jitter
    network : another one than the analysis', e.g. an untrained copy as the floor
    """
    network = network or analysis.network
    labels = sorted(network.labels)
    start = network.preprocess(face)[None]
    found = maximise(network, labels, start.expand(len(labels), -1, -1, -1), ascent, seed)
    before, *after = pictures(network, torch.cat([start, found.images]))
    grey = [np.asarray(one.convert("L"), dtype=np.float64) for one in (before, *after)]
    changes = {label: one - grey[0] for label, one in zip(labels, grey[1:], strict=True)}
    at = [network.labels.index(label) for label in labels]
    chances_before, chances = (
        face_logits(network, images).softmax(1)[:, at].numpy() for images in (start, found.images)
    )
    mask = paint_mask(before.width)
    table = pd.DataFrame(
        {
            "probability_before": chances_before[0].astype(float),
            "probability": chances.diagonal().astype(float),
            "logit_before": found.history[0],
            "logit": found.history[-1],
            "change": [np.abs(change).mean() for change in changes.values()],
            "painted": [_contrast(change**2, mask) for change in changes.values()],
        },
        index=pd.Index(labels, name="emotion"),
    )
    return Maximised(before, dict(zip(labels, after, strict=True)), changes, table)


def _contrast(values: np.ndarray, mask: np.ndarray) -> float:
    elsewhere = values[~mask].mean()
    return float(values[mask].mean() / elsewhere) if elsewhere > 0 else float("nan")


def untrained_floor(
    analysis: FaceAnalysis, face: Image.Image, ascent: Ascent, seed: int = 0
) -> Maximised:
    """The same climb on a copy of the network with new weights."""
    return maximised(analysis, face, ascent, seed, untrained(analysis.network, seed))


def filtered(found: Maximised, emotion: str, floor: Maximised) -> dict[str, Image.Image]:
    """The panels of Fig. 4: the start, the maximised picture, the paper's filters, the floor."""
    picture = found.pictures[emotion].convert("L")
    first = {"eyes and mouth painted over": found.start, f"maximised for {emotion}": picture}
    filters = {name: POST_FILTERS[name](picture) for name in POST_FILTERS}
    return first | filters | {"untrained, as (b)": floor.pictures[emotion].convert("L")}


THIS, FLOOR = "this network", "an untrained one"


def beside_floor(found: Maximised, floor: Maximised) -> dict[str, dict[str, np.ndarray]]:
    """Network -> emotion -> what it changed, as `plots.changes_figure` takes it."""
    return {THIS: found.changes, FLOOR: floor.changes}


def painted_table(found: Maximised, floor: Maximised) -> pd.DataFrame:
    """`painted` of both, a column a network, as `plots.changes_figure` takes it."""
    both = {THIS: found, FLOOR: floor}
    return pd.DataFrame({f"painted {name}": of.table["painted"] for name, of in both.items()})
