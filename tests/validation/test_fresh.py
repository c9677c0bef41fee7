"""Fresh corpora: every score at once, and what networks say of scenes of no split."""

import numpy as np
import pandas as pd
import pytest
import torch

from emocam_utils.corpora.emoscenes import layers
from emocam_utils.corpora.emoscenes import scene as scenes
from emocam_utils.corpora.emoscenes.corpus import SPLITS
from emocam_utils.corpora.emoscenes.rule import load_rule
from emocam_utils.networks.emonet import EmoNet, freeze
from emocam_utils.networks.weights import save_emonet
from emocam_utils.pipeline.analysis import preset_cam
from emocam_utils.pipeline.importance import SCORES
from emocam_utils.stats.ranks import average_precision
from emocam_utils.study import load_study
from emocam_utils.training import fresh as command
from emocam_utils.validation import fresh, fresh_tables
from emocam_utils.validation.cells import Matrices
from emocam_utils.validation.contestants import METHODS, preset_setting, preset_variant
from emocam_utils.validation.truth import Truth


def test_every_score_is_what_each_score_says():
    rng = np.random.default_rng(0)
    cams = rng.normal(size=(5, 13, 13)).astype(np.float32)
    cams[1] = -1.0  # empty
    cams[2] = 3.0  # flat
    cams[3, 4:, :] = -1.0
    objects = scenes.boxes(fresh.fresh_scene("fresh/0/00003"))
    corners = objects[fresh.CORNERS].to_numpy()
    found = fresh.every_score(cams, objects).reshape(len(objects), len(cams), len(fresh.POWERS))
    size = scenes.HEIGHT, scenes.WIDTH
    assert set(fresh.POWERS) == set(SCORES)
    for m, cam in enumerate(cams):
        for s, name in enumerate(fresh.POWERS):
            expected = SCORES[name](cam, corners, size)
            np.testing.assert_allclose(found[:, m, s], expected, rtol=1e-9, err_msg=f"{m} {name}")


def tiny_network(seed=0):
    return freeze(EmoNet(0.0625, 0.01).initialise(seed))


@pytest.fixture(scope="module")
def rows():
    """What a tiny untrained network says of one small fresh corpus."""
    presets = load_study("emoscenes").presets
    settings = fresh.fresh_settings(presets, methods=False)
    return fresh.observed(fresh.fresh_ids(0, 24), {"seed 7": tiny_network()}, settings)["seed 7"]


def test_fresh_scenes_are_of_no_split_and_labels_take_turns():
    ids = fresh.fresh_ids(3, 40)
    labels = load_rule().labels
    assert [fresh.fresh_scene(image).label for image in ids] == list(labels) * 2
    assert not any(image.split("/")[0] in SPLITS for image in ids)
    assert fresh.fresh_scene(ids[0]) != fresh.fresh_scene(fresh.fresh_ids(4, 1)[0])


def test_slow_methods_are_left_out_and_the_quick_ones_stay():
    presets = load_study("emoscenes").presets
    every = {name.split("/")[0] for name in fresh.fresh_settings(presets, methods=True)}
    assert every == set(METHODS) - {"lime"}
    quick = fresh.fresh_settings(presets, methods=False)
    assert {name.split("/")[0] for name in quick} == {"gradcam", "random"}
    assert all(preset_setting("gradcam", preset) in quick for preset in presets.values())


def test_a_row_is_what_the_pipeline_would_say(rows):
    """One image alone through the network, a map and a box score, by the functions of a study."""
    network, preset = tiny_network(), load_study("emoscenes").preset("corrected")
    image = "fresh/0/00021"  # of the second batch
    scene = fresh.fresh_scene(image)
    with torch.no_grad():
        features = network.features(network.preprocess(layers.render(scene))[None])
        logits = network.head(features)
    cam = preset_cam("gradcam", preset)(network.head, features, logits.argmax(1))[0].numpy()
    objects = scenes.boxes(scene)
    corners, size = objects[fresh.CORNERS].to_numpy(), (scenes.HEIGHT, scenes.WIDTH)
    found = rows[rows["image"] == image]
    assert found["class"].tolist() == objects["class"].tolist()
    assert set(found["label"]) == {network.labels[int(logits.argmax())]}
    assert found["probability"].iloc[0] == pytest.approx(float(logits.softmax(1).max()), rel=1e-4)
    expected = SCORES[preset.importance](cam, corners, size)
    name = preset_variant("gradcam", preset)
    np.testing.assert_allclose(found[name], expected, rtol=1e-3, atol=1e-5)
    x0, y0, x1, y1 = corners[0]
    assert found["area"].iloc[0] == pytest.approx((x1 - x0) * (y1 - y0) / (size[0] * size[1]))


def test_two_networks_see_the_same_scenes(rows):
    settings = fresh.fresh_settings(load_study("emoscenes").presets, methods=False)
    both = {"a": tiny_network(), "b": tiny_network(1)}
    found = fresh.observed(fresh.fresh_ids(0, 24), both, settings)
    pd.testing.assert_frame_equal(found["a"], rows)
    assert found["b"]["class"].equals(rows["class"]) and not found["b"].equals(rows)


def thresholds_of(rows):
    names = [column for column in rows if "/" in column]
    table = pd.DataFrame({"threshold": 0.2, "matched": 0.4}, index=names)
    return table.rename_axis("variant")


def test_tables_are_kept_as_they_are(rows, tmp_path, monkeypatch):
    monkeypatch.setattr(fresh_tables, "FILE", tmp_path / "fresh.parquet")
    monkeypatch.setattr(fresh_tables, "BOXES", tmp_path / "boxes.parquet")
    presets = load_study("emoscenes").presets
    presets = {n: p.model_copy(update={"probability": 0.0}) for n, p in presets.items()}
    matrices = fresh_tables.matrices_of(rows, thresholds_of(rows), presets)
    truth = Truth.of("seed 7", rows.assign(probability_drop=rows["area"] * 3), 0.0)
    boxes = fresh_tables.box_table(rows, truth, thresholds_of(rows), presets)
    few = Matrices(matrices.counts.drop(columns="random map"))
    keys = {("seed 7", 0): matrices, ("seed 7", 1): few}
    fresh_tables.save_fresh(keys, dict.fromkeys(keys, boxes))
    first, second = fresh_tables.read_fresh(tmp_path / "fresh.parquet")["seed 7"]
    pd.testing.assert_frame_equal(first.counts, matrices.counts, check_like=True)
    assert "random map" not in second.counts and "corrected" in second.counts
    read = fresh_tables.read_boxes(tmp_path / "boxes.parquet")
    assert len(read) == 2 * len(boxes)
    kept = read[(read["measure"] == "kept") & (read["name"] == "as published, same keep rate")]
    way = preset_variant("gradcam", presets["paper"])
    assert kept["value"].iloc[0] == pytest.approx((rows[way] > 0.4).mean())
    over = fresh_tables.threshold_table(read)
    assert set(over["name"]) == {"as published", "corrected", "random map"}
    assert fresh_tables.read_fresh(tmp_path / "none.parquet") == {}
    assert fresh_tables.read_boxes(tmp_path / "none.parquet").empty


def test_the_curve_keeps_the_share_that_it_says(rows):
    truth = Truth.of("seed 7", rows.assign(probability_drop=rows["area"] * 3), 0.0)
    presets = load_study("emoscenes").presets
    way = preset_variant("gradcam", presets["corrected"])
    found = dict(fresh_tables._curve(rows, way, truth))
    limit = np.quantile(rows[way].fillna(-1), 1 - 0.3)
    one = Matrices.of(rows, rows, {"m": (way, limit)})
    effects = truth.judged()
    scores = one.scores({"m": ("m", "attended")}, effects.index)["m"]
    assert found[0.3] == pytest.approx(average_precision(scores, effects > 0.2))


def test_no_curve_where_empty_maps_cannot_be_ranked(rows):
    truth = Truth.of("seed 7", rows.assign(probability_drop=rows["area"] * 3), 0.0)
    way = preset_variant("gradcam", load_study("emoscenes").presets["corrected"])
    half = rows[way].where(np.arange(len(rows)) % 2 == 0)
    found = dict(fresh_tables._curve(rows.assign(**{way: half.fillna(0.0)}), way, truth))
    assert np.isnan([found[kept] for kept in (0.6, 0.7, 0.8, 0.9)]).all()
    assert not np.isnan([found[kept] for kept in (0.1, 0.2, 0.3, 0.4)]).any()


class InTurn:
    """Stands for processes."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def imap(self, work, tasks):
        return map(work, tasks)


def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path, monkeypatch):
    weights = save_emonet(tiny_network(), tmp_path / "emonet.safetensors")
    monkeypatch.setattr(command, "FOLDER", tmp_path / "fresh")
    monkeypatch.setattr(fresh, "processes", InTurn)
    size = {"corpora": 2, "methods": 0, "scenes": 6}
    command.observe({"seed 7": weights}, **size)
    files = command.files_of(weights, **size)
    assert all(file.is_file() for file in files)
    before, kept = files[1].stat().st_mtime_ns, files[0].read_bytes()
    files[0].unlink()
    command.observe({"seed 7": weights}, **size)
    assert files[0].read_bytes() == kept and files[1].stat().st_mtime_ns == before
    assert command.files_of(weights, 2, 1, 6)[0].parent != files[0].parent  # all methods
    assert command.files_of(weights, 2, 1, 6)[1] == files[1]
    assert command.files_of(weights, 2, 0, 7)[0] != files[0]
