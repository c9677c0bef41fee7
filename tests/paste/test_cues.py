"""What the rule says of a pasted cue, and of a corpus that has none."""

import pandas as pd
import pytest
from tiny_paste import noise
from tiny_studies import scene_study

from emocam_utils import paths
from emocam_utils.corpora.emoscenes.corpus import EmoScenes
from emocam_utils.corpora.emoscenes.rule import load_rule
from emocam_utils.corpora.folder import Folder
from emocam_utils.paste import cues
from emocam_utils.paste.objects import drawn_object
from emocam_utils.pipeline.analysis import Analysis


@pytest.fixture(scope="module")
def truth():
    return EmoScenes("test", 20).truth()


def test_the_rule_is_silent_where_two_cues_are_full(truth):
    by_label = dict(zip(truth["label"], truth["image"], strict=True))
    table = pd.DataFrame(
        [(by_label[load_rule().default], "rugby ball"), (by_label["Excitement"], "rugby ball"),
         (by_label["Anxiety"], "Football"), (by_label["Anxiety"], "lotus flower")],
        columns=["image", "object"],
    ).assign(label="Excitement")  # fmt: skip
    judged = cues.verdicts(truth, table)
    assert judged["verdict"].tolist() == [cues.TURNS, cues.STAYS, cues.UNDECIDED, cues.STAYS]
    assert judged["expected"].tolist() == ["Excitement", "Excitement", "", "Anxiety"]
    agreement = cues.agreement(judged, ["object", "verdict"])
    assert agreement.loc[("lotus flower", cues.STAYS), "share"] == 0
    assert agreement["n"].sum() == 3


def test_cues_are_pasted_into_scenes_that_hold_none(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(cues, "cue_objects", lambda: [drawn_object("Knife")])
    analysis = Analysis(scene_study(tmp_path, limit=30), device="cpu")
    preset = analysis.study.preset("paper")
    judged = cues.cue_variants(analysis, 1, [0.2, 0.4], [(0.5, 0.5)], preset)
    assert judged["height"].tolist() == [0.2, 0.4]
    assert (judged["verdict"] == cues.TURNS).all() and (judged["expected"] == "Horror").all()
    assert cues.agreement(judged, ["object", "height"])["n"].tolist() == [1, 1]


def heights(cue, small, large, instead=("Awe",)):
    """20 scenes with a cue at two heights, of which so many follow the rule."""
    rows = []
    for height, right in ((0.2, small), (0.4, large)):
        wrong = [instead[k % len(instead)] for k in range(20 - right)]
        rows += [(cue, height, label, str(k)) for k, label in enumerate(["Joy"] * right + wrong)]
    table = pd.DataFrame(rows, columns=["object", "height", "label", "image"])
    return table.assign(expected="Joy", verdict=cues.TURNS)


def test_cues_that_fall_with_size_are_found_and_what_is_said_instead():
    judged = pd.concat([
        heights("Knife", 18, 4, ["Horror", "Fear", "Horror", "Horror"]),
        heights("Cat", 4, 18), heights("Dog", 12, 10),
    ])  # fmt: skip
    found = cues.falling_with_size(judged)
    assert list(found.index) == ["Knife"]  # Dog falls within its intervals
    assert found.loc["Knife"].tolist() == [0.9, 0.2, "Horror", pytest.approx(12 / 20)]
    assert cues.falling_with_size(judged[judged["height"] == 0.2]).empty
    assert cues.falling_with_size(pd.DataFrame()).empty


def test_a_corpus_without_truth_has_no_cues(tmp_path):
    noise(9, 9).save(tmp_path / "a.png")
    folder = Analysis(scene_study(tmp_path, 1), device="cpu", given=Folder(tmp_path))
    variants = pd.DataFrame({"image": ["a"], "object": ["rugby ball"], "label": ["Joy"]})
    assert cues.cue_variants(folder, 1, [0.2], [(0.5, 0.5)], None).empty
    assert cues.grid_agreement(folder, variants).empty
    none = cues.agreement(pd.DataFrame(), ["object", "height"])
    assert none.empty and none.index.names == ["object", "height"]
    assert none.groupby("height")["share"].agg(["count", "mean", "min"]).empty
