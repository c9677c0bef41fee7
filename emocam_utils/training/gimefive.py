"""Train GiMeFive on FER2013: `make train-gimefive DATA=folder`.

    python -m emocam_utils.training.gimefive DATA [--variant 13-layers] [--epochs 14]

Cross-entropy and the augmentation that the paper lists (Section 5.1: size, brightness, perspective,
rotation, crop; mirrored besides). Choices and early stopping look at a tenth of the training images
that is not trained on; PublicTest is not read here. A killed run continues from its last epoch.

On FER2013 as it was shipped with, and with the shipped recipe, it renews data/faces; anything else
is written below data/results/train-gimefive, unless --publish or --out say otherwise.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import paths
from ..corpora.fer2013 import FaceSet, load_fer2013
from ..faces.accuracy import probabilities
from ..faces.command import add_destination, destination
from ..faces.reference import of_shipped_faces
from ..networks.emonet import freeze
from ..networks.face_network import parameters
from ..networks.face_weights import save_gimefive
from ..networks.gimefive import LABELS, VARIANTS, GiMeFive
from ..progress import explained
from .face_card import write_face_card
from .loop import cross_entropy, fit

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
    faces: FaceSet, validation: FaceSet, recipe: Recipe, checkpoint: Path
) -> tuple[GiMeFive, dict]:
    """The network of the best validation epoch, in eval mode, and the record of the training.

    checkpoint : see `loop.fit`; removed by the caller when the result is safe
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = GiMeFive(**VARIANTS[recipe.variant], dropout=recipe.dropout).initialise(recipe.seed)
    network.to(device, memory_format=torch.channels_last)
    images = torch.from_numpy(faces.images)

    def batch_of(rows: Tensor, generator: torch.Generator) -> Tensor:
        grey = (images[rows].to(device).float() / 127.5 - 1).unsqueeze(1)
        return augmented(grey, recipe, generator).expand(-1, 3, -1, -1)

    torch.manual_seed(recipe.seed)  # of dropout
    targets = torch.from_numpy(faces.targets(LABELS))
    history = fit(
        network,
        len(targets),
        recipe,
        checkpoint,
        cross_entropy(network, targets, recipe, batch_of),
        lambda trained: accuracy(trained, validation),
        drop_last=True,
        label=f"GiMeFive {recipe.variant}",
        patience=recipe.patience,
    )
    record = {
        "recipe": asdict(recipe),
        "faces": {"train": len(faces), "validation": len(validation)},
        "history": history,
    }
    return freeze(network.cpu()), record


def run(read: Callable[[str], FaceSet], recipe: Recipe, out: Path) -> Path:
    """Train on the faces that `read` gives of a split, unless `out` has the weights already.

    Writes <variant>-<epochs>.safetensors and, beside it, its record as json; returns the former.
    """
    out.mkdir(parents=True, exist_ok=True)
    weights = out / f"{recipe.variant}-{recipe.epochs}.safetensors"
    record_file = weights.with_suffix(".json")
    done = weights.is_file() and record_file.is_file()
    if done and _read(record_file)["recipe"] == asdict(recipe):
        return weights
    checkpoint = weights.with_suffix(".checkpoint")
    network, record = train_gimefive(read("train"), read("validation"), recipe, checkpoint)
    best = max(epoch["accuracy"] for epoch in record["history"])
    save_gimefive(network, weights, {"seed": str(recipe.seed), "validation": f"{best:.4f}"})
    record_file.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    checkpoint.unlink(missing_ok=True)
    return weights


def _read(record: Path) -> dict:
    return json.loads(record.read_text(encoding="utf-8"))


def ablation(read: Callable[[str], FaceSet], recipe: Recipe, out: Path) -> pd.DataFrame:
    """One row a variant trained alike for a few epochs: parameters and validation accuracy."""
    rows = []
    for variant in ABLATION:
        weights = run(read, replace(recipe, variant=variant, epochs=ABLATION_EPOCHS), out)
        record = _read(weights.with_suffix(".json"))
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


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m emocam_utils.training.gimefive", description=__doc__.splitlines()[0]
    )
    parser.add_argument("data", type=Path, help="folder of FER2013")
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--only", choices=[*TRAINED, "ablation", "card"], help="one step of them")
    add_destination(parser)
    with explained("train-gimefive"):
        _main(parser.parse_args(arguments))


def _main(given: argparse.Namespace) -> None:
    wanted = [given.only] if given.only else [*TRAINED, "ablation", "card"]
    recipe = Recipe(seed=given.seed, epochs=given.epochs)
    data, read = given.data, cache(partial(load_fer2013, given.data))
    shipped = recipe == Recipe() and of_shipped_faces({"train": read("train")})
    out = destination(
        given,
        shipped,
        paths.RESULTS / "train-gimefive" / f"{data.resolve().name}-{read('train').pixels[:8]}",
    )
    raw = paths.RAW / "faces" if shipped else out / "weights"
    out.mkdir(parents=True, exist_ok=True)
    recipes = [replace(recipe, variant=variant) for variant in TRAINED]
    for one in recipes:
        if one.variant in wanted:
            run(read, one, raw)
    if "ablation" in wanted:
        table = ablation(read, recipe, raw)
        table.to_csv(out / "ablation.csv", index=False, float_format="%.4g")
    if "card" in wanted:
        trained = [run(read, one, raw) for one in recipes]
        shutil.copyfile(trained[TRAINED.index(SHIPPED)], out / "gimefive.safetensors")
        write_face_card(out, trained, read("test"))
    print(f"Written to {out}")


if __name__ == "__main__":
    main()
