"""Images of a study, one by one, as RGB; what cannot be read is named with its reason."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np
from PIL import Image, ImageOps

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
MOST_PIXELS = 80_000_000


class UnreadableImage(Exception):
    """An image that cannot be analysed; the message is the reason, for the `skipped` table."""


class Corpus(Protocol):
    """A named, ordered set of images."""

    @property
    def name(self) -> str:
        """What stands on figures."""
        ...

    @property
    def ids(self) -> list[str]:
        """Image ids: relative paths with forward slashes."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes when any image may have changed."""
        ...

    def read(self, image: str) -> Image.Image:
        """The image as RGB after EXIF rotation.

        Errors: UnreadableImage, with the reason.
        """
        ...

    def size(self, image: str) -> tuple[int, int]:
        """Width and height of what `read` returns.

        Errors: UnreadableImage for exactly the images that `read` cannot read.
        """
        ...


def read_image(path: Path) -> Image.Image:
    """One image file as 8-bit RGB: EXIF rotation applied, alpha laid on white, first frame only.

    Errors: UnreadableImage for a file that is missing, empty, damaged, no image, or larger than
    `MOST_PIXELS` (a small file can unpack to gigabytes).
    """
    try:
        if path.stat().st_size == 0:
            raise UnreadableImage("the file is empty")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                width, height = image.size
                if width * height > MOST_PIXELS:
                    raise UnreadableImage(
                        f"{width} x {height} pixels are more than {MOST_PIXELS:,} "
                        "(a decompression bomb?)"
                    )
                image.load()
                return _rgb(ImageOps.exif_transpose(image))
    except UnreadableImage:
        raise
    except FileNotFoundError:
        raise UnreadableImage("the file is missing (a broken link?)") from None
    except Image.UnidentifiedImageError:
        raise UnreadableImage("the file is not an image") from None
    except Exception as error:  # Pillow's decoders raise many types, from OSError to SyntaxError
        raise UnreadableImage(f"damaged: {error or type(error).__name__}") from error


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        levels = np.asarray(image).astype(np.float64)
        # Pillow clips 16-bit levels at 255, which leaves a white image.
        scale = 257 if levels.max(initial=0) > 255 else 1
        return Image.fromarray(np.clip(levels / scale, 0, 255).astype(np.uint8)).convert("RGB")
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(ground, image).convert("RGB")
    return image.convert("RGB")


@dataclass(frozen=True)
class Folder:
    """The images below a folder: files with an image's suffix, hidden ones left out."""

    path: Path
    limit: int = 0

    def __post_init__(self) -> None:
        if not self.path.is_dir():
            raise NotADirectoryError(
                f"images: {self.path} is not a folder; give a folder of photographs, "
                "e.g. make paper STUDY=folder IMAGES=/home/me/photos"
            )
        if not self.ids:
            raise ValueError(f"images: no file below {self.path} ends in {', '.join(SUFFIXES)}")

    @property
    def name(self) -> str:
        return f"folder {self.path.name}"

    @property
    def ids(self) -> list[str]:
        found = (
            p.relative_to(self.path)
            for p in self.path.rglob("*")
            if p.suffix.lower() in SUFFIXES and not p.is_dir()
        )
        shown = sorted(
            str(PurePosixPath(p)) for p in found if not any(s.startswith(".") for s in p.parts)
        )
        return shown[: self.limit or None]

    @property
    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        for image in self.ids:
            file = self.path / image
            stat = file.stat() if file.exists() else None
            state = (stat.st_size, stat.st_mtime_ns) if stat else None
            digest.update(repr((image, state)).encode())
        return f"folder-{digest.hexdigest()[:16]}"

    def read(self, image: str) -> Image.Image:
        parts = PurePosixPath(image)
        if parts.is_absolute() or ".." in parts.parts:
            raise UnreadableImage(f"{image!r} leads out of the folder")
        return read_image(self.path / image)

    def size(self, image: str) -> tuple[int, int]:
        return self.read(image).size  # decoded whole: only then it is known to be readable
