"""Maps over an image sequence as GIF and MP4: how attention moves while an expression changes.

    images = morph_faces("neutral", "joy")                    # or read_sequence("/home/me/frames")
    film = make_film(images, network, cam_map(GradCam()), emotion="happiness")
    save_gif(Path("joy.gif"), film.frames)
    write_video(Path("joy.mp4"), film.frames, fps=12)

Frames are RGB, (H, W, 3) uint8. All maps of a film share one colour scale.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..corpora.face_finding import cut_face
from ..corpora.folder import Folder
from ..corpora.images import UnreadableImage, read_image
from ..networks import EmotionNetwork
from ..progress import progress
from .drawing import Picture, paint_map, probability_strip
from .reading import FaceMap, Reading, on_one_scale, read_faces
from .video_files import FPS, open_video

BATCH = 32  # frames in a pass
SIDE = 192  # pixels of a face in a film
MOST_FRAMES = 500  # of a sequence; all are held in memory


class SequenceError(ValueError):
    """A sequence of images that cannot be animated; the message says what to do."""


@dataclass(frozen=True)
class Film:
    """The frames of an animation and what they show.

    reading : probabilities and raw maps of the frames; heats: the maps on one scale, in [0, 1]
    """

    frames: list[Picture]
    reading: Reading
    heats: list[np.ndarray]


def read_sequence(
    source: Path | str | Sequence[Image.Image], *, detect: bool = False, most: int = MOST_FRAMES
) -> list[Image.Image]:
    """The images of a folder in the order of their names (2 before 10), of a video, or of a list.

    detect : cut out each image's largest face
    errors : SequenceError for no image or more than `most`, and for one that cannot be read or has
             no face, by its name: a film with a gap would show a jump that nobody made.
             VideoError, NotADirectoryError as their readers say.
    """
    images: list[Image.Image] = []
    for name, image in _named(source):
        if len(images) == most:
            raise SequenceError(
                f"the sequence has more than {most} images, which are held in memory at once; give "
                "fewer, or a larger `most`"
            )
        try:
            images.append(cut_face(image(), name) if detect else image())
        except UnreadableImage as error:
            raise SequenceError(f"{name}: {error}") from error
    if not images:
        raise SequenceError("the sequence has no image; give a folder, a video or a list of images")
    return images


def _named(
    source: Path | str | Sequence[Image.Image],
) -> Iterator[tuple[str, Callable[[], Image.Image]]]:
    """Names of images and how to read each."""
    if not isinstance(source, str | os.PathLike):
        for k, image in enumerate(source):
            yield f"image {k}", lambda image=image: image.convert("RGB")
        return
    path = Path(source)
    if path.is_dir():
        for name in sorted(Folder(path).ids, key=natural_order):
            yield name, lambda file=path / name: read_image(file)
        return
    for k, frame in enumerate(open_video(path)):
        yield f"frame {k} of {path.name}", lambda frame=frame: Image.fromarray(frame)


def natural_order(name: str) -> list[tuple[int, int | str]]:
    """A key that sorts numbers in names by their value: face2 before face10."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part]


def make_film(
    images: Sequence[Image.Image],
    network: EmotionNetwork,
    face_map: FaceMap,
    emotion: str | None = None,
    side: int = SIDE,
) -> Film:
    """A frame an image: the face, the face below its map, and the probabilities of the emotions.

    emotion : that the maps explain in every frame; None explains each frame's own label, and then
              a change of the map may be a change of the question
    errors  : SequenceError without an image, UnknownName for an emotion that is not the network's
    """
    if not len(images):
        raise SequenceError("the film has no image; give at least one")
    batches = [images[i : i + BATCH] for i in range(0, len(images), BATCH)]
    readings = [
        read_faces(batch, network, face_map, emotion)
        for batch in progress(batches, label="explaining frames")
    ]
    reading = Reading(
        readings[0].labels,
        np.concatenate([r.probabilities for r in readings]),
        np.concatenate([r.targets for r in readings]),
        np.concatenate([r.maps for r in readings]),
    )
    heats = on_one_scale(reading.maps)
    frames = [
        _frame(image, heat, reading.labels, chances, reading.labels[target], side)
        for image, heat, chances, target in zip(
            images, heats, reading.probabilities, reading.targets, strict=True
        )
    ]
    return Film(frames, reading, heats)


def _frame(
    image: Image.Image,
    heat: np.ndarray,
    labels: tuple[str, ...],
    chances: np.ndarray,
    emotion: str,
    side: int,
) -> Picture:
    face = np.asarray(image.convert("RGB").resize((side, side), Image.Resampling.BICUBIC))
    laid = paint_map(face, np.array([0, 0, side, side]), heat)
    strip = probability_strip(labels, chances, 2 * side, emotion)
    frame = np.concatenate([np.concatenate([face, laid], axis=1), strip])
    return np.pad(frame, ((0, len(frame) % 2), (0, 0), (0, 0)), mode="edge")  # MP4 wants even sides


def save_gif(path: Path, frames: Sequence[Picture], fps: float = FPS / 2) -> Path:
    """Frames as a GIF that repeats, whole or not at all.

    fps    : a GIF counts in hundredths of a second, so it is rounded; at most 50
    errors : SequenceError without a frame, for a name that does not end in .gif, for a speed of 0
    """
    path = Path(path)
    if not len(frames):
        raise SequenceError(f"there is no frame to write to {path}")
    if path.suffix.lower() != ".gif":
        raise SequenceError(f"{path} is no name of a GIF; let it end in .gif")
    if not 0 < fps <= 50:
        raise SequenceError(f"fps={fps!r} must lie in (0, 50]; a GIF shows at most 50 a second")
    pictures = [Image.fromarray(frame).quantize(128) for frame in frames]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        pictures[0].save(
            partial,
            format="GIF",
            save_all=True,
            append_images=pictures[1:],
            duration=round(100 / fps) * 10,
            loop=0,
        )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path
