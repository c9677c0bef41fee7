"""The image explorer: search, methods side by side, what is kept."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from tiny_attention import LABELS
from tiny_studies import EXPLORED, TinyAnalysis, TinyCorpus, scene_study

from emocam_utils import paths
from emocam_utils.pipeline.analysis import Analysis, preset_cam
from emocam_utils.pipeline.importance import mean_importance
from emocam_utils.pipeline.tables import map_array
from emocam_utils.study import ModelSpec
from emocam_utils.widgets.image_explorer import ImageExplorer
from emocam_utils.widgets.known import known_of
from emocam_utils.widgets.pictures import Pictures, signed_overlay
from emocam_utils.widgets.target_maps import map_for

CORRECTED = EXPLORED["corrected"]


@pytest.fixture
def analysis():
    return TinyAnalysis()


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)


def test_image_explorer_searches_and_keeps_the_image(analysis):
    explorer = ImageExplorer(analysis, image="i12.png")
    assert explorer.image == "i12.png" and "i12.png" in explorer.about.value
    explorer.controls["search"].value = "I1"
    assert set(explorer.controls["image"].options) == {"i1.png"} | {f"i1{k}.png" for k in range(10)}
    assert explorer.image == "i12.png"
    explorer.controls["search"].value = "i3.png"
    assert explorer.image == "i3.png" and "i3.png" in explorer.about.value
    explorer.controls["search"].value = "nothing like this"
    assert explorer.image is None and "0 images match" in explorer.status.value
    assert "No image has “nothing like this” in its name" in explorer.about.value
    assert explorer.view.value == "" and len(explorer.figure().axes) == 2
    explorer.step(1)  # to nowhere
    explorer.save()
    explorer.controls["search"].value = "i12"
    assert explorer.image == "i12.png" and "<img" in explorer.view.value
    explorer.restore()
    assert explorer.image is None


def test_image_explorer_filters_by_label_and_shows_probabilities(analysis):
    explorer = ImageExplorer(analysis)
    explorer.controls["label"].value = "Awe"
    table = analysis.predictions.set_index("image")["label"]
    assert set(explorer.controls["image"].options) == set(table.index[table == "Awe"])
    logits = analysis.predictions.set_index("image").loc[explorer.image, "logits"]
    odds = np.exp(logits.astype(float))
    assert explorer.probabilities.sum() == pytest.approx(1)
    assert explorer.probabilities[LABELS[0]] == pytest.approx(odds[0] / odds.sum(), rel=1e-5)
    assert f"{100 * explorer.probabilities.iloc[0]:.1f} %" in explorer.view.value


def test_image_explorer_compares_methods_and_counts_kept_boxes(analysis):
    explorer = ImageExplorer(analysis)
    explorer.controls["cams"].value = ("gradcam", "ablation")
    for threshold in (0.1, 0.9):
        explorer.controls["threshold"].value = threshold
        for cam in ("gradcam", "ablation"):
            a = analysis.attention(cam, CORRECTED)
            here = (a.boxes["image"] == explorer.image) & (a.boxes["confidence"] > 0.1)
            kept = (a.importances["share"][here] > threshold).sum()
            name = {"gradcam": "Grad-CAM", "ablation": "Ablation-CAM"}[cam]
            words = f"{name} for {explorer.target}: {kept} of {here.sum()} boxes attended"
            assert words in explorer.view.value
    assert explorer.view.value.count("<img") == 3


def test_image_explorer_refuses_an_image_that_is_not_there(analysis):
    with pytest.raises(KeyError, match=r"'no\.png' is not among the 30"):
        ImageExplorer(analysis, image="no.png")


def test_a_restored_image_need_not_be_listed(analysis):
    explorer = ImageExplorer(analysis, image="i7.png")
    explorer.save()
    other = ImageExplorer(analysis, image="i2.png")
    other.controls["search"].value = "i2"
    other.restore()
    assert other.image == "i7.png" and "restored" in other.message.value


def test_a_large_corpus_is_sampled_and_keeps_the_image_asked_for(analysis):
    explorer = ImageExplorer(analysis, image="i7.png", most=5)
    assert explorer.image == "i7.png" and len(explorer.predictions) in (5, 6)
    assert explorer.status.value.startswith("a sample of 5 of 30 images · ")
    assert set(ImageExplorer(analysis, most=5).matches()) <= set(explorer.predictions.index)


def test_next_and_previous_go_through_what_matches_and_around(analysis):
    explorer = ImageExplorer(analysis, image="i1.png")
    explorer.controls["search"].value = "i1"
    order = explorer.matches()
    seen = []
    for _ in order:
        explorer.step(1)
        seen.append(explorer.image)
        assert f"image {order.index(explorer.image) + 1} of 11 images" in explorer.status.value
    assert sorted(seen) == sorted(order) and seen[-1] == "i1.png"
    explorer.step(-1)
    assert explorer.image == order[-1]


def test_boxes_have_one_colour_where_nothing_is_kept_or_dropped():
    boxes = pd.DataFrame({"class": ["Dog"], "x0": [5.0], "y0": 10.0, "x1": [55.0], "y1": 70.0})
    drawn = np.asarray(Pictures(TinyCorpus()).drawn("a", 80, boxes=boxes))
    assert drawn[40, 5].tolist() == [25, 113, 194]


def test_a_signed_map_has_two_colours_centred_on_0():
    grey = Image.new("RGB", (40, 40), (128, 128, 128))
    cam = np.zeros((2, 2))
    cam[0, 0], cam[1, 1] = 1, -1
    shown = signed_overlay(grey, cam)
    red, nothing, blue = shown[2, 2], shown[2, 37], shown[37, 37]
    assert red[0] > red[2] + 0.2 and blue[2] > blue[0] + 0.2
    assert np.ptp(nothing) < 0.01
    assert np.allclose(signed_overlay(grey, -cam)[2, 2], blue, atol=0.02)
    picture = Pictures(TinyCorpus()).drawn("a", 40, cam=cam)  # a negative value says that it is
    assert np.asarray(picture)[36, 27, 2] > np.asarray(picture)[36, 27, 0] + 40


@pytest.fixture
def drawn(tmp_path):
    study = scene_study(tmp_path, limit=3)
    boxes = pd.DataFrame(
        [[f"calibration/0000{k}", "Dog", 0.9, 40, 30, 160, 150] for k in range(3)],
        columns=["image", "class", "confidence", "x0", "y0", "x1", "y1"],
    )
    boxes.to_csv(tmp_path / "boxes.csv", index=False)
    detector = ModelSpec(name="box-file", weights=tmp_path / "boxes.csv")
    update = {"presets": {"corrected": study.presets["paper"]}, "detector": detector}
    return Analysis(study.model_copy(update=update), device="cpu")


def test_a_map_of_any_label_is_the_methods_own(drawn):
    image, method = drawn.ids[0], preset_cam("gradcam", drawn.study.preset("corrected"))
    network = drawn.network
    features = network.features(network.preprocess(drawn.corpus.read(image))[None])
    for number, label in enumerate(network.labels[:4]):
        want = method(network.head, features, torch.tensor([number]))[0].detach().numpy()
        made = map_for(drawn, method, drawn.corpus.read(image), label)
        np.testing.assert_allclose(made, want, rtol=1e-4, atol=1e-7)
    predicted = drawn.predictions.set_index("image")["label"][image]
    stored = map_array(drawn.map_of("gradcam", drawn.study.preset("corrected")).iloc[0])
    made = map_for(drawn, method, drawn.corpus.read(image), predicted)
    np.testing.assert_allclose(made, stored, rtol=1e-4, atol=1e-7)


def test_the_label_to_explain_can_be_chosen_and_the_true_one_stands_beside(drawn, tmp_path):
    explorer = ImageExplorer(drawn, image=drawn.ids[0])
    known = drawn.corpus.truth().groupby("image")["label"].first()[drawn.ids[0]]
    assert f"by the rule {known}" in explorer.about.value
    before = explorer.view.value
    other = next(label for label in drawn.labels if label != explorer.target)
    explorer.controls["target"].value = other
    method = preset_cam("gradcam", drawn.study.preset("corrected"))
    raw = map_for(drawn, method, drawn.corpus.read(explorer.image), other)
    [score] = mean_importance(raw, np.array([[40, 30, 160, 150]]), (240, 320))
    kept = int(score > 0.3)
    assert f"Grad-CAM for {other}: {kept} of 1 boxes attended" in explorer.view.value
    assert explorer.view.value != before
    explorer.controls["signed"].value = True
    assert f"Grad-CAM for {other}" in explorer.view.value


def test_annotations_are_said_as_far_as_they_are_there():
    class Rated(TinyCorpus):
        annotations = pd.DataFrame(
            {"valence": [4.25, np.nan], "arousal": [3, 2], "emotion": ["Joy", "Fear"]},
            index=["a", "b"],
        )

    assert known_of(Rated(), "a") == "annotated emotion Joy, valence 4.25, arousal 3"
    assert known_of(Rated(), "b") == "annotated emotion Fear, arousal 2"
    assert known_of(Rated(), "c") == known_of(TinyCorpus(), "a") == ""
