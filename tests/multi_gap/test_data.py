"""Label maps, and images in one folder per label: what is right, and what is wrong is said."""

import numpy as np
import pytest
from PIL import Image

from emocam_utils.corpora.emoscenes.rule import load_rule
from emocam_utils.multi_gap.folders import (
    LabelledFolderError,
    labelled_images,
    read_examples,
    split,
)
from emocam_utils.multi_gap.labels import LabelError, LabelMap, label_map

MAP = LabelMap("two", ("calm", "glad"), {"Calm": "calm", "Glad": "glad", "Odd": None})


@pytest.fixture
def folder(tmp_path):
    """Twenty dark images of Calm and forty bright ones of Glad, and some of Odd."""
    for label, count, colour in (("Calm", 20, 10), ("Glad", 40, 200), ("Odd", 2, 90)):
        (tmp_path / label / "more").mkdir(parents=True)
        for k in range(count):
            place = tmp_path / label / ("more" if k % 2 else ".") / f"{k:02d}.png"
            Image.new("RGB", (9, 7), (colour, colour, colour)).save(place)
    (tmp_path / "Calm" / ".hidden.png").write_text("no image")
    (tmp_path / "Calm" / "notes.txt").write_text("no image")
    return tmp_path


def test_every_label_of_emoscenes_is_mapped_and_all_of_mikels_occur():
    mikels = label_map("emoscenes-to-mikels")
    assert set(mikels.of) == set(load_rule().labels)
    assert {name for name in mikels.of.values() if name} == set(mikels.classes)
    assert len(mikels.classes) == 8
    seven = label_map("mikels-to-webemo")
    assert len(seven.classes) == 7
    assert set(seven.of) == set(mikels.classes)


def test_a_label_that_is_not_known_or_left_out_is_said():
    assert MAP.indices(["Glad", "Calm"]) == [1, 0]
    with pytest.raises(LabelError, match="'Gladd' is not in the map two; did you mean 'Glad'"):
        MAP("Gladd")
    with pytest.raises(LabelError, match="leaves out Odd"):
        MAP.indices(["Glad", "Odd"])


def test_a_map_onto_what_is_no_class_is_refused(tmp_path):
    file = tmp_path / "labels.yaml"
    file.write_text("classes: {b: [x, y]}\nmaps: {a-to-b: {one: x, two: z}, a-to-c: {one: x}}")
    with pytest.raises(LabelError, match="is onto x, y, and has two: z"):
        label_map("a-to-b", file)
    with pytest.raises(LabelError, match="onto 'c', which is none of its classes"):
        label_map("a-to-c", file)
    with pytest.raises(LabelError, match="no label map 'c-to-b'"):
        label_map("c-to-b", file)


def test_images_are_found_with_their_label(folder):
    found = labelled_images(folder, MAP)
    assert found["class"].value_counts().to_dict() == {"glad": 40, "calm": 20}
    assert (found["image"].str.split("/").str[0] == found["label"]).all()


def test_all_that_is_wrong_with_a_folder_is_said_at_once(folder):
    (folder / "Sad").mkdir()
    for image in (folder / "Calm").rglob("*.png"):
        image.unlink()
    (folder / "Glad").rename(folder / "Gladly")
    with pytest.raises(LabelledFolderError) as error:
        labelled_images(folder, MAP)
    for words in ("folder Sad is no label", "folder Gladly is no label", "there is no folder Glad",
                  "the folder Calm holds no image", "Expected: Calm, Glad"):  # fmt: skip
        assert words in str(error.value)
    with pytest.raises(LabelledFolderError, match="is not a folder"):
        labelled_images(folder / "none", MAP)


def test_the_split_is_the_papers_stratified_and_by_seed():
    classes = np.repeat(["a", "b"], [200, 60])
    parts = split(classes, seed=3)
    for name, count in (("a", 200), ("b", 60)):
        mine = parts[classes == name]
        assert (mine == "test").sum() == round(0.15 * count)
        assert (mine == "validation").sum() == round(0.05 * count)
    assert (split(classes, seed=3) == parts).all()
    assert (split(classes, seed=4) != parts).any()
    assert set(split(["a"] * 3)) == {"train", "test", "validation"}
    with pytest.raises(LabelledFolderError, match=r"b \(2\); every class needs three"):
        split(["a"] * 5 + ["b"] * 2)


def test_images_are_read_squashed_and_the_damaged_left_out_by_name(folder):
    (folder / "Glad" / "00.png").write_bytes(b"\x89PNG broken")
    (folder / "Glad" / "02.png").write_bytes(b"")
    examples, skipped = read_examples(folder, MAP, (4, 6))
    assert examples.images.shape == (58, 4, 6, 3)
    assert (examples.images[examples.targets == 0] == 10).all()
    assert (examples.images[examples.targets == 1] == 200).all()
    assert sum(len(examples.rows(p)) for p in ("train", "test", "validation")) == 58
    reasons = skipped.set_index("image")["reason"]
    assert list(reasons.index) == ["Glad/00.png", "Glad/02.png"]
    assert reasons["Glad/02.png"] == "the file is empty"


def test_a_class_of_which_no_image_can_be_read_is_said(folder):
    for image in (folder / "Calm").rglob("*.png"):
        image.write_bytes(b"")
    with pytest.raises(LabelledFolderError, match=r"no image of calm .* can be read"):
        read_examples(folder, MAP, (4, 6))
