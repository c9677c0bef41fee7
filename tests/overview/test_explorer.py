"""The image explorer: search, methods side by side, what is kept."""

import numpy as np
import pytest
from tiny_attention import LABELS
from tiny_studies import EXPLORED, TinyAnalysis

from emocam_utils import paths
from emocam_utils.overview.explorer import ImageExplorer

CORRECTED = EXPLORED["corrected"]


@pytest.fixture
def analysis():
    return TinyAnalysis()


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)


def test_image_explorer_searches_and_keeps_the_image(analysis):
    explorer = ImageExplorer(analysis, image="i12.png")
    assert explorer.image == "i12.png" and "i12.png" in explorer.view.value
    explorer.controls["search"].value = "I1"
    assert set(explorer.controls["image"].options) == {"i1.png"} | {f"i1{k}.png" for k in range(10)}
    assert explorer.image == "i12.png"
    explorer.controls["search"].value = "i3.png"
    assert explorer.image == "i3.png" and "i3.png" in explorer.view.value
    explorer.controls["search"].value = "nothing like this"
    assert explorer.image == "i3.png" and "0 images match" in explorer.status.value


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
            assert f"{cam}: {kept} of {here.sum()} boxes kept" in explorer.view.value
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
