# ruff: noqa: E501  (the card is Markdown, whose lines are not wrapped)
"""The model card of Multi-GAP's networks, written from what the training measured."""

from __future__ import annotations

import platform
from pathlib import Path

import pandas as pd

from ..multi_gap.rows import BLOCKS, TABLE_1, truncated
from ..stats.seeds import crossed_mean

CARD = """# Model card: Multi-GAP

`multi_gap.safetensors` ({size:.1f} MB, fp16; seed 0): both streams (MG), the third stream's network and the early fusion. `predictions.parquet`: what every network of {seeds} seeds says of every image tried. `provenance.json`: recipe, seeds, every epoch. `oasis.csv`: Multi-GAP over a real MobileNetV2, on photographs (summary; no photograph, no rating of a single one).

**Networks.** Object: torchvision's MobileNetV2, width {object_width}; Places: torchvision's VGG16, width {places_width}; input 64 x 96. Each block through a 1 x 1 convolution to 64 channels and global average pooling. Third stream: the highest confidence of each of the {columns} classes that the shipped detector finds, in the place of 2,089 adjective-noun pairs.

**Data.** {data} {images[train]:,} train, {images[test]:,} test, {images[validation]:,} validation, stratified, split seed {split}. In ImageNet's place the Object backbone first learns, on the training scenes, which classes of objects are there (no expressions); in Places365's the Places backbone which of four backgrounds. Labels: Mikels' eight, mapped from EmoScenes' by a convention (`labels.yaml`); two of the twenty are left out.

**Training.** MG of all blocks is trained whole ({whole[epochs]} epochs at most, AdamW, one cycle to {whole[learning_rate]:g}, batch {whole[batch]}, label smoothing {whole[label_smoothing]:g}); the networks that are compared with it (GRU, attention, truncated) are trained on its backbone of the same seed, which stays as it is ({other[epochs]} epochs, to {other[learning_rate]:g}, batch {other[batch]}); the best epoch on validation. So truncated networks have a backbone that was trained with all its blocks. Fusion: one linear layer on the trained streams' bottlenecks, which stay as they are. Seeds differ in what is trained so; the split and the first backbones are one for all.

**Accuracy** in percent, 95 % over seeds and images:

| network | streams | {sets} | published (FI) |
|---|---|---|---|
{rows}

Truncated and trained again (MG + Bi-GRU + Att): {truncated}.

**What the paper does not say, and is chosen here**: how the networks are trained; where a block ends; no activation after the 1 x 1 convolution; 64 recurrent units, one attention value a block; the map between WebEMO's and Mikels' labels.

**What it is for.** Asking what depths and streams add, on pictures whose causes are known. It knows drawings only: what it says of photographs is no finding.

Trained in {seconds:.0f} s of the last run ({machine}; `make train-multi-gap`; a continued run counts only its own part).
"""


def write_multi_gap_card(folder: Path, predictions: pd.DataFrame, provenance: dict) -> None:
    """Write MODEL_CARD.md beside the tables. predictions : see `multi_gap.tables`"""
    network = folder / "multi_gap.safetensors"
    sets = list(dict.fromkeys(predictions["set"]))
    known = set(predictions["variant"])
    rows = [
        f"| {row.name} | {', '.join(row.streams)} | "
        + " | ".join(_accuracy(predictions, row.variant, of) for of in sets)
        + f" | {row.published:.2f} |"
        for row in TABLE_1
        if row.variant in known
    ]
    cut = [
        f"{stream} " + ", ".join(
            f"1-{k} {_accuracy(predictions, truncated(stream, k), 'test')}" for k in range(1, BLOCKS + 1)
        )
        for stream in ("object", "places")
    ]  # fmt: skip
    text = CARD.format(
        size=network.stat().st_size / 1e6 if network.is_file() else 0,
        seeds=provenance["seeds"],
        **{f"{s}_width": width for s, width in provenance["widths"].items()},
        columns=provenance["columns"],
        data=provenance["data"],
        images=provenance["images"],
        split=provenance["split seed"],
        whole=provenance["recipes"]["whole"],
        other=provenance["recipes"]["on its backbone"],
        sets=" | ".join(sets),
        rows="\n".join(rows),
        truncated="; ".join(cut),
        seconds=provenance["seconds"],
        machine=f"{platform.machine()}, two cores",
    )
    (folder / "MODEL_CARD.md").write_text(text, encoding="utf-8")


def _accuracy(predictions: pd.DataFrame, variant: str, of: str) -> str:
    rows = predictions[(predictions["variant"] == variant) & (predictions["set"] == of)]
    right = rows.assign(right=rows["label"].astype(str) == rows["predicted"].astype(str))
    table = 100 * right.pivot(index="seed", columns="image", values="right").to_numpy(float)
    value, low, high = crossed_mean(table)
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"
