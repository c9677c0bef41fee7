"""M_A as EmoCAM's Section 2 defines it, by plain pandas: what `counts.Tally` is tested against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emocam_utils.pipeline.attention import Attention, counted_images
from emocam_utils.stats.measures import Counts
from emocam_utils.study import Preset


def attended_boxes(
    boxes: pd.DataFrame, predictions: pd.DataFrame, importance: np.ndarray, preset: Preset
) -> pd.DataFrame:
    """The boxes B* that pass all of a preset's filters, with the label of their image.

    boxes, predictions : as the stages store them
    importance         : (len(boxes),), NaN for undefined; NaN never passes
    """
    confident = counted_images(predictions, preset)
    passed = (importance > preset.threshold) & (boxes["confidence"] > preset.confidence)
    return boxes[passed].merge(confident[["image", "label"]], on="image")


def association_matrix(
    attended: pd.DataFrame, classes: Sequence[str], labels: Sequence[str]
) -> pd.DataFrame:
    """Images of a label in which a class is attended at least once; (K, L).

    attended : one row a box, with columns image, class, label
    """
    pairs = attended[["image", "class", "label"]].drop_duplicates()
    counts = pairs.groupby(["class", "label"], observed=True).size().unstack(fill_value=0)
    return counts.reindex(index=list(classes), columns=list(labels), fill_value=0).astype(int)


def association_percent(matrix: pd.DataFrame, images: pd.Series) -> pd.DataFrame:
    """Each column in percent of its label's images; NaN for a label without one."""
    return 100 * matrix / images.reindex(matrix.columns).replace(0, np.nan)


def slow_counts(attention: Attention) -> Counts:
    """All that an association is a function of."""
    a = attention
    importance = a.importances[a.preset.importance].to_numpy()
    attended, present = (
        association_matrix(
            attended_boxes(a.boxes, a.predictions, values, a.preset), a.classes, a.labels
        ).to_numpy()
        for values in (importance, np.full(len(a.boxes), np.inf))
    )
    counted = counted_images(a.predictions, a.preset)["label"].value_counts()
    return Counts(attended, present, counted.reindex(list(a.labels), fill_value=0).to_numpy())
