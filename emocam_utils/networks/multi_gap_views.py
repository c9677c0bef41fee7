"""Multi-GAP as emotion networks: split where a class activation map is to be seen.

``head(features(images))`` is the logits at every split. Two kinds of it:

    fusion : the 64 reduced channels of every block on one grid of cells. Finer blocks are averaged
             over a cell, coarser ones repeated, so that no mean changes: everything that reaches
             the logits is in the map. Of MG the exact class activation map exists
    block  : a block's own output, and beside it the reduced channels of the blocks before it on its
             grid, which reach the logits without passing it; blocks behind are in the head

Axes: N images, K blocks, C channels, h x w cells, L labels.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from .emonet import freeze
from .multi_gap import REDUCED, SCENE_SIZE, STREAMS, MultiGap, MultiStream, normalised

CELL = 8  # pixels of a side: cells of the fusion's grid


def on_grid(maps: Tensor, cells: tuple[int, int]) -> Tensor:
    """Maps (N, C, h, w) on another grid with the same mean of each channel.

    Errors: ValueError for grids of which neither divides the other
    """
    height, width = maps.shape[2:]
    if height % cells[0] == 0 and width % cells[1] == 0:
        return F.avg_pool2d(maps, (height // cells[0], width // cells[1]))
    if cells[0] % height == 0 and cells[1] % width == 0:
        times = cells[0] // height, cells[1] // width
        return maps.repeat_interleave(times[0], 2).repeat_interleave(times[1], 3)
    raise ValueError(
        f"a grid of {height} x {width} cells is neither finer nor coarser than one of {cells[0]} x "
        f"{cells[1]}; take an input whose sides are multiples of 32 pixels"
    )


class Steps(nn.Module):
    """(N, K * 64) -> (N, K, 64): the blocks as time steps."""

    def forward(self, pooled: Tensor) -> Tensor:
        return pooled.unflatten(1, (-1, REDUCED))


class Rest(nn.Module):
    """All that follows a block's output: (N, C_k + 64 (k - 1), h, w) -> logits (N, L)."""

    def __init__(self, network: MultiGap, block: int) -> None:
        super().__init__()
        self.own = network.channels[block - 1]
        self.reduce = network.reduce[block - 1 :]
        self.behind = network.blocks[block:]
        self.dependency, self.classifier = network.dependency, network.classifier

    def forward(self, features: Tensor) -> Tensor:
        output, before = features[:, : self.own], features[:, self.own :]
        outputs = [output]
        for block in self.behind:
            outputs.append(block(outputs[-1]))
        each = zip(self.reduce, outputs, strict=True)
        steps = [r(o.mean((2, 3), keepdim=True)).flatten(1) for r, o in each]
        pooled = torch.cat([before.mean((2, 3)), *steps], 1).unflatten(1, (-1, REDUCED))
        return self.classifier(self.dependency(pooled).flatten(1))


class _View(nn.Module):
    """What both kinds of split share. Input: an RGB image, squashed to 64 x 96."""

    labels: tuple[str, ...]
    head: nn.Sequential
    input_size: tuple[int, int] = SCENE_SIZE

    def features(self, images: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, L)."""
        return self.head(self.features(images))

    def preprocess(self, image: Image.Image) -> Tensor:
        """An image of any size -> (3, H, W) float32."""
        height, width = self.input_size
        squashed = image.convert("RGB").resize((width, height), Image.Resampling.BILINEAR)
        pixels = torch.frombuffer(bytearray(squashed.tobytes()), dtype=torch.uint8)
        return normalised(pixels.view(1, height, width, 3))[0]


class StreamView(_View):
    """One stream. block : 1 to K, its own output; None, all blocks on a grid of cells of `cell`.

    Beyond ReLU6 and batch normalisation, of which the Object stream is made, LRP and LIFT are for
    a split at the fusion or in the Places stream; a GRU in the head is for the other methods.
    """

    def __init__(self, network: MultiGap, block: int | None = None, cell: int = CELL) -> None:
        super().__init__()
        if block is not None and not 1 <= block <= len(network.blocks):
            raise ValueError(f"block {block} of a stream of blocks 1 to {len(network.blocks)}")
        self.labels, self.block, self.cell = network.labels, block, cell
        self.before = network.blocks[:block]
        self.reduce = network.reduce[: len(network.blocks) if block is None else block - 1]
        if block is not None:
            self.head = nn.Sequential(nn.Identity(), Rest(network, block))
            return
        plain = isinstance(network.dependency, nn.Identity)
        between = [] if plain else [Steps(), network.dependency, nn.Flatten()]
        self.head = nn.Sequential(
            nn.Identity(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), *between, network.classifier
        )

    def features(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, C, h, w); the module says which channels."""
        outputs, at = [], images
        for block in self.before:
            at = block(at)
            outputs.append(at)
        reduced = [r(o) for r, o in zip(self.reduce, outputs, strict=False)]
        if self.block is None:
            return torch.cat([on_grid(m, _cells(images, self.cell)) for m in reduced], 1)
        return torch.cat([at, *(on_grid(m, tuple(at.shape[2:])) for m in reduced)], 1)


class FusionView(_View):
    """Early fusion of both streams for an image, all blocks of both on one grid.

    row : (columns,) the third stream's features of that image, which have no place in it: their
          part of the logits is constant; None leaves it out
    """

    def __init__(self, network: MultiStream, row: Tensor | None = None, cell: int = CELL) -> None:
        super().__init__()
        self.labels = network.labels
        self.parts = nn.ModuleList(StreamView(network.streams[s], cell=cell) for s in STREAMS)
        pictured = network.early.in_features - len(network.columns)
        linear = nn.Linear(pictured, len(self.labels))
        linear.weight.data = network.early.weight[:, :pictured].detach().clone()
        linear.bias.data = network.early.bias.detach().clone()
        if row is not None:
            linear.bias.data += network.early.weight[:, pictured:].detach() @ row.float()
        self.head = nn.Sequential(nn.Identity(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear)
        freeze(self)

    def features(self, images: Tensor) -> Tensor:
        """Reduced channels of the Object stream's blocks, then of the Places stream's."""
        return torch.cat([part.features(images) for part in self.parts], 1)


def _cells(images: Tensor, cell: int) -> tuple[int, int]:
    height, width = images.shape[2:]
    return height // cell, width // cell


def folded(network: nn.Module) -> nn.Module:
    """A copy in eval mode with each batch normalisation inside the convolution before it.

    The same function with fewer layers, and one for which LRP has a rule.
    """
    network = copy.deepcopy(network).eval()
    for parent in list(network.modules()):
        children = list(parent.named_children())
        for (one, layer), (two, norm) in pairwise(children):
            if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(parent, one, fuse_conv_bn_eval(layer, norm))
                setattr(parent, two, nn.Identity())
    return network


def parts_of_logits(network: MultiStream, bottlenecks: Sequence[Tensor], rows: Tensor) -> Tensor:
    """Early fusion's logits as a sum: (N, 3, L) of Object, Places and the table, without bias."""
    widths = [b.shape[1] for b in bottlenecks] + [rows.shape[1]]
    weights = network.early.weight.split(widths, 1)
    each = zip([*bottlenecks, rows], weights, strict=True)
    return torch.stack([part @ weight.T for part, weight in each], 1)
