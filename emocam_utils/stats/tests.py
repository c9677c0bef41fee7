"""Is it more than chance? Exact and permutation tests, and many tests at once.

A parametric test over cells that share images is no proof, since the cells depend on each other; so
there are also the bootstrap over images, and floors made with the maps' meaning taken away.

Axes: K object classes, L emotion labels, B boxes, D draws.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from .measures import Counts


def fisher_exact(counts: Counts) -> NDArray[np.float64]:
    """One-sided p of Fisher's exact test: is a class attended more often with this label?

    The chance of at least as many images with class and label, if the images with the class were
    drawn at random from the corpus: the upper tail of the hypergeometric distribution.
    returns : (K, L) in [0, 1]; NaN for a label without images or a class attended nowhere
    """
    total, drawn = counts.images.sum(), counts.attended.sum(axis=1, keepdims=True)
    p = stats.hypergeom.sf(counts.attended - 1, total, counts.images, drawn)
    return np.where((counts.images > 0) & (drawn > 0), np.clip(p, 0, 1), np.nan)


def permutation_p(observed: ArrayLike, null: NDArray) -> NDArray[np.float64]:
    """One-sided permutation p (Phipson and Smyth, 2010): how often chance reaches the observed.

    observed : any shape
    null     : (D, *that shape); a NaN counts as reached, so that it never makes a p smaller
    returns  : at least 1 / (D + 1), never 0; NaN where the observed is
    """
    observed = np.asarray(observed, dtype=np.float64)
    reached = (~(null < observed - 1e-12)).sum(axis=0)  # equal up to rounding is reached, too
    return np.where(np.isnan(observed), np.nan, (1 + reached) / (1 + len(null)))


def shuffled_within_images(importance: NDArray, images: NDArray, seed: int) -> NDArray[np.float64]:
    """Importances dealt out anew among the boxes of each image: the floor of `where` a map looks.

    importance : (B,)
    images     : (B,), a code for the image of each box
    returns    : (B,); every image keeps its values (NaN too) and its boxes, only their match is
                 chance. What an association has beyond this, it owes to the boxes' places.
    """
    given = np.argsort(images, kind="stable")
    shuffled = np.lexsort((np.random.default_rng(seed).random(len(images)), images))
    result = np.empty(len(importance), dtype=np.float64)
    result[given] = np.asarray(importance)[shuffled]
    return result


def benjamini_hochberg(p: ArrayLike) -> NDArray[np.float64]:
    """p adjusted for testing many cells (Benjamini and Hochberg, 1995): the false discovery rate.

    Cells below q are, on average, at most a share q false, if the tests are independent or depend
    on each other positively. Labels compete for images, so take it as a guide, and see the
    bootstrap over images. NaN stays NaN and does not count as a test.
    """
    p = np.asarray(p, dtype=np.float64)
    adjusted, tested = np.full(p.shape, np.nan), ~np.isnan(p)
    if tested.any():
        adjusted[tested] = stats.false_discovery_control(p[tested], method="bh")
    return adjusted


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """p adjusted for several claims (Holm 1979): the chance of one false verdict among them.

    p : (K,); NaN stays NaN and does not count as a claim
    """
    p = np.asarray(p, dtype=np.float64)
    adjusted = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1) if len(order) else steps
    return adjusted
