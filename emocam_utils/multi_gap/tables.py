"""Table 1, the confusion matrix and the truncation study, out of predictions of several seeds.

`predictions` holds one row a variant, seed, set and image: label, predicted, probability (of the
label), confidence (of what is predicted). All networks saw the same images, so differences are
paired. Axes: S seeds, N images.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .. import paths
from ..registry import nearest
from ..stats.seeds import crossed_mean
from .labels import label_map
from .rows import ALL, BLOCKS, TABLE_1, truncated

FOLDER = paths.DATA / "multi_gap"
SETS = {"test": "test scenes", "shifted": "shifted scenes"}


@dataclass(frozen=True)
class Trials:
    """What networks of several seeds said of the same images."""

    predictions: pd.DataFrame
    provenance: dict

    @classmethod
    def shipped(cls, folder: Path = FOLDER) -> Trials:
        """Errors: FileNotFoundError without the tables"""
        table, record = folder / "predictions.parquet", folder / "provenance.json"
        if not (table.is_file() and record.is_file()):
            raise FileNotFoundError(
                f"there is no {table}. Restore it (git checkout), or `make train-multi-gap`"
            )
        return cls(pd.read_parquet(table), json.loads(record.read_text(encoding="utf-8")))

    @property
    def seeds(self) -> int:
        return int(self.predictions["seed"].nunique())

    def images(self, of: str = "test") -> int:
        """How many images a set has."""
        return int(self.predictions.query("set == @of")["image"].nunique())

    def words(self, of: str = "test") -> str:
        """What was counted, for a figure."""
        return f"{self.images(of):,} drawn {SETS.get(of, of)}, {self.seeds} seeds"

    def wide(self, variant: str, of: str = "test", what: str = "predicted") -> pd.DataFrame:
        """A column of a variant, a row a seed and a column an image.

        Errors: KeyError for a variant that was not tried
        """
        known = list(self.predictions["variant"].unique())
        if variant not in known:
            near = nearest(variant, known)
            raise KeyError(f"no network {variant!r} was tried" + (f"; {near!r} was" * bool(near)))
        rows = self.predictions[
            (self.predictions["variant"] == variant) & (self.predictions["set"] == of)
        ]
        return rows.pivot(index="seed", columns="image", values=what)

    def right(self, variant: str, of: str = "test") -> NDArray[np.float64]:
        """Whether each network is right, (S, N) in 0 and 1."""
        found = self.wide(variant, of).to_numpy(object)
        return (found == self.wide(variant, of, "label").to_numpy(object)).astype(float)


def table_1(trials: Trials) -> pd.DataFrame:
    """The paper's Table 1: network, a column a stream, accuracy in percent with its interval over
    seeds and images, the lowest and highest seed, the published accuracy (FI, photographs)."""
    rows = []
    for row in TABLE_1:
        right = 100 * trials.right(row.variant)
        value, low, high = crossed_mean(right)
        rows.append(
            {
                "network": row.name,
                **{stream: stream in row.streams for stream in ALL},
                "accuracy": value,
                "low": low,
                "high": high,
                "lowest seed": right.mean(axis=1).min(),
                "highest seed": right.mean(axis=1).max(),
                "published": row.published,
            }
        )
    return pd.DataFrame(rows)


def confusion(trials: Trials, variant: str, of: str = "test") -> pd.DataFrame:
    """Percent of a label's images (rows) that are called each label (columns), over all seeds."""
    labels = trials.wide(variant, of, "label").to_numpy(object).ravel()
    called = trials.wide(variant, of).to_numpy(object).ravel()
    classes = label_map("emoscenes-to-mikels").classes
    counts = pd.crosstab(pd.Series(labels, name="label"), pd.Series(called, name="predicted"))
    counts = counts.reindex(index=classes, columns=classes, fill_value=0)
    return 100 * counts.div(counts.sum(axis=1).replace(0, np.nan), axis=0)


def truncation(trials: Trials) -> pd.DataFrame:
    """Fig. 4: accuracy in percent of each stream's first blocks, trained again, with what the last
    of them adds: stream, blocks, accuracy, low, high, added, added low, added high."""
    rows = []
    for stream in ALL[:2]:
        right = {k: 100 * trials.right(truncated(stream, k)) for k in range(1, BLOCKS + 1)}
        for blocks, values in right.items():
            row = dict(zip(("accuracy", "low", "high"), crossed_mean(values), strict=True))
            added = crossed_mean(values - right[blocks - 1]) if blocks > 1 else (np.nan,) * 3
            row |= dict(zip(("added", "added low", "added high"), added, strict=True))
            rows.append({"stream": stream, "blocks": blocks, **row})
    return pd.DataFrame(rows)


def shifted(trials: Trials) -> pd.DataFrame:
    """Section 4.3: each row of Table 1 on the test scenes and on the shifted ones.

    accuracy in percent: of Mikels' eight on both; of WebEMO's seven on the shifted ones, the
    predictions mapped as data/multi_gap/labels.yaml says
    """
    to_seven = label_map("mikels-to-webemo")
    rows = []
    for row in TABLE_1:
        found = {"network": row.name, "streams": "+".join(row.streams)}
        for of in SETS:
            values = crossed_mean(100 * trials.right(row.variant, of))
            found |= dict(zip((of, f"{of} low", f"{of} high"), values, strict=True))
        tables = [trials.wide(row.variant, "shifted", w) for w in ("predicted", "label")]
        called, meant = (table.map(to_seven).to_numpy(object) for table in tables)
        values = crossed_mean(100 * (called == meant).astype(float))
        found |= dict(zip(("seven", "seven low", "seven high"), values, strict=True))
        rows.append(found)
    return pd.DataFrame(rows)
