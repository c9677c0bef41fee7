"""Measure what eyes, mouth and the other parts of a face are to networks, on FER2013.

    python -m emocam_utils.faces.parts DATA [--networks mini-xception gimefive]

Choices (template, mean face, filling) are made on training images, everything that is reported is
measured on PublicTest. Written are only numbers and a mean over thousands of faces, no face.

    part_positions.csv   where the cascades find eyes and mouth in training images
    mean_face.png        mean of the training images
    part_fillings.csv    what each filling of a covered part leaves, on validation images
    part_importance.csv  share of the maps on each part
    part_occlusion.csv   what covering each part does
    claims.csv           the paper's claims, judged
    provenance.json      data, networks, choices, seeds, versions

With the faces, networks and seed that the shipped tables were made from, these are renewed;
anything else is written below data/results/facial-parts, unless --publish or --out say otherwise.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from ... import paths
from ...corpora.fer2013 import FaceSet, load_fer2013
from ...pipeline.code import file_hash
from ...progress import duration, explained
from ...stats.bootstrap import TIMES
from ...stats.intervals import LEVEL
from ...stats.sign_flips import FLIPS
from ..analysis import WEIGHTS
from ..command import add_destination, destination, open_network
from ..reference import measured_as_shipped
from .claims import ALPHA, LEAST, claims_table
from .covering import best_filling, filling_table
from .landmarks import landmark_table, position_table
from .measured import COPIES, Measured, measure
from .reported import importance_table, occlusion_table
from .template import BOXES, MOVES, OUTLINE, SIDE, region_masks

PER_EMOTION = 200  # training images whose landmarks are looked for
FILLED = 600  # validation images on which the filling is chosen


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m emocam_utils.faces.parts")
    parser.description = __doc__.splitlines()[0]
    parser.add_argument("data", type=Path, help="folder of FER2013's images")
    both = ["mini-xception", "gimefive"]
    parser.add_argument("--networks", nargs="+", default=both, choices=list(WEIGHTS))
    parser.add_argument("--limit", type=int, default=0, help="the first faces of each split only")
    parser.add_argument("--seed", type=int, default=0)
    add_destination(parser)
    given = parser.parse_args(arguments)
    with explained("facial-parts"):
        started = time.monotonic()
        splits = {name: load_fer2013(given.data, name) for name in ("train", "validation", "test")}
        if given.limit:
            splits = {name: f.where(np.arange(len(f)) < given.limit) for name, f in splits.items()}
        shipped = measured_as_shipped(splits, given.networks, given.seed)
        elsewhere = paths.RESULTS / "facial-parts" / given.data.resolve().name
        out = destination(given, shipped, elsewhere)
        tables = run(splits, out, given.networks, given.limit, given.seed)
        columns = ["network", "emotion", "more", "less", "faces", "n", "measure"]
        columns += ["difference", "wide_low", "wide_high", "verdict", "fragile"]
        print(tables["claims"][columns].to_string(index=False, float_format="{:.3g}".format))
        print(f"Written to {out} after {duration(time.monotonic() - started)}")
        if not shipped and not given.publish:
            print("These are not what the tables of data/faces were made from; those stay.")


def run(
    splits: dict[str, FaceSet], out: Path, names: Sequence[str], limit: int = 0, seed: int = 0
) -> dict[str, pd.DataFrame]:
    """Measure and write everything; the tables that were written, by name."""
    weights = {name: Path(WEIGHTS[name]()) for name in names}
    networks = {name: open_network(name, path) for name, path in weights.items()}
    train, validation, test = splits.values()
    mean_face = train.images.mean(axis=0)
    positions = position_table(landmark_table(train.images, train.labels, PER_EMOTION, seed))
    chosen = np.sort(np.random.default_rng(seed).permutation(len(validation))[:FILLED])
    small = validation.where(chosen)
    fillings = filling_table(
        networks, small.images, small.labels, region_masks(SIDE), mean_face, seed
    )
    found = [
        measure(name, network, test, mean_face, best_filling(fillings, name), seed=seed)
        for name, network in networks.items()
    ]
    tables = {
        "part_positions": positions,
        "part_fillings": fillings,
        "part_importance": pd.concat([importance_table(m, seed=seed) for m in found]),
        "part_occlusion": pd.concat([occlusion_table(m, seed=seed) for m in found]),
        "claims": claims_table(found, seed=seed),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_csv(out / f"{name}.csv", index=False, float_format="%.6g", lineterminator="\n")
    Image.fromarray(np.rint(mean_face).astype(np.uint8)).save(out / "mean_face.png")
    record = provenance(splits, weights, found, seed, limit)
    (out / "provenance.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return tables


def provenance(
    splits: dict[str, FaceSet],
    weights: dict[str, Path],
    found: Sequence[Measured],
    seed: int,
    limit: int,
) -> dict:
    """What the tables were made from and with."""
    command = "python -m emocam_utils.faces.parts DATA --networks " + " ".join(weights)
    command += f" --seed {seed}" + (f" --limit {limit}" if limit else "")
    return {
        "command": command,
        "data": {
            "name": "FER2013",
            "reported on": "test (PublicTest)",
            "splits": {name: faces.described() for name, faces in splits.items()},
        },
        "networks": {
            m.network: {
                "weights": weights[m.network].name,
                "sha256": file_hash(weights[m.network]),
                "labels": list(m.labels),
                "accuracy": round(m.accuracy, 4),
                "predicted as labelled": int(m.faces["correct"].sum()),
                "labelled": m.labelled,
                "filling": m.filling,
            }
            for m in found
        },
        "choices": {
            "template": {"side": SIDE, "boxes": BOXES, "outline": OUTLINE, "moves": MOVES},
            "template measured on": f"train, {PER_EMOTION} faces of each emotion, seed {seed}",
            "filling chosen by": "each network's own: least distance from chance of the "
            "probabilities of faces covered whole; "
            f"{min(FILLED, len(splits['validation']))} validation faces",
            "untrained copies": min(COPIES, len(splits["test"])),
            "seed": seed,
            "bootstrap": {"times": TIMES, "level": LEVEL, "over": "faces"},
            "claims": {
                "alpha": round(ALPHA, 6),
                "correction": "largest |t| over sign flips, all claims together",
                "flips": FLIPS,
                "least faces": LEAST,
            },
        },
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("torch", "numpy", "captum", "opencv-python-headless")},
    }


if __name__ == "__main__":
    main()
