"""How alike CAM methods are on fresh corpora: does the interval from halves tell the truth?

    data/emoscenes/validation/agreement.csv    network, corpus, preset, representation, first,
                                               second, rho, error

`make spread` writes it, of corpora by whose exact boxes all methods were scored (but LIME, which
takes ten times as long as all others together).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from .. import paths
from ..names import preset_name
from ..pipeline.candidates import Candidates
from ..study import Preset
from .agreement import NORMAL
from .rsa import REPRESENTATIONS, Rsa, top_classes

FILE = paths.EMOSCENES / "validation" / "agreement.csv"
HALVES = 50


def agreement_on(rows: pd.DataFrame, columns: Mapping[str, str], preset: Preset) -> pd.DataFrame:
    """Agreement of every two methods on one corpus, with its standard error from halves.

    rows    : one an object: image, class, label, probability, and a column a method: importance
    columns : name of a method -> its column
    returns : representation, first, second, rho, error
    """
    images = rows.drop_duplicates("image")[["image", "label", "probability"]]
    boxes = rows[["image", "class"]].assign(confidence=1.0)
    classes, labels = sorted(rows["class"].unique()), sorted(images["label"].unique())
    candidates = Candidates.of(boxes, images, preset, classes, labels)
    scores = rows.iloc[candidates.rows]
    chosen = {n: (scores[c] > preset.threshold).to_numpy() for n, c in columns.items()}
    rsa = Rsa(candidates, chosen, top_classes(candidates, list(chosen.values())))
    errors = rsa.halves(HALVES)
    found = []
    for view in REPRESENTATIONS:
        rho, error = rsa.agreement(view), np.sqrt((errors[view] ** 2).mean(axis=0))
        for (i, first), (j, second) in combinations(enumerate(columns), 2):
            found.append((view, first, second, rho.iloc[i, j], error[i, j]))
    return pd.DataFrame(found, columns=["representation", "first", "second", "rho", "error"])


def save_agreement(tables: Mapping[tuple[str, int, str], pd.DataFrame], file: Path = FILE) -> None:
    """Write `agreement_on` of every network, corpus and preset."""
    table = pd.concat(tables, names=["network", "corpus", "preset"]).droplevel(-1)
    table.round(4).to_csv(file)


def read_agreement(file: Path = FILE) -> pd.DataFrame:
    """The shipped table; see the head."""
    return pd.read_csv(file)


def repeated(agreement: pd.DataFrame) -> pd.DataFrame:
    """Every two fresh corpora of a network: do they differ by no more than halves let expect?

    returns : one row a preset and representation: networks, corpora, lowest and highest (rho),
              differences (how many were looked at), within (share of them inside 95 %)
    """
    rows = []
    for (preset, view), table in agreement.groupby(["preset", "representation"], sort=False):
        rho = table.pivot(index="corpus", columns=["network", "first", "second"], values="rho")
        error = table.pivot(index="corpus", columns=rho.columns.names, values="error")
        one, other = np.triu_indices(len(rho), 1)
        apart = np.abs(rho.to_numpy()[one] - rho.to_numpy()[other])
        reach = NORMAL * np.hypot(error.to_numpy()[one], error.to_numpy()[other])
        known = ~np.isnan(apart)
        rows.append(
            {
                "preset": preset_name(preset),
                "representation": view,
                "networks": table["network"].nunique(),
                "corpora": len(rho),
                "lowest": rho.min().min(),
                "highest": rho.max().max(),
                "differences": int(known.sum()),
                "within": (apart <= reach)[known].mean() if known.any() else np.nan,
            }
        )
    return pd.DataFrame(rows).set_index(["preset", "representation"])
