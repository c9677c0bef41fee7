"""Training of GiMeFive: augmentation, early stopping, and a run that is killed."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from emocam_utils.corpora.fer2013 import FaceSet
from emocam_utils.networks.gimefive import VARIANTS
from emocam_utils.training import gimefive as training

STILL = {"rotation": 0, "scale": 0, "shift": 0, "perspective": 0, "brightness": 0, "contrast": 0}
RECIPE = training.Recipe(variant="narrow", epochs=3, batch=8, patience=9)


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setitem(VARIANTS, "narrow", {"channels": (8, 8)})


def faces(count, seed=0):
    """Bright above is fear, bright below is anger."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 60, (count, 64, 64), dtype=np.uint8)
    labels = np.where(np.arange(count) % 2, "fear", "anger")
    for image, label in zip(images, labels, strict=True):
        rows = slice(0, 20) if label == "fear" else slice(44, 64)
        image[rows] += 150
    return FaceSet(images, labels, np.arange(count).astype(str))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_without_strength_the_augmentation_only_mirrors():
    images = torch.rand(40, 1, 16, 16, generator=generator()) * 2 - 1
    moved = training.augmented(images, replace(RECIPE, **STILL), generator(1))
    same = [torch.allclose(a, b, atol=1e-5) for a, b in zip(images, moved, strict=True)]
    mirrored = [torch.allclose(a.flip(2), b, atol=1e-5) for a, b in zip(images, moved, strict=True)]
    assert all(a != b for a, b in zip(same, mirrored, strict=True))
    assert 5 < sum(mirrored) < 35


def test_a_turned_face_is_the_face_turned():
    """Against scipy: the same angle, about the middle, without distortion on square images."""
    from scipy.ndimage import rotate

    ramp = np.add.outer(np.linspace(-0.5, 0.5, 33), np.linspace(-0.3, 0.3, 33)).astype(np.float32)
    turns = replace(RECIPE, **STILL | {"rotation": 30.0})
    moved = training.augmented(
        torch.from_numpy(ramp)[None, None].repeat(20, 1, 1, 1), turns, generator()
    )
    angles = (torch.rand(20, generator=generator()) * 2 - 1) * 30
    inner = slice(10, 23)
    for picture, angle in zip(moved[:, 0].numpy(), angles.tolist(), strict=True):
        candidates = [
            rotate(face, sign * angle, reshape=False, order=1)[inner, inner]
            for face in (ramp, ramp[:, ::-1])
            for sign in (1, -1)
        ]
        assert min(np.abs(picture[inner, inner] - c).max() for c in candidates) < 0.01


@pytest.mark.parametrize("name", sorted(STILL))
def test_each_strength_changes_the_picture_and_stays_in_range(name):
    images = torch.rand(8, 1, 16, 16, generator=generator()) * 2 - 1
    recipe = replace(RECIPE, **STILL | {name: getattr(training.Recipe(), name)})
    moved = training.augmented(images, recipe, generator(1))
    still = training.augmented(images, replace(RECIPE, **STILL), generator(1))
    assert not torch.allclose(moved, still, atol=1e-3)
    assert moved.abs().max() <= 1


def test_it_learns_what_can_be_learnt_and_returns_the_best_epoch(tmp_path):
    recipe = replace(RECIPE, epochs=6, dropout=0.0, label_smoothing=0.0, learning_rate=1e-2)
    network, record = training.train_gimefive(faces(160), faces(40, 1), recipe, tmp_path / "c")
    shares = [epoch["accuracy"] for epoch in record["history"]]
    assert max(shares) > 0.9
    assert training.accuracy(network, faces(40, 1)) == max(shares)
    assert not network.training
    assert record["faces"] == {"train": 160, "validation": 40}


def test_a_killed_run_continues_to_the_same_weights(tmp_path, monkeypatch):
    whole, _ = training.train_gimefive(faces(40), faces(10, 1), RECIPE, tmp_path / "a.checkpoint")
    calls = iter(range(9))

    def dies_in_the_second_epoch(*_):
        if next(calls) == 1:
            raise KeyboardInterrupt
        return 0.5

    with monkeypatch.context() as patch:
        patch.setattr(training, "accuracy", dies_in_the_second_epoch)
        with pytest.raises(KeyboardInterrupt):
            training.train_gimefive(faces(40), faces(10, 1), RECIPE, tmp_path / "b.checkpoint")
    parts, record = training.train_gimefive(
        faces(40), faces(10, 1), RECIPE, tmp_path / "b.checkpoint"
    )
    assert record["history"][0]["accuracy"] == 0.5  # kept from before it was killed
    state = torch.load(tmp_path / "b.checkpoint", weights_only=True)["network"]
    expected = torch.load(tmp_path / "a.checkpoint", weights_only=True)["network"]
    for name, value in expected.items():
        torch.testing.assert_close(state[name], value, msg=name)
    assert parts.channels == whole.channels


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path):
    training.train_gimefive(faces(40), faces(10, 1), replace(RECIPE, epochs=1), tmp_path / "c")
    with pytest.raises(ValueError, match="another recipe"):
        training.train_gimefive(faces(40), faces(10, 1), RECIPE, tmp_path / "c")


def test_it_stops_when_validation_no_longer_improves(tmp_path, monkeypatch):
    shares = iter([0.3, 0.6, 0.5, 0.6, 0.2, 0.9])
    monkeypatch.setattr(training, "accuracy", lambda *_: next(shares))
    recipe = replace(RECIPE, epochs=6, patience=2)
    _, record = training.train_gimefive(faces(16), faces(4, 1), recipe, tmp_path / "c")
    assert [epoch["accuracy"] for epoch in record["history"]] == [0.3, 0.6, 0.5, 0.6]
