"""The committed tables: whole, of the network that is asked for, and put into words as they are."""

import json

import numpy as np
import pandas as pd
import pytest

from emocam_utils.corpora.fer2013 import FaceSet
from emocam_utils.faces import reference
from emocam_utils.faces.analysis import face_analysis
from emocam_utils.pipeline.code import file_hash
from emocam_utils.study import load_study

PROVENANCE = {
    "command": "python -m …",
    "data": {
        "name": "FER2013",
        "reported on": "test (PublicTest)",
        "splits": {"test": {"n": 1200, "sha256 of the pixels": "ab12"}},
    },
    "networks": {
        name: {"weights": f"{name}.bin", "sha256": "00", "accuracy": 0.7,
               "predicted as labelled": 840, "labelled": 1200}
        for name in ("gimefive", "mini-xception")
    },
    "choices": {"bootstrap": {"times": 2000, "level": 0.95}, "claims": {"alpha": 0.05}},
}  # fmt: skip


def parts(network):
    rows = [("correct", "fear", 500), ("misclassified", "neutral", 40), ("correct", "any", 840)]
    rows += [("misclassified", "fear", 90), ("misclassified", "any", 360)]
    made = pd.DataFrame(rows, columns=["faces", "emotion", "n"])
    return made.assign(network=network, part="eyes", method="gradcam", measure="logit")


def claims(network, *found):
    """found : (measure, faces, verdict, fragile)"""
    made = pd.DataFrame(found, columns=["measure", "faces", "verdict", "fragile"])
    return made.assign(network=network, emotion="fear", more="eyes", less="mouth", n=1234)


@pytest.fixture
def folder(tmp_path):
    both = pd.concat([parts("gimefive"), parts("mini-xception")])
    judged = [
        ("gradcam", "correct", "supported", True), ("saliency", "correct", "supported", False),
        ("occlusion, logit", "correct", "undecided", False),
        ("gradcam", "misclassified", "contradicted", True),
    ]  # fmt: skip
    both.to_csv(tmp_path / "part_importance.csv")
    both.to_csv(tmp_path / "part_occlusion.csv")
    claims("gimefive", *judged).to_csv(tmp_path / "claims.csv")
    (tmp_path / "provenance.json").write_text(json.dumps(PROVENANCE))
    return tmp_path


def test_the_rows_are_of_one_network_and_of_its_own_faces(folder):
    own = reference.read_reference(folder).of("gimefive")
    for table in (own.importance, own.occlusion):
        assert set(table["network"]) == {"gimefive"}
        assert list(table["faces"]) == ["correct", "misclassified", "correct"]
    assert own.emotions == ["fear", "neutral", "any"]
    assert own.counted == "1,200 faces, 840 of them predicted as labelled"
    assert own.networks == ["gimefive"] and own.parts == ["eyes"]


def test_verdicts_are_counted_by_claim_and_faces(folder):
    table = reference.read_reference(folder).verdicts().droplevel(["network", "emotion"])
    correct = table.loc[("eyes", "mouth", "correct")]
    assert correct.to_dict() == {
        "contradicted": 0, "supported": 2, "undecided": 1, "fragile": 1, "n": 1234,
    }  # fmt: skip
    assert table.loc[("eyes", "mouth", "misclassified"), "contradicted"] == 1


def test_figures_of_the_tables_name_their_own_faces_and_networks(folder, tmp_path):
    weights = tmp_path / "mine.safetensors"
    weights.write_bytes(b"mine")
    analysis = face_analysis(load_study("tiny"), "gimefive", weights)
    found = reference.read_reference(folder)
    assert not found.is_of(analysis)
    record = found.of("gimefive").record(analysis)
    assert record.study.network.weights.name == "gimefive.bin"
    assert record.hashes["network"] == "00" and record.hashes["corpus"] == "FER2013-ab12"
    assert record.corpus.name == "FER2013 test (PublicTest), measured before"
    both = found.record(analysis)
    assert both.study.network.name == "gimefive, mini-xception"
    assert both.study.network.weights.name == "gimefive.bin, mini-xception.bin"
    found.provenance["networks"]["gimefive"]["sha256"] = file_hash(weights)
    assert found.is_of(analysis)


def test_what_was_shipped_is_known_by_its_pixels(folder):
    images = np.arange(3 * 64 * 64).reshape(3, 64, 64).astype(np.uint8)
    faces = FaceSet(images, np.array(["fear", "anger", "fear"]), np.array(["a", "b", "c"]))
    file = folder / "provenance.json"
    known = json.loads(file.read_text())
    known["data"]["splits"] = {"test": faces.described()}
    known["choices"]["seed"] = 0
    file.write_text(json.dumps(known))
    both = ("mini-xception", "gimefive")
    assert reference.measured_as_shipped({"test": faces}, both, 0, folder)
    assert not reference.measured_as_shipped({"test": faces}, both, 1, folder)
    assert not reference.measured_as_shipped({"test": faces}, both[:1], 0, folder)
    other = FaceSet(255 - images, faces.labels, faces.ids)
    assert not reference.of_shipped_faces({"test": other}, folder)
    assert not reference.of_shipped_faces({"train": faces}, folder)
    assert not reference.of_shipped_faces({"test": faces}, folder / "nowhere")


def test_what_is_missing_is_named(folder):
    with pytest.raises(reference.MissingTables, match="for 'resnet18', only for gimefive, mini-x"):
        reference.read_reference(folder).of("resnet18")
    (folder / "claims.csv").unlink()
    with pytest.raises(reference.MissingTables, match=r"has no claims\.csv; `make facial-parts"):
        reference.read_reference(folder)


def test_answers_are_counted_in_words(folder):
    assert reference.read_reference(folder).words() == (
        "Of 4 answers of maps and covering to the paper's claims on gimefive, 2 support and "
        "1 contradict one."
    )
