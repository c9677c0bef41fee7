"""Signed dimensions: what a part of an image adds to a rating, and which classes do."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_oasis import write_oasis
from tiny_studies import PRESET, scene_study
from tiny_tflite import write_mobilenet

from emocam_utils import Analysis
from emocam_utils.networks.mobilenet_oasis import Heads, save_heads
from emocam_utils.paste.explorer import PasteExplorer
from emocam_utils.paste.look import look_at
from emocam_utils.paste.objects import read_objects
from emocam_utils.pipeline import dimensions as dims
from emocam_utils.pipeline.analysis import preset_cam
from emocam_utils.pipeline.tables import map_array
from emocam_utils.study import CorpusSpec, ModelSpec, Study
from emocam_utils.widgets.target_maps import TargetMaps, map_for

SIZE, CELLS = (30, 50), (4, 7)  # no side of a cell is a whole number of pixels


def slow_cover(boxes, size, cells):
    """By a grid so fine that it meets every edge of pixels and cells."""
    fine = np.zeros((size[0] * cells[0], size[1] * cells[1]))
    for x0, y0, x1, y1 in np.asarray(boxes).clip(0, [size[1], size[0]] * 2):
        fine[y0 * cells[0] : y1 * cells[0], x0 * cells[1] : x1 * cells[1]] = 1
    return fine.reshape(cells[0], size[0], cells[1], size[1]).mean((1, 3))


corner = st.tuples(st.integers(-8, 58), st.integers(-8, 38), st.integers(1, 40), st.integers(1, 30))


@given(st.lists(corner, max_size=5))
def test_cover_is_the_union_of_the_boxes(corners):
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in corners]).reshape(-1, 4)
    got = dims.covered(boxes, SIZE, CELLS)
    np.testing.assert_allclose(got, slow_cover(boxes, SIZE, CELLS), atol=1e-12)


def test_contributions_of_a_partition_add_up_to_the_rating_less_its_constant():
    cam = np.random.default_rng(0).normal(1, 2, CELLS)
    parts = [[0, 0, 13, 30], [13, 0, 50, 11], [13, 11, 50, 30]]
    both = [dims.contribution(cam, dims.covered([part], SIZE, CELLS)) for part in parts]
    inside, beyond = np.sum(both, axis=0)
    assert inside == pytest.approx(cam.mean()) and beyond == pytest.approx(0)


def test_beyond_an_equal_area_a_flat_map_has_nothing():
    flat = np.full(CELLS, 0.7)
    inside, beyond = dims.contribution(flat, dims.covered([[0, 0, 25, 30]], SIZE, CELLS))
    assert inside == pytest.approx(0.35) and beyond == pytest.approx(0)


def table_of(cams):
    return pd.DataFrame(
        {
            "image": list(cams),
            "height": [c.shape[0] for c in cams.values()],
            "width": [c.shape[1] for c in cams.values()],
            "map": [c.ravel() for c in cams.values()],
        }
    )


def test_a_class_counts_once_where_its_boxes_overlap_and_only_where_sure():
    cams = {"a": np.array([[1.0, -3.0], [5.0, 7.0]]), "b": np.array([[2.0, 2.0], [0.0, 4.0]])}
    rows = [
        ("a", "Dog", 0.9, 0, 0, 10, 10),
        ("a", "Dog", 0.8, 0, 0, 10, 20),
        ("a", "Dog", 0.1, 0, 0, 20, 20),
        ("a", "Cat", 0.9, 10, 0, 20, 10),
        ("b", "Cat", 0.2, 0, 0, 20, 20),
    ]
    boxes = pd.DataFrame(rows, columns=["image", "class", "confidence", "x0", "y0", "x1", "y1"])
    images = pd.DataFrame({"image": ["a", "b"], "width": 20, "height": 20})
    maps = {"valence": table_of(cams), "arousal": table_of({k: -2 * c for k, c in cams.items()})}
    found = dims.contributions(boxes, maps, images, 0.15).set_index(["image", "class"])
    dog, cat = found.loc[("a", "Dog")], found.loc[("a", "Cat")]
    assert dog["boxes"] == 2 and dog["area"] == 0.5
    assert dog["valence"] == (1 + 5) / 4 and dog["valence_beyond"] == 1.5 - 0.5 * 2.5
    assert dog["arousal"] == -2 * dog["valence"]
    assert cat["valence"] == -0.75  # what lowers the rating keeps its sign
    assert found.loc[("b", "Cat"), "valence"] == 2 and len(found) == 3
    none = dims.contributions(boxes, maps, images, 0.95)
    assert none.empty and list(none) == list(found.reset_index())


def clustered(rng, classes=20, themes=12, each=5, effect=0.0):
    """Rows of classes whose photographs of a theme share most of their contribution."""
    rows = []
    for kind in range(classes):
        shared = rng.normal(effect, 1, themes)
        for theme in range(themes):
            for value in shared[theme] + rng.normal(0, 0.2, each):
                rows.append((f"c{kind:02d}", f"t{theme}", value))
    return pd.DataFrame(rows, columns=["class", "theme", "valence"])


def test_intervals_over_themes_hold_the_truth_and_those_over_images_do_not():
    rng = np.random.default_rng(0)
    table = clustered(rng, classes=150)
    right = dims.associate_dimensions(table, table["theme"], ["valence"], times=400)
    holds = ((right["low"] <= 0) & (right["high"] >= 0)).mean()
    assert 0.85 < holds <= 0.99
    assert 0.01 <= (right["p"] < 0.05).mean() < 0.15
    assert ((right["low"] <= right["mean"]) & (right["mean"] <= right["high"])).all()
    wrong = dims.associate_dimensions(table, np.arange(len(table)), ["valence"], times=400)
    assert ((wrong["low"] <= 0) & (wrong["high"] >= 0)).mean() < 0.75


def test_an_effect_is_found_and_few_themes_give_no_interval():
    rng = np.random.default_rng(1)
    table = pd.concat([clustered(rng, 3, effect=3.0), clustered(rng, 2, themes=4).assign(few=1)])
    table["class"] = np.where(table["few"] == 1, "few " + table["class"], table["class"])
    found = dims.associate_dimensions(table, table["theme"], ["valence"]).set_index("class")
    assert (found.loc[["c00", "c01", "c02"], "q"] < 0.01).all()
    few = found.loc[["few c00", "few c01"]]
    assert few[["low", "high", "p", "q"]].isna().all(axis=None) and few["mean"].notna().all()
    assert found.loc["c00", "images"] == 60 and found.loc["c00", "clusters"] == 12
    nothing = dims.associate_dimensions(table.iloc[:0], [], ["valence"])
    assert nothing.empty and "q" in nothing


@pytest.fixture
def oasis(tmp_path, monkeypatch):
    """12 rated pictures, a network of random weights, three heads of which one knows nothing."""
    monkeypatch.setattr("emocam_utils.paths.RESULTS", tmp_path / "results")
    folder = write_oasis(tmp_path / "oasis")
    write_mobilenet(tmp_path / "mobilenet.tflite")
    spec = CorpusSpec(kind="oasis", path=folder, limit=6)
    study = Study(
        name="tested",
        title="a few",
        corpus=spec,
        network=ModelSpec(name="mobilenetv2-oasis", weights=tmp_path / "mobilenet.tflite"),
        detector=ModelSpec(name="box-file"),
        cams=("gradcam",),
        presets={"paper": PRESET},
    )
    weight = np.random.default_rng(0).normal(0, 0.02, (3, 2, 1280))
    weight[0] = 0  # of the fold of the first two pictures: they are rated as its constant says
    corpus = Analysis(study).corpus
    folds = {corpus.digest(image): 0 if place < 2 else 1 for place, image in enumerate(corpus.ids)}
    heads = Heads(
        torch.from_numpy(weight), torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), folds
    )
    head = save_heads(heads, tmp_path / "head.safetensors")
    network = study.network.model_copy(update={"options": {"head": str(head)}})
    return Analysis(study.model_copy(update={"network": network}))


def test_stored_ratings_and_maps_are_those_of_the_heads_that_have_not_seen_the_image(oasis):
    rated, maps = dims.ratings(oasis), dims.dimension_maps(oasis)
    assert rated["image"].tolist() == oasis.ids and list(maps) == ["valence", "arousal"]
    np.testing.assert_allclose(rated.loc[:1, ["valence", "arousal"]], [[1, 2], [1, 2]])
    for place, dimension in enumerate(maps):
        table = maps[dimension]
        assert table["image"].tolist() == oasis.ids and (table["target"] == place).all()
        for row, value in zip(table.to_dict("records")[2:], rated[dimension][2:], strict=True):
            assert map_array(row).mean() + 3.0 + place == pytest.approx(value, abs=1e-3)
    first = map_array(maps["valence"].iloc[0])
    assert not first.any() and map_array(maps["valence"].iloc[2]).min() < 0


def test_labels_are_read_off_the_same_ratings(oasis):
    network, rated = oasis.network, dims.ratings(oasis)
    logits = rated[["valence", "arousal"]].to_numpy() @ network.slopes.numpy().T
    said = (logits + network.constants.numpy()).argmax(1)
    assert oasis.predictions["label"].tolist() == [network.labels[i] for i in said]


def test_an_analysis_asked_of_an_image_has_its_head_and_all_else(oasis):
    first = oasis.for_image(oasis.ids[0])
    assert not first.network.rater[-1].weight.any() and oasis.network.rater[-1].weight.any()
    assert first.corpus is oasis.corpus and first.ids == oasis.ids
    assert first.for_image(oasis.ids[3]).network.rater[-1].bias[0] == 3


def test_a_section_takes_as_many_images_as_the_study_gives_it(oasis):
    some = Analysis(oasis.study.model_copy(update={"samples": {"cam-methods": 3, "other": 99}}))
    few = some.sampled("cam-methods")
    assert few.ids == [some.ids[0], some.ids[2], some.ids[5]] and len(some.ids) == 6
    assert few.predictions["image"].tolist() == few.ids
    whole = oasis.predictions.set_index("image").loc[few.ids].reset_index()
    pd.testing.assert_frame_equal(few.predictions, whole)
    assert some.sampled("other") is some and some.sampled("association") is some


def test_explorers_ask_the_head_that_has_not_seen_the_image(oasis):
    image, preset = oasis.ids[0], oasis.study.preset("paper")
    own = oasis.for_image(image).network
    label = own.labels[0]
    picture = oasis.corpus.read(image)
    want = map_for(oasis.for_image(image), preset_cam("gradcam", preset), picture, label)
    np.testing.assert_array_equal(TargetMaps(oasis).raw("gradcam", preset, image, label), want)
    other = map_for(oasis, preset_cam("gradcam", preset), picture, label)
    assert not np.array_equal(other, want), "the head fitted on all is another one"
    original, now = PasteExplorer(oasis, read_objects(["rugby_ball"]), preset="paper").look()
    want = look_at(own, preset_cam("gradcam", preset), picture).probabilities
    pd.testing.assert_series_equal(original.probabilities, want)
    pd.testing.assert_series_equal(now.probabilities, want)  # it rates all pictures alike


def test_themes_are_clusters_where_the_corpus_has_them(oasis):
    images = ["Dog 3.jpg", "Sad face 1.jpg", "Dog 1.jpg"]
    assert dims.clusters_of(oasis.corpus, images).tolist() == ["Dog", "Sad face", "Dog"]


def test_a_network_of_labels_has_no_dimensions_and_is_asked_as_it_is(tmp_path):
    analysis = Analysis(scene_study(tmp_path, 2))
    assert dims.dimensions_of(analysis) == ()
    assert analysis.for_image(analysis.ids[0]) is analysis
    with pytest.raises(TypeError, match="emonet has labels only"):
        dims.ratings(analysis)
    assert dims.clusters_of(analysis.corpus, ["a", "b"]).tolist() == ["a", "b"]
