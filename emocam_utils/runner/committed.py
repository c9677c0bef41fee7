"""A notebook as it is committed: its text and its tags, and nothing of the machine that ran it.

    python -m emocam_utils.runner.committed --install           for this clone; `make env` does it
    python -m emocam_utils.runner.committed notebooks/*.ipynb   write these files so

Working in JupyterLab saves outputs into tracked notebooks. As git's filter (.gitattributes names
it) this takes them away before git compares or commits, so that git shows what a person wrote. Git
runs it by its file name, from stdin to stdout, so it imports nothing of the package.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def committed(text: str) -> str:
    """The notebook without outputs, counts, widgets and marks of programs; other text as it is."""
    try:
        notebook = json.loads(text)
        cells = [_cell(cell) for cell in notebook["cells"]]
    except (ValueError, KeyError, TypeError):
        return text
    kept = {**notebook, "cells": cells, "metadata": METADATA}
    return json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    tags = cell["metadata"].get("tags")
    kept = {
        **cell,
        "metadata": {"tags": tags} if tags else {},
        "source": "".join(cell["source"]).splitlines(keepends=True),
    }
    return {**kept, "execution_count": None, "outputs": []} if "outputs" in cell else kept


def after_save(os_path: str, **_: object) -> None:
    """Jupyter's hook. `git status` takes a file of another size for changed without asking the
    filter; adding one whose filtered text is the index's changes nothing but the size in it."""
    where = ("git", "-C", str(Path(os_path).parent))
    for command in (("ls-files", "--error-unmatch"), ("diff", "--quiet"), ("add",)):
        if subprocess.run([*where, *command, "--", os_path], capture_output=True).returncode:
            return


def install() -> None:
    """Set the filter in this clone's git, if there is one, and the hook in Python's Jupyter."""
    root = Path(__file__).resolve().parents[2]
    python = f'"{sys.executable}"'  # without it files are compared as they are
    script = Path(__file__).resolve().relative_to(root)
    command = f"if test -x {python}; then {python} {script}; else cat; fi"
    setting = ["git", "-C", str(root), "config", "filter.notebook.clean", command]
    subprocess.run(setting, capture_output=True, check=False)
    hook = {"FileContentsManager": {"post_save_hook": "emocam_utils.runner.committed.after_save"}}
    file = Path(sys.prefix, "etc/jupyter/jupyter_server_config.d/emocam.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(hook) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> None:
    if arguments == ["--install"]:
        return install()
    for file in map(Path, arguments):
        file.write_text(committed(file.read_text(encoding="utf-8")), encoding="utf-8")
    if not arguments:
        sys.stdout.buffer.write(committed(sys.stdin.buffer.read().decode()).encode())


if __name__ == "__main__":
    main(sys.argv[1:])
