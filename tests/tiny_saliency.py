"""Small networks with known weights that the tests of saliency and its kin share."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn


class TinyFace(nn.Module):
    """The EmotionNetwork contract around a trunk and a head; pixels 0..255 become -1..1.

    size : height, width; mode : "L" for one channel of grey, "RGB" for three of colour
    """

    def __init__(
        self,
        trunk: nn.Module,
        head: nn.Sequential,
        size: tuple[int, int],
        labels: tuple[str, ...] = ("joy", "fear"),
        mode: str = "L",
    ) -> None:
        super().__init__()
        self.trunk, self.head, self.input_size = trunk, head, size
        self.labels, self.mode = labels, mode
        self.eval().requires_grad_(False)

    def preprocess(self, image: Image.Image) -> Tensor:
        pixels = np.array(image.convert(self.mode).resize(self.input_size[::-1]), np.float32)
        return torch.from_numpy(pixels.reshape(*self.input_size, -1)).movedim(-1, 0) / 127.5 - 1

    def features(self, images: Tensor) -> Tensor:
        return self.trunk(images)


def three_pixels() -> TinyFace:
    """Three grey pixels in a row; logits 3 a + 5 b - c and -a + b + 2 c of their positive parts."""
    linear = nn.Linear(3, 2, bias=False)
    linear.weight.data = torch.tensor([[3.0, 5.0, -1.0], [-1.0, 1.0, 2.0]])
    return TinyFace(nn.Identity(), nn.Sequential(nn.ReLU(), nn.Flatten(), linear), (1, 3))


def small_network(seed: int = 0) -> TinyFace:
    """Colour, 8 x 8: two convolutions with a normalisation, a head with two linear layers."""
    torch.manual_seed(seed)
    trunk = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 5, 3, padding=1),
    )
    trunk[1].running_mean.normal_()
    trunk[1].running_var.uniform_(0.5, 2)
    head = nn.Sequential(
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(20, 12),
        nn.ReLU(),
        nn.Linear(12, 3),
    )
    return TinyFace(trunk, head, (8, 8), ("joy", "fear", "awe"), mode="RGB")


def noise(count: int, seed: int = 1) -> Tensor:
    """Input of `small_network`: (count, 3, 8, 8) in [-1, 1]."""
    return torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def hooks(network: nn.Module) -> int:
    """How many hooks there are on all layers."""
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(layer, kind)) for layer in network.modules() for kind in kinds)


def state(network: nn.Module) -> list:
    """What must be as before: weights, layers, mode, need of gradients, hooks."""
    return [
        [(name, tensor.tolist()) for name, tensor in network.state_dict().items()],
        [(name, id(layer), layer.training) for name, layer in network.named_modules()],
        [(p.requires_grad, p.grad) for p in network.parameters()],
        hooks(network),
    ]
