"""The boxes that a preset counts, from which a method chooses those it attends to.

Axes: B candidate boxes, I images, K classes, L labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import hypergeom

from ..stats.ranks import ranked
from ..stats.tests import shuffled_within_images
from ..study import Preset
from .attention import counted_images
from .counts import codes


@dataclass(frozen=True)
class Candidates:
    """The boxes and images that a preset counts, as numbers; what a method chooses from.

    rows  : (B,), rows of the boxes table
    image : (B,), 0 to I - 1
    kind  : (B,), class, 0 to K - 1
    label : (I, L), 1 for the image's label, else 0
    """

    rows: NDArray[np.int64]
    image: NDArray[np.int64]
    kind: NDArray[np.int64]
    label: NDArray[np.float64]
    classes: tuple[str, ...]
    labels: tuple[str, ...]

    @classmethod
    def of(
        cls,
        boxes: pd.DataFrame,
        predictions: pd.DataFrame,
        preset: Preset,
        classes: Sequence[str],
        labels: Sequence[str],
    ) -> Candidates:
        """Boxes of enough confidence in images that count; tables as the stages store them.

        Errors: ValueError for a class or label that is not among the given ones
        """
        counted = counted_images(predictions, preset)
        image = pd.Index(counted["image"]).get_indexer(boxes["image"])
        rows = np.flatnonzero((boxes["confidence"].to_numpy() > preset.confidence) & (image >= 0))
        kind = codes(boxes["class"].iloc[rows], classes, "class")
        label = np.eye(len(labels))[codes(counted["label"], labels, "label")]
        return cls(rows, image[rows], kind, label, tuple(classes), tuple(labels))

    def attended(self, chosen: NDArray[np.bool_]) -> csr_array:
        """(I, K), 1 where at least one chosen box of the class is in the image. chosen : (B,)."""
        return self._counts(chosen).astype(bool).astype(np.float64)

    @cached_property
    def present(self) -> csr_array:
        """(I, K), 1 where the class is in the image at all."""
        return self.attended(np.ones(len(self.rows), bool))

    def expected(self, chosen: NDArray[np.bool_]) -> csr_array:
        """(I, K), mean of `attended` over all ways to deal the choices among an image's boxes.

        With n boxes, m of them chosen and c of the class, 1 - C(n - c, m) / C(n, m).
        """
        of_class = self._counts(np.ones(len(self.rows), bool)).tocoo()
        boxes = np.bincount(self.image, minlength=len(self.label))
        taken = np.bincount(self.image[chosen], minlength=len(self.label))
        image = of_class.coords[0]
        chance = hypergeom.sf(0, boxes[image], of_class.data, taken[image])
        return csr_array((chance, of_class.coords), shape=of_class.shape)

    def shuffled(self, chosen: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
        """The choices dealt out anew among the boxes of each image; (B,)."""
        seed = int(rng.integers(2**63))
        return shuffled_within_images(chosen, self.image, seed).astype(bool)

    def best(self, chosen: NDArray[np.bool_], importance: NDArray[np.float64]) -> NDArray[np.bool_]:
        """As many boxes of each image as were chosen, but the highest by another importance; (B,).

        NaN is lowest. What maps of noise choose, if they keep as many boxes as a method does.
        """
        order = np.lexsort((-ranked(importance), self.image))
        boxes = np.bincount(self.image, minlength=len(self.label))
        first = np.cumsum(boxes) - boxes
        place = np.arange(len(order)) - first[self.image[order]]
        taken = np.bincount(self.image[chosen], minlength=len(self.label))
        best = np.zeros(len(order), dtype=bool)
        best[order] = place < taken[self.image[order]]
        return best

    def _counts(self, chosen: NDArray[np.bool_]) -> csr_array:
        """(I, K), chosen boxes of each class in each image."""
        where = self.image[chosen], self.kind[chosen]
        shape = len(self.label), len(self.classes)
        return csr_array((np.ones(len(where[0])), where), shape=shape)
