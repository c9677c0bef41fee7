"""How well ratings are read: known correlations, paired differences, the raters' ceiling."""

import numpy as np
import pytest
from tiny_rated import tiny_rated

from emocam_utils.photographs.reading import (
    ALL,
    calibration_table,
    ceiling_table,
    groups,
    reading_in_words,
    reading_table,
)


@pytest.fixture(scope="module")
def simulated():
    """400 photographs; the network has r .6 with people and says half of what it should."""
    rng = np.random.default_rng(2)
    true = rng.standard_normal((2, 400))
    read = 0.6 * true + 0.8 * rng.standard_normal((2, 400))
    cams = {
        name: np.broadcast_to(values[:, None, None], (400, 4, 5)).copy()
        for name, values in zip(("valence", "arousal"), 0.3 * read, strict=True)
    }
    people = dict(zip(("valence", "arousal"), 4 + true, strict=True))
    return tiny_rated(400, cams, people=people, each=2)


@pytest.fixture(scope="module")
def tables(simulated):
    ours = np.stack([simulated.network(d) for d in simulated.dimensions], axis=1)
    noise = np.random.default_rng(3).standard_normal(ours.shape)
    readers = {"network": ours, "noise": 4 + noise, "flat": np.full(ours.shape, 4.0)}
    return reading_table(simulated, readers), ceiling_table(simulated)


def test_the_measures_are_those_of_the_whole_table(simulated, tables):
    row = tables[0].loc[("network", "valence", ALL)]
    people, ours = simulated.people("valence"), simulated.network("valence")
    assert row["r"] == pytest.approx(np.corrcoef(people, ours)[0, 1])
    assert row["slope"] == pytest.approx(np.polyfit(ours, people, 1)[0])
    assert row["r2"] == pytest.approx(1 - ((people - ours) ** 2).mean() / people.var())
    for measure in ("r", "r2", "slope"):
        assert row[f"{measure}_low"] < row[measure] < row[f"{measure}_high"]
    assert row["r_low"] < 0.6 < row["r_high"] and row["slope_low"] < 2 < row["slope_high"]
    assert row["fold_low"] < row["r"] < row["fold_high"]


def test_a_reader_of_noise_is_behind_and_a_flat_one_is_not_defined(tables):
    noise = tables[0].loc[("noise", "arousal", ALL)]
    assert noise["r_low"] < 0 < noise["r_high"]
    assert noise["behind"] == pytest.approx(
        tables[0].loc[("network", "arousal", ALL), "r"] - noise["r"]
    )
    assert noise["behind_low"] > 0.3
    flat = tables[0].loc[("flat", "arousal", ALL)]
    assert flat[["r", "slope", "behind", "r_low"]].isna().all()
    assert np.isnan(tables[0].loc[("network", "arousal", ALL), "behind"])


def test_categories_are_apart(simulated, tables):
    inside = groups(simulated)["Animal"]
    row = tables[0].loc[("network", "valence", "Animal")]
    assert row["photographs"] == inside.sum() == 100
    r = np.corrcoef(simulated.people("valence")[inside], simulated.network("valence")[inside])
    assert row["r"] == pytest.approx(r[0, 1])


def test_the_ceiling_is_that_of_the_raters(tables):
    row = tables[1].loc[("valence", ALL)]
    variance = 1.0  # about that of the true ratings, whose noise is 1 / 100
    assert row["ceiling"] == pytest.approx(np.sqrt(1 - 0.01 / variance), abs=0.002)
    assert row["one_rater"] == pytest.approx(np.sqrt(1 / 2), abs=0.03)
    assert row["raters"] == 100


def test_tenths_rise_and_hold_all_photographs(simulated):
    table = calibration_table(simulated).loc["valence"]
    assert table["photographs"].tolist() == [40] * 10
    assert table["network"].is_monotonic_increasing
    assert (
        (table["people_low"] <= table["people"]) & (table["people"] <= table["people_high"])
    ).all()


def test_sentences_say_what_the_table_says(tables):
    line = reading_in_words(*tables)[0]
    own = tables[0].loc[("network", "valence", ALL)]
    assert f"r {own['r']:.2f}" in line and "better than the next reader, noise" in line
