"""What README and findings say of OASIS is what the committed tables say."""

import re

import pandas as pd
import pytest

from emocam_utils import paths

FIGURES = paths.ROOT / "figures" / "oasis"


def table_of(name):
    if not (FIGURES / name).is_file():
        pytest.skip(f"{name} is not committed")
    return pd.read_csv(FIGURES / name)


@pytest.fixture(scope="module")
def readme():
    files = paths.ROOT / "README.md", paths.ROOT / "docs" / "findings.md"
    return " ".join(" ".join(file.read_text(encoding="utf-8") for file in files).split())


def test_cells_and_dots_of_the_association(readme):
    table = table_of("fig2_association.csv")[["paper_p", "corrected_p"]]
    assert table.notna().sum().eq(252).all() and "none of 252 cells is attended" in readme
    assert not (table < 0.05).any(axis=None)


def test_how_well_ratings_are_read(readme):
    table = table_of("ratings_readers.csv").set_index(["reader", "dimension", "group"])["r"]
    said = re.search(r"r = (\.\d+) and (\.\d+) on themes not seen", readme)
    for text, dimension in zip(said.groups(), ("valence", "arousal"), strict=True):
        assert float(text) == pytest.approx(table["network", dimension, "all"], abs=0.005)


def test_what_goes_with_peoples_ratings(readme):
    table = table_of("classes_agreement.csv").set_index(["dimension", "first", "second"])
    said = re.search(
        r"ρ (\.\d+) and (\.\d+) \(valence, arousal; (\d+) classes\).*?"
        r"a flat one, which knows no place, has (\.\d+) and (\.\d+)",
        readme,
    )
    numbers = {"beyond": said.groups()[:2], "flat": said.groups()[3:]}
    for first, texts in numbers.items():
        for text, dimension in zip(texts, ("valence", "arousal"), strict=True):
            row = table.loc[(dimension, first, "people")]
            assert float(text) == pytest.approx(row["rho"], abs=0.0051)
            assert row["classes"] == int(said[3])
    beyond = table.xs(("beyond", "people"), level=("first", "second"))
    assert (beyond["over_flat_low"] < 0).all(), "not more than a flat map"
