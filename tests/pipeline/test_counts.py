"""The table behind a slider counts exactly what `association` counts, for any thresholds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_attention import CLASSES, LABELS, PRESET, tiny_attention

from emocam_utils.pipeline.counts import Tally, sweep_table, sweep_words, threshold_sweep
from emocam_utils.pipeline.matrix import associate

UNIT = st.floats(0, 1)


@given(
    seed=st.integers(0, 3_000), threshold=st.floats(0, 1.6), confidence=UNIT, probability=UNIT,
    score=st.sampled_from(["mean", "share"]), ambiguity=st.booleans(),
)  # fmt: skip
@settings(max_examples=60)
def test_counts_equal_those_of_the_association(
    seed, threshold, confidence, probability, score, ambiguity
):
    preset = PRESET.model_copy(
        update={
            "importance": score,
            "threshold": threshold,
            "confidence": confidence,
            "probability": probability,
        }
    )
    attention = replace(tiny_attention(seed, ambiguity=ambiguity), preset=preset)
    expected = associate(attention).counts
    counts = Tally.of(attention).counts(preset)
    np.testing.assert_array_equal(counts.attended, expected.attended)
    np.testing.assert_array_equal(counts.present, expected.present)
    np.testing.assert_array_equal(counts.images, expected.images)


def test_moving_sliders_there_and_back_leaves_no_trace():
    """What is kept from one move to the next must not be taken for another setting."""
    tally, attention = Tally.of(tiny_attention()), tiny_attention()
    rng = np.random.default_rng(0)
    values = {
        k: rng.choice([0.1, 0.3, 0.6], 60) for k in ("threshold", "confidence", "probability")
    }
    values["importance"] = rng.choice(["mean", "share"], 60)
    for move in range(60):
        preset = PRESET.model_copy(update={k: v[move].item() for k, v in values.items()})
        expected = associate(replace(attention, preset=preset)).matrix
        assert tally.frame(tally.matrix(preset)).equals(expected)


def test_values_at_a_threshold_are_out_as_in_the_association():
    attention = tiny_attention(images=8, boxes=60)
    tally, boxes = Tally.of(attention), attention.boxes
    for value in attention.importances["mean"].dropna():
        preset = PRESET.model_copy(update={"threshold": value})
        expected = associate(replace(attention, preset=preset)).matrix.to_numpy()
        np.testing.assert_array_equal(tally.matrix(preset), expected)
    for name in ("confidence", "probability"):
        for value in (boxes if name == "confidence" else attention.predictions)[name]:
            preset = PRESET.model_copy(update={name: float(value)})
            expected = associate(replace(attention, preset=preset)).counts
            np.testing.assert_array_equal(tally.counts(preset).present, expected.present)
            np.testing.assert_array_equal(tally.matrix(preset), expected.attended)


def test_images_behind_a_cell_are_those_it_counts_most_important_first():
    attention, tally = tiny_attention(), Tally.of(tiny_attention())
    matrix = associate(attention).matrix
    importance = attention.boxes.assign(value=attention.importances["mean"])
    for kind in CLASSES:
        for label in LABELS:
            images = tally.images_behind((kind, label), PRESET)
            assert len(images) == len(set(images)) == matrix.loc[kind, label]
            ours = importance[(importance["class"] == kind) & (importance["confidence"] > 0.1)]
            best = ours.groupby("image")["value"].max()
            assert best[images].is_monotonic_decreasing and (best[images] > 0.3).all()


def test_a_corpus_without_boxes_counts_zero():
    attention = tiny_attention()
    empty = replace(attention, boxes=attention.boxes[:0], importances=attention.importances[:0])
    tally = Tally.of(empty)
    assert (tally.matrix(PRESET) == 0).all() and tally.images_per_label(PRESET).sum() > 0


def test_boxes_of_images_without_a_prediction_are_left_out():
    attention = tiny_attention()
    fewer = replace(attention, predictions=attention.predictions[5:])
    np.testing.assert_array_equal(
        Tally.of(fewer).matrix(PRESET), associate(fewer).matrix.to_numpy()
    )


def test_unknown_names_are_errors():
    attention = tiny_attention()
    with pytest.raises(ValueError, match="unknown class: Tree"):
        Tally.of(replace(attention, classes=("Dog", "Man")))
    with pytest.raises(ValueError, match="unknown label: Awe"):
        Tally.of(replace(attention, labels=("Joy",)))
    with pytest.raises(KeyError, match=r"no score 'share' here; there are: mean"):
        Tally.of(attention, ["mean"]).matrix(PRESET.model_copy(update={"importance": "share"}))


def test_sweep_is_the_order_of_fig_2_at_every_threshold():
    attention = tiny_attention()
    sweep = threshold_sweep(Tally.of(attention), PRESET, [0.05, 0.5, 2])
    for threshold, row in sweep.iterrows():
        moved = replace(attention, preset=PRESET.model_copy(update={"threshold": threshold}))
        pd.testing.assert_series_equal(
            row, associate(moved).percent.mean(axis=1), check_names=False
        )
    assert sweep.diff().dropna().le(0).all(axis=None)
    assert (sweep.loc[2] == 0).all()


def test_bytes_are_those_of_all_arrays():
    small, large = (Tally.of(tiny_attention(boxes=n)).nbytes for n in (100, 10_000))
    assert 8 * 9_900 < large - small < 60 * 9_900


def test_words_of_a_sweep_count_only_classes_that_are_attended():
    sweep = pd.DataFrame({"a": [9.0, 0], "b": [8.0, 1], "c": [7.0, 2], "d": [0.0, 0]}, [0.1, 0.9])
    assert sweep_words(sweep, 2) == (
        "Of the 2 classes of highest mean at a threshold of 0.1, 1 are still among the 2 at 0.9, "
        "where 2 classes are left."
    )
    gone = sweep_words(sweep.assign(b=[8, 0], c=[7, 0]), 10)
    assert "Of the 3 classes" in gone and "0 are still" in gone and "0 classes are left" in gone


def test_a_table_of_sweeps_leaves_out_classes_that_are_never_attended():
    sweep = pd.DataFrame({"a": [9.0, 0], "d": [0.0, 0]}, pd.Index([0.1, 0.9], name="threshold"))
    table = sweep_table({"one": sweep})
    assert table.index.names == ["preset", "threshold", "class"]
    assert table["percent"].to_dict() == {("one", 0.1, "a"): 9.0, ("one", 0.9, "a"): 0.0}
