"""Detected boxes: what is not there counts as a mistake, and how far the detector is right."""

from types import SimpleNamespace

import pandas as pd
import pytest
from tiny_trials import CORRECTED, PAPER, calibrated_thresholds, hand_made

from emocam_utils.validation import detected
from emocam_utils.validation.contestants import CORRECTED as CORRECTED_NAME
from emocam_utils.validation.contestants import PERCENT

PRESETS = {"paper": PAPER, "corrected": CORRECTED}


@pytest.fixture
def found(monkeypatch):
    """A detector that finds every dog and clock, misses every second chair, and sees ghosts."""
    trial = hand_made(images=60)
    there = trial.objects[["image", "class", "x0", "y0", "x1", "y1"]]
    chairs = (there["class"] == "Chair") & (there.index % 2 == 0)
    boxes = there[~chairs].assign(confidence=0.9)
    images = trial.objects["image"].drop_duplicates()
    anxious = trial.objects.loc[trial.objects["label"] == "Anxiety", "image"].drop_duplicates()
    ghosts = pd.DataFrame({"image": anxious, "class": "Castle", "confidence": 0.2})
    ghosts[["x0", "y0", "x1", "y1"]] = 0.0, 0.0, 10.0, 10.0
    analysis = SimpleNamespace(boxes=pd.concat([boxes, ghosts], ignore_index=True))

    def importances(_, boxes, variants, presets):
        known = {"Dog": 0.9, "Clock": 0.9, "Castle": 1.0}
        values = boxes["class"].map(known).fillna(0.0).to_numpy()
        return pd.DataFrame(dict.fromkeys(variants, values), index=boxes.index)

    monkeypatch.setattr(detected, "_importances", importances)
    truth = hand_made(images=300, seed=4).effects
    return analysis, trial, truth, len(images)


def test_a_ghost_costs_precision_where_it_is_seen(found):
    analysis, trial, truth, _ = found
    table = detected.detected_table(analysis, trial, truth, calibrated_thresholds(), PRESETS)
    exact, low, high = (
        table.loc[name] for name in ("exact", "detected above 0.1", "detected above 0.5")
    )
    assert exact.loc[CORRECTED_NAME, "ap"] == 1.0
    assert (exact["added"] == 0).all() and (low["added"] == 1).all()
    assert (low["cells"] == exact["cells"] + 1).all()
    # dog, clock and the ghost are all attended in all images of a label: a third is wrong
    assert low.loc[CORRECTED_NAME, "ap"] == pytest.approx(2 / 3)
    assert high.loc[CORRECTED_NAME, "ap"] == 1.0 and (high["added"] == 0).all()
    assert low.loc[PERCENT, "ap"] < exact.loc[PERCENT, "ap"]


def test_precision_and_recall_by_hand(found):
    analysis, trial, _, images = found
    table = detected.detector_table(analysis, trial)
    chairs = trial.objects[trial.objects["class"] == "Chair"]
    row = table.loc[(0.5, "Chair")]
    assert row["images"] == len(chairs) and row["precision"] == 1
    assert row["recall"] == pytest.approx((chairs.index % 2 == 1).mean())
    assert table.loc[(0.1, "Castle"), "precision"] == 0
    assert pd.isna(table.loc[(0.1, "Castle"), "recall"])
    whole = table.loc[(0.1, "all classes")]
    right = len(trial.objects) - (len(chairs) - (chairs.index % 2 == 1).sum())
    assert whole["precision"] == pytest.approx(right / (right + images / 2))
    assert whole["recall"] == pytest.approx(right / len(trial.objects))
