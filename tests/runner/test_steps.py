import io
import sys

import nbformat
import pytest
from tiny_notebooks import write_notebook

from emocam_utils.progress import MARK
from emocam_utils.runner.steps import Steps


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def notebook(tmp_path):
    file = write_notebook(
        tmp_path / "01_x.ipynb", "## Load\nall of it", "a = 1\nb = 2", "# Draw", ""
    )
    return nbformat.read(file, as_version=4)


def terminal(monkeypatch, makeflags="") -> Terminal:
    """Called within a test: pytest puts its own stderr in place after the fixtures."""
    monkeypatch.setenv("MAKEFLAGS", makeflags)
    monkeypatch.setattr(sys, "stderr", Terminal())
    return sys.stderr


def run(notebook, given=True):
    steps = Steps("01_x", notebook, given)
    for index in range(len(notebook.cells) + given):
        steps.begin(index)
    return steps


@pytest.mark.parametrize("given", [True, False])
def test_cells_count_as_in_the_file_though_papermill_adds_one(notebook, given):
    steps = run(notebook, given)
    assert steps.where(0).startswith("01_x stopped at cell 1 of 5")
    assert steps.where(2 + given).splitlines() == [
        "01_x stopped at cell 3 of 5, under “Draw”:",
        "    a = 1",
    ]
    assert steps.where().splitlines() == ["01_x stopped at cell 5 of 5, under “Draw”:", "    "]


def test_a_terminal_gets_one_bar_with_the_heading_and_the_progress_of_the_cell(
    notebook, monkeypatch
):
    stderr = terminal(monkeypatch)
    steps = run(notebook)
    steps.write(f"{MARK}EmoNet: 40 %\nsome other output\n")
    shown = stderr.getvalue().split("\r")
    assert "1/5  01_x  Load" in "".join(shown) and "4/5  01_x  Draw" in "".join(shown)
    assert f"4/5  01_x  {MARK}EmoNet: 40 %" in shown[-1]
    assert "\n" not in stderr.getvalue() and "other output" not in stderr.getvalue()
    steps.close()
    assert stderr.getvalue().split("\r")[-2].strip() == ""  # the bar is wiped out


def test_a_parallel_make_gets_lines_in_a_terminal_too(notebook, monkeypatch):
    stderr = terminal(monkeypatch, " -j2 --jobserver-auth=3,4")
    run(notebook).write(f"{MARK}EmoNet: 40 %\nsome other output\n")
    assert stderr.getvalue().splitlines() == [
        "01_x  2/5  Load",
        "01_x  4/5  Draw",
        f"01_x  {MARK}EmoNet: 40 %",
    ]
