"""Where a running notebook is: shown while it runs, and remembered for the report of a failure."""

from __future__ import annotations

import os
import sys
from typing import Any

from nbformat import NotebookNode
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from tqdm import tqdm

from ..progress import MARK
from .parameters import parameter_cell

ENGINE = "emocam"


class Steps:
    """Shows where a notebook is, and remembers the cell at which it stopped.

    A bar on a terminal; a line for each heading where bars would mix (a log file, a parallel
    `make`). It is papermill's `stdout_file` too, and passes on the lines of `progress`.
    """

    def __init__(self, stem: str, notebook: NotebookNode, given: bool) -> None:
        """given : whether papermill adds a cell with given values behind that of the defaults."""
        cells = list(enumerate(notebook.cells, start=1))
        last = notebook.cells.index(parameter_cell(notebook, stem)) + 1
        self.cells = [*cells[:last], *([cells[last - 1]] if given else []), *cells[last:]]
        self.stem, self.total = stem, len(cells)
        self.index: int | None = None
        self.heading = ""
        self.bar = None
        if sys.stderr.isatty() and "jobserver" not in os.environ.get("MAKEFLAGS", ""):
            form = "|{bar:16}| {n_fmt}/{total_fmt}  {desc}"
            self.bar = tqdm(desc=stem, total=self.total, bar_format=form, dynamic_ncols=True)

    def begin(self, index: int) -> None:
        self.index = index
        number, cell = self.cells[index]
        text = cell.source.strip()
        if cell.cell_type == "markdown" and text.startswith("#"):
            self.heading = text.splitlines()[0].lstrip("# ")
            self._show(f"{number}/{self.total}  {self.heading}")
        if self.bar is not None:
            self.bar.n = number - 1
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

    def where(self, index: int | None = None) -> str:
        """The cell of that index in the executed notebook, by default the last one that began."""
        number, cell = self.cells[self.index if index is None else index]
        under = f", under “{self.heading}”" if self.heading else ""
        first = next(iter(cell.source.strip().splitlines()), "")
        return f"{self.stem} stopped at cell {number} of {self.total}{under}:\n    {first}"


class _WatchedEngine(NBClientEngine):
    """papermill's own engine, which also says which cell begins."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, *, steps: Steps, **options: Any
    ) -> Any:
        mark_start = nb_man.cell_start

        def cell_start(cell: NotebookNode, cell_index: int, **more: Any) -> Any:
            steps.begin(cell_index)
            return mark_start(cell, cell_index, **more)

        nb_man.cell_start = cell_start
        return super().execute_managed_notebook(nb_man, kernel_name, **options)


papermill_engines.register(ENGINE, _WatchedEngine)
