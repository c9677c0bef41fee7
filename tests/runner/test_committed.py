"""A notebook that somebody ran is, to git, the one that was committed."""

import asyncio
import json
import subprocess
import sys

import nbformat
import pytest
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from nbformat.v4 import new_output
from tiny_notebooks import REPOSITORY, write_notebook
from traitlets.config import Config

from emocam_utils import paths
from emocam_utils.runner.committed import after_save, committed, install, main

SCRIPT = REPOSITORY / "emocam_utils/runner/committed.py"


def ran(file):
    """What JupyterLab saves after a run: outputs, counts, widgets, its own marks."""
    notebook = nbformat.read(file, as_version=4)
    for number, cell in enumerate(notebook.cells):
        cell.metadata["collapsed"] = True
        if cell.cell_type == "code":
            cell.execution_count = number
            cell.metadata["execution"] = {"iopub.status.idle": "2026-01-01"}
            cell.outputs = [new_output("stream", name="stdout", text="é\n")]
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    notebook.metadata["kernelspec"]["display_name"] = "Python 3 (ipykernel)"
    notebook.metadata["language_info"] = {"name": "python", "version": "3.11.7"}
    nbformat.write(notebook, file)


@pytest.fixture
def clone(tmp_path, monkeypatch):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        command = ["git", *identity, *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)

    file = write_notebook(tmp_path / "notebooks/01_x.ipynb", "# Why? é", "print(1)\nprint(2)")
    main([str(file)])
    for name in (".gitattributes", ".gitignore"):
        (tmp_path / name).write_bytes((REPOSITORY / name).read_bytes())
    (tmp_path / "emocam_utils/runner").mkdir(parents=True)
    script = tmp_path / "emocam_utils/runner/committed.py"
    script.write_bytes(SCRIPT.read_bytes())
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    monkeypatch.setattr("emocam_utils.runner.committed.__file__", str(script))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".git"))  # where Jupyter's hook goes
    install()
    return file, git


def test_a_run_in_jupyterlab_leaves_git_clean(clone):
    file, git = clone
    for _ in range(2):
        ran(file)
        after_save(model={}, os_path=str(file), contents_manager=None)
        assert git("status", "--porcelain").stdout == git("diff").stdout == ""
    assert "é" in file.read_text() and "outputs" in file.read_text()


def test_jupyter_runs_the_hook_after_each_save(clone):
    """In the server that `make lab` starts, with the settings that `make env` wrote."""
    file, git = clone
    settings = (file.parents[1] / ".git").glob("etc/jupyter/jupyter_server_config.d/*.json")
    manager = AsyncLargeFileManager(
        config=Config(json.loads(next(settings).read_text())), root_dir=str(file.parents[1])
    )
    ran(file)
    model = asyncio.run(manager.get("notebooks/01_x.ipynb"))
    asyncio.run(manager.save(model, "notebooks/01_x.ipynb"))
    assert git("status", "--porcelain").stdout == ""


def test_an_edit_is_all_that_git_sees(clone):
    file, git = clone
    ran(file)
    file.write_text(file.read_text().replace("print(2)", "print(3)"))
    after_save(model={}, os_path=str(file), contents_manager=None)
    assert git("status", "--porcelain").stdout == " M notebooks/01_x.ipynb\n"
    changed = [line for line in git("diff", "-U0").stdout.splitlines() if line[:1] in "+-"]
    assert changed[2:] == ['-    "print(2)"', '+    "print(3)"']
    git("add", ".")
    git("commit", "-qm", "second")
    assert "é\\n" not in git("show", "HEAD:notebooks/01_x.ipynb").stdout


def test_a_notebook_that_is_not_tracked_stays_so(clone):
    file, git = clone
    new = write_notebook(file.with_name("mine.ipynb"), "1")
    after_save(model={}, os_path=str(new), contents_manager=None)
    assert git("status", "--porcelain").stdout == "?? notebooks/mine.ipynb\n"


def test_without_the_environment_git_goes_on(clone):
    file, git = clone
    python = git("config", "filter.notebook.clean").stdout
    git("config", "filter.notebook.clean", python.replace(sys.executable, "/gone/python").strip())
    ran(file)
    assert git("status", "--porcelain").stdout == " M notebooks/01_x.ipynb\n"
    assert git("diff").stderr == ""


def test_tags_ids_and_attachments_stay(tmp_path):
    file = write_notebook(tmp_path / "n.ipynb", "# Look: ![a](attachment:a.png)")
    notebook = nbformat.read(file, as_version=4)
    notebook.cells[1]["attachments"] = {"a.png": {"image/png": "AAAA"}}
    kept = nbformat.reads(committed(nbformat.writes(notebook)), as_version=4)
    assert kept.cells == notebook.cells
    nbformat.validate(kept)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}', "<<<<<<< HEAD\n{"])
def test_what_is_no_notebook_is_left_alone(text):
    assert committed(text) == text


@pytest.mark.parametrize("file", sorted(paths.NOTEBOOKS.glob("*.ipynb")), ids=lambda f: f.name)
def test_the_notebooks_of_this_repository_are_as_they_are_committed(file):
    """Or git would show them as changed. `python -m emocam_utils.runner.committed` mends it."""
    text = file.read_text(encoding="utf-8")
    tidy = committed(text)
    assert json.loads(tidy)["cells"] and committed(tidy) == tidy
    index = subprocess.run(
        ["git", "show", f":notebooks/{file.name}"], cwd=paths.ROOT, capture_output=True, text=True
    )
    if not index.returncode:  # in a clone what is tracked counts, whoever works in JupyterLab
        assert index.stdout == committed(index.stdout)
