import numpy as np
import pytest
from scipy.stats import binomtest

from emocam_utils.faces.accuracy import face_accuracy, limited

LABELS = ("joy", "fear", "awe")
NAMED = ["joy", "joy", "fear", "fear", "joy"]
TRUE = ["joy", "joy", "joy", "fear", "fear"]


def probabilities(named: list[str]) -> np.ndarray:
    return np.array([[0.6 if label == name else 0.2 for label in LABELS] for name in named])


def test_a_case_counted_by_hand():
    result = face_accuracy(probabilities(NAMED), LABELS, TRUE)
    assert result.confusion.loc["joy"].to_dict() == {"joy": 2, "fear": 1, "awe": 0}
    assert result.confusion.loc["fear"].to_dict() == {"joy": 1, "fear": 1, "awe": 0}
    assert (result.faces, result.right, result.share) == (5, 3, 0.6)
    figures = result.per_emotion
    assert figures.loc["joy"].tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 3])
    assert figures.loc["fear"].tolist() == pytest.approx([1 / 2, 1 / 2, 1 / 2, 2])
    assert figures.loc["awe", ["precision", "recall", "F1"]].isna().all()  # neither there nor named
    assert result.balanced == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert result.commonest == 0.6


def test_an_emotion_that_is_never_named_has_no_precision_and_recall_zero():
    named = ["joy", "joy", "fear"]
    figures = face_accuracy(probabilities(named), LABELS, ["joy", "awe", "awe"]).per_emotion
    assert np.isnan(figures.loc["awe", "precision"])
    assert figures.loc["awe", ["recall", "F1", "faces"]].tolist() == [0, 0, 2]
    assert figures.loc["fear", "precision"] == 0  # named, but there is none
    assert figures.loc["fear", ["recall", "F1"]].isna().all()


def test_the_interval_is_wilsons():
    result = face_accuracy(probabilities(NAMED), LABELS, TRUE)
    expected = binomtest(3, 5).proportion_ci(method="wilson")
    assert result.interval == pytest.approx((expected.low, expected.high))


def test_without_faces_nothing_is_claimed():
    result = face_accuracy(np.empty((0, 3)), LABELS, [])
    assert result.faces == 0 and np.isnan([result.share, *result.interval, result.balanced]).all()


def test_limited_probabilities_are_the_softmax_of_the_logits_that_are_left():
    logits = np.random.default_rng(0).normal(size=(4, 3))
    every = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    left = np.exp(logits[:, [2, 0]])
    expected = left / left.sum(1, keepdims=True)
    np.testing.assert_allclose(limited(every, LABELS, ("awe", "joy")), expected)
    assert limited(np.array([[0.0, 1.0, 0.0]]), LABELS, ("awe", "joy")).tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize(
    ("wrong", "emotions", "message"),
    [
        (probabilities(NAMED)[:, :2], TRUE, r"shape \(5, 2\), expected \(5, 3\)"),
        (probabilities(NAMED), TRUE[:4], r"shape \(5, 3\), expected \(4, 3\)"),
        (10 * probabilities(NAMED), TRUE, "5 of 5 rows are no probabilities, such as row 0"),
        (probabilities(NAMED) * [[np.nan]], TRUE, "rows are no probabilities"),
        (probabilities(NAMED), [*TRUE[:3], "calm", "calm"], "2 faces are labelled calm, for which"),
    ],
)
def test_what_does_not_fit_is_refused(wrong, emotions, message):
    with pytest.raises(ValueError, match=message):
        face_accuracy(wrong, LABELS, emotions)


def test_a_label_that_there_is_none_of_cannot_be_allowed():
    with pytest.raises(ValueError, match="no output calm"):
        limited(probabilities(NAMED), LABELS, ("joy", "calm"))
