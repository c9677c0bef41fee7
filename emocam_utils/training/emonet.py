"""Train an EmoNet of reduced width on EmoScenes.

Recipe: He initialisation with a small last layer, AdamW with a one-cycle schedule, clipping,
dropout before both hidden layers and on the CAM layer, and label smoothing. Without the last two
the network saturates: removing a cue then drops the logit by tens and class activation maps shrink
to points.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ..networks.emonet import EmoNet, freeze
from ..networks.weights import save_emonet
from .loop import cross_entropy, fit
from .scenes import TrainingScenes


@dataclass(frozen=True)
class Recipe:
    """What makes a trained network, and so what its model card states."""

    seed: int = 1
    epochs: int = 15
    batch: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    warm_up: float = 0.1
    clip: float = 5.0
    label_smoothing: float = 0.05
    width: float = 0.25
    fc_width: float = 0.125
    mean: tuple[float, float, float] = (150.0, 148.0, 140.0)
    scale: float = 64.0
    dropout: float = 0.3
    cam_dropout: float = 0.2
    shift: int = 10  # pixels
    jitter: float = 0.25


def augmented(images: Tensor, recipe: Recipe, generator: torch.Generator) -> Tensor:
    """Flip, shift with repeated edges, contrast and colour, on normalised images (N, 3, H, W)."""

    def uniform(*shape: int) -> Tensor:
        draw = torch.rand(*shape, generator=generator) * 2 - 1
        return draw.to(images.device)

    if torch.rand(1, generator=generator) < 0.5:
        images = images.flip(3)
    s, size = recipe.shift, images.shape[-1]
    dx, dy = torch.randint(0, 2 * s + 1, (2,), generator=generator).tolist()
    images = F.pad(images, (s, s, s, s), mode="replicate")[:, :, dy : dy + size, dx : dx + size]
    n = len(images)
    contrast = 1 + recipe.jitter * uniform(n, 1, 1, 1)
    return images * contrast + recipe.jitter * uniform(n, 3, 1, 1)


@torch.no_grad()
def accuracy(network: EmoNet, scenes: TrainingScenes, batch: int = 100) -> tuple[float, Tensor]:
    """Share of right labels, and the predicted label indices (N,)."""
    device = next(network.parameters()).device
    batches = (network.normalise(some.to(device)) for some in scenes.emonet_images.split(batch))
    predicted = torch.cat([network(images).argmax(1).cpu() for images in batches])
    return (predicted == scenes.labels).float().mean().item(), predicted


def train_emonet(
    scenes: TrainingScenes,
    held_out: TrainingScenes,
    labels: tuple[str, ...],
    recipe: Recipe,
    out: Path,
) -> dict:
    """Train, save to `out` (fp16 safetensors) and return the record; resumes after a kill.

    A checkpoint beside `out` is written after every epoch and removed at the end.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(recipe.seed)  # of the dropout
    made = ("mean", "scale", "dropout", "cam_dropout")
    network = EmoNet(
        recipe.width, recipe.fc_width, labels, **{name: getattr(recipe, name) for name in made}
    )
    network.initialise(recipe.seed).to(device, memory_format=torch.channels_last)

    def batch_of(rows: Tensor, generator: torch.Generator) -> Tensor:
        images = network.normalise(scenes.emonet_images[rows].to(device))
        return augmented(images, recipe, generator)

    checkpoint = out.with_suffix(".checkpoint")
    history = fit(
        network,
        len(scenes.labels),
        recipe,
        checkpoint,
        cross_entropy(network, scenes.labels, recipe, batch_of),
        lambda trained: accuracy(trained, held_out)[0],
        drop_last=True,
        label="EmoNet",
    )
    save_emonet(freeze(network.cpu()), out)
    checkpoint.unlink(missing_ok=True)
    return {"recipe": asdict(recipe), "scenes": len(scenes.labels), "history": history}
