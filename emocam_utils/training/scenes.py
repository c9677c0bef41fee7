"""Training images of EmoScenes, rendered once into arrays on disk.

<folder>/<split>-<count>-<hash>/images_227.npy   uint8 (N, 227, 227, 3), as EmoNet squashes them
                               /images_det.npy   uint8 (N, 192, 256, 3), as the detector sees them
                               /labels.npy       int64 (N,), index into the rule's labels
                               /boxes.parquet    image (row), class, x0 y0 x1 y1 (256 x 192)
"""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import Tensor

from ..corpora.emoscenes import corpus
from ..corpora.emoscenes.backgrounds import WIDTH
from ..corpora.emoscenes.layers import render
from ..corpora.emoscenes.rule import load_rule
from ..corpora.emoscenes.scene import boxes
from ..progress import progress

EMONET_SIZE = (227, 227)  # width, height
DETECTOR_SIZE = (256, 192)


@dataclass(frozen=True)
class TrainingScenes:
    """Rendered scenes; arrays are memory-mapped, so only what is used is read."""

    emonet_images: Tensor
    detector_images: Tensor
    labels: Tensor
    boxes: pd.DataFrame


def _draw(image: str) -> tuple[np.ndarray, np.ndarray, str, pd.DataFrame]:
    scene = corpus.load_scene(image)
    picture = render(scene)
    squashed = picture.resize(EMONET_SIZE, Image.Resampling.BICUBIC)
    small = picture.resize(DETECTOR_SIZE, Image.Resampling.BILINEAR)
    return np.asarray(squashed), np.asarray(small), scene.label, boxes(scene)


def rendered(split: str, count: int, folder: Path) -> TrainingScenes:
    """The first `count` scenes of a split, rendered on all cores unless they are there already."""
    place = folder / f"{split}-{count}-{corpus.scenes_hash()}"
    if not place.exists():
        _render(split, count, place)
    images = [
        torch.from_numpy(np.load(place / f"images_{kind}.npy", mmap_mode="c"))
        for kind in ("227", "det")
    ]
    labels = torch.from_numpy(np.load(place / "labels.npy"))
    return TrainingScenes(*images, labels, pd.read_parquet(place / "boxes.parquet"))


def _render(split: str, count: int, place: Path) -> None:
    partial = place.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    shapes = {"227": (count, 227, 227, 3), "det": (count, 192, 256, 3)}
    arrays = {
        kind: np.lib.format.open_memmap(partial / f"images_{kind}.npy", "w+", np.uint8, shape)
        for kind, shape in shapes.items()
    }
    names, labels, tables = load_rule().labels, np.zeros(count, np.int64), []
    ids = [corpus.image_id(split, i) for i in range(count)]
    with Pool(os.cpu_count(), signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        drawn = pool.imap(_draw, ids, chunksize=32)
        for i, (squashed, small, label, table) in enumerate(
            progress(drawn, total=count, label=f"drawing {split} scenes")
        ):
            arrays["227"][i], arrays["det"][i] = squashed, small
            labels[i] = names.index(label)
            tables.append(table.assign(image=i))
    for array in arrays.values():
        array.flush()
    np.save(partial / "labels.npy", labels)
    table = pd.concat(tables, ignore_index=True)
    table[["x0", "y0", "x1", "y1"]] *= DETECTOR_SIZE[0] / WIDTH
    table.to_parquet(partial / "boxes.parquet")
    partial.rename(place)
