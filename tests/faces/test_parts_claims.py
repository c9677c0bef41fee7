"""A network whose answer is known must get the verdicts that are known."""

import argparse
import errno
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from part_reader import PartReader, noise_faces
from PIL import Image

from emocam_utils import paths
from emocam_utils.corpora.fer2013 import FaceSet
from emocam_utils.faces.command import add_destination, destination
from emocam_utils.faces.parts import __main__ as command
from emocam_utils.faces.parts.claims import CLAIMS, EYES_AND_BROWS, claims_table, verdict
from emocam_utils.faces.parts.measured import METHODS, Measured, measure
from emocam_utils.faces.parts.reported import importance_table, occlusion_table
from emocam_utils.faces.parts.shares import map_shares
from emocam_utils.faces.parts.template import MOVES, PARTS, REGIONS, region_masks
from emocam_utils.faces.reference import FOLDER

GREY = np.full((64, 64), 127.5)
COPIES = 40
COVERS = ("occlusion, logit", "occlusion, probability", "occlusion, accuracy")
MEASURES = (*METHODS, *COVERS)


def measured_reader(part: str, count: int = 120, wrong: int = 0, learnt: bool = True) -> Measured:
    """A reader of one part, on faces that are labelled as it answers, but for `wrong` of them."""
    images = noise_faces(count)
    bright = images[:, region_masks()[REGIONS.index(part)]].mean(axis=1) > 127.5
    bright[:wrong] = ~bright[:wrong]
    labels = np.where(bright, "surprise", "happiness")
    faces = FaceSet(images, labels, np.arange(count).astype(str))
    network = PartReader(part, learnt)
    return measure(f"{part} reader", network, faces, GREY, "mean face", copies=COPIES)


@pytest.fixture(scope="module")
def mouth() -> Measured:
    return measured_reader("mouth")


def test_the_part_that_is_read_wins_in_every_map(mouth: Measured) -> None:
    read = np.array([region == "mouth" for region in REGIONS], dtype=float)
    for method in METHODS:
        np.testing.assert_allclose(mouth.shares[method], np.tile(read, (120, 1)), atol=1e-6)
    table = importance_table(mouth, times=50)
    row = table.query("method == 'saliency' and part == 'mouth' and emotion == 'any'").iloc[0]
    assert row["per_area"] == pytest.approx(4096 / 240)
    assert row["untrained"] == pytest.approx(1, abs=0.5)  # an untrained copy reads everything
    assert row["beyond"] == pytest.approx(4096 / 240 - row["untrained"])
    assert row["beyond_low"] < row["beyond"] < row["beyond_high"]


def test_covering_what_is_not_read_does_nothing(mouth: Measured) -> None:
    read = REGIONS.index("mouth")
    others = [k for k in range(len(REGIONS)) if k != read]
    for values in mouth.drops.values():
        assert (np.abs(values[:, others]) < 1e-6).all()
    assert (mouth.drops["logit"][:, read] > -0.1).all()  # the cover is a grey of whole levels
    assert (mouth.drops["logit"][:, read] > 0).mean() > 0.95
    assert (mouth.drops["probability"][:, read] > 0).mean() > 0.95
    table = occlusion_table(mouth, times=200)
    row = table.query("measure == 'logit' and part == 'mouth' and emotion == 'any'").iloc[0]
    assert row["beyond_low"] > 0 and row["drop"] > 5 * abs(row["random"])
    assert row["per_percent"] == pytest.approx(row["drop"] / (100 * 240 / 4096))


def test_what_is_moved_is_the_template(mouth: Measured) -> None:
    """The share on a box that was moved off the mouth is what is left inside, less its floor."""
    k, read = MOVES.index((0, 3)), REGIONS.index("mouth")
    box = region_masks(64, (0, 3))
    left = (region_masks()[read] & box[read]).sum() / 240
    targets = (mouth.faces["answer"] == "happiness").to_numpy().astype(int)
    reader, faces = PartReader("mouth"), noise_faces(120)
    floor, _ = map_shares(reader, faces, targets, box, ["saliency"], copies=COPIES)
    np.testing.assert_allclose(
        mouth.moved["saliency"][k][:, read], left - floor["saliency"][:, read], atol=1e-5
    )
    covered = mouth.moved["occlusion, logit"][k] + mouth.elsewhere["logit"]
    assert (covered[:, read] < mouth.drops["logit"][:, read]).mean() > 0.9
    assert np.isnan(covered[:, REGIONS.index("nose")]).all()  # no claim needs it


@pytest.mark.parametrize(
    ("part", "joy", "surprise"),
    [
        ("mouth", "supported", "contradicted"),
        ("eyes", "contradicted", "supported"),
        ("nose", "undecided", "undecided"),
    ],
)
def test_verdicts_are_those_that_are_known(part: str, joy: str, surprise: str) -> None:
    """Of correct faces and of those that are labelled wrongly: these are explained as answered."""
    table = claims_table([measured_reader(part, 320, wrong=160)], times=999)
    said = table.set_index(["measure", "emotion", "faces"])["verdict"]
    for name in (*METHODS, "occlusion, logit", "occlusion, probability"):
        for faces in ("correct", "misclassified"):
            assert said[name, "happiness", faces] == joy
            assert said[name, "surprise", faces] == surprise
        assert said[name, "disgust", "misclassified"] == "not testable"
    assert not {"disgust", "neutral"} & set(table.query("faces == 'correct'")["emotion"])


def test_what_the_untrained_network_does_too_is_not_owed_to_learning() -> None:
    table = claims_table([measured_reader("mouth", learnt=False)], times=199)
    rows = table.query("faces == 'correct'").set_index(["measure", "emotion"])
    for method in METHODS:  # the untrained copy reads the same pixels, through other weights
        assert rows.loc[(method, "happiness"), "verdict"] == "undecided"
        assert rows.loc[(method, "happiness"), "plain"] > 10
    assert rows.loc[("occlusion, logit", "happiness"), "verdict"] == "supported"


def test_differences_are_those_of_the_faces_by_hand(mouth: Measured) -> None:
    table = claims_table([mouth], times=199).set_index(["measure", "emotion", "faces"])
    rows = mouth.faces["answer"].eq("happiness").to_numpy()
    more, less, brows = (REGIONS.index(p) for p in ("mouth", "eyes", EYES_AND_BROWS))
    areas = 100 * mouth.areas
    beyond = (mouth.drops["logit"] - mouth.elsewhere["logit"])[rows] / areas
    row = table.loc[("occlusion, logit", "happiness", "correct")]
    assert row["n"] == rows.sum()
    assert row["difference"] == pytest.approx((beyond[:, more] - beyond[:, less]).mean())
    assert row["with_brows"] == pytest.approx((beyond[:, more] - beyond[:, brows]).mean())
    assert row["plain"] - row["floor"] == pytest.approx(row["difference"])
    assert row["wide_low"] < row["low"] < row["difference"] < row["high"] < row["wide_high"]


def test_one_correction_is_over_all_networks_and_measures(mouth: Measured) -> None:
    alone = claims_table([mouth], times=499)
    nose = measured_reader("nose")
    both = claims_table([mouth, nose], times=499)
    assert len(alone) == len(MEASURES) * (4 + 2) and len(both) == 2 * len(alone)
    first = both.iloc[: len(alone)]
    np.testing.assert_allclose(first["p"], alone["p"])
    tested = alone["p"].notna() & (alone["wide_high"] > alone["wide_low"])
    arms = [(of["wide_high"] - of["difference"])[tested] for of in (first, alone)]
    times = (arms[0] / arms[1]).to_numpy()  # one critical value for all rows, larger for more rows
    assert times.min() > 1 and times.max() == pytest.approx(times.min())


def test_a_verdict_that_turns_with_the_template_is_fragile(mouth: Measured) -> None:
    plain = claims_table([mouth], times=199).set_index(["measure", "emotion", "faces"])
    row = plain.loc[("saliency", "happiness", "correct")]
    assert not row["fragile"] and row["moved_low"] < row["moved_high"] <= row["difference"] + 1e-9
    turned = {name: values.copy() for name, values in mouth.moved.items()}
    turned["saliency"][2] *= -1
    table = claims_table([replace(mouth, moved=turned)], times=199)
    table = table.set_index(["measure", "emotion", "faces"])
    assert table.loc[("saliency", "happiness", "correct"), "fragile"]
    assert not table.loc[("gradcam", "happiness", "correct"), "fragile"]


def test_fewer_than_30_faces_are_not_judged() -> None:
    few = measured_reader("mouth", 50)
    table = claims_table([few], times=199)
    counts = few.faces["answer"].value_counts()
    assert counts.min() < 30  # else this shows nothing
    for emotion, n in counts.items():
        rows = table[table["emotion"].eq(emotion) & table["faces"].eq("correct")]
        assert rows["n"].le(n).all() and rows["n"].max() == n  # a face may have an empty map
        assert (rows["verdict"].eq("not testable") == (rows["n"] < 30)).all()
        assert (rows["p_all"].isna() == (rows["n"] < 30)).all() and rows["difference"].notna().all()


def test_verdict_by_hand() -> None:
    assert [verdict(d, p) for d, p in ((1, 0.01), (-1, 0.01), (1, 0.05), (1, np.nan))] == [
        "supported",
        "contradicted",
        "undecided",
        "not testable",
    ]


def test_every_face_is_in_one_group_of_its_answer() -> None:
    found = measured_reader("mouth", 40, wrong=10)
    rows = {(f, e): r for f, e, r in found.groups()}
    assert len(rows["correct", "any"]) == 30 and len(rows["misclassified", "any"]) == 10
    every = {emotion: own for (_, emotion), own in rows.items() if emotion != "any"}
    assert sorted(k for (_, e), own in rows.items() if e != "any" for k in own) == list(range(40))
    for emotion, own in every.items():
        assert (found.faces.loc[own, "answer"] == emotion).all()
    assert found.accuracy == 0.75 and found.labelled == 40


def test_a_label_that_the_network_does_not_know_is_misclassified() -> None:
    faces = noise_faces(6)
    faces[:] = 200  # all bright: surprise
    labels = np.array(["surprise"] * 3 + ["anger"] * 2 + ["happiness"])
    of = FaceSet(faces, labels, labels)
    found = measure("reader", PartReader("mouth"), of, GREY, "grey")
    assert found.labelled == 4 and found.accuracy == 0.75
    table = importance_table(found, times=20)
    nobody = table.query("faces == 'correct' and emotion == 'happiness'")
    assert (nobody["n"] == 0).all() and nobody[["per_area", "per_area_low", "beyond"]].isna().all(
        None
    )
    drops = occlusion_table(found, times=20).query("faces == 'correct'")
    assert drops.query("emotion == 'happiness'")["drop"].isna().all()
    few = claims_table([found], times=199)
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
    assert len(pd.read_csv(out / "claims.csv")) == 6 * (len(CLAIMS) + 2)
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
