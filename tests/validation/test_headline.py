"""The headline: spread over corpora, pairing, halves of one corpus, and what its sentences say."""

import numpy as np
import pandas as pd
import pytest
from tiny_trials import CORRECTED, PAPER, calibrated_thresholds, hand_made

from emocam_utils.stats.ranks import average_precision
from emocam_utils.validation import factors, headline, words
from emocam_utils.validation.cells import Matrices
from emocam_utils.validation.contestants import (
    HEADLINE,
    ODDS,
    PERCENT,
    PUBLISHED,
    contestants,
    published_name,
)
from emocam_utils.validation.truth import Truth

PRESETS = {"paper": PAPER, "corrected": CORRECTED}


def corpora(count=6, network="seed 0"):
    trials = [hand_made(images=60, seed=seed, network=network) for seed in range(count)]
    ways = contestants(calibrated_thresholds(), PRESETS, trials[0].importances.columns)
    truth = Truth.of(network, hand_made(images=600, seed=99).objects, 0.5)
    return {network: truth}, {network: [trial.matrices(ways) for trial in trials]}


def kept():
    row = {"network": "seed 0", "corpus": 0, "measure": "kept", "name": PUBLISHED, "value": 0.25}
    return pd.DataFrame([row, row | {"corpus": 1, "value": 0.75}])


def test_the_headline_is_the_mean_and_the_middle_of_the_corpora():
    truths, matrices = corpora()
    table = headline.headline_table(truths, matrices, kept()).loc["seed 0"]
    assert list(table.index) == list(HEADLINE)
    effects = truths["seed 0"].judged()
    ap = []
    for one in matrices["seed 0"]:
        scores = one.scores(HEADLINE, effects.index)
        ap.append([average_precision(scores[n], effects > 0.2) for n in (PUBLISHED, ODDS)])
    published, odds = np.array(ap).T
    row = table.loc[PUBLISHED]
    assert row["ap"] == pytest.approx(published.mean()) and row["corpora"] == 6
    assert row["ap_low"] == pytest.approx(np.quantile(published, 0.025))
    assert row["gain"] == pytest.approx((published - odds).mean())
    assert row["gain_high"] == pytest.approx(np.quantile(published - odds, 0.975))
    assert row["kept"] == 0.5 and np.isnan(table.loc[PERCENT, "kept"])
    assert (table["ap_low"] <= table["ap"]).all() and (table["ap"] <= table["ap_high"]).all()
    assert table.loc[ODDS, ["gain", "gain_low", "gain_high"]].tolist() == [0, 0, 0]


def test_verdicts_need_all_of_the_middle():
    columns = ["ap", "gain", "gain_low", "gain_high", "kept"]
    rows = {
        ("a", ODDS): (0.8, 0, 0, 0, np.nan),
        ("a", "corrected"): (0.9, 0.1, 0.01, 0.2, 0.3),
        ("a", PUBLISHED): (0.7, -0.1, -0.2, 0.01, 0.3),
        ("b", PUBLISHED): (0.6, -0.2, -0.3, -0.1, 0.3),
        ("b", "corrected"): (np.nan, np.nan, np.nan, np.nan, np.nan),
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    table.index = pd.MultiIndex.from_tuples(table.index, names=["network", "contestant"])
    found = headline.verdict_table(table)
    assert found["better"].to_dict() == {
        ("a", "corrected"): True,
        ("a", PUBLISHED): False,
        ("b", PUBLISHED): False,
    }
    assert found["worse"].tolist() == [False, False, True]
    assert words.finding_words(table, found) == (
        "The matrix finds the cells of causes with average precision 0.90 corrected; 0.60–0.70 as "
        "published; 0.80 by presence as log odds (2 networks). The corrected one is surely "
        "better than presence on 1 of 1 networks, the published one surely worse on 1 of 2."
    )
    assert headline.verdict_table(table.iloc[:0]).empty
    assert words.headline_words(table.iloc[:0], headline.verdict_table(table.iloc[:0])) == (
        words.NOTHING
    )


def test_a_random_matrix_is_surely_better_or_worse_as_rarely_as_it_should():
    """Two contestants of equal worth: the middle 95 % of the differences nearly always holds 0."""
    rng = np.random.default_rng(0)
    cells = pd.MultiIndex.from_product([list("abcdefghij"), list("ABCD")], names=["class", "label"])
    effects = pd.Series(np.where(np.arange(40) % 8 == 0, 0.5, 0.0), index=cells)
    truth = Truth("x", 100, pd.DataFrame({"images": 50, "effect": effects, "error": 0.0}))
    wrong = 0
    for _ in range(40):
        many = [random_matrices(rng, cells) for _ in range(20)]
        found = headline.judged_corpora(
            truth, many, {"a": ("a", "attended"), "b": ("b", "attended")}
        )
        ap = found["ap"].unstack("contestant")
        low, high = np.quantile(ap["a"] - ap["b"], [0.025, 0.975])
        wrong += not low <= 0 <= high
    assert wrong <= 2


def random_matrices(rng, cells):
    counts = pd.DataFrame(rng.integers(0, 30, (len(cells), 2)), cells, ["a", "b"])
    return Matrices(counts.assign(images=60, present=30))


def test_halves_have_truth_and_matrix_of_different_images():
    trial = hand_made(images=40)
    ways = contestants(calibrated_thresholds(), PRESETS, trial.importances.columns)
    for truth, matrices in headline.halves(trial, ways, times=3):
        assert truth.scenes == 20 and matrices.images.sum() == 20
    table = headline.halves_table(trial, ways, times=8)
    assert table.index[0][0] == "seed 0" and set(HEADLINE) == set(table.index.get_level_values(1))
    assert (table["ap_low"] <= table["ap"]).all() and (table["ap"] <= table["ap_high"]).all()
    assert headline.halves_table(trial.of(set()), ways).empty


def test_corpora_add_up():
    _, matrices = corpora(3)
    whole = headline.together(matrices["seed 0"])
    assert whole.images.sum() == 180
    parts = sum(m.counts["present"].sum() for m in matrices["seed 0"])
    assert whole.counts["present"].sum() == parts
    assert (whole.counts["images"] == 90).all()


def test_tables_over_cuts_classes_and_images():
    truths, matrices = corpora(4)
    cuts = headline.cut_table(truths, matrices)
    assert list(cuts.index.unique("cut")) == list(headline.CUTS)
    at = headline.headline_table(truths, matrices, kept())["ap"]
    assert cuts.xs(0.2, level="cut")["ap"].to_dict() == pytest.approx(at.to_dict())
    gain = headline.headline_table(truths, matrices, kept())[["gain", "gain_low", "gain_high"]]
    pd.testing.assert_frame_equal(cuts.xs(0.2, level="cut")[gain.columns], gain)
    least = headline.least_table(truths, matrices)
    assert list(least.index.unique("least")) == [5, 20]
    classes = headline.class_table(truths, matrices).loc["seed 0"]
    assert (classes["ap_low"] <= classes["ap"]).all() and (classes["classes"] == 5).all()
    assert classes["gain"].to_numpy() == pytest.approx(classes["ap"] - classes.loc[ODDS, "ap"])
    assert (classes.loc[ODDS, ["gain", "gain_low", "gain_high"]] == 0).all()
    measures = headline.measure_table(truths, matrices).loc["seed 0"]
    assert measures.loc["present / attended", "ap"] == pytest.approx(at["seed 0", PERCENT])
    assert measures.loc["present / log odds", "ap"] == pytest.approx(at["seed 0", ODDS])
    for table in (headline.cut_table, headline.least_table, headline.class_table):
        assert table({}, {}).empty


def table_of(columns, **rows):
    index = [(network, *key) for key in rows.pop("keys") for network in ("a", "b")]
    return pd.DataFrame(rows, pd.MultiIndex.from_tuples(index, names=columns))


def test_the_words_on_cuts_name_where_nothing_is_sure():
    names = ["network", "cut", "contestant"]
    keys = [(cut, n) for cut in (0.1, 0.7) for n in HEADLINE]
    ahead = [0.9 if n == "corrected" else 0.5 for _, n in keys for _ in "ab"]
    cuts = table_of(names, keys=keys, ap=ahead, gain_low=[0.1] * len(ahead))
    said = words.cut_words(cuts)
    assert "on all networks at 2 of 2 cuts" in said and "everywhere but for: none" in said
    cuts.loc[("b", 0.7, "corrected"), "gain_low"] = -0.01
    assert "everywhere but for: b at 0.7." in words.cut_words(cuts)
    cuts.loc[("a", 0.1, "as published, calibrated, log odds"), "ap"] = 0.95
    assert "at 1 of 2 cuts" in words.cut_words(cuts)


def test_the_words_on_classes_count_paired_gains():
    names, keys = ["network", "contestant"], [(n,) for n in HEADLINE]
    size = 2 * len(keys)
    classes = table_of(
        names, keys=keys, ap_low=[0.1] * size, ap_high=[0.9] * size,
        gain=[0.2] * size, gain_low=[0.05] * size, gain_high=[0.4] * size,
    )  # fmt: skip
    table = classes.assign(ap_low=0.4, ap_high=0.6)
    classes.loc[("a", "as published, calibrated"), ["gain", "gain_low", "gain_high"]] = -0.1
    said = words.class_words(classes, table)
    assert f"in {size} of {size} rows" in said
    assert "as published, calibrated -0.10–0.20 (surely more on 1, less on 1)" in said
    assert "corrected 0.20 (surely more on 2, less on 0)" in said


def test_the_count_of_corpora_says_which_methods_ran_on_fewer():
    rows = {("a", "gradcam", "x"): 50, ("a", "lrp", "x"): 3}
    steps = pd.Series(rows, name="corpora").rename_axis(["network", "method", "step"]).to_frame()
    assert words.step_count(steps, "50 corpora") == ("50 corpora; LRP: 3 corpora")
    assert words.step_count(steps.iloc[:0], "none") == "none"


def test_steps_are_paired_and_say_which_helps():
    truths, matrices = corpora(5)
    steps = factors.step_table(truths, matrices, PRESETS).loc[("seed 0", "gradcam")]
    assert list(steps.index) == list(factors.STEPS)
    ap = steps["ap"].to_numpy()
    assert steps["change"].to_numpy()[1:] == pytest.approx(np.diff(ap))
    effects = truths["seed 0"].judged()
    name = published_name("gradcam", PAPER)
    own = [
        average_precision(m.scores({name: (name, "attended")}, effects.index)[name], effects > 0.2)
        for m in matrices["seed 0"]
    ]
    assert ap[0] == pytest.approx(np.mean(own))
    differences = factors.difference_table(truths, matrices, PRESETS).loc["seed 0"]
    assert (differences["low"] <= differences["change"]).all()
    said = words.step_words(factors.step_table(truths, matrices, PRESETS))
    assert said.startswith("Grad-CAM: from ") and "after the ReLU" in said
    assert factors.step_table({}, {}, PRESETS).empty
    assert factors.difference_table({}, {}, PRESETS).empty


def test_contestants_have_the_thresholds_that_their_names_say():
    thresholds = calibrated_thresholds()
    known = thresholds.index
    found = contestants(thresholds, PRESETS, known)
    before = "gradcam/probability/pre_relu/mean"
    assert found[PUBLISHED] == (before, PAPER.threshold)
    assert found["as published, same keep rate"] == (before, thresholds.loc[before, "matched"])
    assert found["as published, calibrated"] == (before, thresholds.loc[before, "threshold"])
    assert found["corrected"][1] == CORRECTED.threshold
    assert found["corrected, own threshold"][1] != CORRECTED.threshold
    assert found[before] == (before, thresholds.loc[before, "threshold"])
    assert {column for column, _ in HEADLINE.values()} - {"present"} <= set(found)
    assert contestants(thresholds, PRESETS, []) == {}
