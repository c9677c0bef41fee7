"""Train Multi-GAP and write its tables: `make train-multi-gap`.

    python -m emocam_utils.training.multi_gap [--seeds 3] [--frozen]
    python -m emocam_utils.training.multi_gap --data FOLDER --map fi-to-mikels [--table FILE]

Without --data: EmoScenes, drawn, with its labels mapped to Mikels' eight; it renews data/multi_gap.
FOLDER has one folder of images per label; what comes of it is written below
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

from .. import paths
from ..corpora.emoscenes.scene import CLASSES
from ..multi_gap.folders import Examples, read_examples, split
from ..multi_gap.labels import label_map
from ..multi_gap.rows import SINGLE, trainings
from ..networks.multi_gap import SCENE_SIZE, STREAMS, MultiStream
from ..networks.multi_gap_weights import save_multi_gap
from ..progress import explained
from .multi_gap_card import write_multi_gap_card
from .multi_gap_fusion import fused_probabilities, trained_fusion
from .multi_gap_scenes import SceneSet, made_of, scene_set
from .multi_gap_streams import WIDTHS, Recipe, pretrained, probabilities, trained_stream

SEEDS = 3
SPLIT_SEED = 0
RAW = paths.RAW / "multi_gap"
SHIPPED = paths.DATA / "multi_gap"
PRETRAINING = Recipe(epochs=8, patience=8, label_smoothing=0.0)


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
) -> tuple[dict, dict]:
    """All streams of a seed: networks by their name in tables of predictions, and their records."""
    networks, records = {}, {}
    for stream, sequence, blocks, variant in trainings():
        recipe = Recipe(
            stream, sequence, blocks, WIDTHS[stream], seed, frozen=given.frozen, source=source,
            class_weights=given.class_weights,
        )  # fmt: skip
        file = given.raw / f"{recipe.name}.safetensors"
        networks[variant] = trained_stream(examples, first[stream], recipe, file)
        records[variant] = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    return networks, records


def predictions(
    found: dict[str, np.ndarray], examples: Examples, part: str, name: str, seed: int
) -> pd.DataFrame:
    """One row a variant and image of a part: label, predicted, probability of both.

    found : probabilities (N, L) by variant, of the images of the part
    name  : of the set, such as test or shifted
    """
    rows = examples.rows(part)
    targets, classes = examples.targets[rows], np.array(examples.classes)
    tables = []
    for variant, values in found.items():
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


def tried(networks: dict, fused: MultiStream | None, examples: Examples, part: str) -> dict:
    """Probabilities (N, L) by variant of the images of a part."""
    rows = examples.rows(part)
    images = np.asarray(examples.images)[rows]
    single = {variant: probabilities(network, images) for variant, network in networks.items()}
    if fused is None:
        return single
    return fused_probabilities(fused, single, images, examples.table[rows])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m emocam_utils.training.multi_gap", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--data", type=Path, help="a folder per label; without it, drawn scenes")
    parser.add_argument("--map", default="fi-to-mikels", help="label map of data/multi_gap")
    parser.add_argument("--table", type=Path, help="csv of the third stream: image, features")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--frozen", action="store_true", help="train no backbone")
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
    usual = not (given.data or given.frozen or given.class_weights)
    out = given.out or (SHIPPED if usual else paths.RESULTS / "train-multi-gap")
    out.mkdir(parents=True, exist_ok=True)
    tables, records = [], {}
    for seed in range(given.seeds):
        networks, records[seed] = train_seed(examples, first, seed, given, source)
        fused = None
        if examples.table is not None:
            streams = {s: networks[SINGLE[s].variant] for s in STREAMS}
            fused = trained_fusion(examples, streams, seed, given.raw, source)
            if seed == 0:
                notes = {"seed": "0", "source": source}
                save_multi_gap(fused, out / "multi_gap.safetensors", notes)
        for name, of in {"test": examples, **others}.items():
            tables.append(predictions(tried(networks, fused, of, "test"), of, "test", name, seed))
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
        "recipe": asdict(Recipe(frozen=given.frozen, class_weights=given.class_weights)),
        "seconds": round(time.monotonic() - started),
        "records": records,
    }
    (out / "provenance.json").write_text(json.dumps(provenance, indent=1) + "\n", encoding="utf-8")
    write_multi_gap_card(out, table, provenance)
    print(f"Written to {out}")


if __name__ == "__main__":
    main()
