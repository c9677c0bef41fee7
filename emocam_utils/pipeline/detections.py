"""How far can a detection be believed? Judged on images: is a class that is found really there?

The presets' confidence is the paper's. Where a corpus knows what is in its images, a confidence can
be chosen on a split of its own, so that few classes are found that are not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..corpora import offers
from ..study import Preset
from .analysis import Analysis

CONFIDENCES = tuple(k / 20 for k in range(1, 20))
PRECISION = 0.99
SCENES = 300  # of the calibration split


def image_rates(
    boxes: pd.DataFrame, truth: pd.DataFrame, confidences: Iterable[float] = CONFIDENCES
) -> pd.DataFrame:
    """Precision and recall of the detector, a class in an image at a time.

    boxes   : as detected; truth : of the same images; both with image and class
    returns : indexed by confidence: found (classes in images), precision (share of these that are
              there), recall (share of those there that are found); NaN of nothing
    """
    there = _pairs(truth)
    rows = {}
    for confidence in confidences:
        found = _pairs(boxes[boxes["confidence"] > confidence])
        right = found.isin(there).sum()
        rows[confidence] = {
            "found": len(found),
            "precision": right / len(found) if len(found) else np.nan,
            "recall": right / len(there) if len(there) else np.nan,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("confidence")


def _pairs(table: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(table[["image", "class"]].astype(object).drop_duplicates())


@dataclass(frozen=True)
class Believed:
    """A confidence, and why it is taken, in a sentence."""

    confidence: float
    because: str

    def preset(self, preset: Preset) -> Preset:
        """A preset with this confidence, all else as it is."""
        return preset.model_copy(update={"confidence": self.confidence})


def believed(analysis: Analysis, preset: Preset, confidence: float = -1) -> Believed:
    """The confidence above which boxes count: the one that is asked for, or one to be believed.

    confidence : -1 takes the lowest of a grid at which 99 % of the classes found in images of the
                 calibration split are there; that of the preset, if the corpus knows no truth
    """
    if confidence >= 0:
        return Believed(confidence, f"confidence {confidence:g}, as asked for")
    if not (offers(analysis.corpus, "truth") and offers(analysis.corpus, "remove")):
        word = "this corpus does not know what is in its images, so how many are real is unknown"
        return Believed(
            preset.confidence, f"confidence {preset.confidence:g}, the preset's; {word}"
        )
    split = calibration(analysis)
    rates = image_rates(split.boxes, split.corpus.truth())
    chosen, first = (
        lowest(rates),
        rates["precision"].iloc[(rates.index >= preset.confidence).argmax()],
    )
    at = rates.loc[chosen]
    return Believed(
        chosen,
        f"confidence {chosen:g}: on {len(split.ids)} images of {split.corpus.name} "
        f"{at['precision']:.1%} of the classes found are there and {at['recall']:.1%} of those "
        f"there are found (at the preset's {preset.confidence:g}: {first:.1%} are there)",
    )


def lowest(rates: pd.DataFrame, precision: float = PRECISION) -> float:
    """The lowest confidence that reaches the precision; the most precise one if none does."""
    reached = rates.index[rates["precision"] >= precision]
    return float(reached[0] if len(reached) else rates["precision"].idxmax())


def calibration(analysis: Analysis, scenes: int = SCENES) -> Analysis:
    """The first scenes of the calibration split, with the detector of the study."""
    study = analysis.study
    limit = min(study.corpus.limit or scenes, scenes)
    corpus = study.corpus.model_copy(update={"split": "calibration", "limit": limit})
    return Analysis(study.model_copy(update={"corpus": corpus}), analysis.device)


def really_there(boxes: pd.DataFrame, truth: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether the image of each box holds its class at all, (B,). truth : image and class."""
    return pd.MultiIndex.from_frame(boxes[["image", "class"]]).isin(_pairs(truth))


def hallucinated(
    boxes: pd.DataFrame, truth: pd.DataFrame, predictions: pd.DataFrame, names: Sequence[pd.Index]
) -> pd.DataFrame:
    """Cells of which most images do not hold the class that was found in them, (K, L) of bool.

    boxes : those that count; predictions : image and label, of the images that count
    names : classes and labels of the cells
    """
    found = _pairs(boxes)
    wrong = ~found.isin(_pairs(truth))
    label = predictions.set_index("image")["label"].astype(object)
    table = found.to_frame(index=False).assign(wrong=wrong).join(label, on="image", how="inner")
    share = table.groupby(["class", "label"])["wrong"].mean().unstack()
    return share.reindex(index=names[0], columns=names[1]) > 0.5
