"""What EmoCAM reports of Grad-CAM (Section 3.1), judged on this corpus where it can be asked.

The paper: the human face is the most important class of every label, but for Clothing; Sports
equipment goes with Excitement, Food with Craving, Furniture with Interest, Plant with Surprise. It
cannot be asked of a class that the detector does not know, of a label that the network does not
have, and of a label of too few images.

Axes: N images that count, K classes, L labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..pipeline.attention import Attention, counted_images
from ..stats.bootstrap import TIMES, resampled_rows, weighted_mean
from ..stats.intervals import percentile

FACE, EXEMPT = "Human face", "Clothing"
PAIRS = (
    ("Sports equipment", "Excitement"),
    ("Food", "Craving"),
    ("Furniture", "Interest"),
    ("Plant", "Surprise"),
)
LEAST = 12  # images of a label
HOLDS, FAILS, OPEN, CANNOT = "holds", "does not hold", "not decided", "cannot be asked"


@dataclass(frozen=True)
class Asked:
    """The images that count (label), in which of them each class is attended, (N, K), and draws.

    weights : (T, N), how often each image is drawn when its theme is
    """

    images: pd.DataFrame
    attended: NDArray[np.bool_]
    attention: Attention
    weights: NDArray[np.float64]
    least: int

    def of(self, label: str) -> NDArray[np.bool_]:
        """Which images have a label, (N,)."""
        return (self.images["label"] == label).to_numpy()


def attended_images(attention: Attention) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """The images that count, and in which of them each class is attended, (N, K)."""
    preset, boxes = attention.preset, attention.boxes
    images = counted_images(attention.predictions, preset).reset_index(drop=True)
    kept = boxes["confidence"].to_numpy() > preset.confidence
    kept &= (attention.importances[preset.importance] > preset.threshold).to_numpy()
    row = pd.Index(images["image"]).get_indexer(boxes["image"])
    place = pd.Index(attention.classes).get_indexer(boxes["class"].astype(str))
    kept &= (row >= 0) & (place >= 0)
    attended = np.zeros((len(images), len(attention.classes)), dtype=bool)
    attended[row[kept], place[kept]] = True
    return images, attended


def published_claims(
    attention: Attention, themes: ArrayLike, least: int = LEAST, seed: int = 0
) -> pd.DataFrame:
    """Every claim with its verdict.

    themes  : of each image of `attention.predictions`; drawn whole
    returns : one row a claim and label: claim, label, images, class and percent (M'_A), against and
              against_percent (the class it must exceed, or the class on all other labels),
              difference with low and high (95 % over themes), verdict
    """
    images, attended = attended_images(attention)
    theme_of = pd.Series(np.asarray(themes), attention.predictions["image"])
    weights = resampled_rows(theme_of.loc[images["image"]], TIMES, seed).astype(np.float64)
    asked = Asked(images, attended, attention, weights, least)
    rows = [_face(asked, label) for label in attention.labels]
    rows += [_pair(asked, *pair) for pair in PAIRS]
    return pd.DataFrame(rows).set_index(["claim", "label"])


def _face(asked: Asked, label: str) -> dict:
    """Is the face attended in more images of a label than any other class but Clothing?"""
    inside, classes = asked.of(label), asked.attention.classes
    row = _row("the face is the most important class", label, inside.sum(), FACE)
    others = [name for name in classes if name not in (FACE, EXEMPT)]
    if FACE not in classes or not others or inside.sum() < asked.least:
        return row
    percent = pd.Series(100 * asked.attended[inside].mean(axis=0), classes)
    row |= {"percent": percent[FACE], "against": percent[others].idxmax()}
    row["against_percent"] = percent[row["against"]]
    places = [classes.index(name) for name in (FACE, row["against"])]
    drawn = weighted_mean(100.0 * asked.attended[inside][:, places], asked.weights[:, inside])
    return _judged(row, drawn[:, 0] - drawn[:, 1])


def _pair(asked: Asked, kind: str, label: str) -> dict:
    """Is a class attended in more images of a label than of all others?"""
    inside, attention = asked.of(label), asked.attention
    row = _row(f"{kind} goes with {label}", label, inside.sum(), kind)
    known = kind in attention.classes and label in attention.labels
    if not known or min(inside.sum(), (~inside).sum()) < asked.least:
        return row
    column = 100.0 * asked.attended[:, attention.classes.index(kind)]
    row |= {"percent": column[inside].mean(), "against": "other labels"}
    row["against_percent"] = column[~inside].mean()
    sides = [weighted_mean(column[side], asked.weights[:, side]) for side in (inside, ~inside)]
    return _judged(row, sides[0] - sides[1])


def _row(claim: str, label: str, images: int, kind: str) -> dict:
    numbers = dict.fromkeys(("percent", "against_percent", "difference", "low", "high"), np.nan)
    words = {"claim": claim, "label": label, "images": int(images), "class": kind, "against": ""}
    return words | numbers | {"verdict": CANNOT}


def _judged(row: dict, samples: NDArray) -> dict:
    """The row with its difference, interval and verdict."""
    low, high = map(float, percentile(samples))
    verdict = HOLDS if low > 0 else FAILS if high < 0 else OPEN
    difference = row["percent"] - row["against_percent"]
    return row | {"difference": difference, "low": low, "high": high, "verdict": verdict}
