"""Trials of further networks: what was measured of them, kept small enough to be shipped.

    data/emoscenes/validation/seed-0.parquet         objects with their effects and importances
                             /pairs-seed-0.parquet   pairs of cues with their effects
                             /seed-0.json            how it was trained, and its accuracy

They are made by `make train-validation`, and read by 06_validation beside the network of the study,
so that no statement rests on one network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ..corpora import offers
from ..pipeline.analysis import Analysis
from ..pipeline.code import file_hash
from ..study import Preset
from .calibration import FOLDER
from .contestants import METHODS, preset_variant
from .trial import Trial

TEXTS = ("image", "name", "class", "label", "label_without")
PAIR_TEXTS = ("image", "first_name", "second_name", "label")
KEPT_BITS = np.uint32(0xFFFFF000)  # of a float32: 11 bits of mantissa, three significant digits


class OtherCorpus(ValueError):
    """A shipped trial of scenes that are drawn otherwise than these."""


def shippable(trial: Trial, presets: Mapping[str, Preset]) -> Trial:
    """The importances that 06_validation compares across networks: all of Grad-CAM's, the other
    methods' under each preset, and the occlusions.
    """
    wanted = {preset_variant(cam, preset) for cam in METHODS for preset in presets.values()}
    always = ("gradcam/", "occlusion/")
    kept = [name for name in trial.importances if name in wanted or name.startswith(always)]
    return replace(trial, importances=trial.importances[kept])


def _compact(table: pd.DataFrame, texts: Sequence[str]) -> pd.DataFrame:
    """Texts as categories, numbers with three significant digits."""
    numbers = table.drop(columns=list(texts))
    bits = np.ascontiguousarray(numbers, dtype=np.float32).view(np.uint32) & KEPT_BITS
    rounded = pd.DataFrame(bits.view(np.float32), index=table.index, columns=numbers.columns)
    return pd.concat([table[list(texts)].astype("category"), rounded], axis=1)


def _pairs_file(file: Path) -> Path:
    return file.with_name(f"pairs-{file.name}")


def save_trial(trial: Trial, record: dict, file: Path) -> None:
    """Write a trial as Parquet with its record beside it; numbers with three significant digits."""
    file.parent.mkdir(parents=True, exist_ok=True)
    objects = pd.concat([trial.objects, trial.importances], axis=1)
    for table, texts, path in (
        (objects, TEXTS, file),
        (trial.pairs, PAIR_TEXTS, _pairs_file(file)),
    ):
        _compact(table, texts).to_parquet(path, compression="zstd", index=False)
    notes = {"network": trial.network, "truth": trial.truth, "images": trial.count, **record}
    file.with_suffix(".json").write_text(json.dumps(notes, indent=1) + "\n", encoding="utf-8")


def read_trial(file: Path) -> tuple[Trial, dict]:
    """A trial and its record."""
    record = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    table = pd.read_parquet(file).astype(dict.fromkeys(TEXTS, object))
    pairs = pd.read_parquet(_pairs_file(file)).astype(dict.fromkeys(PAIR_TEXTS, object))
    variants = [column for column in table if "/" in column]
    objects = table.drop(columns=variants)
    names = record["network"], record["truth"]
    return Trial(*names, objects, table[variants], pairs, record["images"]), record


def shipped_trials(analysis: Analysis, folder: Path = FOLDER) -> list[tuple[Trial, dict]]:
    """The trials of further networks on this very corpus; none for another corpus.

    A shipped trial of the study's own network is left out: that one is measured here.

    Errors: OtherCorpus if the scenes have been drawn anew since, so that the tables are outdated
    """
    corpus = analysis.corpus
    if not offers(corpus, "truth"):
        return []
    own, ids = file_hash(analysis.study.network.weights), set(corpus.ids)
    shipped = [read_trial(file) for file in sorted(folder.glob("seed-*.parquet"))]
    found = [
        (trial, record)
        for trial, record in shipped
        if record["weights"] != own and ids & set(trial.objects["image"])
    ]
    for trial, record in found:
        if record["corpus"] != corpus.fingerprint:
            raise OtherCorpus(
                f"the shipped table of {trial.network} is of {record['corpus']}, the scenes are "
                f"now {corpus.fingerprint}; make it again with: make train-validation"
            )
    return [(trial.of(ids), record) for trial, record in found]


def accuracy(analysis: Analysis, trial: Trial) -> float:
    """Share of the images of which the network predicts the true label; NaN on photographs."""
    if not offers(analysis.corpus, "truth"):
        return float("nan")
    truth = analysis.corpus.truth().drop_duplicates("image").set_index("image")["label"]
    said = trial.objects.drop_duplicates("image").set_index("image")["label"]
    return float((said == truth.reindex(said.index)).mean())


def network_table(
    analysis: Analysis, trials: Sequence[Trial], records: Sequence[dict]
) -> pd.DataFrame:
    """Every network with its accuracy on these scenes and how it was trained."""
    rows = {}
    for trial, record in zip(trials, records, strict=True):
        rows[trial.network] = {
            "scenes trained on": record.get("scenes"),
            "epochs": record.get("recipe", {}).get("epochs"),
            "images": trial.count,
            "accuracy": accuracy(analysis, trial),
            "objects": len(trial.objects),
            "causal objects": int(trial.causal.sum()),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("network")


def training_record(weights: Path | None) -> dict:
    """What the training wrote beside the weights; empty if it is not there."""
    file = weights.with_suffix(".json") if weights else None
    return json.loads(file.read_text(encoding="utf-8")) if file and file.is_file() else {}


def network_name(analysis: Analysis) -> str:
    """What a study's network is called in tables: "seed 1", or its registered name."""
    recipe = training_record(analysis.study.network.weights).get("recipe", {})
    return f"seed {recipe['seed']}" if "seed" in recipe else analysis.study.network.name
