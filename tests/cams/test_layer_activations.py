"""Feature maps of every convolution, against the layers called one by one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_saliency import TinyFace, noise, small_network, state
from torch import nn

from emocam_utils.cams.layer_activations import layer_activations, most_active


def test_they_are_the_convolutions_with_their_normalisation_before_the_relu():
    network, images = small_network(), noise(3)
    activations = layer_activations(network, images)
    trunk = network.trunk
    first = trunk[1](trunk[0](images))
    second = trunk[4](trunk[3](trunk[2](first)))
    assert list(activations) == ["trunk.0", "trunk.4"]
    np.testing.assert_array_equal(activations["trunk.0"], first)
    np.testing.assert_array_equal(activations["trunk.4"], second)
    assert activations["trunk.0"].min() < 0
    alone = layer_activations(network, images[1:2])
    np.testing.assert_allclose(alone["trunk.4"], activations["trunk.4"][1:2], atol=1e-6)


def test_what_follows_in_place_does_not_overwrite_them_and_each_run_is_kept():
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 1)
            self.conv.weight.data.fill_(-2.0)
            self.conv.bias.data.zero_()
            self.norm, self.relu = nn.BatchNorm2d(1), nn.ReLU(inplace=True)
            self.norm.bias.data.fill_(7.0)

        def forward(self, images):
            self.norm(images)  # of the image, not of the convolution
            return self.conv(1 - self.relu(self.conv(images)))

    network = TinyFace(Twice(), nn.Sequential(nn.Identity(), nn.Flatten()), (1, 1))
    found = layer_activations(network, torch.ones(1, 1, 1, 1))
    assert {name: values.item() for name, values in found.items()} == {
        "trunk.conv": -2,
        "trunk.conv (2)": -2,
    }


def test_the_network_is_left_as_it_was_also_after_an_error():
    network = small_network()
    before = state(network)
    layer_activations(network, noise(1))
    assert state(network) == before
    with pytest.raises(RuntimeError):
        layer_activations(network, torch.zeros(1, 1, 8, 8))
    assert state(network) == before
    with pytest.raises(ValueError, match="the network is in training mode"):
        layer_activations(network.train(), noise(1))


def test_the_most_active_channels_by_the_mean_of_their_positive_part():
    one = np.zeros((4, 2, 2))
    one[0] = -9
    one[1] = [[0, 3], [0, -90]]  # 0.75
    one[2] = [[1, 1], [1, 1]]
    one[3] = [[0, 3], [0, 0]]  # 0.75 as well: the lower index first
    two = one[::-1]
    assert most_active(np.stack([one, two]), 3).tolist() == [[2, 1, 3], [1, 0, 2]]
    assert most_active(one[None], 9).tolist() == [[2, 1, 3, 0]]
    with pytest.raises(ValueError, match=r"k=0: at least one"):
        most_active(one[None], 0)
    with pytest.raises(ValueError, match=r"\(N, C, h, w\), got shape \(4, 2, 2\)"):
        most_active(one, 1)
