"""EmoNet's weights on disk: fp16 safetensors that describe themselves, and emonet-py's checkpoint.

Nothing is unpickled: foreign checkpoints are read with ``weights_only=True``. A file is checked
whole before a network is built from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .emonet import EMONET_LABELS, INPUT_SIZE, EmoNet, freeze, from_emonet_py
from .weight_files import (
    WeightsError,
    decoded,
    read_state_dict,
    read_weights,
    refuse_other_tensors,
    refuse_unfinite,
    refuse_wrong_labels,
    write_weights,
)

MEAN_IMAGE = "mean_image"  # the tensor of that name
MEAN_FILE = "img_mean.txt"  # beside emonet-py's weights
"""Name of the tensor that holds a mean image; a mean per channel is in the metadata."""


def save_emonet(network: EmoNet, path: Path, notes: Mapping[str, str] | None = None) -> Path:
    """Write a network as fp16 safetensors with what is needed to build it again.

    notes : more metadata, such as the accuracy and the seed; text only
    """
    state = {name: tensor.detach().cpu() for name, tensor in network.state_dict().items()}
    halves = {name: tensor.half() for name, tensor in state.items()}
    metadata = {
        **(notes or {}),
        "kind": "emonet",
        "width": json.dumps(network.width),
        "fc_width": json.dumps(network.fc_width),
        "labels": json.dumps(network.labels),
        "scale": json.dumps(network.scale),
    }
    if network.mean.ndim == 1:
        metadata["mean"] = json.dumps(network.mean.tolist())
    else:
        metadata["mean"] = json.dumps(MEAN_IMAGE)
        halves[MEAN_IMAGE] = network.mean
    return write_weights(path, halves, metadata)


def files_beside(weights: Path | None) -> list[Path]:
    """The files that are read with those weights: the mean image of emonet-py's."""
    return [weights.with_name(MEAN_FILE)] if weights and weights.suffix in (".pth", ".pt") else []


def load_emonet(
    weights: Path | str | None,
    *,
    labels: Sequence[str] | None = None,
    mean: Path | str | Sequence[float] | np.ndarray | None = None,
) -> EmoNet:
    """Build EmoNet from a file, in eval mode and float32, its weights without gradient.

    weights : .safetensors as `save_emonet` writes it, or .pth, the checkpoint of emonet-py
    labels  : replaces the file's labels; as many as the network has outputs
    mean    : replaces the file's mean: values per channel, an image, or the path of emonet-py's
              ``img_mean.txt``; for a .pth the file of that name beside it is the default
    """
    if weights is None:
        raise WeightsError(
            "EmoNet needs a weights file (.safetensors or .pth), got none. "
            "For an untrained network use freeze(EmoNet(...).initialise(seed))."
        )
    path = Path(weights)
    if not path.is_file():
        raise FileNotFoundError(
            f"no weights file at {path}. Check the path in the study; "
            "`make train` makes the weights of EmoScenes, emonet-py fetches those of EmoNet."
        )
    state, options = _read_pth(path) if path.suffix == ".pth" else _read_safetensors(path)
    if labels is not None:
        options["labels"] = tuple(labels)
    if mean is not None:
        options["mean"] = mean
    if isinstance(options.get("mean"), Path | str):
        options["mean"] = read_mean_image(Path(options["mean"]))
    if "mean" not in options:
        raise WeightsError(
            f"{path} has no mean image beside it (expected {path.with_name('img_mean.txt')}). "
            "Put emonet-py's img_mean.txt there or give its path as `mean`."
        )
    if "head.fc8.bias" in state:
        refuse_wrong_labels(options["labels"], len(state["head.fc8.bias"]), path)
    with torch.device("meta"):
        network = EmoNet(**options)
    refuse_other_tensors(
        network.state_dict(),
        state,
        path,
        "EmoNet",
        "Name the file of this network in the study, or train it again (`make train`).",
        f" of width {network.width}, fc width {network.fc_width}",
    )
    refuse_unfinite(state, f"in {path} are damaged; fetch or train the file again")
    network.load_state_dict({k: v.float() for k, v in state.items()}, assign=True)
    return freeze(network)


def read_mean_image(path: Path) -> np.ndarray:
    """emonet-py's ``img_mean.txt`` as (227, 227, 3) float32.

    A line is a row of the image: its 227 red values, then the green, then the blue ones.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no mean image at {path}; it belongs to the weights of emonet-py")
    height, width = INPUT_SIZE
    try:
        values = np.loadtxt(path, delimiter=",", dtype=np.float32, ndmin=2)
        return values.reshape(height, 3, width).transpose(0, 2, 1)
    except ValueError as error:
        raise WeightsError(
            f"{path} is no mean image: expected {height} lines of {3 * width} numbers ({error})"
        ) from error


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict]:
    state, metadata = read_weights(path, "emonet")
    keys = ("width", "fc_width", "labels", "mean", "scale")
    options = decoded(metadata, keys, path, "an EmoNet", "save_emonet")
    if options["mean"] == MEAN_IMAGE:
        if MEAN_IMAGE not in state:
            raise WeightsError(
                f"{path} says that it holds a mean image, and there is no tensor {MEAN_IMAGE!r}. "
                "Write the file with save_emonet."
            )
        options["mean"] = state.pop(MEAN_IMAGE)
    return state, options


def _read_pth(path: Path) -> tuple[dict[str, Tensor], dict]:
    expected = "Expected the state dict emonet-py ships (emonet.pth); fetch it again."
    state = read_state_dict(path, expected)
    options: dict = {"labels": EMONET_LABELS}
    beside = path.with_name(MEAN_FILE)
    if beside.is_file():
        options["mean"] = beside
    return from_emonet_py(state), options
