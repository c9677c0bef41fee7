"""What a CAM method finds in a corpus: boxes with their importance, and which of them count."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ..study import Preset


@dataclass(frozen=True)
class Attention:
    """What one CAM method, made as a preset says, finds in a corpus.

    boxes, predictions, maps : as the stages store them
    importances              : one row a box, one column a score; NaN where undefined
    """

    cam: str
    preset: Preset
    boxes: pd.DataFrame
    predictions: pd.DataFrame
    maps: pd.DataFrame
    importances: pd.DataFrame
    classes: tuple[str, ...]
    labels: tuple[str, ...]


def counted_images(predictions: pd.DataFrame, preset: Preset) -> pd.DataFrame:
    """The images that count under a preset: a sure label, and people who agree about it.

    predictions : may have a column `ambiguity` (of an image's annotation, as in FindingEmo); where
                  it has none, as no corpus without annotations does, that filter lets all pass
    """
    counts = predictions["probability"] > preset.probability
    if "ambiguity" in predictions:
        counts &= predictions["ambiguity"] < preset.ambiguity
    return predictions[counts]
