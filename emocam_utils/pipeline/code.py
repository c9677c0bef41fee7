"""What a result depends on that is no number: the content of files, and code.

Code counts as it is, not as it is written: of every function and class that is reached from the
given ones, inside this package or in the user's own files and notebooks, the syntax tree without
docstrings, comments and annotations, and the values that it holds. Of other packages those versions
count that the code names.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import enum
import functools
import hashlib
import importlib
import inspect
import linecache
import re
import sys
import sysconfig
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
import pandas as pd
import torch

from ..registry import Registry
from ..syntax import bare

DISTRIBUTIONS = {  # that compute what is stored, by the name under which they are imported
    "brambox": "brambox",
    "captum": "captum",
    "cv2": "opencv-python-headless",
    "lightnet": "lightnet",
    "numpy": "numpy",
    "PIL": "pillow",
    "pytorch_grad_cam": "grad-cam",
    "resvg_py": "resvg-py",
    "scipy": "scipy",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "torch": "torch",
    "torchvision": "torchvision",
    "zennit": "zennit",
}
_LIBRARIES = tuple(
    str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "purelib", "platlib")
)


def file_hash(path: Path | None) -> str:
    """SHA-256 of a file, or of all files below a folder with their names.

    "none" without one, and for one that is missing (its reader will say).
    """
    if path is None or not path.exists():
        return "none"
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        listed = [(file.relative_to(path).as_posix(), file_hash(file)) for file in files]
        return hashlib.sha256(repr(listed).encode()).hexdigest()[:16]
    stat = path.stat()
    return _content_hash(path, stat.st_size, stat.st_mtime_ns, stat.st_ino)


@functools.lru_cache(maxsize=4096)
def _content_hash(path: Path, *state: int) -> str:
    """Read again only if size, date or the file itself has changed."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def code_hash(*things: object) -> str:
    """Hash of functions and classes and of all own code they reach; see the head of the module."""
    return hashlib.sha256(repr(sorted(code_parts(*things).items())).encode()).hexdigest()[:16]


def code_parts(*things: object) -> dict[str, str]:
    """What `code_hash` is over: dotted name -> bare source, value, or version of a package."""
    walk = _Walk()
    for thing in things:
        walk.add(thing)
    return walk.parts


class _Walk:
    """Follows names from definition to definition."""

    def __init__(self) -> None:
        self.parts: dict[str, str] = {}
        self._seen: dict[int, object] = {}  # kept, so that no other thing gets its number

    def _note(self, name: str, text: str) -> None:
        """Two lambdas or closures of one name are two parts."""
        number, own = 1, name
        while self.parts.setdefault(own, text) != text:
            number, own = number + 1, f"{name} {number + 1}"

    def add(self, thing: object, name: str = "") -> None:
        """thing : a definition, or the value of the global variable `name`"""
        while hasattr(thing, "__wrapped__") or isinstance(
            thing, functools.partial | staticmethod | classmethod | property
        ):
            if isinstance(thing, functools.partial):
                self.add(thing.args, f"{name}.arguments")
                self.add(thing.keywords, f"{name}.arguments")
                thing = thing.func
            elif isinstance(thing, property):
                thing = thing.fget
            else:
                if isinstance(thing, FunctionType):  # what a decorator has made of it
                    self._definition(thing)
                thing = getattr(thing, "__wrapped__", None) or thing.__func__
        if inspect.ismethod(thing):
            thing = thing.__self__
        if isinstance(thing, ModuleType):
            self._package(thing.__name__)
        elif isinstance(thing, type | FunctionType) or inspect.isroutine(thing):
            self._definition(thing)
        elif isinstance(thing, Mapping):
            for key, value in thing.items():
                self.add(value, f"{name}[{key!r}]")
        elif isinstance(thing, set | frozenset) and not any(map(_holds_code, thing)):
            self._note(name, repr(sorted(map(repr, thing))))
        elif isinstance(thing, list | tuple | set | frozenset) and any(map(_holds_code, thing)):
            for number, value in enumerate(thing):
                self.add(value, f"{name}[{number}]")
        elif isinstance(thing, np.ndarray):
            about = f"{thing.dtype} {thing.shape} ".encode()
            self._note(name, hashlib.sha256(about + thing.tobytes()).hexdigest())
        elif isinstance(thing, torch.Tensor):
            self.add(thing.detach().cpu().numpy(), name)
        elif isinstance(thing, pd.DataFrame | pd.Series):
            self._note(name, hashlib.sha256(thing.to_csv().encode()).hexdigest())
        elif isinstance(thing, Path):
            if thing.is_file():  # a constant of the code, e.g. a list of class names
                self._note(name, file_hash(thing))
        elif isinstance(thing, Registry):
            pass  # what a registered name stands for is an ingredient
        elif _is_own(type(thing)):
            self.add(type(thing))
            if id(thing) in self._seen:
                return
            self._seen[id(thing)] = thing
            if dataclasses.is_dataclass(thing):
                self.add({f.name: getattr(thing, f.name) for f in dataclasses.fields(thing)}, name)
            elif isinstance(thing, enum.Enum):
                self._note(name, thing.name)
            elif isinstance(thing, list | tuple):
                self.add(list(thing), name)
            else:
                self.add(getattr(thing, "__dict__", {}), name)
        elif not _address(repr(thing)):
            self._note(name, repr(thing))

    def _definition(self, thing: Any) -> None:
        if not _is_own(thing):
            self._package(getattr(thing, "__module__", None) or "builtins")
            return
        if id(thing) in self._seen:
            return
        self._seen[id(thing)] = thing
        outer, module = thing.__qualname__.split(".")[0], thing.__module__
        space = getattr(thing, "__globals__", None) or _space(module)
        if hasattr(thing, "__wrapped__"):  # it bears the name of what it wraps
            outer = thing.__code__.co_qualname.split(".")[0]
            module = space.get("__name__", module)
        label = f"{module}.{outer}"
        names = getattr(getattr(thing, "__code__", None), "co_freevars", ())
        for free, cell in zip(names, getattr(thing, "__closure__", None) or (), strict=False):
            with contextlib.suppress(ValueError):  # not filled yet
                self.add(cell.cell_contents, f"{label}.{free}")
        if (made := _made(thing)) is not None:
            self._note(label, made)
            return
        node = _definitions(module).get(outer) or _parsed(thing)
        if node is None or thing.__name__ == "<lambda>":  # as it was compiled
            self._note(f"{label} compiled", _compiled(thing.__code__))
            for name in sorted(_code_names(thing.__code__)):
                self._name(name, space, module)
        if node is None or self.parts.get(label) == (text := ast.unparse(node)):
            return
        self._note(label, text)
        lazy = [n for n in ast.walk(node) if isinstance(n, ast.ImportFrom | ast.Import)]
        package = space.get("__package__") or module
        space = {**space, **{k: v for n in lazy for k, v in _own_modules(n, package).items()}}
        for path in sorted(_names(node)):
            self._name(path, space, module)
        for one in lazy:
            self._import(one, package)

    def _name(self, path: str, space: Mapping[str, Any], module: str) -> None:
        root, *rest = path.split(".")
        if root not in space:
            return
        thing, name = space[root], f"{module}.{root}"
        while isinstance(thing, ModuleType) and _is_own(thing) and rest:
            name, thing = f"{thing.__name__}.{rest[0]}", getattr(thing, rest.pop(0), None)
        self.add(thing, name)

    def _import(self, node: ast.ImportFrom | ast.Import, package: str) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                self._package(alias.name)
            return
        module = importlib.import_module("." * node.level + (node.module or ""), package)
        for alias in node.names:
            self.add(getattr(module, alias.name, module), f"{module.__name__}.{alias.name}")

    def _package(self, module: str) -> None:
        root = module.split(".")[0]
        if root in DISTRIBUTIONS:
            try:
                self.parts[root] = version(DISTRIBUTIONS[root])
            except PackageNotFoundError:  # another build of it, e.g. opencv with windows
                self.parts[root] = str(getattr(sys.modules.get(root), "__version__", "unknown"))


def _own_modules(node: ast.ImportFrom | ast.Import, package: str) -> dict[str, ModuleType]:
    """The user's modules that an import inside a function binds to names."""
    found = {}
    for alias in node.names:
        if isinstance(node, ast.Import):
            root = alias.name.split(".")[0]
            if root in DISTRIBUTIONS or root in sys.stdlib_module_names:
                continue
            with contextlib.suppress(ImportError):
                module = importlib.import_module(alias.name)
                found[alias.asname or root] = module if alias.asname else sys.modules[root]
        else:
            base = importlib.import_module("." * node.level + (node.module or ""), package)
            found[alias.asname or alias.name] = getattr(base, alias.name, None)
    return {k: v for k, v in found.items() if isinstance(v, ModuleType) and _is_own(v)}


def _made(thing: Any) -> str | None:
    """A class that a call has made, so that it has no source: a named tuple, an enumeration."""
    if isinstance(thing, type) and thing.__name__ not in _definitions(thing.__module__):
        if issubclass(thing, tuple) and hasattr(thing, "_fields"):
            if thing.__bases__ == (tuple,) and not hasattr(thing, "__orig_bases__"):
                return repr((thing._fields, thing._field_defaults))
        elif issubclass(thing, enum.Enum) and "." not in thing.__qualname__:
            try:
                inspect.getsource(thing)
            except (OSError, TypeError):
                return repr([(one.name, one.value) for one in thing])
    return None


def _compiled(code: CodeType) -> str:
    """Without addresses, and with sets in an order of their own."""
    consts = [
        _compiled(c)
        if isinstance(c, CodeType)
        else repr(sorted(map(repr, c)))
        if isinstance(c, frozenset)
        else repr(c)
        for c in code.co_consts
    ]
    return repr((code.co_code, consts, code.co_names))


def _code_names(code: CodeType) -> set[str]:
    inner = [_code_names(c) for c in code.co_consts if isinstance(c, CodeType)]
    return set(code.co_names).union(*inner)


def _is_own(thing: Any) -> bool:
    """Whether code is the package's or the user's, and not of Python or of an installed package."""
    name = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", None)
    root = (name or "builtins").split(".")[0]
    if root in ("emocam_utils", "__main__"):
        return True
    file = getattr(sys.modules.get(name or ""), "__file__", None)
    return bool(file) and not str(Path(file).resolve()).startswith(_LIBRARIES)


def _is_plain(thing: object) -> bool:
    if isinstance(thing, tuple | list):
        return all(map(_is_plain, thing))
    return thing is None or isinstance(thing, bool | int | float | str)


def _holds_code(thing: object) -> bool:
    kinds = Mapping | list | tuple | np.ndarray | torch.Tensor
    return callable(thing) or isinstance(thing, kinds) or _is_own(type(thing))


def _address(text: str) -> bool:
    return re.search(r" at 0x[0-9a-f]+", text) is not None


def _space(module: str) -> Mapping[str, Any]:
    return vars(sys.modules[module]) if module in sys.modules else {}


def _definitions(module: str) -> dict[str, ast.stmt]:
    """The bare functions and classes at the top of a module's file, by name."""
    file = Path(getattr(sys.modules.get(module), "__file__", None) or "none")
    if file.suffix != ".py" or not file.is_file():
        return {}
    return _definitions_in(file, file.stat().st_mtime_ns)


@functools.lru_cache(maxsize=1024)
def _definitions_in(file: Path, _date: int) -> dict[str, ast.stmt]:
    body = _bare(file.read_text(encoding="utf-8")).body
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _parsed(thing: Any) -> ast.stmt | None:
    """The bare source of a definition in a notebook or inside another function."""
    try:
        return _bare(inspect.cleandoc("\n" + inspect.getsource(thing))).body[0]
    except (OSError, TypeError, SyntaxError):  # no file any more; a piece of a line
        if (node := _in_its_cell(thing)) is not None:
            return node
        if not hasattr(thing, "__code__"):
            raise TypeError(
                f"the source of {thing!r} cannot be read, so nobody can tell whether a stored "
                "result is still its own; define it in a file or in a cell of a notebook"
            ) from None
        return None


def _in_its_cell(thing: Any) -> ast.stmt | None:
    """A class of a notebook: until Python 3.13 only its methods know the cell they stand in."""
    for method in vars(thing).values() if isinstance(thing, type) else ():
        code = getattr(inspect.unwrap(method), "__code__", None)
        cell = "".join(linecache.getlines(code.co_filename)) if code else ""
        for node in _bare(cell).body:
            if isinstance(node, ast.ClassDef) and node.name == thing.__name__:
                return node
    return None


def _bare(source: str) -> ast.Module:
    """Without docstrings, comments and annotations, which decide nothing."""
    tree = bare(ast.parse(source))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(...)
    return tree


def _names(node: ast.AST) -> set[str]:
    """Names that a definition reads, with the attributes behind them: {"np", "scenes.render"}."""
    names = set()
    for part in ast.walk(node):
        chain = []
        while isinstance(part, ast.Attribute):
            chain.append(part.attr)
            part = part.value
        if isinstance(part, ast.Name):
            names.add(".".join([part.id, *reversed(chain)]))
    return names
