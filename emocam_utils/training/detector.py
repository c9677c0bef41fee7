"""Training of the EmoScenes detector: SmallYolo with lightnet's multi-scale region loss.

Axes: N images. Images are uint8 RGB of 192 x 256 pixels; boxes are pixels x0, y0, x1, y1 of that
frame, half-open, in a table with `image` (number of the image) and `class`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import lightnet as ln
import numpy as np
import pandas as pd
import torch
from sklearn.cluster import KMeans
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from ..detectors.average_precision import mean_average_precision
from ..detectors.postprocess import boxes_table, softmax_candidates, suppress, tidy_boxes
from ..detectors.small_yolo import INPUT_SIZE, SmallYolo
from ..detectors.weights import save_small_yolo
from .loop import fit

HEIGHT, WIDTH = INPUT_SIZE
SHIFT = 0.06  # augmentation: at most this share of the frame
SCALE = 0.1  # augmentation: at most this much smaller or larger
VISIBLE = 0.3  # a box with less of it in the frame after augmentation is no target


@dataclass(frozen=True)
class Recipe:
    """How the detector is trained."""

    seed: int = 0
    epochs: int = 2
    batch: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 5e-4
    warm_up: float = 0.15
    clip: float = 20.0


def train_detector(
    images: Tensor,
    boxes: pd.DataFrame,
    classes: Sequence[str],
    *,
    validation: tuple[Tensor, pd.DataFrame],
    recipe: Recipe,
    out: Path,
) -> None:
    """Train a SmallYolo and write its weights, with the held-out average precision, to `out`.

    images     : (N, 192, 256, 3) uint8
    boxes      : image, class, x0, y0, x1, y1
    validation : images and boxes the network is not trained on

    A checkpoint beside `out` is written after every epoch, continued from, and removed at the end.
    """
    _check_boxes(boxes, classes, len(images), "boxes")
    _check_boxes(validation[1], classes, len(validation[0]), "validation boxes")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(recipe.seed)
    network = SmallYolo(len(classes), anchors=anchors_of(boxes, recipe.seed))
    network.to(device, memory_format=torch.channels_last)
    region_loss = ln.network.loss.MultiScaleRegionLoss(
        len(classes), network.anchors, network.stride
    )
    targets = region_targets(boxes, classes, len(images))

    def loss_of(rows: Tensor, generator: torch.Generator) -> Tensor:
        batch, wanted = augment(_as_input(images[rows]), targets[rows], generator)
        with torch.autocast(device.type, torch.bfloat16):
            outputs = network(batch.to(device, memory_format=torch.channels_last))
        return region_loss([output.float() for output in outputs], wanted)

    def precision(trained: SmallYolo) -> pd.Series:
        found = detect_batches(trained, validation[0], classes)
        return mean_average_precision(found, validation[1])

    checkpoint = out.with_suffix(".checkpoint")
    fit(
        network,
        len(images),
        recipe,
        checkpoint,
        loss_of,
        lambda trained: float(precision(trained).mean()),
        label="detector",
        measure="mAP@0.5",
    )
    network.half().float()  # what is measured is what is stored
    found = precision(network)
    notes = {
        "seed": str(recipe.seed),
        "epochs": str(recipe.epochs),
        "training_images": str(len(images)),
        "mean_average_precision_0.5": f"{found.mean():.4f}",
        "average_precision_0.5": json.dumps(found.round(4).to_dict()),
    }
    save_small_yolo(network, classes, out, notes=notes)
    checkpoint.unlink(missing_ok=True)


def anchors_of(boxes: pd.DataFrame, seed: int) -> ln.util.Anchors:
    """Six typical widths and heights by k-means (YOLOv3, 2.1), the three larger for stride 32."""
    sizes = np.column_stack((boxes["x1"] - boxes["x0"], boxes["y1"] - boxes["y0"]))
    centres = KMeans(6, n_init=3, random_state=seed).fit(sizes[:20000]).cluster_centers_
    centres = centres[centres.prod(1).argsort()[::-1]].round(2).tolist()
    return ln.util.Anchors([centres[:3], centres[3:]])


def region_targets(boxes: pd.DataFrame, classes: Sequence[str], images: int) -> Tensor:
    """The boxes as lightnet's region loss wants them.

    returns : (images, most boxes in one image, 5): class number, centre x and y, width and height
              as shares of the frame; class -1 in the rows that are not used
    """
    order = boxes.groupby("image").cumcount().to_numpy()
    targets = torch.zeros(images, order.max(initial=0) + 1, 5)
    targets[..., 0] = -1
    number = {name: index for index, name in enumerate(classes)}
    columns = np.column_stack(
        (
            boxes["class"].map(number),
            (boxes["x0"] + boxes["x1"]) / 2 / WIDTH,
            (boxes["y0"] + boxes["y1"]) / 2 / HEIGHT,
            (boxes["x1"] - boxes["x0"]) / WIDTH,
            (boxes["y1"] - boxes["y0"]) / HEIGHT,
        )
    )
    place = torch.from_numpy(boxes["image"].to_numpy(dtype=np.int64)), torch.from_numpy(order)
    targets[place] = torch.from_numpy(columns.astype(np.float32))
    return targets


def augment(images: Tensor, targets: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Mirror, shift and scale each image by chance, and its boxes with it.

    images  : (N, 3, H, W) in [0, 1]
    targets : (N, boxes, 5) as `region_targets` gives them
    """
    count = len(images)
    flip = 1.0 - 2.0 * torch.randint(2, (count,), generator=rng)
    scale = 1 + SCALE * (2 * torch.rand(count, generator=rng) - 1)
    shift = 2 * SHIFT * (2 * torch.rand(count, 2, generator=rng) - 1)
    # grid_sample asks where an output pixel comes from: x_in = flip * x_out / scale + shift
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1], theta[:, :, 2] = flip / scale, 1 / scale, shift
    grid = affine_grid(theta, list(images.shape), align_corners=False)
    moved = grid_sample(images, grid, align_corners=False, padding_mode="border")

    along = torch.stack((flip, torch.ones(count)), 1)[:, None] * scale[:, None, None]
    centre = ((2 * targets[..., 1:3] - 1 - shift[:, None]) * along + 1) / 2
    size = targets[..., 3:5] * scale[:, None, None]
    low = (centre - size / 2).clamp(0, 1)
    high = (centre + size / 2).clamp(0, 1)
    seen = (high - low).prod(-1) >= VISIBLE * size.prod(-1).clamp(min=1e-9)
    label = torch.where(seen, targets[..., 0], -1.0)
    kept = torch.cat((label[..., None], (low + high) / 2, high - low), -1)
    # lightnet reads the classes from the first rows, so a gap would give boxes the wrong class
    first = (label < 0).int().argsort(dim=1, stable=True)
    return moved, kept.gather(1, first[..., None].expand_as(kept))


@torch.no_grad()
def detect_batches(
    network: SmallYolo,
    images: Tensor,
    classes: Sequence[str],
    *,
    confidence: float = 0.005,
    iou: float = 0.45,
    batch_size: int = 32,
) -> pd.DataFrame:
    """Boxes of images that already have the network's size, one table with `image` as a number.

    images : (N, H, W, 3) uint8
    iou    : 0.45 is the usual limit of suppression; the paper's 0.005 leaves one box a crowd
    """
    network.eval()
    device = next(network.parameters()).device
    tables = []
    for start in range(0, len(images), batch_size):
        batch = _as_input(images[start : start + batch_size]).to(device)
        batch = batch.contiguous(memory_format=torch.channels_last)
        found = softmax_candidates(network(batch), network.stride, network.anchors, confidence)
        found = suppress(found, iou).cpu().double().numpy()
        half = found[:, 3:5] / 2
        corners = np.hstack((found[:, 1:3] - half, found[:, 1:3] + half))
        names = [classes[int(number)] for number in found[:, 6]]
        table = boxes_table(names, found[:, 5], corners)
        for image in range(len(batch)):
            tidy = tidy_boxes(table[found[:, 0] == image], WIDTH, HEIGHT)
            tables.append(tidy.assign(image=start + image))
    return pd.concat(tables, ignore_index=True)


def _as_input(images: Tensor) -> Tensor:
    return images.permute(0, 3, 1, 2).float() / 255


def _check_boxes(boxes: pd.DataFrame, classes: Sequence[str], images: int, what: str) -> None:
    problems = []
    if missing := {"image", "class", "x0", "y0", "x1", "y1"} - set(boxes.columns):
        raise ValueError(f"{what}: no column {', '.join(sorted(missing))}")
    if unknown := sorted(set(boxes["class"]) - set(classes)):
        problems.append(f"classes that are not in `classes`: {', '.join(unknown)}")
    if not boxes["image"].between(0, images - 1).all():
        problems.append(f"image numbers outside 0 to {images - 1}")
    inside = (boxes["x1"] <= WIDTH) & (boxes["y1"] <= HEIGHT) & (boxes[["x0", "y0"]].min(1) >= 0)
    if not (inside & (boxes["x1"] > boxes["x0"]) & (boxes["y1"] > boxes["y0"])).all():
        problems.append(f"boxes that are empty or leave the frame of {WIDTH} x {HEIGHT} pixels")
    if problems:
        raise ValueError(f"{what}: " + "; ".join(problems))
