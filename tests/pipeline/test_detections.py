"""Detections against the truth: rates by hand, the confidence to be believed, invented cells."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tiny_attention import PRESET

from emocam_utils.association.causes import absent_cells, causal_boxes, planted_causes
from emocam_utils.pipeline import detections
from emocam_utils.pipeline.detections import (
    believed,
    hallucinated,
    image_rates,
    lowest,
    really_there,
)

BOXES = pd.DataFrame(
    [
        ("a", "Dog", 0.9), ("a", "Dog", 0.3), ("a", "Cat", 0.2),
        ("b", "Cat", 0.6), ("b", "Dog", 0.4),
    ],
    columns=["image", "class", "confidence"],
)  # fmt: skip
TRUTH = pd.DataFrame({"image": ["a", "b", "b"], "class": ["Dog", "Cat", "Tree"]})


def test_rates_count_a_class_once_an_image():
    rates = image_rates(BOXES, TRUTH, (0.1, 0.5, 0.95))
    assert rates["found"].tolist() == [4, 2, 0]
    np.testing.assert_allclose(rates["precision"], [0.5, 1, np.nan])
    np.testing.assert_allclose(rates["recall"], [2 / 3, 2 / 3, 0])
    assert lowest(rates) == 0.5
    assert lowest(rates.assign(precision=[0.2, 0.7, np.nan])) == 0.5, "none reaches: the best"


def test_the_confidence_is_asked_for_or_the_presets_where_nothing_is_known():
    photographs = SimpleNamespace(corpus=SimpleNamespace())
    assert believed(photographs, PRESET, 0.3).preset(PRESET).confidence == 0.3
    asked = believed(photographs, PRESET)
    assert asked.confidence == PRESET.confidence and "does not know" in asked.because


def test_the_confidence_comes_from_the_calibration_split(monkeypatch):
    known = SimpleNamespace(truth=lambda: TRUTH, remove=None, name="calibration")
    split = SimpleNamespace(boxes=BOXES, corpus=known, ids=["a", "b"])
    monkeypatch.setattr(detections, "calibration", lambda analysis: split)
    found = believed(SimpleNamespace(corpus=known), PRESET)
    assert found.confidence == 0.4
    assert "on 2 images of calibration 100.0% of the classes found are there" in found.because
    assert "at the preset's 0.1: 50.0% are there" in found.because


def test_a_box_is_there_if_its_image_holds_the_class():
    assert really_there(BOXES, TRUTH).tolist() == [True, True, False, True, False]


def test_cells_that_the_detector_invents():
    predictions = pd.DataFrame({"image": ["a", "b"], "label": ["Joy", "Awe"]})
    names = pd.Index(["Dog", "Cat", "Tree"]), pd.Index(["Joy", "Awe"])
    cells = hallucinated(BOXES, TRUTH, predictions, names)
    assert cells.to_numpy().tolist() == [[False, True], [True, False], [False, False]]


def test_causes_are_the_rules_and_unknown_on_photographs():
    drawn = SimpleNamespace(truth=None, remove=None)
    analysis = SimpleNamespace(corpus=drawn, classes=("Spider", "Tree"), labels=("Fear", "Joy"))
    causes = planted_causes(analysis)
    assert causes.to_numpy().tolist() == [[True, False], [False, False]]
    photographs = SimpleNamespace(corpus=SimpleNamespace())
    assert planted_causes(photographs) is None and absent_cells(photographs, None) is None
    boxes = pd.DataFrame(
        {"image": ["a", "a", "b", "b"], "class": ["Spider", "Tree", "Spider", "X"]}
    )
    predictions = pd.DataFrame({"image": ["a", "b"], "label": ["Fear", "Joy"]})
    assert causal_boxes(boxes, predictions, causes).tolist() == [True, False, False, False]
    assert causal_boxes(boxes, predictions, None).all()


def test_the_calibration_split_is_no_larger_than_a_small_study(tmp_path):
    from tiny_studies import scene_study

    from emocam_utils.pipeline.analysis import Analysis

    study = scene_study(tmp_path, 3)
    split = detections.calibration(Analysis(study))
    assert split.study.corpus.split == "calibration" and split.study.corpus.limit == 3
    with pytest.raises(AttributeError):
        believed(SimpleNamespace(corpus=SimpleNamespace(truth=1, remove=1)), PRESET)
