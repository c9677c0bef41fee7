"""What an image is to a backbone as a whole: its features averaged over space, stored per image.

A rating that is linear in them can be fitted in seconds (`stats.ridge`), so backbones, and simple
statistics of colour, are compared on the same images and folds.

Axes: N images, C features.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import Tensor, nn

from .. import paths
from ..downloads import assets
from ..networks import squeezenet
from ..networks.mobilenet_oasis import backbone, preprocess
from .analysis import Analysis

NETWORKS = paths.RAW / "networks"


@dataclass(frozen=True)
class Pooled:
    """Features of the last layer of a backbone, rectified and averaged over space.

    open       : weights file -> (1, 3, H, W) to (1, C, h, w), before the last rectification
    preprocess : an image of any size -> (3, H, W)
    """

    name: str
    weights: Path
    open: Callable[[Path], nn.Module]
    preprocess: Callable[[Image.Image], Tensor]


def mobilenet_features() -> Pooled:
    """MobileNetV2 at 385 x 481, what mobilenetv2-oasis rates by: 1,280 features."""
    file = NETWORKS / "mobilenet_v2_1.0_224_quant.tflite"
    return Pooled("mobilenetv2", file, backbone, preprocess)


def squeezenet_features() -> Pooled:
    """SqueezeNet 1.0 at 227 x 227, an older and smaller backbone: 512 features."""
    file = NETWORKS / "squeezenet1_0_deep_compression.net"
    return Pooled("squeezenet", file, squeezenet.squeezenet_backbone, squeezenet.preprocess)


def colour_statistics(image: Image.Image) -> np.ndarray:
    """Mean and standard deviation of red, green and blue, in [0, 255]: (6,)."""
    pixels = np.asarray(image.convert("RGB"), dtype=np.float64).reshape(-1, 3)
    return np.concatenate([pixels.mean(axis=0), pixels.std(axis=0)])


def pooled_features(analysis: Analysis, source: Pooled) -> np.ndarray:
    """(N, C) float32, in the order of `analysis.ids`. Errors: AssetError without the weights"""
    assets.require(source.weights)
    made = analysis.recipe(
        f"pooled-{source.name}",
        _pool,
        weights=source.weights,
        open=source.open,
        preprocess=source.preprocess,
    )
    network = source.open(source.weights).eval()

    def compute(ids: list[str], _: list[str]) -> dict[str, pd.DataFrame]:
        rows = [_pool(network, source.preprocess(analysis.corpus.read(image))) for image in ids]
        return {"pooled": pd.DataFrame({"image": ids, "features": rows})}

    found = analysis.run({"pooled": made}, compute, f"features of {source.name}")["pooled"]
    return np.stack(found["features"].to_list())


def colour_features(analysis: Analysis) -> np.ndarray:
    """(N, 6), in the order of `analysis.ids`: see `colour_statistics`."""
    made = analysis.recipe("pooled-colour", colour_statistics)

    def compute(ids: list[str], _: list[str]) -> dict[str, pd.DataFrame]:
        rows = [colour_statistics(analysis.corpus.read(image)) for image in ids]
        return {"pooled": pd.DataFrame({"image": ids, "features": rows})}

    found = analysis.run({"pooled": made}, compute, "colours")["pooled"]
    return np.stack(found["features"].to_list())


def _pool(network: nn.Module, image: Tensor) -> np.ndarray:
    with torch.no_grad():
        return network(image[None]).clamp_min(0).mean((2, 3))[0].numpy()
