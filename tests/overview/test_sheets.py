"""What is shown of a corpus before any network sees it."""

import re

import numpy as np
import pandas as pd
from PIL import Image

from emocam_utils.corpora.emoscenes.corpus import EmoScenes, load_scene
from emocam_utils.corpora.emoscenes.rule import load_rule
from emocam_utils.corpora.emoscenes.scene import CLASSES
from emocam_utils.overview import sheets


def test_the_sheet_has_first_last_and_equal_distances_with_known_labels():
    corpus = EmoScenes("calibration", 9)
    chosen = sheets.spread(corpus.ids, 3)
    assert chosen == [f"calibration/{n:05d}" for n in (0, 4, 8)]
    axes = sheets.corpus_sheet(corpus, chosen).axes
    assert [ax.get_title() for ax in axes[:3]] == [load_scene(i).label for i in chosen]
    drawn = np.asarray(corpus.read(chosen[1]))
    assert np.array_equal(axes[1].images[0].get_array(), drawn)
    assert sheets.spread(corpus.ids, 99) == corpus.ids and sheets.spread([], 3) == []


def test_of_a_folder_no_label_is_known():
    class Folder:
        def read(self, image):
            return Image.new("RGB", (8, 6))

    assert sheets.corpus_sheet(Folder(), ["a.png"]).axes[0].get_title() == "a.png"


def test_images_with_equal_ends_of_their_names_are_told_apart():
    long = "x" * 40 + ".png"
    table = pd.DataFrame({"image": [f"a/{long}", f"b/{long}"], "width": 1, "height": 1})
    assert sheets.image_table(table, [f"b/{long}"])["on_sheet"].tolist() == [False, True]


def test_large_and_small_pictures_are_framed_alike_and_not_changed():
    wide, dot = (Image.new("RGB", size, "red") for size in ((900, 100), (1, 1)))
    framed = sheets.framed(wide)
    assert framed.size == sheets.framed(dot).size == sheets.FRAME and wide.size == (900, 100)
    assert framed.getpixel((160, 120)) == (255, 0, 0)
    assert framed.getpixel((160, 5)) == (255, 255, 255)


def test_every_class_and_expression_is_on_the_sheet():
    names, pictures = sheets.class_pictures(variants=1)
    assert {n for n in names if not n.startswith("face: ")} == set(CLASSES) - {
        "Person",
        "Clothing",
        "Human face",
    }
    assert {"face: smile", "face: away", "face: cry"} <= set(names)
    assert all(np.asarray(p).std() > 5 for p in pictures)


def test_the_class_table_says_what_is_a_cue_of_what():
    table = sheets.class_table(["Dog", "Tree", "face: smile", "Book"])
    assert table.loc["Dog"].tolist() == ["Adoration", 1.0]
    assert table.loc["Tree"].tolist() == ["", 0.0]
    assert table.loc["Human face/smile", "label"] == "Joy"
    assert table.loc["Book"].tolist() == ["Interest", 0.6]


def test_the_rule_table_has_every_label():
    table = sheets.rule_table()
    assert tuple(table.index) == load_rule().labels
    assert table.loc["Craving"].tolist() == ["Hamburger", "Cake", "Chair"]


def test_the_rule_is_counted_in_words():
    rule = load_rule()
    said = [int(number) for number in re.findall(r"\d+", sheets.rule_in_words())]
    table = sheets.rule_table()
    listed = [table[column].str.split(", ") for column in ("full cues", "rival cues")]
    cues = [sum(len([c for c in row if c and "(" not in c]) for row in one) for one in listed]
    assert said == [len(rule.labels), *cues]


def test_long_names_are_shortened_in_the_middle_to_what_fits():
    assert sheets.shortened("a/b/dog.jpg") == "a/b/dog.jpg"
    assert sheets.shortened("holidays/2019/dog.jpg") == "holidays/2019/dog.jpg"
    assert sheets.shortened("holidays in 2019/dog.jpg") == "dog.jpg"
    short = sheets.shortened("photos/n02099712_Labrador_retriever.JPEG")
    assert len(short) == sheets.NAME and short.startswith("n02099712_") and short.endswith(".JPEG")
