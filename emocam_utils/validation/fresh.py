"""Fresh corpora: scenes of no split, drawn once, that several networks look at.

A matrix is made on a corpus, and another corpus gives another one. The generator is free, so that
this spread is measured and not resampled: as many corpora as wanted, each of scenes that nothing
was trained on, calibrated on or measured on.

    image, class, label, probability, area, and a column a variant (`contestants.variant`):
    one row an object of a scene, by its exact box
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ..cams import CamMethod
from ..corpora.emoscenes import layers
from ..corpora.emoscenes import scene as scenes
from ..corpora.emoscenes.rule import load_rule
from ..networks import EmotionNetwork
from ..networks.weights import load_emonet
from ..pipeline.importance import pixel_boxes, sum_weights
from ..progress import progress
from ..study import Preset
from .contestants import settings_on_trial

SIZE = 2_000  # scenes of a corpus, as the test split has
SLOW = ("lime",)  # ten times as slow as all others together
QUICK = ("gradcam", "random")
BATCH = 20
TASK = 5 * BATCH
POWERS = {  # of the area that a box score divides the share by; the mean divides the sum by it
    "mean": 1.0,
    "share": 0.0,
    "share_per_sqrt_area": 1 / 2,
    "share_per_cbrt_area": 1 / 3,
}
CORNERS = ["x0", "y0", "x1", "y1"]


def fresh_ids(corpus: int, size: int = SIZE) -> list[str]:
    """The images of one fresh corpus; "fresh" is no split of EmoScenes."""
    return [f"fresh/{corpus}/{number:05d}" for number in range(size)]


def fresh_settings(presets: Mapping[str, Preset], methods: bool) -> dict[str, CamMethod]:
    """The ways to make maps on a fresh corpus: Grad-CAM's and random maps, or all but slow ones."""
    chosen = settings_on_trial(presets)
    named = {name: name.split("/")[0] for name in chosen}
    wanted = set(named.values()) - set(SLOW) if methods else QUICK
    return {name: way for name, way in chosen.items() if named[name] in wanted}


def fresh_scene(image: str) -> scenes.Scene:
    """The scene of an id of `fresh_ids`; labels take turns, as in every split."""
    labels = load_rule().labels
    return scenes.compose(image, labels[int(image.rsplit("/", 1)[1]) % len(labels)])


def in_parallel(
    ids: Sequence[str], weights: Mapping[str, Path], presets: Mapping[str, Preset], methods: bool
) -> dict[str, pd.DataFrame]:
    """`observed` of networks by their weights, in a process for each core."""
    with processes() as pool:
        return through(pool, ids, weights, presets, methods)


def processes() -> Pool:
    """Processes for `through`: started anew, since a fork beside torch's threads can hang."""
    return get_context("spawn").Pool(os.cpu_count())


def through(
    pool: Pool,
    ids: Sequence[str],
    weights: Mapping[str, Path],
    presets: Mapping[str, Preset],
    methods: bool,
) -> dict[str, pd.DataFrame]:
    """`observed` through a pool of processes, in tasks of whole batches: they change no number."""
    settings, named = fresh_settings(presets, methods), tuple(weights.items())
    tasks = [(ids[i : i + TASK], named, settings) for i in range(0, len(ids), TASK)]
    done = list(progress(pool.imap(_task, tasks), total=len(tasks), label="drawing and explaining"))
    return {name: pd.concat([part[name] for part in done], ignore_index=True) for name in weights}


def _task(
    given: tuple[Sequence[str], tuple[tuple[str, Path], ...], Mapping[str, CamMethod]],
) -> dict[str, pd.DataFrame]:
    ids, weights, settings = given
    return observed(ids, _networks(weights), settings)


@cache
def _networks(weights: tuple[tuple[str, Path], ...]) -> dict[str, EmotionNetwork]:
    torch.set_num_threads(1)
    form = torch.channels_last  # with which a convolution on a CPU takes half the time
    return {n: load_emonet(file).eval().to(memory_format=form) for n, file in weights}


def observed(
    ids: Sequence[str], networks: Mapping[str, EmotionNetwork], settings: Mapping[str, CamMethod]
) -> dict[str, pd.DataFrame]:
    """What each network predicts of fresh scenes, and the importance of every object; see the head.

    Scenes pass in batches of `BATCH` from the first on, so that equal ids give equal numbers.
    """
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in networks}
    for start in range(0, len(ids), BATCH):
        drawn = {image: fresh_scene(image) for image in ids[start : start + BATCH]}
        pictures = [layers.render(scene) for scene in drawn.values()]
        objects = {image: scenes.boxes(scene) for image, scene in drawn.items()}
        inputs: Tensor | None = None
        for name, network in networks.items():
            inputs = _prepared(network, pictures, inputs)
            parts[name].append(_looked_at(network, settings, objects, inputs))
    return {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}


def _prepared(
    network: EmotionNetwork, pictures: Sequence[Image.Image], before: Tensor | None
) -> Tensor:
    """(N, 3, H, W); what another network was given, if this one prepares pictures likewise."""
    first = network.preprocess(pictures[0])
    if before is not None and torch.equal(first, before[0]):
        return before
    rest = [network.preprocess(picture) for picture in pictures[1:]]
    return torch.stack([first, *rest]).contiguous(memory_format=torch.channels_last)


def _looked_at(
    network: EmotionNetwork,
    settings: Mapping[str, CamMethod],
    objects: Mapping[str, pd.DataFrame],
    inputs: Tensor,
) -> pd.DataFrame:
    with torch.no_grad():
        features = network.features(inputs)
        probabilities, targets = network.head(features).softmax(1).max(1)
    cams = [way(network.head, features, targets).numpy() for way in settings.values()]
    tables, importances = [], []
    for place, (image, table) in enumerate(objects.items()):
        said = network.labels[int(targets[place])], float(probabilities[place])
        tables.append(table.assign(image=image, label=said[0], probability=said[1]))
        importances.append(every_score(np.stack([maps[place] for maps in cams]), table))
    rows = pd.concat(tables, ignore_index=True)
    names = [f"{name}/{score}" for name in settings for score in POWERS]
    columns = pd.DataFrame(np.concatenate(importances).astype(np.float32), columns=names)
    described = rows[["image", "class", "label", "probability"]].assign(area=relative_area(rows))
    return pd.concat([described, columns], axis=1)


def relative_area(objects: pd.DataFrame) -> NDArray[np.float64]:
    """Share of the scene that each box covers, (B,)."""
    sides = (objects["x1"] - objects["x0"]) * (objects["y1"] - objects["y0"])
    return sides.to_numpy(dtype=np.float64) / (scenes.WIDTH * scenes.HEIGHT)


def every_score(cams: NDArray, objects: pd.DataFrame) -> NDArray[np.float64]:
    """`importance.SCORES` of several maps of one scene at once, as fast as one of them.

    cams    : (M, h, w), raw and signed
    returns : (B, M * len(POWERS)), the scores of a map side by side; NaN for an empty map
    """
    size = scenes.HEIGHT, scenes.WIDTH
    boxes = pixel_boxes(objects[CORNERS].to_numpy(), size)
    whole = np.array([[0, 0, size[1], size[0]]])
    w_y, w_x = sum_weights(np.concatenate([boxes, whole]), cams.shape[1:], size)
    positive = np.maximum(cams.astype(np.float64), 0)
    low, high = positive.min((1, 2)), positive.max((1, 2))
    *sums, total = np.einsum("bi,mij,bj->bm", w_y, positive, w_x)
    area = ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))[:, None].astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.array(sums) / total
        mean = np.where(high > low, (np.array(sums) / area - low) / (high - low), 1.0)
        columns = [
            mean,
            *(share / (area / (size[0] * size[1])) ** p for p in list(POWERS.values())[1:]),
        ]
    return np.stack([np.where(high > 0, column, np.nan) for column in columns], axis=-1).reshape(
        len(boxes), -1
    )
