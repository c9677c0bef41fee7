"""One training loop for classifiers: AdamW with one cycle, clipping, a checkpoint after each epoch.

The caller says what a batch is and how the accuracy is measured. A killed run continues from its
last epoch, to the same weights. Axes: N examples, L labels.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..progress import progress
from .checkpoints import load_checkpoint, save_checkpoint


class Schedule(Protocol):
    """What the loop reads of a recipe: a dataclass, by which a checkpoint is known."""

    seed: int
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    warm_up: float  # share of the steps in which the rate rises
    clip: float  # of the gradient's norm
    label_smoothing: float


def train(
    network: nn.Module,
    targets: Tensor,
    recipe: Schedule,
    checkpoint: Path,
    batch_of: Callable[[Tensor, torch.Generator], Tensor],
    accuracy: Callable[[nn.Module], float],
    *,
    label: str,
    patience: int | None = None,
) -> list[dict]:
    """Train in place and return loss, accuracy and seconds of each epoch; ends in eval mode.

    targets    : (N,) class indices
    batch_of   : (rows (B,), generator) -> augmented network input (B, 3, H, W) on its device
    accuracy   : of the network in eval mode, on what is not trained on
    checkpoint : written after each epoch, continued from if it is of the same recipe, and removed
                 by the caller when the result is safe
    patience   : epochs without a better accuracy before it stops; the network then has the weights
                 of the best epoch. None trains to the end and keeps the last.
    """
    device = next(network.parameters()).device
    torch.manual_seed(recipe.seed)
    generator = torch.Generator().manual_seed(recipe.seed)
    steps = len(targets) // recipe.batch
    rate, total_steps = recipe.learning_rate, steps * recipe.epochs
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=recipe.weight_decay)
    rising = max(recipe.warm_up, 2 / total_steps)  # torch divides by zero at a first step of 1
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, rate, total_steps=total_steps, pct_start=rising
    )
    parts = {"network": network, "optimiser": optimiser, "schedule": schedule}
    kept = load_checkpoint(checkpoint, recipe, parts, generator) or {"history": []}
    history, best = kept["history"], kept.get("best", {})
    for epoch in range(len(history), recipe.epochs):
        shares = [past["accuracy"] for past in history]
        if patience and shares and len(shares) - 1 - int(np.argmax(shares)) >= patience:
            break
        started, total = time.monotonic(), 0.0
        network.train()
        order = torch.randperm(len(targets), generator=generator)[: steps * recipe.batch]
        here = f"{label}, epoch {epoch + 1}/{recipe.epochs}"
        for rows in progress(order.view(steps, recipe.batch), label=here):
            batch = batch_of(rows, generator).contiguous(memory_format=torch.channels_last)
            with torch.autocast(device.type, torch.bfloat16):
                logits = network(batch)
            loss = F.cross_entropy(
                logits.float(), targets[rows].to(device), label_smoothing=recipe.label_smoothing
            )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
            optimiser.step()
            schedule.step()
            total += loss.item()
        network.eval()
        share = accuracy(network)
        if patience and share > max(shares, default=-1.0):
            best = {name: value.cpu().clone() for name, value in network.state_dict().items()}
        seconds = time.monotonic() - started
        history.append({"loss": total / steps, "accuracy": share, "seconds": seconds})
        print(f"{here}: loss {total / steps:.3f}, accuracy {share:.3f}", flush=True)
        kept = {"history": history} | ({"best": best} if patience else {})
        save_checkpoint(checkpoint, recipe, parts, generator, kept)
    if best:
        network.load_state_dict(best)
    network.eval()
    return history
