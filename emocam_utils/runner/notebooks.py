"""Notebook files as they are committed: their cells, and which of them make up a section.

Only the standard library: asking what is current must not wait for nbformat.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import paths
from ..registry import nearest


class NotebookError(ValueError):
    """A notebook or section that is not there or cannot be read."""


def read_cells(notebook: Path) -> list[dict[str, Any]]:
    """The cells as the file has them, each source in one piece. Errors: NotebookError"""
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        return [{**cell, "source": "".join(cell["source"])} for cell in cells]
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = "is not there" if isinstance(error, FileNotFoundError) else f"is none ({error!r})"
        raise NotebookError(f"the notebook {notebook} {why}") from None


def heading(cell: Mapping[str, Any]) -> str:
    """The heading with which a cell of text begins; "" for any other cell."""
    found = re.match(r"\s*#+ +(.+)", cell["source"]) if cell["cell_type"] == "markdown" else None
    return found[1].strip() if found else ""


def words(stem: str) -> str:
    """03_cam_methods -> cam methods"""
    return re.sub(r"^\d+_", "", stem).replace("_", " ")


def title(stem: str) -> str:
    """The first heading of a notebook; without one, its file's name in words."""
    try:
        headings = map(heading, read_cells(paths.NOTEBOOKS / f"{stem}.ipynb"))
        return next(filter(None, headings), words(stem))
    except NotebookError:
        return words(stem)


ONLY = {"photographs": "oasis", "ratings": "folder"}
"""Sections that can be asked of one kind of corpus: rated by people, and of one's own."""


def of_sections(sections: Iterable[str], kind: str, paper: Sequence[str] = ()) -> list[Path]:
    """The notebooks of sections for a study of that kind of corpus.

    paper : what the section "paper" stands for; () for all numbered ones

    00_<kind> is a section of the studies of that kind only; 00_corpus is one of all; see `ONLY`.
    Errors: NotebookError for a section that there is not, or not for this corpus
    """
    every = {words(f.stem).replace(" ", "-"): f for f in sorted(paths.NOTEBOOKS.glob("*.ipynb"))}
    only = {n: n for n, f in every.items() if f.stem[:3] == "00_" and n != "corpus"} | ONLY
    others = [name for name in every if only.get(name, kind) != kind]
    fitting = {name: file for name, file in every.items() if name not in others}
    wanted: set[Path] = set()
    for section in sections:
        if section == "paper":
            whole = {file for file in fitting.values() if file.stem[0].isdigit()}
            wanted |= set(of_sections(paper, kind)) if paper else whole
        elif section in fitting:
            wanted.add(fitting[section])
        elif section in others:
            raise NotebookError(f"{section} is a section of studies of that corpus, not of {kind}")
        else:
            near = nearest(section, list(fitting))
            hint = f"; did you mean {near}?" if near else ""
            raise NotebookError(
                f"there is no section {section}{hint} There are: {', '.join(fitting)}"
            )
    return sorted(wanted)
