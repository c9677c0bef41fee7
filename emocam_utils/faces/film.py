"""How maps move while a face changes: a morph of a drawn face, or frames of the reader's own.

Montero, Strong and Kierum saw the saliency map follow the creases at the corners of the mouth from
neutral to happy. Here each frame's map is also counted: what share of it lies on mouth and eyes.

Axes: N frames, H x W pixels.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from torch import Tensor

from ..cams import GradCam
from ..cams.saliency import saliency_map
from ..corpora.face_finding import NoFace, cut_face
from ..corpora.morph import morph_faces
from ..networks import EmotionNetwork
from .analysis import FaceAnalysis, Source, in_order
from .animation import Film, make_film, read_sequence, save_gif
from .parts.shares import part_shares
from .parts.template import PARTS, part_areas, part_masks
from .reading import FaceMap, cam_map
from .video_files import write_video


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
SIDE = 64  # pixels of the template


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
    if video:
        path = Path(video).expanduser().absolute()
        found = read_sequence(path)
        chosen = np.unique(np.linspace(0, len(found) - 1, min(frames, len(found))).round())
        cut = [_cut(found[int(k)]) for k in chosen]
        images = [face for face in cut if face is not None]
        if not images:
            raise NoFace(f"no face found in {len(cut)} frames of {path}; they must look ahead")
        return Source(
            f"faces of {path.name}, {len(images)} of {len(cut)} frames", _digest(images)
        ), images
    images = morph_faces(START, END, frames, seed)
    return Source(f"drawn face, {START} to {END} (synthetic)", _digest(images)), images


def _cut(frame: Image.Image) -> Image.Image | None:
    try:
        return cut_face(frame)
    except NoFace:
        return None


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
    masks = part_masks(SIDE)[[PARTS.index(part) for part in COUNTED]]
    columns = {}
    for name, film in films.items():
        relative = part_shares(film.reading.maps, masks) / part_areas(masks)
        columns |= {f"{name}: {part}": relative[:, k] for k, part in enumerate(COUNTED)}
    return FaceFilm(
        source,
        frames,
        films,
        pd.DataFrame(reading.probabilities, index=index, columns=list(reading.labels))[
            in_order(reading.labels)
        ],
        pd.DataFrame(columns, index=index),
    )


def save_films(film: FaceFilm, folder: Path) -> list[Path]:
    """Each film as face_<map>.gif and .mp4 in a folder; returns the files."""
    files = []
    for name, one in film.films.items():
        stem = folder / f"film_{name.replace(' ', '_')}"
        files.append(save_gif(stem.with_suffix(".gif"), one.frames, FPS))
        write_video(stem.with_suffix(".mp4"), one.frames, FPS)
        files.append(stem.with_suffix(".mp4"))
    return files


def film_words(film: FaceFilm, analysis: FaceAnalysis, emotion: str) -> str:
    """Where the emotion wins, and how the maps move between the first and the last frame."""
    chances = film.probabilities[emotion]
    top = film.probabilities.idxmax(axis=1)
    wins = chances.index[top == emotion]
    when = f"from {100 * wins[0]:.0f} % of the way" if len(wins) else "in no frame"
    lines = [
        f"{analysis.study.network.name}: {top.iloc[0]} in the first frame, {top.iloc[-1]} in the "
        f"last; {emotion} goes from {100 * chances.iloc[0]:.1f} to {100 * chances.iloc[-1]:.1f} % "
        f"and wins {when}"
    ]
    for column, values in film.shares.items():
        known = values.dropna()
        if len(known) > 1:
            lines.append(
                f"{column}: {known.iloc[0]:.2f} times a flat map's share in the first frame with a "
                f"map, {known.iloc[-1]:.2f} in the last"
            )
    return "\n".join(lines)
