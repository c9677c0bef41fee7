"""Occlusion of boxes: what the network says when an object is covered instead of removed.

It needs nothing but an image and boxes, so it gives photographs, too, a measure of what matters
(Zeiler and Fergus 2014). It is no ground truth: a grey patch is itself something to see, and a box
covers more than its object.

    image, box (row in the given boxes), label, probability, logit, label_without,
    probability_drop, logit_drop
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image

from ..pipeline.analysis import Analysis
from ..pipeline.importance import pixel_boxes
from ..pipeline.keys import row_hashes
from ..registry import Registry
from .changes import MEASURES, changes, logits_without

LARGEST = 640  # pixels of a side; larger images are reduced first, whole and occluded alike
COARSE = 160  # pixels of a side on which fillings are computed
GREY = 127

Fill = Callable[[NDArray[np.uint8], NDArray[np.bool_]], NDArray[np.uint8]]

FILLS: Registry[Fill] = Registry("filling of an occluded box")
"""(h, w, 3) pixels and the (h, w) mask to fill -> (h, w, 3), of which only the mask is used."""


@FILLS.register("grey")
def grey(pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Middle grey, as first published; a patch with edges, which a network may take for a thing."""
    return np.full_like(pixels, GREY)


@FILLS.register("blur")
def blur(pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The image itself, blurred with a tenth of its longer side; colours stay."""
    return cv2.GaussianBlur(pixels, (0, 0), max(pixels.shape[:2]) / 10)


@FILLS.register("inpaint")
def inpaint(pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The surroundings continued into the box (Telea 2004); the nearest to removal without a scene.

    A mask over the whole image leaves nothing to continue and is filled with grey.
    """
    if mask.all():
        return grey(pixels, mask)
    return cv2.inpaint(pixels, mask.astype(np.uint8), 3, cv2.INPAINT_TELEA)


def occluded(image: Image.Image, box: NDArray, fill: str) -> Image.Image:
    """The image with the pixels of one box filled; all others are as they were.

    box    : x0, y0, x1, y1, pixels, half-open, may overhang; outside the image nothing is filled
    fill   : a name of FILLS
    """
    pixels = np.asarray(image)
    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = pixel_boxes(box, (height, width))[0]
    if x1 <= x0 or y1 <= y0:
        return image
    mask = np.zeros((height, width), np.uint8)
    mask[y0:y1, x0:x1] = 1
    scale = min(COARSE / max(height, width), 1)
    small = (max(round(width * scale), 1), max(round(height * scale), 1))
    coarse = cv2.resize(pixels, small, interpolation=cv2.INTER_AREA)
    touched = cv2.resize(mask * 255, small, interpolation=cv2.INTER_AREA) > 0
    filling = cv2.resize(FILLS[fill](coarse, touched), (width, height))
    return Image.fromarray(np.where(mask[..., None] == 1, filling, pixels))


def cell_coverage(
    boxes: NDArray, size: tuple[int, int], cells: tuple[int, int]
) -> NDArray[np.float64]:
    """Share of each cell of a map that each box covers; (B, h, w) in [0, 1].

    boxes : (B, 4), pixels; size : height, width of the image; cells : h, w of the map
    """
    inside = pixel_boxes(boxes, size).astype(np.float64)
    covered = []
    for low, high, pixels, count in (
        (inside[:, 1], inside[:, 3], size[0], cells[0]),
        (inside[:, 0], inside[:, 2], size[1], cells[1]),
    ):
        edges = np.linspace(0, pixels, count + 1)
        start = np.maximum(low[:, None], edges[None, :-1])
        end = np.minimum(high[:, None], edges[None, 1:])
        covered.append((end - start).clip(0) / (pixels / count))
    return covered[0][:, :, None] * covered[1][:, None, :]


def logits_without_cells(
    head: torch.nn.Sequential, features: torch.Tensor, coverage: NDArray
) -> NDArray[np.float64]:
    """(1 + B, L) logits of one image, whole and with the activations under each box set to zero.

    A head-only ablation: no picture is made and no convolution runs. A cell that is covered in part
    is dimmed in part.

    features : (C, h, w), before head[0]
    coverage : (B, h, w) in [0, 1]
    """
    with torch.no_grad():
        activations = head[0](features[None])
        kept = torch.from_numpy(1 - coverage).to(activations)[:, None]
        variants = torch.cat([activations, activations * kept])
        return head[1:](variants).double().cpu().numpy()


def reduced(image: Image.Image, boxes: NDArray) -> tuple[Image.Image, NDArray]:
    """A large image and its boxes, made smaller; others as they are."""
    scale = min(LARGEST / max(image.size), 1)
    if scale == 1:
        return image, boxes
    width, height = (max(round(side * scale), 1) for side in image.size)
    ratio = np.tile([width / image.size[0], height / image.size[1]], 2)
    return image.resize((width, height), Image.Resampling.BICUBIC), boxes * ratio


CELLS = "cells"


def occlusion_effects(
    analysis: Analysis, boxes: pd.DataFrame, fills: Sequence[str], ids: Sequence[str] | None = None
) -> dict[str, pd.DataFrame]:
    """What the network says without each box, for several fillings in one pass over the images.

    boxes   : image, x0, y0, x1, y1; rows of images that are not analysed are left out
    fills   : names of FILLS, or "cells" for the head-only ablation
    ids     : the images to analyse; all of the study by default
    returns : filling -> one row a box
    """
    ids = list(analysis.ids if ids is None else ids)
    chosen = boxes[["image", "x0", "y0", "x1", "y1"]]
    chosen = chosen[chosen["image"].isin(ids)]
    filling = {fill: FILLS[fill] for fill in fills if fill != CELLS}
    recipes = {
        fill: analysis.recipe(
            f"occlusion-{fill}", _occlude, network=True, fill=fill, filling=filling.get(fill)
        )
        for fill in fills
    }
    of_image = dict(tuple(chosen.groupby("image", sort=False)))
    given = row_hashes(chosen)

    def compute(shard: list[str], missing: list[str]) -> dict[str, pd.DataFrame]:
        tables: dict[str, list[pd.DataFrame]] = {fill: [] for fill in missing}
        for image in shard:
            one = analysis.for_image(image)
            for fill, table in _occlude(one, image, of_image.get(image), missing).items():
                tables[fill].append(table)
        return {f: pd.concat(t, ignore_index=True) if t else _nothing() for f, t in tables.items()}

    beside = dict.fromkeys(fills, given)
    done = analysis.run(recipes, compute, "covering each box", ids, beside)
    return {fill: _numbered(table, of_image) for fill, table in done.items()}


def _numbered(found: pd.DataFrame, boxes: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Stored is the place of a box in its image; wanted is its row in the given boxes."""
    rows = [
        boxes[image].index[place] for image, place in zip(found["image"], found["box"], strict=True)
    ]
    return found.assign(box=np.array(rows, dtype=np.int64))


def _nothing() -> pd.DataFrame:
    texts = dict.fromkeys(("image", "label", "label_without"), "object")
    numbers = [*MEASURES, *(f"{measure}_drop" for measure in MEASURES)]
    types = {**texts, "box": "int64", **dict.fromkeys(numbers, "float64")}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in types.items()})


def _occlude(
    analysis: Analysis, image: str, boxes: pd.DataFrame | None, fills: Sequence[str]
) -> dict[str, pd.DataFrame]:
    if boxes is None:
        return {}
    network, device = analysis.models.network, analysis.torch_device
    corners = boxes[["x0", "y0", "x1", "y1"]].to_numpy(dtype=np.float64)
    picture, corners = reduced(analysis.corpus.read(image), corners)
    tables = {}
    for fill in fills:
        if fill == CELLS:
            with torch.no_grad():
                features = network.features(network.preprocess(picture)[None].to(device))[0]
            coverage = cell_coverage(corners, picture.size[::-1], tuple(features.shape[-2:]))
            logits = logits_without_cells(network.head, features, coverage)
        else:
            changed = [occluded(picture, box, fill) for box in corners]
            logits = logits_without(network, picture, changed, device)
        found = changes(logits, network.labels)
        tables[fill] = found.assign(image=image, box=np.arange(len(boxes)))
    return tables
