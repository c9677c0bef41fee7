"""Training of EmoNet: it learns, resumes to the same weights, and refuses another recipe."""

from dataclasses import replace

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from emocam_utils.networks.emonet import EmoNet
from emocam_utils.networks.weights import load_emonet
from emocam_utils.training import emonet, loop
from emocam_utils.training.emonet import Recipe, accuracy, augmented, train_emonet
from emocam_utils.training.scenes import TrainingScenes

LABELS = ("Dark", "Light")
RECIPE = Recipe(
    epochs=3, batch=8, width=0.0625, fc_width=0.01, dropout=0, cam_dropout=0.1, learning_rate=3e-3
)


def brightness_scenes(count, seed):
    """Two labels that differ in brightness: learnable by anything that learns."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 2
    images = torch.randint(0, 100, (count, 227, 227, 3), generator=generator, dtype=torch.uint8)
    images += (labels * 150).to(torch.uint8)[:, None, None, None]
    return TrainingScenes(images, images[:, :192, :], labels, pd.DataFrame())


def train(out, recipe=RECIPE):
    return train_emonet(
        brightness_scenes(32, 0), brightness_scenes(8, 1), LABELS, recipe, out / "net.safetensors"
    )


def test_it_learns_and_saves_what_it_measured(tmp_path):
    record = train(tmp_path, replace(RECIPE, epochs=6))
    assert record["history"][-1]["loss"] < 0.8 * record["history"][0]["loss"]
    network = load_emonet(tmp_path / "net.safetensors")
    share, predicted = accuracy(network, brightness_scenes(8, 1))
    assert share == record["history"][-1]["accuracy"] == 1.0
    assert predicted.tolist() == [0, 1] * 4
    assert network.labels == LABELS
    assert not list(tmp_path.glob("*.checkpoint"))


def test_a_killed_training_continues_to_the_same_weights(tmp_path, monkeypatch):
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()
    train(tmp_path / "whole")
    save = loop.save_checkpoint

    def save_then_die(*arguments):
        save(*arguments)
        if len(arguments[-1]["history"]) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(loop, "save_checkpoint", save_then_die)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "killed")
    assert not (tmp_path / "killed" / "net.safetensors").exists()
    monkeypatch.setattr(loop, "save_checkpoint", save)
    record = train(tmp_path / "killed")
    assert len(record["history"]) == 3
    whole, again = (load_file(tmp_path / side / "net.safetensors") for side in ("whole", "killed"))
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(emonet, "save_emonet", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train(tmp_path)
    with pytest.raises(ValueError, match=r"is a checkpoint of another recipe: remove it"):
        train(tmp_path, replace(RECIPE, seed=RECIPE.seed + 1))


def slowly_augmented(pixels, recipe, generator):
    """Normalise, flip, pad with the edge, cut, then contrast and colour: a step at a time."""
    images = (pixels.float() - torch.tensor(recipe.mean)) / recipe.scale
    images = images.permute(0, 3, 1, 2)
    if torch.rand(1, generator=generator) < 0.5:
        images = images.flip(3)
    s, (height, width) = recipe.shift, images.shape[2:]
    right, down = torch.randint(0, 2 * s + 1, (2,), generator=generator).tolist()
    padded = torch.nn.functional.pad(images, (s, s, s, s), mode="replicate")
    contrast = 1 + recipe.jitter * (torch.rand(len(images), 1, 1, 1, generator=generator) * 2 - 1)
    colour = recipe.jitter * (torch.rand(len(images), 3, 1, 1, generator=generator) * 2 - 1)
    return padded[:, :, down : down + height, right : right + width] * contrast + colour


def test_augmentation_is_that_of_its_steps():
    pixels = torch.randint(0, 256, (3, 40, 44, 3), dtype=torch.uint8)
    recipe = replace(RECIPE, shift=4, jitter=0.25)
    for seed in range(12):
        got = augmented(pixels, recipe, torch.Generator().manual_seed(seed))
        plain = slowly_augmented(pixels, recipe, torch.Generator().manual_seed(seed))
        assert got.shape == (3, 3, 40, 44)
        assert got.is_contiguous(memory_format=torch.channels_last)
        assert torch.allclose(got, plain, atol=1e-5)
    again = augmented(pixels, recipe, torch.Generator().manual_seed(11))
    assert torch.equal(again, got)


def test_the_norm_of_training_is_the_norm_with_the_same_gradients():
    network = EmoNet(0.25, 0.01, LABELS)
    norms = network.trunk.norm1, network.trunk.norm2
    names = list(network.state_dict())
    trunk = emonet.with_trained_norms(network).trunk
    assert list(network.state_dict()) == names
    for plain, trained, channels in zip(norms, (trunk.norm1, trunk.norm2), (24, 64), strict=True):
        plain.alpha = 0.5  # as it is published it hardly does anything
        strong = emonet._TrainedNorm(plain, channels)
        assert trained.band.shape == strong.band.shape
        one = torch.randn(2, channels, 5, 5, dtype=torch.float32, requires_grad=True)
        two = one.detach().clone().requires_grad_()
        weights = torch.randn_like(one)
        (plain(one) * weights).sum().backward()
        (strong(two) * weights).sum().backward()
        assert torch.allclose(plain(one), strong(two), atol=1e-5)
        assert torch.allclose(one.grad, two.grad, atol=1e-5)


def test_the_weights_are_those_of_the_loop_written_plainly(tmp_path):
    """Two epochs of four steps: chance, order, schedule and clipping as they have always been."""
    recipe = replace(RECIPE, epochs=2, dropout=0.3)
    train(tmp_path, recipe)
    trained = load_file(tmp_path / "net.safetensors")
    scenes = brightness_scenes(32, 0)
    torch.manual_seed(recipe.seed)
    generator = torch.Generator().manual_seed(recipe.seed)
    network = EmoNet(
        0.0625, 0.01, LABELS, mean=recipe.mean, scale=recipe.scale, dropout=0.3, cam_dropout=0.1
    )
    emonet.with_trained_norms(network.initialise(recipe.seed))
    network.to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=8, pct_start=0.1)
    for _ in range(2):
        for rows in torch.randperm(32, generator=generator).view(4, 8):
            images = augmented(scenes.emonet_images[rows], recipe, generator)
            with torch.autocast("cpu", torch.bfloat16):
                logits = network(images.contiguous(memory_format=torch.channels_last)).float()
            loss = torch.nn.functional.cross_entropy(
                logits, scenes.labels[rows], label_smoothing=0.05
            )
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
    expected = {name: tensor.half() for name, tensor in network.state_dict().items()}
    assert all(torch.equal(trained[name], expected[name]) for name in expected)
