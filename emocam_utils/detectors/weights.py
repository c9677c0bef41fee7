"""Detector weights on disk: SmallYolo as fp16 safetensors, YOLOv3 as darknet wrote it.

Nothing is unpickled. A file is checked whole (kind, size, names, shapes, finite values) before it
is used, because weights that half fit give plausible boxes of nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import lightnet as ln
import numpy as np
import torch
from torch import Tensor, nn

from ..networks.emonet import freeze
from ..networks.weight_files import (
    WeightsError,
    decoded,
    read_weights,
    refuse_other_tensors,
    refuse_unfinite,
    write_weights,
)
from .small_yolo import INPUT_SIZE, SmallYolo

KIND = "lightnet-yolo"
CONFIDENCE_NOTE = (
    "objectness, trained towards the IoU of the predicted box with the true one, times the softmax "
    "probability of the class; not a calibrated probability"
)
HEADER_BYTES = 20
"""Three int32 of the version, and the images seen, an int64 since version 0.2 (int32 before)."""
DARKNET_SOURCE = (
    "https://pjreddie.com/media/files/yolov3-openimages.weights has the Open Images network; the "
    "address has served a web page at times, so look at the size after downloading"
)


def save_small_yolo(
    network: SmallYolo,
    classes: Sequence[str],
    path: Path,
    *,
    input_size: tuple[int, int] = INPUT_SIZE,
    notes: Mapping[str, str] | None = None,
) -> Path:
    """Write a SmallYolo as fp16 safetensors with all that is needed to build it again.

    notes : more metadata, such as the seed and the average precision; text only
    """
    halves = {name: tensor.detach().cpu().half() for name, tensor in _tensors(network).items()}
    anchors = [network.anchors.get_scale(scale).as_input().tolist() for scale in (0, 1)]
    metadata = {
        **(notes or {}),
        "kind": KIND,
        "classes": json.dumps(list(classes)),
        "anchors": json.dumps(anchors),
        "stride": json.dumps(list(network.stride)),
        "input_size": json.dumps(list(input_size)),
        "confidence": CONFIDENCE_NOTE,
    }
    return write_weights(path, halves, metadata)


def load_small_yolo(path: Path) -> tuple[SmallYolo, tuple[str, ...], tuple[int, int]]:
    """A SmallYolo in eval mode and float32, its classes, and its input's height and width."""
    state, metadata = read_weights(path, KIND)
    keys = ("classes", "anchors", "input_size")
    classes, anchors, size = decoded(
        metadata, keys, path, "a SmallYolo", "save_small_yolo"
    ).values()
    try:
        anchors = ln.util.Anchors([[tuple(anchor) for anchor in scale] for scale in anchors])
        height, width = size
    except (TypeError, ValueError, IndexError) as error:
        wrong = f"the metadata of {path} do not describe a SmallYolo ({error!r})"
        raise WeightsError(f"{wrong}. Write the file with save_small_yolo.") from error
    network = SmallYolo(len(classes), anchors=anchors)
    again = "Restore it from the repository, or `make train`."
    refuse_other_tensors(_tensors(network), state, path, "SmallYolo", again, " as its metadata say")
    refuse_unfinite(state, f"in {path} are damaged; restore the file, or `make train`")
    state = {name: tensor.float() for name, tensor in state.items()}
    network.load_state_dict(state, strict=False)  # only num_batches_tracked is not in the file
    return freeze(network), tuple(classes), (height, width)


def load_yolov3(path: Path, classes: int) -> ln.models.YoloV3:
    """lightnet's YoloV3 with the weights of a darknet file, in eval mode.

    classes : number of classes; it decides how long the file must be (601: 259,229,388 bytes)
    """
    with torch.device("meta"):
        expected = yolov3_bytes(ln.models.YoloV3(classes))
    got = path.stat().st_size
    if got != expected:
        raise WeightsError(
            f"{path} is not YOLOv3 for {classes} classes in darknet's format: expected exactly "
            f"{expected:,} bytes, got {got:,}{_looks_like(path)}. {DARKNET_SOURCE}; "
            "then put the file there by hand."
        )
    major, minor, revision = np.fromfile(path, dtype="<i4", count=3).tolist()
    # darknet's own rule for a counter of 64 bits; the first 1000 keeps out what is no version
    if not (0 <= major < 1000 and 0 <= minor < 1000 and major * 10 + minor >= 2):
        raise WeightsError(
            f"{path} starts with darknet version {(major, minor, revision)}, expected (0, 2, 0) "
            f"or later{_looks_like(path)}. {DARKNET_SOURCE}."
        )
    values = np.memmap(path, dtype="<f4", mode="r", offset=HEADER_BYTES)
    unfinite = sum(int((~np.isfinite(part)).sum()) for part in np.array_split(values, 16))
    if unfinite:
        raise WeightsError(
            f"{path} is damaged: {unfinite:,} of {len(values):,} weights are NaN or infinite. "
            f"Delete it and fetch it again: {DARKNET_SOURCE}."
        )
    network = ln.models.YoloV3(classes)
    network.load(str(path))
    negative = [
        name
        for name, layer in network.named_modules()
        if isinstance(layer, nn.BatchNorm2d) and (layer.running_var < 0).any()
    ]
    if negative:
        raise WeightsError(
            f"{path} has negative variances in {negative[0]} and {len(negative) - 1} more layers, "
            f"so its layers are not YOLOv3's in darknet's order. {DARKNET_SOURCE}."
        )
    return freeze(network)


def yolov3_bytes(network: ln.models.YoloV3) -> int:
    """Length in bytes of the network's darknet file: a header, then each weight as float32."""
    return HEADER_BYTES + 4 * sum(tensor.numel() for tensor in _tensors(network).values())


def _tensors(network: nn.Module) -> dict[str, Tensor]:
    """What training makes: weights and running statistics, without counters and versions."""
    return {
        name: tensor for name, tensor in network.state_dict().items() if tensor.is_floating_point()
    }


def _looks_like(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(16).lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return ", a web page"
    return ", cut short or another network" if start else ", an empty file"
