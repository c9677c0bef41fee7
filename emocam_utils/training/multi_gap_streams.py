"""Trains one stream of Multi-GAP: its backbone on what stands for ImageNet or Places365, then all.

The paper does not say whether backbones are trained on, and its truncated networks are "trained
again". Here MG of all blocks is trained whole; the networks that are compared with it (with a GRU,
truncated) are trained on its backbone, `frozen`: they differ in what is compared and in nothing
else. Axes: N images, L labels.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ..multi_gap.folders import Examples
from ..networks.multi_gap import BLOCKS, MultiGap, normalised
from ..networks.weight_files import read_weights, write_weights
from .loop import cross_entropy, fit
from .multi_gap_scenes import SceneSet

KIND = "multi-gap-training"
WIDTHS = {"object": 0.35, "places": 0.125}


@dataclass(frozen=True, kw_only=True)
class Classifier:
    """What makes a trained classifier, of a stream or on top of streams."""

    seed: int = 0
    epochs: int
    patience: int
    batch: int
    learning_rate: float
    weight_decay: float = 0.05
    warm_up: float = 0.2
    clip: float = 5.0
    label_smoothing: float = 0.05
    source: str = ""  # of the images and of the first weights


@dataclass(frozen=True, kw_only=True)
class Recipe(Classifier):
    """What makes a trained stream."""

    stream: str = "object"
    sequence: str = "none"
    blocks: int = 5
    width: float = WIDTHS["object"]
    epochs: int = 12
    patience: int = 4
    batch: int = 256
    learning_rate: float = 1e-2
    jitter: float = 0.2
    class_weights: bool = False  # a label weighs the more the fewer images it has
    frozen: bool = True  # the backbone stays as it was

    @property
    def name(self) -> str:
        """What its files are called."""
        parts = self.stream, self.sequence.replace("+", "-"), self.blocks, "seed", self.seed
        return "-".join(map(str, parts)) + "-trained" * (not self.frozen)


def backbone(stream: str, width: float, seed: int) -> nn.Sequential:
    """A stream's blocks with weights drawn from a seed, as He et al. (2015)."""
    torch.manual_seed(seed)
    blocks = nn.Sequential(*BLOCKS[stream](width)[0])
    for layer in blocks.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return blocks


def augmented(pixels: Tensor, jitter: float, generator: torch.Generator) -> Tensor:
    """Mirrored by chance, brighter or darker: uint8 (N, H, W, 3) -> network input (N, 3, H, W)."""
    n = len(pixels)
    mirrored = torch.rand(n, generator=generator) < 0.5
    gain = 1 + jitter * (2 * torch.rand(n, generator=generator) - 1)
    pixels = torch.where(mirrored[:, None, None, None], pixels.flip(2), pixels)
    return normalised(pixels) * gain[:, None, None, None]


def pretrained(
    scenes: SceneSet, rows: NDArray, classes: tuple[str, ...], recipe: Recipe, file: Path
) -> nn.Sequential:
    """A backbone that knows what is in a scene (object), or where it is (places); kept in `file`.

    In ImageNet's place: which classes of objects are there, expressions apart. In Places365's:
    which of the four backgrounds. rows : the scenes it may learn from
    """
    stream = recipe.stream
    blocks = backbone(stream, recipe.width, recipe.seed)
    if _is_kept(file, recipe):
        blocks.load_state_dict(read_weights(file, KIND)[0])
        return blocks
    if stream == "object":
        targets = torch.from_numpy(scenes.present(classes)[rows])
        outputs = targets.shape[1]
    else:
        names, codes = np.unique(scenes.scenes["background"], return_inverse=True)
        targets, outputs = torch.from_numpy(codes[rows]), len(names)
    channels = BLOCKS[stream](recipe.width)[1][-1]
    network = nn.Sequential(
        blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, outputs)
    )
    images, held_out = torch.from_numpy(np.array(scenes.images)[rows]), len(targets) // 10
    trained, tried = images[held_out:], normalised(images[:held_out])
    wanted = targets[held_out:]

    def batch_of(rows: Tensor, generator: torch.Generator) -> Tensor:
        return augmented(trained[rows], recipe.jitter, generator)

    def of_objects(rows: Tensor, generator: torch.Generator) -> Tensor:
        logits = network(batch_of(rows, generator))
        return F.binary_cross_entropy_with_logits(logits, wanted[rows])

    def measured(network: nn.Module) -> float:
        logits = _logits(network, tried)
        if stream == "places":
            return float((logits.argmax(1) == targets[:held_out]).float().mean())
        return float(((logits > 0) == (targets[:held_out] > 0)).float().mean())

    places = stream == "places"
    loss = cross_entropy(network, wanted, recipe, batch_of) if places else of_objects
    history = _fitted(network, loss, measured, len(trained), recipe, file, f"backbone of {stream}")
    _keep(file, blocks, recipe, history)
    return blocks


def trained_stream(
    examples: Examples, first: nn.Sequential, recipe: Recipe, file: Path, known: Tensor | None
) -> MultiGap:
    """A stream trained on the part `train`, the epoch chosen on `validation`; kept in `file`.

    first : the backbone as it is before, of which the recipe's blocks are copied
    known : `means_of` of all examples by that backbone, for a recipe with a frozen one
    """
    torch.manual_seed(recipe.seed)
    options = {"width": recipe.width, "sequence": recipe.sequence, "blocks": recipe.blocks}
    network = MultiGap(recipe.stream, examples.classes, **options)
    if _is_kept(file, recipe):
        network.load_state_dict(read_weights(file, KIND)[0])
        return network.eval()
    for block, before in zip(network.blocks, first, strict=False):
        block.load_state_dict(before.state_dict())
    trained, count = _of_training(network, examples, recipe, known)
    history = _fitted(*trained, count, recipe, file, recipe.name)
    _keep(file, network, recipe, history)
    return network.eval()


def _of_training(
    network: MultiGap, examples: Examples, recipe: Recipe, known: Tensor | None
) -> tuple[tuple[nn.Module, Callable, Callable], int]:
    """What is trained, its loss, its measure; and the number of examples."""
    rows = torch.from_numpy(examples.rows("train"))
    held_out = examples.rows("validation")
    targets = torch.from_numpy(examples.targets)[rows]
    right = torch.from_numpy(examples.targets[held_out])
    weights = class_weights(targets, len(examples.classes)) if recipe.class_weights else None
    if recipe.frozen:
        inputs = known[:, : sum(network.channels)]
        head = _Head(network)

        def of_means(chosen: Tensor, generator: torch.Generator) -> Tensor:
            logits = head(inputs[rows[chosen]])
            smoothing = recipe.label_smoothing
            return F.cross_entropy(logits, targets[chosen], weights, label_smoothing=smoothing)

        def by_means(head: nn.Module) -> float:
            return float((_logits(head, inputs[held_out]).argmax(1) == right).float().mean())

        return (head, of_means, by_means), len(rows)
    images = torch.from_numpy(np.array(examples.images))
    tried = normalised(images[held_out])

    def batch_of(chosen: Tensor, generator: torch.Generator) -> Tensor:
        return augmented(images[rows[chosen]], recipe.jitter, generator)

    def measured(network: nn.Module) -> float:
        return float((_logits(network, tried).argmax(1) == right).float().mean())

    network.to(memory_format=torch.channels_last)
    loss = cross_entropy(network, targets, recipe, batch_of, weights)
    return (network, loss, measured), len(rows)


class _Head(nn.Module):
    """What is trained of a stream whose backbone is frozen: (N, sum of the C_i) -> (N, L)."""

    def __init__(self, network: MultiGap) -> None:
        super().__init__()
        self.parts = nn.ModuleList([network.reduce, network.dependency, network.classifier])
        self._of = [network]  # in a list, so that its blocks are none of this module's parts

    def forward(self, means: Tensor) -> Tensor:
        network = self._of[0]
        return network.classifier(network.bottleneck(network.from_means(means)))


@torch.no_grad()
def means_of(blocks: nn.Sequential, images: NDArray[np.uint8], batch: int = 128) -> Tensor:
    """Each block's output averaged over space, side by side, of pixels (N, H, W, 3)."""
    blocks.eval()
    found = []
    for some in torch.from_numpy(np.array(images)).split(batch):
        at, means = normalised(some), []
        for block in blocks:
            at = block(at)
            means.append(at.mean((2, 3)))
        found.append(torch.cat(means, 1))
    return torch.cat(found)


def class_weights(targets: Tensor, classes: int) -> Tensor:
    """Images over classes times images of the class, (L,): all classes weigh alike."""
    counts = torch.bincount(targets, minlength=classes).clamp(min=1)
    return len(targets) / (classes * counts.float())


@torch.no_grad()
def _logits(network: nn.Module, inputs: Tensor, batch: int = 128) -> Tensor:
    return torch.cat([network(some) for some in inputs.split(batch)])


def _fitted(
    network: nn.Module,
    loss: Callable,
    measured: Callable[[nn.Module], float],
    count: int,
    recipe: Recipe,
    file: Path,
    label: str,
) -> list[dict]:
    checkpoint, last = file.with_suffix(".checkpoint"), count >= recipe.batch
    of = {"label": label, "drop_last": last, "patience": recipe.patience}
    return fit(network, count, recipe, checkpoint, loss, measured, **of)


def _is_kept(file: Path, recipe: Recipe) -> bool:
    record = file.with_suffix(".json")
    if not (file.is_file() and record.is_file()):
        return False
    return json.loads(record.read_text(encoding="utf-8"))["recipe"] == asdict(recipe)


def _keep(file: Path, network: nn.Module, recipe: Recipe, history: list[dict]) -> None:
    write_weights(file, network.state_dict(), {"kind": KIND})
    record = {"recipe": asdict(recipe), "history": history}
    file.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    file.with_suffix(".checkpoint").unlink(missing_ok=True)
