"""GiMeFive (Wang, Kawka and Mohammadi 2024): plain convolutional networks for faces of 64 x 64.

Blocks of a 3 x 3 convolution, batch normalisation, ReLU and 2 x 2 max-pooling, then an average over
space and three linear layers (Section 3.2, Figure 2). The paper names its networks by layers and
gives their parameters (Table 2); the variants here have exactly these counts.

Deviation: the last block does not pool before the average, so that its maps keep 8 x 8 cells with
four blocks and 4 x 4 with five. Axes: N images, C channels, h x w cells, L labels.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor, nn

from .face_network import FaceNetwork, hidden_layers

LABELS: tuple[str, ...] = ("happiness", "surprise", "sadness", "anger", "disgust", "fear")
"""The six emotions in the order of Table 3."""

SQUEEZED = 64  # channels of the block that is gated: with them the published count is met
REDUCTION = 16

VARIANTS: dict[str, dict] = {
    "13-layers": {"channels": (64, 128, 256, 512)},
    "15-layers": {"channels": (64, 128, 256, 512, 1024)},
    "10-layers": {"channels": (64, 128, 256, 512, 1024), "batch_norm": False},
    "16-layers": {"channels": (64, 128, 256, 512, 1024), "squeeze_excitation": True},
    "17-layers": {"channels": (64, 128, 256, 512, 1024, 2048)},
}
"""The networks of Table 2 by the paper's names."""


class SqueezeExcitation(nn.Module):
    """Gates each channel by what all channels hold on average (Hu et al. 2018), without biases."""

    def __init__(self, channels: int, reduction: int = REDUCTION) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            OrderedDict(
                squeeze=nn.AdaptiveAvgPool2d(1),
                flatten=nn.Flatten(),
                down=nn.Linear(channels, channels // reduction, bias=False),
                relu=nn.ReLU(),
                up=nn.Linear(channels // reduction, channels, bias=False),
                sigmoid=nn.Sigmoid(),
            )
        )

    def forward(self, activations: Tensor) -> Tensor:
        return activations * self.gate(activations)[:, :, None, None]


class GiMeFive(FaceNetwork):
    """A GiMeFive network, split at its last convolution, normalised, before its ReLU.

    channels           : of the blocks' convolutions
    batch_norm         : normalise after each convolution
    squeeze_excitation : gate the first block's channels
    labels             : one name an output
    dropout            : share of the hidden layers' outputs dropped in training
    """

    def __init__(
        self,
        channels: Sequence[int] = VARIANTS["13-layers"]["channels"],
        batch_norm: bool = True,
        squeeze_excitation: bool = False,
        labels: Sequence[str] = LABELS,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.channels, self.labels = tuple(channels), tuple(labels)
        self.batch_norm, self.squeeze_excitation = batch_norm, squeeze_excitation
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        entering = 3
        for k, width in enumerate(self.channels, start=1):
            layers[f"conv{k}"] = nn.Conv2d(entering, width, 3, padding=1)
            if batch_norm:
                layers[f"norm{k}"] = nn.BatchNorm2d(width)
            if k < len(self.channels):
                layers[f"relu{k}"] = nn.ReLU()
                if squeeze_excitation and k == 1:
                    layers["squeeze_excitation"] = SqueezeExcitation(SQUEEZED)
                layers[f"pool{k}"] = nn.MaxPool2d(2)
            entering = width
        self.trunk = nn.Sequential(layers)
        self.head = nn.Sequential(
            OrderedDict(
                relu=nn.ReLU(),
                average=nn.AdaptiveAvgPool2d(1),
                flatten=nn.Flatten(),
                **hidden_layers((entering, 2 * entering, entering), len(self.labels), dropout),
            )
        )

    @property
    def variant(self) -> str | None:
        """Its name in VARIANTS; None for one that has no name."""
        plain = {"batch_norm": True, "squeeze_excitation": False}
        own = {name: getattr(self, name) for name in ("channels", *plain)}
        return next((name for name, of in VARIANTS.items() if plain | of == own), None)
