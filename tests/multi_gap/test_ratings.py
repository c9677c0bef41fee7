"""Multi-GAP over a real backbone: readers, controls and verdicts."""

import numpy as np
import pandas as pd
import pytest

from emocam_utils.multi_gap import looking_plots, ratings

READERS = ("block 1 alone", "last block", "all blocks", "last block and noise",
           "all blocks, 64 each", "last block, as many")  # fmt: skip


@pytest.fixture
def blocks():
    rng = np.random.default_rng(0)
    return [rng.standard_normal((300, c)) for c in (16, 24, 32, 96, 200)]


def test_readers_have_the_columns_that_they_say(blocks):
    found = ratings.readers(blocks)
    columns = {name: x.shape[1] for name, x in found.items()}
    assert set(READERS) <= set(columns)
    assert columns["all blocks"] == 368 == columns["last block and noise"]
    assert columns["blocks 1-3"] == 72
    assert (
        columns["all blocks, 64 each"] == 16 + 24 + 32 + 64 + 64 == columns["last block, as many"]
    )
    np.testing.assert_array_equal(found["all blocks"][:, 16:40], blocks[1])
    noise = found["last block and noise"][:, 200:]
    between = np.corrcoef(noise.T, np.hstack(blocks).T)[:168, 168:]
    assert np.abs(between).max() < 0.35


def test_components_keep_what_varies_most():
    rng = np.random.default_rng(1)
    shared = rng.standard_normal((200, 1))
    features = np.hstack([shared + 0.1 * rng.standard_normal((200, 5)), rng.random((200, 1))])
    first = ratings._components(features, 1)
    assert abs(np.corrcoef(first[:, 0], shared[:, 0])[0, 1]) > 0.99
    assert ratings._components(features, 64).shape == (200, 6)


def table(more, low, high):
    row = {"reader": "all blocks", "columns": 9, "dimension": "valence", "measure": "r",
           "value": 0.5, "low": 0.4, "high": 0.6, "less": "last block",
           "more": more, "more low": low, "more high": high}  # fmt: skip
    return pd.DataFrame([row, {**row, "reader": "last block", "more": np.nan}])


def test_verdicts_follow_the_interval():
    assert "helps" in ratings.verdicts(table(0.1, 0.05, 0.2))[0]
    assert "harms" in ratings.verdicts(table(-0.1, -0.2, -0.05))[0]
    said = ratings.verdicts(table(0.1, -0.05, 0.2))
    assert len(said) == 1 and "makes no clear difference (+0.100 [-0.050, +0.200])" in said[0]


def test_the_shipped_table_is_of_all_readers_and_intervals_hold_their_values():
    shipped = ratings.shipped_reading()
    assert set(READERS) <= set(shipped["reader"])
    assert (shipped["low"] <= shipped["value"]).all() and (
        shipped["value"] <= shipped["high"]
    ).all()
    assert len(ratings.verdicts(shipped)) == 5 * len(ratings.PAIRS)


@pytest.mark.filterwarnings("error")
def test_the_figure_takes_any_table():
    shipped = ratings.shipped_reading()
    for some in (shipped, shipped.iloc[:0], shipped.assign(value=np.nan, low=np.nan)):
        looking_plots.reading_figure(some).canvas.draw()
