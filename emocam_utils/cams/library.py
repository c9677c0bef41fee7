"""Any method of pytorch-grad-cam by its name, such as `library:EigenCAM`.

The library is imported where it is used: that takes seconds, and most studies do without.

Axes: N images, C channels, h x w cells.
"""

from __future__ import annotations

import contextlib
import copy
import io
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..registry import UnknownName
from .base import Cam
from .target import Layer, Score, explained, gradients, target_scores

PREFIX = "library:"

_UNSUITABLE = {
    "FullGrad": "it reads the biases of convolutions, which a head does not have",
    "RandomCAM": "it draws from numpy's global generator; use `random`",
}


def library_names() -> list[str]:
    """The methods of pytorch-grad-cam that can be used as `library:<name>`."""
    import pytorch_grad_cam
    from pytorch_grad_cam.base_cam import BaseCAM

    classes = ((name, getattr(pytorch_grad_cam, name)) for name in dir(pytorch_grad_cam))
    return [
        name
        for name, thing in classes
        if isinstance(thing, type) and issubclass(thing, BaseCAM) and name not in _UNSUITABLE
    ]


@dataclass(frozen=True)
class LibraryCam(Cam):
    """A method of pytorch-grad-cam on the head, its input being the features.

    The map is what the library computes before its ReLU and its min-max scaling: raw and signed.
    The library gets a deep copy of the head, because some of its methods swap layers.

    method : name of a class in pytorch_grad_cam, see `library_names`
    """

    method: str = "EigenCAM"
    score: Score = "logit"
    layer: Layer = "post_relu"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.method in _UNSUITABLE:
            raise ValueError(f"{self.name} cannot be used: {_UNSUITABLE[self.method]}")
        if self.method not in library_names():
            raise UnknownName("CAM method of pytorch-grad-cam", self.method, library_names())

    @property
    def name(self) -> str:
        return PREFIX + self.method

    def __call__(self, head: nn.Sequential, features: Tensor, targets: Tensor) -> Tensor:
        """(N, C, h, w) features before head[0], (N,) targets -> (N, h, w) raw maps."""
        import pytorch_grad_cam
        from pytorch_grad_cam.utils import model_targets

        features, _, targets = explained(head, features, targets, "pre_relu")
        if not len(features):
            return features.new_zeros(0, *features.shape[2:])
        with torch.no_grad():
            logits = head(features[:1]).expand(len(targets), -1)
            target_scores(logits, targets, "logit")  # the library takes -1 for the last
        softmax = "" if self.score == "logit" else "Softmax"
        target = getattr(model_targets, f"ClassifierOutput{softmax}Target")
        with torch.inference_mode(False):
            model = _FromFeatures(copy.deepcopy(head), self.layer).to(features.device)
            model.requires_grad_(False)
        method = _raw(getattr(pytorch_grad_cam, self.method))
        # its progress bars would flood a notebook; its gradients start at the features
        silence = contextlib.redirect_stderr(io.StringIO())
        with silence, gradients(), method(model, [model.layer]) as cam:
            leaf = features.clone().requires_grad_()
            cam(leaf, targets=[target(int(index)) for index in targets])
            maps = np.array(cam.raw_map, dtype=np.float32)
        return torch.from_numpy(maps).to(features)


class _FromFeatures(nn.Module):
    """A head as a whole network, whose `layer` gives the activations to explain."""

    def __init__(self, head: nn.Sequential, layer: Layer) -> None:
        super().__init__()
        self.layer, self.rest = (
            (nn.Identity(), head) if layer == "pre_relu" else (head[0], head[1:])
        )
        self.anchor = nn.Parameter(torch.empty(0))  # the library asks a parameter for the device

    def forward(self, features: Tensor) -> Tensor:
        return self.rest(self.layer(features))


def _raw(method: type) -> type:
    """A method that keeps its map as it is before the library's ReLU and scaling."""

    class Raw(method):
        def get_cam_image(self, *args: object, **options: object) -> np.ndarray:
            self.raw_map = super().get_cam_image(*args, **options)
            return self.raw_map

    return Raw
