"""Where methods differ: on single images, in how much they keep, and in which cells."""

from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from tiny_attention import PRESET
from tiny_choices import at_random, contest, looking, noise_maps, simple

from emocam_utils.comparison import agreement, differences
from emocam_utils.pipeline.tables import maps_table

NO_NOISE = np.empty((0, 4))


def test_method_table_counts_empty_maps_and_what_another_seed_changes():
    one = contest(looking, at_random, draws=2)
    maps = {**one.maps, "lime/corrected": noise_maps(1, empty=3)}
    maps["lime/corrected/reseeded"] = maps["lime/corrected"]
    table = differences.method_table({"corrected": replace(one, maps=maps)})
    lime = table.loc[("corrected", "lime")]
    assert (lime["empty"], lime["images"]) == (3, 4)
    assert lime["same_map"] == pytest.approx(1) and lime["same_choice"] == 100
    assert lime["kept"] == pytest.approx(100 * one.chosen["lime/corrected"].mean())
    assert np.isnan(table.loc[("corrected", "gradcam"), "same_map"])


def test_map_correlations_by_hand():
    first = maps_table(["a", "b"], np.zeros(2, int), np.array([[[1, 2, 3]], [[1, 1, 1]]]))
    second = maps_table(["a", "b"], np.zeros(2, int), np.array([[[-2, -4, -6]], [[1, 2, 3]]]))
    found = differences.map_correlations(first, second)
    assert found[0] == pytest.approx(-1) and np.isnan(found[1])


def test_spread_is_the_largest_difference_of_percentages():
    # two images of Joy, each with a dog and a tree; the methods disagree about the trees
    c = simple([0, 1, 0, 1], [0, 0, 1, 1], [0, 0])
    chosen = {"gradcam/x": np.array([1, 1, 1, 1], bool), "lime/x": np.array([1, 0, 0, 0], bool)}
    one = agreement.Contest("x", PRESET, c, {}, chosen, NO_NOISE, ("gradcam", "lime"), 2)
    table = differences.spread_table(one, least=2)
    assert list(table.index) == [("Tree", "Joy"), ("Dog", "Joy")]
    assert table.loc[("Tree", "Joy")].tolist() == [100, 0, 100, 100, 2]
    assert table["spread"].tolist() == [100, 50]
    assert differences.spread_table(one, least=3).empty


def test_example_images_are_of_different_labels_and_have_maps():
    names = list("abcdef")
    predictions = pd.DataFrame(
        {"image": names, "label": list("xxyyzz"), "probability": [0.9, 0.8, 0.7, 0.6, 0.9, 0.5]}
    )
    boxes = pd.DataFrame([(i, 0.9) for i, _ in product(names, range(4))])
    boxes.columns = ["image", "confidence"]
    known = SimpleNamespace(boxes=boxes, predictions=predictions)
    cams = np.ones((6, 2, 2))
    cams[4] = 0  # e has no map
    maps = dict.fromkeys(("gradcam/c", "lime/c"), maps_table(names, np.zeros(6, int), cams))
    one = agreement.Contest(
        "c", PRESET, simple([], [], []), maps, {}, NO_NOISE, ("gradcam", "lime"), 2
    )
    assert differences.example_images(known, one, 3).to_dict() == {"a": "x", "c": "y", "f": "z"}
    assert list(differences.example_images(known, one, 2).index) == ["a", "c"]


def test_the_check_against_scipy_is_of_the_same_matrices():
    one = contest(looking, at_random)
    found = differences.scipy_agreement(one, "gradcam", "lime")
    assert found == pytest.approx(one.rsa.agreement("M_A").loc["gradcam", "lime"])
    table = differences.matrix_table(one)
    first, second = (table.loc[cam].to_numpy().ravel() for cam in ("gradcam", "lime"))
    assert found == pytest.approx(spearmanr(first, second).statistic)
