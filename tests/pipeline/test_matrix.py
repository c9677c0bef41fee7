"""M_A, M'_A and what is read from them, against the definition."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from slow_association import association_percent, slow_counts
from tiny_attention import CLASSES, LABELS, PRESET, tiny_attention

from emocam_utils.pipeline.counts import part_of
from emocam_utils.pipeline.matrix import (
    associate,
    both_presets,
    class_counts,
    label_counts,
    most_prominent,
)


@given(seed=st.integers(0, 3_000), ambiguity=st.booleans())
def test_an_association_is_what_its_attention_says(seed, ambiguity):
    attention = tiny_attention(seed, ambiguity=ambiguity)
    found, expected = associate(attention), slow_counts(attention)
    assert (found.matrix.to_numpy() == expected.attended).all()
    assert tuple(found.matrix.index) == CLASSES and tuple(found.matrix.columns) == LABELS
    assert found.images.to_dict() == dict(zip(LABELS, expected.images, strict=True))
    percent = association_percent(found.matrix, found.images)
    np.testing.assert_allclose(found.percent, percent)
    assert found.percent["Fear"].isna().all() and (found.percent.loc["Knife"].dropna() == 0).all()


@given(seed=st.integers(0, 3_000), parts=st.integers(1, 6))
def test_associations_of_any_parts_add_up_to_the_whole(seed, parts):
    whole = tiny_attention(seed, ambiguity=seed % 2 == 0)
    of = np.random.default_rng(seed).integers(0, parts, 30)
    names = whole.predictions["image"].to_numpy()
    summed = associate(part_of(whole, names[of == part]) for part in range(parts))
    alone = associate(whole)
    for name in ("attended", "present", "images"):
        np.testing.assert_array_equal(getattr(summed.counts, name), getattr(alone.counts, name))
    assert summed.words() == alone.words()
    pd.testing.assert_frame_equal(summed.adjusted_p, alone.adjusted_p)


def test_what_is_no_part_of_the_same_is_not_added():
    one, other = associate(tiny_attention()), associate(tiny_attention(ambiguity=True))
    with pytest.raises(ValueError, match="no parts of one corpus: they differ in rated"):
        _ = one + other


def test_the_words_count_images_and_empty_maps():
    attention = tiny_attention()
    attention.maps.loc[:4, "empty"] = True
    words = associate(attention).words()
    counted = (attention.predictions["probability"] > PRESET.probability).sum()
    assert f"{counted} of 30 images above probability 0.5, 5 empty maps" in words


def test_both_presets_have_each_cell_with_its_interval():
    result = associate(tiny_attention())
    both = both_presets(result, result)
    assert len(both) == len(CLASSES) * len(LABELS)
    row, images = both.loc[("Dog", "Joy")], int(result.images["Joy"])
    hits = int(result.matrix.loc["Dog", "Joy"])
    ends = binomtest(hits, images).proportion_ci(method="wilson")
    assert row["paper_images"] == hits and row["paper_percent"] == 100 * hits / images
    assert row["paper_low"] == pytest.approx(100 * ends.low)
    assert row["corrected_high"] == pytest.approx(100 * ends.high)
    assert both.loc[(slice(None), "Fear"), "paper_percent"].isna().all()


def test_presence_alone_is_what_it_would_be_if_every_box_were_attended():
    attention = tiny_attention()
    lavish = attention.preset.model_copy(update={"threshold": 0.0})
    known = replace(attention, preset=lavish, importances=attention.importances.fillna(1) + 1)
    expected = associate(known)
    found = associate(attention).presence_alone
    pd.testing.assert_frame_equal(found.matrix, expected.matrix)
    assert (found.matrix > associate(attention).matrix).any(axis=None)


def test_most_prominent_orders_by_mean_and_leaves_out_what_never_occurs():
    columns = {"Joy": [10.0, 50.0, 0.0], "Awe": [40.0, 20.0, 0.0], "Fear": [np.nan] * 3}
    percent = pd.DataFrame(columns, index=["Dog", "Tree", "Man"])
    assert most_prominent(percent).index.tolist() == ["Tree", "Dog"]
    assert most_prominent(percent, 1).index.tolist() == ["Tree"]


def test_counts_by_hand():
    boxes = pd.DataFrame(
        {"image": ["a", "a", "b"], "class": ["Dog", "Dog", "Dog"], "confidence": [0.5, 0.2, 0.05]}
    )
    assert class_counts(boxes, 0.1).loc["Dog"].tolist() == [2, 1]
    truth = pd.DataFrame({"image": ["b", "b"], "class": ["Dog", "Cat"]})
    assert class_counts(boxes, 0.01, truth).loc["Dog"].tolist() == [3, 2, 1]
    assert class_counts(boxes, 0.1, truth[1:]).loc["Dog", "right"] == 0
    predictions = pd.DataFrame(
        {"image": ["a", "b"], "label": ["Joy", "Joy"], "probability": [0.9, 0.4]}
    )
    counts = label_counts(predictions, LABELS, 0.5)
    assert counts.loc["Joy"].tolist() == [2, 1] and counts.loc["Awe"].tolist() == [0, 0]
    assert (label_counts(predictions[:0], LABELS, 0.5) == 0).all(axis=None)
