"""Effects by removal: what is drawn, what is compared, and that nothing unseen has an effect."""

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_networks import tiny_emonet
from tiny_studies import scene_study as study

from emocam_utils.corpora.emoscenes import corpus, scene
from emocam_utils.corpora.emoscenes.layers import render
from emocam_utils.corpora.emoscenes.scene import Removal, Scene, Thing
from emocam_utils.pipeline.analysis import Analysis
from emocam_utils.study import CorpusSpec
from emocam_utils.validation import changes, effects

CPU = torch.device("cpu")


def pixels(image):
    return np.asarray(image).astype(int)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    analysis = Analysis(study(tmp_path_factory.mktemp("effects"), 9))
    return analysis, effects.measure_effects(analysis, processes=1)


def test_pairs_are_of_cues_and_a_cue_that_is_a_face_is_removed_as_one():
    things = [
        Thing(name, x, 60, 70, 60, False, 3)
        for name, x in (("Dog", 10), ("Cat", 120), ("Car", 230), ("Human face/smile", 230))
    ]
    whole = Scene("Adoration", "room", 5, tuple(things))
    dog, cat, smile = Removal(0, "Dog"), Removal(1, "Cat"), Removal(3, "Human face")
    assert effects.cue_pairs(whole) == ((dog, cat), (dog, smile), (cat, smile))


def test_a_scene_is_drawn_whole_without_each_object_and_without_each_pair():
    image = next(
        i for i in corpus.EmoScenes("test", 40).ids if effects.cue_pairs(corpus.load_scene(i))
    )
    drawn, drawing = corpus.load_scene(image), effects.draw(image)
    assert (pixels(drawing.whole) == pixels(render(drawn))).all()
    objects = zip(drawing.objects["thing"], drawing.objects["class"], strict=True)
    removed = [*((Removal(*row),) for row in objects), *drawing.pairs]
    pictures = [*drawing.without, *drawing.without_pairs]
    for picture, removals in zip(pictures, removed, strict=True):
        assert (pixels(picture) == pixels(render(drawn, *removals))).all()


def test_a_fully_covered_object_has_no_effect_not_even_a_rounding_error():
    """The dog stands behind a house that covers all of it: its removal changes no pixel."""
    dog = Thing("Dog", 120, 130, 30, 25, False, 3)
    house = Thing("House", 60, 30, 200, 190, False, 4)
    whole = Scene("Boredom", "room", 5, (dog, house))
    objects = scene.boxes(whole)
    assert objects.loc[0, "occluded"] == 1.0
    removals = (Removal(0, "Dog"), Removal(1, "House"))
    drawing = effects.Drawing(
        objects,
        (),
        render(whole),
        tuple(render(whole, removal) for removal in removals),
        (),
    )
    assert (pixels(drawing.without[0]) == pixels(drawing.whole)).all()
    table, _ = effects._effects("x", drawing, tiny_emonet(), CPU)
    assert table["probability_drop"][0] == 0 and table["logit_drop"][0] == 0
    assert abs(table["logit_drop"][1]) > 1e-6


def test_logits_of_changed_pictures_are_in_their_places():
    network = tiny_emonet()
    pictures = [Image.new("RGB", (50, 40), colour) for colour in ("red", "blue", "white")]
    whole, blue, white = pictures
    got = changes.logits_without(network, whole, [blue, whole, white], CPU)
    alone = [changes.logits_of(network, [p], CPU)[0] for p in (whole, blue, whole, white)]
    assert np.allclose(got, alone, atol=1e-4)
    assert (got[2] == got[0]).all()


def test_the_drop_is_that_of_the_predicted_label(measured):
    """Slowly, one object of one image: draw, pass, subtract."""
    analysis, found = measured
    image = analysis.ids[4]
    drawn = corpus.load_scene(image)
    rows = found.objects[found.objects["image"] == image].reset_index(drop=True)
    for _, row in rows.iterrows():
        removal = Removal(int(row["thing"]), row["class"])
        logits = []
        for picture in (render(drawn), render(drawn, removal)):
            inputs = analysis.network.preprocess(picture)[None]
            with torch.no_grad():
                logits.append(analysis.network(inputs)[0].double())
        target = int(logits[0].argmax())
        probabilities = [values.softmax(0)[target] for values in logits]
        assert analysis.network.labels[target] == row["label"]
        assert row["probability"] == pytest.approx(float(probabilities[0]), abs=1e-5)
        drop = float(probabilities[0] - probabilities[1])
        assert row["probability_drop"] == pytest.approx(drop, abs=1e-5)
        assert row["logit_drop"] == pytest.approx(
            float(logits[0][target] - logits[1][target]), rel=1e-4, abs=1e-3
        )


def test_every_object_of_every_scene_is_there_once(measured):
    analysis, found = measured
    truth = analysis.corpus.truth()
    assert found.objects[["image", "thing", "class"]].equals(truth[["image", "thing", "class"]])


def test_pairs_hold_the_effects_of_their_single_cues(measured):
    _, found = measured
    assert len(found.pairs)
    for _, pair in found.pairs.iterrows():
        objects = found.objects[found.objects["image"] == pair["image"]]
        for which in ("first", "second"):
            of_thing = objects[objects["thing"] == pair[which]]
            of_thing = of_thing[~of_thing["class"].isin(["Person", "Clothing"])]
            assert of_thing["name"].tolist() == [pair[f"{which}_name"]]
            assert of_thing["probability_drop"].tolist() == [pair[f"probability_{which}"]]


def test_processes_change_nothing_and_what_is_stored_is_not_drawn_again(
    measured, monkeypatch, tmp_path
):
    analysis, found = measured
    again = Analysis(analysis.study)
    monkeypatch.setattr(Analysis, "network", property(lambda _: pytest.fail("opened")))
    monkeypatch.setattr(Analysis, "models", property(lambda _: pytest.fail("opened")))
    effects.measure_effects(again, processes=2)
    monkeypatch.undo()
    monkeypatch.setattr("emocam_utils.paths.RESULTS", tmp_path)
    by_two = effects.measure_effects(Analysis(analysis.study), processes=2)
    assert list(tmp_path.rglob("*.parquet"))
    assert by_two.objects.equals(found.objects) and by_two.pairs.equals(found.pairs)


def test_only_drawn_scenes_can_lose_an_object(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    photographs = study(tmp_path, 1).model_copy(
        update={"corpus": CorpusSpec(kind="folder", path=tmp_path)}
    )
    with pytest.raises(TypeError, match=r"from EmoScenes only, not from folder .*; use occlusion"):
        effects.measure_effects(Analysis(photographs))


def test_changes_by_hand():
    """The label is the whole picture's, also where a version has another: log-odds 2, 0, -1."""
    logits = np.array([[2.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    table = changes.changes(logits, ("Awe", "Joy"))
    assert table["label"].tolist() == ["Awe", "Awe"]
    assert table["label_without"].tolist() == ["Awe", "Joy"]
    assert table["logit_drop"].tolist() == [2.0, 2.0]
    p = [1 / (1 + np.exp(-odds)) for odds in (2, 0, -1)]
    assert table["probability"].tolist() == pytest.approx([p[0]] * 2)
    assert table["probability_drop"].tolist() == pytest.approx([p[0] - p[1], p[0] - p[2]])


def test_a_version_in_which_nothing_differs_is_not_passed_at_all(monkeypatch):
    passed = []

    def logits_of(network, pictures, device):
        passed.extend(pictures)
        return np.arange(2.0 * len(pictures)).reshape(-1, 2)

    monkeypatch.setattr(changes, "logits_of", logits_of)
    whole, other = (Image.new("RGB", (4, 4), colour) for colour in ("red", "blue"))
    got = changes.logits_without(None, whole, [whole.copy(), other, whole.copy()], CPU)
    assert passed == [whole, other]
    assert got.tolist() == [[0, 1], [0, 1], [2, 3], [0, 1]]
