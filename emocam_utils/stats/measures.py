"""How strongly an object class goes with a predicted emotion: measures beside M_A and M'_A.

All are functions of three counts and of nothing else. A measure is NaN where it is undefined (a
label without images, a class that never occurs), never 0.

Axes: K object classes, L emotion labels, N images.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..registry import Registry


@dataclass(frozen=True)
class Counts:
    """Images counted for each class and label.

    attended : (K, L), images of the label in which a box of the class is kept: M_A
    present  : (K, L), images of the label in which the class is detected at all
    images   : (L,), images of the label
    """

    attended: NDArray[np.int64]
    present: NDArray[np.int64]
    images: NDArray[np.int64]

    def __post_init__(self) -> None:
        for name in ("attended", "present"):
            shape = getattr(self, name).shape
            if len(shape) != 2 or shape[1:] != self.images.shape:
                raise ValueError(
                    f"{name} has shape {shape}, expected (classes, {len(self.images)} labels)"
                )
        if (self.attended > self.present).any() or (self.present > self.images).any():
            raise ValueError(
                "a class is attended in more images than it is present in, or there are"
            )

    def __add__(self, other: Counts) -> Counts:
        """The counts of two parts of a corpus, no image in both."""
        return Counts(
            self.attended + other.attended,
            self.present + other.present,
            self.images + other.images,
        )


Measure = Callable[[Counts], NDArray[np.float64]]

MEASURES: Registry[Measure] = Registry("association measure")


def ratio(above: NDArray, below: NDArray) -> NDArray[np.float64]:
    """above / below, NaN where below is 0; arrays that broadcast."""
    above, below = np.broadcast_arrays(above, below)
    return np.divide(above, below, out=np.full(below.shape, np.nan), where=below != 0)


@MEASURES.register("attended")
def attended_percent(counts: Counts) -> NDArray[np.float64]:
    """M'_A (EmoCAM, Section 2): percent of a label's images with an attended box of the class.

    returns : (K, L) in [0, 100]. It mixes how often a class is there with how often it is attended.
    """
    return ratio(100 * counts.attended, counts.images)


@MEASURES.register("presence")
def presence_percent(counts: Counts) -> NDArray[np.float64]:
    """Percent of a label's images in which the class is detected at all, whatever its importance.

    returns : (K, L) in [0, 100]. No class activation map enters: what M'_A must be compared with.
    """
    return ratio(100 * counts.present, counts.images)


@MEASURES.register("attention given presence")
def attention_given_presence(counts: Counts) -> NDArray[np.float64]:
    """Percent of the images with the class in which a box of it is kept.

    returns : (K, L) in [0, 100]; NaN where the class never occurs with the label. Over few images
              it is noisy: read it beside its presence.
    """
    return ratio(100 * counts.attended, counts.present)


@MEASURES.register("lift")
def lift(counts: Counts) -> NDArray[np.float64]:
    """How many times more often the class is attended with the label than in the corpus.

    P(class attended | label) / P(class attended), Church and Hanks (1990) before the logarithm.
    returns : (K, L), 0 and up, 1 for independence; NaN for a class attended nowhere
    """
    base = ratio(counts.attended.sum(axis=1, keepdims=True), counts.images.sum())
    return ratio(ratio(counts.attended, counts.images), base)


@MEASURES.register("pmi")
def pointwise_mutual_information(counts: Counts) -> NDArray[np.float64]:
    """log2 of the lift, in bits (Church and Hanks, 1990).

    returns : (K, L), 0 for independence, -inf where class and label never meet. High values of
              rare classes rest on few images; see `tests` and `log_odds_ratio`.
    """
    with np.errstate(divide="ignore"):
        return np.log2(lift(counts))


@MEASURES.register("log odds")
def log_odds_ratio(counts: Counts) -> NDArray[np.float64]:
    """Log of the odds of being attended with the label over those with all other labels.

    Half an image is added to each cell of the 2 x 2 table (Haldane, 1956; Anscombe, 1956), so it is
    finite, and near 0 for a class of few images.
    returns : (K, L), natural logarithm; NaN for a label without images or a class attended nowhere
    """
    with_label = counts.attended
    without = counts.images - with_label
    elsewhere = with_label.sum(axis=1, keepdims=True) - with_label
    neither = counts.images.sum() - counts.images - elsewhere
    ratio = (with_label + 0.5) * (neither + 0.5) / ((without + 0.5) * (elsewhere + 0.5))
    defined = (counts.images > 0) & (with_label.sum(axis=1, keepdims=True) > 0)
    return np.where(defined, np.log(ratio), np.nan)


@MEASURES.register("dice")
def dice(counts: Counts) -> NDArray[np.float64]:
    """Dice coefficient of two sets of images, as the authors' code compares class and label.

    2 |A and B| / (|A| + |B|), A the images with the class attended, B those of the label.
    returns : (K, L) in [0, 1]; NaN for a label without images. It is not the M_A that the paper
              describes: it also falls with the number of images that a class has elsewhere.
    """
    sizes = counts.attended.sum(axis=1, keepdims=True) + counts.images
    value = 2 * ratio(counts.attended, sizes)
    return np.where(counts.images > 0, value, np.nan)


def mean_percent(matrix: NDArray, images: NDArray) -> NDArray[np.float64]:
    """Mean of M'_A over the labels that have images: what orders the classes of Fig. 2.

    matrix : (K, L) counts of images; images : (L,); returns (K,), NaN if no label has images
    """
    has = images > 0
    return 100 * (matrix[:, has] / images[has]).mean(axis=1) if has.any() else matrix[:, 0] * np.nan
