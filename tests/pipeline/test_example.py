"""Choosing images worth looking at, by rules."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tiny_studies import PRESET as ALL_COUNT

from emocam_utils.pipeline.example import clear_example, example, small_box_example
from emocam_utils.pipeline.tables import maps_table

PRESET = ALL_COUNT.model_copy(update={"confidence": 0.1})


def boxes_of(rows):
    table = pd.DataFrame(rows, columns=["image", "class", "confidence", "x0", "y0", "x1", "y1"])
    return table.astype({"confidence": np.float32})


def test_the_clear_example_has_a_map_about_four_boxes_and_is_sure():
    rows = [(i, "Dog", 0.9, 0, 0, 1, 1) for i in "aaaabbbbccccd"]
    rows += [("d", "Dog", 0.05, 0, 0, 1, 1)] * 3  # too weak to count
    predictions = pd.DataFrame({"image": list("abcd"), "probability": [0.6, 0.8, 0.9, 1.0]}).assign(
        label="Joy"
    )
    maps = pd.DataFrame({"image": list("abcd"), "empty": [False, False, True, False]})
    analysis = SimpleNamespace(boxes=boxes_of(rows), predictions=predictions)
    assert clear_example(analysis, maps, PRESET) == "b"


def test_small_box_example_finds_the_smallest_winner_that_the_other_score_denies():
    boxes = boxes_of(
        [
            ("a", "Ear", 1, 0, 0, 1, 1),
            ("a", "Face", 1, 0, 0, 5, 5),
            ("b", "Ear", 1, 0, 0, 2, 2),
            ("b", "Face", 1, 0, 0, 5, 5),
            ("c", "Dot", 1, 0, 0, 0.5, 0.5),
            ("c", "Face", 1, 0, 0, 5, 5),
        ]
    )
    images = pd.DataFrame({"image": list("abc"), "width": [10] * 3, "height": [10] * 3})
    by_mean = np.array([0.9, 0.5, 0.9, 0.5, np.nan, 0.5])
    by_size = np.array([0.1, 0.5, 0.1, 0.5, np.nan, 0.5])
    assert small_box_example(boxes, images, by_mean, by_size) == "a"
    assert small_box_example(boxes, images, by_mean, by_mean) is None
    larger = np.array([0.5, 0.9, 0.5, 0.9, np.nan, 0.5])
    assert small_box_example(boxes, images, larger, by_mean) is None, "the mean's is the larger"
    nothing = np.full(6, np.nan)
    assert small_box_example(boxes, images, nothing, nothing) is None


def test_the_small_box_is_wrong_and_the_other_right_where_causes_are_known():
    rows = [(i, kind, 1, 0, 0, side, side) for i in "abc" for kind, side in (("E", 1), ("F", 5))]
    boxes = boxes_of(rows)
    images = pd.DataFrame({"image": list("abc"), "width": [10] * 3, "height": [10] * 3})
    by_mean, by_score = np.tile([0.9, 0.5], 3), np.tile([0.1, 0.5], 3)
    causal = np.array([True, True, False, False, False, True])
    assert small_box_example(boxes, images, by_mean, by_score, causal) == "c"
    assert small_box_example(boxes, images, by_mean, by_score, ~causal) is None
    high, fair = (0.95, 0.0), (0.8, 0.4)
    assert small_box_example(boxes, images, by_mean, by_score, causal, high) is None
    assert small_box_example(boxes, images, by_mean, by_score, causal, fair) == "c"
    assert small_box_example(boxes, images, by_mean, by_score, causal, (0.8, 0.6)) is None
    assert small_box_example(boxes[:0], images, by_mean[:0], by_score[:0], causal[:0]) is None


def test_neither_winner_is_an_invention_of_the_detector():
    rows = [(i, kind, 1, 0, 0, side, side) for i in "abc" for kind, side in (("E", 1), ("F", 5))]
    boxes = boxes_of(rows)
    images = pd.DataFrame({"image": list("abc"), "width": [10] * 3, "height": [10] * 3})
    scores = np.tile([0.9, 0.5], 3), np.tile([0.1, 0.5], 3)
    there = np.array([False, True, True, False, True, True])
    assert small_box_example(boxes, images, *scores, there=there) == "c"
    assert small_box_example(boxes, images, *scores, there=there & (boxes["image"] < "c")) is None


def test_an_example_keeps_confident_boxes_and_its_probabilities_sum_to_one():
    from PIL import Image

    analysis = SimpleNamespace(
        boxes=boxes_of([("a", "Dog", 0.9, 0, 0, 2, 4), ("a", "Cat", 0.05, 0, 0, 4, 4)]),
        predictions=pd.DataFrame({"image": ["a"], "label": ["Joy"], "logits": [[2.0, 0.0]]}),
        corpus=SimpleNamespace(read=lambda image: Image.new("RGB", (4, 4))),
        labels=("Joy", "Awe"),
    )
    maps = maps_table(["a"], np.array([0]), np.array([[[1.0, 0.0], [1.0, -1.0]]]))
    one = example(analysis, "a", maps, PRESET)
    assert one.boxes["class"].tolist() == ["Dog"]
    assert one.probabilities.sum() == pytest.approx(1)
    assert one.probabilities["Joy"] == pytest.approx(1 / (1 + np.exp(-2)))
    assert one.cam.tolist() == [[1, 0], [1, 0]] and one.raw.min() == -1
    assert one.importance("share")[0] > 0.7
