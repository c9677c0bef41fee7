"""M_A and M'_A against the definition, counted with plain loops."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emocam_utils.pipeline.attention import Attention, attended_boxes
from emocam_utils.pipeline.matrix import (
    associate,
    association_matrix,
    association_percent,
    both_presets,
    class_counts,
    images_per_label,
    label_counts,
    most_prominent,
)
from emocam_utils.study import Preset

CLASSES, LABELS = ("Dog", "Tree", "Person"), ("Joy", "Awe", "Fear")
PRESET = Preset(
    score="logit",
    layer="post_relu",
    importance="mean",
    threshold=0.3,
    probability=0.5,
    confidence=0.1,
    ambiguity=3,
)


def tables(rng, images=12, boxes=60):
    names = [f"i{k}" for k in range(images)]
    predictions = pd.DataFrame(
        {
            "image": names,
            "label": rng.choice(LABELS[:2], images),
            "probability": rng.uniform(0, 1, images).astype(np.float32),
        }
    )
    found = pd.DataFrame(
        {
            "image": rng.choice(names, boxes),
            "class": rng.choice(CLASSES[:2], boxes),
            "confidence": rng.uniform(0, 1, boxes).astype(np.float32),
        }
    )
    importance = rng.uniform(0, 1, boxes)
    importance[rng.random(boxes) < 0.2] = np.nan
    return found, predictions, importance


def slow_matrix(boxes, predictions, importance, preset):
    counts = {(c, label): set() for c in CLASSES for label in LABELS}
    label_of = dict(zip(predictions["image"], predictions["label"], strict=True))
    sure = dict(zip(predictions["image"], predictions["probability"], strict=True))
    for k in range(len(boxes)):
        image = boxes["image"][k]
        if (
            importance[k] > preset.threshold
            and boxes["confidence"][k] > preset.confidence
            and sure[image] > preset.probability
        ):
            counts[boxes["class"][k], label_of[image]].add(image)
    return [[len(counts[c, label]) for label in LABELS] for c in CLASSES]


@given(seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_matrix_equals_the_definition_and_ignores_the_order_of_boxes(seed):
    rng = np.random.default_rng(seed)
    boxes, predictions, importance = tables(rng)
    kept = attended_boxes(boxes, predictions, importance, PRESET)
    matrix = association_matrix(kept, CLASSES, LABELS)
    assert matrix.to_numpy().tolist() == slow_matrix(boxes, predictions, importance, PRESET)
    order = rng.permutation(len(boxes))
    shuffled = attended_boxes(
        boxes.iloc[order].reset_index(drop=True), predictions, importance[order], PRESET
    )
    assert association_matrix(shuffled, CLASSES, LABELS).equals(matrix)
    images = images_per_label(predictions, LABELS, PRESET.probability)
    percent = association_percent(matrix, images)
    defined = percent.to_numpy()[~np.isnan(percent.to_numpy())]
    assert ((defined >= 0) & (defined <= 100)).all()


def test_thresholds_are_strict():
    boxes = pd.DataFrame({"image": ["a"] * 2, "class": ["Dog"] * 2, "confidence": [0.9, 0.1]})
    predictions = pd.DataFrame({"image": ["a"], "label": ["Joy"], "probability": [0.9]})
    assert len(attended_boxes(boxes, predictions, np.array([0.3, 0.9]), PRESET)) == 0
    assert len(attended_boxes(boxes, predictions, np.array([0.31, 0.9]), PRESET)) == 1


def test_a_class_counts_once_per_image_and_the_second_box_can_pass():
    boxes = pd.DataFrame({"image": ["a"] * 3, "class": ["Dog"] * 3, "confidence": [0.9] * 3})
    predictions = pd.DataFrame({"image": ["a"], "label": ["Joy"], "probability": [0.9]})
    kept = attended_boxes(boxes, predictions, np.array([0.1, 0.8, 0.9]), PRESET)
    assert association_matrix(kept, CLASSES, LABELS).loc["Dog", "Joy"] == 1


def test_a_label_without_images_is_undefined_and_a_class_without_boxes_is_zero():
    kept = pd.DataFrame({"image": ["a"], "class": ["Dog"], "label": ["Joy"]})
    matrix = association_matrix(kept, CLASSES, LABELS)
    percent = association_percent(matrix, pd.Series({"Joy": 4, "Awe": 2}))
    assert percent.loc["Dog"].tolist()[:2] == [25.0, 0.0]
    assert percent["Fear"].isna().all()
    assert percent.loc["Person", "Joy"] == 0


def test_nothing_attended_is_a_matrix_of_zeros():
    matrix = association_matrix(pd.DataFrame(columns=["image", "class", "label"]), CLASSES, LABELS)
    assert matrix.shape == (3, 3) and (matrix == 0).all(axis=None)


def test_unknown_class_or_label_is_an_error():
    kept = pd.DataFrame({"image": ["a"], "class": ["Dgo"], "label": ["Joy"]})
    with pytest.raises(ValueError, match="unknown class: Dgo"):
        association_matrix(kept, CLASSES, LABELS)
    kept = pd.DataFrame({"image": ["a"], "class": ["Dog"], "label": ["Joi"]})
    with pytest.raises(ValueError, match="unknown label: Joi"):
        association_matrix(kept, CLASSES, LABELS)


def test_most_prominent_orders_by_mean_and_leaves_out_what_never_occurs():
    percent = pd.DataFrame(
        {"Joy": [10.0, 50.0, 0.0], "Awe": [40.0, 20.0, 0.0], "Fear": [np.nan] * 3}, index=CLASSES
    )
    assert most_prominent(percent).index.tolist() == ["Tree", "Dog"]
    assert most_prominent(percent, 1).index.tolist() == ["Tree"]


def test_counts_by_hand():
    boxes = pd.DataFrame(
        {"image": ["a", "a", "b"], "class": ["Dog", "Dog", "Dog"], "confidence": [0.5, 0.2, 0.05]}
    )
    assert class_counts(boxes, 0.1).loc["Dog"].tolist() == [2, 1]
    predictions = pd.DataFrame(
        {"image": ["a", "b"], "label": ["Joy", "Joy"], "probability": [0.9, 0.4]}
    )
    counts = label_counts(predictions, LABELS, 0.5)
    assert counts.loc["Joy"].tolist() == [2, 1] and counts.loc["Awe"].tolist() == [0, 0]


def test_association_of_an_attention_follows_its_preset():
    rng = np.random.default_rng(3)
    boxes, predictions, importance = tables(rng)
    maps = pd.DataFrame({"image": predictions["image"], "empty": [True] + [False] * 11})
    attention = Attention(
        "gradcam",
        PRESET,
        boxes,
        predictions,
        maps,
        pd.DataFrame({"mean": importance, "share": 1 - importance}),
        CLASSES,
        LABELS,
    )
    result = associate(attention)
    expected = slow_matrix(boxes, predictions, importance, PRESET)
    assert result.matrix.to_numpy().tolist() == expected
    assert "1 empty maps" in result.words()
    assert f"{result.images.sum()} of 12 images above probability 0.5" in result.words()
    both = both_presets(result, result)
    assert both.loc[("Dog", "Joy"), "paper_images"] == expected[0][0]
    assert len(both) == 9
