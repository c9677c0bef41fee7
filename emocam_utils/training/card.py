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

Small networks trained on drawn scenes and on nothing else. They exist so that the study runs
offline and so that explanations can be tested against known causes; they say nothing of photographs.

| file | network | size |
|---|---|---|
| `emonet.safetensors` | EmoNet's topology (AlexNet, grouped convolutions, local response norm) at width {width}, hidden layers at {fc_width} | {emonet_size:.1f} MB |
| `networks/*/emonet.safetensors` | {further} more of the same, for `06_validation` | {emonet_size:.1f} MB each |
| `detector.safetensors` | TinyYoloV3 of lightnet, narrowed, two scales, 256 x 192 | {detector_size:.1f} MB |

**Data.** EmoScenes `train` ({scenes:,} scenes for EmoNet, {detector_scenes:,} for the detector), the
`calibration` split to watch progress, the `test` split ({n:,} scenes) for the figures below.
Drawn by source {source}.

**Recipe.** `make train`: {recipe}. {speed}

**Not as EmoNet.** In training, a share `cam_dropout` of conv5's activations is dropped. The original
has no dropout there (only before fc6 and fc7, as AlexNet). It was put in to keep the networks from
saturating; what it changes by itself is shown by the network that was trained without.

**Choice of the seed.** Seed 1 is `emonet.safetensors`, which every section reads, because it was so in
the first version of this study; there it had been taken from among three seeds after all had been
seen on the test split. So its accuracy on that split is that of a chosen network. It is not the basis of a
comparison: `06_validation` states each verdict for every network in the table below, on scenes that
no network was trained, chosen or calibrated on.

## EmoNet: {accuracy:.1%} of {n:,} test scenes right

{networks}

The same network by label:

{per_label}

## Detector: mAP@0.5 = {map:.3f} on the boxes of {n:,} test scenes

Average precision as brambox computes it, detections above confidence 0.005.{detector_note}

{per_class}
"""
DETECTOR_NOTE = """ The detector was trained
on scenes as source {source} drew them, which differ from those of today in single levels of grey,
and in more at a few edges."""


def write_card(folder: Path, test: TrainingScenes) -> None:
    """Measure the networks on the test split and write `MODEL_CARD.md` beside them."""
    files = [folder / "emonet.safetensors", *sorted(folder.glob("networks/*/emonet.safetensors"))]
    measured = [accuracy(load_emonet(file), test) for file in files]
    records = [json.loads(f.with_suffix(".json").read_text(encoding="utf-8")) for f in files]
    right = pd.Series((measured[0][1] == test.labels).float().numpy()).groupby(test.labels.numpy())
    labels = load_rule().labels
    by_label = pd.DataFrame({"accuracy": right.mean().astype(float), "scenes": right.size()})
    by_label.index = pd.Index([labels[i] for i in by_label.index], name="label")
    by_label["cues"] = [", ".join(load_rule().cues.get(label, ["none"])) for label in labels]
    by_label["a full cue is a face"] = [_by_face(label) for label in labels]

    detector, classes, _ = load_small_yolo(folder / "detector.safetensors")
    found = detect_batches(detector, test.detector_images, classes)
    precision = mean_average_precision(found, test.boxes)
    by_class = precision.sort_values().rename_axis("class").rename("average precision")

    recipe = records[0]["recipe"]
    detection = json.loads((folder / "detector.json").read_text(encoding="utf-8"))
    drawn_by = detection.get("source", scenes_hash())
    card = CARD.format(
        width=recipe["width"],
        fc_width=recipe["fc_width"],
        further=len(files) - 1,
        emonet_size=files[0].stat().st_size / 1e6,
        detector_size=(folder / "detector.safetensors").stat().st_size / 1e6,
        scenes=records[0]["scenes"],
        detector_scenes=detection["scenes"],
        n=len(test.labels),
        source=scenes_hash(),
        recipe=", ".join(f"{key} {value}" for key, value in recipe.items()),
        speed=f"Detector {detection['seconds'] / 60:.0f} min ({platform.machine()}, "
        f"{'a GPU' if torch.cuda.is_available() else 'no GPU'}, torch {torch.__version__}).",
        accuracy=measured[0][0],
        networks=_markdown(_compared(folder, files, records, [share for share, _ in measured])),
        per_label=_markdown(by_label),
        map=precision.mean(),
        detector_note="" if drawn_by == scenes_hash() else DETECTOR_NOTE.format(source=drawn_by),
        per_class=_markdown(by_class.to_frame()),
    )
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")


def _compared(
    folder: Path, files: list[Path], records: list[dict], shares: list[float]
) -> pd.DataFrame:
    """What differs between the networks in training, and how good each of them is."""
    rows = [
        {
            "file": f"`{file.relative_to(folder)}`",
            "seed": record["recipe"]["seed"],
            "epochs": record["recipe"]["epochs"],
            "dropout on conv5": record["recipe"]["cam_dropout"],
            "calibration scenes right": record["history"][-1]["accuracy"],
            "test scenes right": share,
            "loss at the end": record["history"][-1]["loss"],
        }
        for file, record, share in zip(files, records, shares, strict=True)
    ]
    return pd.DataFrame(rows).set_index("file")


def _by_face(label: str) -> str:
    cues = load_rule().cues.get(label, {})
    return "yes" if any(t.startswith(FACE) and w >= 1 for t, w in cues.items()) else ""


def _markdown(table: pd.DataFrame) -> str:
    table = table.reset_index()
    lines = [table.columns, ["---"] * len(table.columns), *table.itertuples(index=False)]
    return "\n".join("| " + " | ".join(map(_shown, line)) + " |" for line in lines)


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
