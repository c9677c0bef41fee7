"""Measures of a map that need the network: deletion, insertion, pointing, randomised parameters.

They judge a map on its image, without boxes, so they run on any corpus; they are also the weaker
evidence, because an image with holes is nothing a network was trained on (which is why effects are
measured by removal where that is possible).

Axes: S steps, h x w cells of a map, B boxes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageFilter
from torch import Tensor, nn

from ..cams import CamMethod
from ..networks import EmotionNetwork
from ..pipeline.analysis import Analysis
from ..pipeline.run import one_thread
from ..pipeline.tables import map_array
from ..stats.bootstrap import resampled, weighted_mean
from ..stats.intervals import percentile, wilson
from ..stats.ranks import spearman

BLUR = 0.1  # of the longer side: what a deleted cell shows
TIMES = 300  # bootstrap samples of the images


def mean_over_images(name: str, values: NDArray) -> dict[str, float]:
    """A mean over images with its interval, `name`, _low, _high, and `images` that have a value."""
    values = np.asarray(values, dtype=np.float64)
    known = values[~np.isnan(values)]
    mean = float(known.mean()) if len(known) else float("nan")
    low, high = percentile(weighted_mean(values, resampled(len(values), TIMES)))
    return {name: mean, f"{name}_low": low, f"{name}_high": high, "images": len(known)}


def probabilities(
    network: EmotionNetwork, inputs: Tensor, device: torch.device
) -> NDArray[np.float64]:
    """(N, L) of preprocessed inputs (N, 3, H, W)."""
    with torch.no_grad():
        logits = network.head(network.features(inputs.to(device)))
    return logits.softmax(1).double().cpu().numpy()


def is_empty(cam: NDArray) -> bool:
    """Whether a map has no positive cell, so that its order says nothing."""
    return not (np.asarray(cam) > 0).any()


def pictures_and_maps(
    analysis: Analysis, maps: Mapping[str, pd.DataFrame], ids: Sequence[str]
) -> Iterator[tuple[Image.Image, dict[str, NDArray]]]:
    """Each picture with its raw maps (h, w) by method."""
    tables = {name: table.set_index("image") for name, table in maps.items()}
    for image in ids:
        cams = {name: map_array(table.loc[image]) for name, table in tables.items()}
        yield analysis.corpus.read(image), cams


def pointing_hit(cam: NDArray, boxes: NDArray, size: tuple[int, int]) -> float:
    """Pointing game (Zhang et al. 2018): 1 if the map's maximum lies in one of the boxes, else 0.

    cam     : (h, w), raw; the maximum is at the centre of its cell, the first one of several
    boxes   : (B, 4), pixels x0, y0, x1, y1, half-open: the causal ones
    size    : height, width of the image in pixels
    returns : NaN for an empty map or without a box
    """
    cam, boxes = np.asarray(cam), np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    if not len(boxes) or is_empty(cam):
        return float("nan")
    row, column = np.unravel_index(np.argmax(cam), cam.shape)
    y, x = (row + 0.5) * size[0] / cam.shape[0], (column + 0.5) * size[1] / cam.shape[1]
    x0, y0, x1, y1 = boxes.T
    return float(((x0 <= x) & (x < x1) & (y0 <= y) & (y < y1)).any())


def area_under(curve: ArrayLike) -> float:
    """Area under a curve over equal steps from 0 to 1 (trapezoids); NaN if any value is."""
    return float(np.trapezoid(np.asarray(curve, dtype=np.float64), dx=1 / (len(curve) - 1)))


def highest_cells(cam: NDArray, counts: Sequence[int]) -> NDArray[np.bool_]:
    """The so many highest cells of a map, ties in reading order; (len(counts), h, w)."""
    order = np.argsort(-np.asarray(cam, dtype=np.float64).ravel(), kind="stable")
    rank = np.argsort(order)
    return (rank < np.asarray(counts)[:, None]).reshape(-1, *np.shape(cam))


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
    if is_empty(cam):
        return np.full(steps + 1, np.nan), np.full(steps + 1, np.nan)
    blurred = picture.filter(ImageFilter.GaussianBlur(max(picture.size) * BLUR))
    image, base = (network.preprocess(p).to(device) for p in (picture, blurred))
    changed = highest_cells(cam, [round(np.size(cam) * step / steps) for step in range(steps + 1)])
    inputs = torch.cat([mixed(image, base, changed), mixed(base, image, changed)])
    chances = probabilities(network, inputs, device)
    chances = chances[:, chances[0].argmax()]
    return chances[: steps + 1], chances[steps + 1 :]


def curve_table(
    analysis: Analysis, maps: Mapping[str, pd.DataFrame], ids: Sequence[str], steps: int = 10
) -> pd.DataFrame:
    """Mean deletion and insertion curves of several methods over the same images.

    returns : method, curve, share (of cells changed), probability with its interval over images,
              images (with a map), area under the mean curve with its interval
    """
    found = {(name, curve): [] for name in maps for curve in ("deletion", "insertion")}
    device = analysis.torch_device
    with one_thread():
        for picture, cams in pictures_and_maps(analysis, maps, ids):
            for name, cam in cams.items():
                both = deletion_insertion(analysis.network, picture, cam, steps, device)
                for curve, values in zip(("deletion", "insertion"), both, strict=True):
                    found[name, curve].append(values)
    share = np.arange(steps + 1) / steps
    parts = []
    for (name, curve), values in found.items():
        mean = weighted_mean(np.array(values), np.ones((1, len(values))))[0]
        part = pd.DataFrame({"method": name, "curve": curve, "share": share, "probability": mean})
        drawn = [weighted_mean(v, resampled(len(values), TIMES)) for v in np.array(values).T]
        part["probability_low"], part["probability_high"] = percentile(np.array(drawn).T)
        area = mean_over_images("area", [area_under(v) for v in values])
        parts.append(part.assign(images=area.pop("images"), **area))
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
            corners = found[["x0", "y0", "x1", "y1"]].to_numpy()
            hits.append(pointing_hit(map_array(row), corners, tuple(sizes.loc[row["image"]])))
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
    network, device = analysis.network, analysis.torch_device
    layers = weighted_layers(network)
    rows, original = [], {}
    with one_thread():
        images = torch.stack([network.preprocess(analysis.corpus.read(i)) for i in ids]).to(device)
        for depth, layer in enumerate(["none", *layers]):
            changed = shuffled(network, layers[:depth], seed)
            with torch.no_grad():
                features = changed.features(images)
                if not depth:
                    targets = changed.head(features).argmax(1)
            for name, method in methods.items():
                cams = method(changed.head, features, targets).flatten(1).cpu().numpy()
                pairs = zip(original.setdefault(name, cams), cams, strict=True)
                similar = mean_over_images("similarity", [spearman(a, b) for a, b in pairs])
                rows.append({"method": name, "layer": layer, **similar})
    return pd.DataFrame(rows)
