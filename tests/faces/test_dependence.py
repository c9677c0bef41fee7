"""Numbers for what a map says of class and training, on maps whose answer is known.

The floor of the checks is the likeness of maps of different faces.
"""

from itertools import combinations

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import spearmanr
from tiny_faces import brightness
from tiny_saliency import small_network

from emocam_utils.cams.saliency import saliency_map
from emocam_utils.faces import dependence
from emocam_utils.faces.analysis import FaceAnalysis, face_study
from emocam_utils.faces.maps import alikeness
from emocam_utils.networks.untrained import untrained
from emocam_utils.study import load_study


class Faces:
    name, ids, decoder = "noise", ["a", "b", "c"], staticmethod(Image.fromarray)

    def read(self, face):
        rng = np.random.default_rng(ord(face))
        return Image.fromarray(rng.integers(0, 255, (8, 8), dtype=np.uint8)).convert("RGB")

    def size(self, face):
        return 8, 8

    def digest(self, face):
        return 32 * face

    stamp = digest


def analysis_of(network):
    made = FaceAnalysis(face_study(load_study("tiny"), "gimefive"), given=Faces())
    made.__dict__["network"] = network
    return made


@pytest.fixture
def analysis():
    return analysis_of(brightness())


def rows(monkeypatch, analysis, maps):
    monkeypatch.setattr(dependence, "KINDS", {"saliency": maps})
    table = dependence.dependence_table(analysis, ["a", "b", "c"], seeds=(0,), draws=50)
    vanilla = table[table["rule"] == "vanilla"].set_index("changed")
    return vanilla.loc[list(dependence.CHANGES)]


def test_every_number_is_scipys(monkeypatch):
    """All three checks of the guided maps of a small network, from their definitions."""
    analysis = analysis_of(small_network())
    monkeypatch.setattr(dependence, "KINDS", {"saliency": saliency_map})
    table = dependence.dependence_table(analysis, ["a", "b", "c"], seeds=(5, 6), draws=50)
    found = table[table["rule"] == "guided"].set_index("changed")
    network, images = analysis.network, analysis.inputs
    predicted = network.head(network.features(images)).argmax(1)

    def maps(of, targets):
        return saliency_map(of, images, targets, "guided").numpy()

    def rho(a, b):
        return spearmanr(a, b, axis=None).statistic

    every = [maps(network, k) for k in range(3)]
    want = [np.mean([rho(a[n], b[n]) for a, b in combinations(every, 2)]) for n in range(3)]
    assert found.loc["another emotion", "rho"] == pytest.approx(np.mean(want))
    own = maps(network, predicted)
    copies = [maps(untrained(network, seed), predicted) for seed in (5, 6)]
    want = np.mean([rho(own[n], copy[n]) for copy in copies for n in range(3)])
    assert found.loc["untrained weights", "rho"] == pytest.approx(want)
    want = np.mean([rho(own[a], own[b]) for a, b in ((0, 1), (1, 2), (2, 0))])
    assert found.loc["another face (floor)", "rho"] == pytest.approx(want)
    assert (found["low"] <= found["rho"]).all() and (found["rho"] <= found["high"]).all()


def test_alikeness_of_equal_opposite_and_flat_maps():
    one = np.random.default_rng(0).random((8, 9))
    others = np.stack([np.exp(one), -one, np.full_like(one, 0.5)])
    np.testing.assert_allclose(alikeness(np.stack([one] * 3), others), [1, -1, np.nan])


def test_a_map_that_is_the_image_keeps_all_but_the_face(monkeypatch, analysis):
    found = rows(monkeypatch, analysis, lambda network, images, targets, rule: images[:, 0])
    emotion, weights, floor = found["rho"]
    assert emotion == pytest.approx(1) and weights == pytest.approx(1)
    assert abs(floor) < 0.5


def test_a_map_of_the_class_alone_is_the_same_for_all_faces(monkeypatch, analysis):
    ramp = torch.arange(64.0).view(1, 8, 8)

    def of_class(network, images, targets, rule):
        return torch.stack([ramp[0].roll(20 * int(k)) for k in targets])

    emotion, weights, floor = rows(monkeypatch, analysis, of_class)["rho"]
    assert emotion < 0.5 and weights == pytest.approx(1) and floor > emotion


def test_maps_that_are_all_flat_are_undefined(monkeypatch, analysis):
    found = rows(monkeypatch, analysis, lambda network, images, *_: images[:, 0] * 0)
    assert found["rho"].isna().all()


def test_one_face_has_no_floor(analysis):
    table = dependence.dependence_table(analysis, ["a"], seeds=(0,), draws=20)
    floors = table[table["changed"] == dependence.CHANGES[2]]
    assert floors["rho"].isna().all() and table["rho"].notna().any()
