"""Trains what fuses trained streams: early fusion and the third stream, on frozen bottlenecks.

"This process merges the bottlenecked features (without the classifier head) of the networks"
(Section 2.3): the streams stay as they are, one linear layer is trained on them and on the table.
Axes: N images, F features, L labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ..multi_gap.folders import Examples
from ..multi_gap.rows import TABLE_1
from ..networks.multi_gap import STREAMS, MultiGap, MultiStream, late_fusion, table_classifier
from .loop import fit
from .multi_gap_streams import Classifier


@dataclass(frozen=True, kw_only=True)
class FusionRecipe(Classifier):
    """What makes the classifiers on top."""

    what: str = "early"  # or "table"
    epochs: int = 30
    patience: int = 8
    batch: int = 64
    learning_rate: float = 1e-3
    dropout: float = 0.5  # of the table's network


@torch.no_grad()
def bottleneck(network: MultiGap, means: Tensor) -> Tensor:
    """What is fused of a stream, (N, F), of `means_of` its blocks or more of them."""
    return network.bottleneck(network.from_means(means[:, : sum(network.channels)]))


def trained_on(
    features: Tensor, examples: Examples, network: nn.Module, recipe: FusionRecipe, checkpoint: Path
) -> nn.Module:
    """A classifier trained on features (N, F) of the part `train`; the best on `validation`."""
    rows, held_out = (torch.from_numpy(examples.rows(p)) for p in ("train", "validation"))
    targets = torch.from_numpy(examples.targets)

    def loss(chosen: Tensor, generator: torch.Generator) -> Tensor:
        some = rows[chosen]
        return F.cross_entropy(
            network(features[some]), targets[some], label_smoothing=recipe.label_smoothing
        )

    def measured(network: nn.Module) -> float:
        with torch.no_grad():
            found = network(features[held_out]).argmax(1)
        return float((found == targets[held_out]).float().mean())

    fit(
        network,
        len(rows),
        recipe,
        checkpoint,
        loss,
        measured,
        label=f"{recipe.what}, seed {recipe.seed}",
        drop_last=len(rows) >= recipe.batch,
        patience=recipe.patience,
    )
    checkpoint.unlink(missing_ok=True)
    return network


def trained_fusion(
    examples: Examples,
    streams: dict[str, MultiGap],
    pooled: dict[str, Tensor],
    seed: int,
    folder: Path,
    source: str,
) -> MultiStream:
    """Both streams with the third and the early fusion trained on top.

    pooled : `bottleneck` of each stream, of all examples

    Errors: ValueError for examples without a table
    """
    if examples.table is None:
        raise ValueError("the third stream needs a table of features per image")
    widths = [streams[s].width for s in STREAMS]
    network = MultiStream(examples.classes, examples.columns, widths)
    for name in STREAMS:
        network.streams[name].load_state_dict(streams[name].state_dict())
    rows = torch.from_numpy(examples.table)
    fused = torch.cat([*(pooled[s] for s in STREAMS), rows], 1)
    torch.manual_seed(seed)
    network.early = nn.Linear(fused.shape[1], len(examples.classes))
    recipe = FusionRecipe(what="early", seed=seed, source=source)
    trained_on(fused, examples, network.early, recipe, folder / f"early-{seed}.checkpoint")
    recipe = FusionRecipe(what="table", seed=seed, source=source)
    made = table_classifier(rows.shape[1], len(examples.classes), recipe.dropout)
    trained_on(rows, examples, made, recipe, folder / f"table-{seed}.checkpoint")
    network.table.load_state_dict(made.state_dict())
    return network.eval()


@torch.no_grad()
def fused_probabilities(
    network: MultiStream, single: dict[str, NDArray], pooled: dict[str, Tensor], table: NDArray
) -> dict[str, NDArray]:
    """Probabilities (N, L) of the rows of Table 1 that need the table or several streams, by name.

    single : those of the single streams by the name of their row; pooled : `bottleneck` of each
    """
    rows = torch.from_numpy(table)
    both, found = torch.cat([*(pooled[s] for s in STREAMS), rows], 1), dict(single)
    found["table none"] = network.table(rows).softmax(1).numpy()
    for row in TABLE_1:
        if row.fusion == "early":
            found[row.variant] = network.early(both).softmax(1).numpy()
        elif row.fusion == "late":
            parts = [_single(found, stream, row.sequence) for stream in row.streams]
            found[row.variant] = late_fusion(parts).numpy()
    return found


def _single(found: dict[str, NDArray], stream: str, sequence: str) -> Tensor:
    return torch.from_numpy(found[f"{stream} {sequence}"])
