"""A network for faces whose answer is known, and pictures with a face at a known place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import skimage.data
import torch
from PIL import Image
from torch import Tensor, nn

from emocam_utils.networks.emonet import freeze

LABELS = ("happiness", "surprise", "sadness")
FACE = (177, 67, 274, 164)
"""The astronaut's face as seen by eye; the cascade's box may differ by some pixels."""


class Brightness(nn.Module):
    """Logits 4 b, 2 and 4 (1 - b) for the mean brightness b in [0, 1]; the map is the image."""

    labels, input_size = LABELS, (8, 8)

    def __init__(self) -> None:
        super().__init__()
        linear = nn.Linear(1, 3)
        linear.weight.data = torch.tensor([[4.0], [0.0], [-4.0]])
        linear.bias.data = torch.tensor([0.0, 2.0, 4.0])
        self.head = nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear)

    def preprocess(self, image: Image.Image) -> Tensor:
        grey = np.asarray(image.convert("L").resize((8, 8), Image.Resampling.BOX))
        return torch.from_numpy(grey / np.float32(255)).expand(3, 8, 8)

    def features(self, images: Tensor) -> Tensor:
        return images[:, :1]


def brightness() -> Brightness:
    return freeze(Brightness().eval())


def probabilities(level: float) -> np.ndarray:
    """What `Brightness` says of an image of one level in [0, 1]."""
    scores = np.exp([4 * level, 2, 4 * (1 - level)])
    return scores / scores.sum()


def astronaut() -> Image.Image:
    return Image.fromarray(skimage.data.astronaut())


def scene(shift: int = 0) -> np.ndarray:
    """320 x 240 pixels with the astronaut's face, which moves left by `shift`."""
    return np.asarray(astronaut().crop((60 + shift, 0, 380 + shift, 240)))


def plain(level: int = 90) -> np.ndarray:
    """320 x 240 pixels of one grey."""
    return np.full((240, 320, 3), level, np.uint8)


def blocks(folder: Path, levels: dict[str, int]) -> None:
    """Images of one grey, by name."""
    for name, level in levels.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), (level,) * 3).save(folder / name)
