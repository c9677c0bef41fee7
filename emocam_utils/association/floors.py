"""What an association is worth: its classes beside presence, chance and the corpus drawn again.

Axes: K object classes, L emotion labels, B boxes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from ..pipeline.attention import Attention
from ..pipeline.counts import Tally
from ..pipeline.matrix import Association
from ..stats.significance import bootstrap_means, mean_percent, ranks, shuffled_within_images

RANGE = (2.5, 97.5)  # percentiles of the intervals


def shuffled_attention(attention: Attention, seed: int) -> Attention:
    """The importance of the preset's score dealt out anew among the boxes of each image.

    Only boxes of enough confidence take part: the others never count, and with them the floor would
    sink with the number of doubtful boxes.
    """
    score, boxes = attention.preset.importance, attention.boxes
    taking_part = (boxes["confidence"] > attention.preset.confidence).to_numpy()
    importance = attention.importances[score].to_numpy(dtype=np.float64, copy=True)
    images = pd.factorize(boxes["image"])[0]
    importance[taking_part] = shuffled_within_images(
        importance[taking_part], images[taking_part], seed
    )
    return replace(attention, importances=attention.importances.assign(**{score: importance}))


def shuffled_means(attention: Attention, draws: int, seed: int = 0) -> np.ndarray:
    """Mean percentage of each class over the labels for several shuffles, (draws, K)."""
    means = []
    for draw in range(draws):
        shuffled = shuffled_attention(attention, seed + draw)
        tally = Tally.of(shuffled, [attention.preset.importance])
        counts = tally.matrix(attention.preset), tally.images_per_label(attention.preset)
        means.append(mean_percent(*counts))
    return np.array(means).reshape(draws, len(attention.classes))


def resampled_means(attention: Attention, draws: int, seed: int = 0) -> np.ndarray:
    """Mean percentage of each class over the labels on resampled images, (draws, K)."""
    tally = Tally.of(attention, [attention.preset.importance])
    attended = np.flatnonzero(tally.attended(attention.preset))
    counted = np.flatnonzero(tally.counted(attention.preset))
    position = np.full(len(tally.images), -1)
    position[counted] = np.arange(len(counted))
    images = position[tally.pair_image[attended]]
    classes = tally.cell[attended] // len(tally.labels)
    shape = len(tally.classes), len(tally.labels)
    return bootstrap_means((images, classes), tally.labels_of[counted], shape, draws, seed)


def class_table(
    association: Association, random: Association, top: int, draws: int = 200, seed: int = 0
) -> pd.DataFrame:
    """The most prominent classes with all that their percentage must be compared with.

    association : of the method that is judged
    random      : the same with random maps
    draws       : of the bootstrap; a tenth as many shuffles
    returns     : one row a class: means over the labels in percent: attended (_low and _high from
                  the bootstrap over images), presence, shuffled (_low, _high), random; and rank
                  (_low, _high), 1 for the highest mean
    """
    attention = association.attention
    names = association.panel(top)[0].index
    rows = pd.Index(attention.classes).get_indexer(names)
    images = association.images.to_numpy()
    drawn = resampled_means(attention, draws, seed)
    shuffled = shuffled_means(attention, max(draws // 10, 1), seed)
    attended = mean_percent(association.matrix.to_numpy(), images)
    columns = {
        "attended": attended,
        "attended_low": np.percentile(drawn, RANGE[0], axis=0),
        "attended_high": np.percentile(drawn, RANGE[1], axis=0),
        "presence": mean_percent(association.counts.present, images),
        "shuffled": shuffled.mean(axis=0),
        "shuffled_low": np.percentile(shuffled, RANGE[0], axis=0),
        "shuffled_high": np.percentile(shuffled, RANGE[1], axis=0),
        "random": mean_percent(random.matrix.to_numpy(), random.images.to_numpy()),
        "rank": ranks(attended),
        "rank_low": np.percentile(ranks(drawn), RANGE[0], axis=0),
        "rank_high": np.percentile(ranks(drawn), RANGE[1], axis=0),
    }
    table = pd.DataFrame({name: values[rows] for name, values in columns.items()}, index=names)
    return table.rename_axis("class")


def floors_words(table: pd.DataFrame) -> str:
    """How many of the classes are above each floor, in a sentence.

    table : as `class_table` makes it
    """
    shuffled = (table["attended"] > table["shuffled_high"]).sum()
    random = (table["attended_low"] > table["random"]).sum()
    return (
        f"Of {len(table)} classes, {shuffled} are attended more often than with importances "
        f"shuffled within images (above their 95 % range), and {random} more often than with "
        "random maps (by their interval over images)."
    )
