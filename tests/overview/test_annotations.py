"""What the annotators say against counts made by hand, and the association by annotated emotion."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tiny_attention import PRESET

from emocam_utils.corpora.findingemo import EMOTIONS, annotations
from emocam_utils.downloads.ledger import Entry, Ledger
from emocam_utils.networks.emonet import EMONET_LABELS
from emocam_utils.networks.valence_arousal import emonet_arousal, emonet_valence
from emocam_utils.overview.annotations import (
    ambiguity_counts,
    annotated_predictions,
    by_annotation,
    coverage,
    cramers_v,
    emotion_counts,
    labels_by_emotion,
    mean_ratings,
    named_counts,
    published_comparison,
    rating_correlations,
    valence_arousal_counts,
)
from emocam_utils.pipeline.attention import Attention
from emocam_utils.pipeline.matrix import associate

ANNOTATIONS = pd.DataFrame(
    {
        "annotator": ["u", "u", "v", "v"],
        "emotion": ["Joy", "Grief", "Joy", "Rage"],
        "leaf": ["Joy", "Sadness", "Joy", "Anger"],
        "valence": [2, -3, 1, -2],
        "arousal": [3, 4, 2, 6],
        "ambiguity": [0, 2, 3, 1],
        "ages": [("Adults",), ("Adults", "Seniors"), ("Youth",), ("Adults", "Adults")],
        "factors": [("Context",)] * 4,
    },
    index=pd.Index(["a", "b", "c", "d"], name="image"),
)


# counts


def test_emotions_are_counted_around_the_wheel():
    counts = emotion_counts(ANNOTATIONS)
    assert list(counts.index) == list(EMOTIONS)
    assert counts.loc[["Joy", "Grief", "Rage", "Fear"], "images"].tolist() == [2, 1, 1, 0]
    assert counts.loc["Joy", "percent"] == 50
    assert counts.loc["Grief", "leaf"] == "Sadness"


def test_valence_and_arousal_are_counted_on_all_of_their_scales():
    counts = valence_arousal_counts(ANNOTATIONS)
    assert counts.shape == (7, 7)
    assert counts.loc[3, 2] == counts.loc[4, -3] == counts.loc[6, -2] == counts.loc[2, 1] == 1
    assert counts.to_numpy().sum() == 4


def test_means_ambiguity_and_named_items():
    assert mean_ratings(ANNOTATIONS).loc["Joy", ["valence", "arousal", "images"]].tolist() == [
        1.5,
        2.5,
        2,
    ]
    assert ambiguity_counts(ANNOTATIONS).tolist() == [1, 1, 1, 1, 0, 0, 0]
    assert named_counts(ANNOTATIONS["ages"]).to_dict() == {"Adults": 3, "Seniors": 1, "Youth": 1}


def test_the_real_annotations_are_what_was_published_but_for_the_annotators():
    table = published_comparison(annotations())
    different = table[table["published"] != table["here"]]
    assert list(different.index) == ["annotators"]
    assert different["here"].tolist() == [665]


def test_coverage_counts_each_image_once(tmp_path):
    ledger = Ledger(tmp_path / "none")
    ledger.entries = {
        "a": Entry("a", "found"),  # the ledger says found, the file is gone
        "b": Entry("b", "lost"),
        "c": Entry("c", "later"),
        "x": Entry("x", "found"),
    }
    table = coverage(ANNOTATIONS, ["d"], ledger)
    assert table.loc["all"].tolist() == [4, 1, 1, 1, 1, 25]
    assert table.loc["Joy", ["annotated", "later", "unsought", "there"]].tolist() == [2, 1, 1, 0]
    assert np.isnan(table.loc["Fear", "percent"])


# agreement


def predictions(labels: list[str], probabilities: list[float]) -> pd.DataFrame:
    logits = np.random.default_rng(0).normal(0, 3, (len(labels), 20)).astype(np.float32)
    return pd.DataFrame(
        {
            "image": list("abcde")[: len(labels)],
            "label": labels,
            "probability": np.float32(probabilities),
            "logits": list(logits),
        }
    )


def test_agreement_is_over_clear_and_confident_annotated_images():
    table = predictions(["Joy", "Sadness", "Joy", "Horror", "Joy"], [0.9, 0.8, 0.9, 0.5, 0.9])
    both = annotated_predictions(table, ANNOTATIONS, PRESET)
    assert both["image"].tolist() == ["a", "b"]  # c is ambiguous, d unsure, e not annotated
    counts = labels_by_emotion(both)
    assert counts.shape == (24, 20)
    assert counts.loc["Joy", "Joy"] == counts.loc["Grief", "Sadness"] == 1
    assert counts.to_numpy().sum() == 2
    assert cramers_v(counts) == 1


def test_cramers_v_of_a_hand_computed_table():
    # chi2 of [[a, b], [c, d]] is n (ad - bc)^2 over the product of the four margins
    table = pd.DataFrame([[20, 10, 0], [10, 20, 0], [0, 0, 0]])
    assert cramers_v(table) == pytest.approx(np.sqrt((60 * 300**2 / 30**4) / 60))
    assert cramers_v(pd.DataFrame([[5, 5], [5, 5]])) == 0
    assert np.isnan(cramers_v(pd.DataFrame([[5, 0], [3, 0]])))
    assert np.isnan(cramers_v(pd.DataFrame(np.zeros((2, 2), int))))


def test_ratings_are_correlated_with_emonets_and_undefined_for_few():
    images = list(annotations().index[:60])
    logits = np.random.default_rng(1).normal(0, 2, (60, 20))
    table = pd.DataFrame({"image": images, "label": "Joy", "probability": 1.0})
    table["logits"] = list(logits)
    both = annotated_predictions(table, annotations(), PRESET)
    result = rating_correlations(both)
    rows = [images.index(image) for image in both["image"]]
    for name, measure in (("valence", emonet_valence), ("arousal", emonet_arousal)):
        rated = annotations().loc[both["image"], name]
        assert result.loc[name, "n"] == len(both) < 60
        expected = np.corrcoef(measure(logits[rows]), rated)[0, 1]
        assert result.loc[name, "pearson"] == pytest.approx(expected)
        ranks = [pd.Series(v).rank() for v in (measure(logits[rows]), rated.to_numpy())]
        assert result.loc[name, "spearman"] == pytest.approx(np.corrcoef(*ranks)[0, 1])
    assert rating_correlations(both[:2])[["pearson", "spearman"]].isna().all(None)
    assert rating_correlations(both[:0])["n"].tolist() == [0, 0]


# the association by annotated emotion (ann_obj)


def attention() -> Attention:
    boxes = pd.DataFrame(
        [
            ("a", "Dog", 0.9),  # kept
            ("a", "Dog", 0.8),  # kept, the same class again
            ("a", "Cat", 0.9),  # not important
            ("b", "Dog", 0.9),  # kept
            ("c", "Dog", 0.9),  # ambiguous
            ("d", "Cat", 0.05),  # the detector is unsure
            ("d", "Dog", 0.9),  # kept
        ],
        columns=["image", "class", "confidence"],
    )
    return Attention(
        cam="gradcam",
        preset=PRESET,
        boxes=boxes,
        predictions=predictions(["Joy", "Joy", "Joy", "Horror"], [0.9] * 4),
        maps=pd.DataFrame({"image": list("abcd"), "empty": [False, False, True, False]}),
        importances=pd.DataFrame({"mean": [0.9, 0.9, 0.1, 0.9, 0.9, 0.9, 0.9]}),
        classes=("Dog", "Cat"),
        labels=EMONET_LABELS,
    )


def test_the_association_by_annotated_emotion():
    original = attention()
    result = associate(by_annotation(original, ANNOTATIONS))
    assert list(result.matrix.columns) == list(EMOTIONS)
    kept = {(c, e): n for (c, e), n in result.matrix.stack().items() if n}
    assert kept == {("Dog", "Joy"): 1, ("Dog", "Grief"): 1, ("Dog", "Rage"): 1}
    assert result.images[["Joy", "Grief", "Rage", "Fear"]].tolist() == [1, 1, 1, 0]  # not c
    assert result.percent.loc["Dog", "Joy"] == 100
    assert np.isnan(result.percent.loc["Dog", "Fear"])
    assert "3 of 3 images" in result.words()
    assert "0 empty maps" in result.words()
    assert original.predictions["label"].tolist() == ["Joy", "Joy", "Joy", "Horror"]


def test_images_without_an_annotation_do_not_count():
    result = associate(by_annotation(attention(), ANNOTATIONS.loc[["a", "c"]]))
    assert result.images.sum() == 1
    assert result.matrix.to_numpy().sum() == 1


def test_unknown_emotions_and_other_corpora_are_errors():
    with pytest.raises(ValueError, match=r"unknown emotion: Digust; there are Serenity"):
        by_annotation(attention(), ANNOTATIONS.replace({"emotion": {"Rage": "Digust"}}))
    with pytest.raises(ValueError, match="none of the 4 images is annotated in FindingEmo"):
        by_annotation(attention(), annotations())
