"""Activation maximisation: the image that a class or a filter of the CAM layer responds to most.

Gradient ascent on the pixels (Erhan et al. 2009; Simonyan et al. 2013, Section 2) from a start
image, as Montero, Strong and Kierum do with keras-vis (Section 3). What is climbed, per image, is

    score - total_variation * TV(u) - norm * |u|_p^p

with u the image scaled so that black is -1 and white 1, whatever space the network's input is in:
rate and weights mean the same for every network. The score is the target's logit, or the mean of
a channel of the CAM layer before its activation, where an inactive filter still has a gradient.

Axes: N images, K channels, H x W pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ..cams.target import gradients, refuse_training
from ..networks import EmotionNetwork
from ..pipeline.run import one_thread
from ..progress import progress
from ..registry import UnknownName

Target = int | str | tuple[str, int]
"""A class by its index or label, or ("filter", k): channel k of the CAM layer."""


@dataclass(frozen=True)
class Ascent:
    """How the climb is done.

    steps           : of Adam; the defaults are chosen by eye, on mini-Xception's faces
    rate            : Adam's, in units of u (black to white is 2)
    jitter          : pixels by which the image is rolled to and fro in each step, at most; without
                      it the pattern locks onto the grid of the pooling
    total_variation : weight of `total_variation`, which forbids noise
    norm, p         : weight of `pixel_norm`, which forbids saturated pixels, and its exponent
    """

    steps: int = 60
    rate: float = 0.02
    jitter: int = 2
    total_variation: float = 100.0
    norm: float = 1.0
    p: float = 6.0

    def __post_init__(self) -> None:
        above = dict.fromkeys(("steps", "rate"), "greater than 0")
        least = {"jitter": 0, "total_variation": 0, "norm": 0, "p": 1}
        wrong = [f"{k}={v!r} must be {above[k]}" for k, v in vars(self).items()
                 if k in above and not v > 0]  # fmt: skip
        wrong += [f"{k}={v!r} must be at least {least[k]}" for k, v in vars(self).items()
                  if k in least and not v >= least[k]]  # fmt: skip
        if wrong:
            raise ValueError(f"Ascent: {'; '.join(wrong)}")


@dataclass(frozen=True)
class Maximum:
    """What the climb found.

    images  : (N, K, H, W), input of the network; `pictures` shows them
    history : (steps + 1, N), the scores: of the start, of the image of each step as it was rolled,
              and of the result. Regularisers are not in it.
    """

    images: Tensor
    history: NDArray[np.float64]


def maximise(
    network: EmotionNetwork,
    targets: Target | list[Target],
    start: Tensor,
    ascent: Ascent = Ascent(),
    seed: int = 0,
) -> Maximum:
    """Climb from preprocessed images (N, K, H, W) to what raises their targets' scores.

    targets : one for all images, or a list with one each
    seed    : of the jitter, the same for all images of a batch, so that each is as it is alone
    errors  : ValueError for a target or start that the network cannot have; UnknownName for a label
    """
    refuse_training(network, "network")
    space = InputSpace.of(network)
    device = next(network.parameters()).device
    start = space.units(start).to(device, copy=True)
    score = _score(network, targets, space.black.to(device), len(start))
    rng = np.random.default_rng(seed)
    shifts = rng.integers(-ascent.jitter, ascent.jitter, (ascent.steps, 2), endpoint=True)
    shifts[0] = 0
    history = []
    # on one thread, for a climb makes a rounding that depends on their number a difference
    with gradients(), one_thread():
        pixels = start.clone().requires_grad_()
        adam = torch.optim.Adam([pixels], lr=ascent.rate)
        for dy, dx in progress(shifts, label="activation maximisation"):
            rolled = pixels.roll((int(dy), int(dx)), (2, 3))
            scores = score(space.images(rolled))
            penalty = ascent.total_variation * total_variation(pixels)
            penalty = penalty + ascent.norm * pixel_norm(pixels, ascent.p)
            history.append(scores.detach())
            (pixels.grad,) = torch.autograd.grad((penalty - scores).sum(), pixels)
            adam.step()
            with torch.no_grad():
                pixels.clamp_(-1, 1)
    with torch.no_grad(), one_thread():
        images = space.images(pixels.detach())
        history.append(score(images))
    return Maximum(images.cpu(), torch.stack(history).cpu().double().numpy())


def total_variation(images: Tensor) -> Tensor:
    """Total variation with exponent 2 (Mahendran and Vedaldi 2015, Section 3.2), per pixel.

    The squared differences to the right and to the lower neighbour, summed over the pixels and
    averaged over all values. (N, K, H, W) -> (N,)
    """
    down = images.diff(dim=2).square().flatten(1).sum(1)
    right = images.diff(dim=3).square().flatten(1).sum(1)
    return (down + right) / images[0].numel()


def pixel_norm(images: Tensor, p: float = 6.0) -> Tensor:
    """The p-norm to the power p (Mahendran and Vedaldi 2015, Section 3.2), per pixel.

    Mean of |u|^p: (N, K, H, W) -> (N,). With p = 6 grey costs nothing and only extremes cost much.
    """
    return images.abs().pow(p).flatten(1).mean(1)


@dataclass(frozen=True)
class InputSpace:
    """Where black and white lie in a network's input, from its own preprocessing.

    black, white : (K, H, W); grey : whether all channels are always equal
    """

    black: Tensor
    white: Tensor
    grey: bool

    @classmethod
    def of(cls, network: EmotionNetwork) -> Self:
        black, white, red = (
            network.preprocess(Image.new("RGB", network.input_size[::-1], colour))
            for colour in ("black", "white", "red")
        )
        return cls(black, white, bool((red == red[:1]).all()))

    def units(self, images: Tensor) -> Tensor:
        """Network input (N, K, H, W) -> u in [-1, 1]; (N, 1, H, W) if the network sees grey."""
        if images.ndim != 4 or images.shape[1:] != self.black.shape:
            raise ValueError(
                f"images must be (N, {', '.join(map(str, self.black.shape))}) as the network's "
                f"preprocess makes them, got shape {tuple(images.shape)}"
            )
        units = (images.cpu() - self.black) / (self.white - self.black) * 2 - 1
        if units.abs().max().item() > 1 + 1e-3:
            raise ValueError(
                f"images reach from {images.min():.4g} to {images.max():.4g}, beyond black "
                f"({self.black.min():.4g}) and white ({self.white.max():.4g}) of this network; "
                "give what its preprocess makes of a picture"
            )
        if self.grey:
            if (units - units[:, :1]).abs().max().item() > 1e-3:
                raise ValueError("this network sees grey: the channels of an image must be equal")
            units = units[:, :1]
        return units.clamp(-1, 1)

    def images(self, units: Tensor) -> Tensor:
        """u (N, K or 1, H, W) -> network input (N, K, H, W)."""
        black, white = self.black.to(units.device), self.white.to(units.device)
        return (units + 1) / 2 * (white - black) + black


def pictures(network: EmotionNetwork, images: Tensor) -> list[Image.Image]:
    """Network input (N, K, H, W) as RGB pictures: what `preprocess` made of them, undone."""
    space = InputSpace.of(network)
    units = space.units(images).expand(-1, 3, -1, -1)
    pixels = ((units + 1) * 127.5).round().to(torch.uint8).movedim(1, -1).numpy()
    return [Image.fromarray(one) for one in np.ascontiguousarray(pixels)]


def _score(
    network: EmotionNetwork, targets: Target | list[Target], black: Tensor, images: int
) -> Callable[[Tensor], Tensor]:
    """The targets' scores of images, (N, K, H, W) -> (N,)."""
    listed = targets if isinstance(targets, list) else [targets] * images
    if len(listed) != images:
        raise ValueError(f"{len(listed)} targets for {images} images; give one each")
    with torch.no_grad():
        channels = network.features(black[None]).shape[1]
    checked = [_checked(target, network.labels, channels) for target in listed]

    def score(batch: Tensor) -> Tensor:
        features = network.features(batch)
        logits = network.head(features)
        means = features.mean((2, 3))
        of = {"class": logits, "filter": means}
        return torch.stack([of[kind][n, index] for n, (kind, index) in enumerate(checked)])

    return score


def _checked(target: Target, labels: Sequence[str], channels: int) -> tuple[str, int]:
    """A target as (kind, index), or an error that says what there is."""
    if isinstance(target, str):
        if target not in labels:
            raise UnknownName("emotion of this network", target, list(labels))
        return "class", labels.index(target)
    kind, index, count = "class", target, len(labels)
    if isinstance(target, tuple) and len(target) == 2:
        (kind, index), count = target, channels
    known = kind in ("class", "filter") and isinstance(index, int | np.integer)
    if not known or isinstance(index, bool) or not 0 <= index < count:
        raise ValueError(
            f"unknown target {target!r}: give a class 0 to {len(labels) - 1} or its label "
            f'({", ".join(labels)}), or ("filter", k) with k from 0 to {channels - 1}'
        )
    return kind, int(index)
