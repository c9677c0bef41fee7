"""Run a notebook of a study with papermill, so that a product exists only if every cell ran.

    python -m emocam_utils.runner.execute notebooks/01_detection.ipynb --out DIR -p study tiny

On success DIR holds
    01_detection.ipynb       the executed notebook
    01_detection.html        the same to read, without a network
    01_detection.run.json    what the run depended on when it began (see `current`), and the files
                             that it made, relative to DIR
On failure it holds none of these, but 01_detection.failed.ipynb and .html with what had run. The
exit status is 1 for a failed run, 2 for one that was not started (all is left as it was), and 130
for an interrupted one.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import papermill
import zmq
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from .. import paths
from ..progress import duration
from ..study import Study, StudyError, load_study, product_name
from .current import DIGESTS, RECORD, Digests, inputs, write_record
from .gallery import Record, RecordError, read_records
from .links import links_html
from .notebooks import NotebookError, read_cells, title
from .offline import finding, to_html, without_progress, without_widgets
from .parameters import ParameterError, changed, default_parameters, parse_parameters
from .steps import Steps

VARIANT = "EMOCAM_VARIANT"  # where `load_study` saves the figures of an experiment
START_SECONDS = 120  # a kernel on a busy machine
START_ATTEMPTS = 3  # kernels that start side by side clash on a port now and then
START_ERRORS = (RuntimeError, TimeoutError, zmq.ZMQError)
NOT_STARTED = (NotebookError, ParameterError, StudyError, RecordError, SyntaxError)


class NotebookFailed(Exception):
    """A notebook that did not run to its end; the message says where and why."""


def execute(
    notebook: Path,
    out: Path,
    given: list[tuple[str, str]],
    timeout: int | None = None,
    bar: bool = True,
) -> list[Record]:
    """Run a notebook, write its products to the folder `out`, and return the figures it saved.

    given   : parameters as (name, text)
    timeout : seconds that one cell may take; None for any time
    bar     : a bar on a terminal, in place of lines
    Errors  : those of NOT_STARTED before anything runs; NotebookFailed
    """
    cells, stem, out = read_cells(notebook), notebook.stem, out.absolute()
    defaults = default_parameters(cells, stem)
    parameters = parse_parameters(given, defaults, stem)
    study = _study(parameters, defaults, stem)
    digests = Digests(paths.FIGURES / DIGESTS)
    depends = inputs(notebook, study, {**defaults, **parameters}, digests)
    digests.save()
    before = _written(study, stem)
    out.mkdir(parents=True, exist_ok=True)
    running, record = out / f".{stem}.running.ipynb", out / f"{stem}{RECORD}"
    running.unlink(missing_ok=True)
    steps = Steps(stem, len(cells), bar)

    def begin(cell: NotebookNode, cell_index: int) -> None:
        record.unlink(missing_ok=True)  # from here on the figures may be of either run
        steps.begin(cell, cell_index)

    options = {"execution_timeout": timeout, "stdout_file": steps, "on_cell_start": begin}
    os.environ |= {
        "EMOCAM_HEADLESS": "1",
        VARIANT: study.variant,
        "JUPYTER_PREFER_ENV_PATH": "1",  # python3 is this environment's, not another of that name
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    try:
        executed = _run(notebook, running, parameters, steps, options)
    except NotebookFailed as failure:
        kept = _keep_for_reading(running, notebook) if steps.cell else ""
        raise NotebookFailed(f"{failure}{kept}") from None
    finally:
        steps.close()
    _forget(out, stem)
    _save(without_progress(executed), running, out / stem, notebook)
    made = [one for one in _written(study, stem) if one not in before]
    figures = [figure for figure, _ in sorted(made, key=lambda one: one[1])]  # as they were saved
    files = [os.path.relpath(file, out) for figure in figures for file in figure.files]
    products = [f"{stem}.html", f"{stem}.ipynb", *files]
    write_record(record, depends, products, finding(executed))  # last: all is there
    return figures


def _study(parameters: dict[str, Any], defaults: dict[str, Any], stem: str) -> Study:
    """The study that a notebook's parameters name, with the folder of its figures."""
    values = {**defaults, **parameters}
    if "study" not in values:
        raise ParameterError(f"the cell tagged 'parameters' of {stem} does not set `study`")
    name, images = values["study"], values.get("images") or ""
    study = load_study(name, images=images, variant=os.environ.get(VARIANT, ""))
    experiment = changed(parameters, defaults, study)
    variant = study.variant or product_name(name, images, experiment)
    return study.model_copy(update={"variant": variant})


def _run(
    notebook: Path, running: Path, parameters: dict, steps: Steps, options: dict
) -> NotebookNode:
    """papermill, with every way of not reaching the end told apart."""
    # papermill fills braces in file names with parameters
    names = [str(path).replace("{", "{{").replace("}", "}}") for path in (notebook, running)]
    for attempt in range(1, START_ATTEMPTS + 1):
        try:
            executed = papermill.execute_notebook(
                *names,
                parameters,
                kernel_name="python3",
                progress_bar=False,
                extra_arguments=["--log-level=CRITICAL"],  # no word on unencrypted ports
                start_timeout=START_SECONDS,
                cwd=paths.ROOT,
                **options,
            )
            if steps.number < steps.total:  # papermill takes `sys.exit(0)` in a cell for success
                raise NotebookFailed(f"{steps.where()}\nSystemExit: it ended the notebook early")
            return executed
        except papermill.PapermillExecutionError as error:
            where = steps.where(_failing_line(error.traceback))
            raise NotebookFailed(f"{where}\n{error.ename}: {error.evalue}") from None
        except CellTimeoutError:
            why = f"Timeout: the cell took longer than {options['execution_timeout']} s"
            raise NotebookFailed(f"{steps.where()}\n{why}") from None
        except DeadKernelError:
            why = "The kernel died, most probably because memory ran out: close other programs"
            raise NotebookFailed(f"{steps.where()}\n{why}") from None
        except NoSuchKernel:
            raise NotebookFailed("there is no Jupyter kernel python3: make env") from None
        except START_ERRORS as error:
            if steps.cell:
                raise NotebookFailed(f"{steps.where()}\n{type(error).__name__}: {error}") from error
            if attempt == START_ATTEMPTS:
                why = f"did not start in {attempt} attempts: {error}"
                raise NotebookFailed(f"the kernel of {steps.stem} {why}") from error
    raise AssertionError


def _failing_line(traceback: list[str]) -> int:
    """The line of the cell, from 1, at which IPython says that it failed."""
    plain = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(traceback))
    found = re.search(r"Cell In\[\d+\], line (\d+)", plain)
    return int(found[1]) if found else 1


def _save(executed: NotebookNode, running: Path, name: Path, notebook: Path) -> None:
    """An executed notebook and its page, as name.ipynb and name.html."""
    executed = without_widgets(executed)
    stem = notebook.stem
    page = to_html(
        executed, f"{title(stem)} · EmoCAM", notebook.absolute().parent, links_html(stem)
    )
    name.with_name(f"{name.name}.html").write_text(page, encoding="utf-8")
    nbformat.write(executed, running)
    running.replace(name.with_name(f"{name.name}.ipynb"))


def _forget(out: Path, stem: str) -> None:
    for extension in ("ipynb", "html", "failed.ipynb", "failed.html"):
        (out / f"{stem}.{extension}").unlink(missing_ok=True)


def _keep_for_reading(running: Path, notebook: Path) -> str:
    """Withdraw the products of an earlier run, keep what this one had executed, and say where."""
    out, name = running.parent, f"{notebook.stem}.failed"
    _forget(out, notebook.stem)
    if not running.exists():
        return ""
    _save(nbformat.read(running, as_version=4), running, out / name, notebook)
    shown = out.relative_to(Path.cwd()) if out.is_relative_to(Path.cwd()) else out
    return f"\nRead what had run in {shown / name}.html or .ipynb; it made no product."


def _written(study: Study, stem: str) -> list[tuple[Record, int]]:
    """The records of this notebook's figures, each with the time it was written (ns)."""
    return [
        (record, (record.folder / f"{record.name}.json").stat().st_mtime_ns)
        for record in read_records(study.figures)
        if record.notebook == stem
    ]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="execute", description="Run a notebook of a study.")
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder of the products")
    parser.add_argument("--timeout", type=int, help="seconds that one cell may take")
    parser.add_argument("--lines", action="store_true", help="lines on a terminal, not a bar")
    parser.add_argument("-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"))
    asked = parser.parse_args(arguments)
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # failures are reported below
    start, stem = time.monotonic(), asked.notebook.stem
    try:
        given = [tuple(pair) for pair in asked.p]
        figures = execute(asked.notebook, asked.out, given, asked.timeout, not asked.lines)
    except (*NOT_STARTED, NotebookFailed) as error:
        print(error, file=sys.stderr)
        return 1 if isinstance(error, NotebookFailed) else 2
    except KeyboardInterrupt:
        print(f"{stem}: interrupted, and made no product", file=sys.stderr)
        return 130
    made = f"{len(figures)} figure{'s' * (len(figures) != 1)}"
    took = duration(time.monotonic() - start)
    print(f"{stem}: {made} in {took}, {asked.out / f'{stem}.html'}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
