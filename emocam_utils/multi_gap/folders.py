"""Labelled images in one folder per label, as FI and WebEMO come, and the paper's split of them.

Axes: N images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from ..corpora.folder import SUFFIXES, read_photograph
from ..corpora.images import UnreadableImage
from ..progress import progress
from .labels import LabelMap

PARTS = ("train", "test", "validation")
SHARES = (0.80, 0.15, 0.05)
"""Of the images of each label (Section 3.1)."""


class LabelledFolderError(ValueError):
    """A folder of labelled images that is not what it should be; every problem at once."""


@dataclass(frozen=True)
class Examples:
    """Images with their class and part, ready to be trained on.

    images  : (N, H, W, 3) uint8, squashed to the network's input
    targets : (N,) index of the class; parts : (N,) of `PARTS`; names : (N,)
    table   : (N, columns) features of the third stream, or None
    """

    images: NDArray[np.uint8]
    targets: NDArray[np.int64]
    parts: NDArray
    names: NDArray
    classes: tuple[str, ...]
    table: NDArray[np.float32] | None = None
    columns: tuple[str, ...] = ()

    def rows(self, part: str) -> NDArray[np.int64]:
        """Which images are of a part."""
        return np.flatnonzero(self.parts == part)


def labelled_images(folder: Path, labels: LabelMap) -> pd.DataFrame:
    """The images below a folder of one folder per label: image (path), label, class.

    Labels that the map leaves out are left out; hidden files and other suffixes are passed over.
    Errors: LabelledFolderError for a folder that is missing, unknown or empty
    """
    if not folder.is_dir():
        raise LabelledFolderError(f"{folder} is not a folder; give one that has a folder per label")
    wanted = [label for label, name in labels.of.items() if name is not None]
    there = sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    unknown = [name for name in there if name not in labels.of]
    missing = [label for label in wanted if label not in there]
    problems = [f"the folder {name} is no label of {labels.name}" for name in unknown]
    problems += [f"there is no folder {label}" for label in missing]
    rows = []
    for label in [label for label in wanted if label in there]:
        found = sorted(
            path
            for path in (folder / label).rglob("*")
            if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
        )
        if not found:
            problems.append(f"the folder {label} holds no image ({', '.join(SUFFIXES)})")
        rows += [(str(path.relative_to(folder)), label, labels.of[label]) for path in found]
    if problems:
        raise LabelledFolderError(
            f"{folder} is not a folder per label:\n  " + "\n  ".join(problems)
            + f"\nExpected: {', '.join(wanted)}. To leave a label out, map it to null."
        )  # fmt: skip
    return pd.DataFrame(rows, columns=["image", "label", "class"])


def split(classes: ArrayLike, seed: int = 0, shares: Sequence[float] = SHARES) -> NDArray:
    """The part of each image, (N,): 80 % train, 15 % test, 5 % validation of every class.

    Errors: LabelledFolderError for a class of fewer than three images
    """
    classes = np.asarray(classes)
    rng = np.random.default_rng(seed)
    parts = np.empty(len(classes), dtype=object)
    few = []
    for name in np.unique(classes):
        rows = rng.permutation(np.flatnonzero(classes == name))
        if len(rows) < len(PARTS):
            few.append(f"{name} ({len(rows)})")
            continue
        test, validation = (max(1, round(len(rows) * share)) for share in shares[1:])
        parts[rows] = "train"
        parts[rows[:test]] = "test"
        parts[rows[test : test + validation]] = "validation"
    if few:
        raise LabelledFolderError(
            f"too few images to be split into {', '.join(PARTS)}: {', '.join(few)}; "
            "every class needs three"
        )
    return parts


def read_examples(
    folder: Path, labels: LabelMap, size: tuple[int, int], seed: int = 0
) -> tuple[Examples, pd.DataFrame]:
    """The labelled images of a folder in memory, and those left out: image, reason.

    size   : height and width to which images are squashed
    Errors : LabelledFolderError, also for a class of which hardly an image can be read
    """
    listed = labelled_images(folder, labels)
    images, kept, skipped = [], [], []
    for row, image in enumerate(progress(listed["image"], label="reading the images")):
        try:
            picture = read_photograph(folder / image)
            images.append(picture.resize(size[::-1], Image.Resampling.BILINEAR))
            kept.append(row)
        except UnreadableImage as reason:
            skipped.append((image, str(reason)))
    read = listed.iloc[kept]
    if empty := sorted(set(listed["class"]) - set(read["class"])):
        raise LabelledFolderError(
            f"no image of {', '.join(empty)} in {folder} can be read; the first: "
            f"{skipped[0][0]}: {skipped[0][1]}"
        )
    examples = Examples(
        np.stack([np.asarray(image) for image in images]),
        np.array([labels.classes.index(name) for name in read["class"]]),
        split(read["class"], seed),
        read["image"].to_numpy(),
        labels.classes,
    )
    return examples, pd.DataFrame(skipped, columns=["image", "reason"])
