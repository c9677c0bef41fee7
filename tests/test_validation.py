"""Trials, their thresholds, tables and words, on hand-made networks of known answers."""

import math

import numpy as np
import pandas as pd
import pytest

from emocam_utils import calibration, causes, comparison, sizes, trials, verdict
from emocam_utils.importance import SCORES
from emocam_utils.study import Preset
from emocam_utils.validation import FACTORS, NO_PAIRS, Trial, setting, variant

CORRECTED = Preset(
    score="logit",
    layer="post_relu",
    importance="mean",
    threshold=0.5,
    probability=0.5,
    confidence=0.1,
    ambiguity=3,
)
PAPER = CORRECTED.model_copy(update={"score": "probability", "layer": "pre_relu"})


def hand_made(images=60, seed=0, networks="seed 0"):
    """Two labels, four classes: Dog causes A, Clock causes B, Tree and Chair cause nothing.

    The corrected mean knows the effect, the published one is noise.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(images):
        label, cause = (("Adoration", "Dog"), ("Anxiety", "Clock"))[number % 2]
        for name in [cause, *rng.choice(["Tree", "Chair", "Couch"], 2, replace=False)]:
            effect = rng.uniform(0.4, 0.9) if name == cause else rng.uniform(-0.03, 0.03)
            rows.append((f"test/{number:05d}", name, label, 0.9, effect, rng.uniform(0.02, 0.3)))
    columns = ["image", "class", "label", "probability", "probability_drop", "area"]
    objects = pd.DataFrame(rows, columns=columns)
    objects = objects.assign(name=objects["class"], label_without="Awe", logit_drop=0.0)
    objects[["x0", "y0", "x1", "y1"]] = [0.0, 0.0, 10.0, 10.0]
    noise = {
        variant("gradcam", score, layer, box_score): rng.uniform(0, 1, len(objects))
        for score, layer in FACTORS
        for box_score in SCORES
    }
    noise[variant("gradcam", "logit", "post_relu", "mean")] = objects["probability_drop"]
    share = objects["area"] ** 0.25 * np.where(objects["probability_drop"] > 0.2, 1, 0.1)
    noise[variant("gradcam", "logit", "post_relu", "share")] = share
    return Trial(networks, "removal", objects, pd.DataFrame(noise), NO_PAIRS, images)


def test_names_leave_out_what_a_method_lacks():
    assert setting("gradcam", "logit", "post_relu") == "gradcam/logit/post_relu"
    assert setting("lrp", "logit", "post_relu") == "lrp/post_relu"
    assert variant("random", "logit", "post_relu", "mean") == "random/mean"


def test_several_boxes_of_a_class_count_once_and_by_the_largest():
    objects = pd.DataFrame(
        {
            "image": ["a", "a", "b"],
            "class": ["Dog"] * 3,
            "label": ["Awe"] * 3,
            "probability_drop": [0.1, 0.6, 0.3],
            "probability": 0.9,
        }
    )
    trial = Trial("x", "removal", objects, pd.DataFrame(), NO_PAIRS, 2)
    assert trial.cells.rows["effect"].tolist() == [0.6, 0.3]
    assert trial.attended(np.array([0.9, math.nan, math.nan]), 0.5).tolist() == [True, False]
    assert trial.present().tolist() == [True, True]


def test_only_confident_images_count():
    trial = hand_made()
    unsure = trial.objects.assign(
        probability=np.where(trial.objects["image"] < "test/00010", 0.5, 0.9)
    )
    kept = Trial("x", "removal", unsure, trial.importances, NO_PAIRS, 60).above(0.5)
    assert kept.count == 50 and len(kept.importances) == len(kept.objects) == 150


def test_the_threshold_parts_causes_from_the_rest():
    trial = hand_made()
    column = variant("gradcam", "logit", "post_relu", "mean")
    threshold, precision = calibration.choose_threshold(trial, trial.importances[column].to_numpy())
    assert 0.029 < threshold < 0.45 and precision == 1.0
    undefined = np.full(len(trial.objects), np.nan)
    assert all(math.isnan(v) for v in calibration.choose_threshold(trial, undefined))


def test_presets_are_told_apart_and_words_say_so():
    trial = hand_made()
    table = comparison.preset_table([trial], {"paper": PAPER, "corrected": CORRECTED}, times=50)
    rows = table.loc["seed 0"]
    assert rows.loc["corrected", "ap"] == 1.0 and rows.loc["corrected", "auroc"] == 1.0
    assert rows.loc["corrected", "gain"] == pytest.approx(1 - rows.loc["presence only", "ap"])
    # every label's cause is in all of its images, so presence alone is right as well
    assert rows.loc["presence only", "ap"] == 1.0
    text = verdict.preset_words(table)
    assert "seed 0, corrected: average precision 1.000 [1.000, 1.000]" in text
    assert "misses intervals of average precision apart from presence's" in text


def test_spurious_companions_are_those_of_the_label_without_effect():
    objects = pd.DataFrame(
        {
            "name": ["Couch", "Couch", "Couch", "Dog"],
            "label": ["Adoration", "Craving", "Adoration", "Adoration"],
            "probability_drop": [0.01, 0.01, 0.3, 0.01],
        }
    )
    assert causes.spurious(objects).tolist() == [True, False, False, False]


def test_pairs_by_hand():
    """Dog and cat stand in for each other; a box is a rival of the dog."""
    row = {"image": "x", "first": 0, "second": 1, "label": "Adoration", "probability": 0.9}
    drops = {"logit_first": 0.0, "logit_second": 0.0, "logit_both": 0.0, "logit": 1.0}
    names = [("Dog", "Cat", 0.1, 0.2, 0.8), ("Box", "Dog", -0.1, 0.6, 0.4)]
    keys = ("first_name", "second_name", "probability_first", "probability_second")
    pairs = pd.DataFrame(
        [{**row, **drops, **dict(zip((*keys, "probability_both"), n, strict=True))} for n in names]
    )
    table = causes.pair_table(pairs)
    assert table.loc["same label", "order_two"] == pytest.approx(0.1 + 0.2 - 0.8)
    assert table.loc["rival", ["cue", "other", "both"]].tolist() == [0.6, -0.1, 0.4]
    assert table.loc["other", "pairs"] == 0
    text = verdict.pair_words(table)
    assert "same label (1 pairs): without the cue the probability drops by 0.10" in text
    assert "other: no pair" in text


def test_the_neutral_power_is_the_one_with_which_shares_grow():
    exponent, error = sizes.size_exponent(hand_made(), "gradcam/logit/post_relu/share")
    assert exponent == pytest.approx(0.25) and error < 1e-6


def test_a_shipped_trial_is_the_trial_to_three_digits(tmp_path):
    trial = hand_made()
    file = tmp_path / "seed-1.parquet"
    trials.save_trial(trial, {"corpus": "c", "accuracy": 0.5}, file)
    again, record = trials.read_trial(file)
    assert record["accuracy"] == 0.5 and again.network == "seed 0" and again.count == 60
    assert again.objects[["image", "class", "label"]].equals(
        trial.objects[["image", "class", "label"]]
    )
    assert list(again.importances) == list(trial.importances)
    assert np.allclose(again.importances, trial.importances, rtol=1e-3, atol=1e-6)
    assert (again.causal == trial.causal).all()


def test_numbers_hold_every_number_of_a_table(tmp_path):
    table = pd.DataFrame({"a": [1.5, np.nan], "text": ["x", "y"]}, index=["r", "s"])
    found = verdict.numbers({"first": table, "second": table[["a"]] * 2})
    assert found.loc[("first", "r", "a"), "value"] == 1.5
    assert found.loc[("second", "r", "a"), "value"] == 3.0 and len(found) == 4
    verdict.write_numbers(found, tmp_path / "deep" / "validation.csv")
    assert "first,r,a,1.5" in (tmp_path / "deep" / "validation.csv").read_text()


PRESETS = """# head

paper:
  importance: mean
  threshold: 0.3

corrected:
  importance: share
  threshold: 0.5  # old

other:
  threshold: 1
"""


def test_a_preset_is_changed_and_nothing_else():
    changed = calibration.with_preset(
        PRESETS, "corrected", {"importance": ("mean", ""), "threshold": (0.25, "calibrated")}
    )
    assert changed == PRESETS.replace("importance: share", "importance: mean").replace(
        "threshold: 0.5  # old", "threshold: 0.25  # calibrated"
    )
    with pytest.raises(ValueError, match="no preset 'improved' in the file"):
        calibration.with_preset(PRESETS, "improved", {})
    with pytest.raises(ValueError, match="preset 'other' has 0 lines `score:`, expected one"):
        calibration.with_preset(PRESETS, "other", {"score": (1, "")})


def test_missing_tables_name_the_command(tmp_path):
    with pytest.raises(calibration.NotCalibrated, match=r"emocam_utils\.training\.calibrate"):
        calibration.read_calibration(tmp_path / "none.csv")
    table = pd.DataFrame({"threshold": [0.5]}, index=["a"])
    with pytest.raises(KeyError, match=r"b has no threshold .*\.training\.calibrate"):
        calibration.threshold_of("b", table)
