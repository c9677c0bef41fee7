"""What the files of others must be: EmoNet by its outputs, YOLOv3 by its numbers, photos by size.

A check gets a file and the folder of its companions; it returns nothing or raises what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image

from ..corpora.images import read_image
from ..detectors.lightnet_yolo import OPENIMAGES_NAMES, read_names
from ..detectors.weights import load_yolov3
from ..networks.weights import WeightsError, load_emonet, read_mean_image

Check = Callable[[Path, Path], None]
"""A file and the folder of its companions -> nothing, or an error that says what is wrong."""

# What EmoNet in MATLAB returns for the two demo photos, and the relative tolerance: from
# emonet_py.test_integrity.
# fmt: off
MATLAB_OUTPUTS: dict[str, tuple[float, tuple[float, ...]]] = {
    "demo_big.jpg": (1e-2, (
        0.0044732, 0.0945, 0.034106, 0.3361, 0.021589, 0.0090503, 0.00067812, 0.05514, 0.072519,
        0.019064, 0.0032458, 0.017255, 0.030013, 0.00058266, 0.20558, 0.0099342, 0.059141,
        0.00026909, 4.2833e-05, 0.026715,
    )),
    "demo_small.jpg": (1e-3, (
        0.22926, 0.075324, 0.0030083, 0.0024761, 0.51978, 0.0075244, 0.0028647, 0.0041199,
        0.0040441, 0.021392, 0.00352, 0.0068833, 0.015457, 0.0014801, 0.070372, 0.0075813,
        0.011797, 6.71e-05, 4.6644e-06, 0.013039,
    )),
}
# fmt: on


def check_emonet(path: Path, home: Path) -> None:
    """The state dict of EmoNet, and the outputs of MATLAB's EmoNet on the demo photos.

    Errors: WeightsError, FileNotFoundError for a missing companion
    """
    network = load_emonet(path, mean=home / "img_mean.txt")
    for photo, (tolerance, expected) in MATLAB_OUTPUTS.items():
        with Image.open(home / photo) as image, torch.no_grad():
            got = network(network.preprocess(image.convert("RGB"))[None]).softmax(1)[0]
        wanted = torch.tensor(expected)
        worst = ((got - wanted).abs() / wanted).max().item()
        if worst > tolerance:
            raise WeightsError(
                f"its outputs on {photo} differ from MATLAB's EmoNet by up to {worst:.1%}, allowed "
                f"are {tolerance:.1%}: expected {_top(wanted, network.labels)}, got "
                f"{_top(got, network.labels)}. These are another network's weights"
            )


def _top(probabilities: torch.Tensor, labels: tuple[str, ...]) -> str:
    best = probabilities.topk(2)
    return ", ".join(f"{labels[i]} {p:.3f}" for p, i in zip(best.values, best.indices, strict=True))


def check_mean_image(path: Path, home: Path) -> None:
    """227 x 227 x 3 numbers in [0, 255]. Errors: WeightsError."""
    mean = read_mean_image(path)
    if mean.min() < 0 or mean.max() > 255:
        raise WeightsError(
            f"its values run from {mean.min()} to {mean.max()}, allowed are 0 to 255"
        )


def check_photo(width: int, height: int) -> Check:
    """A picture of exactly this size."""

    def check(path: Path, home: Path) -> None:
        size = read_image(path).size
        if size != (width, height):
            raise ValueError(f"expected {width} x {height} pixels, got {size[0]} x {size[1]}")

    return check


def check_yolov3(path: Path, home: Path) -> None:
    """YOLOv3 for the 601 classes in darknet's format, all weights finite."""
    load_yolov3(path, len(read_names(OPENIMAGES_NAMES)))


CHECKS: dict[str, Check] = {
    "emonet": check_emonet,
    "mean image": check_mean_image,
    "photo of 800 x 450": check_photo(800, 450),
    "photo of 227 x 227": check_photo(227, 227),
    "yolov3": check_yolov3,
}
"""By the names that data/assets.yaml uses."""
