"""Images of a study, one by one, as RGB; what cannot be read is named with its reason."""

from __future__ import annotations

from typing import Protocol

from PIL import Image


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
