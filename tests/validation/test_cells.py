"""Cells by hand, against the association matrix, and what truth says of them."""

import math

import numpy as np
import pandas as pd
import pytest
from slow_association import association_matrix, association_percent

from emocam_utils.stats.measures import log_odds_ratio
from emocam_utils.validation.cells import Matrices, cell_effects, judge, largest_drops
from emocam_utils.validation.truth import Truth, size_of_truth


def small_objects():
    """Label A has 10 images, B 6. The dog is a cause of A (0.8 in 6, then 0 in 2 images)."""
    rows = [(f"a{i}", "Dog", "A", 0.8 if i < 6 else 0.0) for i in range(8)]
    rows += [("a0", "Dog", "A", 0.1)]  # a second dog: the largest drop counts, the image once
    rows += [(f"a{i}", "Car", "A", 0.0) for i in range(5)]
    rows += [(f"b{i}", "Dog", "B", 0.1) for i in range(5)]
    rows += [("b5", "Car", "B", 0.9)]  # one image: not judged
    rows += [("a8", "Hat", "A", 0.0), ("a9", "Hat", "A", 0.0)]
    table = pd.DataFrame(rows, columns=["image", "class", "label", "probability_drop"])
    return table.assign(probability=0.9)


def importances(objects):
    return pd.DataFrame({"way": np.linspace(0, 1, len(objects)), "none": np.nan})


def test_effects_by_hand():
    effects = cell_effects(largest_drops(small_objects()))
    dog = effects.loc[("Dog", "A")]
    assert dog["images"] == 8 and dog["effect"] == pytest.approx(0.6)
    assert dog["error"] == pytest.approx(np.std([0.8] * 6 + [0, 0], ddof=1) / math.sqrt(8))
    truth = Truth.of("x", small_objects(), 0.5)
    assert truth.scenes == 16
    assert truth.judged(5).to_dict() == pytest.approx(
        {("Dog", "A"): 0.6, ("Car", "A"): 0, ("Dog", "B"): 0.1}
    )
    assert list(truth.causes(5)) == [("Dog", "A")] and len(truth.judged(8)) == 1
    assert set(truth.causes(1)) == {("Dog", "A"), ("Car", "B")}
    assert size_of_truth(truth, 5)["causal"] == 1
    assert len(Truth.of("x", small_objects().assign(probability=0.4), 0.5).cells) == 0


def test_what_is_never_there_causes_nothing_and_what_is_rare_is_not_judged():
    absent = pd.MultiIndex.from_tuples([("Hat", "B"), ("Car", "B"), ("Dog", "A")])
    judged = Truth.of("x", small_objects(), 0.5).judged(5, absent)
    assert judged["Hat", "B"] == 0.0 and judged["Dog", "A"] == pytest.approx(0.6)
    assert ("Car", "B") not in judged.index and len(judged) == 4


def test_matrices_agree_with_the_association_matrix():
    objects = small_objects()
    matrices = Matrices.of(objects, importances(objects), {"m": ("way", 0.4), "n": ("none", 0.0)})
    rows = objects[importances(objects)["way"] > 0.4].drop_duplicates(["image", "class"])
    matrix = association_matrix(rows, ["Car", "Dog", "Hat"], ["A", "B"])
    images = pd.Series({"A": 10, "B": 6})
    percent = association_percent(matrix, images)
    cells = pd.MultiIndex.from_product([["Car", "Dog", "Hat"], ["A", "B"]])
    ways = {"m": ("m", "attended"), "n": ("n", "attended"), "p": ("present", "attended")}
    found = matrices.scores(ways, cells)
    assert found["m"].to_dict() == pytest.approx(percent.stack().to_dict())
    assert (found["n"] == 0).all()
    assert found.loc[("Dog", "A"), "p"] == 80 and found.loc[("Hat", "B"), "p"] == 0
    assert matrices.images.to_dict() == {"A": 10, "B": 6}


def test_log_odds_are_those_of_the_counts():
    objects = small_objects()
    matrices = Matrices.of(objects, importances(objects), {"m": ("way", 0.4)})
    cells = pd.MultiIndex.from_tuples([("Dog", "A"), ("Dog", "B"), ("Hat", "B"), ("Sun", "A")])
    found = matrices.scores({"odds": ("present", "log odds")}, cells)["odds"]
    by_hand = math.log((8.5 * 1.5) / (2.5 * 5.5))
    assert found["Dog", "A"] == pytest.approx(by_hand)
    assert found["Hat", "B"] < 0 and math.isnan(found["Sun", "A"])
    assert log_odds_ratio.__doc__  # the formula is the one of stats.measures


def test_labels_of_images_without_a_box_count():
    objects = small_objects()
    labels = pd.Series({f"a{i}": "A" for i in range(20)} | {f"b{i}": "B" for i in range(6)})
    matrices = Matrices.of(objects, importances(objects), {}, labels)
    found = matrices.scores(
        {"p": ("present", "attended")}, pd.MultiIndex.from_tuples([("Dog", "A")])
    )
    assert found["p"].tolist() == [40.0]


def test_judged_by_hand():
    scores = pd.DataFrame({"good": [9, 5, 1, 0], "bad": [0, 1, 5, 9], "nan": [np.nan, 3, 2, 1]})
    effects = np.array([0.6, 0.15, 0.1, 0.0])
    found = judge(scores, effects)
    assert found.loc["good"].tolist() == pytest.approx([1, 1, 1])
    assert found.loc["bad", "ap"] == pytest.approx(1 / 4) and found.loc["bad", "auroc"] == 0
    assert found.loc["nan", "ap"] == pytest.approx(1 / 4)  # NaN is below all
    assert judge(scores, effects, cut=0.12).loc["bad", "ap"] == pytest.approx((1 / 3 + 2 / 4) / 2)
    assert judge(scores, effects, cut=0.9)["ap"].isna().all()
