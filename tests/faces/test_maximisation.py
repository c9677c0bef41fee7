"""Activation maximisation on networks whose best image is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_networks import tiny_emonet
from tiny_saliency import TinyFace, noise, small_network, state
from torch import nn

from emocam_utils.faces.maximisation import (
    Ascent,
    InputSpace,
    maximise,
    pictures,
    pixel_norm,
    total_variation,
)
from emocam_utils.registry import UnknownName

BARE = Ascent(steps=120, rate=0.05, jitter=0, total_variation=0, norm=0)


def linear_network() -> TinyFace:
    """Grey, 2 x 2; logits 0.4 a - 0.2 b + 0 c + 0.1 d and its opposite; filter 1 is -3 times it."""
    trunk = nn.Conv2d(1, 2, 1)
    trunk.weight.data = torch.tensor([1.0, -3.0]).reshape(2, 1, 1, 1)
    trunk.bias.data.zero_()
    linear = nn.Linear(8, 2)
    row = torch.tensor([0.4, -0.2, 0.0, 0.1, 0, 0, 0, 0])
    linear.weight.data, linear.bias.data = torch.stack([row, -row]), torch.zeros(2)
    return TinyFace(trunk, nn.Sequential(nn.Identity(), nn.Flatten(), linear), (2, 2))


GREY = torch.zeros(1, 1, 2, 2)


def test_without_regularisers_each_pixel_goes_to_the_end_that_its_weight_says():
    found = maximise(linear_network(), "joy", GREY, BARE)
    assert found.images.flatten().tolist() == [1, -1, 0, 1]
    assert found.history.shape == (121, 1)
    assert found.history[0, 0] == 0 and found.history[-1, 0] == pytest.approx(0.7)
    opposite = maximise(linear_network(), 1, GREY, BARE)
    assert opposite.images.flatten().tolist() == [-1, 1, 0, -1]


def test_a_filter_is_maximised_before_its_activation():
    # -3 u: the ReLU behind it is off for light pixels, and the start is light
    found = maximise(linear_network(), ("filter", 1), GREY + 0.9, BARE)
    assert found.images.flatten().tolist() == [-1] * 4
    assert found.history[:, 0][[0, -1]] == pytest.approx([-2.7, 3])


def test_the_norm_stops_where_its_slope_is_the_scores():
    # 0.4 = norm * 2 u / 4 pixels, so u = weight * 2 / norm
    found = maximise(linear_network(), 0, GREY, Ascent(800, 0.01, 0, 0, norm=2.0, p=2))
    torch.testing.assert_close(
        found.images.flatten(), torch.tensor([0.4, -0.2, 0, 0.1]), atol=1e-3, rtol=0
    )


def test_total_variation_draws_the_pixels_together():
    rough = maximise(linear_network(), 0, GREY, BARE)
    smooth = maximise(linear_network(), 0, GREY, Ascent(400, 0.02, 0, total_variation=5, norm=0))
    assert total_variation(smooth.images) < 0.1 * total_variation(rough.images)
    assert smooth.history[-1] > 0


def test_regularisers_by_hand():
    images = torch.tensor([[[[0.0, 1.0], [3.0, -1.0]], [[0.5, 0.5], [0.5, 0.5]]]])
    # to the right 1 + 16, down 9 + 4, over eight values; the second channel is flat
    assert total_variation(images).tolist() == [30 / 8]
    assert pixel_norm(images, 2).tolist() == [12 / 8]
    assert pixel_norm(images, 1).tolist() == [7 / 8]
    both = torch.cat([images, 2 * images])
    assert total_variation(both).tolist() == [30 / 8, 4 * 30 / 8]
    assert pixel_norm(both, 2).tolist() == [12 / 8, 4 * 12 / 8]


def test_a_class_becomes_probable_from_a_grey_image_on_a_deep_network():
    network, start = small_network(), torch.zeros(3, 3, 8, 8)
    network.head[-1].weight.mul_(30)
    found = maximise(network, [0, 1, 2], start, Ascent(60, 0.05, 1, 0.01, 0.01))

    def probabilities(images):
        return network.head(network.features(images)).softmax(1).diagonal()

    before, after = probabilities(start), probabilities(found.images)
    assert (after > before + 0.1).all()
    logits = network.head(network.features(found.images)).diagonal()
    np.testing.assert_allclose(found.history[-1], logits, atol=1e-5)
    assert found.images.abs().max() <= 1


def test_equal_seeds_give_equal_images_and_others_do_not():
    network, ascent = small_network(), Ascent(steps=5)
    generator = torch.random.get_rng_state()
    first, again, other = (maximise(network, 0, noise(1), ascent, seed) for seed in (1, 1, 2))
    assert torch.equal(first.images, again.images)
    assert np.array_equal(first.history, again.history)
    assert not torch.equal(first.images, other.images)
    unrolled = network.head(network.features(noise(1)))[0, 0].item()
    assert [first.history[0, 0], other.history[0, 0]] == pytest.approx([unrolled] * 2)
    assert torch.equal(torch.random.get_rng_state(), generator)


def test_an_image_is_climbed_in_a_batch_as_it_is_alone():
    network, targets = small_network(), [0, ("filter", 4), "awe"]
    together = maximise(network, targets, noise(3), Ascent(steps=8), seed=3)
    for n, target in enumerate(targets):
        alone = maximise(network, target, noise(3)[n : n + 1], Ascent(steps=8), seed=3)
        torch.testing.assert_close(together.images[n : n + 1], alone.images, rtol=0, atol=1e-4)
        np.testing.assert_allclose(together.history[:, n], alone.history[:, 0], atol=1e-4)


def test_the_jitter_rolls_the_image_and_is_undone():
    # Only the upper left pixel has a weight: with jitter each pixel takes its turn under it.
    network = linear_network()
    network.head[2].weight.data[0] = torch.tensor([1.0, 0, 0, 0, 0, 0, 0, 0])
    still = maximise(network, 0, GREY, BARE)
    assert still.images.flatten().tolist() == [1, 0, 0, 0]
    moved = maximise(network, 0, GREY, Ascent(120, 0.05, 1, 0, 0))
    assert moved.images.flatten().tolist() == [1, 1, 1, 1]


def test_the_network_and_the_start_are_left_as_they_were():
    network, start = small_network(), noise(2)
    before = state(network)
    with torch.no_grad():
        maximise(network, 0, start, Ascent(steps=2))
    assert state(network) == before
    assert torch.equal(start, noise(2)) and not start.requires_grad


def test_pixels_stay_within_a_networks_own_range():
    network = tiny_emonet()  # pixels 0..255 less a mean of 0
    start = torch.stack([network.preprocess(Image.new("RGB", (9, 9), (250, 128, 3)))])
    found = maximise(network, "Joy", start, Ascent(steps=4, rate=0.2))
    assert found.images.min() == 0 and found.images.max() == 255
    picture = np.asarray(pictures(network, start)[0])
    assert (picture == (250, 128, 3)).all()


def test_a_grey_network_stays_grey():
    network = small_network()
    network.preprocess = lambda image: type(network).preprocess(network, image.convert("L"))
    found = maximise(network, 0, torch.zeros(1, 3, 8, 8), Ascent(steps=3))
    assert found.images.std(1).max() == 0 and found.images.std() > 0
    with pytest.raises(ValueError, match="sees grey: the channels of an image must be equal"):
        maximise(network, 0, noise(1))


def test_pictures_undo_the_preprocessing():
    network = small_network()
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8))
    (picture,) = pictures(network, network.preprocess(image)[None])
    assert np.array_equal(np.asarray(picture), np.asarray(image))
    assert InputSpace.of(network).grey is False


@pytest.mark.parametrize(
    "target", [3, -1, 0.5, True, None, ("filter", 5), ("filters", 0), ("filter",), ("filter", "0")]
)
def test_a_target_that_there_is_not_is_named(target):
    with pytest.raises(ValueError, match=r"unknown target .* 0 to 2 .*joy.*k from 0 to 4"):
        maximise(small_network(), target, noise(1))


def test_other_wrong_arguments_are_named():
    network = small_network()
    with pytest.raises(UnknownName, match="no emotion of this network named 'jov': did you mean"):
        maximise(network, "jov", noise(1))
    with pytest.raises(ValueError, match="2 targets for 1 images"):
        maximise(network, [0, 1], noise(1))
    with pytest.raises(ValueError, match=r"images must be \(N, 3, 8, 8\).*got shape \(3, 8, 8\)"):
        maximise(network, 0, noise(1)[0])
    with pytest.raises(ValueError, match=r"beyond black \(-1\) and white \(1\)"):
        maximise(network, 0, 200 * noise(1))
    with pytest.raises(ValueError, match="training mode"):
        maximise(network.train(), 0, noise(1))
    with pytest.raises(ValueError, match=r"steps=0 must .*; jitter=-1 must .*; p=0\.5 must be"):
        Ascent(steps=0, jitter=-1, p=0.5)
