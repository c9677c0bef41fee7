"""How pleasant and how exciting a photograph is: MobileNetV2's features, a linear head for OASIS.

The backbone is ImageNet's; the head is a ridge regression of OASIS' mean ratings on the features
averaged over space (`training.oasis`). So a rating is linear in the mean of the features, and the
class activation map of a dimension is exact and signed: its mean over the cells plus the intercept
is the rating, in points of the scale from 1 to 7.

Labels are read off the two ratings: neutral while |v - v0| / dv + |a - a0| / da < 1, else the
quadrant of (v - v0, a - a0), where (v0, a0) is `centre` and (dv, da) `spread`. That is the nearest
of five points, (0, 0) and (+-1, +-1), so the labels' logits are linear in the ratings too, and
every CAM method explains them.

Every photograph of OASIS is to be rated by a head that has not seen its theme: the file holds a
head for each fold, the fold of each photograph by its content, and a head fitted on all, which any
other photograph gets. `for_image` gives the network with the right one.

Axes: N images, C channels, h x w cells, D dimensions, L labels, K folds.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from .. import paths
from .emonet import freeze
from .mobilenet import CHANNELS, load_mobilenet_v2
from .weight_files import WeightsError, decoded, read_weights, write_weights

KIND = "oasis-head"
HEAD = paths.DATA / "oasis" / "head.safetensors"
INPUT_SIZE = (385, 481)  # height, width: 32 k + 1, of the photographs' shape
CEILING = 6.0  # of ReLU6
DIMENSIONS = ("valence", "arousal")
LABELS = (
    "Pleasant activated",
    "Pleasant calm",
    "Unpleasant activated",
    "Unpleasant calm",
    "Neutral",
)
"""The quadrants of the circumplex (Russell 1980) and its middle.

Nothing in a picture makes it neutral: that logit is constant, and a map of it empty.
"""

POINTS = ((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0), (0.0, 0.0))
"""Where each label lies, in spreads from the centre: valence, arousal."""


class Ceiling(nn.Module):
    """min(x, 6): ReLU6 without its rectification, which is the head's first layer."""

    def forward(self, activations: Tensor) -> Tensor:
        return activations.clamp_max(CEILING)


@dataclass(frozen=True)
class Heads:
    """Linear heads on pooled features, those of K folds and last the one fitted on all.

    weight : (K + 1, D, C), rating points a unit of a pooled feature
    bias   : (K + 1, D), rating points
    folds  : digest of a photograph -> the fold whose head has not seen its theme
    """

    weight: Tensor
    bias: Tensor
    folds: dict[str, int]

    def of(self, digest: str) -> int:
        """Which head rates a photograph: its fold's, or that of all for an unknown one."""
        return self.folds.get(digest, len(self.bias) - 1)


class MobileNetOasis(nn.Module):
    """The backbone with one of the heads: ``ratings = rater(features(images))``.

    centre, spread : (valence, arousal) in rating points, see the module's head
    sharpness      : multiplies the labels' logits; the larger, the surer the probabilities
    """

    labels: tuple[str, ...] = LABELS
    dimensions: tuple[str, ...] = DIMENSIONS
    input_size: tuple[int, int] = INPUT_SIZE

    def __init__(
        self,
        trunk: nn.Sequential,
        heads: Heads,
        centre: Sequence[float],
        spread: Sequence[float],
        sharpness: float,
    ) -> None:
        super().__init__()
        self.trunk, self.heads = trunk, heads
        points = torch.tensor(POINTS)
        self.slopes = sharpness * points / torch.tensor(spread)  # (L, D), of each label's logit
        middle = self.slopes @ torch.tensor(centre)
        self.constants = -middle - sharpness * points.square().sum(1) / 2
        self._use(len(heads.bias) - 1)

    def _use(self, number: int) -> None:
        """Take one of the heads: the linear layers of `rater` and of `head`."""
        weight, bias = self.heads.weight[number], self.heads.bias[number]
        self.rater = _averaging(weight, bias)
        self.head = _averaging(self.slopes @ weight, self.slopes @ bias + self.constants)

    def for_image(self, digest: str) -> Self:
        """This network as it may be asked of a photograph: with a head that has not seen its theme.

        The backbone is shared. digest : of the photograph's content; see `corpora.images`
        """
        number = self.heads.of(digest)
        if number not in self._views:
            view = copy.copy(self)
            view._modules = dict(self._modules)
            view._use(number)
            device = next(self.trunk.parameters()).device
            self._views[number] = freeze(view).to(device)
        return self._views[number]

    @cached_property
    def _views(self) -> dict[int, Self]:
        return {}

    def features(self, images: Tensor) -> Tensor:
        """The last convolution before its rectification: (N, 3, 385, 481) -> (N, 1280, 13, 16)."""
        return self.trunk(images)

    def forward(self, images: Tensor) -> Tensor:
        """The labels' logits (N, L)."""
        return self.head(self.features(images))

    def preprocess(self, image: Image.Image) -> Tensor:
        """See the function `preprocess`."""
        return preprocess(image)


def preprocess(image: Image.Image) -> Tensor:
    """An image of any size, squashed to 385 x 481: (3, 385, 481) float32, RGB in [-1, 1]."""
    height, width = INPUT_SIZE
    squashed = image.convert("RGB").resize((width, height), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(squashed)).permute(2, 0, 1).float() / 127.5 - 1


def _averaging(weight: Tensor, bias: Tensor) -> nn.Sequential:
    linear = nn.Linear(weight.shape[1], weight.shape[0])
    linear.weight.data, linear.bias.data = weight.contiguous(), bias.clone()
    layers = nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear)
    return layers.eval().requires_grad_(False)


def backbone(path: Path) -> nn.Sequential:
    """MobileNetV2's features, (N, 3, H, W) -> (N, 1280, h, w), without the last rectification."""
    trunk = load_mobilenet_v2(path).features
    trunk[-1][-1] = Ceiling()
    return trunk


def load_mobilenet_oasis(
    weights: Path | None,
    *,
    head: Path | str = HEAD,
    centre: Sequence[float] = (4.33, 3.67),
    spread: Sequence[float] = (0.35, 0.25),
    sharpness: float = 0.34,
) -> MobileNetOasis:
    """The network, in eval mode, its weights without gradient.

    weights : mobilenet_v2_1.0_224_quant.tflite, the backbone
    head    : the heads, as `save_heads` writes them
    Errors  : WeightsError, FileNotFoundError; ValueError for a spread or sharpness not above 0
    """
    if weights is None or not Path(weights).is_file():
        raise FileNotFoundError(
            f"mobilenetv2-oasis needs MobileNetV2's file and there is no {weights}. Fetch it with "
            "`make data STUDY=photos` (11 MB)"
        )
    if len(centre) != 2 or len(spread) != 2 or not (min(spread) > 0 and sharpness > 0):
        raise ValueError(
            f"centre {centre} and spread {spread} must be (valence, arousal) in rating points, and "
            f"spread and sharpness ({sharpness}) above 0"
        )
    network = MobileNetOasis(
        backbone(Path(weights)), read_heads(Path(head)), centre, spread, sharpness
    )
    return freeze(network)


load_mobilenet_oasis.reads = lambda weights: [HEAD]  # its results depend on the heads too


def save_heads(heads: Heads, path: Path, notes: dict[str, str] | None = None) -> Path:
    """Write heads as float32 safetensors. notes : more metadata, such as the input's size."""
    digests = np.array([list(bytes.fromhex(d)) for d in heads.folds], np.uint8).reshape(-1, 16)
    tensors = {
        "weight": heads.weight.float(),
        "bias": heads.bias.float(),
        "digests": torch.from_numpy(digests),
        "folds": torch.tensor(list(heads.folds.values()), dtype=torch.uint8),
    }
    metadata = {
        **(notes or {}),
        "kind": KIND,
        "dimensions": json.dumps(DIMENSIONS),
        "input_size": json.dumps(INPUT_SIZE),
    }
    return write_weights(path, tensors, metadata)


def read_heads(path: Path) -> Heads:
    """Heads that `save_heads` has written. Errors: WeightsError, FileNotFoundError."""
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no {path}. Restore it (git checkout), or `make train-oasis`"
        )
    state, metadata = read_weights(path, KIND)
    options = decoded(metadata, ("dimensions", "input_size"), path, "a head", "save_heads")
    got = {name: tuple(tensor.shape) for name, tensor in state.items()}
    count = len(state["bias"]) if "bias" in state else 0
    known = got.get("folds", (0,))[0]
    expected = {
        "weight": (count, len(DIMENSIONS), CHANNELS),
        "bias": (count, len(DIMENSIONS)),
        "digests": (known, 16),
        "folds": (known,),
    }
    said = tuple(options["dimensions"]), tuple(options["input_size"])
    if got != expected or said != (DIMENSIONS, INPUT_SIZE):
        raise WeightsError(
            f"{path} does not fit: expected {expected} for {DIMENSIONS} at {INPUT_SIZE}, got "
            f"{got} for {said[0]} at {said[1]}. Fit it again (`make train-oasis`)"
        )
    digests = [bytes(row).hex() for row in state["digests"].numpy()]
    folds = dict(zip(digests, state["folds"].tolist(), strict=True))
    return Heads(state["weight"], state["bias"], folds)
