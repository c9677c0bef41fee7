"""Rated photographs: boxes that count, tables by photograph and class, what cannot be asked."""

import numpy as np
import pandas as pd
import pytest
from tiny_rated import CELLS, LEFT, RIGHT, dogs_and_cars, tiny_rated

from emocam_utils import Analysis, load_study
from emocam_utils.photographs import NotRated
from emocam_utils.photographs import rated as open_rated
from emocam_utils.pipeline.dimensions import contributions


def test_boxes_of_too_low_confidence_do_not_count():
    boxes = [(0, "Dog", 0.9, LEFT), (1, "Dog", 0.3, LEFT), (2, "Cat", 0.2, RIGHT)]
    rated = tiny_rated(6, boxes=boxes)
    assert rated.sure["image"].tolist() == ["0.jpg"]
    assert rated.classes(1) == ["Dog"] and rated.at(0.1).classes(1) == ["Dog", "Cat"]
    assert rated.classes(2) == [] and rated.at(0.1).classes(2) == ["Dog"]
    assert rated.cover[0, :, :2].all() and not rated.cover[0, :, 2:].any()
    assert not rated.cover[1:].any()
    assert rated.present(["Dog", "Cat"]).sum(axis=0).tolist() == [1, 0]


def test_contributions_are_the_pipelines():
    rated = dogs_and_cars(12)
    images = rated.photographs.reset_index()[["image", "width", "height"]]
    flat = {
        name: pd.DataFrame(
            {"image": images["image"], "height": CELLS[0], "width": CELLS[1]}
        ).assign(map=list(cams.reshape(12, -1)))
        for name, cams in rated.maps.items()
    }
    expected = contributions(rated.boxes, flat, images, 0.3)
    pd.testing.assert_frame_equal(rated.contributions, expected)
    wide = rated.wide(rated.contributions, "valence", ["Car", "Dog"])
    assert np.isnan(wide[1]).all() and not np.isnan(wide[0]).any()
    assert wide[2, 1] == pytest.approx((rated.maps["valence"][2, :, :2]).sum() / 20)


def test_a_sample_draws_a_theme_whole():
    weights = tiny_rated(12, each=3).weights
    assert (
        weights.reshape(len(weights), 4, 3) == weights.reshape(len(weights), 4, 3)[..., :1]
    ).all()
    assert (weights.sum(axis=1) == 12).all()


def test_without_a_box_everything_is_empty_and_nothing_fails():
    rated = tiny_rated(6)
    assert rated.classes(1) == [] and len(rated.contributions) == 0
    assert rated.cover.shape == (6, *CELLS) and not rated.cover.any()


def test_what_nobody_has_rated_is_said():
    with pytest.raises(NotRated, match="rates nothing"):
        open_rated(Analysis(load_study("tiny")), 0.3)
