"""Which faces are shown, which network they are shown to, and what their maps are scaled to."""

import json
from html import unescape

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from scipy.stats import spearmanr
from tiny_faces import astronaut, plain

from emocam_utils.cams.saliency import RULES
from emocam_utils.corpora.face_finding import cut_face
from emocam_utils.corpora.images import UnreadableImage
from emocam_utils.faces import maps as face_maps
from emocam_utils.faces.analysis import (
    DRAWN,
    PHOTOGRAPHS,
    Source,
    clearest_face,
    face_analysis,
    study_faces,
    surest_faces,
)
from emocam_utils.figures import save_figure
from emocam_utils.study import load_study


def table(*rows):
    """Rows of face, group, side, label, probability of happiness."""
    columns = ["face", "group", "side", "label", "happiness"]
    made = pd.DataFrame(rows, columns=columns).set_index("face")
    return made.assign(probability=made["happiness"].where(made["label"] == "happiness", 0.6))


FACES = table(
    ("drawn", DRAWN, 128, "happiness", 0.99),
    ("small", PHOTOGRAPHS, 25, "happiness", 0.95),
    ("large", PHOTOGRAPHS, 97, "happiness", 0.80),
    ("larger", PHOTOGRAPHS, 99, "happiness", 0.90),
    ("sad", PHOTOGRAPHS, 25, "sadness", 0.01),
    ("afraid", DRAWN, 128, "fear", 0.02),
)


def test_a_large_photograph_of_the_emotion_is_shown_before_a_surer_drawing():
    assert clearest_face(FACES, "happiness") == "larger"
    assert clearest_face(FACES.drop(["large", "larger"]), "happiness") == "small"
    without = FACES[FACES["label"] != "happiness"]
    assert clearest_face(without, "happiness") == "sad", "nobody is happy: the photograph"


def test_examples_are_of_different_emotions():
    assert surest_faces(FACES, 3) == ["larger", "sad", "afraid"]
    assert surest_faces(FACES, 2) == ["larger", "sad"]


def test_a_map_is_cut_before_it_is_scaled_and_an_empty_one_stays_empty():
    saliency = np.ones((64, 64))
    saliency[0, 0], saliency[1] = 1000, 2  # one pixel would leave the second row dark
    shown = face_maps.shown("saliency", saliency)
    assert shown[0, 0] == shown[1, 5] == 1 and shown[5, 5] == 0
    assert np.isnan(face_maps.shown("saliency", np.zeros((8, 8)))).all()
    assert np.isnan(face_maps.shown("cam", -np.ones((4, 4)))).all()
    assert face_maps.shown("cam", np.array([[-4.0, 0], [1, 2]])).tolist() == [[0, 0], [0.5, 1]]


def test_alikeness_is_spearmans_correlation():
    maps = np.random.default_rng(0).normal(size=(2, 3, 5, 5))
    want = [
        spearmanr(one.ravel(), other.ravel()).statistic for one, other in zip(*maps, strict=True)
    ]
    np.testing.assert_allclose(face_maps.alikeness(*maps), want)


def test_rules_are_compared_where_no_map_is_empty():
    ramp, nothing = np.arange(16.0).reshape(4, 4) / 15, np.full((4, 4), np.nan)
    maps = [
        {"vanilla": ramp, "rectified": nothing, "guided": ramp**2},
        {"vanilla": ramp, "rectified": nothing, "guided": 1 - ramp},
    ]
    table = face_maps.rule_table(maps)
    assert table["empty"].to_dict() == {"vanilla": 0, "rectified": 2, "guided": 0}
    assert table.loc["vanilla", ["vanilla", "guided"]].tolist() == pytest.approx([1, 0])
    assert table["rectified"].isna().all() and table.loc["rectified", list(RULES)].isna().all()


def test_a_study_of_photographs_gives_their_faces(tmp_path):
    astronaut().save(tmp_path / "a.png")
    Image.fromarray(plain()).save(tmp_path / "b.png")
    analysis = face_analysis(load_study("folder-demo", images=tmp_path))
    assert analysis.ids == ["a.png"] and analysis.skipped["image"].tolist() == ["b.png"]
    assert analysis.faces["a.png"].tobytes() == cut_face(astronaut()).tobytes()


def test_a_folder_of_faces_is_taken_as_it_is_and_fer2013_by_its_test_part(tmp_path):
    study = load_study("tiny")
    Image.fromarray(plain()[:64, :64]).save(tmp_path / "crop.png")
    assert study_faces(study, tmp_path).ids == ["crop.png"]
    for name in ("Training_1_happy", "PublicTest_2_fear", "PublicTest_3_sad"):
        Image.fromarray(plain()[:64, :64]).save(tmp_path / f"{name}.jpg")
    found = study_faces(study, tmp_path)
    assert found.ids == ["PublicTest_2_fear.jpg", "PublicTest_3_sad.jpg"]
    assert [found.emotion(face) for face in found.ids] == ["fear", "sadness"]


def test_faces_are_read_as_any_study_and_stored(tmp_path, monkeypatch):
    """The pipeline's predictions are the network's on each face alone, computed once."""
    monkeypatch.setattr("emocam_utils.paths.RESULTS", tmp_path)
    analysis = face_analysis(load_study("tiny"), device="cpu")
    table = analysis.table
    assert list(table.index) == analysis.corpus.ids and analysis.note == ""
    for face in ("astronaut", "drawn/fear-1"):
        image = analysis.network.preprocess(analysis.corpus.read(face))[None]
        assert torch.equal(image, analysis.input(face))
        chances = analysis.network(image).softmax(1)[0].numpy()
        np.testing.assert_allclose(table.loc[face, list(analysis.labels)].astype(float), chances,
                                   atol=1e-5)  # fmt: skip
        assert table.loc[face, "label"] == analysis.labels[chances.argmax()]
    stored = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.parquet")}
    assert len(stored) > 1
    assert face_analysis(load_study("tiny"), device="cpu").table.equals(table)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.parquet")} == stored


def test_without_a_face_the_examples_stand_in_and_the_note_says_so(tmp_path):
    Image.fromarray(plain()).save(tmp_path / "wall.png")
    study = load_study("folder-demo", images=tmp_path)
    analysis = face_analysis(study)
    assert analysis.corpus.name.startswith("example faces")
    assert (
        "none of the 1 images of faces of folder" in analysis.note and "wall.png" in analysis.note
    )
    assert analysis.note in unescape(analysis._repr_html_())
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "a.png").write_bytes(b"no image")
    with pytest.raises(UnreadableImage, match="none of the 1 images of folder faces"):
        face_analysis(study, folder=tmp_path / "faces")


def test_figures_name_the_faces_and_the_network_for_faces(tmp_path, monkeypatch):
    monkeypatch.setattr("emocam_utils.paths.FIGURES", tmp_path)
    analysis = face_analysis(load_study("tiny"), "gimefive", tmp_path / "mine.safetensors")
    saved = save_figure(
        plt.figure(), pd.DataFrame({"x": [1]}), name="fig", title="", caption="",
        notebook="05_facial_saliency", analysis=analysis.of(Source("a film", "f1")), n="3 frames",
    )  # fmt: skip
    record = json.loads(saved.png.with_suffix(".json").read_text())
    assert saved.png.parent == tmp_path / "tiny"
    assert record["corpus"] == "a film" and record["hashes"]["corpus"] == "f1"
    assert record["network"] == "gimefive (mine.safetensors)"
    assert record["hashes"]["detector"] != "none", "the cascade that finds faces"


def test_a_network_that_is_not_for_faces_is_refused():
    with pytest.raises(KeyError, match=r"no network for faces named 'emonet'.*gimefive"):
        face_analysis(load_study("tiny"), "emonet")
