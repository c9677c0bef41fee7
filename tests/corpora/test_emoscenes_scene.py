"""Scenes: exact boxes, determinism, drawings that are kept."""

import numpy as np
import pytest

from emocam_utils import paths
from emocam_utils.corpora.emoscenes import corpus, scene
from emocam_utils.corpora.emoscenes.layers import render
from emocam_utils.corpora.emoscenes.rule import load_rule
from emocam_utils.corpora.emoscenes.scene import Removal
from emocam_utils.corpora.images import UnreadableImage

IDS = [corpus.image_id("test", i) for i in range(24)]


def pixels(image):
    return np.asarray(image).astype(int)


def test_boxes_are_tight():
    """The pixels that a symbol changes reach within 8 % of every side of its box."""
    for image in IDS[:10]:
        drawn = corpus.load_scene(image)
        for index, thing in enumerate(drawn.things):
            alone = scene.Scene(drawn.label, "studio", drawn.seed, (thing,))
            name = "Person" if thing.is_person else thing.name
            changed = (pixels(render(alone)) != pixels(render(alone, Removal(0, name)))).any(axis=2)
            ys, xs = np.nonzero(changed)
            slack_x, slack_y = 0.08 * thing.width + 1, 0.08 * thing.height + 1
            assert abs(xs.min() - thing.x) < slack_x
            assert abs(xs.max() + 1 - thing.x - thing.width) < slack_x
            assert abs(ys.min() - thing.y) < slack_y
            assert abs(ys.max() + 1 - thing.y - thing.height) < slack_y
            assert index < 5


def test_removing_a_person_removes_all_of_it_and_a_face_only_the_face():
    drawn = next(
        s for s in map(corpus.load_scene, IDS) if any(t.name.endswith("/smile") for t in s.things)
    )
    index = next(i for i, t in enumerate(drawn.things) if t.name.endswith("/smile"))
    whole = pixels(render(drawn))
    changes = {
        part: int((pixels(render(drawn, Removal(index, part))) != whole).any(axis=2).sum())
        for part in scene.PERSON_CLASSES
    }
    assert changes["Person"] > changes["Human face"] > 0
    assert changes["Person"] > changes["Clothing"] > 0


def test_a_scene_is_the_same_every_time_and_another_for_another_key():
    first, again = (scene.compose("test/00003", "Anxiety") for _ in range(2))
    assert first == again
    assert pixels(render(first)).tolist() == pixels(render(again)).tolist()
    assert scene.compose("test/00023", "Anxiety") != first
    assert scene.compose("train/00003", "Anxiety") != first


def test_scenes_keep_the_rules_label_and_bound_occlusion():
    rule = load_rule()
    for image in IDS:
        drawn = corpus.load_scene(image)
        assert rule.label([t.name for t in drawn.things]) == drawn.label
        for i, a in enumerate(drawn.things):
            for b in drawn.things[i + 1 :]:
                smaller = min(a.width * a.height, b.width * b.height)
                assert scene.overlap(a.box, b.box) <= scene.MOST_OCCLUSION * smaller + 1e-9


def test_boxes_of_a_flipped_person_are_mirrored():
    thing = scene.Thing("Human face/smile", 10, 20, 100, 125, True, 1)
    table = scene.boxes(scene.Scene("Joy", "studio", 1, (thing,))).set_index("class")
    left, right = (scene.people.FACE_BOX[k] for k in (0, 2))
    assert table.loc["Human face", ["x0", "x1"]].tolist() == [10 + 100 - right, 10 + 100 - left]
    assert table.loc["Person", ["x0", "y0", "x1", "y1"]].tolist() == [10, 20, 110, 145]


def test_occlusion_by_hand():
    below = scene.Thing("Dog", 0, 0, 10, 10, False, 1)
    above = scene.Thing("Cat", 5, 5, 10, 10, False, 1)
    table = scene.boxes(scene.Scene("Adoration", "studio", 1, (below, above)))
    assert table["occluded"].tolist() == [0.25, 0.0]


def test_a_turned_away_person_has_no_face_box():
    thing = scene.Thing("Human face/away", 10, 20, 100, 125, False, 1)
    assert set(scene.boxes(scene.Scene("Boredom", "studio", 1, (thing,)))["class"]) == {
        "Person",
        "Clothing",
    }


@pytest.mark.parametrize("image", ["test/99999", "exam/00001", "test/-1", "../secret"])
def test_unknown_image_is_named(image):
    with pytest.raises(UnreadableImage, match="EmoScenes has no image"):
        corpus.load_scene(image)


def test_splits_are_balanced_and_disjoint():
    test = corpus.EmoScenes("test", 40)
    labels = [corpus.load_scene(i).label for i in test.ids]
    assert {labels.count(label) for label in set(labels)} == {2} and len(set(labels)) == 20
    assert not set(test.ids) & set(corpus.EmoScenes("calibration").ids)
    assert len(corpus.EmoScenes("test").ids) == 2000
    with pytest.raises(
        ValueError, match="'validation' is not one of train, calibration, test, truth"
    ):
        corpus.EmoScenes("validation")


def test_size_is_that_of_the_drawing_without_drawing_it(monkeypatch):
    test = corpus.EmoScenes("test", 1)
    expected = test.read("test/00000").size
    monkeypatch.setattr(corpus.layers, "render", None)
    assert test.size("test/00000") == expected
    with pytest.raises(UnreadableImage, match="EmoScenes has no image"):
        test.size("test/2000")


def test_a_drawing_is_kept_and_drawn_again_if_it_is_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    scenes, image = corpus.EmoScenes("calibration"), "calibration/00007"
    drawn = render(corpus.load_scene(image))
    assert scenes.read(image).tobytes() == drawn.tobytes()
    (kept,) = tmp_path.rglob("*.png")
    with monkeypatch.context() as patch:
        patch.setattr(corpus.layers, "render", None)
        assert scenes.read(image).tobytes() == drawn.tobytes(), "read, not drawn"
    kept.write_bytes(kept.read_bytes()[:1000])
    assert scenes.read(image).tobytes() == drawn.tobytes()
    monkeypatch.setattr(paths, "RESULTS", kept)  # no folder: nothing can be kept
    assert scenes.read(image).tobytes() == drawn.tobytes()
