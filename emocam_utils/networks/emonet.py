"""EmoNet (Kragel et al. 2019): AlexNet of 2012 with twenty emotion labels, at any width.

At width 1 the topology is that of ``emonet_py.alexnet_big.AlexNetBigEmoNet``, layer by layer, as
the MATLAB original defines it: grouped convolutions, local response norm, and a flattening that
walks the columns before the rows. A narrower copy has the same layers with fewer channels, so that
a method that runs on one runs on the other.

Axes: N images, C channels, H x W pixels, h x w cells of conv5, L labels.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Self, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

EMONET_LABELS: tuple[str, ...] = (
    "Adoration",
    "Aesthetic Appreciation",
    "Amusement",
    "Anxiety",
    "Awe",
    "Boredom",
    "Confusion",
    "Craving",
    "Disgust",
    "Empathetic Pain",
    "Entrancement",
    "Excitement",
    "Fear",
    "Horror",
    "Interest",
    "Joy",
    "Romance",
    "Sadness",
    "Sexual Desire",
    "Surprise",
)
"""The labels in the order of EmoNet's outputs, spelt as emonet-py spells them."""

INPUT_SIZE = (227, 227)
Network = TypeVar("Network", bound=nn.Module)


class LocalResponseNorm(nn.Module):
    """Cross-channel normalisation (Krizhevsky et al. 2012, Section 3.3) by shifting and adding.

    x / (k + alpha / size * sum of x^2 over `size` neighbouring channels) ** beta, as
    ``nn.LocalResponseNorm``, whose 3-d average pooling is three times slower on a CPU.
    """

    def __init__(
        self, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
    ) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, activations: Tensor) -> Tensor:
        channels = activations.shape[1]
        before, after = self.size // 2, (self.size - 1) // 2
        squares = nn.functional.pad(activations * activations, (0, 0, 0, 0, before, after))
        energy = squares[:, :channels]
        for shift in range(1, self.size):
            energy = energy + squares[:, shift : shift + channels]
        base = energy * (self.alpha / self.size) + self.k
        if self.beta != 0.75:
            return activations / base**self.beta
        root = base.sqrt()  # x^0.75 as two square roots: a power costs more than the convolution
        return activations / (root * root.sqrt())

    def extra_repr(self) -> str:
        return f"size={self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class FlattenColumnsFirst(nn.Module):
    """(N, C, h, w) -> (N, C * w * h): within a channel, columns before rows, as MATLAB stores them.

    Without it fc6 reads every map transposed, and nothing complains.
    """

    def forward(self, activations: Tensor) -> Tensor:
        return activations.transpose(2, 3).flatten(1)


class EmoNet(nn.Module):
    """EmoNet, split at conv5: ``logits = head(features(images))``.

    width       : multiplies the convolutions' channels, in multiples of 8; the original has 1
    fc_width    : multiplies the 4096 units of fc6 and fc7
    labels      : one name an output
    mean, scale : a pixel p in [0, 255] enters as (p - mean) / scale; mean is per channel (3,) or an
                  image (H, W, 3). The original subtracts its mean image and does not scale.
    dropout     : share of fc6's and fc7's outputs dropped in training
    cam_dropout : share of conv5's activations dropped in training; the original has none there
    """

    input_size: tuple[int, int] = INPUT_SIZE

    def __init__(
        self,
        width: float = 1.0,
        fc_width: float = 1.0,
        labels: Sequence[str] = EMONET_LABELS,
        mean: Sequence[float] | np.ndarray | Tensor = (0.0, 0.0, 0.0),
        scale: float = 1.0,
        dropout: float = 0.0,
        cam_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        conv1, conv2, conv3, conv4, conv5 = (_channels(n, width) for n in (96, 256, 384, 384, 256))
        units = int(4096 * fc_width)
        if units < 1:
            raise ValueError(f"fc_width {fc_width} leaves fc6 without units; give at least 0.00025")
        self.width, self.fc_width = float(width), float(fc_width)
        self.labels = tuple(labels)
        self.mean, self.scale = _mean_pixels(mean), float(scale)
        if not self.scale > 0:
            raise ValueError(f"scale must be positive, got {scale}")

        self.trunk = nn.Sequential(
            OrderedDict(
                conv1=nn.Conv2d(3, conv1, 11, stride=4),
                relu1=nn.ReLU(),
                norm1=LocalResponseNorm(),
                pool1=nn.MaxPool2d(3, 2),
                conv2=nn.Conv2d(conv1, conv2, 5, padding=2, groups=2),
                relu2=nn.ReLU(),
                norm2=LocalResponseNorm(),
                pool2=nn.MaxPool2d(3, 2),
                conv3=nn.Conv2d(conv2, conv3, 3, padding=1),
                relu3=nn.ReLU(),
                conv4=nn.Conv2d(conv3, conv4, 3, padding=1, groups=2),
                relu4=nn.ReLU(),
                conv5=nn.Conv2d(conv4, conv5, 3, padding=1, groups=2),
            )
        )
        self.head = nn.Sequential(
            OrderedDict(
                relu5=nn.ReLU(),
                drop5=nn.Dropout(cam_dropout),
                pool5=nn.MaxPool2d(3, 2),
                flatten=FlattenColumnsFirst(),
                fc6=nn.Linear(conv5 * 6 * 6, units),
                relu6=nn.ReLU(),
                drop6=nn.Dropout(dropout),
                fc7=nn.Linear(units, units),
                relu7=nn.ReLU(),
                drop7=nn.Dropout(dropout),
                fc8=nn.Linear(units, len(self.labels)),
            )
        )

    def features(self, images: Tensor) -> Tensor:
        """conv5 before its ReLU: preprocessed images (N, 3, 227, 227) -> (N, C, 13, 13)."""
        return self.trunk(images)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, L). Not probabilities: emonet-py applies softmax in eval mode, this never."""
        return self.head(self.features(images))

    def preprocess(self, image: Image.Image) -> Tensor:
        """An image of any size, squashed and normalised: (3, 227, 227) float32.

        Squashed, not cropped or padded, with PIL's bicubic filter: EmoNetPreProcess of emonet-py.
        """
        height, width = self.input_size
        image = image if image.mode == "RGB" else image.convert("RGB")
        if image.size != (width, height):
            image = image.resize((width, height), resample=Image.Resampling.BICUBIC)
        return self.normalise(torch.from_numpy(np.array(image)))

    def normalise(self, pixels: Tensor) -> Tensor:
        """Pixels (..., H, W, 3) in [0, 255] -> network input (..., 3, H, W) float32."""
        centred = pixels.float() - self.mean.to(pixels.device)
        return (centred * (1 / self.scale)).movedim(-1, -3)

    def initialise(self, seed: int) -> Self:
        """Draw untrained weights: He et al. (2015), a small last layer to start flat.

        The same seed gives the same weights, whatever the global generator's state.
        """
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for layer in self.modules():
                if isinstance(layer, nn.Conv2d | nn.Linear):
                    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
                    nn.init.zeros_(layer.bias)
            self.head.fc8.weight.normal_(0, 0.01, generator=generator)
        return self


def from_emonet_py(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename emonet-py's tensors: convK -> trunk.convK; fc1, fc2, fc3 -> head.fc6, fc7, fc8.

    The values are untouched; names that emonet-py does not have are left as they are.
    """
    layers = {f"conv{k}": f"trunk.conv{k}" for k in range(1, 6)}
    layers |= {"fc1": "head.fc6", "fc2": "head.fc7", "fc3": "head.fc8"}
    renamed = {}
    for name, tensor in state.items():
        layer, dot, rest = name.partition(".")
        renamed[layers.get(layer, layer) + dot + rest] = tensor
    return renamed


def freeze(network: Network) -> Network:
    """Make a network one to be explained: float32, eval mode, no gradient kept for its weights."""
    return network.float().eval().requires_grad_(False)


def _channels(original: int, width: float) -> int:
    channels = round(original * width / 8) * 8
    if channels < 8:
        raise ValueError(f"width {width} leaves no channel of {original}; give at least 0.05")
    return channels


def _mean_pixels(mean: Iterable[float] | np.ndarray | Tensor) -> Tensor:
    pixels = torch.as_tensor(
        np.array(mean, dtype=np.float32) if not isinstance(mean, Tensor) else mean.float(),
        device="cpu",
    )
    allowed = ((3,), (*INPUT_SIZE, 3))
    if tuple(pixels.shape) not in allowed:
        raise ValueError(
            f"mean has shape {tuple(pixels.shape)}; expected (3,), one value a channel, "
            f"or {allowed[1]}, a mean image"
        )
    return pixels
