"""Classification scores of the faces in a folder as CSV (GiMeFive, Section 4.2 and Table 3).

    python -m emocam_utils.apps.face_scores FOLDER --out scores.csv

A row for each image in the folder and its subfolders: `filepath`, relative to the folder, and the
probability of each emotion, in the order of the network's labels. What cannot be read or has no
face is in a second file, scores_skipped.csv, with the reason.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from PIL import Image

from ..corpora import Corpus
from ..corpora.faces import Faces
from ..corpora.folder import Folder
from ..corpora.images import UnreadableImage
from ..faces.reading import read_faces
from ..networks import NETWORKS, EmotionNetwork
from ..networks.face_weights import SHIPPED
from ..networks.weight_files import WeightsError
from ..progress import progress
from ..registry import UnknownName

BATCH = 32  # faces in a pass
NETWORK = "gimefive"
DECIMALS = "%.4f"


class Scores(NamedTuple):
    """scores: filepath and a probability for each emotion; skipped: filepath and reason."""

    scores: pd.DataFrame
    skipped: pd.DataFrame


def face_scores(corpus: Corpus, network: EmotionNetwork) -> Scores:
    """The probability of each emotion for every face of a corpus; nothing of it is lost.

    corpus : of faces (`face_corpus.Faces`), or of images that are faces already
    """
    # Faces.ids would look for the faces of all images first; here each image is opened but once.
    ids = corpus.source.ids if isinstance(corpus, Faces) else corpus.ids
    skipped: list[tuple[str, str]] = []
    tables = []
    for names, crops in _batches(corpus, ids, skipped):
        reading = read_faces(crops, network)
        table = pd.DataFrame(reading.probabilities, columns=list(reading.labels))
        table.insert(0, "filepath", names)
        tables.append(table)
    empty = pd.DataFrame(columns=["filepath", *network.labels])
    scores = pd.concat(tables, ignore_index=True) if tables else empty
    return Scores(scores, pd.DataFrame(skipped, columns=["filepath", "reason"]))


def _batches(
    corpus: Corpus, ids: Sequence[str], skipped: list[tuple[str, str]]
) -> Iterator[tuple[list[str], list[Image.Image]]]:
    names: list[str] = []
    crops: list[Image.Image] = []
    for image in progress(ids, label="reading faces"):
        try:
            crop = corpus.read(image)
        except UnreadableImage as error:
            skipped.append((image, str(error)))
            continue
        names.append(image)
        crops.append(crop)
        if len(crops) == BATCH:
            yield names, crops
            names, crops = [], []
    if crops:
        yield names, crops


def write_scores(found: Scores, out: Path) -> tuple[Path, Path]:
    """Write both tables, each whole or not at all: out, and …_skipped.csv beside it.

    Errors: ValueError for a name that does not end in .csv
    """
    if out.suffix.lower() != ".csv":
        raise ValueError(f"{out} is no name of a CSV file; let it end in .csv")
    beside = out.with_name(f"{out.stem}_skipped.csv")
    write_table(found.scores, out)
    write_table(found.skipped, beside)
    return out, beside


def write_table(table: pd.DataFrame, out: Path) -> None:
    """A table as CSV, written to a temporary name and renamed."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f"{out.name}.{os.getpid()}.partial")
    try:
        # surrogateescape: a file name that is no UTF-8 keeps its bytes
        table.to_csv(partial, index=False, float_format=DECIMALS, errors="surrogateescape")
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def add_network(parser: argparse.ArgumentParser) -> None:
    """The options --network and --weights."""
    parser.add_argument("--network", default=NETWORK, help=f"one of {', '.join(NETWORKS)}")
    parser.add_argument("--weights", type=Path, help="its weights (default: those that ship)")


def open_network(name: str, weights: Path | None) -> EmotionNetwork:
    """A registered network; GiMeFive and mini-Xception have weights of their own.

    Errors: UnknownName, WeightsError, FileNotFoundError
    """
    own = SHIPPED if name == "gimefive" else None
    return NETWORKS[name](weights or own)


EXPECTED = (UnknownName, WeightsError, OSError, ValueError)
"""Errors that a command line shows as their message."""


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit status: 1 if no face was found, 2 for wrong input."""
    parser = argparse.ArgumentParser(
        prog="python -m emocam_utils.apps.face_scores", description=__doc__.splitlines()[0]
    )
    parser.add_argument("folder", type=Path, help="a folder of images")
    parser.add_argument("--out", type=Path, required=True, help="the CSV file to write")
    parser.add_argument(
        "--cropped", action="store_true", help="the images are faces: do not look for them"
    )
    add_network(parser)
    options = parser.parse_args(arguments)
    try:
        if options.out.suffix.lower() != ".csv":
            parser.error(f"--out {options.out}: let the name end in .csv")
        network = open_network(options.network, options.weights)
        faces = Faces(Folder(options.folder), detect=not options.cropped)
        found = face_scores(faces, network)
        out, beside = write_scores(found, options.out)
    except EXPECTED as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; nothing is written", file=sys.stderr)
        return 130
    total = len(found.scores) + len(found.skipped)
    print(f"{len(found.scores):,} of {total:,} images have their scores in {out}")
    if len(found.skipped):
        print(f"{len(found.skipped):,} were skipped; {beside} says why")
    return 0 if len(found.scores) else 1


if __name__ == "__main__":
    sys.exit(main())
