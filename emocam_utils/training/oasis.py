"""Fit the heads of mobilenetv2-oasis on OASIS' ratings, and write their card: `make train-oasis`.

    python -m emocam_utils.training.oasis [--out data/oasis]

Needs `make data STUDY=oasis`; two minutes on two cores. Features are stored, so a second run fits
only. The same files give the same heads.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from .. import paths, progress
from ..corpora.images import UnreadableImage
from ..corpora.oasis import DIMENSIONS, RATED
from ..networks.mobilenet_oasis import Heads, save_heads
from ..pipeline.analysis import Analysis
from ..pipeline.pooled import mobilenet_features, pooled_features
from ..stats.agreement import explained, pearson
from ..stats.bootstrap import resampled_rows
from ..stats.intervals import percentile
from ..stats.ridge import FOLDS, cross_fitted, fit_ridge, group_folds
from ..study import load_study
from .oasis_card import write_oasis_card

SEED = 0


def fit_heads(analysis: Analysis) -> tuple[Heads, pd.DataFrame, pd.DataFrame]:
    """Heads of each fold and of all images, what the folds' heads rate, and their penalties.

    Errors: UnreadableImage if an image of OASIS is missing
    """
    if len(analysis.ids) != RATED:
        raise UnreadableImage(
            f"{len(analysis.ids)} of {RATED} images can be read; the heads are fitted on all: "
            "`make data STUDY=oasis`"
        )
    rated = analysis.corpus.annotations.loc[analysis.ids]
    features = pooled_features(analysis, mobilenet_features())
    people, themes = rated[list(DIMENSIONS)].to_numpy(), rated["theme"].to_numpy()
    fold = group_folds(themes, FOLDS, SEED)
    values, fits = cross_fitted(features, people, themes, fold)
    fits = [*fits, fit_ridge(features, people, themes)]
    digests = analysis.manifest.set_index("image").loc[analysis.ids, "digest"]
    heads = Heads(
        torch.from_numpy(np.stack([fit.weight for fit in fits])).float(),
        torch.from_numpy(np.stack([fit.bias for fit in fits])).float(),
        dict(zip(digests, fold.tolist(), strict=True)),
    )
    table = rated.assign(fold=fold)
    for place, dimension in enumerate(DIMENSIONS):
        table[f"rated_{dimension}"] = values[:, place]
    names = [*(str(number) for number in range(FOLDS)), "all"]
    penalties = pd.DataFrame(
        [fit.penalty for fit in fits], pd.Index(names, name="fold"), list(DIMENSIONS)
    )
    return heads, table, penalties


def agreement(table: pd.DataFrame, times: int = 2000) -> pd.DataFrame:
    """r and R2 of the folds' ratings with people's, with 95 % intervals over themes."""
    weights = resampled_rows(table["theme"], times)
    rows = {}
    for dimension in DIMENSIONS:
        both = table[dimension].to_numpy(), table[f"rated_{dimension}"].to_numpy()
        rows[dimension] = {}
        for name, measure in (("r", pearson), ("R2", explained)):
            low, high = percentile(measure(*both, weights))
            rows[dimension] |= {name: measure(*both), f"{name} low": low, f"{name} high": high}
    return pd.DataFrame(rows).T.astype(float)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=paths.DATA / "oasis")
    out, started = parser.parse_args().out, time.monotonic()
    heads, table, penalties = fit_heads(Analysis(load_study("oasis")))
    found = agreement(table)
    save_heads(heads, out / "head.safetensors", {"seed": str(SEED)})
    write_oasis_card(out, table, found, penalties, time.monotonic() - started)
    print(found.round(3).to_string())


if __name__ == "__main__":
    with progress.explained("train-oasis"):
        main()
