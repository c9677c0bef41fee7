"""Whether a notebook's products are current: what a run depended on, as digests, then and now.

The digests of a run are kept beside its executed notebook, in NN_name.run.json. They are of the
notebook's cells, its parameters, the study, the files that it names, the shipped data, the pinned
packages, and of each module of the package that the notebook's imports lead to (without docstrings
and comments, see `syntax`). A file is read again only when its size or date has changed, and
neither torch nor pandas is imported: asking takes tenths of a second.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .. import paths
from ..study import Study
from ..syntax import code_digest
from .notebooks import read_cells

PACKAGE = Path(__file__).parents[1]
PINS = ("requirements.txt", "requirements-nodeps.txt")
RECORD = ".run.json"  # NN_name.run.json, beside the executed notebook
DIGESTS = ".digests.json"  # in the folder of figures
SHIPPED = (
    "",
    "emoscenes",
    "emoscenes/networks/*",
    "emoscenes/validation",
    "faces",
    "multi_gap",
    "oasis",
    "objects",
)
UNREAD = (".md", ".lock", ".checkpoint", "presets.yaml")  # of these: the study has the presets
SETTLED_SECONDS = 2.0  # a file may change again within one tick of its file system's clock


class Digests:
    """What files hold, remembered by their size and date in a file that may be lost."""

    def __init__(self, file: Path) -> None:
        self.file, self.changed = file, False
        try:
            self.known: dict[str, list] = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.known = {}

    def of(self, file: Path, read: Callable[[Path], Any]) -> Any:
        """`read(file)`, which must be good for JSON, or what it was when the file last changed."""
        status, name = file.stat(), f"{read.__name__} {file}"
        stamp = [status.st_size, status.st_mtime_ns]
        if self.known.get(name, [None])[0] == stamp:
            return self.known[name][1]
        value = read(file)
        if time.time() - status.st_mtime > SETTLED_SECONDS:
            self.known[name], self.changed = [stamp, value], True
        return value

    def save(self) -> None:
        if self.changed:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            part = self.file.with_suffix(f".{os.getpid()}.part")
            part.write_text(json.dumps(self.known), encoding="utf-8")
            part.replace(self.file)


def inputs(
    notebook: Path, study: Study, parameters: dict[str, Any], digests: Digests
) -> dict[str, str]:
    """What a run depends on: a name that a reader understands -> a digest.

    parameters : all values that it runs with
    """
    cells = read_cells(notebook)
    texts = [[c["cell_type"], c["source"], c["metadata"].get("tags", [])] for c in cells]
    found = {"the notebook": _digest(texts)}
    imported = [
        name for c in cells if c["cell_type"] == "code" for name in _cell_imports(c["source"])
    ]
    return found | study_inputs(study, parameters, imported, digests)


def study_inputs(
    study: Study, parameters: dict[str, Any], imported: list[str], digests: Digests
) -> dict[str, str]:
    """The same of whatever is made of a study: parameters, study, files, pins and code.

    imported : dotted names of the package that it imports
    """
    about = study.model_dump(exclude={"widgets", "variant"}, mode="json")  # these decide no number
    found = {
        "its parameters": _digest(sorted(parameters.items())),
        "the study": _digest(json.dumps(about).replace(f"{paths.ROOT}/", "")),
    }
    named = {*_named_files(about), *_named_files(parameters)}
    plugins = sorted(file for file in named if file.suffix == ".py")
    fetched = (paths.RAW / study.corpus.kind).glob("*")  # e.g. which images could be had
    pins = [paths.ROOT / name for name in PINS]
    for file in sorted({*named, *_shipped_data(), *fetched, *pins} - set(plugins)):
        if file.is_dir():
            found[_shown(file)] = _listing(file)
        elif file.is_file():
            found[_shown(file)] = digests.of(file, pins_digest if file in pins else file_digest)
    return found | code_behind(imported, plugins, digests)


def changes(record: Path, now: dict[str, str]) -> str:
    """Why a notebook has to run, in a few words; "" if its products are current."""
    try:
        run = json.loads(record.read_text(encoding="utf-8"))
        before, products = run["inputs"], run["products"]
    except (OSError, ValueError, KeyError):
        return "it has not run"
    gone = [name for name in products if not (record.parent / name).exists()]
    if gone:
        return f"{Path(gone[0]).name} is gone"
    other = [name for name in {**now, **before} if before.get(name) != now.get(name)]
    if len(other) > 1:
        return f"{other[0]} and {len(other) - 1} more changed"
    return f"{other[0]} changed" if other else ""


def write_record(
    record: Path, depends: dict[str, str], products: list[str], finding: str = ""
) -> None:
    """What `changes` reads: the inputs of a run, and its files relative to the record's folder.

    finding : what the gallery says above the figures
    """
    part = record.with_suffix(".part")
    run = {"finding": finding, "products": products, "inputs": depends}
    part.write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(record)


# ------------------------------------------------------------------------------------- the files
def file_digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def pins_digest(file: Path) -> str:
    """Of the pins, whatever is said about them."""
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in file.read_text().splitlines())
    return _digest(list(filter(None, lines)))


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()


def _listing(folder: Path) -> str:
    """Of the names, sizes and dates of all files below a folder: photographs are not opened."""
    files = [
        (str(file), status.st_size, status.st_mtime_ns)
        for file in folder.rglob("*")
        if not file.name.startswith(".") and file.is_file() and (status := file.stat())
    ]
    return _digest(sorted(files))


def _named_files(value: Any) -> Iterator[Path]:
    """The files and folders that a study or parameters name, at any depth."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _named_files(part)
    elif isinstance(value, (str, Path)) and re.search(r"/|\.\w+$", str(value)):
        for base in (paths.ROOT, paths.STUDIES):  # a plug-in may stand beside its study
            file = base / Path(value).expanduser()
            if len(file.name) < 256 and file.exists():
                yield file


def _shipped_data() -> Iterator[Path]:
    for folder in SHIPPED:
        for file in paths.DATA.glob(f"{folder}/[!.]*.*" if folder else "[!.]*.*"):
            if not file.name.endswith(UNREAD):
                yield file


def _shown(file: Path) -> str:
    return str(file.relative_to(paths.ROOT) if file.is_relative_to(paths.ROOT) else file)


# -------------------------------------------------------------------------------------- the code
def code_behind(names: list[str], plugins: list[Path], digests: Digests) -> dict[str, str]:
    """The modules of the package that imports lead to, through all that they import in turn.

    names   : dotted, as `imports` finds them
    plugins : the user's own modules, from which to start too
    returns : file -> digest of its code
    An import within a function counts, whether it is reached or not. A package that looks names up
    (`__getattr__` and a table of them) counts with the module behind the name that is imported.
    """
    read: dict[Path, dict] = {}
    wanted = list(names)

    def visit(file: Path) -> dict[str, Any]:
        if file not in read:
            read[file] = digests.of(file, module)
            wanted.extend(read[file]["imports"])
        return read[file]

    for file in plugins:
        visit(file)
    for name in wanted:  # which grows
        *parts, last = name.split(".")[1:] or [""]
        folder = PACKAGE
        exports = visit(folder / "__init__.py")["exports"]
        for part in (*parts, last):
            if (folder / f"{part}.py").is_file():
                visit(folder / f"{part}.py")
                break
            if not part or not (folder / part / "__init__.py").is_file():
                if part in exports:
                    wanted.append(f"{_dotted(folder)}.{exports[part]}")
                break
            folder /= part
            exports = visit(folder / "__init__.py")["exports"]
        else:  # a package itself, of which any name may be used
            wanted.extend(f"{_dotted(folder)}.{module}" for module in set(exports.values()))
    return {_shown(file): about["code"] for file, about in sorted(read.items())}


def _dotted(folder: Path) -> str:
    return ".".join(folder.relative_to(PACKAGE.parent).parts)


def module(file: Path) -> dict[str, Any]:
    """Of a Python file: the digest of its code, the package's names that it imports, and those
    that it looks up when they are asked for, with the module that has each."""
    source = file.read_text(encoding="utf-8")
    tree = ast.parse(source, str(file))
    inside = file.relative_to(PACKAGE.parent).parent.parts if file.is_relative_to(PACKAGE) else ()
    exports: dict[str, str] = {}
    if any(isinstance(part, ast.FunctionDef) and part.name == "__getattr__" for part in tree.body):
        tables = [t.value for t in tree.body if isinstance(getattr(t, "value", None), ast.Dict)]
        for key, value in (pair for t in tables for pair in zip(t.keys, t.values, strict=True)):
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                exports[key.value] = value.value.strip(".")
    return {"code": code_digest(source), "imports": imports(tree, inside), "exports": exports}


def imports(tree: ast.AST, inside: tuple[str, ...] = ()) -> list[str]:
    """The dotted names of this package that code imports, anywhere in it.

    inside : the package that holds the code, from which relative imports start
    """
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = inside[: len(inside) - node.level + 1] if node.level else ()
            start = ".".join([*base, *([node.module] if node.module else [])])
            names |= {start if a.name == "*" else f"{start}.{a.name}" for a in node.names}
    return sorted(name for name in names if name.split(".")[0] == PACKAGE.name)


def _cell_imports(source: str) -> list[str]:
    """Those of a notebook's cell. IPython's lines (%, !) import nothing, nor does what is no Python
    (its run will fail)."""
    try:
        return imports(ast.parse(re.sub(r"(?m)^(\s*)[%!].*", r"\1pass", source)))
    except SyntaxError:
        return []
