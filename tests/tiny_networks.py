"""Small networks with known weights that the tests of networks and CAM methods share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from emocam_utils.networks.emonet import EmoNet, freeze


def tiny_emonet(seed: int = 0) -> EmoNet:
    """EmoNet with 32 channels at conv5, with biases and with logits of some size."""
    network = EmoNet(width=0.125, fc_width=0.03125).initialise(seed)
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(0, 0.2, generator=generator)
        network.head.fc8.weight.mul_(20)
    return freeze(network)


def images(count: int, seed: int = 2) -> Tensor:
    """Preprocessed noise (count, 3, 227, 227)."""
    return torch.randn(count, 3, 227, 227, generator=torch.Generator().manual_seed(seed))


def two_channel_head() -> nn.Sequential:
    """A global average pooling and logits m1 - m2 + 0.5 and 2 m1 + 0.5 m2 - 1 of the means."""
    linear = nn.Linear(2, 2)
    linear.weight.data = torch.tensor([[1.0, -1.0], [2.0, 0.5]])
    linear.bias.data = torch.tensor([0.5, -1.0])
    return nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear).eval()


def two_channel_features() -> Tensor:
    """Means after the ReLU 2.5 and 2, so the logits of `two_channel_head` are 1 and 5."""
    return torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[-4.0, 0.0], [0.0, 8.0]]]])


def positive_scaled(cams: Tensor) -> Tensor:
    """What pytorch-grad-cam does to its maps: the positive part, min-max scaled."""
    cams = cams.clamp(min=0)
    cams = cams - cams.amin((1, 2), keepdim=True)
    return cams / (1e-7 + cams.amax((1, 2), keepdim=True))
