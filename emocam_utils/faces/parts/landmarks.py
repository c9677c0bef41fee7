"""Where the parts of a face lie in FER2013's aligned images: what the template is drawn from.

OpenCV's Haar cascades (Viola and Jones 2001; shipped in `cv2.data`) look for eyes and smiles in
training images. They miss many and find much that is neither, so a face counts for the eyes only if
it has a pair of them, and for the mouth only if a smile lies below such a pair and between them; of
several the strongest. Nothing says where in the image that must be.

Positions are fractions of the face's side, x to the right and y down.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...progress import progress

SEARCHED = 128  # pixels of a side; the cascades' windows are 20 and 36 pixels wide
FASTER, NEIGHBOURS = 1.1, 3  # the cascades' step from size to size, and hits to be a detection
EYES = (0.17, 0.44)  # width of the windows that are searched, of the face's side
MOUTHS = (0.28, 0.66)
APART = (0.22, 0.62)  # of the two eyes, horizontally
LEVEL = 0.1  # their greatest difference in height
BELOW = 0.12  # of the mouth, at least, below the eyes
COLUMNS = ("left_x", "left_y", "right_x", "right_y", "eye_width")
MOUTH_COLUMNS = ("mouth_x", "mouth_y", "mouth_width", "mouth_height")


@cache
def _cascade(name: str) -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(str(Path(cv2.data.haarcascades) / f"haarcascade_{name}.xml"))


def _found(face: NDArray[np.uint8], name: str, widths: tuple[float, float], ratio: float) -> tuple:
    """Detections as centre x, y, width, height in fractions (D, 4), and how sure they are (D,)."""
    least, most = (tuple(round(SEARCHED * w / r) for r in (1, ratio)) for w in widths)
    boxes, _, sure = _cascade(name).detectMultiScale3(
        face, FASTER, NEIGHBOURS, minSize=least, maxSize=most, outputRejectLevels=True
    )
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4) / SEARCHED
    boxes[:, :2] += boxes[:, 2:] / 2
    return boxes, np.asarray(sure, dtype=np.float64).ravel()


def find_landmarks(face: NDArray[np.uint8]) -> dict[str, float]:
    """Eyes and mouth of a grey face (H, W); NaN for what is not found.

    returns : left_x, left_y, right_x, right_y (centres; left in the image), eye_width (of the
              cascade's square, which holds the brow), mouth_x, mouth_y, mouth_width, mouth_height
    """
    large = cv2.resize(face, (SEARCHED, SEARCHED), interpolation=cv2.INTER_CUBIC)
    found = dict.fromkeys((*COLUMNS, *MOUTH_COLUMNS), float("nan"))
    eyes, sure = _found(large, "eye", EYES, 1)
    pairs = [
        (min(sure[i], sure[j]), i, j)
        for i in range(len(eyes))
        for j in range(len(eyes))
        if APART[0] < eyes[j, 0] - eyes[i, 0] < APART[1]
        and abs(eyes[j, 1] - eyes[i, 1]) < LEVEL
        and max(eyes[i, 2], eyes[j, 2]) < 1.5 * min(eyes[i, 2], eyes[j, 2])
    ]
    if not pairs:
        return found
    _, i, j = max(pairs)
    left, right = eyes[i], eyes[j]
    found |= zip(COLUMNS, (*left[:2], *right[:2], (left[2] + right[2]) / 2), strict=True)
    mouths, sure = _found(large, "smile", MOUTHS, 2)
    below = [
        (sure[k], k)
        for k in range(len(mouths))
        if mouths[k, 1] > max(left[1], right[1]) + BELOW and left[0] < mouths[k, 0] < right[0]
    ]
    if below:
        found |= zip(MOUTH_COLUMNS, mouths[max(below)[1]], strict=True)
    return found


def landmark_table(
    faces: NDArray[np.uint8], labels: NDArray[np.str_], per_emotion: int = 200, seed: int = 0
) -> pd.DataFrame:
    """Landmarks of equally many faces an emotion, drawn at random: one row a face."""
    rng = np.random.default_rng(seed)
    chosen = [
        rng.permutation(np.flatnonzero(labels == label))[:per_emotion]
        for label in np.unique(labels)
    ]
    rows = [
        {"face": int(k), "emotion": str(labels[k]), **find_landmarks(faces[k])}
        for k in progress(np.concatenate(chosen), label="looking for eyes and mouths")
    ]
    return pd.DataFrame(rows)


def position_table(landmarks: pd.DataFrame, side: int = 64) -> pd.DataFrame:
    """Medians and spread in pixels of a face of that side, over all faces and by emotion.

    returns : emotion, landmark, faces (searched), found, median, low and high (quartiles), spread
              (1.4826 x the median absolute deviation: the standard deviation, were it Gaussian)
    """
    rows = []
    groups = [("any", landmarks), *landmarks.groupby("emotion")]
    for emotion, table in groups:
        for name in (*COLUMNS, *MOUTH_COLUMNS):
            values = table[name].dropna().to_numpy() * side
            low, median, high = (
                np.quantile(values, (0.25, 0.5, 0.75)) if len(values) else [float("nan")] * 3
            )
            spread = 1.4826 * np.median(np.abs(values - median)) if len(values) else float("nan")
            rows.append((emotion, name, len(table), len(values), median, low, high, spread))
    names = ("emotion", "landmark", "faces", "found", "median", "low", "high", "spread")
    return pd.DataFrame(rows, columns=list(names))
