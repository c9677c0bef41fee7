"""Videos: frames from a file, and frames to an MP4 that is there whole or not at all.

Frames are RGB, (H, W, 3) uint8. Sound is neither read nor written.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
FPS, MOST_FPS = 25.0, 240.0
CODEC = "mp4v"


class VideoError(ValueError):
    """A video that cannot be read or written; the message says what to do."""


@dataclass(frozen=True)
class Video:
    """A video file that can be read.

    fps    : frames a second; 25 where the file gives none or one that cannot be
    frames : how many the file says it has; 0 where it does not say
    """

    path: Path
    fps: float
    frames: int
    width: int
    height: int

    def __iter__(self) -> Iterator[Frame]:
        """The frames in order, up to the end or the first that is damaged.

        Errors: VideoError where a frame has another size than the first
        """
        with _captured(self.path) as capture:
            while True:
                more, frame = capture.read()
                if not more:
                    return
                if frame.shape[:2] != (self.height, self.width):
                    raise VideoError(
                        f"the frames of {self.path} change their size from {self.width} x "
                        f"{self.height} to {frame.shape[1]} x {frame.shape[0]}. "
                        + _convert(self.path)
                    )
                yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)


def open_video(path: Path) -> Video:
    """A video file whose first frame can be read.

    Errors: VideoError for a file that is missing, empty, no video, damaged, without a frame, or in
    a format that this OpenCV does not decode
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder, not a file" if path.is_dir() else "is missing"
        raise VideoError(f"the video {path} {what}; give the path of a video file, e.g. face.mp4")
    if path.stat().st_size == 0:
        raise VideoError(f"the video {path} is empty (0 bytes); copy or record it again")
    with _captured(path) as capture:
        if not capture.isOpened():
            raise VideoError(
                f"{path} is not a video that OpenCV {cv2.__version__} can open: it is another kind "
                f"of file, cut short, or of an unknown format. {_convert(path)}"
            )
        more, frame = capture.read()  # rotated as its file says, so that its shape counts
        if not more:
            raise VideoError(
                f"{path} has no frame that can be read: it is empty, damaged, or its codec is not "
                f"known. {_convert(path)}"
            )
        fps, frames = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
    height, width = frame.shape[:2]
    return Video(path, fps if 1 <= fps <= MOST_FPS else FPS, max(int(frames), 0), width, height)


@contextmanager
def _captured(path: Path) -> Iterator[cv2.VideoCapture]:
    capture = cv2.VideoCapture(str(path))
    try:
        yield capture
    finally:
        capture.release()


def _convert(path: Path) -> str:
    return f"If a player shows it, convert it: ffmpeg -i {path.name} -c:v libx264 converted.mp4"


def write_video(path: Path, frames: Iterable[Frame], fps: float = FPS) -> int:
    """Frames to an MP4 (MPEG-4 part 2, `mp4v`); returns how many.

    frames : all of one size; of an odd side the codec drops the last row or column
    errors : VideoError for a name that does not end in .mp4, for no frame, and where the file
             cannot be written; what was there before then stays, and nothing half
    """
    check_mp4(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.stem}.{os.getpid()}.partial.mp4")
    try:
        count = _write(partial, frames, fps)
        if not count:
            raise VideoError(f"there is no frame to write to {path}")
        with _captured(partial) as written:  # a writer does not say when a disk is full
            if round(written.get(cv2.CAP_PROP_FRAME_COUNT)) != count:
                raise VideoError(f"{path} was not written whole; is the disk full?")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return count


def check_mp4(path: Path) -> None:
    """Errors: VideoError for a name that does not end in .mp4."""
    if path.suffix.lower() != ".mp4":
        raise VideoError(f"{path} cannot be written: videos are MP4, so let the name end in .mp4")


def _write(path: Path, frames: Iterable[Frame], fps: float) -> int:
    writer, size, count = cv2.VideoWriter(), None, 0
    try:
        for frame in frames:
            height, width = frame.shape[:2]
            size = size or (width, height)
            if not count and not writer.open(str(path), cv2.VideoWriter_fourcc(*CODEC), fps, size):
                raise VideoError(
                    f"OpenCV cannot write {path} ({width} x {height}, {fps:g} frames a second, "
                    f"codec {CODEC}): is its folder writable, the frame larger than 1 pixel?"
                )
            if (width, height) != size:
                raise VideoError(f"frame {count} is {width} x {height}, the first {size}")
            writer.write(cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2BGR))
            count += 1
    finally:
        writer.release()
    return count
