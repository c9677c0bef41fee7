"""The model card of the networks for faces, on pictures of noise and untrained networks."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from emocam_utils.corpora.fer2013 import FaceSet
from emocam_utils.networks.face_weights import (
    load_gimefive,
    load_mini_xception,
    save_gimefive,
    weight_notes,
)
from emocam_utils.networks.gimefive import GiMeFive
from emocam_utils.training.face_card import write_face_card

EMOTIONS = ["anger", "fear", "fear", "happiness", "surprise", "neutral"]


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    """The folder of a card of two networks, the second shipped; and the faces."""
    folder = tmp_path_factory.mktemp("card")
    images = np.random.default_rng(0).integers(0, 256, (6, 64, 64), dtype=np.uint8)
    test = FaceSet(images, np.array(EMOTIONS), np.array([f"PublicTest_{k}.jpg" for k in range(6)]))
    record = {
        "recipe": {"variant": "13-layers", "seed": 7},
        "faces": {"train": 1234, "validation": 99},
        "history": [{"loss": 1.0, "accuracy": a, "seconds": 90.0} for a in (0.25, 0.5, 0.375)],
    }
    trained = []
    for seed in (0, 1):
        weights = save_gimefive(GiMeFive().initialise(seed).eval(), folder / f"{seed}.safetensors")
        weights.with_suffix(".json").write_text(json.dumps(record))
        trained.append(weights)
    (folder / "gimefive.safetensors").write_bytes(trained[1].read_bytes())
    table = {"variant": ["10-layers"], "batch norm": [False], "validation accuracy": [0.4321]}
    pd.DataFrame(table).to_csv(folder / "ablation.csv", index=False)
    write_face_card(folder, trained, test)
    return folder, test


def test_it_says_what_the_networks_do_on_the_faces(card):
    folder, test = card
    text = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    six = test.where(test.labels != "neutral")
    for seed, where in ((0, "not shipped"), (1, "`gimefive.safetensors`, 5.2 MB")):
        network = load_gimefive(folder / f"{seed}.safetensors")
        right = network(network.normalise(torch.from_numpy(six.images))).argmax(1).numpy()
        share = (right == six.targets(network.labels)).mean()
        assert f"| GiMeFive, 13-layers | {where} | 2,606,086 | {share:.1%} |" in text
        assert f"## GiMeFive, 13-layers: {share:.1%} of 5 faces right" in text
    mini = load_mini_xception(None)
    logits = mini(mini.normalise(torch.from_numpy(test.images)))
    seven = (logits.argmax(1).numpy() == test.targets(mini.labels)).mean()
    of_six = (logits[:, :6].argmax(1).numpy() == test.targets(mini.labels))[:5].mean()
    assert f"## mini-Xception: {seven:.1%} seven-way, {of_six:.1%} limited to six" in text


def test_it_states_recipe_history_and_ablation(card):
    text = (card[0] / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "variant 13-layers, seed 7. Trained on 1,234 faces in 4 min" in text  # 270 s
    assert "99 validation faces by epoch: 0.250, 0.500, 0.375. The weights are of epoch 2." in text
    assert "| 10-layers | False | 0.432 |" in text
    assert "PublicTest: 2 fear, " in text
    assert "right for\n33.3%" in text  # two of six are afraid
    assert "{" not in text and "nan" not in text


def test_its_tables_hold_the_same_numbers(card):
    folder, _ = card
    accuracy = pd.read_csv(folder / "accuracy.csv").set_index("network")
    confusion = pd.read_csv(folder / "confusion.csv")
    assert list(accuracy.index) == ["gimefive 13-layers", "mini-xception", "mini-xception, six"]
    for network, pairs in confusion.groupby("network"):
        assert pairs["faces"].sum() == accuracy.loc[network, "faces"]
        right = pairs.loc[pairs["labelled"] == pairs["named"], "faces"].sum()
        assert right / pairs["faces"].sum() == pytest.approx(accuracy.loc[network, "accuracy"])
    assert accuracy.loc["mini-xception", "faces"] == 6
    assert accuracy.loc["mini-xception, six", "faces"] == 5


def test_without_an_ablation_it_says_so(card, tmp_path):
    folder, test = card
    weights = tmp_path / "0.safetensors"
    save_file(load_file(folder / "0.safetensors"), weights, weight_notes(folder / "0.safetensors"))
    weights.with_suffix(".json").write_bytes((folder / "0.json").read_bytes())
    (tmp_path / "gimefive.safetensors").write_bytes(weights.read_bytes())
    write_face_card(tmp_path, [weights], test)
    assert "No ablation was run." in (tmp_path / "MODEL_CARD.md").read_text(encoding="utf-8")
