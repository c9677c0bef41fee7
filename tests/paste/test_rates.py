"""Rates of label changes, counted by hand."""

import numpy as np
import pandas as pd
import pytest

from emocam_utils.paste import rates
from emocam_utils.stats.intervals import wilson


def changes(rows) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["image", "label_before", "label"])
    return table.assign(
        changed=table["label"] != table["label_before"], object="ball", position=0, fill="object"
    )


def test_change_rates_count_by_hand():
    table = changes([("a", "Joy", "Fear"), ("b", "Joy", "Awe"), ("c", "Joy", "Joy"),
                     ("d", "Awe", "Fear")])  # fmt: skip
    row = rates.change_rates(table, ["object", "position"]).loc["ball", 0]
    assert (row["n"], row["changed"], row["share"]) == (4, 3, 0.75)
    assert (row["top"], row["top_share"]) == ("Fear", 2 / 3)
    # Wilson by hand: (3 + z^2 / 2 -+ z sqrt(3 * 1 / 4 + z^2 / 4)) / (4 + z^2), z = 1.959964
    z = 1.959964
    middle, half = 3 + z * z / 2, z * np.sqrt(3 * 1 / 4 + z * z / 4)
    np.testing.assert_allclose(
        [row["low"], row["high"]], [(middle - half) / (4 + z * z), (middle + half) / (4 + z * z)],
        rtol=1e-5,
    )  # fmt: skip
    none = rates.change_rates(changes([("a", "Joy", "Joy")]), ["object"]).loc["ball"].iloc[0]
    assert none["top"] == "" and none["share"] == 0


def test_letters_are_the_labels_own_where_they_can_be():
    given = rates.letters(["Adoration", "Awe", "Excitement", "Aw", "A"])
    assert given == {"Adoration": "A", "Awe": "W", "Excitement": "E", "Aw": "B", "A": "C"}


def test_transitions_are_percent_of_the_row():
    table = changes([("a", "Joy", "Fear"), ("b", "Joy", "Joy"), ("c", "Fear", "Fear")])
    percent = rates.transitions(table, ["Awe", "Fear", "Joy"]).loc["ball"]
    assert percent.loc["Joy"].tolist() == [0, 50, 50] and percent.loc["Fear", "Fear"] == 100
    assert percent.loc["Awe"].isna().all()


def test_an_interval_over_images_is_wider_than_one_over_variants():
    images = pd.Series(np.repeat(np.arange(20), 50))
    hits = np.repeat(np.arange(20) % 2, 50)  # an image's variants all agree
    value, low, high = rates.mean_over_images(hits, images)
    below, above = wilson(hits.sum(), len(hits))
    assert value == 0.5 and high - low > 3 * (above - below)


def test_controls_are_compared_image_by_image():
    rows = [
        (image, "head", fill, "ball", changed)
        for image, object_changed, grey_changed in (("a", 1, 0), ("b", 1, 1), ("c", 1, 0))
        for fill, changed in (("object", object_changed), ("grey", grey_changed))
    ]
    table = pd.DataFrame(rows, columns=["image", "target", "fill", "object", "changed"])
    found = rates.control_rates(table).set_index("fill")
    assert found.loc["object", "share"] == 1 and found.loc["object", "more"] == 0
    np.testing.assert_allclose(found.loc["grey", ["share", "more"]].astype(float), [1 / 3, 2 / 3])
    assert found.loc["grey", "images"] == 3
    assert rates.control_rates(table.iloc[:0]).empty


def test_focus_relation_by_hand():
    table = pd.DataFrame(
        {
            "image": list("abcd"), "changed": [True, True, False, False],
            "share": [0.9, 0.7, 0.2, np.nan], "share_before": [0.1, 0.1, 0.1, 0.1],
            "probability_before": [0.9, 0.9, 0.9, 0.9], "old_after": [0.0, 0.2, 0.8, 0.8],
        }
    )  # fmt: skip
    value = rates.focus_relation(table).set_index("statement")["value"]
    assert value["shift where the label changed"] == pytest.approx(0.7)
    assert value["shift where it did not"] == pytest.approx(0.1)
    assert value["difference of the two"] == pytest.approx(0.6)
    assert value.iloc[-1] == pytest.approx(1)  # the empty map is left out
    assert rates.focus_relation(table)["n"].unique().tolist() == [3]


def test_the_most_dramatic_example_changed():
    table = changes([("a", "Joy", "Fear"), ("b", "Joy", "Joy"), ("c", "Joy", "Awe")])
    table = table.assign(
        probability_before=[0.6, 1, 0.9], old_after=[0.3, 0, 0.1], new_before=0.0,
        probability=[0.7, 1, 0.8],
    )  # fmt: skip
    assert rates.most_dramatic(table)["image"] == "c"
    assert rates.most_dramatic(table, ["a", "b"])["image"] == "a"
    assert rates.most_dramatic(table[table["image"] == "b"]) is None


def test_the_papers_counts_stand_beside_ours():
    rows = [("a", "Joy", "Excitement"), ("b", "Joy", "Joy"), ("c", "Joy", "Awe")]
    table = pd.concat([changes(rows[:2]), changes(rows[2:]).assign(position=1)])
    known = pd.concat([table, table.assign(object="rugby ball")])
    found = rates.change_rates(known, ["object", "position"])
    beside = rates.rates_beside_paper(found, ["Awe", "Excitement", "Joy"])
    assert beside["mostly to Excitement"].tolist() == ["1 of 2", "1 of 2"]
    assert beside["the same in the paper"].tolist() == ["not tried", "4 of 17"]
    assert beside["label changed (%)"].tolist() == [66.7, 66.7]
    assert beside["least (%)"].tolist() == [50.0, 50.0]
    unknown = rates.rates_beside_paper(found, ["Awe", "Joy"])  # "0 of 2" would say nothing
    assert list(unknown.columns) == ["label changed (%)", "least (%)", "most (%)"]


def test_the_words_are_those_of_the_tables():
    table = changes([("a", "Joy", "Fear"), ("b", "Joy", "Joy"), ("c", "Joy", "Joy")])
    found = rates.change_rates(table, ["object", "position"])
    controls = pd.DataFrame({"fill": ["object", "grey", "blur"], "more_low": [0.0, 0.1, -0.1]})
    said = rates.rates_in_words(found, controls)
    assert said.startswith("A pasted object changed the label of 33% of the images (the ball). On ")
    assert "in 1 of 2 comparisons" in said
    assert rates.rates_in_words(found, controls[:0]).endswith("(the ball).")
