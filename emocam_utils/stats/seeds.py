"""Means over seeds and images at once: networks of several seeds tried on the same images.

Both are drawn by chance: another seed gives another network, another corpus other images. Of values
crossed in a table of S seeds and N images,

    V_images = s^2(means over seeds) / N,  V_seeds = s^2(means over images) / S
    half^2   = t(N - 1)^2 V_images + t(S - 1)^2 V_seeds

with Student's t of each. Both variances hold the rest, which is neither's, so that the interval is
rather too wide: on simulated tables it holds the truth in 95 to 99 % for any mixture of both, where
Satterthwaite's single degrees of freedom fall to 91 % with three seeds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t

from .intervals import LEVEL


def crossed_mean(values: ArrayLike, level: float = LEVEL) -> tuple[float, float, float]:
    """Mean of values (S, N) with its interval over seeds and images.

    For a difference of two networks give differences, image by image and seed by seed: it is paired
    then. returns : value, low, high; NaN ends for fewer than two seeds or images
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"values must be (seeds, images), got shape {values.shape}")
    if not values.size:
        return float("nan"), float("nan"), float("nan")
    value = float(values.mean())
    seeds, images = values.shape
    if seeds < 2 or images < 2:
        return value, float("nan"), float("nan")
    of_images, of_seeds = values.mean(axis=0), values.mean(axis=1)
    variances = np.array([of_images.var(ddof=1) / images, of_seeds.var(ddof=1) / seeds])
    freedom = np.array([images - 1, seeds - 1])
    half = float(np.sqrt((t.ppf(0.5 + level / 2, freedom) ** 2 * variances).sum()))
    return value, value - half, value + half
