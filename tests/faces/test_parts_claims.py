"""A network whose answer is known must get the verdicts that are known."""

import argparse
import errno
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from part_reader import PartReader, noise_faces
from PIL import Image

from emocam_utils import paths
from emocam_utils.faces.command import add_destination, destination
from emocam_utils.faces.parts import __main__ as command
from emocam_utils.faces.parts.claims import (
    CLAIMS,
    COMPARISONS,
    claims_table,
    verdict,
)
from emocam_utils.faces.parts.measured import Measured, find_cases, measure
from emocam_utils.faces.parts.reported import importance_table, occlusion_table
from emocam_utils.faces.parts.template import PARTS, REGIONS, region_masks
from emocam_utils.faces.reference import FOLDER

GREY = np.full((64, 64), 127.5)


def measured_reader(part: str, count: int = 48) -> Measured:
    """A reader of one part, on faces that are labelled as it answers."""
    network, faces = PartReader(part), noise_faces(count)
    mask = REGIONS.index(part)
    bright = faces[:, region_masks()[mask]].mean(axis=1) > 127.5
    labels = np.where(bright, "surprise", "happiness")
    return measure(f"{part} reader", network, faces, labels, GREY, "mean face", seeds=(0,))


@pytest.fixture(scope="module")
def mouth() -> Measured:
    return measured_reader("mouth")


def test_the_part_that_is_read_wins_in_every_map(mouth: Measured) -> None:
    read = np.array([region == "mouth" for region in REGIONS], dtype=float)
    for method in ("gradcam", "saliency", "guided saliency"):
        np.testing.assert_allclose(mouth.shares[method], np.tile(read, (48, 1)), atol=1e-6)
    table = importance_table(mouth, times=50)
    row = table.query("method == 'gradcam' and part == 'mouth' and emotion == 'any'")
    assert row["per_area"].tolist() == pytest.approx([4096 / 240] * 4)  # trained and untrained


def test_covering_what_is_not_read_does_nothing(mouth: Measured) -> None:
    read = REGIONS.index("mouth")
    others = [k for k in range(len(REGIONS)) if k != read]
    for values in mouth.drops.values():
        assert (np.abs(values[:, others]) < 1e-6).all()
    assert (mouth.drops["logit"][:, read] > 0).all()
    assert (mouth.drops["probability"][:, read] > 0).all()
    table = occlusion_table(mouth, times=200)
    row = table.query("measure == 'logit' and part == 'mouth' and emotion == 'any'").iloc[0]
    assert row["beyond_low"] > 0 and row["drop"] > 5 * abs(row["random"])
    assert row["per_percent"] == pytest.approx(row["drop"] / (100 * 240 / 4096))


@pytest.mark.parametrize(
    ("part", "joy", "surprise"),
    [
        ("mouth", "supported", "contradicted"),
        ("eyes", "contradicted", "supported"),
        ("nose", "undecided", "undecided"),
    ],
)
def test_verdicts_are_those_that_are_known(part: str, joy: str, surprise: str) -> None:
    table = claims_table(measured_reader(part), times=500)
    plain = table[table["comparison"] == "per area"].set_index(["measure", "emotion"])["verdict"]
    for measure_name in (
        "gradcam",
        "saliency",
        "guided saliency",
        "occlusion, logit",
        "occlusion, probability",
    ):
        assert plain[measure_name, "happiness"] == joy
        assert plain[measure_name, "surprise"] == surprise
        assert plain[measure_name, "disgust"] == "not testable"
        assert plain[measure_name, "neutral"] == "not testable"


def test_what_the_untrained_network_does_too_is_not_owed_to_learning(mouth: Measured) -> None:
    table = claims_table(mouth, times=200).set_index(["comparison", "measure", "emotion"])
    maps = ["gradcam", "saliency", "guided saliency"]
    for method in maps:  # the untrained copy reads the same pixels, through other weights
        assert table.loc[("beyond the floor", method, "happiness"), "verdict"] == "undecided"
        assert table.loc[("floor alone", method, "happiness"), "verdict"] == "supported"
    row = table.loc[("beyond the floor", "occlusion, logit", "happiness")]
    assert row["verdict"] == "supported"
    assert table.loc[("against the others", "gradcam", "happiness"), "verdict"] == "undecided"


def test_the_template_moved_bounds_the_difference(mouth: Measured) -> None:
    table = claims_table(mouth, times=100).set_index(["comparison", "measure", "emotion"])
    row = table.loc[("per area", "saliency", "happiness")]
    assert 0 < row["moved_low"] < row["moved_high"] < row["difference"]
    assert np.isnan(table.loc[("per area", "occlusion, logit", "happiness"), "moved_low"])


def test_holm_is_over_the_claims_of_one_measure(mouth: Measured) -> None:
    table = claims_table(mouth, times=200)
    assert len(table) == 6 * len(COMPARISONS) * len(CLAIMS)
    for _, rows in table.groupby(["measure", "comparison"]):
        tested = rows.dropna(subset="p")
        assert set(tested["emotion"]) == {"happiness", "surprise"}
        assert tested["p_holm"].max() <= min(2 * tested["p"].max(), 1) + 1e-12
        assert tested["p_holm"].min() == pytest.approx(min(2 * tested["p"].min(), 1))


def test_verdict_by_hand() -> None:
    assert [verdict(d, p) for d, p in ((1, 0.01), (-1, 0.01), (1, 0.05), (1, np.nan))] == [
        "supported",
        "contradicted",
        "undecided",
        "not testable",
    ]


def test_cases_of_an_emotion_that_no_face_is_labelled_with() -> None:
    outputs = ("anger", "fear", "neutral")
    answers = np.array([0, 2, 1, 2])
    labels = np.array(["anger", "anger", "fear", "disgust"])
    cases = find_cases(answers, labels, outputs)
    assert cases["face"].tolist() == [0, 1, 2, 1, 3]
    assert cases["emotion"].tolist() == ["anger", "anger", "fear", "neutral", "neutral"]
    assert cases["target"].tolist() == [0, 0, 1, 2, 2]
    assert cases["labelled"].tolist() == [True, True, True, False, False]
    assert cases["correct"].tolist() == [True, False, True, False, False]


def test_an_emotion_that_is_never_predicted_is_undefined() -> None:
    faces = noise_faces(4)
    labels = np.array(["surprise"] * 3 + ["happiness"])
    faces[:] = 200  # all bright: surprise
    measured = measure("reader", PartReader("mouth"), faces, labels, GREY, "grey", seeds=(0,))
    table = importance_table(measured, times=20)
    nobody = table.query("faces == 'correct' and emotion == 'happiness'")
    assert (nobody["n"] == 0).all() and nobody[["share", "share_low", "per_area"]].isna().all(None)
    drops = occlusion_table(measured, times=20).query("faces == 'correct'")
    assert drops.query("emotion == 'happiness'")["drop"].isna().all()
    few = claims_table(measured, times=20)
    assert (few["verdict"] == "not testable").all()  # 3 faces are too few as well


def test_a_folder_without_faces_is_refused(tmp_path, capsys) -> None:
    with pytest.raises(SystemExit) as stopped:
        command.main([str(tmp_path), "--networks", "mini-xception"])
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert said.startswith("facial-parts: no train image of FER2013 in") and "DATA=" in said
    with pytest.raises(SystemExit):
        command.main([str(tmp_path), "--networks", "minixception"])
    assert "invalid choice: 'minixception'" in capsys.readouterr().err


@pytest.fixture
def reader(tmp_path, monkeypatch) -> Path:
    """A small FER2013, and a network that reads the mouth in place of the trained ones."""
    faces = tmp_path / "my faces"
    faces.mkdir()
    for split, count in (("Training", 40), ("PublicTest", 12)):
        for k, pixels in enumerate(noise_faces(count, seed=len(split))):
            emotion = ("surprise", "happiness")[k % 2]
            Image.fromarray(pixels).save(faces / f"{split}_{k}_{emotion}.png")
    weights = tmp_path / "weights"
    weights.write_text("none")
    monkeypatch.setattr(command, "WEIGHTS", {"reader": lambda: weights})
    monkeypatch.setattr(command, "open_network", lambda name, path: PartReader("mouth"))
    monkeypatch.setattr("emocam_utils.paths.RESULTS", tmp_path / "results")
    return faces


def test_other_faces_leave_the_shipped_tables_alone(tmp_path, reader, capsys) -> None:
    shipped = {f: f.read_bytes() for f in (paths.DATA / "faces").iterdir()}
    command.main([str(reader), "--networks", "reader"])
    out = tmp_path / "results" / "facial-parts" / "my faces"
    said = capsys.readouterr().out
    assert f"Written to {out} after" in said and "those stay" in said
    assert {f: f.read_bytes() for f in (paths.DATA / "faces").iterdir()} == shipped
    importance = pd.read_csv(out / "part_importance.csv")
    assert set(importance["part"]) == {*PARTS, "eyes and brows"}
    assert len(pd.read_csv(out / "claims.csv")) == 6 * len(COMPARISONS) * len(CLAIMS)
    record = (out / "provenance.json").read_text()
    assert str(tmp_path) not in record and '"n": 12' in record
    assert {f.name for f in out.iterdir()} == {
        "part_positions.csv", "part_fillings.csv", "part_importance.csv", "part_occlusion.csv",
        "claims.csv", "mean_face.png", "provenance.json",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("error", "said", "code"),
    [
        (KeyboardInterrupt(), "facial-parts: interrupted; nothing is written", 130),
        (OSError(errno.ENOSPC, "No space left on device", "x.csv"), "x.csv'; make room", 1),
        (RuntimeError("[enforce fail] . PytorchStreamWriter failed"), "is the disk full?", 1),
    ],
)
def test_what_ends_a_run_is_a_sentence(reader, monkeypatch, capsys, error, said, code) -> None:
    def ends(*_, **__):
        raise error

    monkeypatch.setattr(command, "measure", ends)
    with pytest.raises(SystemExit) as stopped:
        command.main([str(reader), "--networks", "reader"])
    assert stopped.value.code == code and said in capsys.readouterr().err


def test_where_it_writes_can_be_said(tmp_path) -> None:
    parser = argparse.ArgumentParser()
    add_destination(parser)
    for words, shipped, want in (
        ([], False, tmp_path), ([], True, FOLDER), (["--publish"], False, FOLDER),
        (["--out", "there"], True, Path("there")),
    ):  # fmt: skip
        assert destination(parser.parse_args(words), shipped, tmp_path) == want
