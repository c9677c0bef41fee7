"""A small EmoNet and its features, which no test of a CAM method alters."""

import pytest
from tiny_networks import images, tiny_emonet


@pytest.fixture(scope="package")
def network():
    return tiny_emonet()


@pytest.fixture(scope="package")
def features(network):
    return network.features(images(3))
