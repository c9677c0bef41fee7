"""A folder's scores are the network's probabilities, and no image of it is lost."""

import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_faces import LABELS, astronaut, blocks, brightness, probabilities

import emocam_utils.apps.face_scores as module
from emocam_utils.apps.face_scores import face_scores, main, write_scores
from emocam_utils.corpora.face_finding import cut_face
from emocam_utils.corpora.faces import Faces
from emocam_utils.corpora.folder import Folder
from emocam_utils.faces.reading import read_faces
from emocam_utils.networks import NETWORKS
from emocam_utils.registry import UnknownName


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
    assert list(found.scores) == ["filepath", *LABELS]
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
    assert "2 of 3 images have their scores" in said
    assert "1 were skipped" in said and "scores_skipped.csv says why" in said
    scores = pd.read_csv(out, index_col="filepath")
    assert scores.index.tolist() == ["a,b.png", "deep/er/c.png"]
    assert scores.idxmax(axis=1).tolist() == ["happiness", "sadness"]
    skipped = pd.read_csv(out.with_name("scores_skipped.csv"))
    assert skipped.to_numpy().tolist() == [["page.jpg", "the file is not an image"]]
    assert sorted(p.name for p in out.parent.iterdir()) == ["scores.csv", "scores_skipped.csv"]
    assert main(arguments) == 1  # blocks without a face
    assert "0 of 3 images" in capsys.readouterr().out
    assert list(pd.read_csv(out)) == ["filepath", *LABELS]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"folder": "nowhere"}, "is not a folder"),
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
