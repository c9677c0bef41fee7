"""Classification scores of the faces in a folder as CSV (GiMeFive, Section 4.2 and Table 3).

    python -m emocam_utils.apps.face_scores FOLDER --out scores.csv

A row for each face of the images in the folder and its subfolders: `filepath`, relative to the
folder; `face`, 1 for the largest of an image; its box x0, y0, x1, y1 (pixels, half-open); how sure
the detector is (empty with --cropped), and five points, x and y (both empty where OpenCV's cascade
stands in for YuNet); the probability of each emotion, in the order of the network's labels. What
cannot be read or has no face is in a second file, scores_skipped.csv, with the reason.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from PIL import Image

from ..corpora.face_finding import SMALLEST, FoundFaces, finder_in_words
from ..corpora.faces import Faces
from ..corpora.folder import Folder
from ..corpora.images import UnreadableImage
from ..detectors.yunet import POINTS
from ..faces.command import add_network, open_network
from ..faces.reading import BATCH, read_faces
from ..networks import EmotionNetwork
from ..progress import explained, progress

DECIMALS = "%.4f"
WHERE = (
    *("filepath", "face", "x0", "y0", "x1", "y1", "confidence"),
    *(f"{point} {axis}".replace(" ", "_") for point in POINTS for axis in "xy"),
)
"""Columns before those of the emotions."""


class Scores(NamedTuple):
    """scores: WHERE and a probability for each emotion; skipped: filepath and reason."""

    scores: pd.DataFrame
    skipped: pd.DataFrame


def face_scores(faces: Faces, network: EmotionNetwork, smallest: float = SMALLEST) -> Scores:
    """The probability of each emotion for every face of a corpus; no image of it is lost.

    smallest : see `find_faces`
    """
    skipped: list[tuple[str, str]] = []
    rows: list[tuple] = []
    crops: list[Image.Image] = []
    tables = [pd.DataFrame(columns=[*WHERE, *network.labels])]

    def read_batch() -> None:
        chances = read_faces(crops, network).probabilities
        table = pd.DataFrame(rows, columns=list(WHERE))
        tables.append(pd.concat([table, pd.DataFrame(chances, columns=network.labels)], axis=1))
        rows.clear(), crops.clear()

    for image in progress(faces.ids, label="reading faces"):
        try:
            found, cut = faces.every(image, smallest)
        except UnreadableImage as error:
            skipped.append((image, str(error)))
            continue
        for row, crop in zip(_rows(image, found), cut, strict=True):
            rows.append(row)
            crops.append(crop)
            if len(crops) == BATCH:
                read_batch()
    if crops:
        read_batch()
    scores = pd.concat(tables[1:] or tables, ignore_index=True)
    return Scores(scores, pd.DataFrame(skipped, columns=["filepath", "reason"]))


def _rows(image: str, found: FoundFaces) -> list[tuple]:
    """WHERE of each face of an image."""
    each = zip(found.boxes.tolist(), found.scores, found.points, strict=True)
    return [
        (image, number, *box, score, *points.ravel())
        for number, (box, score, points) in enumerate(each, 1)
    ]


def require_folder(folder: Path) -> None:
    """Errors: NotADirectoryError, with how to name one."""
    if not folder.is_dir():
        raise NotADirectoryError(
            f"{folder} is not a folder; give a folder of images, e.g. "
            "make face-scores FOLDER=/home/me/photos OUT=scores.csv"
        )


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
    parser.add_argument(
        "--smallest",
        type=float,
        default=SMALLEST,
        help=f"least side of a face, as a share of the image's shorter side ({SMALLEST:g})",
    )
    add_network(parser)
    options = parser.parse_args(arguments)
    with explained("face-scores"):
        check_csv(options.out)
        require_folder(options.folder)
        network = open_network(options.network, options.weights)
        faces = Faces(Folder(options.folder), detect=not options.cropped)
        if not options.cropped:
            print(finder_in_words())
        found = face_scores(faces, network, options.smallest)
        out, beside = write_scores(found, options.out)
    read = found.scores["filepath"].nunique()
    total = read + len(found.skipped)
    print(f"{len(found.scores):,} faces of {read:,} of {total:,} images have their scores in {out}")
    if len(found.skipped):
        print(f"{len(found.skipped):,} were skipped; {beside} says why")
    return 0 if len(found.scores) else 1


if __name__ == "__main__":
    sys.exit(main())
