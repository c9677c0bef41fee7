"""Names for plug-ins: a study file says `gradcam`, a registry says what that is.

    CAMS: Registry[type[CamMethod]] = Registry("CAM method")

    @CAMS.register("gradcam")
    class GradCam: ...

    CAMS["gradcam"], list(CAMS), "gradcam" in CAMS

Iteration follows the order of registration, which is the order in figures and tables.
"""

from __future__ import annotations

import difflib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Generic, TypeVar, overload

T = TypeVar("T")
PLUGIN = "emocam_plugin_"  # what the names of plug-ins' modules begin with


class UnknownName(KeyError):
    """A name that nobody registered; the message lists those that exist and the nearest."""

    def __init__(self, kind: str, name: object, known: list[str]) -> None:
        near = nearest(str(name), known)
        hint = f"did you mean {near!r}? " if near else ""
        exist = ", ".join(known) or "none yet; import the module that registers it"
        super().__init__(f"no {kind} named {name!r}: {hint}There are: {exist}.")

    def __str__(self) -> str:
        return self.args[0]  # KeyError would show the message's repr


class Registry(Generic[T]):
    """Plug-ins of one kind by name. A name belongs to one thing, and stays with it."""

    def __init__(self, kind: str) -> None:
        """kind : what is registered, in the singular, for messages, e.g. "CAM method"."""
        self.kind = kind
        self._things: dict[str, T] = {}

    @overload
    def register(self, name: str) -> Callable[[T], T]: ...
    @overload
    def register(self, name: str, thing: T) -> T: ...
    def register(self, name: str, thing: T | None = None) -> T | Callable[[T], T]:
        """Give a thing its name: as a decorator, or directly with the thing as second argument.

        What a notebook or a plug-in's file defines anew takes the place of what it was.
        Errors: ValueError for a name that is taken or empty.
        """
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"the name of a {self.kind} must be a non-empty text, not {name!r}")
        if thing is None:
            return lambda thing: self.register(name, thing)
        if name in self._things and not _defined_anew(self._things[name], thing):
            raise ValueError(
                f"the {self.kind} {name!r} is registered already ({self._things[name]!r}): choose "
                f"another name, or call .unregister({name!r}) first"
            )
        self._things[name] = thing
        return thing

    def unregister(self, name: str) -> None:
        """Forget a name, if it is known."""
        self._things.pop(name, None)

    def get(self, name: str) -> T:
        """The thing of that name. Errors: UnknownName, a KeyError."""
        try:
            return self._things[name]
        except (KeyError, TypeError):
            raise UnknownName(self.kind, name, list(self._things)) from None

    __getitem__ = get

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._things))

    def __contains__(self, name: object) -> bool:
        return name in tuple(self._things)

    def __len__(self) -> int:
        return len(self._things)

    def __repr__(self) -> str:
        return f"Registry({self.kind!r}: {', '.join(self._things) or 'empty'})"


def _defined_anew(old: object, new: object) -> bool:
    """Whether a cell or a plug-in's file ran again, rather than two things wanting one name."""
    module = getattr(new, "__module__", None)
    same = module is not None and module == getattr(old, "__module__", None)
    return same and (
        module == "__main__"
        or module.startswith(PLUGIN)
        or getattr(old, "__qualname__", None) == getattr(new, "__qualname__", "")
    )


def import_plugin(file: Path) -> ModuleType:
    """Run a Python file that registers things, as a module that can be found by its name again.

    The module is named by the file alone, so that a result does not depend on where it lies.
    Errors: whatever the file raises; FileNotFoundError without one
    """
    spec = importlib.util.spec_from_file_location(PLUGIN + file.stem, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and inspect look there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[spec.name]
        raise
    return module


def nearest(name: str, known: list[str]) -> str | None:
    """The known name most like a misspelt one, whatever the case; None if none is like it."""
    folded = {other.casefold(): other for other in known}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    return folded[near[0]] if near else None
