"""What is shown of a corpus before any network sees it."""

import numpy as np
from PIL import Image

from emocam_utils.corpora.emoscenes.corpus import EmoScenes, load_scene
from emocam_utils.corpora.emoscenes.rule import load_rule
from emocam_utils.corpora.emoscenes.scene import CLASSES
from emocam_utils.overview import examples as overview


def test_spread_takes_first_last_and_equal_distances():
    corpus = EmoScenes("calibration", 9)
    titles, pictures = overview.spread(corpus, corpus.ids, 3)
    numbers = [0, 4, 8]
    expected = [f"calibration/{n:05d}" for n in numbers]
    assert titles == [f"{i}: {load_scene(i).label}" for i in expected]
    assert np.array_equal(np.asarray(pictures[1]), np.asarray(corpus.read(expected[1])))


def test_large_and_small_pictures_are_framed_alike_and_not_changed():
    class Two:
        name = "two"

        def read(self, image):
            return Image.new("RGB", {"wide": (900, 100), "dot": (1, 1)}[image], "red")

    _, pictures = overview.spread(Two(), ["wide", "dot"], 2)
    assert {p.size for p in pictures} == {overview.FRAME}
    assert pictures[0].getpixel((160, 120)) == (255, 0, 0)
    assert pictures[0].getpixel((160, 5)) == (255, 255, 255)


def test_every_class_and_expression_is_on_the_sheet():
    names, pictures = overview.class_pictures(variants=1)
    assert {n for n in names if not n.startswith("face: ")} == set(CLASSES) - {
        "Person",
        "Clothing",
        "Human face",
    }
    assert {"face: smile", "face: away", "face: cry"} <= set(names)
    assert all(np.asarray(p).std() > 5 for p in pictures)


def test_the_class_table_says_what_is_a_cue_of_what():
    table = overview.class_table(["Dog", "Tree", "face: smile", "Book"])
    assert table.loc["Dog"].tolist() == ["Adoration", 1.0]
    assert table.loc["Tree"].tolist() == ["", 0.0]
    assert table.loc["Human face/smile", "label"] == "Joy"
    assert table.loc["Book"].tolist() == ["Interest", 0.6]


def test_the_rule_table_has_every_label():
    table = overview.rule_table()
    assert tuple(table.index) == load_rule().labels
    assert table.loc["Craving"].tolist() == ["Hamburger", "Cake", "Chair"]
