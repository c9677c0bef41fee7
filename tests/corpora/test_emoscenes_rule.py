"""The causal rule: what it says, and that drawn lists of things obey it."""

import random

import pytest

from emocam_utils.corpora.emoscenes.rule import FACE, load_rule
from emocam_utils.corpora.emoscenes.scene import CLASSES
from emocam_utils.networks.emonet import EMONET_LABELS

RULE = load_rule()


def test_rule_knows_emonets_labels_and_only_drawn_classes():
    assert RULE.labels == EMONET_LABELS
    things = {t for cues in RULE.cues.values() for t in cues} | set(RULE.distractors)
    things |= {t for companions in RULE.companions.values() for t in companions}
    assert {t.split("/")[0] for t in things} <= set(CLASSES)
    assert set(CLASSES) - {t.split("/")[0] for t in things} == {"Person", "Clothing"}


def test_companions_are_no_cues():
    cues = {t for by_label in RULE.cues.values() for t in by_label}
    assert not cues & set(RULE.distractors)
    assert {t for ts in RULE.companions.values() for t in ts} <= set(RULE.distractors)


@pytest.mark.parametrize(
    ("things", "label"),
    [
        ((), "Boredom"),
        (("Tree", "Car"), "Boredom"),
        (("Dog",), "Adoration"),
        (("Umbrella",), "Sadness"),  # a rival cue beats the default
        (("Umbrella", "Dog"), "Adoration"),  # and yields to a full cue
        (("Umbrella", "Book", "Human face/cry"), "Sadness"),
        (("Human face/neutral", "House"), "Boredom"),
    ],
)
def test_label_by_hand(things, label):
    assert RULE.label(things) == label


def test_margin_by_hand():
    assert RULE.margin(("Dog", "Umbrella")) == pytest.approx(0.4)
    assert RULE.margin(("Umbrella",)) == pytest.approx(0.1)


def test_planted_weight_of_face_is_that_of_its_strongest_expression():
    planted = RULE.planted("Human face")
    assert planted["Joy"] == 1.0 and planted["Fear"] == 0.6 and planted["Awe"] == 0.0
    assert RULE.planted("Person") == planted
    assert RULE.planted("Tree") == dict.fromkeys(RULE.labels, 0.0)


@pytest.mark.parametrize("label", RULE.labels)
def test_drawn_things_obey_the_rule(label):
    rng = random.Random(label)
    for _ in range(40):
        things = RULE.draw_things(rng, label)
        assert RULE.label(things) == label
        assert RULE.margin(things) > 0.05
        assert len(set(things)) == len(things)
        assert 3 <= len(things) <= 5
        assert sum(t.startswith(FACE) for t in things) <= 2


def test_companions_stand_more_often_beside_their_label():
    rng = random.Random(0)
    awe = [RULE.draw_things(rng, "Awe") for _ in range(200)]
    joy = [RULE.draw_things(rng, "Joy") for _ in range(200)]
    share_awe = sum("House" in t for t in awe) / 200
    share_joy = sum("House" in t for t in joy) / 200
    assert share_awe > 0.5 and share_awe > 2 * share_joy


def test_unknown_label_is_named():
    with pytest.raises(ValueError, match="'Anger' is not one of the rule's: Adoration, "):
        RULE.draw_things(random.Random(0), "Anger")
