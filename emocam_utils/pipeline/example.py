"""One image with all that a study knows of it, and the choice of images worth looking at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image

from ..study import Preset
from .analysis import Analysis
from .importance import SCORES, scaled
from .tables import map_array


@dataclass(frozen=True)
class Example:
    """An image, its boxes (B rows) and their importance, its scaled map and its probabilities."""

    image: Image.Image
    label: str
    boxes: pd.DataFrame
    cam: np.ndarray  # (h, w) in [0, 1], NaN for an empty map
    raw: np.ndarray  # (h, w), signed
    probabilities: pd.Series  # one a label

    def importance(self, score: str) -> np.ndarray:
        """The importance of each box under a score, (B,)."""
        corners = self.boxes[["x0", "y0", "x1", "y1"]].to_numpy()
        return SCORES[score](self.raw, corners, self.image.size[::-1])


def example(analysis: Analysis, image: str, maps: pd.DataFrame, preset: Preset) -> Example:
    """Everything about one image; boxes of too low confidence are left out, as the preset says."""
    boxes = analysis.boxes
    found = boxes[(boxes["image"] == image) & (boxes["confidence"] > preset.confidence)]
    raw = map_array(maps[maps["image"] == image].iloc[0])
    prediction = analysis.predictions.set_index("image").loc[image]
    logits = np.asarray(prediction["logits"], dtype=np.float64)
    odds = np.exp(logits - logits.max())
    return Example(
        image=analysis.corpus.read(image),
        label=prediction["label"],
        boxes=found.reset_index(drop=True),
        cam=scaled(raw),
        raw=raw,
        probabilities=pd.Series(odds / odds.sum(), index=list(analysis.labels)),
    )


def clear_example(analysis: Analysis, maps: pd.DataFrame, preset: Preset) -> str:
    """The image that shows the pipeline best: sure, a map that is not empty, four boxes or near.

    Chosen by a rule, not by hand: among the images with a map, the number of boxes nearest to four,
    then the highest probability.
    """
    boxes = analysis.boxes
    counted = boxes.loc[boxes["confidence"] > preset.confidence, "image"].value_counts()
    table = analysis.predictions.set_index("image")
    table = table.assign(boxes=counted.reindex(table.index, fill_value=0))
    table["empty"] = maps.set_index("image")["empty"]
    table["distance"] = (table["boxes"] - 4).abs()
    order = table.sort_values(
        ["empty", "distance", "probability"], ascending=[True, True, False], kind="stable"
    )
    return order.index[0]


def small_box_example(
    boxes: pd.DataFrame, images: pd.DataFrame, by_mean: np.ndarray, by_size: np.ndarray
) -> str | None:
    """The image where the mean prefers the smallest box and a size-aware score another (Fig. 4).

    by_mean, by_size : (len(boxes),), importance under the two scores
    returns          : the image whose winner under the mean covers the smallest share of the image;
                       None if the two scores agree everywhere
    """
    sizes = images.set_index("image")
    area = (boxes["x1"] - boxes["x0"]) * (boxes["y1"] - boxes["y0"])
    pixels = boxes["image"].map(sizes["width"] * sizes["height"])
    table = boxes.assign(area=area / pixels, by_mean=by_mean, by_size=by_size)
    table = table.dropna(subset=["by_mean", "by_size"])
    if table.empty:
        return None
    groups = table.groupby("image")
    winners = pd.DataFrame(
        {"by_mean": groups["by_mean"].idxmax(), "by_size": groups["by_size"].idxmax()}
    )
    differ = winners[winners["by_mean"] != winners["by_size"]]
    if differ.empty:
        return None
    smallest = table.loc[differ["by_mean"], ["image", "area"]].sort_values("area", kind="stable")
    return smallest["image"].iloc[0]
