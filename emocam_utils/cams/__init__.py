"""Class activation maps: which cells of the CAM layer made the network choose a label.

A method is called with a network's head, the features before head[0] and a target for each image.
All methods return raw maps: signed, not rescaled, all zero where there is nothing to show and never
NaN. Taking the positive part and scaling happen where a map is used, so that nothing is lost here.

    build_cam("gradcam", score="logit", layer="post_relu")(network.head, features, targets)

Any method of pytorch-grad-cam is there as `library:<its class>`, such as `library:EigenCAM`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
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


@runtime_checkable
class CamMethod(Protocol):
    """A way to make maps, with all its options decided: a frozen dataclass.

    Axes: N images, C channels, h x w cells. It must give an image the same map whatever its batch,
    leave the head as it was, and work under the caller's ``torch.no_grad()``.
    """

    @property
    def name(self) -> str: ...

    def __call__(self, head: nn.Sequential, features: Tensor, targets: Tensor) -> Tensor:
        """(N, C, h, w) features before head[0], (N,) targets -> (N, h, w) raw signed maps."""
        ...


class _Cams(Registry[Callable[..., CamMethod]]):
    """The methods by name, those of pytorch-grad-cam among them without being listed."""

    def get(self, name: str) -> Callable[..., CamMethod]:
        if isinstance(name, str) and name.startswith(PREFIX):
            return partial(LibraryCam, name.removeprefix(PREFIX))
        return super().get(name)

    __getitem__ = get

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str) and name.startswith(PREFIX):
            return name.removeprefix(PREFIX) in library_names()
        return super().__contains__(name)


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


def cam_options(name: str) -> tuple[str, ...]:
    """The options a method has, e.g. ("score", "layer")."""
    method = CAMS[name]
    if isinstance(method, partial):
        return tuple(field.name for field in fields(method.func) if field.name != "method")
    return tuple(field.name for field in fields(method))


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
    return CAMS[name](**options)


__all__ = ["CAMS", "CamMethod", "build_cam", "cam_options", "library_names"]
