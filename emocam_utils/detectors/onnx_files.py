"""Networks in ONNX files, opened by OpenCV, with an error that says which file and what to do.

OpenCV's own words for a page, half a file or another network name a line of its source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import cv2

from .. import paths
from ..networks.weight_files import WeightsError

FOLDER = paths.RAW / "networks"
"""Where `make data` puts the networks for photographs."""

HOW_TO_GET = "`make data STUDY=photos` fetches it (11 MB for all networks of photographs)"

T = TypeVar("T")


def open_onnx(path: Path, what: str, opener: Callable[[str], T]) -> T:
    """What OpenCV makes of a file.

    what   : the network's name, for messages
    opener : of OpenCV, e.g. cv2.dnn.readNetFromONNX
    Errors : FileNotFoundError, WeightsError

    From here on OpenCV computes on one thread. Where several threads ask networks of their own, it
    splits a layer as its pool happens to be free, and outputs differ in the sixth digit.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no network {what} at {path}; {HOW_TO_GET}")
    cv2.setNumThreads(1)
    with explained_by(path, what):
        return opener(str(path))


@contextmanager
def explained_by(path: Path, what: str) -> Iterator[None]:
    """OpenCV's errors inside as WeightsError: the file is not the network, or not all of it."""
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    except cv2.error as error:
        size = path.stat().st_size
        raise WeightsError(
            f"{path} ({size:,} bytes) is not the network {what} as ONNX, or only a part of it "
            f"(OpenCV: {error.err or error}). Move it away; {HOW_TO_GET}"
        ) from error
    finally:
        cv2.utils.logging.setLogLevel(level)
