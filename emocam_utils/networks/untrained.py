"""The same network without what it has learnt: a floor for whatever is said of its maps."""

from __future__ import annotations

import copy
import threading

import torch
from torch import nn

from . import EmotionNetwork

_ONE_AT_A_TIME = threading.Lock()  # some layers draw from the global generator


def untrained(network: EmotionNetwork, seed: int = 0) -> EmotionNetwork:
    """A copy with all weights drawn anew (Adebayo et al. 2018, model parameter randomisation).

    Convolutions and linear layers as He et al. (2015), so that an image still reaches the last
    layer, with biases of 0; any other layer as PyTorch makes it. Without biases gradient times
    input and DeepLIFT are the same, so methods that differ only in that agree perfectly here. The
    same seed gives the same copy; the network itself and the global generator stay as they are.
    """
    fresh = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(seed)
    with _ONE_AT_A_TIME, torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for layer in fresh.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                weight = torch.empty(layer.weight.shape)
                nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator)
                layer.weight.copy_(weight)
                if layer.bias is not None:
                    layer.bias.zero_()
            elif hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
    return fresh
