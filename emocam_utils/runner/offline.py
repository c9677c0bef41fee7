"""An executed notebook to keep and to read: no dead widgets, no network.

nbconvert's own page loads require.js, MathJax and Mermaid from the internet. Here nothing is
loaded, so mathematics in a notebook's text stays as it is typed.
"""

from __future__ import annotations

import logging
from pathlib import Path

from nbconvert import HTMLExporter
from nbformat import NotebookNode

from ..progress import MARK
from .notebooks import heading

WIDGET = "application/vnd.jupyter.widget-view+json"
NOTE = "(interactive: open this notebook in JupyterLab)"
TEMPLATE = Path(__file__).with_name("notebook.html.j2")
FINDING = "Finding: "  # begins a printed line that the gallery repeats


def without_widgets(executed: NotebookNode) -> NotebookNode:
    """The notebook with each widget's static picture, or a word, in the place of the widget.

    Changes and returns its argument.
    """
    executed.metadata.pop("widgets", None)
    for output in _outputs(executed):
        data = output.get("data", {})
        if data.pop(WIDGET, None) is None:
            continue
        if data.keys() <= {"text/plain"}:
            data["text/plain"] = NOTE
        else:  # the text names the widget's parts, and nobody wants to read these
            data.pop("text/plain", None)
            if "text/html" in data:
                data["text/html"] += f"<p><em>{NOTE}</em></p>"
    return executed


def without_progress(executed: NotebookNode) -> NotebookNode:
    """The notebook without the passing lines of `progress`. Changes and returns its argument."""
    for output in _outputs(executed):
        if output.output_type == "stream":
            lines = output.text.splitlines(keepends=True)
            output.text = "".join(line for line in lines if not line.startswith(MARK))
    for cell in executed.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("text") != ""]
    return executed


def with_alt_texts(executed: NotebookNode) -> NotebookNode:
    """The notebook with words for each picture that has none: under which heading it stands.

    Changes and returns its argument.
    """
    words = "Picture"
    for cell in executed.cells:
        words = f"Picture: {heading(cell)}" if heading(cell) else words
        for output in cell.get("outputs", []):
            for kind in {"image/png", "image/jpeg"} & {*output.get("data", {})}:
                output.metadata.setdefault(kind, {}).setdefault("alt", words)
    return executed


def finding(executed: NotebookNode) -> str:
    """What a notebook found, in the printed lines that begin with `FINDING`; "" without one."""
    printed = [o.text for o in _outputs(executed) if o.output_type == "stream"]
    lines = "".join(printed).splitlines()
    found = [line.removeprefix(FINDING) for line in lines if line.startswith(FINDING)]
    return " ".join(line[:1].upper() + line[1:] for line in found)


def _outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def to_html(notebook: NotebookNode, title: str, folder: Path, links: str = "") -> str:
    """A notebook as one page that loads nothing: no scripts, pictures inside, imports folded.

    folder : where the paths of pictures in its texts start
    links  : to other pages, as HTML
    """
    exporter = HTMLExporter(
        raw_template=TEMPLATE.read_text(encoding="utf-8"),
        embed_images=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        log=logging.getLogger("emocam_utils.html"),
    )
    exporter.log.setLevel(logging.ERROR)  # no word about pictures without alternative text
    resources = {"metadata": {"name": title, "path": str(folder)}, "links": links}
    return exporter.from_notebook_node(with_alt_texts(notebook), resources)[0]
