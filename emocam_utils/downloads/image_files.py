"""Files from the web: which names are safe to keep, and which contents are pictures."""

from __future__ import annotations

import os
from pathlib import Path

from ..corpora.images import UnreadableImage, read_image

LONGEST_NAME = 255  # bytes of one part of a path, on most file systems


class UnsafeName(ValueError):
    """A name that would leave the folder or that file systems cannot keep."""


class Refused(Exception):
    """An address that gave no picture. `temporary`: worth another try, now or in another run."""

    def __init__(self, reason: str, temporary: bool = False, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.temporary, self.wait = temporary, wait


class Unreachable(Refused):
    """No connection to the host, or none to anywhere."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, temporary=True)


def safe_path(folder: Path, name: str) -> Path:
    """Where an image of this name belongs below the folder.

    Errors: UnsafeName for a name that is absolute, goes up, is hidden, holds a backslash or a
    control character, is too long for a file system, or meets a link that leads out of the folder
    """
    parts = name.split("/")
    problem = (
        "it is empty or absolute, or has an empty part"
        if not all(parts)
        else "a part begins with a dot"
        if any(part.startswith(".") for part in parts)
        else "it holds a backslash or a control character"
        if any(c == "\\" or ord(c) < 32 or ord(c) == 127 for c in name)
        else f"a part is longer than {LONGEST_NAME} bytes"
        if max(len(os.fsencode(part)) for part in parts) > LONGEST_NAME
        else ""
    )
    path = folder.joinpath(*parts)
    if not problem and not path.resolve().is_relative_to(folder.resolve()):
        problem = "a link leads out of the folder"
    if problem:
        raise UnsafeName(f"{name!r} cannot be a file below {folder}: {problem}")
    return path


def inspect_image(path: Path, least_side: int) -> tuple[int, int]:
    """Width and height of a file that is a picture.

    Errors: Refused, for what does not decode to its end, is too small, or is all of one colour
    """
    try:
        image = read_image(path)
    except UnreadableImage as error:
        raise Refused("a web page" if is_page(path) else f"no picture: {error}") from None
    if min(image.size) < least_side:
        raise Refused(f"a placeholder: {image.width} x {image.height} pixels")
    if all(low == high for low, high in image.getextrema()):
        raise Refused("a placeholder: one colour everywhere")
    return image.size


def is_page(path: Path) -> bool:
    """Whether a file begins as a web page does (or a drawing in XML)."""
    with path.open("rb") as file:
        start = file.read(512).lstrip().lower()
    return start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml", b"<svg"))
