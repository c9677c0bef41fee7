"""Train the networks that ship with EmoScenes, and write their model card: `make train`.

    python -m emocam_utils.training [--seed 0] [--cam-dropout 0] [--only emonet|detector|card]

A killed run continues from the last finished epoch. The test split is only touched for the card.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import pandas as pd

from .. import paths
from ..corpora.emoscenes.corpus import scenes_hash
from ..corpora.emoscenes.rule import load_rule
from ..corpora.emoscenes.scene import CLASSES
from ..progress import explained
from .card import write_card
from .detector import Recipe as DetectorRecipe
from .detector import train_detector
from .emonet import Recipe, train_emonet
from .scenes import TrainingScenes, rendered

RENDERED = paths.RAW / "training"
DETECTOR_SCENES = 8_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--only", choices=["emonet", "detector", "card"])
    parser.add_argument("--scenes", type=int, default=20_000)
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--cam-dropout", type=float, default=Recipe.cam_dropout)
    parser.add_argument("--out", type=Path, default=paths.EMOSCENES, help="folder of the weights")
    arguments = parser.parse_args()
    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    if arguments.only != "card":
        calibration = rendered("calibration", 1_000, RENDERED)
        scenes = rendered("train", arguments.scenes, RENDERED)
    if arguments.only in (None, "emonet"):
        recipe = Recipe(
            seed=arguments.seed, epochs=arguments.epochs, cam_dropout=arguments.cam_dropout
        )
        record = train_emonet(
            scenes, calibration, load_rule().labels, recipe, out / "emonet.safetensors"
        )
        _note(out / "emonet.json", record)
    if arguments.only in (None, "detector"):
        record = _train_detector(scenes, calibration, arguments.seed, out / "detector.safetensors")
        _note(out / "detector.json", record)
    if arguments.only in (None, "card"):
        write_card(out, rendered("test", 2_000, RENDERED))


def _train_detector(
    scenes: TrainingScenes, calibration: TrainingScenes, seed: int, out: Path
) -> dict:
    started = time.monotonic()
    count = min(DETECTOR_SCENES, len(scenes.labels))
    recipe = DetectorRecipe(seed=seed)
    train_detector(
        scenes.detector_images[:count],
        _first(scenes, count),
        CLASSES,
        validation=(calibration.detector_images[:500], _first(calibration, 500)),
        recipe=recipe,
        out=out,
    )
    seconds = time.monotonic() - started
    return {
        "scenes": count,
        "epochs": recipe.epochs,
        "seconds": seconds,
        "source": scenes_hash(),
    }


def _first(scenes: TrainingScenes, count: int) -> pd.DataFrame:
    return scenes.boxes[scenes.boxes["image"] < count].reset_index(drop=True)


def _note(file: Path, record: dict) -> None:
    file.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with explained("train", "the same command continues where it was"):
        main()
