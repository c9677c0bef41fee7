"""Occlusion: only the box changes, coverage by hand, and any corpus will do."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tiny_networks import tiny_emonet, two_channel_head
from tiny_studies import scene_study as study

from emocam_utils.pipeline.analysis import Analysis
from emocam_utils.study import CorpusSpec
from emocam_utils.validation import occlusion
from emocam_utils.validation.occlusion import FILLS, cell_coverage, logits_without_cells, occluded


def picture(width=60, height=40, seed=0):
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(noise)


@pytest.mark.parametrize("fill", list(FILLS))
def test_only_the_box_changes(fill):
    image, box = picture(), np.array([10.0, 5, 30, 25])
    changed = (np.asarray(occluded(image, box, fill)) != np.asarray(image)).any(axis=2)
    inside = np.zeros((40, 60), bool)
    inside[5:25, 10:30] = True
    assert not changed[~inside].any() and changed[inside].mean() > 0.9
    assert (np.asarray(image) == np.asarray(picture())).all()


@pytest.mark.parametrize("fill", list(FILLS))
def test_a_box_outside_covers_nothing_and_one_over_everything_still_works(fill):
    image = picture()
    assert occluded(image, np.array([70.0, 5, 90, 25]), fill) is image
    assert occluded(image, np.array([-9.0, -9, 99, 99]), fill).size == image.size


def test_fillings_by_hand():
    plain = Image.new("RGB", (60, 40), (200, 100, 50))
    plain.paste((0, 0, 0), (20, 10, 30, 20))
    box = np.array([20.0, 10, 30, 20])
    centre = {fill: np.asarray(occluded(plain, box, fill))[15, 25].tolist() for fill in FILLS}
    assert centre["grey"] == [127, 127, 127]
    assert centre["inpaint"] == [200, 100, 50]  # the surroundings continued
    assert 0 < centre["blur"][0] < 200  # the object still shines through


def test_an_unknown_filling_names_those_there_are():
    with pytest.raises(KeyError, match="There are: grey, blur, inpaint"):
        occluded(picture(), np.array([1.0, 1, 5, 5]), "black")


def test_coverage_by_hand():
    """4 x 6 cells of 10 pixels: a box over one and a half cells in x, half a cell in y."""
    (cover,) = cell_coverage(np.array([[10, 5, 25, 10]]), (40, 60), (4, 6))
    assert cover[0].tolist() == [0, 0.5, 0.25, 0, 0, 0] and cover[1:].sum() == 0


@given(st.tuples(*[st.integers(-20, 90)] * 4))
def test_coverage_sums_to_the_boxs_pixels(corners):
    x0, x1 = sorted(corners[:2])
    y0, y1 = sorted(corners[2:])
    (cover,) = cell_coverage(np.array([[x0, y0, x1, y1]]), (40, 60), (13, 13))
    x1, y1 = max(x1, x0 + 1), max(y1, y0 + 1)
    area = max(min(x1, 60) - max(x0, 0), 0) * max(min(y1, 40) - max(y0, 0), 0)
    assert cover.sum() * 40 * 60 / 169 == pytest.approx(area)
    assert cover.min() >= 0 and cover.max() <= 1 + 1e-9


def test_ablated_cells_by_hand():
    """Logits m1 - m2 + 0.5 and 2 m1 + 0.5 m2 - 1 of the means, half of the first cell covered."""
    features = torch.tensor([[[4.0, 0.0]], [[-2.0, 2.0]]])
    coverage = np.array([[[0.5, 0.0]]])
    logits = logits_without_cells(two_channel_head(), features, coverage)
    assert logits[0].tolist() == [2 - 1 + 0.5, 4 + 0.5 - 1]
    assert logits[1].tolist() == [1 - 1 + 0.5, 2 + 0.5 - 1]


@pytest.fixture
def photographs(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    picture(60, 40, 1).save(folder / "a.png")
    picture(1600, 800, 2).save(folder / "b.png")
    picture(30, 90, 3).save(folder / "c.png")
    spec = CorpusSpec(kind="folder", path=folder)
    return Analysis(study(tmp_path, 0).model_copy(update={"corpus": spec, "name": tmp_path.name}))


def test_any_corpus_slowly(photographs):
    boxes = pd.DataFrame(
        [("b.png", 0, 0, 800, 400), ("a.png", 5, 5, 30, 30), ("a.png", 20, 0, 60, 20)],
        columns=["image", "x0", "y0", "x1", "y1"],
    )
    table = occlusion.occlusion_effects(photographs, boxes, ["grey", "cells"])["grey"]
    assert table["box"].tolist() == [1, 2, 0]
    image = photographs.corpus.read("b.png").resize((640, 320), Image.Resampling.BICUBIC)
    covered = image.copy()
    covered.paste((127, 127, 127), (0, 0, 320, 160))
    with torch.no_grad():
        inputs = [photographs.network.preprocess(p)[None] for p in (image, covered)]
        whole, without = (photographs.network(x)[0].softmax(0) for x in inputs)
    target = int(whole.argmax())
    row = table[table["box"] == 0].iloc[0]
    assert row["label"] == photographs.network.labels[target]
    drop = float(whole[target] - without[target])
    assert row["probability_drop"] == pytest.approx(drop, abs=1e-4)


def test_images_without_a_box_and_studies_without_any(photographs):
    none = pd.DataFrame(columns=["image", "x0", "y0", "x1", "y1"])
    found = occlusion.occlusion_effects(photographs, none, ["grey"])["grey"]
    assert found.empty and "probability_drop" in found


def test_the_head_only_ablation_equals_the_network_where_nothing_is_covered():
    network = tiny_emonet()
    inputs = network.preprocess(picture())
    with torch.no_grad():
        features, expected = network.features(inputs[None])[0], network(inputs[None])[0]
    logits = logits_without_cells(network.head, features, np.zeros((1, 13, 13)))
    assert np.allclose(logits, expected.numpy(), atol=1e-4)
