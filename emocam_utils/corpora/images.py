"""One image file as RGB, or the reason why it cannot be read."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

MOST_PIXELS = 80_000_000


class UnreadableImage(Exception):
    """An image that cannot be analysed; the message is the reason, for the `skipped` table.

    passing : whether the reason may pass (no permission, no memory), so that it is tried again
    """

    def __init__(self, reason: str, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


def file_stamp(path: Path) -> str:
    """Size, dates and number of a file; "missing" without one."""
    try:
        stat = path.stat()
    except OSError:
        return "missing"
    # With the inode's own date and number: an archive can restore a file's size and date.
    return f"{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ctime_ns}-{stat.st_ino}"


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, its first 32 hexadecimal digits.

    Errors: UnreadableImage for a file that is missing or may not be read
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:32]
    except FileNotFoundError:
        raise UnreadableImage("the file is missing (a broken link?)") from None
    except OSError as error:
        raise UnreadableImage(f"cannot be read now: {error.strerror}", passing=True) from error


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
        passing = isinstance(error, MemoryError) or bool(getattr(error, "errno", None))
        what = "cannot be read now" if passing else "damaged"
        raise UnreadableImage(f"{what}: {error or type(error).__name__}", passing) from error


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
