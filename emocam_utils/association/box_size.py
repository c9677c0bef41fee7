"""Does a score favour small boxes? The importance of boxes against their size (EmoCAM, Fig. 4)."""

from __future__ import annotations

import pandas as pd

from ..pipeline.attention import Attention
from ..pipeline.example import relative_area
from ..stats.ranks import spearman


def importance_by_area(attention: Attention, images: pd.DataFrame) -> pd.DataFrame:
    """The boxes that count, one row each: area (share of the image) and a column for each score.

    Boxes of too low confidence and those of empty maps are left out.
    """
    table = attention.importances.assign(area=relative_area(attention.boxes, images))
    confident = attention.boxes["confidence"] > attention.preset.confidence
    return table[confident & (table["area"] > 0)].dropna()


def size_bias(table: pd.DataFrame) -> pd.Series:
    """Spearman's rho of each score with the area: negative if it favours small boxes.

    table   : of `importance_by_area`
    returns : one value a score, NaN for fewer than three boxes or a constant score. A rho of 0 is
              no proof of fairness: large things may well matter more.
    """
    scores = table.drop(columns="area")
    return scores.apply(lambda score: spearman(table["area"], score)).rename("rho")


def binned_medians(table: pd.DataFrame, bins: int = 10) -> pd.DataFrame:
    """Median of each score over boxes of similar area: bins of equally many boxes.

    returns : one row a bin, area and each score in their medians
    """
    places = (table["area"].rank(method="first") - 1) * bins // max(len(table), 1)
    return table.groupby(places.astype(int)).median().rename_axis("bin")
