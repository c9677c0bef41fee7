"""FER2013 (Goodfellow et al. 2013): grey faces with a label of emotion, as folders of image files.

Read from any folder in which the files' names begin with Training_ and PublicTest_, as Kaggle's
copies have them; the emotion is the last word of the file's name or, failing that, the name of its
folder. The images may not be passed on, so nothing of them is in this repository.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..progress import progress

SIZE = 64  # pixels; the original 48 x 48 are enlarged
VALIDATION = 10  # one training image in so many is kept for choices
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


def load_fer2013(folder: Path | str, split: str) -> FaceSet:
    """The faces of "train", of "validation" (about a tenth of the training images) or "test".

    Test is PublicTest. Which training image is kept for validation depends on its name alone.
    Raises Fer2013Error for a folder that holds none, or an image that cannot be read.
    """
    if split not in ("train", "validation", "test"):
        raise ValueError(f"no split {split!r} of FER2013: there are train, validation, test")
    folder = Path(folder)
    files = sorted(
        file
        for file in (folder.rglob("*") if folder.is_dir() else ())
        if file.suffix.lower() in (".jpg", ".jpeg", ".png") and split_of(file) == split
    )
    if not files:
        raise Fer2013Error(
            f"no {split} image of FER2013 in {folder}: expected files named "
            "Training_<number>_<emotion>.jpg and PublicTest_<number>_<emotion>.jpg, in any folders "
            "below. Give the folder by DATA=…; README says where FER2013 is had."
        )
    images = np.stack([_read(file) for file in progress(files, label=f"FER2013 {split}")])
    labels = np.array([_emotion(file) for file in files])
    ids = np.array([file.relative_to(folder).as_posix() for file in files])
    return FaceSet(images, labels, ids)


def split_of(file: Path) -> str | None:
    """The split that a file belongs to by its name; None for a file that is not of FER2013."""
    split = PREFIXES.get(file.stem.split("_")[0])
    if split != "train":
        return split
    number = int(hashlib.sha256(file.stem.encode()).hexdigest(), 16)
    return "validation" if number % VALIDATION == 0 else "train"


def _emotion(file: Path) -> str:
    for word in (file.stem.split("_")[-1].lower(), file.parent.name.lower()):
        word = NOUNS.get(word, word)
        if word in EMOTIONS:
            return word
    raise Fer2013Error(
        f"{file} names no emotion: neither its last word nor its folder is one of "
        f"{', '.join(EMOTIONS)}"
    )


def _read(file: Path) -> np.ndarray:
    try:
        with Image.open(file) as image:
            grey = image.convert("L")
            if grey.size != (SIZE, SIZE):
                grey = grey.resize((SIZE, SIZE), resample=Image.Resampling.BILINEAR)
            return np.array(grey)
    except (UnidentifiedImageError, OSError) as error:
        raise Fer2013Error(
            f"{file} cannot be read as an image ({error}); fetch it again"
        ) from error
