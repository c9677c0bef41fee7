"""Whether a map says anything of the class and of what was learnt: numbers beside the pictures.

A saliency map can look convincing and show no more than the image's edges. Two checks: does it
change with the class it explains (Nie et al. 2018), and does it change when the network forgets
what it learnt (Adebayo et al. 2018, model parameter randomisation)?

Axes: T targets, N images, H x W pixels or cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata
from skimage.metrics import structural_similarity
from torch import Tensor

from ..cams.saliency import RULES, Rule, saliency_map
from ..networks import EmotionNetwork
from ..networks.untrained import untrained
from ..progress import progress
from ..stats.ranks import interval, resampled

Maps = Callable[[EmotionNetwork, Tensor, Tensor, Rule], Tensor]
MEASURES = ("class_sensitivity", "spearman", "ssim")


def class_sensitivity(maps: ArrayLike) -> NDArray[np.float64]:
    """How much a map changes with its target: 1 - mean rank correlation over pairs of targets.

    maps    : (T, N, H, W), the same images explained for each of at least two targets
    returns : (N,); 0 if all targets give the same ranking, about 1 if the maps have nothing in
              common, above 1 if they are opposites; NaN where fewer than two maps are not flat
    """
    maps = np.asarray(maps, dtype=np.float64)
    if maps.ndim != 4 or len(maps) < 2:
        raise ValueError(f"maps must be (T, N, H, W) with at least 2 targets, got {maps.shape}")
    upper = np.triu_indices(len(maps), 1)
    sensitivity = np.full(maps.shape[1], np.nan)
    for n in range(maps.shape[1]):
        correlations = _rank_correlations(maps[:, n])[upper]
        known = correlations[~np.isnan(correlations)]
        if len(known):
            sensitivity[n] = 1 - known.mean()
    return sensitivity


def randomisation_similarity(trained: ArrayLike, random: ArrayLike) -> pd.DataFrame:
    """How alike the maps of a trained and of an untrained network are (Adebayo et al. 2018).

    trained, random : (N, H, W) maps of the same images and targets, at least 0: take the positive
                      part of signed maps first
    returns         : a row an image. spearman: rank correlation; ssim: structural similarity of the
                      maps divided by their maxima, in windows of 7 (or what fits); NaN where one of
                      the maps is flat. High values mean that the map does not show what was learnt.
    """
    trained, random = (np.asarray(maps, dtype=np.float64) for maps in (trained, random))
    if trained.shape != random.shape or trained.ndim != 3:
        raise ValueError(
            f"two times (N, H, W) is needed, got the shapes {trained.shape} and {random.shape}"
        )
    if min(trained.min(initial=0), random.min(initial=0)) < 0:
        raise ValueError("maps must be at least 0: take their positive part, or |maps|, first")
    rows = []
    for one, other in zip(trained, random, strict=True):
        spearman = _rank_correlations(np.stack([one, other]))[0, 1]
        ssim = np.nan if np.isnan(spearman) else _ssim(one, other)
        rows.append({"spearman": spearman, "ssim": ssim})
    return pd.DataFrame(rows, columns=["spearman", "ssim"], dtype=np.float64)


def sanity_table(
    network: EmotionNetwork,
    images: Tensor,
    seeds: Sequence[int] = (0, 1, 2),
    maps: Maps = saliency_map,
    rules: Sequence[Rule] = RULES,
    draws: int = 1000,
) -> pd.DataFrame:
    """Both checks for each rule over preprocessed images (N, K, H, W).

    seeds   : of the untrained copies, over which spearman and ssim are averaged
    maps    : (network, images, targets, rule) -> (N, H, W); the positive part of it is compared
    draws   : of the bootstrap over images
    returns : a row a rule, a column a measure and its 95 % interval (<measure>_low, _high), and n.
              class_sensitivity: between all labels, high is good; spearman and ssim: the maps of
              the predicted label, trained against untrained, low is good
    """
    device = next(network.parameters()).device
    with torch.no_grad():
        predicted = network.head(network.features(images.to(device))).argmax(1).cpu()
    copies = [untrained(network, seed) for seed in seeds]
    counts, rows = resampled(len(images), draws, 0), {}
    for rule in progress(rules, label="sanity checks"):
        labels = [torch.full_like(predicted, k) for k in range(len(network.labels))]
        of_labels = [maps(network, images, k, rule).clamp(min=0).numpy() for k in labels]
        trained = np.stack(of_labels)[predicted.numpy(), np.arange(len(images))]
        similarities = [
            randomisation_similarity(
                trained, maps(copy, images, predicted, rule).clamp(min=0).numpy()
            ).to_numpy()
            for copy in copies
        ]
        values = np.column_stack(
            [class_sensitivity(np.stack(of_labels)), _known_mean(similarities)]
        )
        rows[rule] = _with_intervals(values, counts) | {"n": len(images)}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("rule")


def _known_mean(values: Sequence[NDArray]) -> NDArray[np.float64]:
    return np.ma.masked_invalid(np.stack(values)).mean(axis=0).filled(np.nan)


def _with_intervals(values: NDArray, counts: NDArray) -> dict[str, float]:
    """Means over the images (N, measures) with intervals from how often each is drawn."""
    row = {}
    for name, column in zip(MEASURES, values.T, strict=True):
        known = ~np.isnan(column)
        drawn = counts[:, known].sum(1)
        sums = counts[:, known] @ column[known]
        means = np.divide(sums, drawn, out=np.full(len(sums), np.nan), where=drawn > 0)
        row[name] = column[known].mean() if known.any() else np.nan
        row[f"{name}_low"], row[f"{name}_high"] = interval(means)
    return row


def _rank_correlations(maps: NDArray) -> NDArray[np.float64]:
    """Spearman's rho of every two maps (T, H, W) -> (T, T); NaN for a flat one."""
    ranks = rankdata(maps.reshape(len(maps), -1), axis=1)
    ranks -= ranks.mean(1, keepdims=True)
    sizes = np.sqrt((ranks**2).sum(1))
    product = np.outer(sizes, sizes)
    return np.divide(
        ranks @ ranks.T, product, out=np.full(product.shape, np.nan), where=product > 0
    )


def _ssim(one: NDArray, other: NDArray) -> float:
    side = min(7, *one.shape)
    window = side - 1 + side % 2  # odd
    if window < 3:
        return float("nan")
    scaled = one / one.max(), other / other.max()
    return float(structural_similarity(*scaled, data_range=1, win_size=window))
