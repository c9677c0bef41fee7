"""Notebooks of a few cells, made on the spot: `write_notebook(path, cells...)`."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

# Saves a figure as `emocam_utils.figures` does: png, csv and the record that names its notebook.
SAVE = """
import json, os, pathlib
folder = pathlib.Path(os.environ["EMOCAM_FIGURES"], study)
folder.mkdir(parents=True, exist_ok=True)
for name in {names}:
    (folder / f"{{name}}.png").write_bytes(b"png")
    (folder / f"{{name}}.csv").write_text("a,b")
    (folder / f"{{name}}.json").write_text(json.dumps(dict(
        name=name, title=name, caption="", notebook="{notebook}", study=study, corpus="C",
        network="N", n=3, hashes={{}})))
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
