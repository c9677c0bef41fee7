"""One image with all that a study knows of it, and the choice of images worth looking at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from scipy.special import softmax

from ..corpora import picture
from ..study import Preset
from .analysis import Analysis
from .importance import SCORES, scaled
from .tables import map_array

BOXES = 4  # of a clear example: enough to choose from, and still to be told apart


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
    return Example(
        image=picture(analysis.corpus, image),
        label=prediction["label"],
        boxes=found.reset_index(drop=True),
        cam=scaled(raw),
        raw=raw,
        probabilities=probabilities(prediction["logits"], analysis.labels),
    )


def probabilities(logits: ArrayLike, labels: Sequence[str]) -> pd.Series:
    """Softmax of an image's logits, one a label."""
    return pd.Series(softmax(np.asarray(logits, dtype=np.float64)), index=list(labels))


def clear_examples(
    boxes: pd.DataFrame, predictions: pd.DataFrame, empty: NDArray, confidence: float
) -> pd.Series:
    """Images that show the pipeline best, the best first: (image -> predicted label).

    Chosen by a rule, not by hand: fewest empty maps, then the number of boxes nearest to four, then
    the highest probability.
    empty : (N,), empty maps of each row of predictions, e.g. over several methods
    """
    counted = boxes.loc[boxes["confidence"] > confidence, "image"].value_counts()
    table = predictions.set_index("image").assign(empty=np.asarray(empty, dtype=int))
    table["distance"] = (counted.reindex(table.index, fill_value=0) - BOXES).abs()
    order = ["empty", "distance", "probability"]
    return table.sort_values(order, ascending=[True, True, False], kind="stable")["label"]


def clear_example(analysis: Analysis, maps: pd.DataFrame, preset: Preset) -> str:
    """The first of `clear_examples`, by the maps of one method."""
    predictions = analysis.predictions
    empty = maps.set_index("image")["empty"].loc[predictions["image"]]
    return clear_examples(analysis.boxes, predictions, empty, preset.confidence).index[0]


def relative_area(boxes: pd.DataFrame, images: pd.DataFrame) -> NDArray[np.float64]:
    """Share of its image that each box covers, (B,) in [0, 1]. images : image, width, height."""
    sizes = images.set_index("image")
    pixels = boxes["image"].map(sizes["width"].astype(float) * sizes["height"])
    area = (boxes["x1"] - boxes["x0"]) * (boxes["y1"] - boxes["y0"])
    return (area / pixels).to_numpy(dtype=np.float64)


def small_box_example(
    boxes: pd.DataFrame,
    images: pd.DataFrame,
    by_mean: NDArray,
    by_score: NDArray,
    causal: NDArray[np.bool_] | None = None,
    thresholds: tuple[float, float] = (0.0, 0.0),
    there: NDArray[np.bool_] | None = None,
) -> str | None:
    """The image where the mean prefers the smallest wrong box to a larger one (Fig. 4).

    boxes             : those that count, and are drawn
    by_mean, by_score : (len(boxes),), importance under the mean and under a score that sees size
    causal            : (len(boxes),), boxes that cause the label: the mean's winner must be none of
                        them, the other score's one. None where this is not known: then the mean's
                        winner is only the smaller box, and which of the two is right is open
    thresholds        : that the two winners must pass
    there             : (len(boxes),), boxes of a class that the image holds, as both winners must
                        be: what a detector invents is not the fault of a score
    returns           : the image whose winner under the mean covers the smallest share of it; None
                        if there is no such image
    """
    table = boxes[["image"]].assign(area=relative_area(boxes, images))
    there = True if there is None else there
    table = table.assign(by_mean=by_mean, by_score=by_score, causal=causal, there=there)
    table = table.reset_index(drop=True)
    groups = table.dropna(subset=["area", "by_mean", "by_score"]).groupby("image")
    small, large = (table.loc[groups[score].idxmax()] for score in ("by_mean", "by_score"))
    wanted = small["area"].to_numpy() < large["area"].to_numpy()
    wanted &= small["by_mean"].to_numpy() > thresholds[0]
    wanted &= large["by_score"].to_numpy() > thresholds[1]
    wanted &= small["there"].to_numpy(bool) & large["there"].to_numpy(bool)
    if causal is not None:
        wanted &= ~small["causal"].to_numpy(bool) & large["causal"].to_numpy(bool)
    found = small[wanted].sort_values("area", kind="stable")
    return found["image"].iloc[0] if len(found) else None
