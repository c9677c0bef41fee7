"""What a photograph is rated when the objects of a class are covered: the cut that needs no map.

Two fillings: `inpaint` continues the surroundings into the boxes (Telea 2004), `mean colour` paints
them with the mean colour of the rest. Neither is the photograph without the object: the one smears,
the other leaves edges, and a box covers more than its object.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image

from ..networks import EmotionNetwork
from ..pipeline.analysis import Analysis
from ..pipeline.importance import pixel_boxes
from ..pipeline.keys import row_hashes
from .rated import CORNERS, NETWORK, Rated

WAYS = ("inpaint", "mean colour")
COARSE = 160  # pixels of a side on which surroundings are continued
LEAST_REST = 0.1  # of the photograph; with less around the boxes nothing is left to fill them from


def box_mask(boxes: NDArray, size: tuple[int, int]) -> NDArray[np.bool_]:
    """The union of boxes, (height, width). boxes : (B, 4) pixels; size : height, width"""
    mask = np.zeros(size, dtype=bool)
    for x0, y0, x1, y1 in pixel_boxes(boxes, size):
        mask[y0:y1, x0:x1] = True
    return mask


def filled(pixels: NDArray[np.uint8], mask: NDArray[np.bool_], way: str) -> NDArray[np.uint8]:
    """The photograph with the masked pixels filled; all others are as they were.

    pixels : (h, w, 3); mask : (h, w), not all of it; way : of WAYS
    """
    if way == "mean colour":
        filling = np.rint(pixels[~mask].mean(axis=0)).astype(np.uint8)
        return np.where(mask[..., None], filling, pixels)
    height, width = mask.shape
    scale = min(COARSE / max(height, width), 1)
    small = max(round(width * scale), 1), max(round(height * scale), 1)
    touched = cv2.resize(mask.astype(np.uint8) * 255, small, interpolation=cv2.INTER_AREA) > 0
    coarse = cv2.resize(pixels, small, interpolation=cv2.INTER_AREA)
    if not touched.all():
        coarse = cv2.inpaint(coarse, touched.astype(np.uint8), 3, cv2.INPAINT_TELEA)
    return np.where(mask[..., None], cv2.resize(coarse, (width, height)), pixels)


def covered_ratings(
    analysis: Analysis, rated: Rated, classes: Sequence[str], ways: Sequence[str] = WAYS[:1]
) -> pd.DataFrame:
    """How far covering all boxes of a class lowers each rating of a photograph.

    ways    : of WAYS
    returns : one row a photograph, class and way: image, class, way, and a column a dimension: the
              rating of the whole photograph less that of the covered one, in rating points; NaN
              where the boxes leave less than a tenth of the photograph. Computed once and stored
    """
    wanted = rated.sure[rated.sure["class"].isin(classes)][["image", "class", *CORNERS]]
    wanted = wanted.astype({"class": str})
    of_image = dict(tuple(wanted.groupby("image", sort=False)))
    columns = ["image", "class", *rated.dimensions]
    if not of_image:
        return pd.DataFrame(columns=[*columns[:2], "way", *columns[2:]])
    made = {way: analysis.recipe("covered", _cover_image, network=True, way=way) for way in ways}

    def compute(ids: list[str], missing: list[str]) -> dict[str, pd.DataFrame]:
        return {
            way: pd.concat(
                [_cover_image(analysis, image, of_image[image], way, columns) for image in ids],
                ignore_index=True,
            )
            for way in missing
        }

    beside = dict.fromkeys(ways, row_hashes(wanted))
    ids = [image for image in rated.photographs.index if image in of_image]
    found = analysis.run(made, compute, "covering objects", ids, beside)
    table = pd.concat([found[way].assign(way=way) for way in ways], ignore_index=True)
    whole = rated.photographs.loc[table["image"]]
    for dimension in rated.dimensions:
        table[dimension] = whole[NETWORK + dimension].to_numpy() - table[dimension]
    return table


def _cover_image(
    analysis: Analysis, image: str, boxes: pd.DataFrame, way: str, columns: Sequence[str]
) -> pd.DataFrame:
    """What the network rates a photograph without the boxes of each class, one row a class."""
    network = analysis.for_image(image).models.network
    pixels = np.asarray(analysis.corpus.read(image).convert("RGB"))
    rows = []
    for kind, found in boxes.groupby("class", sort=True):
        mask = box_mask(found[CORNERS].to_numpy(), pixels.shape[:2])
        rating = np.full(len(columns) - 2, np.nan)
        if (~mask).mean() >= LEAST_REST:
            covered = Image.fromarray(filled(pixels, mask, way))
            rating = _rating(network, covered, analysis.torch_device)
        rows.append((image, kind, *rating))
    return pd.DataFrame(rows, columns=list(columns))


@torch.no_grad()
def _rating(network: EmotionNetwork, picture: Image.Image, device: torch.device) -> NDArray:
    """(D,), each photograph passed through the network alone."""
    inputs = network.preprocess(picture)[None].to(device)
    return network.rater(network.features(inputs))[0].double().cpu().numpy()
