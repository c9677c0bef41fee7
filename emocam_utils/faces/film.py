"""How maps move while a face changes: a morph of a drawn face, or frames of the reader's own.

Montero, Strong and Kierum saw the saliency map follow the creases at the corners of the mouth from
neutral to happy. Here each frame's map is also counted: what share of it lies on mouth and eyes.

    source, frames = open_frames("/home/me/frames")         # or a video, or "" for the morph
    film = film_face(network, "happiness", source, frames)
    save_films(film, Path("films"))

Axes: N frames, H x W pixels, L labels. Pictures are RGB, (H, W, 3) uint8.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from torch import Tensor

from ..cams import GradCam
from ..cams.saliency import saliency_map
from ..corpora.face_finding import NoFace, cut_face
from ..corpora.folder import Folder
from ..corpora.images import UnreadableImage, read_image
from ..corpora.morph import morph_faces
from ..networks import EmotionNetwork
from .analysis import Source
from .painting import Picture, paint_map, probability_strip
from .parts.fitted import fitted_masks
from .parts.shares import part_shares
from .parts.template import PARTS, part_areas, part_masks
from .reading import FaceMap, Reading, cam_map, on_one_scale, read_faces
from .video_files import open_video, write_video


def guided_saliency(network: EmotionNetwork, images: Tensor, targets: Tensor) -> Tensor:
    """Guided saliency maps (N, H, W), each cut at its 99.5th percentile.

    All frames share one scale, and a few single pixels would leave the rest dark.
    """
    maps = saliency_map(network, images, targets, "guided")
    return maps.minimum(maps.flatten(1).quantile(0.995, dim=1)[:, None, None])


MAPS: dict[str, FaceMap] = {
    "guided saliency": guided_saliency,
    "class activation": cam_map(GradCam()),
}
START, END = "neutral", "joy"
COUNTED = ("mouth", "eyes")
FPS = 12.0
TEMPLATE = 64  # pixels of its side
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


@dataclass(frozen=True)
class FaceFilm:
    """Frames, a film for each kind of map, and where the maps lie.

    probabilities : (N, L); shares : (N, "<map>: <part>") times the share of a flat map: 1 is chance
    """

    source: Source
    frames: list[Image.Image]
    films: dict[str, Film]
    probabilities: pd.DataFrame
    shares: pd.DataFrame

    def heats(self) -> dict[str, list[np.ndarray]]:
        """The maps of all frames, scaled together to [0, 1]."""
        return {name: film.heats for name, film in self.films.items()}

    def table(self) -> pd.DataFrame:
        """The numbers of the figure."""
        return pd.concat([self.probabilities, self.shares], axis=1)


def open_frames(video: str = "", frames: int = 24, seed: int = 0) -> tuple[Source, list]:
    """Frames and what they are: of a video or a folder of images, or a drawn face that smiles.

    video  : the largest face of each frame is cut out; frames without one are left out
    frames : of the morph; a video is thinned to as many
    seed   : which person is drawn
    """
    if not video:
        images = morph_faces(START, END, frames, seed)
        return Source(f"drawn face, {START} to {END} (synthetic)", _digest(images)), images
    path, images = Path(video).expanduser().absolute(), []
    found = read_sequence(path)
    chosen = np.unique(np.linspace(0, len(found) - 1, min(frames, len(found))).round())
    for k in chosen.astype(int):
        try:
            images.append(cut_face(found[k]))
        except NoFace:
            continue
    if not images:
        raise NoFace(f"no face found in {len(chosen)} frames of {path}; they must look ahead")
    name = f"faces of {path.name}, {len(images)} of {len(chosen)} frames"
    return Source(name, _digest(images), photographed=True), images


def read_sequence(path: Path, most: int = MOST_FRAMES) -> list[Image.Image]:
    """The images of a folder in the order of their names (2 before 10), or the frames of a video.

    errors : SequenceError for more than `most` images, and for one that cannot be read, by its
             name: a film with a gap would show a jump that nobody made. VideoError, ValueError and
             NotADirectoryError as their readers say.
    """
    images: list[Image.Image] = []
    for name, image in _named(Path(path)):
        if len(images) == most:
            raise SequenceError(
                f"{path} has more than {most} images, which are held in memory at once; give "
                "fewer, or a larger `most`"
            )
        try:
            images.append(image())
        except UnreadableImage as error:
            raise SequenceError(f"{name}: {error}") from error
    return images


def _named(path: Path) -> Iterator[tuple[str, Callable[[], Image.Image]]]:
    """Names of images and how to read each."""
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


def _digest(images: list[Image.Image]) -> str:
    digest = hashlib.sha256()
    for image in images:
        digest.update(repr(image.size).encode() + image.tobytes())
    return digest.hexdigest()[:16]


def film_face(
    network: EmotionNetwork, emotion: str, source: Source, frames: list[Image.Image]
) -> FaceFilm:
    """Films of the frames, a kind of map each; `emotion` is what all maps explain."""
    films = {name: make_film(frames, network, maps, emotion) for name, maps in MAPS.items()}
    reading = next(iter(films.values())).reading
    index = pd.Index(np.linspace(0, 1, len(frames)), name="share of the way")
    counted = [PARTS.index(part) for part in COUNTED]
    # a drawn face is where the template is; a person's moves, and its parts with it
    fixed = part_masks(TEMPLATE)
    parts = [fitted_masks(face, TEMPLATE) if source.photographed else fixed for face in frames]
    columns = {}
    for name, film in films.items():
        relative = np.concatenate(
            [
                part_shares(maps[None], masks[counted]) / part_areas(masks[counted])
                for maps, masks in zip(film.reading.maps, parts, strict=True)
            ]
        )
        columns |= {f"{name}: {part}": relative[:, k] for k, part in enumerate(COUNTED)}
    chances = pd.DataFrame(reading.probabilities, index, list(reading.labels))
    shares = pd.DataFrame(columns, index)
    return FaceFilm(source, frames, films, chances[sorted(reading.labels)], shares)


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
    errors  : ValueError without an image, UnknownName for an emotion that is not the network's
    """
    reading = read_faces(images, network, face_map, emotion)
    heats = on_one_scale(reading.maps)
    rows = zip(images, heats, reading.probabilities, reading.targets, strict=True)
    frames = []
    for image, heat, chances, target in rows:
        face = np.asarray(image.convert("RGB").resize((side, side), Image.Resampling.BICUBIC))
        laid = paint_map(face, np.array([0, 0, side, side]), heat)
        strip = probability_strip(reading.labels, chances, 2 * side, reading.labels[target])
        frame = np.concatenate([np.concatenate([face, laid], axis=1), strip])
        # MP4 wants even sides
        frames.append(np.pad(frame, ((0, len(frame) % 2), (0, 0), (0, 0)), mode="edge"))
    return Film(frames, reading, heats)


def save_films(film: FaceFilm, folder: Path) -> list[Path]:
    """Each film as film_<map>.gif and .mp4 in a folder; returns the files."""
    files = []
    for name, one in film.films.items():
        stem = folder / f"film_{name.replace(' ', '_')}"
        files.append(save_gif(stem.with_suffix(".gif"), one.frames))
        write_video(stem.with_suffix(".mp4"), one.frames, FPS)
        files.append(stem.with_suffix(".mp4"))
    return files


def save_gif(path: Path, frames: Sequence[Picture], fps: float = FPS) -> Path:
    """Frames as a GIF that repeats, whole or not at all.

    fps : a GIF counts in hundredths of a second, so it is rounded; at most 50
    """
    pictures = [Image.fromarray(frame).quantize(128) for frame in frames]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    options = {"save_all": True, "append_images": pictures[1:], "loop": 0}
    try:
        pictures[0].save(partial, format="GIF", duration=round(100 / fps) * 10, **options)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path
