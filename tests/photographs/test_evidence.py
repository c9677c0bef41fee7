"""Where evidence lies: planted in boxes or outside, floors of noise and of other boxes."""

import numpy as np
import pytest
from tiny_rated import CELLS, LEFT, tiny_rated

from emocam_utils.photographs.evidence import (
    evidence_in_words,
    evidence_table,
    noise_like,
    outside_shares,
    part_table,
)


def planted(inside, count=200):
    """Photographs with a box at the left; valence varies in it, or in the rest."""
    rng = np.random.default_rng(0)
    cams = 0.01 * rng.standard_normal((count, *CELLS))
    strength = rng.standard_normal(count)[:, None, None]
    boxed = np.arange(count) % 2 == 0
    where = np.zeros((count, *CELLS), dtype=bool)
    where[boxed, :, :2] = True
    cams += np.where(where == inside, strength, 0)
    boxes = [(place, "Dog", 0.9, LEFT) for place in np.flatnonzero(boxed)]
    maps = {"valence": cams, "arousal": rng.standard_normal(cams.shape)}
    return tiny_rated(count, maps, boxes, each=2)


def test_shares_are_sums_outside():
    cams = np.array([[[1.0, -3.0], [2.0, 0.0]]])
    cover = np.array([[[1.0, 0.5], [0.0, 0.0]]])
    found = outside_shares(cams, cover)
    expected = {"area": 2.5 / 4, "mass": 3.5 / 6, "raises": 2 / 3, "lowers": 1 / 2}
    assert {name: value[0] for name, value in found.items()} == pytest.approx(expected)
    assert np.isnan(outside_shares(np.zeros((1, 2, 2)), cover)["mass"]).all()


def test_planted_evidence_is_found_where_it_is():
    inside, outside = (evidence_table(planted(where)).loc["valence"] for where in (True, False))
    assert inside.loc["area", "share"] == outside.loc["area", "share"] == pytest.approx(0.8)
    assert inside.loc["mass", "high"] < 0.8 < outside.loc["mass", "low"]
    assert inside.loc["variance", "share"] < 0.1 and outside.loc["variance", "share"] > 0.9
    assert inside.loc["mass", "noise"] == pytest.approx(0.8, abs=0.03)
    assert inside.loc["variance", "others"] > inside.loc["variance", "high"]
    assert inside.loc["mass", "gain_low"] > 0 > outside.loc["mass", "gain_high"]
    assert inside.loc["area", "gain"] == pytest.approx(0, abs=1e-9)


def test_evidence_that_is_anywhere_is_at_its_floors():
    table = evidence_table(planted(True)).loc["arousal"]
    for name in ("mass", "raises", "lowers"):
        row = table.loc[name]
        assert row["gain_low"] <= 0 <= row["gain_high"]
        assert row["share"] == pytest.approx(row["noise"], abs=0.05)


def test_noise_has_the_maps_mean_and_spread_and_nothing_else():
    cams = np.random.default_rng(1).normal(2, 3, (5, 13, 16))
    noise = noise_like(cams, np.random.default_rng(0))
    np.testing.assert_allclose(noise.mean((1, 2)), cams.mean((1, 2)))
    np.testing.assert_allclose(noise.std((1, 2)), cams.std((1, 2)))
    assert abs(np.corrcoef(noise.ravel(), cams.ravel())[0, 1]) < 0.2
    many = noise_like(
        np.random.default_rng(1).normal(0, 1, (2000, 13, 16)), np.random.default_rng(0)
    )
    strength = (many**2).mean(axis=0)
    assert strength.max() / strength.min() < 1.3, "no stronger at the edges"


def test_parts_add_up_and_the_planted_one_carries():
    table = part_table(planted(True)).loc["valence"]
    assert table.loc["boxes", "carried"] + table.loc["rest", "carried"] == pytest.approx(1)
    assert table.loc["boxes", "network"] > 0.9 and np.isnan(table.loc["area", "carried"])


def test_a_sum_goes_with_ratings_beyond_other_boxes_only_where_it_is_planted():
    inside, outside = (part_table(planted(where)).loc["valence"] for where in (True, False))
    assert inside.loc["boxes", "gain_low"] > 0 > outside.loc["boxes", "gain_high"]
    anywhere = part_table(planted(True)).loc[("arousal", "boxes")]
    assert anywhere["gain_low"] <= 0 <= anywhere["gain_high"]
    assert inside.loc["boxes", "gain"] == pytest.approx(
        inside.loc["boxes", "people"] - inside.loc["boxes", "others"]
    )


def test_without_a_box_everything_lies_in_none():
    rated = tiny_rated(20)
    np.testing.assert_allclose(evidence_table(rated)["share"], 1)
    assert np.isnan(part_table(rated).loc[("valence", "boxes"), "network"])


def test_sentences_follow_the_tables():
    for where, words in ((True, "boxes hold more"), (False, "boxes hold less")):
        rated = planted(where)
        assert words in evidence_in_words(evidence_table(rated), part_table(rated))[0]
