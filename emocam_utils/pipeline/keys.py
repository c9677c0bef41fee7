"""What a stored result depends on, as short hashes: files of weights, and the code of plug-ins."""

from __future__ import annotations

import hashlib
import inspect
from pathlib import Path


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
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def source_hash(thing: object) -> str:
    """Hash of the code behind a plug-in, so that changed code makes new results.

    A plug-in in a folder of its kind (networks, detectors, cams) shares code with its neighbours,
    so the whole folder counts; one from elsewhere counts with its own module.
    """
    module = inspect.getmodule(thing if inspect.isroutine(thing) else type(thing))
    file = Path(inspect.getsourcefile(module))
    shared = file.parent.parent == Path(__file__).parent
    digest = hashlib.sha256()
    for source in sorted(file.parent.glob("*.py")) if shared else [file]:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
