"""One photograph: what detector and network say of it, and what covering each object does.

Axes: B boxes, L labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ..cams import CamMethod
from ..pipeline.analysis import Analysis
from ..pipeline.importance import SCORES, pixel_boxes
from ..study import Preset
from ..widgets.pictures import CORNERS
from ..widgets.target_maps import map_for

MOST_COVERED = 20  # boxes, the surest: each is a pass through the network


@dataclass(frozen=True)
class Photo:
    """A photograph with its boxes, its raw map (h, w) and a row of probabilities.

    boxes : (B rows) class, confidence, corners; importance and, for those that were covered, the
            label then, the probability of the photograph's label, and by how much it fell
    """

    image: Image.Image
    boxes: pd.DataFrame
    raw: NDArray
    probabilities: pd.Series

    @property
    def label(self) -> str:
        return str(self.probabilities.idxmax())


def look_at_photo(
    analysis: Analysis, image: Image.Image, name: str, method: CamMethod, preset: Preset
) -> Photo:
    """Detect, predict, explain, and cover one box after the other.

    preset : its confidence and score of a box count
    Errors : BoxFileError of a detector that knows images by their names, and not this one
    """
    boxes = analysis.detector.detect([image], [name])[0]
    boxes = boxes[boxes["confidence"] > preset.confidence].reset_index(drop=True)
    boxes = boxes.sort_values("confidence", ascending=False, kind="stable").reset_index(drop=True)
    chances = probabilities(analysis, [image])[0]
    label = analysis.labels[int(chances.argmax())]
    raw = map_for(analysis, method, image, label)
    corners = boxes[CORNERS].to_numpy()
    boxes["importance"] = SCORES[preset.importance](raw, corners, image.size[::-1])
    hidden = [covered(image, box) for box in corners[:MOST_COVERED]]
    after = probabilities(analysis, hidden)
    of_label = np.full(len(boxes), np.nan)
    of_label[: len(after)] = after[:, list(analysis.labels).index(label)]
    then = [analysis.labels[k] for k in after.argmax(axis=1)] if len(after) else []
    boxes["label when covered"] = pd.Series(then, dtype=object).reindex(boxes.index)
    boxes["probability when covered"] = of_label
    boxes["fall"] = chances.max() - of_label
    return Photo(image, boxes, raw, pd.Series(chances, list(analysis.labels)))


def covered(image: Image.Image, box: Sequence[float]) -> Image.Image:
    """The image with a box filled with its own mean colour outside of the box."""
    x0, y0, x1, y1 = pixel_boxes(np.asarray(box), image.size[::-1])[0]
    pixels = np.asarray(image, dtype=np.float64)
    outside = np.ones(pixels.shape[:2], dtype=bool)
    outside[y0:y1, x0:x1] = False
    mean = pixels[outside if outside.any() else ~outside].mean(axis=0)
    result = image.copy()
    if x1 > x0 and y1 > y0:
        colour = tuple(round(v) for v in mean)
        ImageDraw.Draw(result).rectangle((x0, y0, x1 - 1, y1 - 1), fill=colour)
    return result


def probabilities(analysis: Analysis, images: Sequence[Image.Image]) -> NDArray[np.float64]:
    """The network's probabilities of each image alone, (N, L)."""
    network, rows = analysis.network, np.empty((0, len(analysis.labels)))
    for image in images:
        inputs = network.preprocess(image)[None].to(analysis.torch_device)
        with torch.no_grad():
            logits = network.head(network.features(inputs)).double()
        rows = np.vstack([rows, logits.softmax(1).cpu().numpy()])
    return rows
