"""What the network says when a facial part is covered (Zeiler and Fergus 2014): the causal check.

A cover is itself something to see, so what it does is compared with a cover of the same shape and
area put down at random, and the filling is chosen on training images.

Axes: N faces, H x W pixels, P parts, L labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from ...networks import EmotionNetwork
from ...progress import progress
from ..reading import BATCH, face_logits
from .shares import preprocessed

BLUR = 0.1  # standard deviation of the blur, of the face's width

Filling = Callable[[NDArray[np.uint8], NDArray[np.float64]], NDArray[np.float64]]


def _mean_face(faces: NDArray[np.uint8], mean_face: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of the training images: the same for all, so nothing of the face is left."""
    return np.broadcast_to(mean_face, faces.shape)


def _fitted(faces: NDArray[np.uint8], mean_face: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean face at the brightness and contrast that fit the face best (least squares).

    The cover's edges are softer; the face keeps two numbers of its own.
    """
    shape = mean_face - mean_face.mean()
    level = faces.mean(axis=(1, 2), keepdims=True)
    fit = ((faces - level) * shape).sum(axis=(1, 2), keepdims=True)
    slope = fit / max(float((shape**2).sum()), 1e-9)  # of a flat mean face, only the level is left
    return level + slope.clip(0) * shape


def _blur(faces: NDArray[np.uint8], mean_face: NDArray[np.float64]) -> NDArray[np.float64]:
    """The face itself, blurred with a tenth of its width: its coarse light and shade stay."""
    sigma = BLUR * faces.shape[2]
    return np.stack([cv2.GaussianBlur(face, (0, 0), sigma) for face in faces.astype(np.float64)])


def _grey(faces: NDArray[np.uint8], mean_face: NDArray[np.float64]) -> NDArray[np.float64]:
    """One grey, the mean of all training pixels: a patch with edges."""
    return np.full(faces.shape, mean_face.mean())


FILLINGS: dict[str, Filling] = {
    "mean face": _mean_face,
    "fitted mean face": _fitted,
    "blur": _blur,
    "grey": _grey,
}
"""faces (N, H, W) in [0, 255], mean face (H, W) -> what lies under the cover, (N, H, W)."""


def covered(
    faces: NDArray[np.uint8], masks: NDArray[np.bool_], filling: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Faces (N, H, W) with the pixels of a mask, (H, W) or one a face (N, H, W), replaced."""
    filling = np.clip(np.rint(filling), 0, 255).astype(np.uint8)
    return np.where(masks, filling, faces)


def moved(mask: NDArray[np.bool_], count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Copies of a mask, each moved by a random offset: (count, H, W), every one of the same area.

    What leaves the face at one edge enters at the other, so every pixel is covered equally often.
    """
    height, width = mask.shape
    down, right = rng.integers(0, height, count), rng.integers(0, width, count)
    rows = (np.arange(height) - down[:, None]) % height
    columns = (np.arange(width) - right[:, None]) % width
    return mask[rows[:, :, None], columns[:, None, :]]


def logits_of(network: EmotionNetwork, faces: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Logits (N, L) of grey faces (N, H, W)."""
    logits = [np.empty((0, len(network.labels)))]
    for start in range(0, len(faces), BATCH):
        images = preprocessed(network, faces[start : start + BATCH])
        logits.append(face_logits(network, images).double().numpy())
    return np.concatenate(logits)


def covered_logits(
    network: EmotionNetwork,
    faces: NDArray[np.uint8],
    masks: NDArray[np.bool_],
    filling: str,
    mean_face: NDArray[np.float64],
    seed: int | None = None,
    label: str = "covering",
) -> NDArray[np.float64]:
    """Logits without each part: (N, P, L).

    masks   : (P, H, W)
    filling : a name of FILLINGS
    seed    : if given, each cover is moved by a random offset of its own: the floor
    """
    under = FILLINGS[filling](faces, mean_face)
    rng = None if seed is None else np.random.default_rng(seed)
    logits = []
    for mask in progress(masks, label=label):
        where = mask if rng is None else moved(mask, len(faces), rng)
        logits.append(logits_of(network, covered(faces, where, under)))
    return np.stack(logits, axis=1)


def drops(
    whole: NDArray[np.float64], without: NDArray[np.float64], targets: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    """How far the target falls when a part is covered: measure -> (N, P).

    whole, without : logits (N, L) and (N, P, L); targets : (N,)
    returns        : "logit" and "probability" of the target, and "accuracy": 1 where the target was
                     the answer and is no more, -1 for the reverse
    """
    rows = np.arange(len(targets))
    found = {}
    for name, of in (("logit", np.asarray), ("probability", partial(softmax, axis=-1))):
        before, after = of(whole)[rows, targets], of(without)[rows, :, targets]
        found[name] = before[:, None] - after
    before = (whole.argmax(-1) == targets).astype(np.float64)
    after = (without.argmax(-1) == targets[:, None]).astype(np.float64)
    found["accuracy"] = before[:, None] - after
    return found


def filling_table(
    networks: Mapping[str, EmotionNetwork],
    faces: NDArray[np.uint8],
    labels: NDArray[np.str_],
    masks: NDArray[np.bool_],
    mean_face: NDArray[np.float64],
    seed: int = 0,
) -> pd.DataFrame:
    """What each filling leaves of faces that are covered whole, and what a small cover of it does.

    faces, labels : images (N, H, W) of a split that is not reported on, their emotions (N,)
    masks         : (P, H, W), of which moved copies are put down
    returns       : one row a network and filling: `recall` over the emotions of the covered faces
                    (chance is 1 / L), `distance` of its probabilities from chance (total variation,
                    0 to 1), and `moved`, the mean absolute change of the labelled logit by covers
                    at random places
    """
    rows = []
    everything = np.ones(mean_face.shape, bool)
    for name, network in networks.items():
        known = np.isin(labels, network.labels)
        shown = faces[known]
        targets = np.array([network.labels.index(label) for label in labels[known]])
        whole, chance = logits_of(network, shown), 1 / len(network.labels)
        for filling in FILLINGS:
            under = FILLINGS[filling](shown, mean_face)
            logits = logits_of(network, covered(shown, everything, under))
            right = pd.Series(logits.argmax(1) == targets)
            distance = np.abs(softmax(logits, axis=1) - chance).sum(1).mean() / 2
            elsewhere = covered_logits(network, shown, masks, filling, mean_face, seed, filling)
            changed = np.abs(drops(whole, elsewhere, targets)["logit"]).mean()
            recall = right.groupby(targets).mean().mean()
            rows.append((name, filling, len(shown), chance, recall, distance, changed))
    columns = ["network", "filling", "n", "chance", "recall", "distance", "moved"]
    return pd.DataFrame(rows, columns=columns)


def best_filling(table: pd.DataFrame, network: str) -> str:
    """The filling under which a face covered whole is closest to chance for this network."""
    rows = table[table["network"] == network].set_index("filling")
    return str(rows["distance"].idxmin())
