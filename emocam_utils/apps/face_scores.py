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
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from PIL import Image

from ..corpora.faces import Faces
from ..corpora.folder import Folder
from ..corpora.images import UnreadableImage
from ..faces.command import add_network, open_network
from ..faces.reading import BATCH, read_faces
from ..networks import EmotionNetwork
from ..progress import explained, progress

DECIMALS = "%.4f"


class Scores(NamedTuple):
    """scores: filepath and a probability for each emotion; skipped: filepath and reason."""

    scores: pd.DataFrame
    skipped: pd.DataFrame


def face_scores(faces: Faces, network: EmotionNetwork) -> Scores:
    """The probability of each emotion for every face of a corpus; nothing of it is lost."""
    skipped: list[tuple[str, str]] = []
    names: list[str] = []
    crops: list[Image.Image] = []
    tables = [pd.DataFrame(columns=["filepath", *network.labels])]

    def read_batch() -> None:
        chances = read_faces(crops, network).probabilities
        table = pd.DataFrame(chances, columns=list(network.labels))
        table.insert(0, "filepath", names)
        tables.append(table)
        names.clear(), crops.clear()

    for image in progress(faces.ids, label="reading faces"):
        try:
            crops.append(faces.read(image))
            names.append(image)
        except UnreadableImage as error:
            skipped.append((image, str(error)))
        if len(crops) == BATCH:
            read_batch()
    if crops:
        read_batch()
    scores = pd.concat(tables[1:] or tables, ignore_index=True)
    return Scores(scores, pd.DataFrame(skipped, columns=["filepath", "reason"]))


def write_scores(found: Scores, out: Path) -> tuple[Path, Path]:
    """Write both tables, each whole or not at all: out, and …_skipped.csv beside it.

    Errors: ValueError for a name that does not end in .csv
    """
    check_csv(out)
    beside = out.with_name(f"{out.stem}_skipped.csv")
    write_table(found.scores, out)
    write_table(found.skipped, beside)
    return out, beside


def check_csv(path: Path) -> None:
    """Errors: ValueError for a name that does not end in .csv."""
    if path.suffix.lower() != ".csv":
        raise ValueError(f"{path} is no name of a CSV file; let it end in .csv")


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
    with explained("face-scores"):
        check_csv(options.out)
        network = open_network(options.network, options.weights)
        faces = Faces(Folder(options.folder), detect=not options.cropped)
        found = face_scores(faces, network)
        out, beside = write_scores(found, options.out)
    total = len(found.scores) + len(found.skipped)
    print(f"{len(found.scores):,} of {total:,} images have their scores in {out}")
    if len(found.skipped):
        print(f"{len(found.skipped):,} were skipped; {beside} says why")
    return 0 if len(found.scores) else 1


if __name__ == "__main__":
    sys.exit(main())
