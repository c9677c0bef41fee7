"""Representational similarity analysis: how alike are several CAM methods (EmoCAM, A.2, Fig. 6)?

Each method is represented by a vector, in the paper its flattened M_A, and two methods are compared
by Spearman's rank correlation of their vectors. Methods that know nothing still agree, because all
see the same objects in the same images; so an agreement is worth what it has above a floor.

Axes: A methods, B candidate boxes, I images, K classes, L labels, n numbers of a vector, D draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, hstack
from scipy.stats import hypergeom

from ..pipeline.attention import counted_images
from ..pipeline.counts import codes
from ..stats.bootstrap import resampled
from ..stats.measures import Counts, attended_percent, log_odds_ratio
from ..stats.ranks import spearman_matrix
from ..stats.tests import shuffled_within_images
from ..study import Preset

TOP_CLASSES = 24  # in the Dice matrix of the authors' code


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

    def _counts(self, chosen: NDArray[np.bool_]) -> csr_array:
        """(I, K), chosen boxes of each class in each image."""
        where = self.image[chosen], self.kind[chosen]
        shape = len(self.label), len(self.classes)
        return csr_array((np.ones(len(where[0])), where), shape=shape)


@dataclass(frozen=True)
class Choice:
    """What one method attends to, and what it would if it chose as many boxes without looking.

    attended, expected, present : (I, K)
    label                       : (I, L)
    """

    attended: csr_array
    expected: csr_array
    present: csr_array
    label: NDArray[np.float64]

    def matrix(self, weights: NDArray) -> NDArray[np.float64]:
        """M_A (Section 2), with each image counted `weights` (I,) times; (K, L)."""
        return self.attended.T @ (weights[:, None] * self.label)

    def counts(self, weights: NDArray) -> Counts:
        """What `measures` are functions of, but for presence."""
        matrix = self.matrix(weights)
        return Counts(matrix, matrix, weights @ self.label)

    def beyond_chance(self, weights: NDArray) -> NDArray[np.float64]:
        """M_A less its mean over shuffles, NaN where the class is never there; (K, L).

        What the method adds to presence: two methods that choose boxes at random have a correlation
        of 0 here, not of 0.9.
        """
        weighted = weights[:, None] * self.label
        present = self.present.T @ weighted
        return np.where(present > 0, (self.attended - self.expected).T @ weighted, np.nan)

    def dice_triangle(self, weights: NDArray, top: NDArray) -> NDArray[np.float64]:
        """What the authors' code compares: all pairs of the `top` classes and the labels; (n,).

        Dice = 2 |i and j| / (|i| + |j|) of the images of two things, the lower triangle without its
        diagonal; NaN for two things without any image. Of its cells only those of a class and a
        label are M_A; those of two labels are always 0, as an image has one label.
        """
        things = hstack([self.attended[:, top], csr_array(self.label)], format="csr")
        both = (things.T @ (diags_array(weights) @ things)).toarray()
        sizes = np.diag(both)[:, None] + np.diag(both)
        dice = 2 * both / np.where(sizes > 0, sizes, np.nan)
        return dice[np.tril_indices(len(both), -1)]


Vector = Callable[[Choice, NDArray, NDArray], NDArray[np.float64]]
REPRESENTATIONS: dict[str, Vector] = {
    "M_A": lambda choice, weights, _: choice.matrix(weights).ravel(),
    "Dice triangle": lambda choice, weights, top: choice.dice_triangle(weights, top),
    "M'_A": lambda choice, weights, _: attended_percent(choice.counts(weights)).ravel(),
    "log odds": lambda choice, weights, _: log_odds_ratio(choice.counts(weights)).ravel(),
    "beyond chance": lambda choice, weights, _: choice.beyond_chance(weights).ravel(),
}
"""The paper's definition, what its code computed, and others of the same choices."""


@dataclass(frozen=True)
class Rsa:
    """Several methods that chose from the same boxes.

    chosen : name of a method -> (B,), which boxes it keeps
    top    : classes of the Dice triangle, the same for all methods
    """

    candidates: Candidates
    chosen: Mapping[str, NDArray[np.bool_]]
    top: NDArray[np.int64]

    @cached_property
    def choices(self) -> dict[str, Choice]:
        c = self.candidates
        return {
            name: Choice(c.attended(chosen), c.expected(chosen), c.present, c.label)
            for name, chosen in self.chosen.items()
        }

    def agreement(self, representation: str) -> pd.DataFrame:
        """Spearman's correlation of every two methods, (A, A); a name of `REPRESENTATIONS`."""
        vector = REPRESENTATIONS[representation]
        once = np.ones(len(self.candidates.label))
        vectors = [vector(choice, once, self.top) for choice in self.choices.values()]
        names = list(self.chosen)
        return pd.DataFrame(spearman_matrix(vectors), index=names, columns=names)

    def bootstrap(self, draws: int, seed: int = 0) -> dict[str, NDArray[np.float64]]:
        """Agreements on images drawn with replacement: representation -> (D, A, A)."""
        choices = list(self.choices.values())
        drawn = resampled(len(self.candidates.label), draws, seed).astype(float)
        return _stacked([self._agreements(choices, weights) for weights in drawn])

    def shuffled(self, draws: int, seed: int = 0) -> dict[str, NDArray[np.float64]]:
        """Agreements when the choices of every method are dealt out anew, each for itself: a floor.

        A method still keeps as many boxes of an image as it did. representation -> (D, A, A)
        """
        rng, c = np.random.default_rng(seed), self.candidates
        agreements = []
        for _ in range(draws):
            dealt = [
                replace(choice, attended=c.attended(c.shuffled(self.chosen[name], rng)))
                for name, choice in self.choices.items()
            ]
            agreements.append(self._agreements(dealt, np.ones(len(c.label))))
        return _stacked(agreements)

    def _agreements(
        self, choices: Sequence[Choice], weights: NDArray
    ) -> dict[str, NDArray[np.float64]]:
        return {
            name: spearman_matrix([vector(choice, weights, self.top) for choice in choices])
            for name, vector in REPRESENTATIONS.items()
        }


def top_classes(
    candidates: Candidates, chosen: Sequence[NDArray[np.bool_]], count: int = TOP_CLASSES
) -> NDArray[np.int64]:
    """The classes attended in most images, counted over all methods; codes, the first first.

    Which classes the authors took is not published; these are the same for all methods.
    """
    images = sum((candidates.attended(c).sum(axis=0) for c in chosen), np.zeros(1))
    order = np.argsort(-images, kind="stable")
    return order[images[order] > 0][:count]


def _stacked(agreements: Sequence[Mapping[str, NDArray]]) -> dict[str, NDArray[np.float64]]:
    return {name: np.stack([one[name] for one in agreements]) for name in REPRESENTATIONS}
