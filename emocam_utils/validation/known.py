"""The networks that are known: their names, how they were trained, and the truth about each.

    data/emoscenes/emonet.safetensors                  the shipped one
    data/emoscenes/networks/<network>/...              further ones; `make train-validation`
                                                       trains all and measures their effects:
    data/emoscenes/validation/truth-<network>.parquet  effects on a split of their own

They have one architecture and one training set. "seed 0" to "seed 2" differ in the seed only;
"seed 1, no conv5 dropout" lacks the dropout on the CAM layer, which EmoNet itself has not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from .. import paths
from ..corpora.emoscenes.rule import load_rule
from ..pipeline.analysis import Analysis
from ..pipeline.code import file_hash
from .calibration import FOLDER
from .truth import Truth, size_of_truth

SHIPPED = paths.EMOSCENES / "emonet.safetensors"
FURTHER = paths.EMOSCENES / "networks"
TRUTH = "make train-validation"


class NoTruth(FileNotFoundError):
    """The effects of a network's objects have not been measured."""


def training_record(weights: Path | None) -> dict:
    """What the training wrote beside the weights; empty if it is not there."""
    file = weights.with_suffix(".json") if weights else None
    return json.loads(file.read_text(encoding="utf-8")) if file and file.is_file() else {}


def name_of(record: Mapping, otherwise: str = "") -> str:
    """ "seed 1", "seed 1, no conv5 dropout", or another name for a network of no known training."""
    recipe = record.get("recipe", {})
    if "seed" not in recipe:
        return otherwise
    return f"seed {recipe['seed']}" + ("" if recipe.get("cam_dropout") else ", no conv5 dropout")


def network_name(analysis: Analysis) -> str:
    """What a study's network is called in tables, or its registered name."""
    spec = analysis.study.network
    return name_of(training_record(spec.weights), spec.name)


def is_shipped(analysis: Analysis) -> bool:
    """Whether a study is of the shipped network, of which the tables speak, on EmoScenes."""
    planted = analysis.study.corpus.kind == "emoscenes"
    return planted and file_hash(analysis.study.network.weights) == file_hash(SHIPPED)


def slug(network: str) -> str:
    """A network's name in names of files."""
    return network.replace(", ", "-").replace(" ", "-")


def in_order(networks: Iterable[str]) -> list[str]:
    """By seed, those trained otherwise last."""
    return sorted(networks, key=lambda name: ("," in name, name))


def measured_networks() -> dict[str, Path]:
    """Name -> weights of every network there is on this machine, in order."""
    files = [SHIPPED, *FURTHER.glob("*/emonet.safetensors")]
    found = {name_of(training_record(file), file.parent.name): file for file in files}
    return {name: found[name] for name in in_order(found)}


def truth_file(network: str, folder: Path | None = None) -> Path:
    """The measured objects of a network, shipped or in a folder of one's own."""
    return (folder or FOLDER) / f"truth-{slug(network)}.parquet"


def read_effects(network: str) -> pd.DataFrame:
    """The measured objects of a network's truth, as draw and measured. Errors: NoTruth"""
    file = truth_file(network)
    if not file.is_file():
        raise NoTruth(f"there is no {file}; measure it with: {TRUTH}")
    table = pd.read_parquet(file)
    return table.astype(dict.fromkeys(["image", "class", "label"], object))


def read_truth(network: str, probability: float) -> Truth:
    """The effects of cells, of scenes predicted above a probability. Errors: NoTruth"""
    return Truth.of(network, read_effects(network), probability)


def accuracy(effects: pd.DataFrame) -> float:
    """Share of the scenes of which the network predicts the rule's label, which take turns."""
    said = effects.drop_duplicates("image").set_index("image")["label"]
    labels = load_rule().labels
    return float(
        (said == [labels[int(i.rsplit("/", 1)[1]) % len(labels)] for i in said.index]).mean()
    )


def network_table(truths: Mapping[str, Truth]) -> pd.DataFrame:
    """How each network was trained, and what is known of it; read from what is shipped.

    returns : indexed by network: epochs, conv5 dropout, accuracy (on the scenes of the truth), and
              `truth.size_of_truth`
    """
    rows = {}
    for network, truth in truths.items():
        recipe = read_record(network).get("recipe", {})
        rows[network] = {
            "epochs": recipe.get("epochs"),
            "conv5 dropout": recipe.get("cam_dropout"),
            "accuracy": accuracy(read_effects(network)),
            **size_of_truth(truth),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("network")


def read_record(network: str) -> dict:
    """How a network was trained: beside its truth, or beside the shipped weights."""
    file = truth_file(network).with_suffix(".json")
    if file.is_file():
        return json.loads(file.read_text(encoding="utf-8"))
    record = training_record(SHIPPED)
    return record if name_of(record) == network else {}
