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
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from .small_yolo import INPUT_SIZE, SmallYolo

KIND = "lightnet-yolo"
CONFIDENCE_NOTE = (
    "objectness, trained towards the IoU of the predicted box with the true one, times the softmax "
    "probability of the class; not a calibrated probability"
)
DARKNET_VERSION = (0, 2, 0)
HEADER_BYTES = 20
"""Of darknet's version 0.2 files: three int32 of the version, an int64 of the images seen."""
DARKNET_SOURCE = (
    "https://pjreddie.com/media/files/yolov3-openimages.weights has the Open Images network; the "
    "address has served a web page at times, so look at the size after downloading"
)


class DetectorWeightsError(ValueError):
    """A weights file that is not what it should be; the message says expected, got, what to do."""


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
    state = {name: tensor.detach().cpu().half() for name, tensor in _tensors(network).items()}
    _refuse_unfinite(state, "cannot be stored as fp16")
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
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".tmp")
    halves = {name: tensor.contiguous() for name, tensor in state.items()}
    unfinished.write_bytes(save(halves, metadata))  # save_file makes it private to its owner
    unfinished.replace(path)
    return path


def load_small_yolo(path: Path) -> tuple[SmallYolo, tuple[str, ...], tuple[int, int]]:
    """A SmallYolo in eval mode and float32, its classes, and its input's height and width."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise DetectorWeightsError(
            f"{path} is not a safetensors file, or it is cut short ({error}). "
            f"It starts with {_start(path)!r}. Restore it from the repository, or `make train`."
        ) from error
    if metadata.get("kind") != KIND:
        raise DetectorWeightsError(
            f"{path} holds weights of kind {metadata.get('kind')!r}, expected {KIND!r}. "
            "Name the file of the detector in the study."
        )
    try:
        classes, anchors, size = (
            json.loads(metadata[key]) for key in ("classes", "anchors", "input_size")
        )
        anchors = ln.util.Anchors([[tuple(anchor) for anchor in scale] for scale in anchors])
        height, width = size
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DetectorWeightsError(
            f"the metadata of {path} do not describe a SmallYolo ({error!r}); expected JSON for "
            "classes, anchors, input_size. Write the file with save_small_yolo."
        ) from error
    network = SmallYolo(len(classes), anchors=anchors)
    _refuse_other_tensors(_tensors(network), state, path)
    _refuse_unfinite(state, f"in {path} are damaged; restore the file, or `make train`")
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
        raise DetectorWeightsError(
            f"{path} is not YOLOv3 for {classes} classes in darknet's format: expected exactly "
            f"{expected:,} bytes, got {got:,}{_looks_like(path)}. {DARKNET_SOURCE}; "
            "then put the file there by hand."
        )
    version = tuple(np.fromfile(path, dtype="<i4", count=3).tolist())
    if version != DARKNET_VERSION:
        raise DetectorWeightsError(
            f"{path} starts with darknet version {version}, expected {DARKNET_VERSION}"
            f"{_looks_like(path)}. {DARKNET_SOURCE}."
        )
    values = np.memmap(path, dtype="<f4", mode="r", offset=HEADER_BYTES)
    unfinite = sum(int((~np.isfinite(part)).sum()) for part in np.array_split(values, 16))
    if unfinite:
        raise DetectorWeightsError(
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
        raise DetectorWeightsError(
            f"{path} has negative variances in {negative[0]} and {len(negative) - 1} more layers, "
            f"so its layers are not YOLOv3's in darknet's order. {DARKNET_SOURCE}."
        )
    return freeze(network)


def yolov3_bytes(network: ln.models.YoloV3) -> int:
    """Length in bytes of the network's darknet file: a header, then each weight as float32."""
    return HEADER_BYTES + 4 * sum(tensor.numel() for tensor in _tensors(network).values())


def freeze(network: nn.Module) -> nn.Module:
    """The network itself, in eval mode and without gradients."""
    return network.eval().requires_grad_(False)


def _tensors(network: nn.Module) -> dict[str, Tensor]:
    """What training makes: weights and running statistics, without counters and versions."""
    return {
        name: tensor for name, tensor in network.state_dict().items() if tensor.is_floating_point()
    }


def _refuse_other_tensors(
    expected: Mapping[str, Tensor], state: Mapping[str, Tensor], path: Path
) -> None:
    shapes = {name: tuple(tensor.shape) for name, tensor in expected.items()}
    got = {name: tuple(tensor.shape) for name, tensor in state.items()}
    problems = [
        f"{name}: expected {shapes.get(name, 'no such tensor')}, got {got.get(name, 'nothing')}"
        for name in {**shapes, **got}
        if shapes.get(name) != got.get(name)
    ]
    if problems:
        shown = problems[:6] + [f"and {len(problems) - 6} more"] * (len(problems) > 6)
        raise DetectorWeightsError(
            f"{path} does not hold the SmallYolo its metadata describe:\n  "
            + "\n  ".join(shown)
            + "\nRestore it from the repository, or `make train`."
        )


def _refuse_unfinite(state: Mapping[str, Tensor], meaning: str) -> None:
    unfinite = [name for name, tensor in state.items() if not torch.isfinite(tensor).all()]
    if unfinite:
        more = f" and {len(unfinite) - 6} more" if len(unfinite) > 6 else ""
        raise DetectorWeightsError(
            f"NaN or infinite weights {meaning}: {', '.join(unfinite[:6])}{more}"
        )


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(16)


def _looks_like(path: Path) -> str:
    start = _start(path).lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return ", a web page"
    return ", cut short or another network" if start else ", an empty file"
