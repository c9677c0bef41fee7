"""A folder's scores are the network's probabilities, and no image of it is lost."""

import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_faces import LABELS, astronaut, blocks, brightness, probabilities

import emocam_utils.apps.face_scores as module
from emocam_utils.apps.face_scores import WHERE, face_scores, main, write_scores
from emocam_utils.corpora.face_finding import cut_face
from emocam_utils.corpora.faces import Faces
from emocam_utils.corpora.folder import Folder
from emocam_utils.faces.reading import read_faces
from emocam_utils.networks import NETWORKS
from emocam_utils.registry import UnknownName

pytestmark = pytest.mark.usefixtures("without_yunet")


@pytest.fixture
def network():
    name = "brightness of the tests"
    NETWORKS.register(name, lambda weights: brightness())
    yield name
    NETWORKS.unregister(name)


def test_scores_are_the_probabilities_in_the_order_of_the_labels(tmp_path, monkeypatch):
    levels = {f"sub {k // 4}/{k}.png": 25 * k for k in range(9)}
    blocks(tmp_path, levels)
    monkeypatch.setattr(module, "BATCH", 4)  # two full batches and one more
    (tmp_path / "empty.png").write_bytes(b"")
    found = face_scores(Faces(Folder(tmp_path), detect=False), brightness())
    assert list(found.scores) == [*WHERE, *LABELS]
    assert found.scores[["face", "x0", "y0", "x1", "y1"]].drop_duplicates().to_numpy().tolist() == [
        [1, 0, 0, 16, 16]  # each image is a face whole
    ]
    assert found.scores["filepath"].tolist() == sorted(levels)
    expected = [probabilities(levels[name] / 255) for name in sorted(levels)]
    np.testing.assert_allclose(found.scores[list(LABELS)], expected, atol=1e-6)
    assert found.skipped.to_numpy().tolist() == [["empty.png", "the file is empty"]]


def test_the_face_is_scored_not_the_photograph(tmp_path):
    astronaut().save(tmp_path / "a.png")
    found = face_scores(Faces(Folder(tmp_path)), brightness()).scores
    network = brightness()
    face = read_faces([cut_face(astronaut())], network).probabilities[0]
    whole = read_faces([astronaut()], network).probabilities[0]
    np.testing.assert_allclose(found.loc[0, list(LABELS)].astype(float), face, atol=1e-6)
    assert np.abs(face - whole).max() > 0.02


def test_the_command_writes_both_tables_and_says_how_many(tmp_path, network, capsys):
    folder = tmp_path / "faces"
    blocks(folder, {"a,b.png": 255, "deep/er/c.png": 0})
    (folder / "page.jpg").write_text("<html>")
    out = tmp_path / "new" / "scores.csv"
    arguments = [str(folder), "--out", str(out), "--network", network]
    assert main([*arguments, "--cropped"]) == 0
    said = capsys.readouterr().out
    assert "2 faces of 2 of 3 images have their scores" in said and "cascade" not in said
    assert "1 were skipped" in said and "scores_skipped.csv says why" in said
    scores = pd.read_csv(out, index_col="filepath")
    assert scores.index.tolist() == ["a,b.png", "deep/er/c.png"]
    assert scores[list(LABELS)].idxmax(axis=1).tolist() == ["happiness", "sadness"]
    skipped = pd.read_csv(out.with_name("scores_skipped.csv"))
    assert skipped.to_numpy().tolist() == [["page.jpg", "the file is not an image"]]
    assert sorted(p.name for p in out.parent.iterdir()) == ["scores.csv", "scores_skipped.csv"]
    assert main(arguments) == 1  # blocks without a face
    said = capsys.readouterr().out
    assert "0 of 3 images" in said and "Haar cascade" in said and "make data" in said
    assert list(pd.read_csv(out)) == [*WHERE, *LABELS]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"folder": "nowhere"}, r"is not a folder; .*make face-scores FOLDER="),
        ({"folder": "."}, "no file below"),
        ({"--network": "gimefiv"}, "no emotion network named 'gimefiv'.*'gimefive'"),
        ({"--weights": "gone.safetensors", "--network": "gimefive"}, "no weights file at"),
    ],
)
def test_wrong_input_is_said_and_nothing_written(tmp_path, network, capsys, change, message):
    blocks(tmp_path / "faces", {"a.png": 9})
    (tmp_path / "void").mkdir()
    folder = {"nowhere": "nowhere", ".": "void"}.get(change.pop("folder", ""), "faces")
    options = {"--out": str(tmp_path / "s.csv"), "--network": network, **change}
    words = [word for option in options.items() for word in option]
    with pytest.raises(SystemExit) as stopped:
        main([str(tmp_path / folder), *words])
    assert stopped.value.code == 2
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / "s.csv").exists()


def test_a_table_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    out = tmp_path / "s.csv"
    out.write_text("old")
    found = module.Scores(pd.DataFrame({"filepath": ["a"]}), pd.DataFrame())

    def full(self, path, **_):
        path.write_text("hal")
        raise OSError("No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(OSError, match="No space left"):
        write_scores(found, out)
    assert out.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["s.csv"]
    with pytest.raises(ValueError, match=r"let it end in \.csv"):
        write_scores(found, tmp_path / "s.txt")


def test_what_read_faces_refuses():
    with pytest.raises(ValueError, match="no face to read"):
        read_faces([], brightness())
    with pytest.raises(UnknownName, match="no emotion of the network named 'joy'"):
        read_faces([Image.new("RGB", (9, 9))], brightness(), emotion="joy")


def test_a_row_a_face(tmp_path, tiny_yunet, network, capsys):
    """Two faces in a picture, one of 16 pixels and one of 8; none in the other."""
    folder = tmp_path / "faces"
    folder.mkdir()
    picture = Image.new("RGB", (64, 48))
    picture.paste((255, 255, 255), (40, 16, 48, 24))
    picture.paste((243, 243, 243), (8, 8, 16, 16))
    picture.save(folder / "two.png")
    Image.new("RGB", (64, 48)).save(folder / "none.png")
    out = tmp_path / "scores.csv"
    assert main([str(folder), "--out", str(out), "--network", network]) == 0
    said = capsys.readouterr().out
    assert "2 faces of 1 of 2 images" in said and "found by YuNet" in said
    scores = pd.read_csv(out)
    assert scores["filepath"].tolist() == ["two.png"] * 2 and scores["face"].tolist() == [1, 2]
    # of two equally large ones the upper comes first
    assert scores[["x0", "y0", "x1", "y1"]].to_numpy().tolist() == [
        [8, 8, 16, 16],
        [40, 16, 48, 24],
    ]
    np.testing.assert_allclose(scores["confidence"], [(243 / 255) ** 0.5, 1], atol=2e-4)
    # points are looked for in the face at 320 pixels, whose first cell is 0.2 of its own
    eyes = scores[["left_eye_x", "left_eye_y"]] - scores[["x0", "y0"]].to_numpy()
    np.testing.assert_allclose(eyes, 0.05, atol=1e-3)
    assert {"nose_x", "nose_y", "right_of_the_mouth_x", "left_of_the_mouth_y"} < set(scores)
    whole = face_scores(Faces(Folder(folder)), brightness()).scores
    faces = [picture.crop((8, 8, 16, 16)), picture.crop((40, 16, 48, 24))]
    expected = read_faces(faces, brightness()).probabilities
    np.testing.assert_allclose(whole[list(LABELS)].astype(float), expected, atol=0.02)
    assert main([str(folder), "--out", str(out), "--network", network, "--smallest", "0.2"]) == 1
    assert (
        "from 20% of the shorter side" in pd.read_csv(tmp_path / "scores_skipped.csv")["reason"][1]
    )
