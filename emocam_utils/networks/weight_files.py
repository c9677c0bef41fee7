"""Weights on disk as safetensors that describe themselves, and the checks every file must pass.

Nothing is unpickled: safetensors hold tensors and text only, and of other people's checkpoints only
tensors are taken. A file is checked whole (kind, names,
shapes, finite values, labels) before a network is built from it, because a half-fitting file gives
plausible maps of nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor


class WeightsError(ValueError):
    """A weights file that is not what it should be; the message says expected, got, what to do."""


def write_weights(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> Path:
    """Write tensors and text, whole or not at all. Errors: WeightsError for a NaN or infinity."""
    refuse_unfinite(tensors, "cannot be stored as fp16")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".tmp")
    contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
    # save_file would make it private to its owner
    unfinished.write_bytes(save(contiguous, dict(metadata)))
    unfinished.replace(path)
    return path


def read_weights(path: Path, kind: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of a file of this kind. Errors: WeightsError."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise WeightsError(
            f"{path} is not a safetensors file, or it is cut short ({error}). "
            f"It starts with {path.read_bytes()[:16]!r}; fetch or train it again."
        ) from error
    if metadata.get("kind") != kind:
        raise WeightsError(
            f"{path} holds weights of kind {metadata.get('kind')!r}, expected {kind!r}. "
            "Name the file of this kind in the study."
        )
    return state, metadata


def read_state_dict(path: Path, expected: str) -> dict[str, Tensor]:
    """The tensors of a checkpoint by torch, its own or under "state_dict"; read `weights_only`.

    expected : a sentence, what should be there and what to do
    Errors   : WeightsError for a file that is none, or that holds anything but tensors
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch's reader raises many types, its unpickler's own among them
        raise WeightsError(
            f"{path} is not a checkpoint that can be read safely ({type(error).__name__}). "
            f"{expected}"
        ) from error
    if isinstance(state, dict):
        state = state.get("state_dict", state)
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise WeightsError(
            f"{path} holds no state dict of tensors, but a {type(state).__name__}. {expected}"
        )
    return state


def decoded(
    metadata: Mapping[str, str], keys: Iterable[str], path: Path, network: str, writer: str
) -> dict:
    """Metadata that are JSON, as values. Errors: WeightsError, naming network and writer."""
    keys = tuple(keys)
    try:
        return {key: json.loads(metadata[key]) for key in keys}
    except (KeyError, json.JSONDecodeError) as error:
        raise WeightsError(
            f"the metadata of {path} do not describe {network} ({error!r}); expected JSON for "
            f"{', '.join(keys)}. Write the file with {writer}."
        ) from error


def refuse_wrong_labels(labels: Sequence[str], outputs: int, path: Path) -> None:
    """Refuse labels that are not one an output, in the file's metadata or given to replace them."""
    if len(labels) != outputs:
        raise WeightsError(
            f"{len(labels)} labels for the {outputs} outputs of {path}. "
            "Give one label an output, in the order of the outputs, or leave the labels out."
        )


def refuse_other_tensors(
    expected: Mapping[str, Tensor],
    state: Mapping[str, Tensor],
    path: Path,
    network: str,
    what_to_do: str,
    described: str = "",
) -> None:
    """Refuse a file with other names or shapes than the network's; up to six are listed.

    network   : its name in the message, such as "EmoNet"; `described` says more of it
    """
    wanted = {name: tuple(tensor.shape) for name, tensor in expected.items()}
    got = {name: tuple(tensor.shape) for name, tensor in state.items()}
    problems = [f"{n} is missing, expected {s}" for n, s in wanted.items() if n not in got]
    problems += [f"{n} {s} is not a tensor of {network}" for n, s in got.items() if n not in wanted]
    problems += [
        f"{name} has shape {got[name]}, expected {shape}"
        for name, shape in wanted.items()
        if name in got and got[name] != shape
    ]
    if problems:
        shown = problems[:6] + [f"and {len(problems) - 6} more"] * (len(problems) > 6)
        article = "an" if network[0] in "AEIO" else "a"
        raise WeightsError(
            f"{path} does not hold {article} {network}{described}:\n  "
            + "\n  ".join(shown)
            + f"\n{what_to_do}"
        )


def refuse_unfinite(state: Mapping[str, Tensor], meaning: str) -> None:
    """Refuse NaN and infinity; `meaning` ends the sentence "NaN or infinite weights"."""
    unfinite = [name for name, tensor in state.items() if not torch.isfinite(tensor).all()]
    if unfinite:
        raise WeightsError(
            f"NaN or infinite weights {meaning}: {', '.join(unfinite[:6])}"
            + (f" and {len(unfinite) - 6} more" if len(unfinite) > 6 else "")
        )
