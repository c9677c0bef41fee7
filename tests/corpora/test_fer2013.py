"""FER2013 from a folder: splits, emotions, and folders that are something else."""

import numpy as np
import pytest
from PIL import Image

from emocam_utils.corpora.fer2013 import Fer2013Error, load_fer2013


def save(folder, name, value, size=64):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (size, size), value).save(file)


@pytest.fixture
def folder(tmp_path):
    for k in range(60):
        save(tmp_path, f"train/Training_{k}_{'fear' if k % 2 else 'sadness'}.png", k)
    save(tmp_path, "test_public/PublicTest_1_surprise.png", 200)
    save(tmp_path, "test/happy/PublicTest_2.png", 100, size=48)  # as Kaggle's folders name it
    save(tmp_path, "test/happy/PrivateTest_3.png", 100)
    return tmp_path


def test_validation_is_a_part_of_the_training_images_and_test_is_public_test(folder):
    train, validation = load_fer2013(folder, "train"), load_fer2013(folder, "validation")
    assert not set(train.ids) & set(validation.ids)
    assert len(train) + len(validation) == 60
    assert 1 <= len(validation) <= 15
    test = load_fer2013(folder, "test")
    assert dict(zip(test.ids, test.labels, strict=True)) == {
        "test_public/PublicTest_1_surprise.png": "surprise",
        "test/happy/PublicTest_2.png": "happiness",
    }
    assert test.images.shape == (2, 64, 64)
    assert sorted(test.images.mean(axis=(1, 2))) == [100, 200]


def test_the_split_depends_on_the_name_alone(folder):
    before = set(load_fer2013(folder, "validation").ids)
    for k in range(60, 90):
        save(folder, f"train/Training_{k}_anger.png", k)
    assert before <= set(load_fer2013(folder, "validation").ids)


def test_image_label_and_target_stay_together(folder):
    train = load_fer2013(folder, "train")
    numbers = [int(name.split("_")[1]) for name in train.ids]
    assert np.array_equal(train.images[:, 0, 0], numbers)
    assert all((label == "fear") == n % 2 for label, n in zip(train.labels, numbers, strict=True))
    targets = train.targets(("surprise", "fear"))
    assert np.array_equal(targets, [1 if n % 2 else -1 for n in numbers])


def test_a_folder_of_something_else_is_refused(tmp_path):
    save(tmp_path, "holiday.png", 3)
    with pytest.raises(Fer2013Error, match=r"no test image of FER2013 .*PublicTest_<number>"):
        load_fer2013(tmp_path, "test")
    with pytest.raises(Fer2013Error, match="no train image"):
        load_fer2013(tmp_path / "absent", "train")
    with pytest.raises(ValueError, match="train, validation, test"):
        load_fer2013(tmp_path, "private")


def test_an_unknown_emotion_and_a_broken_file_are_named(tmp_path):
    save(tmp_path, "PublicTest_1_boredom.png", 3)
    with pytest.raises(Fer2013Error, match=r"PublicTest_1_boredom.png names no emotion"):
        load_fer2013(tmp_path, "test")
    (tmp_path / "PublicTest_1_boredom.png").unlink()
    (tmp_path / "PublicTest_2_fear.jpg").write_bytes(b"<html>")
    with pytest.raises(Fer2013Error, match=r"PublicTest_2_fear.jpg cannot be read"):
        load_fer2013(tmp_path, "test")
