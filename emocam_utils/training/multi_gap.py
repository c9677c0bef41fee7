"""Train Multi-GAP and write its tables: `make train-multi-gap`.

    python -m emocam_utils.training.multi_gap [--seeds 3]
    python -m emocam_utils.training.multi_gap --data FOLDER --map fi-to-mikels [--table FILE]

Without --data: EmoScenes, drawn, with its labels mapped to Mikels' eight; it renews data/multi_gap.
FOLDER has one folder of images per label; what comes of it, or of other options, is written below
data/results/train-multi-gap. A killed run continues from its last epoch.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from .. import paths
from ..corpora.emoscenes.scene import CLASSES
from ..multi_gap.folders import Examples, read_examples, split
from ..multi_gap.labels import label_map
from ..multi_gap.rows import SINGLE, trainings
from ..networks.multi_gap import SCENE_SIZE, STREAMS, MultiGap
from ..networks.multi_gap_weights import save_multi_gap
from ..progress import explained
from .multi_gap_card import write_multi_gap_card
from .multi_gap_fusion import bottleneck, fused_probabilities, trained_fusion
from .multi_gap_scenes import SceneSet, made_of, scene_set
from .multi_gap_streams import WIDTHS, Recipe, means_of, pretrained, trained_stream

SEEDS = 3
SPLIT_SEED = 0
RAW = paths.RAW / "multi_gap"
SHIPPED = paths.DATA / "multi_gap"
PRETRAINING = Recipe(
    epochs=15, patience=15, batch=64, learning_rate=2e-3, label_smoothing=0.0, frozen=False
)

WHOLE = {"frozen": False, "batch": 64, "learning_rate": 2e-3, "epochs": 12, "patience": 12}
"""How MG of all blocks is trained: smaller steps, and no early stop, for it begins near chance."""


def examples_of(scenes: SceneSet, columns: tuple[str, ...], whole: str = "") -> Examples:
    """Drawn scenes with Mikels' labels, split as the paper's images; or all of one part."""
    labels = label_map("emoscenes-to-mikels")
    targets = np.array(labels.indices(scenes.scenes["label"]))
    parts = np.full(len(targets), whole) if whole else split(targets, SPLIT_SEED)
    names = scenes.scenes["image"].to_numpy()
    return Examples(scenes.images, targets, parts, names, labels.classes, scenes.detected, columns)


def of_folder(data: Path, name: str, table: Path | None) -> Examples:
    """The images of a folder per label, and their rows of a table: image, then its features."""
    examples, skipped = read_examples(data, label_map(name), SCENE_SIZE, SPLIT_SEED)
    for image, reason in skipped.itertuples(index=False):
        print(f"left out: {image}: {reason}")
    if table is None:
        return examples
    rows = pd.read_csv(table, index_col=0)
    if missing := sorted(set(examples.names) - set(rows.index)):
        raise ValueError(f"{table} has no row for {len(missing)} images, such as {missing[0]}")
    features = rows.loc[examples.names].to_numpy(np.float32)
    return replace(examples, table=features, columns=tuple(map(str, rows.columns)))


def train_seed(
    examples: Examples, first: dict, seed: int, given: argparse.Namespace, source: str
) -> tuple[dict, dict, dict]:
    """All streams of a seed: networks by their name in tables of predictions, their records, and
    `means_of` all examples by stream, by which the others are trained.

    MG of all blocks is trained whole; all other networks of its stream on its backbone, which then
    stays as it is.
    """
    networks, records, known = {}, {}, {}
    for stream, sequence, blocks, variant in sorted(trainings(), key=_whole_first):
        whole = variant == SINGLE[stream].variant
        named = {"stream": stream, "sequence": sequence, "blocks": blocks, "seed": seed}
        recipe = Recipe(
            **named,
            width=WIDTHS[stream],
            class_weights=given.class_weights,
            source=source,
            **(WHOLE if whole else {}),
        )
        file = given.raw / f"{recipe.name}.safetensors"
        before = first[stream] if whole else networks[SINGLE[stream].variant].blocks
        networks[variant] = trained_stream(examples, before, recipe, file, known.get(stream))
        records[variant] = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
        if whole:
            known[stream] = means_of(networks[variant].blocks, examples.images)
    return networks, records, known


def _whole_first(training: tuple[str, str, int, str]) -> bool:
    return training[3] != SINGLE[training[0]].variant


def predictions(
    found: dict[str, np.ndarray], examples: Examples, part: str, name: str, seed: int
) -> pd.DataFrame:
    """One row a variant and image of a part: label, predicted, probability of both.

    found : probabilities (N, L) by variant, of all examples
    name  : of the set, such as test or shifted
    """
    rows = examples.rows(part)
    targets, classes = examples.targets[rows], np.array(examples.classes)
    tables = []
    for variant, every in found.items():
        values = every[rows]
        tables.append(
            pd.DataFrame(
                {
                    "variant": variant,
                    "seed": seed,
                    "set": name,
                    "image": examples.names[rows],
                    "label": classes[targets],
                    "predicted": classes[values.argmax(1)],
                    "probability": values[np.arange(len(rows)), targets].astype(np.float32),
                    "confidence": values.max(1).astype(np.float32),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


@torch.no_grad()
def tried(networks: dict[str, MultiGap], known: dict[str, Tensor]) -> tuple[dict, dict]:
    """Of all examples: probabilities (N, L) by variant, and `bottleneck` of the single streams.

    known : `means_of` the examples by stream
    """
    inner = {v: bottleneck(network, known[network.stream]) for v, network in networks.items()}
    found = {v: networks[v].classifier(values).softmax(1).numpy() for v, values in inner.items()}
    return found, {stream: inner[SINGLE[stream].variant] for stream in STREAMS}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m emocam_utils.training.multi_gap", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--data", type=Path, help="a folder per label; without it, drawn scenes")
    parser.add_argument("--map", default="fi-to-mikels", help="label map of data/multi_gap")
    parser.add_argument("--table", type=Path, help="csv of the third stream: image, features")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--class-weights", action="store_true", help="all classes weigh alike")
    parser.add_argument("--out", type=Path, help="folder of the tables and the network")
    parser.add_argument("--raw", type=Path, default=RAW, help="folder of scenes and trainings")
    with explained("train-multi-gap", "the same command continues where it was"):
        _main(parser.parse_args(arguments))


def _main(given: argparse.Namespace) -> None:
    started = time.monotonic()
    given.raw.mkdir(parents=True, exist_ok=True)
    source, first = made_of(), {}
    scenes = scene_set("emotions", given.raw)
    drawn, others = examples_of(scenes, CLASSES), {}
    for stream in STREAMS:
        recipe = replace(PRETRAINING, stream=stream, width=WIDTHS[stream], source=source)
        file = given.raw / f"backbone-{stream}.safetensors"
        first[stream] = pretrained(scenes, drawn.rows("train"), CLASSES, recipe, file)
    if given.data:
        examples = of_folder(given.data, given.map, given.table)
        content = hashlib.sha256(examples.images.tobytes() + examples.targets.tobytes())
        source = f"{given.map} {content.hexdigest()[:16]}"
        given.raw = given.raw / f"{given.data.resolve().name}-{content.hexdigest()[:8]}"
        given.raw.mkdir(exist_ok=True)
    else:
        examples = drawn
        others["shifted"] = examples_of(scene_set("shifted", given.raw), CLASSES, "test")
    usual = not (given.data or given.class_weights)
    out = given.out or (SHIPPED if usual else paths.RESULTS / "train-multi-gap")
    out.mkdir(parents=True, exist_ok=True)
    sets = {"test": examples, **others}
    tables, records = [], {}
    for seed in range(given.seeds):
        networks, records[seed], known = train_seed(examples, first, seed, given, source)
        single, pooled = tried(networks, known)
        fused = None
        if examples.table is not None:
            streams = {s: networks[SINGLE[s].variant] for s in STREAMS}
            fused = trained_fusion(examples, streams, pooled, seed, given.raw, source)
            if seed == 0:
                notes = {"seed": "0", "source": source}
                save_multi_gap(fused, out / "multi_gap.safetensors", notes)
        for name, of in sets.items():
            if name != "test":
                blocks = {s: networks[SINGLE[s].variant].blocks for s in STREAMS}
                single, pooled = tried(
                    networks, {s: means_of(blocks[s], of.images) for s in STREAMS}
                )
            if fused is not None:
                single = fused_probabilities(fused, single, pooled, of.table)
            tables.append(predictions(single, of, "test", name, seed))
        table = pd.concat(tables, ignore_index=True)
        texts = ["variant", "set", "image", "label", "predicted"]
        table.astype(dict.fromkeys(texts, "category")).to_parquet(out / "predictions.parquet")
    provenance = {
        "data": given.data.resolve().name + "." if given.data else "EmoScenes (drawn scenes).",
        "seeds": given.seeds,
        "widths": WIDTHS,
        "columns": len(examples.columns),
        "split seed": SPLIT_SEED,
        "images": {part: len(examples.rows(part)) for part in ("train", "test", "validation")},
        "source": source,
        "recipes": {"whole": asdict(Recipe(**WHOLE)), "on its backbone": asdict(Recipe())},
        "seconds": round(time.monotonic() - started),
        "records": records,
    }
    (out / "provenance.json").write_text(json.dumps(provenance, indent=1) + "\n", encoding="utf-8")
    write_multi_gap_card(out, table, provenance)
    print(f"Written to {out}")


if __name__ == "__main__":
    main()
