"""Images and objects of noise, and the slow plain way to paste."""

import numpy as np
import torch
from PIL import Image

from emocam_utils.paste.objects import PasteObject
from emocam_utils.paste.overlays import pasted


def noise(width: int, height: int, seed: int = 0, mode: str = "RGB") -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (height, width, len(mode)), dtype=np.uint8))


def disc(width: int = 40, height: int = 30) -> PasteObject:
    picture = noise(width, height, 5, "RGBA")
    y, x = np.mgrid[:height, :width]
    inside = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) < 0.25
    picture.putalpha(Image.fromarray((inside * 255).astype(np.uint8)))
    return PasteObject("disc", picture)


@torch.no_grad()
def loop_probabilities(network, image, overlays) -> np.ndarray:
    """Paste, preprocess and pass forward one by one: (V, L)."""
    rows = [network.preprocess(pasted(image, overlay))[None] for overlay in overlays]
    return torch.cat([network.head(network.features(row)) for row in rows]).softmax(1).numpy()
