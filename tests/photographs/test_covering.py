"""Covering: only the masked pixels change, the fillings are what they say, results are stored."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from tiny_rated import tiny_rated

from emocam_utils.photographs import covering
from emocam_utils.photographs.covering import WAYS, box_mask, covered_ratings, filled

SIZE = (40, 50)


@pytest.mark.parametrize("way", WAYS)
def test_only_the_masked_pixels_change(way):
    pixels = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    mask = box_mask(np.array([[5, 5, 20, 30], [15, 20, 60, 36]]), SIZE)
    changed = filled(pixels, mask, way)
    assert (changed[~mask] == pixels[~mask]).all()
    assert (changed[mask] != pixels[mask]).any(axis=1).mean() > 0.9


@pytest.mark.parametrize("way", WAYS)
def test_an_object_on_a_plain_ground_is_gone(way):
    pixels = np.full((200, 300, 3), 80, np.uint8)
    pixels[50:90, 100:160] = 240
    mask = box_mask(np.array([[92, 42, 168, 98]]), (200, 300))
    np.testing.assert_allclose(filled(pixels, mask, way).astype(int), 80, atol=4)


def test_boxes_overlap_and_overhang():
    mask = box_mask(np.array([[-5, -5, 3, 2], [1, 1, 4, 4]]), (5, 6))
    assert mask.sum() == 6 + 9 - 2


class Brightness(torch.nn.Module):
    """Rates the mean of red as valence and of green as arousal; counts its passes."""

    passes = 0

    def preprocess(self, image):
        return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1).float()

    def features(self, images):
        Brightness.passes += 1
        return images

    def rater(self, features):
        return features.mean((2, 3))[:, :2]


class Analysis:
    """What covering asks of an analysis: pictures and a network, and to compute what is missing."""

    torch_device = torch.device("cpu")

    def __init__(self):
        self.corpus = self.models = self
        self.network = Brightness()

    def for_image(self, image):
        return self

    def read(self, image):
        pixels = np.full((*SIZE, 3), (200, 50, 0), np.uint8)
        pixels[:, :25] = (100, 150, 0)
        return Image.fromarray(pixels)

    def recipe(self, stage, *code, **ingredients):
        return stage

    def run(self, recipes, compute, label, ids, beside):
        assert all(set(beside[way]) == set(ids) for way in recipes)
        return compute(list(ids), list(recipes))


def test_a_drop_is_the_rating_less_that_of_the_covered_photograph():
    boxes = [(0, "Dog", 0.9, (0, 0, 25, 40)), (0, "Cat", 0.2, (0, 0, 9, 9))]
    boxes += [(2, "Dog", 0.9, (0, 0, 13, 40)), (2, "Dog", 0.9, (13, 0, 25, 40))]
    boxes += [(3, "Dog", 0.9, (0, 0, 50, 40)), (4, "Bird", 0.9, (0, 0, 25, 40))]
    rated = tiny_rated(6, boxes=boxes)
    rated.photographs["network_valence"], rated.photographs["network_arousal"] = 150, 100
    table = covered_ratings(Analysis(), rated, ["Dog", "Cat"], WAYS)
    table = table.set_index(["image", "class", "way"])
    assert set(table.index.get_level_values("image")) == {"0.jpg", "2.jpg", "3.jpg"}
    for image in ("0.jpg", "2.jpg"):  # boxes of a class are covered together
        for way in WAYS:  # covered by the right half's colour, 200 and 50
            found = table.loc[(image, "Dog", way)].tolist()
            assert found == pytest.approx([-50, 50], abs=1 if way == "mean colour" else 5)
    assert table.loc["3.jpg"].isna().all(axis=None), "nothing is left around it"


def test_without_such_a_box_nothing_is_computed(monkeypatch):
    monkeypatch.setattr(covering, "_cover_image", None)
    table = covered_ratings(Analysis(), tiny_rated(6), ["Dog"])
    assert isinstance(table, pd.DataFrame) and table.empty
    assert {"image", "class", "way", "valence", "arousal"} == set(table.columns)
