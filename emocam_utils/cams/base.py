"""What the CAM methods here share: checked options, a head split at the layer to explain, the sum.

Axes: N images, C channels, h x w cells.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar, Literal, get_origin, get_type_hints

from torch import Tensor, nn

from .target import check_choice, explained, weighted_sum


@dataclass(frozen=True)
class Cam:
    """A method whose map is sum_k w_k A_k: a subclass gives the weights, or the maps themselves.

    Its fields are its options. One that is annotated with a Literal takes nothing else, and those
    named in `_positive` must be greater than 0 (or None).
    """

    name: ClassVar[str]
    layer = "post_relu"  # what is weighed; an option where a subclass makes it a field
    _positive: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        for option, value in values.items():
            if get_origin(hints[option]) is Literal:
                check_choice(option, value, hints[option])
        wrong = [o for o in self._positive if values[o] is not None and not values[o] > 0]
        if wrong:
            given = ", ".join(f"{option}={values[option]}" for option in wrong)
            raise ValueError(f"{given}: must be greater than 0")

    def __call__(self, head: nn.Sequential, features: Tensor, targets: Tensor) -> Tensor:
        """(N, C, h, w) features before head[0], (N,) targets -> (N, h, w) raw signed maps.

        errors : ValueError for targets or a head that do not fit, see `explained`
        """
        return self.maps(*explained(head, features, targets, self.layer))

    def maps(self, activations: Tensor, rest: nn.Sequential, targets: Tensor) -> Tensor:
        """Activations (N, C, h, w) and the part of the head after them -> (N, h, w)."""
        return weighted_sum(self.weights(activations, rest, targets), activations)

    def weights(self, activations: Tensor, rest: nn.Sequential, targets: Tensor) -> Tensor:
        """Activations (N, C, h, w) and the part of the head after them -> (N, C)."""
        raise NotImplementedError
