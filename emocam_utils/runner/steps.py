"""Where a running notebook is: shown while it runs, and remembered for the report of a failure."""

from __future__ import annotations

import sys
from itertools import dropwhile

from nbformat import NotebookNode
from tqdm import tqdm

from ..progress import MARK
from .notebooks import heading


class Steps:
    """Shows where a notebook is, and remembers the cell at which it stopped.

    A bar on a terminal; a line for each heading where bars would mix (a log file, notebooks side by
    side). It is papermill's `stdout_file` too, and passes on the lines of `progress`.
    """

    def __init__(self, stem: str, total: int, bar: bool = True) -> None:
        """total : cells of the notebook"""
        self.stem, self.total = stem, total
        self.number, self.heading = 0, ""
        self.cell: NotebookNode | None = None
        self.bar = None
        if bar and sys.stderr.isatty():
            form = "|{bar:16}| {n_fmt}/{total_fmt}  {desc}"
            self.bar = tqdm(desc=stem, total=total, bar_format=form, dynamic_ncols=True)

    def begin(self, cell: NotebookNode, cell_index: int) -> None:
        """nbclient's hook. A cell that papermill adds counts as that of the defaults, above it."""
        self.cell = cell
        self.number += "injected-parameters" not in cell.metadata.get("tags", [])
        if heading(cell):
            self.heading = heading(cell)
            self._show(f"{self.number}/{self.total}  {self.heading}")
        if self.bar is not None:
            self.bar.n = self.number - 1
            self.bar.set_description_str(f"{self.stem}  {self.heading}")

    def write(self, text: str) -> None:
        for line in text.splitlines():
            if line.startswith(MARK) and self.bar is not None:
                self.bar.set_description_str(f"{self.stem}  {line}")
            elif line.startswith(MARK):
                self._show(line)

    def flush(self) -> None:
        sys.stderr.flush()

    def _show(self, line: str) -> None:
        if self.bar is None:
            print(f"{self.stem}  {line}", file=sys.stderr, flush=True)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.leave = False
            self.bar.close()

    def where(self, line: int = 1) -> str:
        """The cell that began last, and a line of it, which IPython counts behind empty ones."""
        lines = dropwhile(lambda line: not line.strip(), self.cell.source.splitlines())
        quoted = [*lines, ""][line - 1].strip()
        under = f", under “{self.heading}”" if self.heading else ""
        return f"{self.stem} stopped at cell {self.number} of {self.total}{under}:\n    {quoted}"
