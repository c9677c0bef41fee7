"""Class activation maps: which cells of the CAM layer made the network choose a label.

A method is called with a network's head, the features before head[0] and a target for each image.
All methods return raw maps: signed, not rescaled, all zero where there is nothing to show and never
NaN. Taking the positive part and scaling happen where a map is used, so that nothing is lost here.

    build_cam("gradcam", score="logit", layer="post_relu")(network.head, features, targets)

Any method of pytorch-grad-cam can be built as `library:<its class>`, such as `library:EigenCAM`;
it is not registered, so a loop over `CAMS` does not meet it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from ..registry import Registry, nearest
from .ablation import AblationCam
from .exact import ExactCam
from .gradcam import GradCam, GradCamPlusPlus, HiResCam
from .library import PREFIX, LibraryCam, library_names
from .lime import LimeCam
from .random_cam import RandomCam
from .relevance import LiftCam, LrpCam
from .target import explained, gradients


@runtime_checkable
class CamMethod(Protocol):
    """A way to make maps, with all its options decided, such as a frozen dataclass.

    Axes: N images, C channels, h x w cells. It must give an image the same map whatever its batch,
    leave the head as it was, and work under the caller's ``torch.no_grad()``.
    """

    @property
    def name(self) -> str: ...

    def __call__(self, head: nn.Sequential, features: Tensor, targets: Tensor) -> Tensor:
        """(N, C, h, w) features before head[0], (N,) targets -> (N, h, w) raw signed maps."""
        ...


class _Cams(Registry[Callable]):
    """The methods by name: classes, or plain functions (head, features, targets) -> maps."""

    def register(self, name: str, thing: Callable | None = None) -> Callable:
        if isinstance(thing, type) and "name" not in vars(thing):
            thing.name = name  # else a method that extends another would carry the other's name
        return super().register(name, thing)


CAMS = _Cams("CAM method")
for _method in (
    GradCam,
    AblationCam,
    LimeCam,
    LrpCam,
    LiftCam,
    GradCamPlusPlus,
    HiResCam,
    ExactCam,
    RandomCam,
):
    CAMS.register(_method.name, _method)


@dataclass(frozen=True)
class FunctionCam:
    """A method that is a plain function; its keyword-only parameters are its options."""

    name: str
    options: tuple[tuple[str, object], ...]
    function: Callable[..., Tensor] = field(repr=False)  # a repr with an address is no key

    def __call__(self, head: nn.Sequential, features: Tensor, targets: Tensor) -> Tensor:
        """(N, C, h, w) features before head[0], (N,) targets -> (N, h, w) raw signed maps."""
        features, head, targets = explained(head, features, targets, "pre_relu")
        with gradients():  # it may ask for them wherever it is called
            return self.function(head, features, targets, **dict(self.options)).detach()


def _method_of(name: str) -> tuple[Callable, bool]:
    """What has that name, and whether it is a function rather than a class."""
    if isinstance(name, str) and name.startswith(PREFIX):
        return partial(LibraryCam, name.removeprefix(PREFIX)), False
    method = CAMS[name]
    return method, not isinstance(getattr(method, "func", method), type)


def cam_options(name: str) -> tuple[str, ...]:
    """The options a method has, e.g. ("score", "layer")."""
    method, is_function = _method_of(name)
    parameters = inspect.signature(method).parameters.values()
    return tuple(p.name for p in parameters if not is_function or p.kind is p.KEYWORD_ONLY)


def build_cam(name: str, **options: object) -> CamMethod:
    """A method by its name with its options; what is not given has the method's default.

    errors : UnknownName for a name, ValueError for options it does not have or values not allowed
    """
    allowed = cam_options(name)
    unknown = [option for option in options if option not in allowed]
    if unknown:
        meant = [f"did you mean {near!r}?" for u in unknown if (near := nearest(u, list(allowed)))]
        raise ValueError(
            f"the CAM method {name!r} has no option {', '.join(map(repr, unknown))}; "
            f"it has: {', '.join(allowed) or 'none'}. {' '.join(meant)}".rstrip()
        )
    method, is_function = _method_of(name)
    if is_function:
        return FunctionCam(name, tuple(sorted(options.items())), method)
    return method(**options)


__all__ = ["CAMS", "CamMethod", "FunctionCam", "build_cam", "cam_options", "library_names"]
