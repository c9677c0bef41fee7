"""Does a score favour small boxes? The importance of boxes against their size (EmoCAM, Fig. 4)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..pipeline.attention import Attention, counted_images
from ..pipeline.example import relative_area
from ..stats.bootstrap import resampled_rows
from ..stats.intervals import percentile
from ..stats.ranks import spearman


def importance_by_area(
    attention: Attention, images: pd.DataFrame, causal: NDArray[np.bool_] | None = None
) -> pd.DataFrame:
    """The boxes that count, one row each: image, area (share of it) and a column for each score.

    causal : (all boxes,), those that cause the label; where they are known, the others are left
             out, as a score is right to be low for them whatever their size
    Boxes of too low confidence, of images that do not count and those of empty maps are left out.
    """
    boxes, preset = attention.boxes, attention.preset
    table = attention.importances.assign(area=relative_area(boxes, images), image=boxes["image"])
    counts = boxes["image"].isin(counted_images(attention.predictions, preset)["image"])
    wanted = counts & (boxes["confidence"] > preset.confidence) & (table["area"] > 0)
    return table[wanted if causal is None else wanted & causal].dropna()


def size_bias(table: pd.DataFrame, draws: int = 200, seed: int = 0) -> pd.DataFrame:
    """Spearman's rho of each score with the area: negative if it favours small boxes.

    table   : of `importance_by_area`
    returns : one row a score: rho with low and high, its 95 % interval over images (bootstrap), NaN
              for fewer than three boxes or a constant score. A rho of 0 is no proof of fairness:
              large things may well matter more
    """
    weights = resampled_rows(table["image"], draws, seed)
    rows = {}
    for score in table.columns.drop(["area", "image"]):
        low, high = percentile(spearman(table["area"], table[score], weights))
        rows[score] = {"rho": spearman(table["area"], table[score]), "low": low, "high": high}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("score")


def binned_medians(table: pd.DataFrame, bins: int = 10) -> pd.DataFrame:
    """Median of each score over boxes of similar area: bins of equally many boxes.

    returns : one row a bin, area and each score in their medians
    """
    places = (table["area"].rank(method="first") - 1) * bins // max(len(table), 1)
    return table.drop(columns="image").groupby(places.astype(int)).median().rename_axis("bin")
