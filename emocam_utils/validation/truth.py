"""The truth that matrices are judged by: effects of removal, measured on a split of its own.

    data/emoscenes/validation/truth-<network>.parquet   image, class, label, probability,
                                                        probability_drop, ...: one row an object

The generator is free, so that the truth is not of the scenes whose matrix is judged: an effect that
is overestimated by chance on some scenes would be attended more often on the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .cells import CAUSAL, LEAST, cell_effects, largest_drops


@dataclass(frozen=True)
class Truth:
    """Effects of cells of one network.

    network : its name in tables
    scenes  : how many were measured, of those that count
    cells   : as `cells.cell_effects`
    """

    network: str
    scenes: int
    cells: pd.DataFrame

    @classmethod
    def of(cls, network: str, objects: pd.DataFrame, probability: float) -> Truth:
        """Of objects with their effects, in scenes predicted above a probability."""
        counted = objects[objects["probability"] > probability]
        return cls(network, counted["image"].nunique(), cell_effects(largest_drops(counted)))

    def judged(self, least: int = LEAST, absent: pd.MultiIndex | None = None) -> pd.Series:
        """Effects of the cells with images enough, indexed by class and label.

        absent : further cells; those of which the truth has no image at all cause nothing, with an
                 effect of 0: the class is never there when the label is predicted
        """
        known = self.cells.loc[self.cells["images"] >= least, "effect"]
        if absent is None:
            return known
        never = absent.difference(self.cells.index)
        return pd.concat([known, pd.Series(0.0, index=never, name="effect")])

    def causes(self, least: int = LEAST, cut: float = CAUSAL) -> pd.MultiIndex:
        """The causal cells."""
        effects = self.judged(least)
        return effects.index[effects > cut]


def size_of_truth(truth: Truth, least: int = LEAST) -> dict[str, float]:
    """How much is known: scenes, judged and causal cells, and the median standard error."""
    cells = truth.cells[truth.cells["images"] >= least]
    return {
        "scenes": truth.scenes,
        "cells": len(cells),
        "causal": int((cells["effect"] > CAUSAL).sum()),
        "error": float(np.nanmedian(cells["error"])) if len(cells) else float("nan"),
    }
