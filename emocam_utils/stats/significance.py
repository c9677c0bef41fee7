"""Is an association more than chance, and how sure is it? Intervals, tests and null floors.

A parametric test over cells that share images is no proof, since the cells depend on each other; so
there are also the bootstrap over images and floors made with the maps' meaning taken away.

Axes: K object classes, L emotion labels, N images, B boxes, P pairs (image, attended class).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from .measures import Counts


def wilson_interval(
    hits: NDArray, trials: NDArray, level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Confidence interval of a proportion in percent (Wilson, 1927).

    hits, trials : counts of any shapes that broadcast
    returns      : lower and upper bound in [0, 100]; NaN for no trials. Unlike the normal
                   approximation it stays inside the bounds and is right for 0 hits.
    """
    hits, trials = np.broadcast_arrays(np.asarray(hits, float), np.asarray(trials, float))
    z = stats.norm.ppf(0.5 + level / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = hits / trials
        middle = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
        half = z * np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
        half /= 1 + z**2 / trials
    # rounding must not leave the bounds at 0 and at all hits
    low = np.where(hits == 0, 0, np.clip(middle - half, 0, 1))
    high = np.where(hits == trials, 1, np.clip(middle + half, 0, 1))
    none = trials == 0
    return np.where(none, np.nan, 100 * low), np.where(none, np.nan, 100 * high)


def fisher_exact(counts: Counts) -> NDArray[np.float64]:
    """One-sided p of Fisher's exact test: is a class attended more often with this label?

    The chance of at least as many images with class and label, if the images with the class were
    drawn at random from the corpus: the upper tail of the hypergeometric distribution.
    returns : (K, L) in [0, 1]; NaN for a label without images or a class attended nowhere
    """
    total, drawn = counts.images.sum(), counts.attended.sum(axis=1, keepdims=True)
    p = stats.hypergeom.sf(counts.attended - 1, total, counts.images, drawn)
    return np.where((counts.images > 0) & (drawn > 0), np.clip(p, 0, 1), np.nan)


def benjamini_hochberg(p: NDArray) -> NDArray[np.float64]:
    """p adjusted for testing many cells (Benjamini and Hochberg, 1995): the false discovery rate.

    Cells below q are, on average, at most a share q false, if the tests are independent or depend
    on each other positively. Labels compete for images, so take it as a guide, and see the
    bootstrap over images. NaN stays NaN and does not count as a test.
    """
    p = np.asarray(p, dtype=np.float64)
    adjusted = np.full(p.shape, np.nan)
    tested = ~np.isnan(p)
    if tested.any():
        adjusted[tested] = stats.false_discovery_control(p[tested], method="bh")
    return adjusted


def mean_percent(matrix: NDArray, images: NDArray) -> NDArray[np.float64]:
    """Mean of M'_A over the labels that have images: what orders the classes of Fig. 2; (K,)."""
    has = images > 0
    return 100 * (matrix[:, has] / images[has]).mean(axis=1) if has.any() else matrix[:, 0] * np.nan


def bootstrap_means(
    pairs: tuple[NDArray, NDArray], labels: NDArray, shape: tuple[int, int], draws: int, seed: int
) -> NDArray[np.float64]:
    """`mean_percent` of each class on corpora drawn from the images with replacement.

    pairs   : image and class of each attended pair, (P,) each, a pair once
    labels  : (N,), label of each image
    shape   : (K, L)
    returns : (draws, K). Images are drawn, not boxes or cells, as these depend on each other.
    """
    images, classes = pairs
    cells = classes.astype(np.int64) * shape[1] + labels[images]
    rng = np.random.default_rng(seed)
    means = np.empty((draws, shape[0]))
    for draw in range(draws):
        times = np.bincount(rng.integers(0, len(labels), len(labels)), minlength=len(labels))
        matrix = np.bincount(cells, weights=times[images], minlength=shape[0] * shape[1])
        sizes = np.bincount(labels, weights=times, minlength=shape[1])
        means[draw] = mean_percent(matrix.reshape(shape), sizes)
    return means


def ranks(means: NDArray) -> NDArray[np.float64]:
    """Rank of each class along the last axis, 1 for the highest; ties share their mean rank."""
    return stats.rankdata(-means, axis=-1)


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
