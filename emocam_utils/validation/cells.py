"""Cells of an association matrix: what removal says of them, and what a matrix says.

A cell is a class of object and a predicted label. Its *effect* is the mean, over the images of the
label that hold the class, of how far the label's probability drops without it (of several objects
of the class, the largest drop). A cell is *causal* where that is above `CAUSAL`; a cell with fewer
than `LEAST` such images is not judged, because its effect is not known.

Axes: K classes, L labels, C judged cells, R rows (an image and a class in it).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..stats.measures import MEASURES, Counts
from ..stats.ranks import auroc, average_precision, spearman

CAUSAL = 0.2  # of probability
LEAST = 5  # images
CELL = ["class", "label"]


def largest_drops(objects: pd.DataFrame) -> pd.DataFrame:
    """Objects with their effects -> one row an image and class: image, class, label, effect."""
    keys = ["image", *CELL]
    drops = objects.groupby(keys, sort=False, observed=True)["probability_drop"].max()
    return drops.rename("effect").reset_index()


def cell_effects(rows: pd.DataFrame) -> pd.DataFrame:
    """Effect of each cell, indexed by class and label: images, effect, error (standard, of it)."""
    effects = rows.groupby(CELL, observed=True)["effect"].agg(["size", "mean", "sem"])
    return effects.set_axis(["images", "effect", "error"], axis=1)


@dataclass(frozen=True)
class Matrices:
    """Association matrices of one corpus under several contestants, as counts of images.

    counts : indexed by class and label: images (of the label), present (that hold the class), and
             for each contestant the images in which the class is attended. Cells without a row
             are 0
    """

    counts: pd.DataFrame

    @classmethod
    def of(
        cls,
        objects: pd.DataFrame,
        importances: pd.DataFrame,
        contestants: Mapping[str, tuple[str, float]],
        labels: pd.Series | None = None,
    ) -> Matrices:
        """Counted over the images of one corpus; a class counts in an image by any of its boxes.

        objects     : image, class, label (of the image)
        importances : of the same objects, a column a variant; NaN is never attended
        contestants : name -> a column of importances, and a threshold
        labels      : of every image, where some have no object
        """
        if labels is None:
            labels = objects.drop_duplicates("image").set_index("image")["label"]
        kept = {name: importances[way].to_numpy() > t for name, (way, t) in contestants.items()}
        table = pd.concat(
            [objects[["image", *CELL]], pd.DataFrame({**kept, "present": True}, objects.index)],
            axis=1,
        )
        seen = table.groupby(["image", *CELL], observed=True, sort=False).any()
        counts = seen.astype(np.int64).groupby(CELL, observed=True).sum()
        images = labels.value_counts().reindex(counts.index.get_level_values("label"))
        counts.insert(0, "images", images.to_numpy())
        return cls(counts)

    @property
    def images(self) -> pd.Series:
        """Images of each label."""
        return self.counts.groupby("label", observed=True)["images"].first()

    def scores(
        self, contestants: Mapping[str, tuple[str, str]], cells: pd.MultiIndex
    ) -> pd.DataFrame:
        """What each contestant says of some cells; (C rows, a column a contestant).

        contestants : name -> (a column of `counts`, a measure of `MEASURES`)
        returns     : a class that is in no image has 0 percent; NaN where a measure is undefined
        """
        images = self.images
        classes = self.counts.index.unique(0).union(cells.unique(0))
        dense = pd.MultiIndex.from_product([classes, images.index], names=CELL)
        counts = self.counts.reindex(dense, fill_value=0)
        shape = len(classes), len(images)
        present = counts["present"].to_numpy().reshape(shape)
        places = dense.get_indexer(cells)
        found = {}
        for name, (column, measure) in contestants.items():
            attended = counts[column].to_numpy().reshape(shape)
            value = MEASURES[measure](Counts(attended, present, images.to_numpy())).ravel()
            found[name] = np.where(places < 0, np.nan, value[places])
        return pd.DataFrame(found, index=cells)


def judge(scores: pd.DataFrame, effects: NDArray, cut: float = CAUSAL) -> pd.DataFrame:
    """How well each column of scores (C, contestants) finds the causal among C cells.

    effects : (C,), known
    returns : indexed by contestant: auroc, ap (average precision), rho (Spearman with the effect)
    """
    causal = np.asarray(effects) > cut
    rows = {
        name: (auroc(column, causal), average_precision(column, causal), spearman(column, effects))
        for name, column in scores.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["auroc", "ap", "rho"])
