"""What a stored result depends on: the only place where that is decided.

A result belongs to an image's content (its digest) and to a recipe: the stage, everything that was
given to it (weights, options, recipes of what it reads), and the code behind it (`code`).
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ..study import ModelSpec
from .code import code_hash, file_hash


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How the results of one stage are made.

    stage       : its name, which begins the name of its folder
    ingredients : everything else the results depend on but the image; JSON values only
    """

    stage: str
    ingredients: Mapping[str, Any]

    @functools.cached_property
    def text(self) -> str:
        """The ingredients as JSON, the same for equal ones."""
        return json.dumps(self.ingredients, indent=1, sort_keys=True) + "\n"

    @functools.cached_property
    def key(self) -> str:
        """Stage and hash: the name of the folder of its results."""
        digest = hashlib.sha256(f"{self.stage}\n{self.text}".encode()).hexdigest()[:12]
        return f"{re.sub(r'[^A-Za-z0-9_-]', '-', self.stage)}-{digest}"


def recipe(stage: str, *code: object, **ingredients: object) -> Recipe:
    """The recipe of a stage.

    code        : functions and classes that compute it, with all that they reach
    ingredients : numbers, texts, paths (their content counts), other recipes, functions, classes
                  and dataclasses such as CAM methods (their code counts), lists, mappings of these
    Errors      : TypeError for an ingredient that none of this says how to compare
    """
    return Recipe(stage, {"code": code_hash(*code), **_plain(ingredients, stage)})


def _plain(thing: object, where: str) -> Any:
    if thing is None or isinstance(thing, bool | int | float | str):
        return thing
    if isinstance(thing, Recipe):
        return thing.key
    if isinstance(thing, Path):
        return {"file": file_hash(thing)}
    if isinstance(thing, ModelSpec):
        return model_key(thing, where)
    if isinstance(thing, Mapping):
        return {str(name): _plain(value, f"{where}.{name}") for name, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_plain(value, where) for value in thing]
    if isinstance(thing, type | functools.partial) or inspect.isroutine(thing):
        return {"code": code_hash(thing)}
    if dataclasses.is_dataclass(thing):
        fields = {f.name: getattr(thing, f.name) for f in dataclasses.fields(thing)}
        return {"code": code_hash(type(thing)), type(thing).__qualname__: _plain(fields, where)}
    if callable(thing):  # an object with options of its own: as far as it says what they are
        return {
            "code": code_hash(type(thing)),
            type(thing).__qualname__: _plain(vars(thing), where),
        }
    raise TypeError(
        f"{where}: {thing!r} cannot be compared with what made an earlier result; give a number, a "
        "text, a path, a function, a class or a dataclass of these"
    )


def model_key(spec: ModelSpec, where: str = "model") -> dict:
    """A network's or detector's name, weights and options; files among these by their content."""
    options = {
        name: Path(value) if isinstance(value, str) and Path(value).is_file() else value
        for name, value in spec.options.items()
    }
    return {
        "name": spec.name,
        "weights": file_hash(spec.weights),
        "options": _plain(options, f"{where} {spec.name}"),
    }


def row_hashes(table: pd.DataFrame) -> dict[str, str]:
    """A hash of the rows of each image, for results that depend on what is given beside it.

    table : columns image and others; the index does not count
    """
    columns = [column for column in table if column != "image"]
    return {
        image: hashlib.sha256(rows[columns].to_csv(index=False).encode()).hexdigest()
        for image, rows in table.groupby("image", sort=False)
    }


def joined_digest(digest: str, more: str) -> str:
    """The digest of an image together with what is given beside it, in the image's own bucket."""
    return digest[0] + hashlib.sha256(f"{digest} {more}".encode()).hexdigest()[:31]
