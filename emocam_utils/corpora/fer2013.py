"""FER2013 (Goodfellow et al. 2013): grey faces with a label of emotion, as folders of image files.

Read from any folder in which the files' names begin with Training_ and PublicTest_, as Kaggle's
copies have them; the emotion is the last word of the file's name or, failing that, the name of its
folder. The images may not be passed on, so nothing of them is in this repository.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..progress import progress
from .folder import Folder

SIZE = 64  # pixels; the original 48 x 48 are enlarged
VALIDATION = 10  # one training image in so many is kept for choices
SPLITS = ("train", "validation", "test")
PREFIXES = {"Training": "train", "PublicTest": "test"}
NOUNS = {"angry": "anger", "happy": "happiness", "sad": "sadness"}  # Kaggle's folders
EMOTIONS = ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")


class Fer2013Error(ValueError):
    """A folder that does not hold FER2013; the message says what was expected."""


@dataclass(frozen=True)
class FaceSet:
    """Faces of one split: images (N, 64, 64) uint8, labels (N,) nouns of emotion, ids (N,)."""

    images: np.ndarray
    labels: np.ndarray
    ids: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def pixels(self) -> str:
        """Fingerprint of the images, in their order."""
        return hashlib.sha256(np.ascontiguousarray(self.images)).hexdigest()[:16]

    def described(self) -> dict:
        """How many there are and of what, for the record of what was measured on them."""
        labels, counts = np.unique(self.labels, return_counts=True)
        by_emotion = dict(zip(labels.tolist(), counts.tolist(), strict=True))
        return {"n": len(self), "by emotion": by_emotion, "sha256 of the pixels": self.pixels}

    def where(self, mask: np.ndarray) -> FaceSet:
        """The faces of a mask or an index array (M,)."""
        return FaceSet(self.images[mask], self.labels[mask], self.ids[mask])

    def targets(self, labels: tuple[str, ...]) -> np.ndarray:
        """Index of each face's emotion in a network's labels: (N,) int64, -1 where it has none."""
        index = {label: k for k, label in enumerate(labels)}
        return np.array([index.get(label, -1) for label in self.labels], dtype=np.int64)


@dataclass(frozen=True)
class Fer2013Files(Folder):
    """The image files of one split of FER2013, below a folder: "train", "validation" or "test"."""

    split: str = "test"

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise ValueError(f"no split {self.split!r} of FER2013: there are {', '.join(SPLITS)}")
        if not self.path.is_dir() or not self.ids:
            raise Fer2013Error(
                f"no {self.split} image of FER2013 in {self.path}: expected files named "
                "Training_<number>_<emotion>.jpg and PublicTest_<number>_<emotion>.jpg, in any "
                "folders below. Give the folder by DATA=…; README says where FER2013 is had."
            )

    @property
    def name(self) -> str:
        return f"FER2013 {self.split}"

    @property
    def ids(self) -> list[str]:
        whole = replace(self, limit=0) if self.limit else self
        every = super(Fer2013Files, whole).ids
        return [i for i in every if split_of(Path(i)) == self.split][: self.limit or None]

    def emotion(self, image: str) -> str:
        """What the last word of a file's name says, "" if it names no emotion."""
        return named_emotion(Path(image).stem.split("_")[-1])


def load_fer2013(folder: Path | str, split: str) -> FaceSet:
    """The faces of "train", of "validation" (about a tenth of the training images) or "test".

    Test is PublicTest. Which training image is kept for validation depends on its name alone.
    Errors: Fer2013Error for a folder that holds none, or an image that cannot be read
    """
    folder = Path(folder)
    ids = sorted(Fer2013Files(folder, split=split).ids, key=lambda i: Path(i).parts)
    images = np.stack([_read(folder / i) for i in progress(ids, label=f"FER2013 {split}")])
    labels = np.array([_emotion(folder / i) for i in ids])
    return FaceSet(images, labels, np.array(ids))


def split_of(file: Path) -> str | None:
    """The split that a file belongs to by its name; None for a file that is not of FER2013."""
    split = PREFIXES.get(file.stem.split("_")[0])
    if split != "train":
        return split
    number = int(hashlib.sha256(file.stem.encode()).hexdigest(), 16)
    return "validation" if number % VALIDATION == 0 else "train"


def named_emotion(word: str) -> str:
    """An emotion by the noun or by Kaggle's adjective, any case; "" for another word."""
    word = NOUNS.get(word.lower(), word.lower())
    return word if word in EMOTIONS else ""


def _emotion(file: Path) -> str:
    found = named_emotion(file.stem.split("_")[-1]) or named_emotion(file.parent.name)
    if not found:
        raise Fer2013Error(
            f"{file} names no emotion: neither its last word nor its folder is one of "
            f"{', '.join(EMOTIONS)}"
        )
    return found


def _read(file: Path) -> np.ndarray:
    try:
        with Image.open(file) as image:
            grey = image.convert("L")
    except (UnidentifiedImageError, OSError) as error:
        raise Fer2013Error(
            f"{file} cannot be read as an image ({error}); fetch it again"
        ) from error
    if grey.size != (SIZE, SIZE):
        grey = grey.resize((SIZE, SIZE), resample=Image.Resampling.BILINEAR)
    return np.array(grey)
