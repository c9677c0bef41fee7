"""The truth: effects of every object, the same from any number of processes and after a kill."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_networks import tiny_emonet

from emocam_utils.corpora.emoscenes import layers, scene
from emocam_utils.corpora.emoscenes.corpus import SPLITS, image_id, load_scene
from emocam_utils.networks.weights import load_emonet, save_emonet
from emocam_utils.training import truth

IDS = [image_id("truth", index) for index in range(4)]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("truth")
    return [save_emonet(tiny_emonet(seed), folder / f"{seed}.safetensors") for seed in (1, 2)]


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(truth, "KEPT", tmp_path)
    monkeypatch.setattr(truth, "TASK", 2)
    return tmp_path


def test_effects_are_those_of_drawing_each_version_and_passing_it_alone(files):
    networks = {str(file): load_emonet(file) for file in files}
    found = truth.measured(IDS[:2], networks)
    for name, network in networks.items():
        rows = iter(found[name].itertuples(index=False))
        for image in IDS[:2]:
            drawn = load_scene(image)
            with torch.no_grad():
                whole = network(network.preprocess(layers.render(drawn))[None]).softmax(1)[0]
            said = int(whole.argmax())
            for _, box in scene.boxes(drawn).iterrows():
                picture = layers.render(drawn, scene.Removal(box["thing"], box["class"]))
                with torch.no_grad():
                    less = network(network.preprocess(picture)[None]).softmax(1)[0, said]
                row = next(rows)
                assert (row.image, row.thing, row[2]) == (image, box["thing"], box["class"])
                assert row.label == network.labels[said]
                assert row.probability == pytest.approx(float(whole[said]), abs=1e-4)
                drop = float(whole[said] - less)
                assert row.probability_drop == pytest.approx(drop, abs=1e-4)
        assert next(rows, None) is None
    one, two = (found[str(file)]["probability_drop"] for file in files)
    assert not np.allclose(one, two)


def test_what_is_kept_is_not_measured_again_and_a_network_more_is(files, kept, monkeypatch):
    first = truth.measure(files[:1], 4, processes=2)
    monkeypatch.setattr(truth, "get_context", lambda _: pytest.fail("measured again"))
    assert truth.measure(files[:1], 4)[files[0]].equals(first[files[0]])
    monkeypatch.undo()
    monkeypatch.setattr(truth, "KEPT", kept)
    monkeypatch.setattr(truth, "TASK", 2)
    next(kept.rglob("2-2.parquet")).unlink()
    both = truth.measure(files, 4, processes=1)
    assert both[files[0]].equals(first[files[0]])
    assert both[files[1]]["image"].unique().tolist() == IDS


def test_a_table_is_named_by_the_training_and_says_how_often_it_is_right(
    files, kept, tmp_path, monkeypatch
):
    record = {"recipe": {"seed": 7, "cam_dropout": 0.0}}
    files[0].with_suffix(".json").write_text(json.dumps(record))
    monkeypatch.setattr(
        "sys.argv",
        ["truth", "--scenes", "2", "--weights", str(files[0]), "--out", str(tmp_path / "out")],
    )
    truth.main()
    written = tmp_path / "out" / "truth-seed-7-no-conv5-dropout.parquet"
    table = pd.read_parquet(written)
    assert table.columns.tolist() == truth.COLUMNS
    labels = table.drop_duplicates("image").set_index("image")["label"]
    right = np.mean([labels[image] == load_scene(image).label for image in labels.index])
    assert json.loads(written.with_suffix(".json").read_text())["accuracy"] == right


def test_the_split_is_of_its_own():
    assert SPLITS["truth"] >= 10_000
    assert load_scene("truth/00003") != load_scene("test/00003")
