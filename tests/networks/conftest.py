"""emonet-py's network at full size, which the tests of EmoNet compare with."""

import pytest
import torch
from emonet_py.alexnet_big import AlexNetBigEmoNet


@pytest.fixture(scope="package")
def published() -> AlexNetBigEmoNet:
    """With weights large enough for logits to differ; in eval mode it gives probabilities."""
    torch.manual_seed(0)
    network = AlexNetBigEmoNet()
    with torch.no_grad():
        network.fc3.weight.mul_(30)
    return network.requires_grad_(False)
