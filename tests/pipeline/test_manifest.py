"""The manifest: what is read again when files change, and what happens to files that cannot be."""

import os
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from emocam_utils.corpora import offers
from emocam_utils.corpora.emoscenes.corpus import EmoScenes
from emocam_utils.corpora.findingemo import FindingEmo
from emocam_utils.corpora.folder import Folder
from emocam_utils.corpora.images import UnreadableImage
from emocam_utils.pipeline import manifest as manifests
from emocam_utils.pipeline.manifest import manifest
from emocam_utils.pipeline.store import StoreError


class Watched(Folder):
    """Remembers which files it was asked to decode."""

    asked: ClassVar[list[str]] = []

    def size(self, image):
        self.asked.append(image)
        return super().size(image)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(40):
        level = np.full((4, 5 + number, 3), number, np.uint8)
        Image.fromarray(level).save(folder / f"{number:02d}.png")
    (folder / "broken.jpg").write_bytes(b"no image")
    Watched.asked.clear()
    return folder


def look(photos, tmp_path):
    Watched.asked.clear()
    return manifest(Watched(photos), tmp_path / "results").set_index("image"), set(Watched.asked)


def test_only_new_and_changed_files_are_read(photos, tmp_path):
    first, asked = look(photos, tmp_path)
    assert len(asked) == len(first) == 41
    assert first.loc["07.png", ["width", "height"]].tolist() == [12, 4]
    assert first.loc["broken.jpg", "reason"] == "the file is not an image"
    assert first.loc["broken.jpg", "digest"] == ""
    again, asked = look(photos, tmp_path)
    assert asked == set() and again.equals(first)

    Image.new("RGB", (9, 9)).save(photos / "new.png")
    Image.new("RGB", (8, 8)).save(photos / "03.png")
    os.utime(photos / "04.png", (1, 1))
    (photos / "05.png").unlink()
    (photos / "06.png").rename(photos / "z.png")
    after, asked = look(photos, tmp_path)
    assert asked == {"new.png", "03.png", "04.png", "z.png"}
    assert after.loc["04.png", "digest"] == first.loc["04.png", "digest"], "touched only"
    assert after.loc["z.png", "digest"] == first.loc["06.png", "digest"], "renamed only"
    assert after.loc["03.png", "digest"] != first.loc["03.png", "digest"]
    assert "05.png" not in after.index and len(after) == 41


def test_a_killed_run_keeps_what_it_has_read(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(manifests, "CHUNK", 1)
    monkeypatch.setattr(manifests, "TASK", 2)
    read = Watched.size

    def stops(self, image):
        if image > "30":
            raise KeyboardInterrupt
        return read(self, image)

    monkeypatch.setattr(Watched, "size", stops)
    with pytest.raises(KeyboardInterrupt):
        look(photos, tmp_path)
    monkeypatch.setattr(Watched, "size", read)
    table, asked = look(photos, tmp_path)
    assert len(table) == 41 and 0 < len(asked) < 41


def test_a_damaged_manifest_is_made_again(photos, tmp_path):
    first, _ = look(photos, tmp_path)
    (file,) = (tmp_path / "results").rglob("images.parquet")
    file.write_bytes(file.read_bytes()[:100])
    again, asked = look(photos, tmp_path)
    assert again.equals(first) and len(asked) == 41


def test_no_place_to_write_says_so(photos, tmp_path):
    (tmp_path / "results").write_text("a file")
    with pytest.raises(StoreError, match=r"cannot write .*images\.parquet.*Make room"):
        manifest(Folder(photos), tmp_path / "results")


def test_a_limit_or_another_folder_shares_or_does_not_share(photos, tmp_path):
    manifest(Folder(photos), tmp_path / "results")
    assert len(manifest(Folder(photos, limit=3), tmp_path / "results")) == 3
    assert len(list((tmp_path / "results").rglob("images.parquet"))) == 1
    other = tmp_path / "other"
    other.mkdir()
    Image.new("RGB", (3, 3)).save(other / "00.png")
    assert manifest(Folder(other), tmp_path / "results")["width"].tolist() == [3]


def test_a_drawn_scene_is_known_by_its_drawing(tmp_path, monkeypatch):
    from emocam_utils.corpora.emoscenes import corpus as scenes

    table = manifest(EmoScenes("calibration", 5), tmp_path)
    assert table["digest"].nunique() == 5
    assert table[["width", "height"]].drop_duplicates().to_numpy().tolist() == [[320, 240]]
    monkeypatch.setattr(scenes, "version", lambda package: "another renderer")
    assert scenes.scene_digest("calibration/00000") != table["digest"][0]


def test_capabilities_are_asked_for_not_kinds(photos):
    assert offers(EmoScenes(), "truth") and offers(EmoScenes(), "remove")
    assert not offers(EmoScenes(), "annotations")
    assert offers(FindingEmo(photos), "annotations")
    assert not any(offers(Folder(photos), what) for what in ("truth", "annotations", "remove"))


def test_a_file_that_went_away_has_a_reason(photos):
    with pytest.raises(UnreadableImage, match="missing"):
        Folder(photos).digest("none.png")


def test_a_reason_that_may_pass_is_not_kept(photos, tmp_path, monkeypatch):
    def without_memory(self, image):
        raise UnreadableImage("cannot be read now: no memory", passing=image == "07.png")

    with monkeypatch.context() as patch:
        patch.setattr(Watched, "size", without_memory)
        table, _ = look(photos, tmp_path)
        assert table.loc["07.png", "reason"] == "cannot be read now: no memory"
    table, asked = look(photos, tmp_path)
    assert asked == {"07.png"} and table.loc["07.png", "reason"] == ""
    assert table.loc["08.png", "reason"] != ""


def test_a_name_that_is_no_text_is_named_and_the_rest_goes_on(photos, tmp_path):
    (photos / os.fsdecode(b"caf\xe9.png")).write_bytes(b"x")
    table, _ = look(photos, tmp_path)
    assert len(table) == 42 and "missing" in table.loc["caf\\udce9.png", "reason"]
