"""The committed tables: whole, of the network that is asked for, and put into words as they are."""

import json

import pandas as pd
import pytest

from emocam_utils.faces import reference
from emocam_utils.faces.analysis import FaceAnalysis, Source, face_study
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
    "choices": {
        "filling": "grey",
        "bootstrap": {"times": 2000, "level": 0.95},
        "claims": {"alpha": 0.05, "correction": "Holm"},
    },
}  # fmt: skip


def parts(network):
    rows = [("correct", "fear", 500), ("predicted", "neutral", 40), ("correct", "any", 840)]
    rows += [("labelled", "fear", 900)]
    made = pd.DataFrame(rows, columns=["faces", "emotion", "n"])
    return made.assign(network=network, part="eyes", method="gradcam", measure="logit")


def claims(network, *found):
    """found : (measure, comparison, verdict)"""
    made = pd.DataFrame(found, columns=["measure", "comparison", "verdict"])
    return made.assign(network=network, emotion="fear", more="eyes", less="mouth",
                       faces="correct", n=1234)  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    both = pd.concat([parts("gimefive"), parts("mini-xception")])
    judged = [
        ("gradcam", "per area", "supported"), ("saliency", "per area", "contradicted"),
        ("occlusion, logit", "per area", "supported"), ("gradcam", "beyond the floor", "undecided"),
        ("saliency", "beyond the floor", "contradicted"), ("gradcam", "floor alone", "supported"),
    ]  # fmt: skip
    both.to_csv(tmp_path / "part_importance.csv")
    both.to_csv(tmp_path / "part_occlusion.csv")
    claims("gimefive", *judged).to_csv(tmp_path / "claims.csv")
    (tmp_path / "provenance.json").write_text(json.dumps(PROVENANCE))
    return tmp_path


def test_the_rows_are_of_one_network_and_of_its_own_faces(folder):
    own = reference.read_reference(folder).of("gimefive")
    importance, occlusion = reference.main_rows(own)
    for table in (importance, occlusion):
        assert set(table["network"]) == {"gimefive"}
        assert list(table["faces"]) == ["correct", "predicted", "correct"]
    assert reference.emotions_of(importance) == ["fear", "neutral", "any"]
    assert own.count_words() == "1,200 faces, 840 of them predicted as labelled"


def test_verdicts_are_counted_before_and_after_the_floor(folder):
    found = reference.read_reference(folder).claims
    assert reference.verdict_words(found) == (
        "gimefive, fear, eyes more than mouth: of 3 measures 2 support it and 1 contradict it; "
        "less what the floor shows as well, 0 and 1"
    )
    table = reference.verdicts(found)
    assert table.index.tolist() == [("gimefive", "fear: eyes more than mouth", "correct, 1,234")]
    assert table.iloc[0].to_dict() == {
        "gradcam": "supported", "saliency": "contradicted", "occlusion, logit": "supported",
    }  # fmt: skip


def test_tables_of_other_weights_are_said_to_be(folder, tmp_path):
    weights = tmp_path / "mine.safetensors"
    weights.write_bytes(b"mine")
    study = face_study(load_study("tiny"), "gimefive", weights)
    analysis, found = FaceAnalysis(study, Source("faces", "f")), reference.read_reference(folder)
    assert "of another gimefive than the one of this notebook" in found.belongs(analysis)
    shown = reference.reference_analysis(analysis, found)
    assert shown.study.network.weights.name == "gimefive.bin"
    assert shown.corpus.name == "FER2013 test (PublicTest), measured before"
    digest = reference.file_hash(weights)
    found.provenance["networks"]["gimefive"]["sha256"] = digest
    assert "are of the gimefive of this notebook (mine.safetensors)" in found.belongs(analysis)
    assert reference.reference_analysis(analysis, found).study.network.weights == weights


def test_what_is_missing_is_named(folder):
    with pytest.raises(reference.MissingTables, match="for 'resnet18', only for gimefive, mini-x"):
        reference.read_reference(folder).of("resnet18")
    (folder / "claims.csv").unlink()
    with pytest.raises(reference.MissingTables, match=r"has no claims\.csv; `make facial-parts"):
        reference.read_reference(folder)
