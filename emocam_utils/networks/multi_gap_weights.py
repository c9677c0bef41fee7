"""Multi-GAP on disk: the trained streams as fp16 safetensors, and backbones of ImageNet and Places.

A file is checked whole before it is used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from .emonet import freeze
from .mobilenet import load_mobilenet_v2
from .multi_gap import STREAMS, MultiStream, cut_mobilenet, object_blocks, places_blocks
from .multi_gap_views import CELL, StreamView, folded
from .weight_files import (
    decoded,
    read_state_dict,
    read_weights,
    refuse_other_tensors,
    refuse_unfinite,
    refuse_wrong_labels,
    write_weights,
)

KIND = "multi-gap"


def save_multi_gap(
    network: MultiStream, path: Path, notes: Mapping[str, str] | None = None
) -> Path:
    """Write a network, its batch normalisations folded, as fp16. notes : more metadata, texts."""
    state = {name: t.detach().cpu().half() for name, t in folded(network).state_dict().items()}
    metadata = {
        **(notes or {}),
        "kind": KIND,
        "labels": json.dumps(network.labels),
        "columns": json.dumps(network.columns),
        "widths": json.dumps(network.widths),
    }
    return write_weights(path, state, metadata)


def read_multi_gap(path: Path) -> MultiStream:
    """The network of a file that `save_multi_gap` wrote, in eval mode, without gradients.

    Errors: FileNotFoundError; WeightsError for a file of another network
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no {path}. Restore it, or `make train-multi-gap`")
    state, metadata = read_weights(Path(path), KIND)
    options = decoded(
        metadata, ("labels", "columns", "widths"), path, "Multi-GAP", "save_multi_gap"
    )
    if "early.bias" in state:
        refuse_wrong_labels(options["labels"], len(state["early.bias"]), path)
    network = folded(MultiStream(**options))
    expected = network.state_dict()
    refuse_other_tensors(expected, state, path, "Multi-GAP", "Train it again: make train-multi-gap")
    refuse_unfinite(state, f"in {path} are damaged; train it again")
    network.load_state_dict({name: tensor.float() for name, tensor in state.items()})
    return freeze(network)


def load_multi_gap(
    weights: Path | None, *, stream: str = "object", block: int = 0, cell: int = CELL
) -> StreamView:
    """A stream of a trained Multi-GAP as an emotion network.

    stream : "object" or "places"
    block  : 1 to 5, where maps are seen; 0, all blocks on a grid of cells of `cell` pixels
    Errors : FileNotFoundError, WeightsError; ValueError for a stream or block that is not there
    """
    if stream not in STREAMS:
        raise ValueError(f"stream {stream!r} is not one of {', '.join(STREAMS)}")
    if weights is None:
        raise FileNotFoundError("multi-gap needs a weights file, see data/multi_gap")
    network = read_multi_gap(weights)
    return freeze(StreamView(network.streams[stream], block or None, cell))


# --------------------------------------------------------------------- backbones of other people


def imagenet_blocks(path: Path) -> tuple[list[nn.Sequential], list[int]]:
    """MobileNetV2 with ImageNet's weights as blocks, and their channels.

    path   : torchvision's state dict (mobilenet_v2-*.pth), or Google's quantised .tflite
    Errors : FileNotFoundError; WeightsError for a file of another network
    """
    if path.suffix == ".tflite":
        return cut_mobilenet(load_mobilenet_v2(path).features)
    blocks, channels = object_blocks()
    return _filled(blocks, path, "MobileNetV2"), channels


def places365_blocks(path: Path) -> tuple[list[nn.Sequential], list[int]]:
    """VGG16 with the weights of Places365 (or of ImageNet) as blocks, and their channels.

    path   : a state dict with torchvision's names, features.0.weight to features.28.bias
    Errors : as `imagenet_blocks`
    """
    blocks, channels = places_blocks()
    return _filled(blocks, path, "VGG16"), channels


def _filled(blocks: list[nn.Sequential], path: Path, name: str) -> list[nn.Sequential]:
    """Blocks with a state dict's tensors `features.<layer>.…`; its classifier is passed over."""
    state = {n: t for n, t in _read_state(path).items() if n.startswith("features.")}
    whole = nn.ModuleDict({"features": nn.Sequential(*(layer for b in blocks for layer in b))})
    refuse_other_tensors(whole.state_dict(), state, path, name, "Fetch torchvision's file again.")
    refuse_unfinite(state, f"in {path} are damaged; fetch the file again")
    whole.load_state_dict(state)
    return blocks


def _read_state(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise FileNotFoundError(f"there is no weights file {path}")
    state = read_state_dict(path, "Expected torchvision's names; fetch the file again.")
    return {name.removeprefix("module."): tensor for name, tensor in state.items()}
