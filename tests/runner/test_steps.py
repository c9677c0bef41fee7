import io
import sys

import pytest
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
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
    return load_notebook_node(str(file))


def terminal(monkeypatch) -> Terminal:
    """Called within a test: pytest puts its own stderr in place after the fixtures."""
    monkeypatch.setattr(sys, "stderr", Terminal())
    return sys.stderr


def run(notebook, bar=True, cells=None):
    steps = Steps("01_x", len(notebook.cells), bar)
    for index, cell in enumerate(notebook.cells[:cells]):
        steps.begin(cell, index)
    return steps


@pytest.mark.parametrize("given", [True, False])
def test_cells_count_as_in_the_file_though_papermill_adds_one(notebook, given):
    executed = parameterize_notebook(notebook, {"study": "b"}) if given else notebook
    assert len(executed.cells) == 5 + given
    steps = run(executed, cells=3 + given)
    steps.total = 5
    assert steps.where() == "01_x stopped at cell 3 of 5, under “Load”:\n    a = 1"
    assert steps.where(2).endswith("\n    b = 2")
    steps.begin(executed.cells[3 + given], 4)
    steps.begin(executed.cells[4 + given], 5)
    assert steps.where() == "01_x stopped at cell 5 of 5, under “Draw”:\n    "


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


def test_notebooks_side_by_side_get_lines_in_a_terminal_too(notebook, monkeypatch):
    stderr = terminal(monkeypatch)
    run(notebook, bar=False).write(f"{MARK}EmoNet: 40 %\nsome other output\n")
    assert stderr.getvalue().splitlines() == [
        "01_x  2/5  Load",
        "01_x  4/5  Draw",
        f"01_x  {MARK}EmoNet: 40 %",
    ]
