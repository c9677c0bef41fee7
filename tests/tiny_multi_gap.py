"""Small Multi-GAP networks, whose batch normalisations are not those of an untouched network."""

import torch
from torch import nn

from emocam_utils.networks.multi_gap import SCENE_SIZE, MultiGap, MultiStream

LABELS = ("amusement", "anger", "awe", "contentment", "disgust", "excitement", "fear", "sadness")
COLUMNS = ("Dog", "Cat", "Tree")
WIDTHS = {"object": 0.1, "places": 0.0625}


def shaken(network: nn.Module, seed: int = 0) -> nn.Module:
    """In eval mode, with statistics and biases that are not 0 and 1."""
    generator = torch.Generator().manual_seed(seed)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1, generator=generator)
            layer.running_var.uniform_(0.5, 1.5, generator=generator)
            layer.bias.data.normal_(0, 0.1, generator=generator)
    return network.eval().requires_grad_(False)


def tiny_stream(stream: str, **options) -> MultiGap:
    torch.manual_seed(0)
    return shaken(MultiGap(stream, LABELS, width=WIDTHS[stream], **options))


def tiny_multi_stream() -> MultiStream:
    torch.manual_seed(0)
    return shaken(MultiStream(LABELS, COLUMNS, tuple(WIDTHS.values())))


def images(count: int = 2, seed: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 3, *SCENE_SIZE, generator=generator)
