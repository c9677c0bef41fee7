"""What an association is worth: its classes beside presence, chance and the corpus drawn again.

Shuffles and the bootstrap draw from the whole corpus at once: in parts it would be other draws.

Axes: K object classes, L emotion labels, B boxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ..pipeline.attention import Attention
from ..pipeline.counts import Tally
from ..pipeline.matrix import Association, associate, both_presets
from ..stats.bootstrap import bootstrap_means
from ..stats.intervals import percentile
from ..stats.measures import mean_percent
from ..stats.ranks import places
from ..stats.tests import shuffled_within_images


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
    counts = [associate(shuffled_attention(attention, seed + draw)).counts for draw in range(draws)]
    means = [mean_percent(each.attended, each.images) for each in counts]
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
    attention: Attention, random: Attention, top: int, draws: int = 200, seed: int = 0
) -> pd.DataFrame:
    """The most prominent classes with all that their percentage must be compared with.

    attention : of the method that is judged
    random    : the same with random maps
    draws     : of the bootstrap; a tenth as many shuffles
    returns   : one row a class: means over the labels in percent: attended (_low and _high from
                the bootstrap over images), presence, shuffled (_low, _high), random; and rank
                (_low, _high), 1 for the highest mean
    """
    association, floor = associate(attention), associate(random).counts
    counts = association.counts
    names = association.panel(top)[0].index
    drawn = resampled_means(attention, draws, seed)
    shuffled = shuffled_means(attention, max(draws // 10, 1), seed)
    attended = mean_percent(counts.attended, counts.images)
    columns = {
        **_with_range("attended", attended, drawn),
        "presence": mean_percent(counts.present, counts.images),
        **_with_range("shuffled", shuffled.mean(axis=0), shuffled),
        "random": mean_percent(floor.attended, floor.images),
        **_with_range("rank", places(attended), places(drawn)),
    }
    return pd.DataFrame(columns, index=pd.Index(attention.classes, name="class")).loc[names]


def lasting_classes(sweeps: Mapping[str, pd.DataFrame], top: int = 10) -> pd.DataFrame:
    """How many of the top classes at the lowest threshold are still among them at the highest.

    sweeps  : title -> one row a threshold, one column a class, as `threshold_sweep` makes it
    returns : one row a title: leading (at the lowest), still (at the highest), left (in all)
    """
    rows = {}
    for title, sweep in sweeps.items():
        low, high = (row[row > 0] for _, row in sweep.iloc[[0, -1]].iterrows())
        leading, still = (set(row.nlargest(top).index) for row in (low, high))
        rows[title] = {"leading": len(leading), "still": len(leading & still), "left": len(high)}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("preset")


def attention_where_present(association: Association, least: int) -> pd.DataFrame:
    """Percent of the images with the class in which it is attended, (K, L).

    NaN where fewer than `least` images have it: 1 of 1 is no 100 %.
    """
    enough = association.frame(association.counts.present) >= least
    return association.measure("attention given presence").where(enough)


def beside_presence_table(association: Association, classes: Sequence[str]) -> pd.DataFrame:
    """Presence and attention of some classes, one row a class and label, in images and measures."""
    alone = association.presence_alone
    tables = {
        "present": alone.matrix,
        "log_odds_of_presence": alone.measure("log odds"),
        "attended": association.matrix,
        "attention_given_presence": association.measure("attention given presence"),
    }
    return pd.DataFrame(
        {name: table.loc[classes].stack(future_stack=True) for name, table in tables.items()}
    )


def cell_table(
    results: Iterable[Association], tests: Iterable[pd.DataFrame], **known: pd.DataFrame | None
) -> pd.DataFrame:
    """The numbers of Fig. 2, one row a class and label: `both_presets`, and the tests of each.

    tests : of `given_presence`, in the order of the results: present (the same for both), expected
            (images attended by chance) and p (adjusted)
    known : further columns, (K, L) each, e.g. cause; None is left out
    """
    table = both_presets(*results)
    for name, test in zip(("paper", "corrected"), tests, strict=True):
        table["present"] = test["present"]
        table[f"{name}_expected"], table[f"{name}_p"] = test["expected"], test["adjusted_p"]
    for name, cells in known.items():
        if cells is not None:
            table[name] = cells.stack(future_stack=True).to_numpy()
    return table


def _with_range(name: str, value: np.ndarray, samples: np.ndarray) -> dict[str, np.ndarray]:
    low, high = percentile(samples)
    return {name: value, f"{name}_low": low, f"{name}_high": high}
