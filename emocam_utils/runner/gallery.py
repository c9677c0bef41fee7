"""All figures of a study on one page: figures/<study>/index.html, from the figures' records.

    python -m emocam_utils.runner.gallery STUDY

Each figure is saved as <name>.png, .pdf, .csv and a record <name>.json (see `figures`). The page
needs no network and no script, and its links are relative, so the folder can be moved or zipped.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

from .. import paths

EXTENSIONS = ("png", "pdf", "csv", "json")
TEXTS = ("name", "title", "caption", "notebook", "study", "corpus", "network")


class RecordError(ValueError):
    """Files beside the figures that are not the record of a figure."""


@dataclass(frozen=True)
class Record:
    """What a figure shows, and of what: the content of its json file."""

    name: str
    title: str
    caption: str
    notebook: str  # stem of the notebook that saved it
    study: str
    corpus: str
    network: str
    n: str
    hashes: dict[str, str]
    folder: Path

    @property
    def files(self) -> list[Path]:
        """The files of this figure that exist."""
        every = [self.folder / f"{self.name}.{extension}" for extension in EXTENSIONS]
        return [file for file in every if file.exists()]


def read_records(folder: Path) -> list[Record]:
    """The records in a study's folder of figures, by notebook and then by name (fig2 before fig10).

    Errors: RecordError that names every file that is not a record, and why.
    """
    records, problems = [], []
    for file in folder.glob("*.json"):
        try:
            records.append(_record(file))
        except ValueError as error:
            problems.append(f"{file}: {error}")
    if problems:
        listed = "\n".join(sorted(problems))
        raise RecordError(f"not a figure's record; delete it or draw the figure again:\n{listed}")
    return sorted(records, key=lambda record: (record.notebook, _natural(record.name)))


def _record(file: Path) -> Record:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"not JSON ({error})") from None
    if not isinstance(content, dict):
        raise ValueError("not a JSON object")
    missing = [key for key in (*TEXTS, "n", "hashes") if key not in content]
    if missing:
        raise ValueError(f"without {', '.join(missing)}")
    if content["name"] != file.stem:
        raise ValueError(f"named {content['name']!r}, unlike the file")
    texts = {key: str(content[key]) for key in (*TEXTS, "n")}
    return Record(**texts, hashes=dict(content["hashes"]), folder=file.parent)


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(number or 0), text) for number, text in re.findall(r"(\d+)|(\D+)", name)]


def gallery_html(study: str, records: list[Record], folder: Path) -> str:
    """The page. Notebooks come in order, also one that ran and saved no figure."""
    ran = {file.stem for file in (folder / "notebooks").glob("[0-9]*.html")}
    ran = {stem for stem in ran if not stem.endswith(".failed")}
    stems = sorted(ran | {record.notebook for record in records})
    sections = [_section(stem, stem in ran, records) for stem in stems]
    contents = "".join(f'<a href="#{quote(s)}">{escape(_short(s))}</a>' for s in stems)
    about = sorted({f"{record.corpus} · {record.network}" for record in records})
    return PAGE.format(
        study=escape(study),
        about="<br>".join(map(escape, about)) or "no figure yet",
        contents=contents,
        sections="\n".join(sections),
        style=STYLE,
    )


def _section(stem: str, ran: bool, records: list[Record]) -> str:
    figures = "\n".join(_figure(record) for record in records if record.notebook == stem)
    link = f'<a href="notebooks/{quote(stem)}.html">the executed notebook</a>' if ran else ""
    return (
        f'<section id="{quote(stem)}">\n<h2>{escape(notebook_title(stem))}</h2>\n'
        f"<p>{escape(stem)} {link and '· ' + link}</p>\n{figures}\n</section>"
    )


def _figure(record: Record) -> str:
    files = {file.suffix[1:]: quote(file.name) for file in record.files}
    links = " · ".join(f'<a href="{link}">{kind}</a>' for kind, link in files.items())
    picture = f"<p><em>{escape(record.name)}.png is missing</em></p>"
    if "png" in files:
        image = f'<img src="{files["png"]}" alt="{escape(record.title)}" loading="lazy">'
        picture = f'<a href="{files["png"]}">{image}</a>'
    hashes = ", ".join(f"{key} {value}" for key, value in record.hashes.items())
    of = f"{record.corpus} · {record.network} · n = {record.n}"
    return (
        f'<figure id="{quote(record.name)}">\n{picture}\n'
        f"<figcaption><h3>{escape(record.title)}</h3>\n<p>{escape(record.caption)}</p>\n"
        f'<p class="of" title="{escape(hashes)}">{escape(of)}</p>\n<p>{links}</p></figcaption>\n'
        "</figure>"
    )


def notebook_title(stem: str, folder: Path | None = None) -> str:
    """The first heading of a notebook; without one, its file's name in words."""
    try:
        file = (folder or paths.NOTEBOOKS) / f"{stem}.ipynb"
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        cells = []
    for cell in cells:
        heading = re.search(r"^#+ +(.+)$", "".join(cell["source"]), re.MULTILINE)
        if cell["cell_type"] == "markdown" and heading:
            return heading[1].strip()
    return _short(stem)


def _short(stem: str) -> str:
    return stem.partition("_")[2].replace("_", " ") or stem


def write_gallery(study: str) -> Path:
    """Write the page of a study whole, or not at all; returns its path."""
    folder = paths.FIGURES / study
    page = gallery_html(study, read_records(folder), folder)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".index-{os.getpid()}.html"
    part.write_text(page, encoding="utf-8")
    return part.replace(folder / "index.html")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="gallery", description=__doc__.split("\n", 1)[0])
    parser.add_argument("study")
    study = parser.parse_args(arguments).study
    try:
        page = write_gallery(study)
    except RecordError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"All figures of the study {study}: {page}")
    return 0


STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #656d76; --line: #d8dee4; --paper: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9198a1; --line: #3d444d; --paper: #14181d } }
body { margin: 0 auto; max-width: 66rem; padding: 2.5rem 1.25rem 5rem; color: var(--ink);
  background: var(--paper); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", sans-serif }
h1 { font-size: 1.9rem; margin: 0 } h2 { font-size: 1.35rem; margin: 3.5rem 0 0 }
h3 { font-size: 1.02rem; margin: 0 0 .3rem } p { margin: .3rem 0; max-width: 46rem }
a { color: inherit; text-decoration-color: var(--soft); text-underline-offset: .18em }
header p, section > p, .of, figcaption p:last-child { color: var(--soft); font-size: .9rem }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin-top: 1rem; padding: .7rem 0;
  border-block: 1px solid var(--line) }
figure { margin: 1.5rem 0 0; border: 1px solid var(--line); border-radius: .6rem; overflow: hidden }
figure img { display: block; width: 100%; background: #fff }
figcaption { padding: .9rem 1.1rem 1rem; border-top: 1px solid var(--line) }
""".strip()

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>EmoCAM · {study}</title>
<style>
{style}
</style>
</head>
<body>
<header>
<h1>EmoCAM · {study}</h1>
<p>{about}</p>
<nav>{contents}</nav>
</header>
<main>
{sections}
</main>
</body>
</html>
"""

if __name__ == "__main__":
    sys.exit(main())
