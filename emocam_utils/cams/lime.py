"""LIME over channels: a linear model of the score in which channels are on (Ribeiro et al. 2016).

Axes: N images, C channels, h x w cells, S samples.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, Ridge
from torch import Tensor, nn

from .base import Cam
from .channels import switches
from .target import Layer, Score, target_scores

Regression = Literal["lasso", "ridge"]
AlphaUnit = Literal["score", "largest"]


@dataclass(frozen=True)
class LimeCam(Cam):
    """LIME-CAM, as EmoCAM's authors run it: w_k is channel k's coefficient in a linear model.

    The model is fitted, for each image by itself, to the scores of `samples` random choices of
    channels; a channel that is off is zero. map = sum_k w_k A_k, raw and signed.

    samples       : choices of channels; the authors take 256 for 256 channels, with which two seeds
                    agree badly
    alpha         : strength of the regularisation, as scikit-learn's Lasso or Ridge has it
    alpha_unit    : "score": alpha as it is, so that small scores give no coefficient at all;
                    "largest": for a Lasso, a share of the alpha at which the last coefficient goes
    keep          : probability with which a channel is on
    kernel_width  : samples weigh exp(-d^2 / 2 width^2), d the cosine distance between the
                    activations with all and with some channels (Captum's kernel, width 1 there);
                    None weighs all alike
    seed          : of the choices, which are the same for all images, so that an image's map does
                    not depend on its batch
    max_megabytes : bound of the memory used beyond the head's weights
    """

    name: ClassVar[str] = "lime"
    _positive: ClassVar = ("samples", "alpha", "kernel_width", "max_megabytes")

    score: Score = "logit"
    layer: Layer = "post_relu"
    samples: int = 1024
    regression: Regression = "lasso"
    alpha: float = 0.01
    alpha_unit: AlphaUnit = "largest"
    keep: float = 0.5
    kernel_width: float | None = None
    seed: int = 0
    max_megabytes: float = 256

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.keep < 1:
            raise ValueError(f"keep={self.keep} is not allowed; choose one between 0 and 1")
        if self.alpha_unit == "largest" and self.regression == "ridge":
            raise ValueError('alpha_unit="largest" is for a lasso; give a ridge alpha_unit="score"')

    @torch.no_grad()
    def weights(self, activations: Tensor, rest: nn.Sequential, targets: Tensor) -> Tensor:
        """The coefficients (N, C)."""
        choices = self.choices(activations.shape[1])
        masks = torch.from_numpy(choices).to(activations)
        coefficients = activations.new_zeros(activations.shape[:2])
        variants = switches(rest, activations, self.max_megabytes)
        for image, (target, switch) in enumerate(zip(targets, variants, strict=True)):
            logits = switch.with_channels(masks)
            scores = target_scores(logits, target.expand(len(logits)), self.score)
            kernel = self._kernel(masks, activations[image])
            fitted = self._fit(choices, scores.double().cpu().numpy(), kernel)
            coefficients[image] = torch.from_numpy(fitted).to(coefficients)
        return coefficients

    def choices(self, channels: int) -> np.ndarray:
        """Which channels are on in each sample: (S, C) in 0 and 1, the same for the same seed."""
        draws = np.random.default_rng(self.seed).random((self.samples, channels))
        return (draws < self.keep).astype(np.float64)

    def _kernel(self, masks: Tensor, activations: Tensor) -> np.ndarray | None:
        if self.kernel_width is None:
            return None
        energy = activations.flatten(1).square().sum(1)
        # a part of a vector and the whole: their cosine is the root of the part's energy
        cosine = (masks @ energy / energy.sum().clamp(min=1e-30)).clamp(max=1).sqrt()
        distance = (1 - cosine).double().cpu().numpy()
        return np.exp(-(distance**2) / (2 * self.kernel_width**2))

    def _fit(
        self, choices: np.ndarray, scores: np.ndarray, kernel: np.ndarray | None
    ) -> np.ndarray:
        if self.regression == "ridge":
            return Ridge(alpha=self.alpha).fit(choices, scores, sample_weight=kernel).coef_
        alpha = self.alpha
        if self.alpha_unit == "largest":
            share = None if kernel is None else kernel / kernel.sum()
            centred = scores - np.average(scores, weights=share)  # or equal scores leave a rest
            spread = centred / len(scores) if share is None else centred * share
            alpha *= np.abs(spread @ (choices - np.average(choices, axis=0, weights=share))).max()
            if alpha <= 1e-12 * np.abs(scores).max():  # no channel moves the score
                return np.zeros(choices.shape[1])
        with warnings.catch_warnings():
            # what 2,000 rounds leave open is far below what the sampling leaves open
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = Lasso(alpha=alpha, max_iter=2000, tol=1e-6)
            return model.fit(choices, scores, sample_weight=kernel).coef_
