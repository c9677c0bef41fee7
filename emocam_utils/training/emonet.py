"""Train an EmoNet of reduced width on EmoScenes.

Recipe: He initialisation with a small last layer, AdamW with a one-cycle schedule, clipping,
dropout before both hidden layers and on the CAM layer, and label smoothing. Without the last two
the network saturates: removing a cue then drops the logit by tens and class activation maps shrink
to points.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..networks.emonet import EmoNet, freeze
from ..networks.weights import save_emonet
from ..progress import progress
from .checkpoints import load_checkpoint, save_checkpoint
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


def accuracy(network: EmoNet, scenes: TrainingScenes, batch: int = 100) -> tuple[float, Tensor]:
    """Share of right labels, and the predicted label indices (N,)."""
    device = next(network.parameters()).device
    with torch.no_grad():
        predicted = torch.cat(
            [
                network.head(network.features(_normalised(network, images, device))).argmax(1).cpu()
                for images in scenes.emonet_images.split(batch)
            ]
        )
    return (predicted == scenes.labels).float().mean().item(), predicted


def _normalised(network: EmoNet, images: Tensor, device: torch.device) -> Tensor:
    """uint8 (N, H, W, 3) to what the network's own preprocessing gives, (N, 3, H, W)."""
    return network.normalise(images.to(device))


def train_emonet(
    scenes: TrainingScenes,
    held_out: TrainingScenes,
    labels: tuple[str, ...],
    recipe: Recipe,
    out: Path,
) -> dict:
    """Train, save to `out` (fp16 safetensors) and return the history; resumes after a kill.

    A checkpoint beside `out` is written after every epoch and removed at the end.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(recipe.seed)
    generator = torch.Generator().manual_seed(recipe.seed)
    network = EmoNet(
        recipe.width,
        recipe.fc_width,
        labels=labels,
        mean=recipe.mean,
        scale=recipe.scale,
        dropout=recipe.dropout,
        cam_dropout=recipe.cam_dropout,
    )
    network.initialise(recipe.seed).to(device, memory_format=torch.channels_last)
    steps = len(scenes.labels) // recipe.batch
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        recipe.learning_rate,
        total_steps=steps * recipe.epochs,
        pct_start=recipe.warm_up,
    )
    parts = {"network": network, "optimiser": optimiser, "schedule": schedule}
    checkpoint = out.with_suffix(".checkpoint")
    kept = load_checkpoint(checkpoint, recipe, parts, generator) or {"history": []}
    history = kept["history"]
    for epoch in range(len(history), recipe.epochs):
        started = time.monotonic()
        network.train()
        order = torch.randperm(len(scenes.labels), generator=generator)
        total = 0.0
        batches = order[: steps * recipe.batch].view(steps, recipe.batch)
        for rows in progress(batches, label=f"EmoNet epoch {epoch + 1}/{recipe.epochs}"):
            images = _normalised(network, scenes.emonet_images[rows], device)
            images = augmented(images, recipe, generator)
            images = images.contiguous(memory_format=torch.channels_last)
            with torch.autocast(device.type, torch.bfloat16):
                logits = network.head(network.features(images))
            loss = F.cross_entropy(
                logits.float(),
                scenes.labels[rows].to(device),
                label_smoothing=recipe.label_smoothing,
            )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
            optimiser.step()
            schedule.step()
            total += loss.item()
        network.eval()
        share, _ = accuracy(network, held_out)
        seconds = time.monotonic() - started
        history.append({"loss": total / steps, "accuracy": share, "seconds": seconds})
        print(f"epoch {epoch + 1}: loss {total / steps:.3f}, held-out accuracy {share:.3f}")
        save_checkpoint(checkpoint, recipe, parts, generator, {"history": history})
    save_emonet(freeze(network.cpu()), out)
    checkpoint.unlink(missing_ok=True)
    return {"recipe": asdict(recipe), "scenes": len(scenes.labels), "history": history}
