"""What EmoScenes knows and photographs do not: which classes cause a label, by the planted rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..corpora import offers
from ..corpora.emoscenes.rule import load_rule
from ..pipeline.analysis import Analysis
from ..pipeline.attention import Attention, counted_images
from ..pipeline.detections import hallucinated, really_there


def planted_causes(analysis: Analysis, classes: Sequence[str] | None = None) -> pd.DataFrame | None:
    """Which classes the rule makes a cause of which label, (K, L) of bool; None on photographs.

    classes : of the table; by default the detector's
    """
    if not (offers(analysis.corpus, "truth") and offers(analysis.corpus, "remove")):
        return None
    classes, labels = list(analysis.classes if classes is None else classes), list(analysis.labels)
    weights = [load_rule().planted(name) for name in classes]
    table = [[weight.get(label, 0) > 0 for label in labels] for weight in weights]
    return pd.DataFrame(np.array(table).reshape(len(classes), len(labels)), classes, labels)


def absent_cells(analysis: Analysis, attention: Attention) -> pd.DataFrame | None:
    """Cells whose class is mostly not there where it is detected, (K, L); None without a truth.

    A class that only its kinds can show (`count_descendants`) counts as absent: the truth names
    things, not kinds.
    """
    if not offers(analysis.corpus, "truth"):
        return None
    names = pd.Index(attention.classes), pd.Index(attention.labels)
    boxes, images = attention.boxes, counted_images(attention.predictions, attention.preset)
    boxes = boxes[boxes["confidence"] > attention.preset.confidence]
    return hallucinated(boxes, analysis.corpus.truth(), images, names)


def boxes_there(analysis: Analysis, boxes: pd.DataFrame) -> np.ndarray | None:
    """Boxes of a class that their image holds, (B,); None without a truth."""
    if not offers(analysis.corpus, "truth"):
        return None
    return really_there(boxes, analysis.corpus.truth())


def causal_boxes(
    boxes: pd.DataFrame, predictions: pd.DataFrame, causes: pd.DataFrame | None
) -> np.ndarray:
    """Boxes whose class is a cause of their image's predicted label, (B,); all of them, if causes
    are not known."""
    if causes is None:
        return np.ones(len(boxes), dtype=bool)
    label = boxes["image"].map(predictions.set_index("image")["label"])
    row = causes.index.get_indexer(boxes["class"])
    column = causes.columns.get_indexer(label)
    return causes.to_numpy()[row, column] & (row >= 0) & (column >= 0)
