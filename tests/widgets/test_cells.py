"""The images of a cell against a slow search through the boxes."""

import numpy as np
import pytest
from tiny_attention import CLASSES, LABELS, PRESET, tiny_attention

from emocam_utils.pipeline.counts import Tally
from emocam_utils.widgets.cells import ORDERS, images_of_cell


def slow_groups(attention, kind, label):
    """For each image that counts: is the class there, is it attended?"""
    boxes = attention.boxes.assign(value=attention.importances["mean"])
    groups = {"attended": [], "passed over": [], "other label": []}
    for row in attention.predictions.itertuples():
        ours = boxes[(boxes["image"] == row.image) & (boxes["class"] == kind)]
        ours = ours[ours["confidence"] > 0.1]
        if row.probability <= 0.5 or ours.empty:
            continue
        attended = bool((ours["value"] > 0.3).any())
        if row.label == label:
            groups["attended" if attended else "passed over"].append(row.image)
        elif attended:
            groups["other label"].append(row.image)
    return groups


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("label", LABELS)
def test_groups_are_what_a_slow_search_finds(kind, label):
    attention = tiny_attention(images=200, boxes=400)
    found = images_of_cell(Tally.of(attention), (kind, label), PRESET)
    expected = slow_groups(attention, kind, label)
    assert {name: sorted(images) for name, images in found.items()} == {
        name: sorted(images) for name, images in expected.items()
    }
    assert kind == "Knife" or label == "Fear" or all(expected.values())  # the test is not empty


@pytest.mark.parametrize("order", ORDERS)
def test_images_come_highest_first(order):
    attention = tiny_attention(images=200, boxes=400)
    boxes = attention.boxes.assign(importance=attention.importances["mean"])
    boxes = boxes[(boxes["class"] == "Dog") & (boxes["confidence"] > 0.1)]
    best = boxes.groupby("image")[["importance", "confidence"]].max()
    best["probability"] = attention.predictions.set_index("image")["probability"]
    values = best[order].fillna(-np.inf)
    groups = images_of_cell(Tally.of(attention), ("Dog", "Joy"), PRESET, order)
    for images in groups.values():
        assert len(images) > 2 and values[images].is_monotonic_decreasing
