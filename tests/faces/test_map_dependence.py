"""The floor of the sanity checks is the likeness of maps of different faces."""

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_faces import brightness

from emocam_utils.faces import map_dependence
from emocam_utils.faces.analysis import FaceAnalysis, face_study
from emocam_utils.study import load_study


class Faces:
    name, fingerprint, ids = "noise", "0", ["a", "b", "c"]

    def read(self, face):
        rng = np.random.default_rng(ord(face))
        return Image.fromarray(rng.integers(0, 255, (8, 8), dtype=np.uint8)).convert("RGB")


@pytest.fixture
def analysis(monkeypatch):
    made = FaceAnalysis(face_study(load_study("tiny"), "gimefive"), Faces())
    made.__dict__["network"] = brightness()
    return made


def rows(monkeypatch, analysis, maps):
    monkeypatch.setattr(map_dependence, "KINDS", {"saliency": maps})
    table = map_dependence.dependence_table(analysis, ["a", "b", "c"], seeds=(0,), draws=50)
    vanilla = table[table["rule"] == "vanilla"].set_index("changed")
    return vanilla.loc[list(map_dependence.CHANGES)], map_dependence.dependence_words(table)


def test_a_map_that_is_the_image_keeps_all_but_the_face(monkeypatch, analysis):
    found, words = rows(monkeypatch, analysis, lambda network, images, targets, rule: images[:, 0])
    emotion, weights, floor = found["rho"]
    assert emotion == pytest.approx(1) and weights == pytest.approx(1)
    assert abs(floor) < 0.5
    assert "saliency maps, vanilla: ρ = 1.00 with another emotion's map (more than two" in words


def test_a_map_of_the_class_alone_is_the_same_for_all_faces(monkeypatch, analysis):
    ramp = torch.arange(64.0).view(1, 8, 8)

    def of_class(network, images, targets, rule):
        return torch.stack([ramp[0].roll(20 * int(k)) for k in targets])

    emotion, weights, floor = rows(monkeypatch, analysis, of_class)[0]["rho"]
    assert emotion < 0.5 and weights == pytest.approx(1) and floor > emotion


def test_maps_that_are_all_flat_are_undefined(monkeypatch, analysis):
    found, words = rows(monkeypatch, analysis, lambda network, images, *_: images[:, 0] * 0)
    assert found["rho"].isna().all() and "undefined" in words


def test_one_face_has_no_floor(analysis):
    table = map_dependence.dependence_table(analysis, ["a"], seeds=(0,), draws=20)
    floors = table[table["changed"] == map_dependence.CHANGES[2]]
    assert floors["rho"].isna().all() and table["rho"].notna().any()
    assert "undefined, one face has no floor" in map_dependence.dependence_words(table)
