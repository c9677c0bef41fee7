"""The table behind a slider counts exactly what `association` counts, for any thresholds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_association import slow_counts
from tiny_attention import CLASSES, LABELS, PRESET, tiny_attention

from emocam_utils.pipeline.counts import Tally, joined, part_of, sweep_table, threshold_sweep
from emocam_utils.pipeline.matrix import associate
from emocam_utils.widgets.cells import images_of_cell

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
    expected = slow_counts(attention)
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
        expected = slow_counts(replace(attention, preset=preset)).attended
        np.testing.assert_array_equal(tally.matrix(preset), expected)


def test_values_at_a_threshold_are_out_as_in_the_association():
    attention = tiny_attention(images=8, boxes=60)
    tally, boxes = Tally.of(attention), attention.boxes
    for value in attention.importances["mean"].dropna():
        preset = PRESET.model_copy(update={"threshold": value})
        expected = slow_counts(replace(attention, preset=preset)).attended
        np.testing.assert_array_equal(tally.matrix(preset), expected)
    for name in ("confidence", "probability"):
        for value in (boxes if name == "confidence" else attention.predictions)[name]:
            preset = PRESET.model_copy(update={name: float(value)})
            expected = slow_counts(replace(attention, preset=preset))
            np.testing.assert_array_equal(tally.counts(preset).present, expected.present)
            np.testing.assert_array_equal(tally.matrix(preset), expected.attended)


def test_images_behind_a_cell_are_those_it_counts_most_important_first():
    attention, tally = tiny_attention(), Tally.of(tiny_attention())
    matrix = associate(attention).matrix
    importance = attention.boxes.assign(value=attention.importances["mean"])
    for kind in CLASSES:
        for label in LABELS:
            images = images_of_cell(tally, (kind, label), PRESET)["attended"]
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
    np.testing.assert_array_equal(Tally.of(fewer).matrix(PRESET), slow_counts(fewer).attended)


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
    sweep = threshold_sweep(attention, PRESET, [0.05, 0.5, 2])
    for threshold, row in sweep.iterrows():
        moved = replace(attention, preset=PRESET.model_copy(update={"threshold": threshold}))
        pd.testing.assert_series_equal(
            row, associate(moved).percent.mean(axis=1), check_names=False
        )
    assert sweep.diff().dropna().le(0).all(axis=None)
    assert (sweep.loc[2] == 0).all()


@given(seed=st.integers(0, 3_000), parts=st.integers(1, 5))
@settings(max_examples=25)
def test_a_sweep_over_any_parts_is_that_of_the_whole(seed, parts):
    whole = tiny_attention(seed)
    of = np.random.default_rng(seed).integers(0, parts, 30)
    names = whole.predictions["image"].to_numpy()
    split = [part_of(whole, names[of == part]) for part in range(parts)]
    expected = threshold_sweep(whole, PRESET, [0.1, 0.4])
    pd.testing.assert_frame_equal(threshold_sweep(split, PRESET, [0.1, 0.4]), expected)


def test_parts_joined_again_count_the_same():
    whole = tiny_attention()
    names = whole.predictions["image"].to_numpy()
    parts = [part_of(whole, names[k::3]) for k in range(3)] + [part_of(whole, [])]
    again = joined(parts)
    assert len(again.boxes) == len(whole.boxes) and again.boxes.index.is_unique
    np.testing.assert_array_equal(Tally.of(again).matrix(PRESET), Tally.of(whole).matrix(PRESET))


def test_a_part_has_what_belongs_to_its_images_in_the_same_order():
    whole = tiny_attention()
    part = part_of(whole, {"i3.png", "i7.png"})
    assert part.predictions["image"].tolist() == ["i3.png", "i7.png"] == part.maps["image"].tolist()
    rows = whole.boxes["image"].isin(["i3.png", "i7.png"])
    assert len(part.boxes) == rows.sum() > 0
    np.testing.assert_array_equal(part.importances["mean"], whole.importances["mean"][rows])
    assert part.boxes.index.equals(part.importances.index) and part.labels == whole.labels


def test_a_table_of_sweeps_leaves_out_classes_that_are_never_attended():
    sweep = pd.DataFrame({"a": [9.0, 0], "d": [0.0, 0]}, pd.Index([0.1, 0.9], name="threshold"))
    table = sweep_table({"one": sweep})
    assert table.index.names == ["preset", "threshold", "class"]
    assert table["percent"].to_dict() == {("one", 0.1, "a"): 9.0, ("one", 0.9, "a"): 0.0}
