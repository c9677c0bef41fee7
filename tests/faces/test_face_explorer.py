"""The face explorer shows the map that its controls name, and cannot be left in a bad state."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.stats import spearmanr

from emocam_utils.faces import maps as face_maps
from emocam_utils.faces.analysis import face_analysis
from emocam_utils.faces.explorer import FaceExplorer
from emocam_utils.networks.face_weights import save_gimefive
from emocam_utils.networks.gimefive import GiMeFive
from emocam_utils.study import StudyError, load_study


@pytest.fixture(scope="module")
def analysis(tmp_path_factory):
    weights = tmp_path_factory.mktemp("weights") / "untrained.safetensors"
    save_gimefive(GiMeFive().initialise(0), weights)
    return face_analysis(load_study("tiny"), "gimefive", weights)


@pytest.fixture
def explorer(analysis):
    return FaceExplorer(analysis, face="astronaut")


@pytest.mark.parametrize(
    ("method", "kind"), [("saliency maps", "saliency"), ("class activation maps", "cam")]
)
def test_the_map_is_the_one_that_the_controls_name(explorer, method, kind):
    before = explorer.view.value
    state = {"face": "lfw/008", "emotion": "fear", "method": method, "rule": "guided"}
    explorer.set_state(state)
    a = explorer.analysis
    target, image = a.labels.index("fear"), a.network.preprocess(a.corpus.read("lfw/008"))[None]
    want = face_maps.KINDS[kind](a.network, image, target, "guided")[0].numpy()
    face, shown, raw = explorer.chosen()
    assert shown == kind and face.tobytes() == a.corpus.read("lfw/008").tobytes()
    np.testing.assert_allclose(raw, want, rtol=1e-4, atol=1e-6 * np.abs(want).max())
    assert explorer.view.value != before and "lfw/008" in explorer.view.value


def test_the_caption_says_how_alike_the_map_is_to_the_predicted_emotions(explorer):
    predicted = explorer.analysis.table.loc["astronaut", "label"]
    other = next(label for label in explorer.analysis.labels if label != predicted)
    maps = {}
    for emotion in (predicted, other):
        explorer.controls["emotion"].value = emotion
        maps[emotion] = explorer.chosen()[2].ravel()
    rho = spearmanr(maps[predicted], maps[other]).statistic
    assert f"ρ = {rho:.2f} with {predicted}" in explorer.view.value
    explorer.controls["emotion"].value = predicted
    assert "ρ" not in explorer.view.value


def test_another_emotion_needs_no_pass_through_the_network(explorer, monkeypatch):
    monkeypatch.setattr(face_maps, "KINDS", {})
    pictures = set()
    for emotion in explorer.analysis.labels:
        explorer.controls["emotion"].value = emotion
        pictures.add(explorer.view.value)
    assert len(pictures) == len(explorer.analysis.labels)


def test_an_empty_map_is_said_to_be_empty(explorer, monkeypatch):
    explorer.controls["method"].value = "class activation maps"
    monkeypatch.setattr(explorer, "_maps", lambda *_: -np.ones((6, 8, 8)))
    explorer.refresh()
    assert "ρ = nan" not in explorer.view.value
    figure = explorer.figure()
    plt.close(figure)
    assert [text.get_text() for text in figure.axes[1].texts] == ["empty"]


def test_it_starts_with_a_face_of_the_emotion(analysis):
    emotion = analysis.table["label"].iloc[3]
    state = FaceExplorer(analysis, emotion).state
    assert state["emotion"] == emotion == analysis.table.loc[state["face"], "label"]


def test_a_state_that_cannot_be_is_refused(explorer):
    before = explorer.state
    with pytest.raises(StudyError, match="rule cannot be 'sideways'"):
        explorer.set_state({"rule": "sideways"})
    with pytest.raises(StudyError, match="emotion cannot be 'neutral'"):  # GiMeFive has none
        explorer.set_state({"emotion": "neutral"})
    assert explorer.state == before


def test_what_is_not_there_is_named(analysis):
    with pytest.raises(KeyError, match="'nobody' is not among the 28 of example faces"):
        FaceExplorer(analysis, face="nobody")
    with pytest.raises(KeyError, match="no emotion of this network named 'joy'"):
        FaceExplorer(analysis, emotion="joy")


def test_without_a_live_notebook_the_static_figure_stands_in(explorer):
    bundle = explorer._repr_mimebundle_()
    assert set(bundle) == {"image/png", "text/plain", "text/html"}
    assert "alt='The faces explorer" in bundle["text/html"] and "href" not in bundle["text/html"]
    assert "faces explorer" in bundle["text/plain"]
