"""Multi-GAP (Lim et al.): a backbone's blocks, each reduced to 64 channels and averaged over space.

MG_i = G(C^_i(C_i(.))) for blocks i = 1 to N (eq. 1): C_i the backbone's block, C^_i a 1 x 1
convolution to 64 channels, G global average pooling; MG is their concatenation. Two streams: Object
is MobileNetV2 (of ImageNet), Places is VGG16 (of Places365), both torchvision's, at any width.

The paper leaves open, and here is: a block ends where the resolution halves, VGG16's before its
pooling; no activation after C^, so that C^ and G commute; 64 recurrent units; one attention value a
step; linear classifiers. Axes: N images, K blocks, C channels, h x w cells, L labels, M units.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torchvision.models import mobilenet_v2
from torchvision.models.vgg import cfgs, make_layers

from .face_network import hidden_layers

SCENE_SIZE = (64, 96)  # height, width of the embedded study's input
REDUCED = 64
UNITS = 64
HIDDEN = (1024, 512)  # of the third stream
STREAMS = ("object", "places")
MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue in [0, 1], as torchvision's and Places365's weights expect."""

SequenceKind = Literal["none", "gru", "gru+attention"]
_OBJECT_CUTS = (0, 2, 4, 7, 14, 19)  # layers of torchvision's MobileNetV2 at each resolution


def object_blocks(width: float = 1.0) -> tuple[list[nn.Sequential], list[int]]:
    """MobileNetV2's five blocks, and their channels: 16, 24, 32, 96, 1280 at width 1.

    Their ReLU6 are not in place: the input would be lost to whoever explains it.
    """
    return cut_mobilenet(mobilenet_v2(width_mult=width).features)


def cut_mobilenet(features: nn.Sequential) -> tuple[list[nn.Sequential], list[int]]:
    """torchvision's MobileNetV2 `features` as blocks, and their channels."""
    blocks = [features[first:last] for first, last in pairwise(_OBJECT_CUTS)]
    return _out_of_place(blocks), [block[-1].out_channels for block in blocks]


def places_blocks(width: float = 1.0) -> tuple[list[nn.Sequential], list[int]]:
    """VGG16's five blocks, and their channels: 64, 128, 256, 512, 512 at width 1.

    A block ends before its max pooling, with which the next one begins; the last pooling is left
    out, so that the last block keeps its cells.
    """
    plan = [layer if layer == "M" else int(layer * width) for layer in cfgs["D"]]
    features = make_layers(plan, batch_norm=False)
    ends = [place for place, layer in enumerate(features) if isinstance(layer, nn.MaxPool2d)]
    blocks = [features[first:last] for first, last in pairwise([0, *ends])]
    return _out_of_place(blocks), [block[-2].out_channels for block in blocks]


BLOCKS = {"object": object_blocks, "places": places_blocks}


def _out_of_place(blocks: list[nn.Sequential]) -> list[nn.Sequential]:
    for block in blocks:
        for layer in block.modules():
            if isinstance(layer, nn.ReLU | nn.ReLU6):
                layer.inplace = False
    return blocks


class Dependency(nn.Module):
    """Blocks as the time steps of a bidirectional GRU, perhaps with soft attention (Section 2.2).

    (N, K, 64) -> (N, K, 2 M). Att_t = (tanh(W_t . x_t + b_t))^2, one value a step (eq. 2), times
    x_t, the recurrent output of both directions.
    """

    def __init__(self, steps: int, attention: bool, units: int = UNITS) -> None:
        super().__init__()
        self.gru = nn.GRU(REDUCED, units, batch_first=True, bidirectional=True)
        self.weight = self.bias = None
        if attention:
            self.weight = nn.Parameter(torch.randn(steps, 2 * units) / (2 * units) ** 0.5)
            self.bias = nn.Parameter(torch.ones(steps))  # attention is not 0 where training begins

    def attention(self, outputs: Tensor) -> Tensor:
        """Recurrent outputs (N, K, 2 M) -> Att (N, K) in [0, 1)."""
        return torch.tanh((outputs * self.weight).sum(2) + self.bias).square()

    def forward(self, steps: Tensor) -> Tensor:
        outputs, _ = self.gru(steps)
        return outputs if self.weight is None else outputs * self.attention(outputs)[:, :, None]


class MultiGap(nn.Module):
    """One stream: blocks, their reductions, perhaps the dependency between them, a classifier.

    stream   : "object" or "places"; `blocks` takes the first of them (the paper's truncation)
    sequence : "none" for MG, "gru" for MG + Bi-GRU, "gru+attention" for MG + Bi-GRU + Att
    """

    def __init__(
        self,
        stream: str,
        labels: Sequence[str],
        *,
        width: float = 1.0,
        sequence: SequenceKind = "none",
        blocks: int = 5,
    ) -> None:
        super().__init__()
        if stream not in BLOCKS or sequence not in get_args(SequenceKind) or not 1 <= blocks <= 5:
            raise ValueError(
                f"stream {stream!r}, sequence {sequence!r}, {blocks} blocks: expected one of "
                f"{', '.join(BLOCKS)}, one of {', '.join(get_args(SequenceKind))}, 1 to 5 blocks"
            )
        self.stream, self.labels, self.width = stream, tuple(labels), width
        self.sequence = sequence
        made, channels = BLOCKS[stream](width)
        self.channels = channels[:blocks]
        self.blocks = nn.ModuleList(made[:blocks])
        self.reduce = nn.ModuleList(nn.Conv2d(c, REDUCED, 1) for c in self.channels)
        plain = sequence == "none"
        self.dependency = nn.Identity() if plain else Dependency(blocks, "attention" in sequence)
        self.classifier = nn.Linear(blocks * (REDUCED if plain else 2 * UNITS), len(self.labels))

    def outputs(self, images: Tensor) -> list[Tensor]:
        """Each block's output, (N, C_i, h_i, w_i)."""
        found = []
        for block in self.blocks:
            images = block(images)
            found.append(images)
        return found

    def reduced(self, outputs: Sequence[Tensor]) -> list[Tensor]:
        """Each block's output after its 1 x 1 convolution, (N, 64, h_i, w_i)."""
        return [reduce(output) for reduce, output in zip(self.reduce, outputs, strict=False)]

    def means(self, images: Tensor) -> Tensor:
        """Each block's output averaged over space, side by side: (N, sum of the C_i)."""
        return torch.cat([output.mean((2, 3)) for output in self.outputs(images)], 1)

    def from_means(self, means: Tensor) -> Tensor:
        """MG (N, K, 64) of what `means` gives: averaged before it is reduced, which is the same."""
        each = zip(self.reduce, means.split(self.channels, 1), strict=True)
        return torch.stack([reduce(m[:, :, None, None]).flatten(1) for reduce, m in each], 1)

    def pooled(self, images: Tensor) -> Tensor:
        """MG, (N, K, 64), of normalised images."""
        return self.from_means(self.means(images))

    def bottleneck(self, pooled: Tensor) -> Tensor:
        """What is classified and fused, (N, F): MG, or the (attended) recurrent outputs."""
        return self.dependency(pooled).flatten(1)

    def forward(self, images: Tensor) -> Tensor:
        """Normalised images (N, 3, H, W) -> logits (N, L)."""
        return self.classifier(self.bottleneck(self.pooled(images)))


def table_classifier(columns: int, labels: int, dropout: float = 0.0) -> nn.Sequential:
    """The third stream: a table of features per image through layers of 1024 and 512 units."""
    return nn.Sequential(OrderedDict(hidden_layers((columns, *HIDDEN), labels, dropout)))


class MultiStream(nn.Module):
    """Both streams and a table of features per image, fused early and late (Section 2.3).

    Early: their bottlenecks and the table's row, concatenated, through one linear layer. Late: the
    softmax outputs of the streams and of the table's network, averaged.

    columns : what the table holds, such as the classes of a detector
    """

    def __init__(
        self, labels: Sequence[str], columns: Sequence[str], widths: Sequence[float] = (1.0, 1.0)
    ) -> None:
        super().__init__()
        self.labels, self.columns, self.widths = tuple(labels), tuple(columns), tuple(widths)
        self.streams = nn.ModuleDict(
            {s: MultiGap(s, labels, width=w) for s, w in zip(STREAMS, self.widths, strict=True)}
        )
        self.table = table_classifier(len(self.columns), len(self.labels))
        entering = sum(s.classifier.in_features for s in self.streams.values()) + len(self.columns)
        self.early = nn.Linear(entering, len(self.labels))

    def bottlenecks(self, images: Tensor) -> list[Tensor]:
        """MG of each stream, flat: (N, 320) each."""
        return [s.bottleneck(s.pooled(images)) for s in self.streams.values()]

    def early_fusion(self, images: Tensor, rows: Tensor) -> Tensor:
        """Images (N, 3, H, W) and the table's rows (N, columns) -> logits (N, L)."""
        return self.early(torch.cat([*self.bottlenecks(images), rows], 1))

    def late_fusion(self, images: Tensor, rows: Tensor) -> Tensor:
        """Probabilities (N, L): the mean of all three."""
        each = zip(self.streams.values(), self.bottlenecks(images), strict=True)
        return late_fusion([*(s.classifier(b).softmax(1) for s, b in each),
                            self.table(rows).softmax(1)])  # fmt: skip


def late_fusion(probabilities: Sequence[Tensor]) -> Tensor:
    """Softmax outputs (N, L) of several classifiers -> their mean (N, L)."""
    return torch.stack(list(probabilities)).mean(0)


def normalised(pixels: Tensor) -> Tensor:
    """Pixels (N, H, W, 3) in [0, 255] -> network input (N, 3, H, W)."""
    mean, spread = (torch.tensor(v, device=pixels.device) for v in (MEAN, SPREAD))
    return ((pixels.float() / 255 - mean) / spread).permute(0, 3, 1, 2)
