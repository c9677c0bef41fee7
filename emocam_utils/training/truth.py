"""Measure the truth of 06_validation: the effect of every object in scenes of a split of their own.

    python -m emocam_utils.training.truth [--scenes 10000] [--weights emonet.safetensors ...]

The generator is free, so that effects need not be measured on the scenes whose maps are judged.
Every scene of the split `truth` is drawn once as layers, with all its removals, and passes through
every network that has no table yet. Finished tasks are kept under data/raw/validation, so that a
killed run goes on where it was. Then for every network, named by how it was trained:

    data/emoscenes/validation/truth-<network>.parquet   image, thing, class, label, probability,
                                                        probability_drop: one row an object
    data/emoscenes/validation/truth-<network>.json      its training, and its accuracy here

label and probability are what the network predicts of the whole scene; see validation/effects.py.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import torch
from PIL import Image

from .. import paths
from ..corpora.emoscenes import scene as scenes
from ..corpora.emoscenes.corpus import SPLITS, image_id, load_scene
from ..corpora.emoscenes.layers import Layers
from ..networks.emonet import INPUT_SIZE, EmoNet
from ..networks.weights import load_emonet
from ..pipeline.keys import recipe
from ..progress import explained, progress
from ..validation.calibration import FOLDER
from ..validation.changes import changes, logits_without
from ..validation.known import (
    accuracy,
    measured_networks,
    name_of,
    training_record,
    truth_file,
)

SPLIT = "truth"
TASK = 100  # scenes
KEPT = paths.RAW / "validation" / "truth"
CPU = torch.device("cpu")
COLUMNS = ["image", "thing", "class", "label", "probability", "probability_drop"]


def versions(image: str) -> tuple[pd.DataFrame, list[Image.Image]]:
    """The boxes of a scene, and the scene whole and without each of these objects.

    Pictures are squashed to the network's size as it would do itself, once for all networks.
    """
    scene = load_scene(image)
    objects, layers = scenes.boxes(scene), Layers(scene)
    removals = zip(objects["thing"], objects["class"], strict=True)
    pictures = [layers.image(), *(layers.image(scenes.Removal(*row)) for row in removals)]
    size = INPUT_SIZE[::-1]
    return objects, [picture.resize(size, Image.Resampling.BICUBIC) for picture in pictures]


def measured(ids: Sequence[str], networks: Mapping[str, EmoNet]) -> dict[str, pd.DataFrame]:
    """The effect of every object of these scenes on every network; COLUMNS."""
    rows: dict[str, list[pd.DataFrame]] = {name: [] for name in networks}
    for image in ids:
        objects, (whole, *without) = versions(image)
        for name, network in networks.items():
            found = changes(logits_without(network, whole, without, CPU), network.labels)
            table = pd.concat([objects[["thing", "class"]].assign(image=image), found], axis=1)
            rows[name].append(table[COLUMNS])
    numbers = dict.fromkeys(COLUMNS[-2:], "float32")
    return {n: pd.concat(tables, ignore_index=True).astype(numbers) for n, tables in rows.items()}


@cache
def _loaded(file: Path) -> EmoNet:
    torch.set_num_threads(1)
    return load_emonet(file).to(memory_format=torch.channels_last)


def _task(given: tuple[list[str], dict[Path, Path]]) -> int:
    """Measure and keep some scenes; weights -> file of their rows."""
    ids, files = given
    tables = measured(ids, {str(weights): _loaded(weights) for weights in files})
    for weights, file in files.items():
        partial = file.with_suffix(f".{os.getpid()}.partial")
        tables[str(weights)].to_parquet(partial)
        os.replace(partial, file)
    return len(ids)


def measure(weights: Sequence[Path], count: int, processes: int | None = None) -> dict:
    """Weights -> the rows of the first scenes of the split; computes what is not kept."""
    folders = {file: KEPT / recipe("truth", measured, weights=file).key for file in weights}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    ids = [image_id(SPLIT, index) for index in range(count)]
    parts: dict[Path, list[Path]] = {file: [] for file in weights}
    tasks = []
    for start in range(0, count, TASK):
        some = ids[start : start + TASK]
        files = {f: folder / f"{start}-{len(some)}.parquet" for f, folder in folders.items()}
        for weight, file in files.items():
            parts[weight].append(file)
        lacking = {weight: file for weight, file in files.items() if not file.is_file()}
        if lacking:
            tasks.append((some, lacking))
    if tasks:
        with get_context("spawn").Pool(processes or os.cpu_count()) as pool:
            done = pool.imap_unordered(_task, tasks)
            for _ in progress(done, total=len(tasks), label=f"{TASK} scenes without each object"):
                pass
    return {
        file: pd.concat(map(pd.read_parquet, kept), ignore_index=True)
        for file, kept in parts.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=SPLITS[SPLIT])
    parser.add_argument("--weights", type=Path, nargs="*", help="default: all shipped networks")
    parser.add_argument("--processes", type=int, help="default: as many as there are cores")
    parser.add_argument("--out", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    weights = arguments.weights or list(measured_networks().values())
    arguments.out.mkdir(parents=True, exist_ok=True)
    for file, objects in measure(weights, arguments.scenes, arguments.processes).items():
        record = training_record(file)
        record |= {"truth_scenes": arguments.scenes, "accuracy": accuracy(objects)}
        out = truth_file(name_of(record), arguments.out)
        objects.to_parquet(out, compression="zstd")
        out.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print(f"{out.name}: {len(objects):,} objects, {record['accuracy']:.1%} of scenes right")


if __name__ == "__main__":
    with explained("truth", "the same command continues where it was"):
        main()
