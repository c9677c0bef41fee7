"""Every measure against its definition over sets of images, and its properties."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_attention import CLASSES, LABELS, PRESET, tiny_attention

from emocam_utils.pipeline.matrix import associate
from emocam_utils.stats.measures import MEASURES, Counts, mean_percent

PERCENT = ("attended", "presence", "attention given presence")


def sets_of(attention):
    """Images by what holds of them: of each label, with each class detected, and attended."""
    a, p = attention, attention.preset
    label_of = dict(zip(a.predictions["image"], a.predictions["label"], strict=True))
    counted = {
        row["image"] for _, row in a.predictions.iterrows() if row["probability"] > p.probability
    }
    of_label = {j: {i for i in counted if label_of[i] == j} for j in LABELS}
    detected = {c: set() for c in CLASSES}
    attended = {c: set() for c in CLASSES}
    importance = a.importances[p.importance]
    for row, box in a.boxes.iterrows():
        if box["image"] in counted and box["confidence"] > p.confidence:
            detected[box["class"]].add(box["image"])
            if importance[row] > p.threshold:
                attended[box["class"]].add(box["image"])
    return counted, of_label, detected, attended


def slow_measure(name, counted, label, detected, attended):
    """One cell from sets: images counted, of the label, with the class detected and attended."""
    both, there = len(attended & label), len(detected & label)
    if name == "attended":
        return 100 * both / len(label) if label else math.nan
    if name == "presence":
        return 100 * there / len(label) if label else math.nan
    if name == "attention given presence":
        return 100 * both / there if there else math.nan
    if name == "dice":
        return 2 * both / (len(attended) + len(label)) if label else math.nan
    if not label or not attended:
        return math.nan
    if name == "log odds":
        a, b = both + 0.5, len(label - attended) + 0.5
        c, d = len(attended - label) + 0.5, len(counted - attended - label) + 0.5
        return math.log((a / b) / (c / d))
    lift = (both / len(label)) / (len(attended) / len(counted))
    return lift if name == "lift" else (math.log2(lift) if lift else -math.inf)


@pytest.mark.parametrize("name", MEASURES)
@given(seed=st.integers(0, 5_000))
@settings(max_examples=15)
def test_measure_equals_its_definition_over_sets_of_images(name, seed):
    attention = tiny_attention(seed)
    counted, of_label, detected, attended = sets_of(attention)
    table = associate(attention).measure(name)
    for kind in CLASSES:
        for label in LABELS:
            expected = slow_measure(name, counted, of_label[label], detected[kind], attended[kind])
            assert table.loc[kind, label] == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("name", MEASURES)
@given(seed=st.integers(0, 5_000))
@settings(max_examples=15)
def test_measures_are_bounded_and_indifferent_to_the_order_of_rows(name, seed):
    attention = tiny_attention(seed)
    table = associate(attention).measure(name)
    order = np.random.default_rng(seed).permutation(len(attention.boxes))
    turned = tiny_attention(seed)
    boxes = turned.boxes.iloc[order].reset_index(drop=True)
    importances = turned.importances.iloc[order].reset_index(drop=True)
    turned = type(turned)(**{**vars(turned), "boxes": boxes, "importances": importances})
    assert associate(turned).measure(name).equals(table)
    values = table.to_numpy()[~np.isnan(table.to_numpy())]
    highest = {**dict.fromkeys(PERCENT, 100), "dice": 1}.get(name, np.inf)
    lowest = -np.inf if name in ("pmi", "log odds") else 0
    assert (values >= lowest).all() and (values <= highest).all()


@pytest.mark.parametrize("name", MEASURES)
def test_a_label_without_images_is_undefined_and_never_zero(name):
    table = associate(tiny_attention()).measure(name)
    assert table["Fear"].isna().all()


def test_a_class_without_boxes_is_in_0_percent_and_has_no_lift():
    result = associate(tiny_attention())
    assert (result.measure("attended").loc["Knife", ["Joy", "Awe"]] == 0).all()
    for name in ("attention given presence", "lift", "pmi", "log odds"):
        assert result.measure(name).loc["Knife"].isna().all()


def test_by_hand():
    """Ten images, five of each label; the class is detected in 4 and 2, attended in 3 and 1."""
    counts = Counts(np.array([[3, 1]]), np.array([[4, 2]]), np.array([5, 5]))
    value = {name: MEASURES[name](counts)[0].tolist() for name in MEASURES}
    assert value["attended"] == [60, 20]
    assert value["presence"] == [80, 40]
    assert value["attention given presence"] == [75, 50]
    assert value["lift"] == pytest.approx([1.5, 0.5])
    assert value["pmi"] == pytest.approx([math.log2(1.5), -1])
    assert value["dice"] == pytest.approx([2 * 3 / 9, 2 * 1 / 9])
    odds = (3.5 / 2.5) / (1.5 / 4.5)
    assert value["log odds"] == pytest.approx([math.log(odds), -math.log(odds)])


def test_counts_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="attended in more images than it is present in"):
        Counts(np.array([[3]]), np.array([[2]]), np.array([5]))
    with pytest.raises(ValueError, match=r"present has shape \(1, 2\), expected \(classes, 1 lab"):
        Counts(np.array([[1]]), np.array([[1, 1]]), np.array([5]))


def test_ambiguous_annotations_are_left_out_where_there_are_annotations():
    attention = tiny_attention(ambiguity=True)
    table = attention.predictions
    expected = ((table["probability"] > 0.5) & (table["ambiguity"] < 3)).sum()
    assert associate(attention).images.sum() == expected
    assert associate(tiny_attention()).images.sum() > expected
    assert PRESET.ambiguity == 3


def test_mean_percent_is_the_mean_over_labels_with_images():
    result = associate(tiny_attention())
    expected = result.percent.mean(axis=1).to_numpy()
    assert mean_percent(result.matrix.to_numpy(), result.images.to_numpy()) == pytest.approx(
        expected
    )
    assert np.isnan(mean_percent(np.zeros((2, 1)), np.zeros(1))).all()
