"""Measures of a map that need the network: deletion, insertion, pointing, randomised parameters.

They judge a map on its image, without boxes, so they run on any corpus; they are also the weaker
evidence, because an image with holes is nothing a network was trained on (which is why effects are
measured by removal where that is possible).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageFilter
from torch import Tensor, nn

from ..cams import CamMethod
from ..corpora.emoscenes.corpus import EmoScenes
from ..networks import EmotionNetwork
from ..pipeline.analysis import Analysis
from ..pipeline.tables import map_array
from ..stats.bootstrap import resampled, weighted_mean
from ..stats.intervals import percentile, wilson
from ..stats.ranks import spearman
from .changes import one_thread

BLUR = 0.1  # of the longer side: what a deleted cell shows


def pointing_hit(cam: NDArray, boxes: NDArray, size: tuple[int, int]) -> float:
    """Pointing game (Zhang et al. 2018): 1 if the map's maximum lies in one of the boxes, else 0.

    cam     : (h, w), raw; the maximum is at the centre of its cell, the first one of several
    boxes   : (B, 4), pixels x0, y0, x1, y1, half-open: the causal ones
    size    : height, width of the image in pixels
    returns : NaN for an empty map (no positive cell) or without a box
    """
    cam, boxes = np.asarray(cam), np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    if not len(boxes) or not (cam > 0).any():
        return float("nan")
    row, column = np.unravel_index(np.argmax(cam), cam.shape)
    y, x = (row + 0.5) * size[0] / cam.shape[0], (column + 0.5) * size[1] / cam.shape[1]
    x0, y0, x1, y1 = boxes.T
    return float(((x0 <= x) & (x < x1) & (y0 <= y) & (y < y1)).any())


def area_under(curve: ArrayLike) -> float:
    """Area under a curve over equal steps from 0 to 1 (trapezoids); NaN if any value is."""
    return float(np.trapezoid(np.asarray(curve, dtype=np.float64), dx=1 / (len(curve) - 1)))


def cell_order(cam: NDArray) -> NDArray[np.int64]:
    """Cells of a map from the highest to the lowest, ties in reading order; (h * w,)."""
    return np.argsort(-np.asarray(cam, dtype=np.float64).ravel(), kind="stable")


def cells_changed(cam: NDArray, steps: int) -> NDArray[np.bool_]:
    """Which cells are changed at each step, the highest first; (S + 1, h, w), none to all."""
    order = cell_order(cam)
    rank = np.empty(len(order), int)
    rank[order] = np.arange(len(order))
    counts = np.array([round(len(order) * step / steps) for step in range(steps + 1)])
    return (rank[None] < counts[:, None]).reshape(-1, *np.shape(cam))


def mixed(image: Tensor, base: Tensor, changed: NDArray) -> Tensor:
    """An input with the changed cells replaced by those of another; (S, 3, H, W).

    changed : (S, h, w); a pixel belongs to the cell that its centre lies in
    """
    mask = torch.from_numpy(changed.astype(np.float32))[:, None].to(image)
    mask = nn.functional.interpolate(mask, size=image.shape[-2:], mode="nearest")
    return torch.where(mask > 0.5, base, image)


def deletion_insertion(
    network: EmotionNetwork, picture: Image.Image, cam: NDArray, steps: int, device: torch.device
) -> tuple[NDArray, NDArray]:
    """Probability of the label as cells are deleted, and inserted, highest first (Petsiuk 2018).

    cam     : (h, w), raw
    returns : deletion (S + 1,), from the image to its blurred version, lower is better; insertion
              (S + 1,), from the blurred version to the image, higher is better. NaN for an empty
              map, whose order would be the reading order.
    """
    nothing = np.full(steps + 1, np.nan)
    if not (np.asarray(cam) > 0).any():
        return nothing, nothing
    blurred = picture.filter(ImageFilter.GaussianBlur(max(picture.size) * BLUR))
    image, base = (network.preprocess(p).to(device) for p in (picture, blurred))
    changed = cells_changed(cam, steps)
    with torch.no_grad():
        inputs = torch.cat([mixed(image, base, changed), mixed(base, image, changed)])
        probabilities = network.head(network.features(inputs)).softmax(1).double().cpu().numpy()
    target = probabilities[0].argmax()
    return probabilities[: steps + 1, target], probabilities[steps + 1 :, target]


def curve_table(
    analysis: Analysis, maps: Mapping[str, pd.DataFrame], ids: Sequence[str], steps: int = 10
) -> pd.DataFrame:
    """Mean deletion and insertion curves of several methods over the same images.

    returns : method, curve, share (of cells changed), probability, images (with a map), area under
              the mean curve with its interval over images
    """
    tables = {name: table.set_index("image") for name, table in maps.items()}
    found: dict[tuple[str, str], list[NDArray]] = {}
    with one_thread(isinstance(analysis.corpus, EmoScenes)):
        for image in ids:
            picture = analysis.corpus.read(image)
            for name, table in tables.items():
                cam, device = map_array(table.loc[image]), analysis.torch_device
                both = deletion_insertion(analysis.network, picture, cam, steps, device)
                for curve, values in zip(("deletion", "insertion"), both, strict=True):
                    found.setdefault((name, curve), []).append(values)
    weights = resampled(len(ids), 300, seed=0)
    share = np.arange(steps + 1) / steps
    parts = []
    for (name, curve), values in found.items():
        known = [v for v in values if not np.isnan(v).any()]
        mean = np.mean(known, axis=0) if known else np.full(steps + 1, np.nan)
        low, high = percentile(weighted_mean([area_under(v) for v in values], weights))
        part = pd.DataFrame({"method": name, "curve": curve, "share": share, "probability": mean})
        areas = {"area": area_under(mean), "area_low": low, "area_high": high}
        parts.append(part.assign(images=len(known), **areas))
    return pd.concat(parts, ignore_index=True)


def pointing_table(
    objects: pd.DataFrame, causal: NDArray, maps: Mapping[str, pd.DataFrame], images: pd.DataFrame
) -> pd.DataFrame:
    """Pointing game of several methods: the share of maps whose maximum lies on a causal object.

    returns : indexed by method: hit with its interval, images (with a map and a causal object),
              chance (the causal objects' mean share of those images, at most 1: what a random point
              would hit)
    """
    sizes = images.set_index("image")[["height", "width"]]
    boxes = objects.loc[causal, ["image", "x0", "y0", "x1", "y1", "area"]]
    of_image = dict(tuple(boxes.groupby("image", sort=False)))
    rows = {}
    for name, table in maps.items():
        hits, chance = [], []
        for _, row in table[table["image"].isin(of_image)].iterrows():
            found = of_image[row["image"]]
            size = tuple(sizes.loc[row["image"]])
            corners = found[["x0", "y0", "x1", "y1"]].to_numpy()
            hits.append(pointing_hit(map_array(row), corners, size))
            chance.append(min(found["area"].sum(), 1.0))
        known = np.array(hits)[~np.isnan(hits)]
        low, high = wilson(known.sum(), len(known))
        rows[name] = {
            "hit": known.mean() if len(known) else float("nan"),
            "hit_low": low,
            "hit_high": high,
            "images": len(known),
            "chance": np.mean(chance) if chance else float("nan"),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")


def weighted_layers(network: nn.Module) -> list[str]:
    """Names of the layers with weights, the output's first."""
    names = [n for n, m in network.named_modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    return names[::-1]


def shuffled(network: EmotionNetwork, layers: Sequence[str], seed: int) -> EmotionNetwork:
    """A copy of the network with the parameters of some layers shuffled; the original is as it was.

    Shuffling keeps the distribution of each layer's weights, so that what changes is what was
    learned and not the scale.
    """
    other = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(seed)
    for name in layers:
        for parameter in other.get_submodule(name).parameters(recurse=False):
            order = torch.randperm(parameter.numel(), generator=generator).to(parameter.device)
            parameter.data = parameter.data.flatten()[order].view_as(parameter)
    return other


def randomisation_table(
    analysis: Analysis, methods: Mapping[str, CamMethod], ids: Sequence[str], seed: int = 0
) -> pd.DataFrame:
    """Parameter randomisation (Adebayo et al. 2018), cascading from the output to the input.

    A map that stays the same when what was learned is destroyed does not explain what was learned.
    returns : method, layer (the deepest one shuffled; "none" first), similarity (mean Spearman of
              the two maps, NaN pairs left out) with its interval over images, images. The label
              explained stays the original's.
    """
    with one_thread(isinstance(analysis.corpus, EmoScenes)):
        return _randomised(analysis, methods, ids, seed)


def _randomised(
    analysis: Analysis, methods: Mapping[str, CamMethod], ids: Sequence[str], seed: int
) -> pd.DataFrame:
    weights = resampled(len(ids), 300, seed=0)
    network, device = analysis.network, analysis.torch_device
    images = torch.stack([network.preprocess(analysis.corpus.read(i)) for i in ids]).to(device)
    layers = weighted_layers(network)
    rows, original = [], {}
    for depth in range(len(layers) + 1):
        changed = shuffled(network, layers[:depth], seed) if depth else network
        with torch.no_grad():
            features = changed.features(images)
            if not depth:
                targets = network.head(features).argmax(1)
        for name, method in methods.items():
            cams = method(changed.head, features, targets).flatten(1).cpu().numpy()
            original.setdefault(name, cams)
            pairs = zip(original[name], cams, strict=True)
            similar = np.array([spearman(a, b) for a, b in pairs])
            known = similar[~np.isnan(similar)]
            mean = float(known.mean()) if len(known) else float("nan")
            low, high = percentile(weighted_mean(similar, weights))
            layer = layers[depth - 1] if depth else "none"
            rows.append((name, layer, mean, low, high, len(known)))
    columns = ["method", "layer", "similarity", "similarity_low", "similarity_high", "images"]
    return pd.DataFrame(rows, columns=columns)
