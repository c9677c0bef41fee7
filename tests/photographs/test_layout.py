"""Size, place and people: planted density, and what is said of photographs with people."""

import numpy as np
import pytest
from tiny_rated import CELLS, LEFT, dogs_and_cars, tiny_rated

from emocam_utils.photographs.layout import (
    centre_table,
    density_table,
    layout_in_words,
    object_table,
    people_in_words,
    people_table,
)

SMALL = (0, 0, 5, 5)  # 1 % of the photograph, in a corner
WHOLE = (0, 0, 50, 40)


@pytest.fixture(scope="module")
def objects():
    """Small boxes in a corner, whose cell has three times the evidence, and boxes of everything."""
    cams = {name: np.ones((40, *CELLS)) for name in ("valence", "arousal")}
    cams["valence"][:, 0, 0] = -3
    boxes = [(place, "Dog", 0.9, SMALL if place % 2 else WHOLE) for place in range(40)]
    return object_table(tiny_rated(40, cams, boxes, each=2))


def test_density_is_evidence_over_that_of_the_photograph(objects):
    small, whole = objects[objects["area"] < 0.1], objects[objects["area"] > 0.9]
    assert small["valence"].to_numpy() == pytest.approx(3 / (22 / 20))
    assert whole["valence"].to_numpy() == pytest.approx(1)
    assert objects["arousal"].to_numpy() == pytest.approx(1)
    assert small["area"].to_numpy() == pytest.approx(25 / 2000)
    assert small["distance"].to_numpy() == pytest.approx(2 * (0.5 - 2.5 / 50))
    assert whole["distance"].to_numpy() == pytest.approx(0)


def test_boxes_are_grouped_by_size_and_place(objects):
    table = density_table(objects, ("valence", "arousal"))
    size = table.loc[("valence", "size")]
    assert size["objects"].tolist() == [20, 0, 0, 20]
    assert size.loc["below 2 %", "low"] > 2 and size.loc["above 30 %", "density"] == 1
    assert size.loc["2 to 10 %"].drop(["objects", "themes"]).isna().all()
    place = table.loc[("valence", "place")]
    assert place.loc["outer third", "density"] == pytest.approx(3 / 1.1)
    assert place["objects"].sum() == len(objects)


def test_the_middle_is_denser_where_the_evidence_is():
    cams = {name: np.ones((20, 13, 16)) for name in ("valence", "arousal")}
    cams["valence"][:, 5:8, 6:10] = -9
    table = centre_table(tiny_rated(20, cams))
    assert (
        table.loc["valence", "density"].iloc[0] > 3 > 1 > table.loc["valence", "density"].iloc[-1]
    )
    assert table.loc["arousal", "density"].to_numpy() == pytest.approx(1)
    assert table.loc["valence", "distance"].is_monotonic_increasing
    coarse = centre_table(tiny_rated(20)).loc["valence", "density"]
    assert np.isnan(coarse.iloc[0]) and not np.isnan(coarse.iloc[4]), "no cell lies there"


def test_people_are_compared_with_the_network():
    boxes = [(place, "Person", 0.9, LEFT) for place in range(0, 60, 2)]
    rated = tiny_rated(60, boxes=boxes)
    with_people = np.arange(60) % 2 == 0
    rated.photographs["valence"] += 1.0 * with_people
    row = people_table(rated).loc[("valence", "with a person")]
    ours = rated.network("valence")[with_people]
    assert row["photographs"] == 30 and row["network"] == pytest.approx(ours.mean())
    assert row["bias"] == pytest.approx(-1, abs=0.15) and row["bias_high"] < 0
    assert row["r"] == pytest.approx(np.corrcoef(ours, rated.people("valence")[with_people])[0, 1])
    face = people_table(rated).loc[("valence", "with a face")]
    assert face["photographs"] == 0 and face[["people", "bias", "r"]].isna().all()


def test_sentences_follow_the_tables(objects):
    line = layout_in_words(density_table(objects, ("valence",)))[0]
    assert "below 2 % 2.73" in line and "1 of 2 differ from 1" in line
    table = people_table(dogs_and_cars(), {"a dog": ("Dog",)})
    assert "people do" in people_in_words(table)[0]
    table[["bias_low", "bias_high"]] = [0.1, 0.3]
    assert "rated above people" in people_in_words(table)[0]
