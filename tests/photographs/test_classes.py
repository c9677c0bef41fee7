"""Which classes move a rating: known effects, order of classes, error rate under no relation."""

import numpy as np
import pandas as pd
import pytest
from tiny_rated import LEFT, NOTHING, RIGHT, covered_by, dogs_and_cars, many_classes, tiny_rated

from emocam_utils.photographs.classes import (
    PAIRS,
    agreement_in_words,
    at_confidences,
    class_table,
    class_values,
    measure_agreement,
    sign_table,
    split_half,
)


@pytest.fixture(scope="module")
def table():
    rated = dogs_and_cars()
    covered = pd.concat([covered_by(rated, "Dog", 0.5), covered_by(rated, "Car", -0.25)])
    return rated, class_table(rated, covered, ["Dog", "Car"])


def test_what_raises_raises_and_what_lowers_lowers(table):
    _, found = table
    value = found["value"]
    assert value["Dog", "valence", "contribution"] == pytest.approx(2 * 8 / 20, abs=0.1)
    assert value["Dog", "valence", "beyond"] > 0.3 > -0.3 > value["Car", "valence", "beyond"]
    assert value["Dog", "valence", "covered"] == 0.5 and value["Car", "valence", "covered"] == -0.25
    assert found.loc[("Dog", "valence", "beyond"), "q"] < 0.01
    assert found.loc[("Dog", "arousal", "beyond"), "q"] > 0.05
    inside = found.dropna()
    assert ((inside["low"] <= inside["value"]) & (inside["value"] <= inside["high"])).all()


def test_a_flat_map_and_what_is_beyond_make_the_contribution(table):
    rated, found = table
    value = found["value"].unstack("measure")
    np.testing.assert_allclose(value["flat"] + value["beyond"], value["contribution"])
    has = rated.present(["Dog"])[:, 0]
    even = rated.maps["valence"][has].mean() * 2 / 5  # the left two of five columns
    assert value.loc[("Dog", "valence"), "flat"] == pytest.approx(even)


def test_presence_is_a_difference_of_means(table):
    rated, found = table
    has = rated.photographs.index.isin(rated.sure.query("`class` == 'Dog'")["image"])
    for measure, ratings in {"presence": rated.network, "people": rated.people}.items():
        expected = ratings("valence")[has].mean() - ratings("valence")[~has].mean()
        assert found.loc[("Dog", "valence", measure), "value"] == pytest.approx(expected)
    assert found.loc[("Dog", "valence", "people"), ["photographs", "themes"]].tolist() == [30, 20]


def test_few_themes_have_a_mean_and_no_interval():
    boxes = [(place, "Dog", 0.9, LEFT) for place in range(4)]
    found = class_table(tiny_rated(30, boxes=boxes, each=1), NOTHING, ["Dog"])
    row = found.loc[("Dog", "valence", "contribution")]
    assert not np.isnan(row["value"]) and row[["low", "high", "q"]].isna().all()
    assert found.loc[("Dog", "valence", "covered")].drop(["photographs", "themes"]).isna().all()


def test_classes_that_go_together_are_found_and_others_are_not():
    rated, _ = many_classes(effect=2, noise=0.3)
    classes = rated.classes(12)
    found = measure_agreement(rated, NOTHING, classes, splits=20)
    together = found.loc[("valence", "beyond", "people")]
    assert together["classes"] == 16 and together["rho"] > 0.8 and together["holm"] < 0.05
    assert together["low"] <= together["rho"] <= together["high"]
    assert together["attainable"] > 0.8
    assert found.loc[("arousal", "beyond", "people"), "holm"] > 0.05
    assert found.loc[("valence", "covered", "people")].isna().any()
    assert len(found) == 2 * len(PAIRS) and (found["holm"].dropna() >= found["p"].dropna()).all()


def test_a_map_is_compared_with_a_flat_one_of_the_same_photographs():
    rated, _ = many_classes(effect=2, noise=0.3)
    found = measure_agreement(rated, NOTHING, rated.classes(12), splits=4)
    for (_, first, second), row in found.dropna(subset="over_flat").iterrows():
        flat = found["rho"].get((_, "flat", second))
        if flat is not None:
            assert row["over_flat"] == pytest.approx(row["rho"] - flat)
        assert row["over_flat_low"] <= row["over_flat"] + 1e-9 <= row["over_flat_high"] + 2e-9
        if first == "flat":
            assert row["over_flat"] == row["over_flat_low"] == row["over_flat_high"] == 0


def test_without_a_relation_one_family_in_twenty_has_a_find():
    finds = []
    for seed in range(40):
        rated, _ = many_classes(effect=0, noise=1, seed=seed, each=4)
        found = measure_agreement(rated, NOTHING, rated.classes(1), splits=2)
        people = found.xs("people", level="second").drop("presence", level="first")
        finds.append((people["holm"] < 0.05).any())
    assert np.mean(finds) <= 0.15


def test_a_measure_of_noise_is_not_reliable_and_a_planted_one_is():
    rated, _ = many_classes(effect=2, noise=2, each=12)
    values = class_values(rated, NOTHING, "valence", rated.classes(1))
    found = split_half(rated, values, 30, 0)
    assert found["contribution"] > 0.9 > found["people"]
    values = class_values(rated, NOTHING, "arousal", rated.classes(1))
    assert abs(split_half(rated, values, 30, 0)["people"]) < 0.7
    assert np.isnan(found["covered"])


def test_signs_are_compared_where_both_leave_0_out(table):
    _, found = table
    signs = sign_table(found)
    assert signs.loc[("valence", "beyond")].tolist() == [2, 2]
    assert signs.loc[("arousal", "beyond"), "both"] <= 1
    against = found.copy()
    dog = ("Dog", "valence", "beyond")
    against.loc[dog, ["value", "low", "high"]] = [-1, -2, -0.5]
    assert sign_table(against).loc[("valence", "beyond")].tolist() == [2, 1]


def test_other_confidences_count_other_boxes():
    boxes = [(place, f"class {place % 5}", 0.2 + place / 100, RIGHT) for place in range(60)]
    found = at_confidences(tiny_rated(boxes=boxes), [0.1, 0.7], 5)
    assert found["classes"].unstack("confidence").iloc[0].tolist() == [5, 0]
    assert found.loc[0.7, "rho"].isna().all() and found.loc[0.1, "rho"].notna().all()


def test_sentences_follow_the_tests():
    rated, _ = many_classes(effect=2, noise=0.3)
    classes = rated.classes(12)
    agreement = measure_agreement(rated, NOTHING, classes, splits=4)
    signs = sign_table(class_table(rated, NOTHING, classes))
    lines = agreement_in_words(agreement, signs)
    assert any("valence, beyond" in line and "goes with people" in line for line in lines)
    assert any("arousal, beyond" in line and "not shown" in line for line in lines)
