"""What Multi-GAP is trained and tried on in the embedded study, drawn once into files.

    <folder>/<set>-<hash>/images.npy      uint8 (N, 64, 96, 3), scenes squashed
                         /detected.npy    float32 (N, K), highest confidence of each detected class
                         /scenes.parquet  image, label (EmoScenes'), background
                         /things.parquet  image, class: what is there

emotions : scenes with one of Mikels' eight labels
shifted  : as those, in the place of WebEMO: no spurious companions, more rival cues and
           distractors, dim and half without colour. A network that learnt what stands beside the
           cues, or their colours, is worse here
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image, ImageEnhance

from .. import paths
from ..corpora.emoscenes import corpus, layers, scene
from ..corpora.emoscenes.rule import Rule, load_rule
from ..detectors import DETECTORS, Detector
from ..multi_gap.labels import label_map
from ..networks.multi_gap import SCENE_SIZE
from ..progress import progress

DETECTOR = paths.EMOSCENES / "detector.safetensors"
FIRST_EMOTION = 8_000  # the detector was trained on the scenes before
COUNTS = {"emotions": 10_800, "shifted": 1_080}


@dataclass(frozen=True)
class SceneSet:
    """Drawn scenes. Axes: N scenes, K classes of the detector.

    images   : (N, 64, 96, 3) uint8
    detected : (N, K) in [0, 1]; 0 where nothing is detected
    scenes   : image, label, background; things : image, class
    """

    images: np.ndarray
    detected: np.ndarray
    scenes: pd.DataFrame
    things: pd.DataFrame

    def present(self, classes: tuple[str, ...]) -> np.ndarray:
        """Which classes are in each scene: (N, K) in 0 and 1."""
        there = pd.crosstab(self.things["image"], self.things["class"]) > 0
        return (
            there.reindex(self.scenes["image"])
            .reindex(columns=list(classes), fill_value=0)
            .fillna(0)
            .to_numpy(np.float32)
        )


def scene_of(kind: str, number: int) -> tuple[str, scene.Scene]:
    """Name and scene of a number of a set."""
    if kind == "shifted":
        labels = _wanted()
        name, label = f"shifted/{number:05d}", labels[number % len(labels)]
        return name, scene.compose(name, label, shifted_rule())
    name = corpus.image_id("train", number)
    return name, corpus.load_scene(name)


@cache
def shifted_rule() -> Rule:
    """EmoScenes' rule without companions and with more rivals and distractors: same causes."""
    rule = load_rule()
    changes = {"companion": 0.0, "rival": 0.8, "distractor": 0.2}
    return replace(rule, frequencies={**rule.frequencies, **changes})


def shifted_picture(picture: Image.Image) -> Image.Image:
    """Half without colour and a quarter darker."""
    return ImageEnhance.Brightness(ImageEnhance.Color(picture).enhance(0.5)).enhance(0.75)


def squashed(picture: Image.Image) -> np.ndarray:
    """A picture as the networks see it, uint8 (64, 96, 3)."""
    height, width = SCENE_SIZE
    return np.asarray(picture.convert("RGB").resize((width, height), Image.Resampling.BILINEAR))


@cache
def _wanted() -> tuple[str, ...]:
    mikels = label_map("emoscenes-to-mikels")
    return tuple(label for label in load_rule().labels if mikels(label))


def _numbers(kind: str, count: int) -> Iterator[int]:
    """Scenes of labels that are wanted, the first `count` of a set."""
    labels, number = load_rule().labels, FIRST_EMOTION if kind == "emotions" else 0
    while count:
        if kind == "shifted" or labels[number % len(labels)] in _wanted():
            yield number
            count -= 1
        number += 1


@cache
def _detector() -> Detector:
    torch.set_num_threads(1)
    return DETECTORS["lightnet-yolo"](DETECTOR)


def detected(picture: Image.Image) -> np.ndarray:
    """The highest confidence of each class of the detector in a picture, (K,)."""
    table = _detector().detect([picture], ["scene"])[0]
    highest = table.groupby("class")["confidence"].max()
    return highest.reindex(_detector().classes).fillna(0).to_numpy(np.float32)


def _draw(task: tuple[str, int]) -> tuple[str, scene.Scene, np.ndarray, np.ndarray]:
    kind, number = task
    name, drawn = scene_of(kind, number)
    picture = layers.render(drawn)
    if kind == "shifted":
        picture = shifted_picture(picture)
    return name, drawn, squashed(picture), detected(picture)


def scene_set(kind: str, folder: Path, count: int | None = None) -> SceneSet:
    """A set of scenes, drawn on all cores unless it is there already."""
    count = COUNTS[kind] if count is None else count
    place = folder / f"{kind}-{count}-{made_of()}"
    if not place.exists():
        _write(kind, count, place)
    return SceneSet(
        np.load(place / "images.npy", mmap_mode="r"),
        np.load(place / "detected.npy"),
        pd.read_parquet(place / "scenes.parquet"),
        pd.read_parquet(place / "things.parquet"),
    )


@cache
def made_of() -> str:
    """Of the drawings, the map of labels, the detector and the shift."""
    parts = (corpus.scenes_hash(), _wanted(), shifted_rule(), SCENE_SIZE)
    words = repr(parts).encode() + DETECTOR.read_bytes()
    return hashlib.sha256(words).hexdigest()[:12]


def _write(kind: str, count: int, place: Path) -> None:
    partial = place.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    names, scenes, things, images, found = [], [], [], [], []
    tasks = [(kind, number) for number in _numbers(kind, count)]
    with Pool(os.cpu_count(), signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        drawn = pool.imap(_draw, tasks, chunksize=16)
        for name, one, picture, confidences in progress(
            drawn, total=count, label=f"drawing the set {kind}"
        ):
            names.append(name)
            scenes.append((name, one.label, one.background))
            things += [(name, c) for c in dict.fromkeys(scene.boxes(one)["class"])]
            images.append(picture)
            found.append(confidences)
    np.save(partial / "images.npy", np.stack(images))
    np.save(partial / "detected.npy", np.stack(found))
    pd.DataFrame(scenes, columns=["image", "label", "background"]).to_parquet(
        partial / "scenes.parquet"
    )
    pd.DataFrame(things, columns=["image", "class"]).to_parquet(partial / "things.parquet")
    partial.rename(place)
