"""OASIS' ratings and images, in a folder made like it and in the real one."""

import numpy as np
import pytest
from PIL import Image
from real_files import unpacked
from tiny_oasis import HEADER, rows, write_oasis

from emocam_utils import paths
from emocam_utils.corpora import BLANK, offers, picture
from emocam_utils.corpora.images import UnreadableImage
from emocam_utils.corpora.oasis import Oasis, RatingsError, read_ratings


def test_ratings_and_themes_are_read_whatever_ends_the_lines(tmp_path):
    corpus = Oasis(write_oasis(tmp_path / "oasis"))
    table = corpus.annotations
    assert len(table) == 12
    assert table.loc["Sad face 2.jpg"].to_dict() == {
        "theme": "Sad face",
        "category": "Person",
        "source": "Pixabay",
        "valence": 5.2,
        "valence_sd": 1.1,
        "valence_n": 102,
        "arousal": 3.3,
        "arousal_sd": 1.6,
        "arousal_n": 101,
    }
    assert "Lake 1.jpg" in table.index  # written with a blank at its end
    for ending in ("\n", "\r\n"):
        (tmp_path / "again.csv").write_text(ending.join([HEADER, *rows()]), newline="")
        assert read_ratings(tmp_path / "again.csv").equals(table)


def test_images_come_in_the_order_of_the_ratings_and_missing_ones_are_left_out(tmp_path):
    folder = write_oasis(tmp_path / "oasis")
    corpus = Oasis(folder)
    assert corpus.ids == corpus.annotations.index.tolist()
    assert corpus.read("Dog 2.jpg").size == corpus.size("Dog 2.jpg") == (50, 40)
    assert len(corpus.digest("Dog 2.jpg")) == 32
    (folder / "images" / "Dog 2.jpg").unlink()
    (folder / "images" / "stranger.jpg").write_bytes(b"")
    fewer = Oasis(folder)
    assert len(fewer.ids) == 11 and fewer.name == "OASIS (11 of 900 images)"
    assert Oasis(folder, 2).ids == ["Acorns 1.jpg", "Acorns 2.jpg"]
    for image in ("stranger.jpg", "../OASIS.csv"):
        with pytest.raises(UnreadableImage, match="has no image"):
            corpus.read(image)


def test_a_folder_without_images_or_ratings_says_how_to_get_them(tmp_path):
    with pytest.raises(UnreadableImage, match=r"no .*OASIS.csv .*make data STUDY=oasis"):
        _ = Oasis(tmp_path).ids
    (tmp_path / "OASIS.csv").write_text("\n".join([HEADER, *rows()]))
    with pytest.raises(UnreadableImage, match=r"no image of OASIS .*make data STUDY=oasis"):
        _ = Oasis(tmp_path).ids


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: [*lines, lines[0]], "rated twice: Acorns 1.jpg"),
        (lambda lines: [lines[0].replace("Object", "Thing")], "1 rows of unknown category 'Thing'"),
        (lambda lines: [lines[0].replace("2.1", "7.2")], "1 rows with valence outside 1 to 7"),
        (lambda lines: [lines[0].replace("3.0", "n/a")], "1 rows with arousal outside"),
        (lambda lines: [lines[0].replace("Acorns", "../Acorns")], "lead out of the folder"),
    ],
)
def test_ratings_that_cannot_be_right_are_refused(tmp_path, change, message):
    (tmp_path / "OASIS.csv").write_text("\n".join([HEADER, *change(rows())]))
    with pytest.raises(RatingsError, match=message):
        read_ratings(tmp_path / "OASIS.csv")
    (tmp_path / "OASIS.csv").write_text("a,b\n1,2\n")
    with pytest.raises(RatingsError, match="it has no Theme, Category"):
        read_ratings(tmp_path / "OASIS.csv")


def test_figures_show_a_blank_of_the_same_size(tmp_path):
    corpus = Oasis(write_oasis(tmp_path / "oasis"))
    assert offers(corpus, "hidden")
    shown = picture(corpus, "Dog 1.jpg")
    assert shown.size == (50, 40) and shown.tobytes() == picture(corpus, "Lake 1.jpg").tobytes()
    assert (np.asarray(shown) != np.asarray(Image.new("RGB", (50, 40), BLANK))).any(), "words"


def test_no_notebook_draws_images_that_may_have_to_be_hidden():
    files = sorted(paths.NOTEBOOKS.glob("*.ipynb"))
    assert files
    for file in files:
        assert "corpus.read(" not in file.read_text(encoding="utf-8"), f"{file.name}: use picture()"


def test_the_real_archive_has_900_rated_photographs_of_248_themes(tmp_path):
    corpus = Oasis(unpacked("oasis.tar", tmp_path))
    table = corpus.annotations
    assert len(corpus.ids) == len(table) == 900 and corpus.name == "OASIS"
    assert table["theme"].nunique() == 248
    counts = table["category"].value_counts()
    assert counts.to_dict() == {"Person": 346, "Scenery": 220, "Object": 200, "Animal": 134}
    assert (table["valence"] < 3).sum() == 162 and (table["valence"] > 5).sum() == 315
