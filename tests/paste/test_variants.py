"""What is stored of variants: a plain loop is the oracle, a killed run ends in the same bytes."""

import numpy as np
import pandas as pd
import pytest
from tiny_paste import disc, loop_probabilities, noise
from tiny_studies import scene_study

from emocam_utils import paths
from emocam_utils.paste import variants as made
from emocam_utils.paste.look import images_with_people, moved, other_person, probability_table
from emocam_utils.paste.overlays import POSITIONS, PasteError, overlay_at
from emocam_utils.paste.plans import target_boxes
from emocam_utils.paste.variants import box_variants, explained, grid_variants, with_before
from emocam_utils.pipeline.analysis import Analysis, preset_cam

BOX = ["image", "class", "confidence", "x0", "y0", "x1", "y1"]


@pytest.fixture
def analysis(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    return Analysis(scene_study(tmp_path, limit=6), device="cpu")


@pytest.fixture
def preset(analysis):
    return analysis.study.preset("paper")


def parts(tmp_path) -> dict:
    return {part: part.read_bytes() for part in tmp_path.rglob("paste*/*/*.parquet")}


def test_a_killed_run_continues_and_ends_in_the_same_bytes(analysis, preset, tmp_path, monkeypatch):
    def run():
        return grid_variants(analysis, [disc()], analysis.ids, preset, POSITIONS[:3])

    originals, variants = run()
    before = parts(tmp_path)
    assert len(before) >= 2
    for part in list(before)[1::2]:
        part.unlink()
    pd.testing.assert_frame_equal(run()[1], variants)
    assert parts(tmp_path) == before
    monkeypatch.setattr(Analysis, "models", None)  # all is there: nothing is computed
    pd.testing.assert_frame_equal(run()[0], originals)


def test_variants_hold_what_the_loop_says(analysis, preset):
    thing, ids = disc(), analysis.ids
    originals, variants = grid_variants(analysis, [thing], ids, preset, POSITIONS[:4])
    assert len(variants) == 4 * len(ids)
    image = analysis.corpus.read(ids[1])
    rows = variants[variants["image"] == ids[1]]
    overlays = [overlay_at(image, thing, p) for p in POSITIONS[:4]]
    want = loop_probabilities(analysis.network, image, overlays)
    assert rows["label"].tolist() == [analysis.labels[t] for t in want.argmax(axis=1)]
    np.testing.assert_allclose(rows["probability"], want.max(axis=1), atol=1e-6)
    assert rows["share"].dropna().between(0, 1).all()
    np.testing.assert_allclose(rows["covered"].iloc[0], 64 * 48 / (320 * 240), rtol=1e-6)
    table = with_before(variants, originals, analysis.labels)
    assert (table["changed"] == (table["label"] != table["label_before"])).all()
    same = table[~table["changed"]]
    np.testing.assert_allclose(same["old_after"], same["probability"], atol=1e-6)


def test_the_number_of_variants_in_a_pass_does_not_matter(analysis, preset, monkeypatch):
    cam, image = preset_cam("gradcam", preset), noise(200, 150)
    overlays = [None, *(overlay_at(image, disc(), p) for p in POSITIONS[:6])]
    together = explained(analysis.network, cam, image, overlays)
    monkeypatch.setattr(made, "BATCH", 2)
    for whole, split in zip(
        together, explained(analysis.network, cam, image, overlays), strict=True
    ):
        np.testing.assert_allclose(whole, split, rtol=1e-4, atol=1e-3)


def test_another_object_or_height_is_another_result(analysis, preset, tmp_path):
    for thing, height in ((disc(), 0.2), (disc(), 0.3), (disc(41), 0.2)):
        grid_variants(analysis, [thing], analysis.ids[:1], preset, POSITIONS[:1], height)
    assert len(list(paths.RESULTS.glob("paste-*"))) == 4  # and paste-original


def test_objects_on_boxes_have_all_controls_and_without_a_box_there_is_no_variant(analysis, preset):
    ids = analysis.ids
    boxes = pd.DataFrame([(ids[0], "head", 10, 20, 90, 120)], columns=["image", "target", *BOX[3:]])
    variants = box_variants(analysis, [disc()], boxes, ids, preset)
    assert variants["fill"].tolist() == ["object", "grey", "blur", "noise"]
    assert variants["image"].unique().tolist() == ids[:1]
    assert variants["label"].isin(analysis.labels).all()
    none = box_variants(analysis, [disc()], boxes.iloc[:0], ids, preset)
    assert with_before(none, pd.DataFrame(), analysis.labels).empty


def test_targets_are_checked_and_one_that_a_detector_cannot_see_has_no_box(
    analysis, preset, monkeypatch
):
    rows = [
        (analysis.ids[0], "Car", 0.9, 0, 0, 50, 50),
        (analysis.ids[0], "Car", 0.8, 9, 9, 90, 90),
    ]
    monkeypatch.setattr(Analysis, "boxes", pd.DataFrame(rows, columns=BOX))
    monkeypatch.setattr(Analysis, "classes", ("Human face", "Car"))
    with pytest.raises(PasteError, match=r"targets 'Human fce'.*Did you mean Human face"):
        target_boxes(analysis, preset, ["highest", "Human fce"])
    monkeypatch.setattr(Analysis, "classes", ("Car",))
    monkeypatch.setattr(Analysis, "attention", lambda *_: Attended(analysis.boxes))
    found = target_boxes(analysis, preset, ["highest", "lowest", "Car", "Human face"])
    assert found["target"].tolist() == ["highest", "lowest", "Car"]
    assert found["x0"].tolist() == [9, 0, 0]
    assert target_boxes(analysis, preset, ["Human face"]).empty


class Attended:
    """Boxes whose later ones are the more important."""

    def __init__(self, boxes):
        self.boxes, self.importances = boxes, pd.DataFrame({"mean": range(len(boxes))})


# -------------------------------------------------------------------------------- one image closely
def test_the_object_is_moved_aside_and_onto_another_person(analysis, preset, monkeypatch):
    image = analysis.ids[0]
    rows = [(image, "Person", 0.9, 200, 100, 300, 200), (image, "Car", 0.9, 0, 0, 9, 9)]
    monkeypatch.setattr(Analysis, "boxes", pd.DataFrame(rows, columns=BOX))
    found = pd.Series({"image": image, "x": 0.05, "y": 0.5, "height": 0.2})
    looks = moved(analysis, preset, found, disc())
    assert list(looks) == ["original", "with a disc", "moved right", "on another person"]
    assert all(looks[t].image != looks["original"].image for t in list(looks)[1:])
    table = probability_table(looks)
    np.testing.assert_allclose(table.sum(), 1, rtol=1e-6)
    best = probability_table(looks, most=3)
    assert best.max(axis=1).is_monotonic_decreasing and best.max().max() == table.max().max()


def test_another_person_is_one_that_is_not_covered():
    boxes = pd.DataFrame(
        [("a", "Person", 0.9, 100, 0, 150, 90), ("a", "Human face", 0.8, 0, 0, 20, 20),
         ("a", "Human face", 0.7, 100, 0, 120, 20), ("b", "Car", 1.0, 60, 60, 90, 90)],
        columns=BOX,
    )  # fmt: skip
    assert other_person(boxes, (0, 0, 15, 15))["x0"] == 100
    assert other_person(boxes, (0, 0, 15, 15))["class"] == "Human face"
    assert other_person(boxes[boxes["class"] == "Car"], (0, 0, 15, 15)) is None
    assert images_with_people(boxes, 0.5) == ["a"]
    assert images_with_people(boxes, 0.95) == []
