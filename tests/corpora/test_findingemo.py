"""FindingEmo's annotations and addresses as the package ships them, and its images as a corpus."""

from __future__ import annotations

import io
import re
from collections import Counter

import pytest
from misbehaving_server import picture

from emocam_utils.corpora import findingemo
from emocam_utils.corpora.findingemo import (
    EMOTIONS,
    WHEEL,
    AnnotationError,
    FindingEmo,
    addresses,
    annotations,
    is_web_address,
    read_annotations,
)
from emocam_utils.corpora.images import UnreadableImage
from emocam_utils.downloads.image_files import safe_path
from emocam_utils.pipeline import analysis as stages
from emocam_utils.pipeline.analysis import Analysis
from emocam_utils.study import load_study

HEADER = "index,user,image_path,tags,age,valence,arousal,emotion,dec_factors,ambiguity,datetime\n"
ROW = '0,u1,/Run_1/a b/c.jpg,"Text,NA","Adults,Seniors",-3,6,Grief,"Context,Neutral",2,2023\n'


def test_one_row_is_read_as_written():
    table = read_annotations(io.StringIO(HEADER + ROW))
    row = table.loc["Run_1/a b/c.jpg"]
    assert row["annotator"] == "u1"
    assert (row["emotion"], row["leaf"]) == ("Grief", "Sadness")
    assert (row["valence"], row["arousal"], row["ambiguity"]) == (-3, 6, 2)
    assert row["ages"] == ("Adults", "Seniors")
    assert row["factors"] == ("Context", "Neutral")
    assert row["tags"] == ("Text", "NA")  # pandas would read NA as missing


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (ROW.replace("Grief", "Greif"), r"unknown emotion 'Greif' \(1 times\); there are Serenity"),
        (ROW.replace("Grief", "Annotance"), "unknown emotion 'Annotance'"),
        (ROW.replace("Seniors", "Elders"), "unknown age 'Elders'"),
        (ROW.replace("Neutral", "Mood"), "unknown deciding factor 'Mood'"),
        (ROW.replace("-3", "-4"), "1 rows with valence outside -3 to 3"),
        (ROW.replace(",6,", ",7,"), "1 rows with arousal outside 0 to 6"),
        (ROW.replace(",2,2023", ",much,2023"), "1 rows with ambiguity outside 0 to 6"),
        (ROW + ROW, "images annotated twice: Run_1/a b/c.jpg"),
        (ROW.replace("a b", ".."), r"paths that lead out of the folder: Run_1/\.\./c.jpg"),
    ],
)
def test_what_is_misspelt_or_out_of_range_is_an_error(wrong, message):
    with pytest.raises(AnnotationError, match=message):
        read_annotations(io.StringIO(HEADER + wrong))


def test_all_problems_are_told_at_once():
    wrong = ROW.replace("Grief", "Greif").replace("-3", "-4")
    with pytest.raises(AnnotationError, match=r"(?s)Greif.*valence outside"):
        read_annotations(io.StringIO(HEADER + wrong))


def test_all_annotations_of_the_package_pass_and_use_all_24_labels():
    table = annotations()
    assert len(table) == table.index.nunique() == findingemo.ANNOTATED == 25_869
    assert set(table["emotion"]) == set(EMOTIONS)
    assert len(EMOTIONS) == len(set(EMOTIONS)) == 24
    # counted in the package's own file, not by our reader
    counts = Counter(re.findall(r",(\w+),(?:\"[\w,]+\"|\w+),\d,20\d\d-", _package_text()))
    assert counts == table["emotion"].value_counts().to_dict()
    # what the labels of the authors' code lose (three misspelt, one missing)
    assert sum(counts[e] for e in ("Annoyance", "Disgust", "Ecstasy", "Sadness")) == 3_431


def _package_text() -> str:
    from findingemo_light.data.read_annotations import read_annotations as text

    return text()


def test_the_wheel_rises_in_arousal_from_the_mild_to_the_strong_emotion():
    means = annotations().groupby("emotion")["arousal"].mean()
    for leaf, (mild, _, strong) in WHEEL.items():
        assert means[mild] < means[strong], leaf


def test_every_annotated_image_has_its_addresses_or_none():
    found = addresses()
    assert list(found) == list(annotations().index)
    assert sum(not urls for urls in found.values()) == 261  # 258 without a line, 3 with no address
    assert sum(map(len, found.values())) == 60_526
    assert all(is_web_address(url) for urls in found.values() for url in urls)
    image = "Run_1/Accepting adults workplace/s960_olderwoman-960x640.jpg"
    assert [url.rsplit("/", 2)[1] for url in found[image]][:2] == ["10008", "8510"]


def test_every_name_is_safe_for_a_file_system(tmp_path):
    for image in annotations().index[::50]:
        safe_path(tmp_path, image)
    assert (
        max(len(part.encode()) for image in annotations().index for part in image.split("/")) < 255
    )


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://a.org/b.jpg", True),
        ("http://a.org", True),
        ("images/newbldg-4.jpg", False),
        ("file:///etc/passwd", False),
        ("https:///b.jpg", False),
        ("http://[::1/b.jpg", False),
        ("", False),
    ],
)
def test_what_is_a_web_address(text, is_one):
    assert is_web_address(text) is is_one


# the images


@pytest.fixture
def folder(tmp_path):
    for number, image in enumerate(annotations().index[[3, 1, 8]]):
        path = tmp_path / image
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
    (tmp_path / "Run_1").mkdir(exist_ok=True)
    (tmp_path / "Run_1" / "stray.jpg").write_bytes(picture(9))
    return tmp_path


def test_the_corpus_is_the_annotated_images_that_are_there(folder):
    corpus = FindingEmo(folder)
    assert corpus.ids == list(annotations().index[[1, 3, 8]])
    assert corpus.name == "FindingEmo (3 of 25,869 images)"
    assert corpus.read(corpus.ids[0]).size == (80, 60)
    assert FindingEmo(folder, limit=2).ids == corpus.ids[:2]
    for name in ("Run_1/stray.jpg", "../x.jpg"):
        with pytest.raises(UnreadableImage, match="FindingEmo has no image"):
            corpus.read(name)


def test_stamp_and_digest_change_with_the_image(folder):
    corpus, image = FindingEmo(folder), annotations().index[1]
    before = corpus.stamp(image), corpus.digest(image)
    (folder / image).write_bytes(picture(5) + b"x")
    assert corpus.stamp(image) != before[0] and corpus.digest(image) != before[1]


def test_without_images_it_says_how_to_get_them(tmp_path):
    corpus = FindingEmo(tmp_path)
    assert corpus.name == "FindingEmo (0 of 25,869 images)"
    with pytest.raises(UnreadableImage, match=r"none of FindingEmo's 25,869 .*make data STUDY="):
        _ = corpus.ids


# the study


def test_the_study_opens_its_corpus_and_its_models_only_after_their_check(monkeypatch):
    asked, built = [], {}
    monkeypatch.setattr(stages.assets, "require", asked.append)
    monkeypatch.setitem(
        stages.DETECTORS._things,
        "lightnet-yolo",
        lambda weights, *, device=None, **options: built.update(device=device, **options),
    )
    study = load_study("findingemo")
    analysis = Analysis(study, device="cpu")
    assert analysis.corpus == FindingEmo()
    _ = analysis.detector
    assert asked == [study.detector.weights]
    assert built == {
        "device": "cpu", "confidence": 0.005, "iou": 0.005, "class_scores": "softmax", "fill": 0.0,
    }  # fmt: skip
    if not study.network.weights.is_file():
        with pytest.raises(FileNotFoundError):
            _ = analysis.network
        assert asked[1:] == [study.network.weights]
