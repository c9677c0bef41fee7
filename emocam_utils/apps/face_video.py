"""A video with its faces read: box, label, probabilities and Grad-CAM (GiMeFive, Section 4.2).

    python -m emocam_utils.apps.face_video IN OUT.mp4

Beside OUT.mp4 lies OUT.csv: frame (from 0), seconds, the face's box x0, y0, x1, y1 (pixels,
half-open) and the probability of each emotion. A frame without a face passes unchanged; sound is
not kept. The video is read twice, first to read the faces and then to paint them, because
the maps of all frames share one colour scale.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from ..cams import GradCam
from ..corpora.face_finding import crop_face, find_faces, finder_in_words, square
from ..faces.command import add_network, open_network
from ..faces.painting import Picture, paint_face, paint_map
from ..faces.reading import FaceMap, cam_map, on_one_scale, read_faces
from ..faces.video_files import Video, VideoError, check_mp4, open_video, write_video
from ..networks import EmotionNetwork
from ..progress import explained, progress
from .face_scores import write_table

GRAD_CAM = cam_map(GradCam())
MOST_FACES = 4  # of a frame, the largest
CORNERS = ["x0", "y0", "x1", "y1"]


@dataclass(frozen=True)
class FaceTrack:
    """What is read of a video's faces.

    table  : a row a face: frame, seconds, x0, y0, x1, y1, a probability for each emotion; the
             largest face of a frame comes first
    maps   : (h, w) raw, one for each row
    labels : of the network
    frames : frames read; `declared` is what the file says it has (0: it does not say)
    """

    table: pd.DataFrame
    maps: list[NDArray]
    labels: tuple[str, ...]
    frames: int
    declared: int

    @property
    def without_face(self) -> int:
        """How many frames have no face."""
        return self.frames - self.table["frame"].nunique()

    def in_words(self) -> str:
        """What was read, and whether the file ended early."""
        seen = f"{self.frames:,} frames, {self.without_face:,} of them without a face"
        if self.frames < self.declared - 1:
            seen += f"; the file promises {self.declared:,}: it is cut short or damaged there"
        return seen


def read_video(video: Video, network: EmotionNetwork, face_map: FaceMap = GRAD_CAM) -> FaceTrack:
    """Find and read the faces of every frame, as the same frames would be read as images.

    face_map : of each face's own label
    """
    labels = tuple(network.labels)
    rows, maps, count = [], [], 0
    for frame in progress(video, total=video.frames or None, label="reading faces"):
        image = Image.fromarray(frame)
        boxes = find_faces(image).boxes[:MOST_FACES]
        if len(boxes):
            read = read_faces([crop_face(image, box) for box in boxes], network, face_map)
            for box, chances in zip(boxes, read.probabilities, strict=True):
                rows.append((count, count / video.fps, *box, *chances))
            maps += list(read.maps)
        count += 1
    table = pd.DataFrame(rows, columns=["frame", "seconds", *CORNERS, *labels])
    return FaceTrack(table.astype({"frame": int}), maps, labels, count, video.frames)


def painted(video: Video, track: FaceTrack) -> Iterator[Picture]:
    """The frames of a video with what was read of it painted in."""
    heats = on_one_scale(track.maps)
    rows = track.table.groupby("frame", sort=False).indices
    for k, frame in enumerate(progress(video, total=track.frames, label="painting faces")):
        here = track.table.iloc[list(rows.get(k, ()))]
        boxes = here[CORNERS].to_numpy(dtype=np.int64)
        for row, box in zip(here.index, boxes, strict=True):
            frame = paint_map(frame, square(box), heats[row])
        chances = here[list(track.labels)].to_numpy(dtype=float)
        for box, one in zip(boxes, chances, strict=True):
            frame = paint_face(frame, box, track.labels, one)
        yield frame


def annotate_video(
    source: Path, out: Path, network: EmotionNetwork, face_map: FaceMap = GRAD_CAM
) -> FaceTrack:
    """Write the annotated video and its table, each whole or not at all.

    out    : OUT.mp4; the table goes to OUT.csv. Same size (of an odd side one row or column
             less) and frames a second as the source.
    errors : VideoError for a source that cannot be read, or a name that cannot be written
    """
    source, out = Path(source), Path(out)
    check_mp4(out)
    if out.exists() and source.exists() and out.samefile(source):
        raise VideoError(f"{out} is the video that is read; give another name to write to")
    video = open_video(source)
    track = read_video(video, network, face_map)
    write_video(out, painted(video, track), video.fps)
    write_table(track.table, out.with_suffix(".csv"))
    return track


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit status: 2 for wrong input, 130 if interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m emocam_utils.apps.face_video", description=__doc__.splitlines()[0]
    )
    parser.add_argument("video", type=Path, help="a video file")
    parser.add_argument("out", type=Path, help="the MP4 file to write; OUT.csv lies beside it")
    add_network(parser)
    options = parser.parse_args(arguments)
    with explained("face-video"):
        network = open_network(options.network, options.weights)
        print(finder_in_words())
        track = annotate_video(options.video, options.out, network)
    print(f"{options.out} and {options.out.with_suffix('.csv').name}: {track.in_words()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
