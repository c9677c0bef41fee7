"""Corpora of faces: those at hand offline, those in a folder of photographs, FER2013.

open_faces()                                  astronaut, Labeled Faces in the Wild, drawings
open_faces("/home/me/photos")                 the largest face of every photograph
open_faces("/home/me/crops", detect=False)    images that are faces already
open_faces("/home/me/fer2013", split="test")  FER2013, files named as Kaggle has them
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import skimage.data
from PIL import Image

from ..progress import progress
from . import Corpus
from . import face_finding as faces
from .fer2013 import Fer2013Files
from .folder import Folder
from .images import UnreadableImage
from .morph import EMOTIONS, draw_face, expression

ASTRONAUT = "astronaut"
LFW = tuple(range(0, 100, 8))  # of scikit-image's 200 patches the first 100 are faces
PERSONS = 2  # drawn with every emotion
GROUPS = {ASTRONAUT: "photograph", "lfw": "Labeled Faces in the Wild", "drawn": "EmoScenes (drawn)"}


@lru_cache(maxsize=1)
def _lfw() -> np.ndarray:
    return (skimage.data.lfw_subset() * 255).round().astype(np.uint8)


@dataclass(frozen=True)
class ExampleFaces:
    """Faces that need no download: an astronaut, grey photographs of 25 x 25 pixels, drawings.

    ids : "astronaut", "lfw/008" (index in scikit-image's lfw_subset), "drawn/fear-1" (EmoScenes,
          emotion and person)
    """

    lfw: tuple[int, ...] = LFW
    persons: int = PERSONS

    @property
    def name(self) -> str:
        return "example faces (astronaut, LFW, drawn)"

    @property
    def ids(self) -> list[str]:
        drawn = [f"drawn/{emotion}-{k}" for k in range(self.persons) for emotion in EMOTIONS]
        return [ASTRONAUT, *(f"lfw/{index:03d}" for index in self.lfw), *drawn]

    @cached_property
    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        for face in self.ids:
            digest.update(face.encode() + self.read(face).tobytes())
        return f"example-faces-{digest.hexdigest()[:16]}"

    def read(self, face: str) -> Image.Image:
        """A face as RGB, square. Errors: UnreadableImage for an id that is not there."""
        if face not in self.ids:
            raise UnreadableImage(f"no example face {face!r}; there are {', '.join(self.ids)}")
        if face == ASTRONAUT:
            return faces.cut_face(Image.fromarray(skimage.data.astronaut()), face)
        group, _, number = face.partition("/")
        if group == "lfw":
            return Image.fromarray(_lfw()[int(number)]).convert("RGB")
        emotion, _, person = number.partition("-")
        return draw_face(expression(emotion), int(person))

    def size(self, face: str) -> tuple[int, int]:
        return self.read(face).size

    def group(self, face: str) -> str:
        return GROUPS[face.split("/")[0]]

    def emotion(self, face: str) -> str:
        """What a drawing shows; nobody said it of the photographs."""
        kind, _, name = face.partition("/")
        return name.split("-")[0] if kind == "drawn" else ""


@dataclass(frozen=True)
class Faces:
    """The faces of a corpus: of each image the largest, or the image as it is.

    detect  : False where the images are cropped faces already
    margin  : around a detected face, as `faces.crop_face`
    ids     : images with a face; the others are in `skipped`, with their reasons
    """

    source: Corpus
    detect: bool = True
    margin: float = faces.MARGIN
    _known: dict[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        return f"faces of {self.source.name}" if self.detect else self.source.name

    @cached_property
    def _boxes(self) -> pd.DataFrame:
        rows = []
        for image in progress(self.source.ids, label="finding faces"):
            try:
                rows.append((image, *self._box(image, self.source.read(image)), ""))
            except UnreadableImage as error:
                rows.append((image, 0, 0, 0, 0, str(error)))
        return pd.DataFrame(rows, columns=["image", "x0", "y0", "x1", "y1", "reason"])

    @cached_property
    def boxes(self) -> pd.DataFrame:
        """Where each face is: image, x0, y0, x1, y1 (pixels, half-open)."""
        there = self._boxes[self._boxes["reason"] == ""]
        return there.drop(columns="reason").reset_index(drop=True)

    @cached_property
    def skipped(self) -> pd.DataFrame:
        """Images that cannot be read or have no face: image, reason."""
        lost = self._boxes[self._boxes["reason"] != ""]
        return lost[["image", "reason"]].reset_index(drop=True)

    def _box(self, image: str, picture: Image.Image) -> np.ndarray:
        if not self.detect:
            return np.array([0, 0, *picture.size])
        if image not in self._known:
            self._known[image] = faces.largest_face(picture, image)
        return self._known[image]

    @property
    def ids(self) -> list[str]:
        return self.boxes["image"].tolist()

    @property
    def fingerprint(self) -> str:
        detector = (faces.CASCADE, faces.SEARCHED_SIDE, faces.STEP, faces.NEIGHBOURS,
                    faces.SMALLEST, self.margin, cv2.__version__)  # fmt: skip
        key = repr((self.source.fingerprint, detector if self.detect else "as they are"))
        return f"faces-{hashlib.sha256(key.encode()).hexdigest()[:16]}"

    def read(self, image: str) -> Image.Image:
        """The face as RGB. Errors: UnreadableImage, NoFace among them."""
        picture = self.source.read(image)
        if not self.detect:
            return picture
        return faces.crop_face(picture, self._box(image, picture), self.margin)

    def size(self, image: str) -> tuple[int, int]:
        return self.read(image).size

    def group(self, image: str) -> str:
        """Which faces belong together in a figure: kinds of examples, else the whole corpus."""
        return getattr(self.source, "group", lambda _: self.source.name)(image)

    def emotion(self, image: str) -> str:
        """The emotion that the source names of a face; "" where it names none."""
        return getattr(self.source, "emotion", lambda _: "")(image)


def open_faces(
    folder: Path | str = "", *, detect: bool = True, split: str = "", limit: int = 0
) -> Faces:
    """Faces of a folder, or the examples where none is given.

    detect : False for a folder of cropped faces
    split  : for FER2013: "train", "validation", "test"
    limit  : only the first images; 0 takes all
    errors : NotADirectoryError, ValueError, Fer2013Error for a folder without them
    """
    if not folder:
        return Faces(ExampleFaces(), detect=False)
    path = Path(folder).expanduser().absolute()
    if split:
        return Faces(Fer2013Files(path, limit, split), detect=False)
    return Faces(Folder(path, limit), detect)
