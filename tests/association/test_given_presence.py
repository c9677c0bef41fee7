"""Attention given presence: false dots under null hypotheses, power, and the exact p of a cell."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from tiny_attention import PRESET, tiny_attention

from emocam_utils.association.given_presence import (
    counted_boxes,
    dots_in_words,
    given_presence,
    passing,
)
from emocam_utils.pipeline.attention import Attention

CLASSES, LABELS = tuple("ABCDEF"), ("Joy", "Awe", "Fear")


def corpus(rng, importance, images=150, together=True):
    """Images of three to six boxes; A goes along with Joy and B with Awe, if `together`.

    importance : (boxes table, label of each box) -> (B,)
    """
    label = rng.choice(LABELS, images)
    often = {("A", "Joy"): 0.9, ("B", "Awe"): 0.9} if together else {}
    rows = []
    for image in range(images):
        kinds = [k for k in CLASSES if rng.random() < often.get((k, label[image]), 0.35)]
        rows += [(f"i{image}", kind, label[image]) for kind in kinds or ["F"]]
    table = pd.DataFrame(rows, columns=["image", "class", "label"])
    corners = rng.uniform(0, 30, (len(table), 2)).round()
    table = table.assign(x0=corners[:, 0], y0=corners[:, 1], confidence=0.9)
    table["x1"], table["y1"] = table["x0"] + 20, table["y0"] + 20
    predictions = pd.DataFrame({"image": [f"i{k}" for k in range(images)], "label": label})
    predictions["probability"] = 0.9
    values = importance(table, rng)
    maps = predictions[["image"]].assign(empty=False)
    scores = pd.DataFrame({"mean": values})
    preset = PRESET.model_copy(update={"threshold": 0.6})
    return Attention("x", preset, table, predictions, maps, scores, CLASSES, LABELS)


def at_random(table, rng):
    return rng.random(len(table))


def looking(table, rng):
    """D is looked at in images of Fear, all else at random."""
    planted = (table["class"] == "D") & (table["label"] == "Fear")
    return np.where(planted, 0.95, rng.random(len(table)))


def large_first(table, rng):
    """A is large: any map, of whatever, gives it more."""
    return rng.random(len(table)) + 0.5 * (table["class"] == "A")


def test_co_occurrence_alone_makes_one_false_panel_in_twenty():
    false = 0
    for seed in range(150):
        attention = corpus(np.random.default_rng(seed), at_random, images=60)
        false += (given_presence(attention, draws=99, seed=seed)["adjusted_p"] <= 0.05).any()
    assert false / 150 < 0.1  # 0.05 expected, standard error 0.018


def test_a_planted_cause_is_found_and_nothing_else():
    found = [
        passing(given_presence(corpus(np.random.default_rng(seed), looking), draws=199), 0.05)
        for seed in range(10)
    ]
    assert sum(cells.loc["D", "Fear"] for cells in found) >= 9
    assert sum(cells.to_numpy().sum() - cells.loc["D", "Fear"] for cells in found) <= 2


def test_what_size_does_to_a_score_is_chance_too_where_noise_says_so():
    false = {"shuffled": 0, "noise": 0}
    for seed in range(30):
        rng = np.random.default_rng(seed)
        attention = corpus(rng, large_first)
        noise = np.array([large_first(attention.boxes, rng) for _ in range(20)])
        for name, maps in (("shuffled", None), ("noise", noise)):
            test = given_presence(attention, maps, draws=99, seed=seed)
            false[name] += (test["adjusted_p"] <= 0.05).any()
    assert false["shuffled"] > 20, "shuffles blame the map for the size"
    assert false["noise"] <= 4


def test_p_of_a_cell_is_that_of_all_ways_to_deal():
    # Joy: image 0 has boxes A A B, one attended; image 1 has A B, one; image 2 has B C C D, two
    kinds = ["A", "A", "B", "A", "B", "B", "C", "C", "D"]
    images = [0, 0, 0, 1, 1, 2, 2, 2, 2]
    chosen = [1, 0, 0, 1, 0, 0, 1, 1, 0]
    attention = corpus(np.random.default_rng(0), at_random, images=3)
    boxes = pd.DataFrame({"image": [f"i{k}" for k in images], "class": kinds, "confidence": 0.9})
    attention = replace(
        attention, boxes=boxes, importances=pd.DataFrame({"mean": np.float64(chosen)}),
        predictions=attention.predictions.assign(label="Joy"),
    )  # fmt: skip
    test = given_presence(attention, draws=5).xs("Joy", level="label")
    # every way to choose one of three, one of two and two of four boxes
    ways = list(product([(0,), (1,), (2,)], [(3,), (4,)],
                        [(i, j) for i in range(5, 9) for j in range(i + 1, 9)]))  # fmt: skip
    for kind in "ABCD":
        held = [sum(any(kinds[box] == kind for box in part) for part in way) for way in ways]
        assert test.loc[kind, "p"] == pytest.approx(
            np.mean(np.array(held) >= test.loc[kind, "attended"])
        )
        assert test.loc[kind, "expected"] == pytest.approx(np.mean(held))
    assert test.loc["A", "attended"] == 2 and test.loc["C", "present"] == 1
    assert np.isnan(test.loc["E", ["p", "adjusted_p"]].astype(float)).all()
    assert (test["adjusted_p"].dropna() >= 1 / 6).all()


def test_boxes_that_do_not_count_take_no_part():
    attention = tiny_attention()
    counted = counted_boxes(attention)
    sure = attention.predictions.set_index("image")["probability"] > PRESET.probability
    expected = (attention.boxes["confidence"] > PRESET.confidence) & attention.boxes["image"].map(
        sure
    )
    assert (counted == expected.to_numpy()).all()
    fewer = replace(
        attention, boxes=attention.boxes[counted].reset_index(drop=True),
        importances=attention.importances[counted].reset_index(drop=True),
    )  # fmt: skip
    pd.testing.assert_frame_equal(
        given_presence(fewer, draws=9), given_presence(attention, draws=9)
    )


@pytest.mark.parametrize("change", [{"probability": 0.99}, {"confidence": 0.99}])
def test_nothing_that_counts_is_no_error(change):
    attention = tiny_attention()
    attention = replace(attention, preset=attention.preset.model_copy(update=change))
    test = given_presence(attention, draws=3)
    assert (test["adjusted_p"].isna() | (test["adjusted_p"] <= 1)).all()
    assert dots_in_words(test, None, 0.05).startswith("0 of")


def test_dots_are_compared_with_causes():
    test = given_presence(corpus(np.random.default_rng(0), looking), draws=99)
    causes = passing(test, 0.05) * False
    causes.loc["D", "Fear"] = True
    assert "1 of these are planted cues, of 1 that" in dots_in_words(test, causes, 0.05)
