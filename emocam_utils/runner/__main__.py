"""Make sections of a study: run those notebooks whose products are not current, then the gallery.

    python -m emocam_utils.runner paper --study emoscenes
    python -m emocam_utils.runner association paste --study photos --images ~/photos -p top 5

`make` calls it. What is wrong with the parameters or the study is found before the first notebook
starts. One that fails does not keep the others from running, but for 01, whose results they read.
Parameters that are not the study's are an experiment, whose products lie in a folder of their own.
The exit status is 1 if a notebook failed, 2 if nothing was started, and 130 if interrupted.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .. import paths
from ..study import Study, StudyError, load_study, product_name
from .current import DIGESTS, RECORD, Digests, changes, inputs
from .explorer_page.made import make_page, why_page
from .gallery import RecordError, write_gallery
from .notebooks import NotebookError, of_sections, read_cells
from .parameters import ParameterError, changed, default_parameters, parse_parameters


@dataclass(frozen=True)
class Run:
    """A notebook to run, with its parameters as (name, text), and why; "" if it is current."""

    notebook: Path
    given: list[tuple[str, str]]
    why: str


def plan(
    sections: Sequence[str], name: str, images: str, given: list[tuple[str, str]]
) -> tuple[Study, list[Run]]:
    """The study with the folder of its figures as `variant`, and what would run, in order.

    Errors: NotebookError, ParameterError, StudyError, SyntaxError
    """
    if images and not (folder := Path(images).expanduser().absolute()).is_dir():
        raise ParameterError(f"IMAGES is not a folder: {folder}")
    study = load_study(name, images=images, variant="")
    notebooks = of_sections(sections, study.corpus.kind, study.sections)
    defaults = {n: default_parameters(read_cells(n), n.stem) for n in notebooks}
    asked = notebooks[0].stem if len(notebooks) == 1 else ", ".join(sections)
    union = {key: value for some in defaults.values() for key, value in some.items()}
    fixed = [("study", name), *([("images", str(study.corpus.path))] if images else [])]
    parameters = parse_parameters([*fixed, *given], union, asked)
    if "preset" in parameters:
        study.preset(parameters["preset"])  # its error; a notebook would find it minutes later
    experiment = changed(parameters, union, study)
    study = study.model_copy(update={"variant": product_name(name, images, experiment)})
    digests, runs = Digests(paths.FIGURES / DIGESTS), []
    for notebook in notebooks:
        own = [(key, text) for key, text in (*fixed, *given) if key in defaults[notebook]]
        values = defaults[notebook] | parse_parameters(own, defaults[notebook], notebook.stem)
        record = study.figures / "notebooks" / f"{notebook.stem}{RECORD}"
        runs.append(Run(notebook, own, changes(record, inputs(notebook, study, values, digests))))
    digests.save()
    return study, runs


def run(study: Study, runs: list[Run], jobs: int = 1, timeout: int | None = None) -> list[str]:
    """Run notebooks, each in a process of its own, and return those that failed or did not start.

    01 computes boxes, predictions and maps, which the later notebooks read: they wait for it, so
    that notebooks side by side do not compute these twice, and do not run if it failed.
    """
    out = study.figures / "notebooks"

    def one(wanted: Run) -> int:
        print(f"{wanted.notebook.stem}: {wanted.why}", flush=True)
        command = [sys.executable, "-m", __package__, "execute", str(wanted.notebook)]
        command += ["--out", str(out), *(["--timeout", str(timeout)] if timeout else [])]
        command += ["--lines"] if jobs > 1 else []
        command += [text for pair in wanted.given for text in ("-p", *pair)]
        environment = {**os.environ, "EMOCAM_VARIANT": study.variant}
        return subprocess.run(command, env=environment, check=False).returncode

    first = [wanted for wanted in runs if wanted.notebook.stem[:3] in ("00_", "01_")]
    later = [wanted for wanted in runs if wanted not in first]
    with ThreadPoolExecutor(jobs) as pool:
        try:
            tasks = {wanted.notebook.stem: pool.submit(one, wanted) for wanted in first}
            if all(task.result() == 0 for stem, task in tasks.items() if stem[:3] == "01_"):
                tasks |= {wanted.notebook.stem: pool.submit(one, wanted) for wanted in later}
            ended = {stem: task.result() for stem, task in tasks.items()}
        except KeyboardInterrupt:  # the notebooks got it too, and say so
            pool.shutdown(cancel_futures=True)
            raise
    if 130 in ended.values():
        raise KeyboardInterrupt
    return [wanted.notebook.stem for wanted in runs if ended.get(wanted.notebook.stem) != 0]


def jobs_of(makeflags: str) -> int:
    """How many notebooks `make -j` asks for: 1 without it, every core without a number."""
    asked = re.search(r"(?:^|\s)(?:--jobs=?|-j)(\d*)(?:\s|$)", makeflags.split(" -- ")[0])
    return 1 if asked is None else int(asked[1] or os.cpu_count() or 1)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="emocam_utils.runner", description=__doc__.split("\n")[0])
    parser.add_argument("sections", nargs="+", help="paper, association, …")
    parser.add_argument("--study", default="emoscenes")
    parser.add_argument("--images", default="", help="a folder of photographs")
    parser.add_argument("--timeout", type=int, help="seconds that one cell may take")
    parser.add_argument("--jobs", type=int, default=jobs_of(os.environ.get("MAKEFLAGS", "")))
    parser.add_argument("--dry-run", action="store_true", help="say what would run, and why")
    parser.add_argument(
        "-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help="a parameter"
    )
    options = parser.parse_args(arguments)
    try:
        given = [tuple(pair) for pair in options.p]
        pages = "paper" in options.sections and not given  # an experiment has no page of its own
        study, runs = plan(options.sections, options.study, options.images, given)
        runs = [wanted for wanted in runs if wanted.why]
        checked = ["-m", "emocam_utils.study", study.base, "--images", options.images]
        if (
            runs
            and subprocess.run([sys.executable, *checked], stdout=subprocess.DEVNULL).returncode
        ):
            return 2
        if options.dry_run:
            shown = [f"would run {wanted.notebook.stem}: {wanted.why}" for wanted in runs]
            if why := pages and why_page(study):
                shown.append(f"would write explore.html: {why}")
            nothing = f"Nothing to do: all figures of {study.variant} are current"
            print("\n".join(shown) or nothing)
            return 0
        failed = run(study, runs, options.jobs, options.timeout) if runs else []
        if pages and not failed and not make_page(study, options.images):
            failed.append("explore.html")
        page = write_gallery(study.variant)
    except (NotebookError, ParameterError, StudyError, RecordError, SyntaxError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted: what is finished is kept, and the same again goes on", file=sys.stderr)
        return 130
    if failed:
        print(f"Not made: {', '.join(failed)}. The rest: {page}", file=sys.stderr)
        return 1
    print(f"{'All figures' if runs else 'Nothing to do: all figures'} of {study.variant}: {page}")
    return 0


if __name__ == "__main__":
    try:
        if sys.argv[1:2] == ["execute"]:  # what `run` starts; its imports take seconds
            from .execute import main as execute

            sys.exit(execute(sys.argv[2:]))
        sys.exit(main())
    except KeyboardInterrupt:
        print("interrupted before it began", file=sys.stderr)
        sys.exit(130)
    except OSError as error:  # e.g. a full disk
        print(f"{' '.join(sys.argv[1:2])}: {error}", file=sys.stderr)
        sys.exit(1)
