"""What EmoCAM reports of Grad-CAM (Section 3.1), judged on this corpus where it can be asked.

The paper, of FindingEmo: the human face is the most important class of every label, but for
Clothing; Sports equipment goes with Excitement, Food with Craving, Furniture with Interest, Plant
with Surprise. It cannot be asked of a class that the detector does not know, of a label that the
network does not have, and of a label of too few images.

Axes: N images that count, K classes, L labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..pipeline.attention import Attention, counted_images
from ..stats.bootstrap import resampled_rows, weighted_mean
from ..stats.intervals import percentile
from ..stats.max_t import simultaneous

FACE, EXEMPT = "Human face", "Clothing"
PAIRS = (
    ("Sports equipment", "Excitement"),
    ("Food", "Craving"),
    ("Furniture", "Interest"),
    ("Plant", "Surprise"),
)
LEAST = 12  # images of a label
TIMES = 1000  # a corpus of 26,000 images has to fit, drawn so often
HOLDS, FAILS, OPEN, CANNOT = "holds", "does not hold", "not decided", "cannot be asked"
VERDICTS = (HOLDS, FAILS, OPEN)


@dataclass(frozen=True)
class Asked:
    """The images that count (label), in which of them each class is attended, (N, K), and draws.

    weights : (T, N), how often each image is drawn when its theme is
    """

    images: pd.DataFrame
    attended: NDArray[np.bool_]
    attention: Attention
    weights: NDArray[np.float32]
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
    """Every claim with its verdict, each at 95 % by itself.

    themes  : of each image of `attention.predictions`; drawn whole (`dimensions.clusters_of`)
    returns : one row a claim and label: claim, label, images, class and percent (M'_A), against and
              against_percent (the class it must exceed, or the class on all other labels),
              difference with low and high (95 % over themes), verdict
    """
    images, attended = attended_images(attention)
    theme_of = pd.Series(np.asarray(themes), attention.predictions["image"])
    weights = resampled_rows(theme_of.loc[images["image"]], TIMES, seed).astype(np.float32)
    asked = Asked(images, attended, attention, weights, least)
    rows = [_face(asked, label) for label in attention.labels]
    rows += [_pair(asked, *pair) for pair in PAIRS]
    return pd.DataFrame(rows).set_index(["claim", "label"])


def claims_in_words(claims: Mapping[str, pd.DataFrame]) -> list[str]:
    """A sentence a setting and claim that can be asked, and one for those that cannot.

    claims : title of the setting -> table of `published_claims`
    """
    lines = []
    for title, table in claims.items():
        for claim, rows in table[table["verdict"] != CANNOT].groupby(level="claim", sort=False):
            labels = rows.droplevel("claim").groupby("verdict").groups
            said = [f"{word} for {', '.join(labels[word])}" for word in VERDICTS if word in labels]
            lines.append(f"{title}: {claim}: {'; '.join(said)}.")
        asked = table["verdict"] != CANNOT
        never = ~asked.groupby(level="claim", sort=False).any()
        if never.any():
            lines.append(f"{title}: cannot be asked here: {', '.join(never.index[never])}.")
    return lines


def _face(asked: Asked, label: str) -> dict:
    """Is the face attended in more images of a label than any other class but Clothing?

    Its interval is that of the least difference, over all classes at once: which class is the
    strongest rival is read off the same images.
    """
    inside, classes = asked.of(label), asked.attention.classes
    row = _row("the face is the most important class", label, inside.sum(), FACE)
    others = [place for place, name in enumerate(classes) if name not in (FACE, EXEMPT)]
    if FACE not in classes or not others or inside.sum() < asked.least:
        return row
    attended = 100.0 * asked.attended[inside]
    percent, drawn = attended.mean(axis=0), weighted_mean(attended, asked.weights[:, inside])
    face, rival = classes.index(FACE), others[int(percent[others].argmax())]
    row |= {"percent": percent[face], "against": classes[rival], "against_percent": percent[rival]}
    ahead, samples = (of[..., [face]] - of[..., others] for of in (percent, drawn))
    low, high = (ends.min(axis=-1) for ends in simultaneous(ahead, samples - ahead))
    return _judged(row, low, high)


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
    return _judged(row, *percentile(sides[0] - sides[1]))


def _row(claim: str, label: str, images: int, kind: str) -> dict:
    numbers = dict.fromkeys(("percent", "against_percent", "difference", "low", "high"), np.nan)
    words = {"claim": claim, "label": label, "images": int(images), "class": kind, "against": ""}
    return words | numbers | {"verdict": CANNOT}


def _judged(row: dict, low: float, high: float) -> dict:
    """The row with its difference, interval and verdict."""
    verdict = HOLDS if low > 0 else FAILS if high < 0 else OPEN
    difference = row["percent"] - row["against_percent"]
    ends = {"low": float(low), "high": float(high)}
    return row | {"difference": difference, **ends, "verdict": verdict}
