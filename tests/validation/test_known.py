"""Names of networks, and the shipped truth, of which a sample is measured again."""

import json

import pandas as pd
import pytest
import torch

from emocam_utils.corpora.emoscenes import scene as scenes
from emocam_utils.corpora.emoscenes.corpus import load_scene
from emocam_utils.corpora.emoscenes.layers import Layers
from emocam_utils.networks.weights import load_emonet
from emocam_utils.validation import known
from emocam_utils.validation.changes import changes, logits_without

SHIPPED = known.measured_networks()


def test_a_network_is_named_by_what_makes_it_different():
    assert known.name_of({"recipe": {"seed": 2, "cam_dropout": 0.2}}) == "seed 2"
    bare = known.name_of({"recipe": {"seed": 1, "cam_dropout": 0}})
    assert bare == "seed 1, no conv5 dropout"
    assert known.slug(bare) == "seed-1-no-conv5-dropout"
    assert known.name_of({}, "mine") == "mine"
    assert known.in_order(["seed 2", bare, "seed 0"]) == ["seed 0", "seed 2", bare]


def test_accuracy_is_by_the_labels_that_take_turns():
    labels = known.load_rule().labels
    said = pd.DataFrame({"image": [f"truth/{i:05d}" for i in range(40)], "label": labels * 2})
    assert known.accuracy(pd.concat([said, said])) == 1.0
    said.loc[0, "label"] = labels[1]
    assert known.accuracy(said) == pytest.approx(39 / 40)


def test_a_truth_that_is_not_there_names_the_command(tmp_path, monkeypatch):
    monkeypatch.setattr(known, "FOLDER", tmp_path)
    with pytest.raises(known.NoTruth, match=r"truth-seed-7\.parquet; .*make train-validation"):
        known.read_truth("seed 7", 0.5)


def test_records_and_truth_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(known, "FOLDER", tmp_path)
    rows = [(f"truth/{i:05d}", "Dog", "Adoration", 0.4 + 0.05 * i, 0.6) for i in range(10)]
    columns = ["image", "class", "label", "probability", "probability_drop"]
    pd.DataFrame(rows, columns=columns).to_parquet(tmp_path / "truth-seed-7.parquet")
    record = {"recipe": {"seed": 7, "epochs": 3, "cam_dropout": 0.1}}
    (tmp_path / "truth-seed-7.json").write_text(json.dumps(record))
    truth = known.read_truth("seed 7", 0.5)
    assert truth.scenes == 7  # 0.5 itself is not above
    table = known.network_table({"seed 7": truth}).loc["seed 7"]
    assert (table["epochs"], table["conv5 dropout"], table["accuracy"]) == (3, 0.1, 0.1)
    assert (table["cells"], table["causal"]) == (1, 1)


@pytest.mark.parametrize("network", SHIPPED)
def test_a_sample_of_the_shipped_truth_is_measured_again(network):
    """The first scene and some others, drawn and predicted anew, as is said of all 10,000."""
    try:
        effects = known.read_effects(network)
    except known.NoTruth as missing:
        pytest.skip(str(missing))
    model = load_emonet(SHIPPED[network]).eval()
    images = effects["image"].drop_duplicates()
    for image in images.iloc[:: max(len(images) // 3, 1)]:
        scene = load_scene(image)
        objects, layers = scenes.boxes(scene), Layers(scene)
        removals = zip(objects["thing"], objects["class"], strict=True)
        without = [layers.image(scenes.Removal(*one)) for one in removals]
        logits = logits_without(model, layers.image(), without, torch.device("cpu"))
        found = changes(logits, model.labels)
        rows = effects[effects["image"] == image]
        assert rows["class"].tolist() == objects["class"].tolist()
        assert set(rows["label"]) == set(found["label"])
        shipped = rows["probability_drop"].to_numpy()
        assert shipped == pytest.approx(found["probability_drop"].to_numpy(), abs=2e-3)
