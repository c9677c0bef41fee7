# ruff: noqa: E501  (the card is Markdown, whose lines are not wrapped)
"""The model card of the shipped networks, written from measurements on the test split."""

from __future__ import annotations

import json
import platform
from pathlib import Path

import pandas as pd
import torch

from ..corpora.emoscenes.corpus import scenes_hash
from ..corpora.emoscenes.rule import FACE, load_rule
from ..detectors.weights import load_small_yolo
from ..networks.weights import load_emonet
from .detector import detect_batches, mean_average_precision
from .emonet import accuracy
from .scenes import TrainingScenes

CARD = """# Model card: the networks of EmoScenes

Two small networks trained on drawn scenes and on nothing else. They exist so that the study runs
offline and so that explanations can be tested against known causes; they say nothing of photographs.

| file | network | size |
|---|---|---|
| `emonet.safetensors` | EmoNet's topology (AlexNet, grouped convolutions, local response norm) at width {width}, hidden layers at {fc_width} | {emonet_size:.1f} MB |
| `detector.safetensors` | TinyYoloV3 of lightnet, narrowed, two scales, 256 x 192 | {detector_size:.1f} MB |

**Data.** EmoScenes `train` ({scenes:,} scenes for EmoNet, {detector_scenes:,} for the detector), the
`calibration` split to watch progress, the `test` split ({n:,} scenes) for the figures below, once.
Drawn by source {source}.

**Recipe.** `make train`: {recipe}. Progress on calibration, by epoch: {history}.

**Time.** EmoNet {emonet_minutes:.0f} min, detector {detector_minutes:.0f} min ({machine}).

## EmoNet: {accuracy:.1%} of {n:,} test scenes right

{per_label}

## Detector: mAP@0.5 = {map:.3f} on the boxes of {n:,} test scenes

Average precision as brambox computes it, detections above confidence 0.005.

{per_class}
"""


def write_card(folder: Path, test: TrainingScenes) -> None:
    """Measure both networks on the test split and write `MODEL_CARD.md` beside them."""
    network = load_emonet(folder / "emonet.safetensors")
    share, predicted = accuracy(network, test)
    labels = load_rule().labels
    right = pd.Series((predicted == test.labels).float().numpy()).groupby(test.labels.numpy())
    by_label = pd.DataFrame({"accuracy": right.mean().astype(float), "scenes": right.size()})
    by_label.index = pd.Index([labels[i] for i in by_label.index], name="label")
    by_label["cues"] = [", ".join(load_rule().cues.get(label, ["none"])) for label in labels]
    by_label["a full cue is a face"] = [_by_face(label) for label in labels]

    detector, classes, _ = load_small_yolo(folder / "detector.safetensors")
    found = detect_batches(detector, test.detector_images, classes)
    precision = mean_average_precision(found, test.boxes)
    by_class = precision.sort_values().rename_axis("class").rename("average precision")

    record = json.loads((folder / "emonet.json").read_text(encoding="utf-8"))
    recipe, history = record["recipe"], record["history"]
    detection = json.loads((folder / "detector.json").read_text(encoding="utf-8"))
    card = CARD.format(
        width=recipe["width"],
        fc_width=recipe["fc_width"],
        emonet_size=(folder / "emonet.safetensors").stat().st_size / 1e6,
        detector_size=(folder / "detector.safetensors").stat().st_size / 1e6,
        scenes=record["scenes"],
        detector_scenes=detection["scenes"],
        n=len(test.labels),
        source=scenes_hash(),
        recipe=", ".join(f"{key} {value}" for key, value in recipe.items()),
        history=", ".join(f"{epoch['accuracy']:.3f}" for epoch in history),
        emonet_minutes=sum(epoch["seconds"] for epoch in history) / 60,
        detector_minutes=detection["seconds"] / 60,
        machine=f"{torch.get_num_threads()} threads, {platform.machine()}, "
        f"{'a GPU' if torch.cuda.is_available() else 'no GPU'}, torch {torch.__version__}",
        accuracy=share,
        per_label=_markdown(by_label),
        map=precision.mean(),
        per_class=_markdown(by_class.to_frame()),
    )
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")


def _by_face(label: str) -> str:
    cues = load_rule().cues.get(label, {})
    return "yes" if any(t.startswith(FACE) and w >= 1 for t, w in cues.items()) else ""


def _markdown(table: pd.DataFrame) -> str:
    table = table.reset_index()
    lines = [table.columns, ["---"] * len(table.columns), *table.itertuples(index=False)]
    return "\n".join("| " + " | ".join(map(_shown, line)) + " |" for line in lines)


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
