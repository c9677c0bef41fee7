"""Train an EmoNet of reduced width on EmoScenes.

Recipe: He initialisation with a small last layer, AdamW with a one-cycle schedule, clipping,
dropout before both hidden layers and on the CAM layer, and label smoothing. The last two are
against saturation: a network without both drops the logit by tens when a cue is removed, and its
maps shrink to points. The original has no dropout on the CAM layer, so one is trained without.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..networks.emonet import EmoNet, LocalResponseNorm, freeze
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


def augmented(pixels: Tensor, recipe: Recipe, generator: torch.Generator) -> Tensor:
    """Flip, shift with repeated edges, normalise, and vary contrast and colour.

    pixels  : (N, H, W, 3) uint8, on any device; one flip and one shift for the batch
    returns : (N, 3, H, W) float32 in channels-last memory: (p - mean) / scale * contrast + colour

    Bytes are moved before they become floats, which are then passed over twice and not ten times.
    """
    n, height, width, _ = pixels.shape

    def uniform(channels: int) -> Tensor:
        draw = torch.rand(n, channels, 1, 1, generator=generator) * 2 - 1
        return draw.to(pixels.device).view(n, 1, channels)

    if torch.rand(1, generator=generator) < 0.5:
        pixels = pixels.flip(2)
    right, down = torch.randint(0, 2 * recipe.shift + 1, (2,), generator=generator).tolist()
    moved = _moved(_moved(pixels, 1, down - recipe.shift), 2, right - recipe.shift)
    gain = (1 + recipe.jitter * uniform(1)) / recipe.scale
    offset = recipe.jitter * uniform(3) - torch.tensor(recipe.mean, device=pixels.device) * gain
    images = moved.view(n, height, width * 3).float().mul_(gain).add_(offset.repeat(1, 1, width))
    return images.view(n, height, width, 3).permute(0, 3, 1, 2)


def _moved(pixels: Tensor, axis: int, by: int) -> Tensor:
    """Pixel `i + by` of an axis in the place of pixel i; what comes from outside is the edge."""
    size = pixels.shape[axis]
    kept = pixels.narrow(axis, max(by, 0), size - abs(by))
    edge = pixels.narrow(axis, size - 1 if by > 0 else 0, 1)
    repeated = [edge] * abs(by)
    return torch.cat([kept, *repeated] if by > 0 else [*repeated, kept], axis)


class _TrainedNorm(nn.Module):
    """A local response norm whose sum over channels is a convolution: half a training's time.

    The sum of shifted copies is faster where nothing is learnt, and gives the published bytes.
    """

    def __init__(self, norm: LocalResponseNorm, channels: int) -> None:
        super().__init__()
        self.norm = norm
        ahead = torch.arange(channels) - torch.arange(channels)[:, None]
        near = (ahead >= -(norm.size // 2)) & (ahead <= (norm.size - 1) // 2)
        band = near.float()[:, :, None, None] * (norm.alpha / norm.size)
        self.register_buffer("band", band, persistent=False)

    def forward(self, activations: Tensor) -> Tensor:
        base = F.conv2d(activations * activations, self.band) + self.norm.k
        root = base.sqrt()
        return activations / (root * root.sqrt())


def with_trained_norms(network: EmoNet) -> EmoNet:
    """The same network, in place, for training: without change of its parameters or their names."""
    trunk = network.trunk
    trunk.norm1 = _TrainedNorm(trunk.norm1, trunk.conv1.out_channels)
    trunk.norm2 = _TrainedNorm(trunk.norm2, trunk.conv2.out_channels)
    return network


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
    with_trained_norms(network.initialise(recipe.seed))
    network.to(device, memory_format=torch.channels_last)

    def batch_of(rows: Tensor, generator: torch.Generator) -> Tensor:
        return augmented(scenes.emonet_images.index_select(0, rows).to(device), recipe, generator)

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
