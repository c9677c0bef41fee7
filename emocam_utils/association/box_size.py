"""Does a score favour small boxes? The importance of boxes against their size (EmoCAM, Fig. 4)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from ..pipeline.attention import Attention


def relative_area(boxes: pd.DataFrame, images: pd.DataFrame) -> np.ndarray:
    """Share of its image that each box covers, (B,) in [0, 1].

    images : image, width, height
    """
    sizes = images.set_index("image")
    pixels = boxes["image"].map(sizes["width"].astype(float) * sizes["height"])
    area = (boxes["x1"] - boxes["x0"]) * (boxes["y1"] - boxes["y0"])
    return (area / pixels).to_numpy(dtype=np.float64)


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
    scores = [name for name in table if name != "area"]
    return pd.Series({name: _rho(table["area"], table[name]) for name in scores}, name="rho")


def _rho(area: pd.Series, score: pd.Series) -> float:
    if len(area) < 3 or area.nunique() < 2 or score.nunique() < 2:
        return np.nan
    return float(stats.spearmanr(area, score).statistic)


def binned_medians(table: pd.DataFrame, bins: int = 10) -> pd.DataFrame:
    """Median of each score over boxes of similar area: bins of equally many boxes.

    returns : one row a bin, area and each score in their medians
    """
    places = (table["area"].rank(method="first") - 1) * bins // max(len(table), 1)
    return table.groupby(places.astype(int)).median().rename_axis("bin")


def size_bias_words(rho: pd.Series, even: float = 0.1) -> str:
    """Which scores favour small boxes, which large ones, in a sentence.

    even : scores with a rho nearer to 0 than this count as even
    """
    words = []
    for name, value in rho.items():
        if np.isnan(value):
            words.append(f"{name}: undefined")
        elif abs(value) < even:
            words.append(f"{name}: ρ = {value:+.2f}, nearly even")
        else:
            size = "small" if value < 0 else "large"
            words.append(f"{name}: ρ = {value:+.2f}, favours {size} boxes")
    return "; ".join(words)
