import os
import subprocess
import sys
from pathlib import Path

from emocam_utils import paths

REPOSITORY = Path(__file__).resolve().parents[1]


def in_new_process(expression: str, cwd: Path, **environment: str) -> str:
    keep = {k: v for k, v in os.environ.items() if not k.startswith("EMOCAM_")}
    code = f"from emocam_utils import paths; print({expression})"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={**keep, "PYTHONPATH": str(REPOSITORY), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.strip()


def test_paths_do_not_depend_on_the_working_directory(tmp_path):
    assert in_new_process("paths.RESULTS", tmp_path) == f"{REPOSITORY}/data/results"
    assert in_new_process("paths.FIGURES", tmp_path) == f"{REPOSITORY}/figures"
    assert in_new_process("paths.NOTEBOOKS", tmp_path) == f"{REPOSITORY}/notebooks"


def test_results_and_figures_can_be_moved_and_nothing_else(tmp_path):
    moved = {"EMOCAM_RESULTS": f"{tmp_path}/r", "EMOCAM_FIGURES": "build/f"}
    assert in_new_process("paths.RESULTS", tmp_path, **moved) == f"{tmp_path}/r"
    # a relative one is taken from the repository: JupyterLab runs in notebooks/
    assert in_new_process("paths.FIGURES", tmp_path, **moved) == f"{REPOSITORY}/build/f"
    assert in_new_process("paths.RAW", tmp_path, **moved) == f"{REPOSITORY}/data/raw"


def test_an_empty_variable_means_the_default(tmp_path):
    assert in_new_process("paths.RESULTS", tmp_path, EMOCAM_RESULTS="").endswith("/data/results")


def test_tests_write_outside_of_the_repository():
    assert not paths.RESULTS.is_relative_to(REPOSITORY)
    assert not paths.FIGURES.is_relative_to(REPOSITORY)
