"""Run a notebook of a study with papermill, so that a product exists only if every cell ran.

    python -m emocam_utils.runner.execute notebooks/01_detection.ipynb --out DIR -p study tiny

On success DIR holds
    01_detection.ipynb      the executed notebook, dated at the start of the run: whatever was
                            edited while it ran is newer, and `make` runs it again
    01_detection.html       the same to read, without a network
    01_detection.products   the files of this run, one a line, relative to DIR
On failure it holds none of these, but 01_detection.failed.ipynb and .html with what had run. The
exit status is 1 for a failed run, and 2 for parameters with which nothing was started.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import papermill
import zmq
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from .. import paths
from ..progress import duration
from .gallery import Record, RecordError, read_records
from .offline import to_html, without_progress, without_widgets
from .parameters import ParameterError, default_parameters, parse_parameters
from .steps import ENGINE, Steps

KERNEL = "python3"
START_SECONDS = 120  # a kernel on a busy machine
START_ATTEMPTS = 3  # kernels that start side by side clash on a port now and then
START_ERRORS = (RuntimeError, TimeoutError, zmq.ZMQError)


class NotebookFailed(Exception):
    """A notebook that did not run to its end; the message says where and why."""


def execute(
    notebook: Path, out: Path, given: list[tuple[str, str]], timeout: int | None = None
) -> list[Record]:
    """Run a notebook, write its products to the folder `out`, and return the figures it saved.

    given   : parameters as (name, text)
    timeout : seconds that one cell may take; None for any time
    Errors  : ParameterError and RecordError before anything runs; NotebookFailed
    """
    if not notebook.is_file():
        raise ParameterError(f"there is no notebook {notebook}")
    notebook, out, stem = notebook.absolute(), out.absolute(), notebook.stem
    source = nbformat.read(notebook, as_version=4)
    defaults = default_parameters(source, stem)
    parameters = parse_parameters(given, defaults, stem)
    study = str({**defaults, **parameters}.get("study", ""))
    began, before = time.time_ns(), _written(study, stem)
    out.mkdir(parents=True, exist_ok=True)
    running = out / f".{stem}.running.ipynb"
    running.unlink(missing_ok=True)
    steps = Steps(stem, source, given=bool(parameters))
    try:
        _run(notebook, running, parameters, timeout, steps)
    except NotebookFailed as failure:
        raise NotebookFailed(f"{failure}{_keep_for_reading(running, notebook)}") from None
    finally:
        steps.close()
    executed = without_progress(without_widgets(nbformat.read(running, as_version=4)))
    figures = [record for record, date in _written(study, stem) if (record, date) not in before]
    _publish(executed, running, notebook, figures)
    os.utime(running, ns=(began, began))
    running.replace(out / f"{stem}.ipynb")  # last: its presence says that everything is there
    return figures


def _run(
    notebook: Path, running: Path, parameters: dict, timeout: int | None, steps: Steps
) -> None:
    """papermill, with every way of not reaching the end told apart."""
    # papermill fills braces in file names with parameters
    names = [str(path).replace("{", "{{").replace("}", "}}") for path in (notebook, running)]
    for attempt in range(1, START_ATTEMPTS + 1):
        try:
            with _kernel_environment():
                executed = papermill.execute_notebook(
                    *names,
                    parameters,
                    engine_name=ENGINE,
                    kernel_name=KERNEL,
                    progress_bar=False,
                    extra_arguments=["--log-level=CRITICAL"],  # no word on unencrypted ports
                    start_timeout=START_SECONDS,
                    execution_timeout=timeout,
                    stdout_file=steps,
                    cwd=paths.ROOT,
                    steps=steps,
                )
            return _require_end(executed, steps)
        except papermill.PapermillExecutionError as error:
            where = steps.where(error.cell_index)
            raise NotebookFailed(f"{where}\n{error.ename}: {error.evalue}") from None
        except CellTimeoutError:
            why = f"Timeout: the cell took longer than {timeout} s"
            raise NotebookFailed(f"{steps.where()}\n{why}") from None
        except DeadKernelError:
            why = "The kernel died, most probably because memory ran out: close other programs"
            raise NotebookFailed(f"{steps.where()}\n{why}") from None
        except NoSuchKernel:
            raise NotebookFailed(f"there is no Jupyter kernel {KERNEL}: make env") from None
        except START_ERRORS as error:
            if steps.index is not None:
                raise NotebookFailed(f"{steps.where()}\n{type(error).__name__}: {error}") from error
            if attempt == START_ATTEMPTS:
                why = f"did not start in {attempt} attempts: {error}"
                raise NotebookFailed(f"the kernel of {steps.stem} {why}") from error


def _require_end(executed: NotebookNode, steps: Steps) -> None:
    """papermill takes `sys.exit(0)` in a cell for success, and the cells after it do not run."""
    for index, cell in enumerate(executed.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        ended = any(output.get("ename") == "SystemExit" for output in cell.outputs)
        if ended or cell.execution_count is None:
            why = "SystemExit: it ended the notebook early" if ended else "It did not run"
            raise NotebookFailed(f"{steps.where(index)}\n{why}")


@contextlib.contextmanager
def _kernel_environment() -> Iterator[None]:
    """What kernels started in this block inherit; afterwards the environment is as before."""
    wanted = {
        "EMOCAM_HEADLESS": "1",
        "JUPYTER_PREFER_ENV_PATH": "1",  # python3 is this environment's, not another of that name
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _publish(executed: NotebookNode, running: Path, notebook: Path, figures: list[Record]) -> None:
    """Everything but the executed notebook's final name."""
    out, stem = running.parent, notebook.stem
    (out / f"{stem}.html").write_text(to_html(executed, stem, notebook.parent), encoding="utf-8")
    files = [os.path.relpath(file, out) for figure in figures for file in figure.files]
    lines = [f"{stem}.html", *files]
    (out / f"{stem}.products").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for extension in ("failed.ipynb", "failed.html"):
        (out / f"{stem}.{extension}").unlink(missing_ok=True)
    nbformat.write(executed, running)


def _keep_for_reading(running: Path, notebook: Path) -> str:
    """Withdraw the products of an earlier run, and keep what this one had executed.

    returns : a line that says where to read it, if there is anything
    """
    out, stem = running.parent, notebook.stem
    for extension in ("ipynb", "html", "products", "failed.ipynb", "failed.html"):
        (out / f"{stem}.{extension}").unlink(missing_ok=True)
    if not running.exists():
        return ""
    page = out / f"{stem}.failed.html"
    executed = without_widgets(nbformat.read(running, as_version=4))
    page.write_text(to_html(executed, stem, notebook.parent), encoding="utf-8")
    nbformat.write(executed, running)
    running.replace(out / f"{stem}.failed.ipynb")
    shown = page.relative_to(Path.cwd()) if page.is_relative_to(Path.cwd()) else page
    return f"\nRead what had run in {shown} or .ipynb; it made no product."


def _written(study: str, stem: str) -> list[tuple[Record, int]]:
    """The records of this notebook's figures, each with the time it was written (ns)."""
    return [
        (record, (record.folder / f"{record.name}.json").stat().st_mtime_ns)
        for record in (read_records(paths.FIGURES / study) if study else [])
        if record.notebook == stem
    ]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="execute", description="Run a notebook of a study.")
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder of the products")
    parser.add_argument("--timeout", type=int, help="seconds that one cell may take")
    parser.add_argument(
        "-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help="a parameter"
    )
    options = parser.parse_args(arguments)
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # failures are reported below
    start = time.monotonic()
    try:
        given = [tuple(pair) for pair in options.p]
        figures = execute(options.notebook, options.out, given, options.timeout)
    except (ParameterError, RecordError, NotebookFailed) as error:
        print(error, file=sys.stderr)
        return 1 if isinstance(error, NotebookFailed) else 2
    except KeyboardInterrupt:
        print(f"{options.notebook.stem}: interrupted, and made no product", file=sys.stderr)
        return 130
    page = options.out / f"{options.notebook.stem}.html"
    made = f"{len(figures)} figure{'s' * (len(figures) != 1)}"
    took = duration(time.monotonic() - start)
    print(f"{options.notebook.stem}: {made} in {took}, {page}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
