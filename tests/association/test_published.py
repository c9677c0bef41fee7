"""The paper's claims of Section 3.1: planted ones hold, planted contraries fail."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tiny_attention import PRESET

from emocam_utils.association.published import (
    CANNOT,
    FACE,
    FAILS,
    HOLDS,
    OPEN,
    attended_images,
    claims_in_words,
    published_claims,
)
from emocam_utils.pipeline.attention import Attention

CLASSES = (FACE, "Clothing", "Food", "Plant", "Dog")
LABELS = ("Craving", "Joy", "Surprise")


def attention_of(rates, each=60, seed=0):
    """Every class attended in a given share of the images of each label: rates (K, L)."""
    rng = np.random.default_rng(seed)
    images = [f"{label} {place}" for label in LABELS for place in range(each)]
    labels = np.repeat(LABELS, each)
    predictions = pd.DataFrame({"image": images, "label": labels, "probability": 0.9})
    rows = [
        (image, kind, 0.9 if rng.random() < rates[k][place // each] else 0.1)
        for place, image in enumerate(images)
        for k, kind in enumerate(CLASSES)
    ]
    found = pd.DataFrame(rows, columns=["image", "class", "mean"])
    boxes = found[["image", "class"]].assign(confidence=0.8, x0=0.0, y0=0.0, x1=1.0, y1=1.0)
    maps = pd.DataFrame({"image": images})
    return Attention("gradcam", PRESET, boxes, predictions, maps, found[["mean"]], CLASSES, LABELS)


RATES = [  # of each label: the face leads but for clothing in the first, another in the second
    [0.8, 0.2, 0.5],
    [1.0, 1.0, 1.0],
    [0.4, 0.1, 0.1],
    [0.1, 0.7, 0.1],
    [0.2, 0.6, 0.5],
]


@pytest.fixture(scope="module")
def attention():
    return attention_of(RATES)


def themes_of(attention):
    return np.arange(len(attention.predictions)) // 2


def test_claims_are_judged_where_they_can_be(attention):
    table = published_claims(attention, themes_of(attention))
    face = table.loc["the face is the most important class"]
    assert face["verdict"].tolist() == [HOLDS, FAILS, OPEN]
    assert face.loc["Craving", "against"] == "Food", "clothing is exempt"
    verdict = table["verdict"].droplevel("label")
    assert verdict["Food goes with Craving"] == HOLDS
    assert verdict["Plant goes with Surprise"] == FAILS
    assert verdict["Sports equipment goes with Excitement"] == CANNOT
    judged = table[table["verdict"] != CANNOT]
    assert (
        (judged["low"] <= judged["difference"]) & (judged["difference"] <= judged["high"])
    ).all()


def test_a_percentage_is_of_the_images_that_count(attention):
    images, attended = attended_images(attention)
    inside = (images["label"] == "Craving").to_numpy()
    table = published_claims(attention, themes_of(attention))
    row = table.loc[("the face is the most important class", "Craving")]
    assert row["percent"] == pytest.approx(100 * attended[inside, 0].mean())
    unsure = attention.predictions.assign(probability=np.where(images.index % 2, 0.9, 0.1))
    fewer = attended_images(replace(attention, predictions=unsure))[1]
    assert len(fewer) == len(attended) / 2
    doubted = replace(attention, boxes=attention.boxes.assign(confidence=0.05))
    assert not attended_images(doubted)[1].any()


def test_few_images_and_unknown_classes_cannot_be_asked(attention):
    table = published_claims(attention, themes_of(attention), least=61)
    assert (table["verdict"] == CANNOT).all() and table["percent"].isna().all()
    other = replace(attention, classes=("Dog", "Food"), labels=("Joy",))
    table = published_claims(other, themes_of(attention))
    assert (table["verdict"] == CANNOT).all() and len(table) == 1 + 4


def test_words_name_the_labels_of_each_verdict_and_what_cannot_be_asked(attention):
    table = published_claims(attention, themes_of(attention))
    lines = claims_in_words({"corrected": table})
    assert lines[0] == (
        "corrected: the face is the most important class: holds for Craving; does not hold for "
        "Joy; not decided for Surprise."
    )
    assert "corrected: Food goes with Craving: holds for Craving." in lines
    assert lines[-1].startswith("corrected: cannot be asked here: Sports equipment goes with")
    nothing = published_claims(attention, themes_of(attention), least=61)
    (line,) = claims_in_words({"x": nothing})
    assert "the face is the most important class, Sports equipment" in line


def test_a_rival_that_is_the_strongest_by_chance_refutes_nothing():
    """Face and 30 classes attended equally often: one of the 30 is mostly above the face."""
    kinds, each = 31, 40
    wrong = above = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        classes = (FACE, *(f"class {k}" for k in range(kinds - 1)))
        images = [f"{place}.jpg" for place in range(each)]
        predictions = pd.DataFrame({"image": images, "label": "Joy", "probability": 0.9})
        found = pd.DataFrame(
            [(i, kind, rng.random()) for i in images for kind in classes],
            columns=["image", "class", "mean"],
        )
        boxes = found[["image", "class"]].assign(confidence=0.8, x0=0.0, y0=0.0, x1=1.0, y1=1.0)
        made = Attention(
            "gradcam", PRESET, boxes, predictions, None, found[["mean"]], classes, ("Joy",)
        )
        row = published_claims(made, images).iloc[0]
        wrong += row["verdict"] != OPEN
        above += row["difference"] < 0
    assert above > 30 and wrong <= 5
