import json
import sys

import nbformat
import papermill
import pytest
from tiny_notebooks import write_notebook

from emocam_utils import paths
from emocam_utils.progress import MARK
from emocam_utils.runner.execute import main


class Run:
    """Runs notebooks in a folder of their own, as the command line does."""

    def __init__(self, folder, capsys):
        self.folder, self.out, self.capsys = folder, folder / "out", capsys

    def __call__(self, name, *cells, options=(), **notebook):
        self.file = write_notebook(self.folder / f"{name}.ipynb", *cells, **notebook)
        self.status = main([str(self.file), "--out", str(self.out), *options])
        self.text, self.error = self.capsys.readouterr()
        return self

    @property
    def files(self):
        return sorted(file.name for file in self.out.iterdir()) if self.out.exists() else []

    def executed(self, name):
        return nbformat.read(self.out / name, as_version=4)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(paths, "FIGURES", tmp_path / "figures")
    monkeypatch.setenv("EMOCAM_FIGURES", str(tmp_path / "figures"))
    for name in ("EMOCAM_VARIANT", "EMOCAM_HEADLESS", "JUPYTER_PREFER_ENV_PATH"):
        monkeypatch.setenv(name, "")  # `main` sets them, and the test puts them back
    return Run(tmp_path, capsys)


def printed(notebook):
    texts = (out.get("text", "") for cell in notebook.cells for out in cell.get("outputs", []))
    return "".join(texts).splitlines()


def test_a_run_to_the_end(run):
    run(
        "01_detection",
        "# Which objects?",
        "import os, sys\nprint(sys.executable)",
        "print(os.getcwd())",
        "print(study, os.environ['EMOCAM_HEADLESS'], os.environ['MPLBACKEND'][:9])",
        options=["-p", "study", "folder-demo", "-p", "images", str(run.folder)],
        parameters="study = 'tiny'\nimages = ''",
        figures=("fig1", "fig5"),
    )
    assert run.status == 0 and "01_detection: 2 figures in " in run.text
    assert run.files == ["01_detection.html", "01_detection.ipynb", "01_detection.run.json"]
    # the environment's own kernel, whatever the notebook's metadata name; the repository as folder
    assert printed(run.executed("01_detection.ipynb")) == [
        sys.executable,
        str(paths.ROOT),
        "folder-demo 1 module://",
    ]
    assert "Which objects?" in (run.out / "01_detection.html").read_text()
    assert "01_detection  2/6  Which objects?" in run.error
    record = json.loads((run.out / "01_detection.run.json").read_text())
    (folder,) = (run.folder / "figures").glob("folder-*")  # of these photographs
    figures = [f"../figures/{folder.name}/{f}" for f in ("fig1", "fig5")]
    files = [f"{figure}.{e}" for figure in figures for e in ("png", "csv", "json")]
    assert record["products"] == ["01_detection.html", "01_detection.ipynb", *files]
    assert all((run.out / product).exists() for product in record["products"])
    assert {"the notebook", "the study", str(run.folder)} <= record["inputs"].keys()


def test_a_failing_cell_leaves_no_product_and_is_named(run):
    run.out.mkdir()
    for extension in ("ipynb", "html", "run.json"):
        (run.out / f"02_x.{extension}").write_text("of an earlier run")
    cells = [
        "# Load",
        "kept = 1; print('had run')",
        "# Divide\nby nothing",
        "print(1)\nx = kept / 0\nprint(1)",
    ]
    run("02_x", *cells, "print(2)", options=["-p", "study", "emoscenes"])
    assert run.status == 1 and run.text == ""
    assert run.files == ["02_x.failed.html", "02_x.failed.ipynb"]
    assert "had run" in printed(run.executed("02_x.failed.ipynb"))[0]
    assert "ZeroDivisionError" in (run.out / "02_x.failed.html").read_text()
    report = run.error[run.error.index("02_x stopped") :].splitlines()
    assert report == [
        "02_x stopped at cell 5 of 6, under “Divide”:",
        "    x = kept / 0",
        "ZeroDivisionError: division by zero",
        f"Read what had run in {run.out}/02_x.failed.html or .ipynb; it made no product.",
    ]


def test_the_cell_is_named_rightly_without_parameters_given(run):
    run("02_x", "1", "\ndef fail():\n    raise ValueError('one\\ntwo')\nfail()")
    assert "stopped at cell 3 of 3:\n    fail()\n" in run.error
    assert "ValueError: one\ntwo\nRead" in run.error


@pytest.mark.parametrize(
    ("cells", "options", "message"),
    [
        (["import sys; sys.exit(0)", "1"], [], "SystemExit: it ended the notebook early"),
        (["import os; os.kill(os.getpid(), 9)"], [], "kernel died, most probably because memory"),
        (["import time; time.sleep(60)"], ["--timeout", "3"], "cell took longer than 3 s"),
    ],
    ids=["sys.exit(0)", "killed", "too slow"],
)
def test_other_ways_of_not_reaching_the_end(run, cells, options, message):
    run("03_x", *cells, options=options)
    assert run.status == 1
    assert run.files == ["03_x.failed.html", "03_x.failed.ipynb"]
    assert f"03_x stopped at cell 2 of {len(cells) + 1}:\n    {cells[0]}\n" in run.error
    assert message in run.error


@pytest.mark.parametrize(
    ("options", "notebook", "message"),
    [
        (["-p", "studdy", "x"], {}, "unknown parameter studdy; did you mean study? Allowed: study"),
        (["-p", "n", "x"], {"parameters": "n = 3"}, "n must be an int such as 3, not 'x'"),
        ([], {"parameters": "n = 3"}, "01_x does not set `study`"),
        (["-p", "study", "tinny"], {}, "study 'tinny' is missing"),
        ([], {"parameters": None}, "0 cells tagged 'parameters'"),
    ],
    ids=["misspelt", "type", "no study", "unknown study", "no tag"],
)
def test_nothing_starts_with_wrong_parameters(run, monkeypatch, options, notebook, message):
    monkeypatch.setattr(papermill, "execute_notebook", lambda *_, **__: pytest.fail("started"))
    run.out.mkdir()
    (run.out / "01_x.ipynb").write_text("of an earlier run")
    run("01_x", "1", options=options, **notebook)
    assert run.status == 2 and message in run.error
    assert run.files == ["01_x.ipynb"]  # nothing ran, so what there was is still true


def test_a_notebook_that_is_not_there(tmp_path, capsys):
    assert main([str(tmp_path / "9.ipynb"), "--out", str(tmp_path)]) == 2
    assert f"the notebook {tmp_path}/9.ipynb is not there" in capsys.readouterr().err


def test_a_kernel_is_started_again_and_success_removes_what_a_failure_had_left(run, monkeypatch):
    papermill_run, failures = papermill.execute_notebook, [RuntimeError("Address in use")] * 2

    def clash_twice(*names, **options):
        if failures:
            raise failures.pop()
        return papermill_run(*names, **options)

    monkeypatch.setattr(papermill, "execute_notebook", clash_twice)
    run = Run(run.folder / "my {study} é", run.capsys)  # papermill fills braces in names
    run.out.mkdir(parents=True)
    for name in ("01_x.failed.html", "01_x.failed.ipynb", ".01_x.running.ipynb"):
        (run.out / name).write_text("{}")
    assert run("01_x", "1", options=["-p", "study", "emoscenes"]).status == 0
    assert run.files == ["01_x.html", "01_x.ipynb", "01_x.run.json"]


def test_the_start_of_a_kernel_is_not_tried_for_ever(run, monkeypatch):
    def clash(*_, **__):
        raise RuntimeError("Address in use")

    monkeypatch.setattr(papermill, "execute_notebook", clash)
    run.out.mkdir()
    for name in ("01_x.html", "01_x.ipynb", "01_x.run.json"):
        (run.out / name).write_text("of an earlier run")
    assert run("01_x", "1").status == 1
    assert len(run.files) == 3  # no cell ran, so what there was is still true
    assert run.error == "the kernel of 01_x did not start in 3 attempts: Address in use\n"


def test_a_cell_that_began_is_never_run_twice(run, monkeypatch):
    calls = []

    def breaks_midway(*_, on_cell_start, **__):
        calls.append(1)
        for index, cell in enumerate(nbformat.read(run.file, as_version=4).cells):
            on_cell_start(cell, index)
        raise RuntimeError("lost the connection")

    monkeypatch.setattr(papermill, "execute_notebook", breaks_midway)
    run("01_x", "first()")
    assert run.status == 1 and calls == [1]
    assert "01_x stopped at cell 2 of 2:\n    first()\nRuntimeError: lost the conn" in run.error


def test_only_figures_of_this_run_are_products(run):
    folder = paths.FIGURES / "tiny"
    folder.mkdir(parents=True)
    texts = dict.fromkeys(("title", "caption", "study", "corpus", "network", "n"), "")
    for name, notebook in (("renamed", "01_x"), ("other", "02_y"), ("kept", "01_x")):
        record = {**texts, "name": name, "notebook": notebook, "hashes": {}}
        (folder / f"{name}.json").write_text(json.dumps(record))
    run("01_x", figures=("kept",))
    assert "1 figure in " in run.text
    products = json.loads((run.out / "01_x.run.json").read_text())["products"]
    assert products[2:] == [f"../figures/tiny/kept.{e}" for e in ("png", "csv", "json")]


def test_other_parameters_are_an_experiment_with_a_folder_of_its_own(run):
    run("01_x", options=["-p", "top", "5"], parameters="study = 'tiny'\ntop = 9", figures=("a",))
    assert (paths.FIGURES / "tiny-top-5" / "a.png").exists()
    assert not (paths.FIGURES / "tiny").exists()


def test_an_interrupted_run_says_so_and_runs_again(run, monkeypatch):
    def interrupt(*_, on_cell_start, **__):
        on_cell_start(nbformat.read(run.file, as_version=4).cells[0], 0)
        raise KeyboardInterrupt

    monkeypatch.setattr(papermill, "execute_notebook", interrupt)
    run.out.mkdir()
    for name in ("01_x.html", "01_x.ipynb", "01_x.run.json"):
        (run.out / name).write_text("of an earlier run")
    assert run("01_x", "1").status == 130
    assert run.error == "01_x: interrupted, and made no product\n"
    assert run.files == ["01_x.html", "01_x.ipynb"]  # figures may be of either run


def test_long_work_is_passed_on_while_it_runs_and_then_dropped(run, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(paths.ROOT))
    cell = (
        "import emocam_utils.progress as p\np.QUIET_SECONDS = 0\n"
        "for _ in p.progress(range(3), label='EmoNet'): pass"
    )
    run("01_x", cell)
    assert f"01_x  {MARK}EmoNet: 33 % of 3" in run.error
    assert printed(run.executed("01_x.ipynb")) == ["EmoNet: 3 in 0 s"]
