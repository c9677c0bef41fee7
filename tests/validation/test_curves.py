"""Measures that need no boxes, by hand and on tiny networks."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from tiny_networks import tiny_emonet

from emocam_utils.cams import build_cam
from emocam_utils.validation import curves
from emocam_utils.validation.curves import (
    curve_table,
    deletion_insertion,
    highest_cells,
    mixed,
    pointing_table,
    randomisation_table,
    shuffled,
    weighted_layers,
)


def test_pointing_game():
    cam = np.array([[0.0, 0.0], [0.0, 2.0]])  # 2 x 2 cells on 40 x 60 pixels: maximum at (45, 30)
    assert curves.pointing_hit(cam, [[40, 25, 50, 35]], (40, 60)) == 1
    assert curves.pointing_hit(cam, [[0, 0, 45, 40]], (40, 60)) == 0  # half-open
    assert curves.pointing_hit(cam, [[0, 0, 5, 5], [45, 30, 46, 31]], (40, 60)) == 1


def test_an_empty_map_or_mask_is_nan_not_a_hit():
    empty = -np.ones((2, 2))
    assert math.isnan(curves.pointing_hit(empty, [[0, 0, 40, 40]], (40, 60)))
    assert math.isnan(curves.pointing_hit(np.eye(2), np.empty((0, 4)), (40, 60)))
    objects = pd.DataFrame(
        {"image": ["a", "b"], "x0": 0, "y0": 0, "x1": 60, "y1": 40, "area": [1.0, 1.0]}
    )
    images = pd.DataFrame({"image": ["a", "b"], "height": 40, "width": 60})
    maps = pd.DataFrame({"image": ["a", "b"], "height": 1, "width": 2})
    maps["map"] = [np.array([0.0, 1.0]), np.array([0.0, -1.0])]
    table = pointing_table(objects, np.array([True, True]), {"m": maps}, images)
    assert table.loc["m", ["hit", "images", "chance"]].tolist() == [1.0, 1, 1.0]
    assert table.loc["m", "hit_low"] == pytest.approx(0.2065, abs=1e-3)  # Wilson's of 1 in 1


def test_deletion_goes_from_the_image_to_the_base_highest_first():
    cam = np.array([[3.0, 1.0], [2.0, 2.0]])
    changed = highest_cells(cam, range(5))
    assert changed[0].sum() == 0 and changed[-1].all()
    assert changed[1].tolist() == [[True, False], [False, False]]
    assert changed[2].tolist() == [[True, False], [True, False]]  # a tie: reading order
    image, base = torch.zeros(3, 4, 4), torch.ones(3, 4, 4)
    pictures = mixed(image, base, changed)
    assert pictures[1, 0].tolist() == [[1, 1, 0, 0]] * 2 + [[0, 0, 0, 0]] * 2
    assert curves.area_under([1.0, 0.5, 0.0]) == 0.5


def test_curves_meet_the_network_at_both_ends():
    picture = Image.effect_noise((64, 48), 80).convert("RGB")
    network, device = tiny_emonet(), torch.device("cpu")
    deletion, insertion = deletion_insertion(network, picture, np.random.rand(13, 13), 5, device)
    assert deletion[0] == pytest.approx(insertion[-1], abs=1e-5)
    assert deletion[-1] == pytest.approx(insertion[0], abs=1e-5)
    empty = deletion_insertion(network, picture, -np.ones((13, 13)), 5, device)
    assert np.isnan(empty).all()


def test_shuffling_keeps_the_original_and_the_values():
    network = tiny_emonet()
    before = {name: p.clone() for name, p in network.named_parameters()}
    layers = weighted_layers(network)
    assert layers[0] == "head.fc8" and layers[-1] == "trunk.conv1"
    other = shuffled(network, layers[:2], seed=1)
    for name, parameter in network.named_parameters():
        assert (parameter == before[name]).all()
        changed = other.get_parameter(name)
        assert (changed.sort().values.flatten().sort().values
                == parameter.flatten().sort().values).all()  # fmt: skip
        touched = name.startswith(("head.fc8.weight", "head.fc7.weight"))
        assert touched != bool((changed == parameter).all()) or name.endswith("bias")


class Noise:
    """Stands for an analysis of noise pictures by a tiny network."""

    def __init__(self):
        self.network, self.torch_device = tiny_emonet(), torch.device("cpu")
        picture = Image.effect_noise((64, 48), 80).convert("RGB")
        self.corpus = type("Corpus", (), {"read": staticmethod(lambda _: picture)})()


def test_mean_curves_leave_empty_maps_out():
    """One map is empty: the mean curve is that of the other image alone."""
    analysis, cam = Noise(), np.random.default_rng(0).normal(size=169)
    maps = {"image": ["a", "b"], "height": 13, "width": 13}
    maps = {"m": pd.DataFrame({**maps, "map": [cam, -np.ones(169)]})}
    table = curve_table(analysis, maps, ["a", "b"], steps=4)
    args = (analysis.network, analysis.corpus.read("a"), cam.reshape(13, 13), 4)
    for name, curve in zip(
        ("deletion", "insertion"), deletion_insertion(*args, analysis.torch_device), strict=True
    ):
        rows = table[table["curve"] == name]
        assert rows["probability"].tolist() == pytest.approx(curve.tolist(), abs=1e-6)
        assert rows["images"].tolist() == [1] * 5 and rows["share"].tolist()[-1] == 1
        area = rows["area"].iloc[0]
        assert area == pytest.approx(curves.area_under(curve), abs=1e-6)
        assert rows["area_low"].iloc[0] == pytest.approx(area, abs=1e-6)


def test_randomised_parameters_are_compared_with_the_network_as_it_is():
    methods = {name: build_cam(name) for name in ("gradcam", "lime")}
    table = randomisation_table(Noise(), methods, ["a", "b", "c"])
    for _, rows in table.groupby("method"):
        similarity = rows.set_index("layer")["similarity"]
        assert similarity.index[0] == "none" and similarity.iloc[0] == pytest.approx(1)
        assert similarity.index[-1] == "trunk.conv1" and abs(similarity.iloc[-1]) < 0.9
        assert (rows["similarity_low"] <= rows["similarity"] + 1e-9).all()
