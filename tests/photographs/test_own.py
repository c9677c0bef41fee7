"""Photographs that nobody has rated: which are shown, and figures of tables with nothing."""

import warnings

import numpy as np
import pandas as pd
import pytest

from emocam_utils.photographs import own
from emocam_utils.pipeline.dimensions import associate_dimensions


def table(valence):
    images = [f"i{k}" for k in range(len(valence))]
    return pd.DataFrame(
        {"valence": valence, "arousal": 3.0, "label": "Neutral", "probability": 0.5}, images
    )


def test_the_highest_come_first_and_the_lowest_last_and_none_twice():
    rated = table([3.0, 5.0, 1.0, 4.0, 2.0, 6.0])
    assert own.extremes(rated, "valence", 4) == ["i5", "i1", "i4", "i2"]
    assert own.extremes(rated, "valence", 3) == ["i5", "i1", "i2"]
    assert own.extremes(rated[:2], "valence", 6) == ["i1", "i0"]
    assert own.extremes(rated[:0], "valence", 6) == []


@pytest.mark.parametrize("count", [0, 1, 30])
def test_figures_are_drawn_of_any_number_of_photographs_and_classes(count):
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "class": rng.choice(["Dog", "Cat", "Car"], count),
            "valence_beyond": rng.normal(size=count),
            "arousal_beyond": np.nan if count == 1 else rng.normal(size=count),
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        own.ratings_figure(table(rng.uniform(1, 7, count)), ["valence", "arousal"])
        scores = ["valence_beyond", "arousal_beyond"]
        found = associate_dimensions(rows, np.arange(count), scores, times=50)
        figure = own.own_classes_figure(found, ["valence", "arousal"])
        figure.canvas.draw()
    shown = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    counts = rows["class"].value_counts()
    assert sorted(shown) == sorted(f"{name} ({n})" for name, n in counts.items())


def test_ratings_are_said_in_words():
    assert own.ratings_in_words(table([3.0, 5.0, 1.5])) == (
        "The median photograph has valence 3.0 (from 1.5 to 5.0), arousal 3.0 (from 3.0 to 3.0), "
        "of 1 to 7. 3 of 3 are read as Neutral."
    )
