"""The verdict is that of the tables; plots draw whole, empty and undefined tables."""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
from tiny_rated import CATEGORIES, NOTHING, covered_by, dogs_and_cars, many_classes, tiny_rated

from emocam_utils import photographs
from emocam_utils.photographs import plots
from emocam_utils.photographs.classes import class_table


def tables_of(rated, covered, least=1):
    ours = np.stack([rated.network(d) for d in rated.dimensions], axis=1)
    noise = np.random.default_rng(0).standard_normal(ours.shape)
    by_class = class_table(rated, covered, rated.classes(least))
    objects = photographs.object_table(rated)
    return {
        "reading": photographs.reading_table(rated, {"network": ours, "colour": noise}),
        "ceilings": photographs.ceiling_table(rated),
        "calibration": photographs.calibration_table(rated),
        "by_class": by_class,
        "agreement": photographs.measure_agreement(rated, covered, rated.classes(least), 4),
        "signs": photographs.sign_table(by_class),
        "evidence": photographs.evidence_table(rated),
        "parts": photographs.part_table(rated),
        "density": photographs.density_table(objects, rated.dimensions),
        "centre": photographs.centre_table(rated),
        "people": photographs.people_table(rated),
    }


@pytest.fixture(scope="module")
def tables():
    rated, _ = many_classes(effect=2, noise=0.3)
    return tables_of(rated, NOTHING)


ASKED = ("reading", "ceilings", "evidence", "parts", "agreement", "signs")


def test_the_verdict_is_judged_from_the_tables(tables):
    verdict = photographs.verdict_table(*(tables[name] for name in ASKED))
    valence = verdict.loc["valence"]["holds"]
    assert valence["classes: what the map gives goes with people's ratings"]
    assert not valence["classes: covering goes with people's ratings"], "it was not measured"
    for low in (-0.1, 0.1):
        evidence = tables["evidence"].assign(gain_low=low)
        judged = photographs.verdict_table(
            *({**tables, "evidence": evidence}[name] for name in ASKED)
        )
        held = judged.xs("boxes hold more evidence than other photographs' boxes", level="question")
        assert held["holds"].eq(low > 0).all()
    lines = photographs.verdict_in_words(tables["reading"], verdict)
    assert "by its map go with people's ratings" in lines[0]
    assert "they are not shown to go with what covering takes, not more" in lines[0]
    for change in ({"holm": 1.0}, {"low": -0.1}):
        changed = tables["agreement"].assign(**change)
        other = photographs.verdict_table(
            *({**tables, "agreement": changed}[name] for name in ASKED)
        )
        assert not other.loc["valence"]["holds"].filter(like="classes: what the map gives").any()
        said = photographs.verdict_in_words(tables["reading"], other)[0]
        assert "by its map are not shown to go" in said


def test_a_flat_map_that_says_the_same_takes_the_place_from_a_find(tables):
    question = "classes: the map goes with people's ratings more than a flat one"
    for low in (-0.1, 0.1):
        agreement = tables["agreement"].assign(over_flat_low=low)
        judged = photographs.verdict_table(
            *({**tables, "agreement": agreement}[name] for name in ASKED)
        )
        assert judged.loc[("valence", question), "holds"] == (low > 0)
        said = photographs.verdict_in_words(tables["reading"], judged)[0]
        assert ("ratings, not more than" in said) == (low < 0)


def test_few_signs_that_agree_are_a_coins(tables):
    signs = tables["signs"].copy()
    for both, same, holds in ((3, 3, False), (5, 5, True), (9, 8, False)):
        signs.loc[("valence", "beyond"), ["both", "same"]] = both, same
        judged = photographs.verdict_table(*({**tables, "signs": signs}[name] for name in ASKED))
        assert judged.loc[("valence", "classes: the map's sign is people's"), "holds"] == holds


def drawn(tables):
    """Every figure; a warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figures = [
            plots.reading_figure(tables["calibration"], tables["reading"]),
            plots.readers_figure(tables["reading"], tables["ceilings"]),
            plots.classes_figure(tables["by_class"], 12),
            plots.agreement_figure(tables["by_class"], tables["agreement"], 2),
            plots.evidence_figure(tables["evidence"]),
            plots.layout_figure(tables["density"], tables["centre"]),
            plots.people_figure(tables["people"]),
        ]
        for figure in figures:
            figure.canvas.draw()
            plt.close(figure)
    return figures


def test_plots_of_a_whole_table(tables):
    figures = drawn(tables)
    names = [label.get_text() for label in figures[1].axes[0].get_yticklabels()]
    assert any("network  (192)" in name for name in names)
    assert [name for name in names if any(kind in name for kind in CATEGORIES)]


def test_points_lie_at_their_values():
    rated = dogs_and_cars()
    covered = covered_by(rated, "Dog", 0.5)
    table = class_table(rated, covered, ["Dog", "Car"])
    figure = plots.classes_figure(table, 1)
    axes = dict(zip(plots.SHOWN, figure.axes, strict=True))
    drawn_at = {x for line in axes["beyond"].lines for x in np.atleast_1d(line.get_xdata())}
    for dimension in rated.dimensions:
        for value in table.xs((dimension, "beyond"), level=("dimension", "measure"))["value"]:
            assert any(abs(value - x) < 1e-9 for x in drawn_at)
    plt.close(figure)


@pytest.mark.parametrize("rated", [tiny_rated(24), tiny_rated(4, each=1)], ids=["no box", "four"])
def test_plots_of_nothing_say_so(rated):
    drawn(tables_of(rated, NOTHING))


def test_plots_of_numbers_that_are_not_known(tables):
    unknown = {}
    for name, table in tables.items():
        unknown[name] = table.copy()
        floats = table.select_dtypes(float).columns
        unknown[name][floats] = np.nan
    drawn(unknown)
