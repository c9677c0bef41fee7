"""Trials, their thresholds, tables and words, on hand-made networks of known answers."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tiny_trials import CORRECTED, PAPER, hand_made

from emocam_utils.corpora.emoscenes.corpus import EmoScenes
from emocam_utils.pipeline.analysis import preset_cam
from emocam_utils.pipeline.code import file_hash
from emocam_utils.pipeline.importance import SCORES
from emocam_utils.study import load_study
from emocam_utils.validation import boxes, calibration, causes, judgement
from emocam_utils.validation import shipped as trials
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
    assert list(chosen) == ["gradcam, paper", *METHODS]
    assert chosen["gradcam, paper"] == preset_cam("gradcam", presets["paper"])
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
    trial = Trial("x", "removal", objects, pd.DataFrame(), NO_PAIRS, 2)
    assert trial.cells.rows["effect"].tolist() == [0.6, 0.3]
    assert trial.attended(np.array([0.9, math.nan, math.nan]), 0.5).tolist() == [True, False]
    assert trial.attended_under(None).tolist() == [True, True]


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
    table = judgement.preset_table([trial], {"paper": PAPER, "corrected": CORRECTED}, times=50)
    rows = table.loc["seed 0"]
    assert rows.loc["corrected", "ap"] == 1.0 and rows.loc["corrected", "auroc"] == 1.0
    assert rows.loc["corrected", "gain"] == pytest.approx(1 - rows.loc["presence only", "ap"])
    # every label's cause is in all of its images, so presence alone is right as well
    assert rows.loc["presence only", "ap"] == 1.0
    found = judgement.verdict_table(table).loc["seed 0"]
    assert found["misses"] == "interval apart from presence's" and not found["corrected is better"]


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
    (row,) = causes.rule_agreement([hand_made()], times=20).to_dict("records")
    assert (row["judged"], row["planted"], row["causal"], row["both"]) == (8, 2, 2, 2)
    assert (row["companions"], row["causal companions"]) == (2, 0)
    assert row["rho_low"] <= row["rho"] <= row["rho_high"] and row["rho"] > 0.5
    objects = hand_made().objects.set_index("class")
    objects.loc[["Clock"], "probability_drop"] = 0.1
    extra = (objects.index == "Chair") & (objects["label"] == "Adoration")
    objects.loc[extra, "probability_drop"] = 0.5
    other = replace(hand_made(), objects=objects.reset_index())
    (row,) = causes.rule_agreement([other], times=20).to_dict("records")
    assert (row["planted"], row["causal"], row["both"]) == (2, 2, 1)
    table = causes.disagreements(causes.rule_table(other, times=2))
    assert table.index.tolist() == [("Chair", "Adoration"), ("Clock", "Anxiety")]
    assert table["effect"].tolist() == pytest.approx([0.5, 0.1])
    photographs = replace(hand_made(), truth="inpaint")
    assert causes.rule_agreement([photographs]).empty


def test_the_neutral_power_is_the_one_with_which_shares_grow():
    exponent, error = boxes.size_exponent(hand_made(), "gradcam/logit/post_relu/share")
    assert exponent == pytest.approx(0.25) and error < 1e-6


def test_a_shipped_trial_is_the_trial_to_three_digits(tmp_path):
    trial = hand_made()
    file = tmp_path / "seed-1.parquet"
    row = {"image": "test/00001", "first_name": "Dog", "second_name": "Cat", "label": "Awe"}
    row |= {name: 0.123456 for name in NO_PAIRS if name not in row}
    trial = replace(trial, pairs=pd.DataFrame([row])[list(NO_PAIRS)])
    trials.save_trial(trial, {"corpus": "c", "accuracy": 0.5}, file)
    again, record = trials.read_trial(file)
    assert again.pairs["first_name"].tolist() == ["Dog"]
    assert again.pairs["logit_both"].tolist() == pytest.approx([0.123456], rel=1e-3)
    assert record["accuracy"] == 0.5 and again.network == "seed 0" and again.count == 60
    assert again.objects[["image", "class", "label"]].equals(
        trial.objects[["image", "class", "label"]]
    )
    assert list(again.importances) == list(trial.importances)
    assert np.allclose(again.importances, trial.importances, rtol=1e-3, atol=1e-6)
    assert (again.causal == trial.causal).all()


def test_numbers_hold_every_number_of_a_table():
    table = pd.DataFrame({"a": [1.5, np.nan], "text": ["x", "y"]}, index=["r", "s"])
    found = judgement.numbers({"first": table, "second": table[["a"]] * 2})
    assert found.loc[("first", "r", "a"), "value"] == 1.5
    assert found.loc[("second", "r", "a"), "value"] == 3.0 and len(found) == 4


def test_missing_tables_name_the_command(tmp_path):
    with pytest.raises(calibration.NotCalibrated, match=r"emocam_utils\.training\.calibrate"):
        calibration.read_calibration(tmp_path / "none.csv")
    table = pd.DataFrame({"threshold": [0.5]}, index=["a"])
    with pytest.raises(KeyError, match=r"b has no threshold .*\.training\.calibrate"):
        calibration.threshold_of("b", table)


def test_what_is_shipped_is_what_networks_are_compared_by():
    presets = {"paper": PAPER, "corrected": CORRECTED}
    trial = hand_made()
    names = ["lime/logit/post_relu/mean", "lime/logit/post_relu/share", "occlusion/cells/logit"]
    more = trial.importances.assign(**dict.fromkeys(names, 0.5))
    kept = list(trials.shippable(replace(trial, importances=more), presets).importances)
    assert kept == [*trial.importances, "lime/logit/post_relu/mean", "occlusion/cells/logit"]


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
    column = variant("gradcam", "logit", "post_relu", "mean")
    calibrated = pd.DataFrame({"threshold": [0.35]}, index=[column])
    table = judgement.method_table(
        [trial, replace(trial, network="seed 9")],
        PAPER.model_copy(update={"threshold": 0.3}),
        CORRECTED,
        calibrated,
        box_times=10,
    )
    assert table.index.tolist() == [
        (network, "gradcam", preset)
        for network in ("seed 0", "seed 9")
        for preset in ("paper", "corrected")
    ]
    assert table["threshold"].tolist() == [0.3, 0.35] * 2
    corrected, noise = table.loc[("seed 0", "gradcam", "corrected")], table.iloc[0]
    assert corrected["ap"] == 1.0 and noise["box_auroc"] < 0.7
    assert math.isnan(table.iloc[3]["box_ap_low"]) and corrected["box_ap_low"] == 1.0
    assert judgement.covered_table(table, trial)["ap"].tolist() == [1.0]


def preset_rows(network, corrected):
    rows = {"presence only": (0.6, 0.5, 0.7, 0.9), "paper": (0.4, 0.3, 0.5, 0.7)}
    rows["corrected"] = corrected
    columns = ["ap", "ap_low", "ap_high", "auroc"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    table = table.assign(auroc_low=0.0, auroc_high=1.0, gain_low=[np.nan, -0.3, 0.2])
    table["gain_high"] = [np.nan, 0.1 if network == "seed 0" else -0.1, 0.4]
    return pd.concat({network: table}, names=["network", "preset"])


@pytest.mark.parametrize(
    ("corrected", "missed"),
    [
        ((0.90, 0.71, 1.0, 0.97), ""),
        ((0.89, 0.71, 1.0, 0.97), "average precision of at least 0.9"),
        ((0.90, 0.70, 1.0, 0.97), "interval apart from presence's"),
        ((0.90, 0.71, 1.0, 0.96), "AUROC of at least 0.97"),
    ],
)
def test_each_network_passes_or_fails_at_the_targets_themselves(corrected, missed):
    table = pd.concat([preset_rows("seed 0", corrected), preset_rows("seed 1", (1, 0.9, 1, 1))])
    found = judgement.verdict_table(table)
    assert found["misses"].to_dict() == {"seed 0": missed, "seed 1": ""}
    assert found["published is worse"].tolist() == [True, True]
    assert found["surely worse"].tolist() == [False, True]
    assert found["corrected is better"].all() and found["surely better"].all()
    undefined = table.assign(ap=np.nan)
    nothing = judgement.verdict_table(undefined)
    assert nothing.empty and list(nothing) == list(found)


class OnTest:
    """Stands for an analysis of the first scenes of the test split by some network."""

    def __init__(self, weights, limit=4, split="test"):
        self.corpus = EmoScenes(split, limit)
        self.study = SimpleNamespace(network=SimpleNamespace(weights=weights))


def test_shipped_trials_are_of_other_networks_and_of_these_scenes(tmp_path):
    weights = tmp_path / "emonet.safetensors"
    weights.write_bytes(b"some weights")
    analysis = OnTest(weights)
    record = {"corpus": analysis.corpus.fingerprint, "weights": "others"}
    trial = replace(hand_made(), pairs=NO_PAIRS)
    trials.save_trial(trial, record, tmp_path / "seed-0.parquet")
    own = {**record, "weights": file_hash(weights)}
    trials.save_trial(replace(trial, network="own"), own, tmp_path / "seed-1.parquet")
    ((found, kept),) = trials.shipped_trials(analysis, tmp_path)
    assert found.network == "seed 0" and kept["weights"] == "others"
    assert found.count == 4 and set(found.objects["image"]) == set(analysis.corpus.ids)
    assert trials.shipped_trials(OnTest(weights, split="train"), tmp_path) == []
    trials.save_trial(trial, {**record, "corpus": "old"}, tmp_path / "seed-0.parquet")
    with pytest.raises(trials.OtherCorpus, match=r"of seed 0 is of old, .*make train-validation"):
        trials.shipped_trials(analysis, tmp_path)


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


def test_the_gain_and_its_interval_are_paired_differences():
    """A matrix that is presence itself gains nothing in any sample."""
    trial = hand_made(seed=3)
    column = preset_variant("gradcam", CORRECTED)
    everything = trial.importances.assign(**{column: 1.0})
    table = judgement.preset_table(
        [replace(trial, importances=everything)], {"corrected": CORRECTED}, times=30, box_times=0
    )
    row = table.loc[("seed 0", "corrected")]
    assert row["gain"] == row["gain_low"] == row["gain_high"] == 0.0
    noise = trial.importances.assign(**{column: np.where(trial.causal, 0.1, 0.9)})
    table = judgement.preset_table(
        [replace(trial, importances=noise)], {"corrected": CORRECTED}, times=30, box_times=0
    )
    row = table.loc[("seed 0", "corrected")]
    assert row["gain"] == row["ap"] - table.loc[("seed 0", "presence only"), "ap"] < 0
    assert row["gain_high"] < 0


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
    names = [variant("gradcam", "logit", "post_relu", "mean"), "occlusion/grey/probability"]
    table = judgement.method_table(
        [replace(trial, importances=importances)],
        PAPER,
        CORRECTED,
        pd.DataFrame({"threshold": 0.3}, index=names),
        box_times=0,
    )
    images = table.droplevel(["network", "method"])["images"].to_dict()
    assert images == {"paper": 60, "corrected": 60, "occlusion": 40}
    same = judgement.covered_table(table, replace(trial, importances=importances))
    assert same["images"].tolist() == [40, 40] and same["ap"].tolist() == [1.0, 1.0]
