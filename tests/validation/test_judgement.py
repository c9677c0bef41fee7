"""Trials, their thresholds, tables and words, on hand-made networks of known answers."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tiny_trials import CORRECTED, PAPER, calibrated_thresholds, hand_made

from emocam_utils.pipeline.analysis import preset_cam
from emocam_utils.pipeline.importance import SCORES
from emocam_utils.study import load_study
from emocam_utils.validation import boxes, calibration, causes, judgement, words
from emocam_utils.validation.contestants import (
    FACTORS,
    METHODS,
    preset_setting,
    preset_variant,
    setting,
    settings_on_trial,
    short_list,
    variant,
)
from emocam_utils.validation.trial import NO_PAIRS, Trial
from emocam_utils.validation.truth import Truth

PRESETS = {"paper": PAPER, "corrected": CORRECTED}


def test_names_leave_out_what_a_method_lacks():
    assert setting("gradcam", "logit", "post_relu") == "gradcam/logit/post_relu"
    assert setting("lrp", "logit", "post_relu") == "lrp/post_relu"
    assert variant("random", "logit", "post_relu", "mean") == "random/mean"


def test_every_method_is_on_trial_as_each_preset_makes_it():
    presets = load_study("emoscenes").presets
    settings = settings_on_trial(presets)
    for preset in presets.values():
        for cam in METHODS:
            assert settings[preset_setting(cam, preset)] == preset_cam(cam, preset)
    for score, layer in FACTORS:
        made = settings[setting("gradcam", score, layer)]
        assert (made.score, made.layer) == (score, layer)
    assert preset_setting("lrp", presets["paper"]) == "lrp/pre_relu/rule=gradient_x_input"
    assert preset_setting("lime", presets["paper"]).startswith("lime/logit/pre_relu/samples=256/")
    assert preset_variant("gradcam", presets["paper"]) == "gradcam/probability/pre_relu/mean"
    # different settings have different names, so that none hides another
    assert len(set(map(repr, settings.values()))) == len(settings) == 4 + 2 * 6 - 1


def test_the_short_list_is_the_last_preset_and_grad_cam_of_the_others():
    presets = load_study("emoscenes").presets
    chosen = short_list(presets)
    assert list(chosen) == ["gradcam, as published", *METHODS]
    assert chosen["gradcam, as published"] == preset_cam("gradcam", presets["paper"])
    assert chosen["lime"] == preset_cam("lime", presets["corrected"])


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
    importances = pd.DataFrame({"way": [0.9, math.nan, math.nan]})
    trial = Trial("x", "removal", objects, importances, NO_PAIRS, 2)
    assert trial.effects.cells["effect"].tolist() == pytest.approx([0.45])
    counts = trial.matrices({"m": ("way", 0.5)}).counts
    assert counts[["images", "m", "present"]].to_numpy().tolist() == [[2, 1, 2]]


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


def test_spurious_companions_are_those_of_the_label_without_effect():
    objects = pd.DataFrame(
        {
            "name": ["Couch", "Couch", "Couch", "Dog"],
            "label": ["Adoration", "Craving", "Adoration", "Adoration"],
            "probability_drop": [0.01, 0.01, 0.3, 0.01],
        }
    )
    trial = Trial("x", "removal", objects, pd.DataFrame(), NO_PAIRS, 1)
    assert causes.spurious(trial).tolist() == [True, False, False, False]
    assert not causes.spurious(replace(trial, truth="inpaint")).any()


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
    trial = Trial("seed 4", "removal", pd.DataFrame(), pd.DataFrame(), pairs, 1)
    table = causes.pairs_by_network([trial, replace(trial, pairs=NO_PAIRS)])
    assert table.index.tolist() == [("seed 4", k) for k in ("same label", "rival", "other")]
    assert causes.pairs_by_network([replace(trial, pairs=NO_PAIRS)])["pairs"].tolist() == [0, 0, 0]


def test_the_interval_of_pairs_is_over_scenes():
    """Two scenes, one with many pairs: drawn scene by scene, the mean is that of whole scenes."""
    row = {"first": 0, "second": 1, "label": "Adoration", "first_name": "Dog", "second_name": "Cat"}
    row |= {"probability_second": 0.0, "probability_both": 0.0}
    pairs = [row | {"image": "a", "probability_first": 1.0}] * 9
    pairs += [row | {"image": "b", "probability_first": 0.0}]
    table = causes.pair_table(pd.DataFrame(pairs))
    bounds = table.loc["same label", ["low", "high"]].tolist()
    assert table.loc["same label", "order_two"] == pytest.approx(0.9) and bounds == [0.0, 1.0]


def test_the_rule_agrees_with_effects_that_follow_it():
    """Hand-made: the dog is planted for Adoration and the clock for Anxiety, both are causal; the
    couch is a companion of both labels and causes nothing."""
    (row,) = causes.rule_agreement([hand_made().effects]).to_dict("records")
    assert (row["judged"], row["planted"], row["causal"], row["both"]) == (8, 2, 2, 2)
    assert (row["companions"], row["causal companions"]) == (2, 0)
    assert row["rho_low"] <= row["rho"] <= row["rho_high"] and row["rho"] > 0.5
    objects = hand_made().objects.set_index("class")
    objects.loc[["Clock"], "probability_drop"] = 0.1
    extra = (objects.index == "Chair") & (objects["label"] == "Adoration")
    objects.loc[extra, "probability_drop"] = 0.5
    other = replace(hand_made(), objects=objects.reset_index()).effects
    (row,) = causes.rule_agreement([other]).to_dict("records")
    assert (row["planted"], row["causal"], row["both"]) == (2, 2, 1)
    cells = causes.rule_table(other, planted=True)
    table = causes.disagreements(cells)
    assert table.index.tolist() == [("Chair", "Adoration"), ("Clock", "Anxiety")]
    assert table["effect"].tolist() == pytest.approx([0.5, 0.1])
    said = words.planted_words(cells)
    assert said.startswith("Planted and no cause: Clock for Anxiety. ")
    assert "Causal and not planted: Chair for Adoration." in said and "Castle for Awe" in said
    assert causes.rule_agreement([]).empty
    assert (causes.rule_table(other, planted=False)["planted"] == 0).all()


def test_a_planted_cue_that_was_never_seen_has_its_row():
    cells = causes.rule_table(hand_made().effects, planted=True)
    castle = cells.loc[("Castle", "Awe")]
    assert castle["planted"] == 1 and castle["images"] == 0 and math.isnan(castle["effect"])


def test_the_neutral_power_is_the_one_with_which_shares_grow():
    trial = hand_made()
    share = trial.importance("gradcam/logit/post_relu/share")
    objects = trial.objects
    found = boxes.size_exponent(share, trial.causal, objects["area"], objects["image"])
    assert found == pytest.approx((0.25, 0.25, 0.25))
    noise = share * np.exp(np.random.default_rng(0).normal(0, 0.3, len(share)))
    exponent, low, high = boxes.size_exponent(
        noise, trial.causal, objects["area"], objects["image"]
    )
    x, y = (np.log(np.asarray(v)[trial.causal]) for v in (objects["area"], noise))
    assert exponent == pytest.approx(np.polyfit(x, y, 1)[0])
    error = stats.linregress(x, y).stderr
    assert low < exponent < high and high - low == pytest.approx(4 * error, rel=0.3)
    nothing = boxes.size_exponent(share, trial.causal & False, objects["area"], objects["image"])
    assert np.isnan(nothing).all()


def test_numbers_hold_every_number_of_a_table():
    table = pd.DataFrame({"a": [1.5, np.nan], "text": ["x", "y"]}, index=["r", "s"])
    found = judgement.numbers({"first": table, "second": table[["a"]] * 2})
    assert found.loc[("first", "r", "a"), "value"] == 1.5
    assert found.loc[("second", "r", "a"), "value"] == 3.0 and len(found) == 4


def test_missing_tables_name_the_command(tmp_path):
    with pytest.raises(calibration.NotCalibrated, match=r"emocam_utils\.training\.calibrate"):
        calibration.read_calibration(tmp_path / "none.csv")
    pd.DataFrame({"variant": ["a"]}).to_csv(tmp_path / "old.csv")
    with pytest.raises(calibration.NotCalibrated, match="is of an older version; make it again"):
        calibration.read_calibration(tmp_path / "old.csv")
    table = pd.DataFrame({"threshold": [0.5]}, index=["a"])
    with pytest.raises(KeyError, match=r"b has no threshold .*\.training\.calibrate"):
        calibration.threshold_of("b", table)


def test_box_measures_by_hand():
    """60 causes, 120 others; 60 of these are couches, companions of both labels."""
    trial = hand_made()
    importance = trial.effect
    found = boxes.box_measures(trial, importance, 0.3, times=40)
    couches = int((trial.objects["class"] == "Couch").sum())
    assert (found["boxes"], found["causes"], found["companions"]) == (180, 60, couches)
    assert found["box_auroc"] == found["box_ap"] == found["kept"] == found["rejected"] == 1.0
    assert found["box_auroc_low"] == found["rejected_low"] == found["rejected_high"] == 1.0
    assert found["small"] == found["large"] == 1.0 and found["gap_low"] == found["gap_high"] == 0
    reverse = boxes.box_measures(trial, -importance, -0.02, times=40)
    assert reverse["box_auroc"] == 0.0 and reverse["kept"] == 0.0
    kept = -importance[trial.objects["class"] == "Couch"] > -0.02
    assert reverse["rejected"] == pytest.approx(1 - kept.mean())
    assert reverse["rejected_low"] < reverse["rejected"] < reverse["rejected_high"]
    assert "box_ap_low" not in boxes.box_measures(trial, importance, 0.3)


def test_methods_have_the_papers_threshold_or_their_own():
    trial = hand_made()
    paper = PAPER.model_copy(update={"threshold": 0.3})
    truth = hand_made(images=200, seed=5).effects
    presets = {"paper": paper, "corrected": CORRECTED}
    table = judgement.method_table(trial, truth, calibrated_thresholds(), presets, times=10)
    assert [row for row in table.index if row[0] == "gradcam"] == [
        ("gradcam", "as published"),
        ("gradcam", "corrected"),
    ]
    noise, corrected = table.loc["gradcam"].iloc[0], table.loc["gradcam"].iloc[1]
    assert (noise["threshold"], corrected["threshold"]) == (0.3, 0.35)
    assert corrected["ap"] == 1.0 and noise["box_auroc"] < 0.7
    assert corrected["box_ap_low"] == 1.0
    kept = (trial.importance("gradcam/probability/pre_relu/mean") > 0.3).mean()
    assert noise["boxes kept"] == pytest.approx(kept)
    names = table.index.get_level_values("preset")
    same = judgement.covered_table(table, trial, truth)
    assert len(same) == (names != "as published").sum() and same["ap"].iloc[0] == 1.0


def test_who_keeps_nothing_rejects_nothing():
    trial = hand_made()
    found = boxes.box_measures(trial, trial.effect, 2.0, times=10)
    assert found["kept"] == 0 and math.isnan(found["rejected"])
    assert math.isnan(found["rejected_low"])


def test_this_corpus_is_judged_by_a_truth_that_is_not_its_own():
    trial, truth = hand_made(seed=1), hand_made(images=200, seed=5).effects
    found = judgement.own_table(trial, truth, calibrated_thresholds(), PRESETS)
    assert found.loc["corrected", "ap"] == 1.0
    scatter = judgement.cell_scatter(trial, truth, calibrated_thresholds(), PRESETS)
    assert scatter["effect"].equals(truth.judged()) and scatter["presence, percent"].max() == 100
    turned = truth.cells.assign(effect=0.5 - truth.cells["effect"])
    assert (
        judgement.own_table(trial, Truth("x", 1, turned), calibrated_thresholds(), PRESETS).loc[
            "corrected", "ap"
        ]
        < 1
    )


def test_keep_rates_by_size_by_hand():
    """Causes above half the largest area are kept under the mean, all others dropped."""
    trial = hand_made()
    area = trial.objects["area"]
    middle = float(area[trial.causal].median())
    column = variant("gradcam", "logit", "post_relu", "mean")
    trial = replace(trial, importances=trial.importances.assign(**{column: area}))
    names = [variant("gradcam", "logit", "post_relu", score) for score in SCORES]
    bins = judgement.size_bins(
        trial, CORRECTED, pd.DataFrame({"threshold": middle}, index=names), 2
    )
    mean = bins[bins["score"] == "mean"]
    assert mean["objects"].tolist() == [30, 30] and mean["kept"].tolist() == [0.0, 1.0]


def test_among_equal_thresholds_the_one_that_parts_the_boxes_is_taken():
    """Cells are told apart by any threshold below 0.4; boxes of no effect have up to 0.3."""
    trial = hand_made()
    rng = np.random.default_rng(0)
    other = np.where(rng.random(len(trial.objects)) < 0.3, 0.3, 0.0)
    importance = np.where(trial.causal, 0.8, other)
    threshold, precision = calibration.choose_threshold(trial, importance)
    assert precision == 1.0 and 0.3 <= threshold < 0.8


def test_occlusions_and_cams_are_compared_on_the_same_scenes():
    """Grey is known of the first 40 scenes only, and is as good as the CAM there."""
    trial = hand_made()
    first = trial.objects["image"] < "test/00040"
    grey = np.where(first, trial.effect, np.nan)
    importances = trial.importances.assign(**{"occlusion/grey/probability": grey})
    thresholds = calibrated_thresholds()
    thresholds.loc["occlusion/grey/probability"] = 0.3
    trial = replace(trial, importances=importances)
    table = judgement.method_table(trial, trial.effects, thresholds, PRESETS, times=0)
    images = table["images"].groupby(level="preset").first().to_dict()
    assert images == {"as published": 60, "corrected": 60, "occlusion": 40}
    same = judgement.covered_table(table, trial, trial.effects)
    assert set(same["images"]) == {40}
    assert same.loc[("occlusion grey", "occlusion"), "ap"] == 1.0


def test_the_same_keep_rate_keeps_as_many_boxes():
    trial = hand_made()
    empty = trial.importances.assign(**{"random/mean": np.nan})
    half = np.where(np.arange(len(trial.objects)) % 2, np.nan, trial.effect + 1)
    trial = replace(trial, importances=empty.assign(half=half))
    limits = calibration.matched(trial, 0.25)
    for name in ("gradcam/probability/pre_relu/mean", "half"):
        kept = (trial.importance(name) > limits[name]).mean()
        assert kept == pytest.approx(0.25, abs=0.01)
    assert math.isnan(limits["random/mean"])
    assert (trial.importance("half") > calibration.matched(trial, 0.9)["half"]).mean() > 0.45


def test_thresholds_are_a_networks_own_or_the_first_ones(tmp_path):
    rows = {("seed 1", "a"): 0.1, ("seed 0", "a"): 0.2}
    table = pd.DataFrame({"threshold": rows, "matched": rows}).rename_axis(["network", "variant"])
    file = tmp_path / "calibration.csv"
    table.to_csv(file)
    read = calibration.read_calibration(file)
    assert calibration.of_network(read, "seed 0").loc["a", "threshold"] == 0.2
    assert calibration.of_network(read, "my own").loc["a", "threshold"] == 0.1
