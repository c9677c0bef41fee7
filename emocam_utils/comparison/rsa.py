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

from ..pipeline.candidates import Candidates
from ..stats.measures import Counts, attended_percent, log_odds_ratio
from ..stats.ranks import spearman_matrix

TOP_CLASSES = 24  # in the Dice matrix of the authors' code


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

    def halves(self, draws: int, seed: int = 0) -> dict[str, NDArray[np.float64]]:
        """How far agreements would be off on another corpus of as many images.

        Half the difference of the agreements on two disjoint halves, drawn again and again: the
        error of a half has twice the variance of the whole's, and two of them are independent, so
        this varies as the error of the whole does. Images drawn with replacement would not do: they
        make matrices noisier, and agreements lower, than those of the corpus.
        representation -> (D, A, A)
        """
        rng, images = np.random.default_rng(seed), len(self.candidates.label)
        choices, errors = list(self.choices.values()), []
        for _ in range(draws):
            first = rng.permutation(images) < images / 2
            one, other = (self._agreements(choices, half.astype(float)) for half in (first, ~first))
            errors.append({name: (one[name] - other[name]) / 2 for name in one})
        return _stacked(errors)

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

    def noise(
        self, maps: NDArray[np.float64], draws: int, seed: int = 0
    ) -> dict[str, NDArray[np.float64]]:
        """Agreements when each method keeps as many boxes of an image as it does, but those that a
        map of noise scores highest, each method by another map: a floor that knows what the size of
        a box does to its score.

        maps    : (R, B), importance of the boxes under each map
        returns : representation -> (D, A, A); NaN with fewer maps than methods
        """
        c, once = self.candidates, np.ones(len(self.candidates.label))
        vectors = {
            (name, r): {
                view: vector(replace(choice, attended=c.attended(kept)), once, self.top)
                for view, vector in REPRESENTATIONS.items()
            }
            for name, choice in self.choices.items()
            for r, kept in enumerate(c.best(self.chosen[name], order) for order in maps)
        }
        rng, agreements = np.random.default_rng(seed), []
        for _ in range(draws):
            if len(maps) < len(self.chosen):
                square = np.full((len(self.chosen),) * 2, np.nan)
                agreements.append(dict.fromkeys(REPRESENTATIONS, square))
                continue
            own = rng.choice(len(maps), len(self.chosen), replace=False)
            drawn = [vectors[one] for one in zip(self.chosen, own, strict=True)]
            agreements.append(
                {view: spearman_matrix([each[view] for each in drawn]) for view in REPRESENTATIONS}
            )
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
