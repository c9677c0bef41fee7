"""Train GiMeFive on FER2013: `make train-gimefive DATA=folder`.

    python -m emocam_utils.training.gimefive DATA [--variant 13-layers] [--epochs 14]

Cross-entropy and the augmentation that the paper lists (Section 5.1: size, brightness, perspective,
rotation, crop; mirrored besides). Choices and early stopping look at a tenth of the training images
that is not trained on; PublicTest is not read here. A killed run continues from its last epoch.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import paths
from ..corpora.fer2013 import FaceSet, load_fer2013
from ..faces.accuracy import probabilities
from ..networks.face_weights import save_gimefive
from ..networks.gimefive import LABELS, VARIANTS, GiMeFive, parameters
from ..progress import command, progress
from .checkpoints import load_checkpoint, save_checkpoint
from .face_card import write_face_card

TRAINED = ("13-layers", "15-layers")  # with the whole recipe
SHIPPED = "13-layers"
ABLATION = ("10-layers", "13-layers", "15-layers", "16-layers")  # all alike, for few epochs
ABLATION_EPOCHS = 2


@dataclass(frozen=True)
class Recipe:
    """What makes a trained network, and so what its model card states."""

    variant: str = "13-layers"
    seed: int = 0
    epochs: int = 14
    patience: int = 5  # epochs without a better validation accuracy before it stops
    batch: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warm_up: float = 0.1
    clip: float = 5.0
    label_smoothing: float = 0.05
    dropout: float = 0.2
    rotation: float = 10.0  # degrees
    scale: float = 0.1
    shift: float = 0.08  # of the face's width
    perspective: float = 0.05
    brightness: float = 0.2
    contrast: float = 0.2


def augmented(images: Tensor, recipe: Recipe, generator: torch.Generator) -> Tensor:
    """Mirror, turn, scale, shift and tilt each face, change its brightness and contrast.

    images : (N, 1, H, W) in [-1, 1]; what comes in from outside repeats the edge
    """
    n = len(images)

    def uniform(most: float, *shape: int) -> Tensor:
        return (torch.rand(n, *shape, generator=generator) * 2 - 1) * most

    angle = uniform(recipe.rotation / 180 * np.pi)
    scale = 1 + uniform(recipe.scale)
    mirror = torch.where(uniform(1) < 0, -1.0, 1.0)
    cosine, sine = angle.cos() * scale, angle.sin() * scale
    turn = torch.stack([cosine * mirror, -sine, sine * mirror, cosine], 1).view(n, 2, 2)
    grid = F.affine_grid(torch.eye(2, 3).expand(n, 2, 3), list(images.shape), align_corners=False)
    depth = 1 + torch.einsum("nhwk,nk->nhw", grid, uniform(recipe.perspective, 2))
    grid = torch.einsum("nij,nhwj->nhwi", turn, grid) / depth[..., None]
    grid = grid + 2 * uniform(recipe.shift, 2)[:, None, None]
    grid = grid.to(images.device)
    moved = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    contrast = (1 + uniform(recipe.contrast, 1, 1, 1)).to(images.device)
    brightness = uniform(recipe.brightness, 1, 1, 1).to(images.device)
    return (moved * contrast + brightness).clamp(-1, 1)


def accuracy(network: nn.Module, faces: FaceSet) -> float:
    """Share of faces whose emotion the network names."""
    found = probabilities(network, faces.images).argmax(1)
    return float((found == faces.targets(network.labels)).mean())


def train_gimefive(
    train: FaceSet, validation: FaceSet, recipe: Recipe, checkpoint: Path
) -> tuple[GiMeFive, dict]:
    """The network of the best validation epoch, in eval mode, and the record of the training.

    checkpoint : written after each epoch, continued from if it is of the same recipe, and removed
                 by the caller when the result is safe
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(recipe.seed)
    generator = torch.Generator().manual_seed(recipe.seed)
    network = GiMeFive(**VARIANTS[recipe.variant], dropout=recipe.dropout).initialise(recipe.seed)
    network.to(device, memory_format=torch.channels_last)
    images = torch.from_numpy(train.images)
    targets = torch.from_numpy(train.targets(LABELS))
    steps = len(targets) // recipe.batch
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        recipe.learning_rate,
        total_steps=steps * recipe.epochs,
        pct_start=max(recipe.warm_up, 2 / (steps * recipe.epochs)),  # torch divides by zero at 1
    )
    parts = {"network": network, "optimiser": optimiser, "schedule": schedule}
    kept = load_checkpoint(checkpoint, recipe, parts, generator) or {"history": [], "best": {}}
    history, best = kept["history"], kept["best"]
    for epoch in range(len(history), recipe.epochs):
        if _stopped(history, recipe.patience):
            break
        started, total = time.monotonic(), 0.0
        network.train()
        order = torch.randperm(len(targets), generator=generator)[: steps * recipe.batch]
        label = f"GiMeFive {recipe.variant}, epoch {epoch + 1}/{recipe.epochs}"
        for rows in progress(order.view(steps, recipe.batch), label=label):
            grey = (images[rows].to(device).float() / 127.5 - 1).unsqueeze(1)
            batch = augmented(grey, recipe, generator).expand(-1, 3, -1, -1)
            with torch.autocast(device.type, torch.bfloat16):
                logits = network(batch.contiguous(memory_format=torch.channels_last))
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
        share = accuracy(network, validation)
        if share > max((past["accuracy"] for past in history), default=-1.0):
            best = {name: value.cpu().clone() for name, value in network.state_dict().items()}
        seconds = time.monotonic() - started
        history.append({"loss": total / steps, "accuracy": share, "seconds": seconds})
        print(f"{label}: loss {total / steps:.3f}, validation accuracy {share:.3f}", flush=True)
        kept = {"history": history, "best": best}
        save_checkpoint(checkpoint, recipe, parts, generator, kept)
    network.load_state_dict(best)
    record = {
        "recipe": asdict(recipe),
        "faces": {"train": len(train), "validation": len(validation)},
        "history": history,
    }
    return network.cpu().eval(), record


def _stopped(history: list[dict], patience: int) -> bool:
    shares = [epoch["accuracy"] for epoch in history]
    return bool(shares) and len(shares) - 1 - int(np.argmax(shares)) >= patience


def run(data: Path, recipe: Recipe, out: Path) -> Path:
    """Train on the FER2013 of a folder, unless `out` has the weights of this recipe already.

    Writes <variant>-<epochs>.safetensors and, beside it, its record as json; returns the former.
    """
    out.mkdir(parents=True, exist_ok=True)
    weights = out / f"{recipe.variant}-{recipe.epochs}.safetensors"
    record_file = weights.with_suffix(".json")
    if weights.is_file() and _recipe_of(record_file) == asdict(recipe):
        return weights
    checkpoint = weights.with_suffix(".checkpoint")
    train, validation = (load_fer2013(data, split) for split in ("train", "validation"))
    network, record = train_gimefive(train, validation, recipe, checkpoint)
    best = max(epoch["accuracy"] for epoch in record["history"])
    save_gimefive(network, weights, {"seed": str(recipe.seed), "validation": f"{best:.4f}"})
    record_file.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    checkpoint.unlink(missing_ok=True)
    return weights


def _recipe_of(record_file: Path) -> dict | None:
    if not record_file.is_file():
        return None
    return json.loads(record_file.read_text(encoding="utf-8"))["recipe"]


def ablation(data: Path, recipe: Recipe, out: Path) -> pd.DataFrame:
    """One row a variant trained alike for a few epochs: parameters and validation accuracy."""
    rows = []
    for variant in ABLATION:
        weights = run(data, replace(recipe, variant=variant, epochs=ABLATION_EPOCHS), out)
        record = json.loads(weights.with_suffix(".json").read_text(encoding="utf-8"))
        rows.append(
            {
                "variant": variant,
                "depth": len(VARIANTS[variant]["channels"]),
                "batch norm": VARIANTS[variant].get("batch_norm", True),
                "squeeze and excitation": VARIANTS[variant].get("squeeze_excitation", False),
                "parameters": parameters(GiMeFive(**VARIANTS[variant])),
                "epochs": ABLATION_EPOCHS,
                "faces": record["faces"]["validation"],
                "validation accuracy": max(epoch["accuracy"] for epoch in record["history"]),
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of FER2013")
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--only", choices=[*TRAINED, "ablation", "card"], help="one step of them")
    parser.add_argument("--raw", type=Path, default=paths.RAW / "faces", help="folder of weights")
    parser.add_argument("--out", type=Path, default=paths.DATA / "faces", help="what is shipped")
    arguments = parser.parse_args()
    wanted = [arguments.only] if arguments.only else [*TRAINED, "ablation", "card"]
    recipe = Recipe(seed=arguments.seed, epochs=arguments.epochs)
    recipes = [replace(recipe, variant=variant) for variant in TRAINED]
    arguments.out.mkdir(parents=True, exist_ok=True)
    for one in recipes:
        if one.variant in wanted:
            run(arguments.data, one, arguments.raw)
    if "ablation" in wanted:
        table = ablation(arguments.data, recipe, arguments.raw)
        table.to_csv(arguments.out / "ablation.csv", index=False, float_format="%.4g")
    if "card" in wanted:
        trained = [run(arguments.data, one, arguments.raw) for one in recipes]
        shutil.copyfile(trained[TRAINED.index(SHIPPED)], arguments.out / "gimefive.safetensors")
        write_face_card(arguments.out, trained, load_fer2013(arguments.data, "test"))


if __name__ == "__main__":
    command(main, "the same command continues where it was")
