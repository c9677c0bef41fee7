"""Anybody's photographs: the images below a folder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

import pillow_heif
from PIL import Image

from .images import UnreadableImage, file_digest, file_stamp, read_image

HEIF = (".heic", ".heif")  # of telephones
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", *HEIF)


def read_photograph(path: Path) -> Image.Image:
    """An image file as `read_image` reads it, also one of a telephone (HEIC)."""
    if path.suffix.lower() in HEIF:
        pillow_heif.register_heif_opener()
    return read_image(path)


@dataclass(frozen=True)
class Folder:
    """The images below a folder: files with an image's suffix, hidden ones left out.

    limit : only the first images; 0 takes all
    """

    path: Path
    limit: int = 0
    decoder = staticmethod(read_photograph)

    def __post_init__(self) -> None:
        if not self.path.is_dir():
            raise NotADirectoryError(
                f"images: {self.path} is not a folder; give a folder of photographs, "
                "e.g. make paper STUDY=photos IMAGES=/home/me/photos"
            )
        if not self.ids:
            raise ValueError(f"no file below {self.path} ends in {', '.join(SUFFIXES)}")

    @property
    def name(self) -> str:
        return f"folder {self.path.name}"

    @cached_property
    def ids(self) -> list[str]:
        """Looked up once."""
        found = (
            p.relative_to(self.path)
            for p in self.path.rglob("*")
            if p.suffix.lower() in SUFFIXES and not p.is_dir()
        )
        shown = sorted(
            str(PurePosixPath(p)).encode(errors="backslashreplace").decode()  # no name for Unicode
            for p in found
            if not any(s.startswith(".") for s in p.parts)
        )
        return shown[: self.limit or None]

    def stamp(self, image: str) -> str:
        return file_stamp(self.path / image)

    def digest(self, image: str) -> str:
        return file_digest(self.path / image)

    def read(self, image: str) -> Image.Image:
        parts = PurePosixPath(image)
        if parts.is_absolute() or ".." in parts.parts:
            raise UnreadableImage(f"{image!r} leads out of the folder")
        return read_photograph(self.path / image)

    def size(self, image: str) -> tuple[int, int]:
        return self.read(image).size  # decoded whole: only then it is known to be readable
