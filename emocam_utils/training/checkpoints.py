"""Where a training continues after it was killed: its parts, its chance and its history so far."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch


def save_checkpoint(
    file: Path, recipe: object, parts: Mapping, generator: torch.Generator, kept: Mapping
) -> None:
    """Write the state after an epoch to a temporary name, then in place of the last one.

    recipe : a dataclass; only a run of the same recipe continues from the file
    parts  : name -> network, optimiser, schedule: whatever has a state dict
    kept   : more to keep, such as the history: tensors, text, numbers, and lists and dicts of them
    """
    state = {name: part.state_dict() for name, part in parts.items()}
    state |= {
        "recipe": json.dumps(asdict(recipe)),
        "generator": generator.get_state(),
        "torch": torch.get_rng_state(),
        "kept": dict(kept),
    }
    partial = file.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, file)


def load_checkpoint(
    file: Path, recipe: object, parts: Mapping, generator: torch.Generator
) -> dict | None:
    """Put the parts and both generators back; what was kept, or None where there is no file.

    Errors: ValueError for a checkpoint of another recipe
    """
    if not file.exists():
        return None
    state = torch.load(file, weights_only=True)
    if state["recipe"] != json.dumps(asdict(recipe)):
        raise ValueError(f"{file} is a checkpoint of another recipe: remove it to start again")
    for name, part in parts.items():
        part.load_state_dict(state[name])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])
    return state["kept"]
