"""One training loop: AdamW with one cycle, clipping, a checkpoint after each epoch.

The caller says what the loss of a batch is and how the network is measured. A killed run continues
from its last epoch, to the same weights. Axes: N examples, L labels.
"""

from __future__ import annotations

import math
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

Loss = Callable[[Tensor, torch.Generator], Tensor]
"""(rows (B,), generator of chance) -> the loss of these examples."""


class Schedule(Protocol):
    """What the loop reads of a recipe: a dataclass, by which a checkpoint is known."""

    seed: int
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    warm_up: float  # share of the steps in which the rate rises
    clip: float  # of the gradient's norm


class Classification(Schedule, Protocol):
    label_smoothing: float


def cross_entropy(
    network: nn.Module,
    targets: Tensor,
    recipe: Classification,
    batch_of: Callable[[Tensor, torch.Generator], Tensor],
    weights: Tensor | None = None,
) -> Loss:
    """A classifier's loss on its augmented batches.

    targets  : (N,) class indices
    batch_of : (rows (B,), generator) -> augmented network input (B, 3, H, W) on its device
    weights  : (L,) of the classes; None weighs all alike
    """
    device = next(network.parameters()).device

    def loss_of(rows: Tensor, generator: torch.Generator) -> Tensor:
        batch = batch_of(rows, generator).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16):
            logits = network(batch)
        return F.cross_entropy(
            logits.float(),
            targets[rows].to(device),
            weight=None if weights is None else weights.to(device),
            label_smoothing=recipe.label_smoothing,
        )

    return loss_of


def fit(
    network: nn.Module,
    count: int,
    recipe: Schedule,
    checkpoint: Path,
    loss_of: Loss,
    measured: Callable[[nn.Module], float],
    *,
    label: str,
    drop_last: bool = False,
    measure: str = "accuracy",
    patience: int | None = None,
) -> list[dict]:
    """Train in place and return loss, measure and seconds of each epoch; ends in eval mode.

    count      : examples; drop_last leaves out those that fill no batch, others each epoch
    measured   : the network in eval mode, on what is not trained on; higher is better
    checkpoint : written after each epoch, continued from if it is of the same recipe, and removed
                 by the caller when the result is safe
    patience   : epochs without a better measure before it stops; the network then has the weights
                 of the best epoch. None trains to the end and keeps the last.
    """
    generator = torch.Generator().manual_seed(recipe.seed)
    steps = count // recipe.batch if drop_last else math.ceil(count / recipe.batch)
    rate, total_steps = recipe.learning_rate, steps * recipe.epochs
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=recipe.weight_decay)
    alone = recipe.warm_up * total_steps == 1  # torch divides by zero at one rising step
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        rate,
        total_steps=total_steps,
        pct_start=2 / total_steps if alone else recipe.warm_up,
    )
    parts = {"network": network, "optimiser": optimiser, "schedule": schedule}
    kept = load_checkpoint(checkpoint, recipe, parts, generator) or {"history": []}
    history, best = kept["history"], kept.get("best", {})
    for epoch in range(len(history), recipe.epochs):
        past = [epoch[measure] for epoch in history]
        if patience and past and len(past) - 1 - int(np.argmax(past)) >= patience:
            break
        started, total = time.monotonic(), 0.0
        network.train()
        order = torch.randperm(count, generator=generator)[: steps * recipe.batch]
        here = f"{label}, epoch {epoch + 1}/{recipe.epochs}"
        for rows in progress(order.split(recipe.batch), label=here):
            loss = loss_of(rows, generator)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
            optimiser.step()
            schedule.step()
            total += loss.item()
        network.eval()
        found = measured(network)
        if patience and found > max(past, default=-1.0):
            best = {name: value.cpu().clone() for name, value in network.state_dict().items()}
        seconds = time.monotonic() - started
        history.append({"loss": total / steps, measure: found, "seconds": seconds})
        print(f"{here}: loss {total / steps:.3f}, {measure} {found:.3f}", flush=True)
        kept = {"history": history} | ({"best": best} if patience else {})
        save_checkpoint(checkpoint, recipe, parts, generator, kept)
    if best:
        network.load_state_dict(best)
    network.eval()
    return history
