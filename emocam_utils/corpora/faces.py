"""Corpora of faces: those at hand offline, those in a folder of photographs, FER2013.

open_faces()                                  astronaut, Labeled Faces in the Wild, drawings
open_faces("/home/me/photos")                 the largest face of every photograph
open_faces("/home/me/crops", detect=False)    images that are faces already
open_faces("/home/me/fer2013", split="test")  FER2013, files named as Kaggle has them
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image

from . import Corpus
from .face_finding import (
    MARGIN,
    SMALLEST,
    FoundFaces,
    cascade_boxes,
    crop_face,
    cut_face,
    cut_faces,
    finder_stamp,
    largest_face,
    no_face,
    whole_face,
)
from .fer2013 import Fer2013Files
from .folder import Folder
from .images import UnreadableImage, read_image
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
    decoder = staticmethod(draw_face)

    @property
    def name(self) -> str:
        return "example faces (astronaut, LFW, drawn)"

    @property
    def ids(self) -> list[str]:
        drawn = [f"drawn/{emotion}-{k}" for k in range(self.persons) for emotion in EMOTIONS]
        return [ASTRONAUT, *(f"lfw/{index:03d}" for index in self.lfw), *drawn]

    def stamp(self, face: str) -> str:
        return self.digest(face)

    def digest(self, face: str) -> str:
        picture = self.read(face)
        return hashlib.sha256(repr(picture.size).encode() + picture.tobytes()).hexdigest()[:32]

    def read(self, face: str) -> Image.Image:
        """A face as RGB, square. Errors: UnreadableImage for an id that is not there."""
        if face not in self.ids:
            raise UnreadableImage(f"no example face {face!r}; there are {', '.join(self.ids)}")
        if face == ASTRONAUT:
            picture = Image.fromarray(skimage.data.astronaut())
            return crop_face(picture, cascade_boxes(picture)[0])  # the same with YuNet as without
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


def cut_from_file(file: Path) -> Image.Image:
    """The largest face of an image file. Errors: UnreadableImage, NoFace among them."""
    return cut_face(read_image(file), file.name)


@dataclass(frozen=True)
class Faces:
    """The faces of a corpus: of each image the largest, or the image as it is.

    detect : False where the images are cropped faces already
    margin : around a detected face, as `face_finding.crop_face`
    An image without a face cannot be read, which `read` says, as of one that is damaged.
    """

    source: Corpus
    detect: bool = True
    margin: float = MARGIN
    _known: dict[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        return f"faces of {self.source.name}" if self.detect else self.source.name

    @property
    def path(self) -> str:
        """Where the images are, which keeps their manifests apart."""
        return f"{getattr(self.source, 'path', '')}"

    @property
    def ids(self) -> list[str]:
        return self.source.ids

    @property
    def decoder(self) -> Callable:
        return cut_from_file if self.detect else self.source.decoder

    def stamp(self, image: str) -> str:
        return f"{self.source.stamp(image)} {self._cut}"

    def digest(self, image: str) -> str:
        whole = self.source.digest(image)
        return hashlib.sha256(f"{whole} {self._cut}".encode()).hexdigest()[:32]

    @property
    def _cut(self) -> str:
        return f"{self.margin}, {finder_stamp()}" if self.detect else "whole"

    def read(self, image: str) -> Image.Image:
        """The face as RGB. Errors: UnreadableImage, NoFace among them."""
        picture = self.source.read(image)
        if not self.detect:
            return picture
        if image not in self._known:
            self._known[image] = largest_face(picture, image)
        return crop_face(picture, self._known[image], self.margin)

    def every(self, image: str, smallest: float = SMALLEST) -> tuple[FoundFaces, list[Image.Image]]:
        """All faces of an image, the largest first, and what is cut out for each.

        smallest : see `find_faces`; an image that is a face already is one, found nowhere in it
        Errors   : UnreadableImage, NoFace among them
        """
        picture = self.source.read(image)
        if not self.detect:
            return whole_face(picture), [picture]
        found, crops = cut_faces(picture, smallest, self.margin)
        if not crops:
            raise no_face(picture, image, smallest)
        return found, crops

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
