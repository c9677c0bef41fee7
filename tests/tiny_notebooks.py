"""Notebooks of a few cells, made on the spot, and a small copy of the repository to run them in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

REPOSITORY = Path(__file__).resolve().parents[1]
PARAMETERS = "study = 'emoscenes'\nimages = ''\nlimit = -1"
# Saves a figure as `emocam_utils.figures` does: png, csv and the record that names its notebook.
SAVE = """
import json, os, pathlib
folder = pathlib.Path(os.environ.get("EMOCAM_FIGURES", "figures"), os.environ["EMOCAM_VARIANT"])
folder.mkdir(parents=True, exist_ok=True)
for name in {names}:
    (folder / f"{{name}}.png").write_bytes(b"png")
    (folder / f"{{name}}.csv").write_text("a,b")
    (folder / f"{{name}}.json").write_text(json.dumps(dict(
        name=name, title=name, caption="", notebook="{notebook}", study=study, corpus="C",
        network="N", n=3, hashes={{}})))
"""
# Writes an offline explorer where the true one does, of nothing.
PAGE = """
import os, pathlib, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
figures = os.environ.get("EMOCAM_FIGURES", "figures")
page = pathlib.Path(figures, given["--variant"], "explore.html")
page.write_text("explorer")
"""


def write_notebook(
    path: Path,
    *cells: str,
    parameters: str | None = "study = 'tiny'",
    figures: tuple[str, ...] = (),
) -> Path:
    """A notebook whose texts beginning with "#" are headings and the others code.

    parameters : source of the tagged cell, which comes first; None for no such cell
    figures    : names of figures that a last cell saves
    """
    made = [new_markdown_cell(c) if c.startswith("#") else new_code_cell(c) for c in cells]
    if parameters is not None:
        made.insert(0, new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    if figures:
        made.append(new_code_cell(SAVE.format(names=list(figures), notebook=path.stem)))
    path.parent.mkdir(parents=True, exist_ok=True)
    # the kernel of somebody's laptop, which `execute` must not look for
    spec = {"name": "my-laptop", "display_name": "mine", "language": "python"}
    nbformat.write(new_notebook(cells=made, metadata={"kernelspec": spec}), path)
    return path


class Project:
    """The runner, the studies and the Makefile in a folder, with a package of a few modules."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "figures" / "emoscenes" / "notebooks"

    @classmethod
    def new(cls, folder: Path) -> Project:
        project, package = cls(folder), REPOSITORY / "emocam_utils"
        shutil.copytree(package / "runner", folder / "emocam_utils" / "runner")
        project.write("emocam_utils/runner/explorer_page/__main__.py", PAGE)
        for name in ("__init__", "paths", "progress", "registry", "study", "syntax"):
            shutil.copy(package / f"{name}.py", folder / "emocam_utils")
        shutil.copy(REPOSITORY / "Makefile", folder)
        shutil.copytree(REPOSITORY / "data/studies", folder / "data/studies")
        shutil.copy(REPOSITORY / "data/presets.yaml", folder / "data")
        project.write("emocam_utils/checks.py", "def main(arguments): return 0")
        project.write("data/emoscenes/emonet.safetensors", "weights")
        for name in ("requirements.txt", "requirements-nodeps.txt"):
            project.write(name, "# nothing\n")
        return project

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def notebook(self, stem: str, *cells: str, **options: object) -> Path:
        options = {"parameters": PARAMETERS, **options}
        return write_notebook(self.folder / "notebooks" / f"{stem}.ipynb", *cells, **options)

    def call(self, *command: str) -> subprocess.CompletedProcess[str]:
        kept = ("EMOCAM_", "MAKE", "MFLAGS", "PYTHON")
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(kept)}
        return subprocess.run(
            command, cwd=self.folder, env=inherited, capture_output=True, text=True, timeout=900
        )

    def make(self, *arguments: str, env: bool = False) -> subprocess.CompletedProcess[str]:
        """Run make, with this test's Python unless `env` asks for the project's own .venv."""
        return self.call("make", *([] if env else [f"PY={sys.executable}"]), *arguments)

    def would_run(self, *arguments: str) -> list[str]:
        """The notebooks that make would execute."""
        shown = self.make("DRY_RUN=1", *(arguments or ["paper"]))
        assert shown.returncode == 0, shown.stderr
        lines = shown.stdout.splitlines()
        return [line.split()[2].strip(":") for line in lines if line.startswith("would ")]

    def files(self) -> dict[str, int]:
        """Every file but caches -> when it was written."""
        every = (f for f in self.folder.rglob("*") if "__pycache__" not in f.parts and f.is_file())
        names = {str(f.relative_to(self.folder)): f.stat().st_mtime_ns for f in every}
        return {name: date for name, date in names.items() if not name.endswith(".digests.json")}

    def executed(self, stem: str) -> nbformat.NotebookNode:
        return nbformat.read(self.out / f"{stem}.ipynb", as_version=4)
