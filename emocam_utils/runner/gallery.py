"""All figures of a study on one page: figures/<study>/index.html, from the figures' records.

Each figure is saved as <name>.png, .pdf, .csv and a record <name>.json (see `figures`). The page
needs no network and no script, and its links are relative, so the folder can be moved or zipped.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from .. import paths
from .current import RECORD
from .links import link_pages
from .notebooks import title, words

TEMPLATE = Path(__file__).with_name("gallery.html.j2")
EXTENSIONS = ("png", "pdf", "csv", "json")
TEXTS = ("name", "title", "caption", "notebook", "study", "corpus", "network", "n")


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

    @property
    def links(self) -> dict[str, str]:
        """The files by their kinds, as a page beside them names them."""
        return {file.suffix[1:]: quote(file.name) for file in self.files}

    @property
    def of(self) -> str:
        return f"{self.corpus} · {self.network}"


def read_records(folder: Path) -> list[Record]:
    """The records in a study's folder of figures, by notebook and then by name (fig2 before fig10).

    Errors: RecordError that names every file that is not a record, and why.
    """
    records, problems = [], []
    for file in sorted(folder.glob("*.json")):
        try:
            records.append(_record(file))
        except ValueError as error:
            problems.append(f"{file}: {error}")
    if problems:
        listed = "\n".join(problems)
        raise RecordError(f"not a figure's record; delete it or draw the figure again:\n{listed}")
    return sorted(records, key=lambda record: (record.notebook, _natural(record.name)))


def _record(file: Path) -> Record:
    content = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError("not a JSON object")
    if missing := [key for key in (*TEXTS, "hashes") if key not in content]:
        raise ValueError(f"without {', '.join(missing)}")
    if content["name"] != file.stem:
        raise ValueError(f"named {content['name']!r}, unlike the file")
    texts = {key: str(content[key]) for key in TEXTS}
    return Record(**texts, hashes=dict(content["hashes"]), folder=file.parent)


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(number or 0), text) for number, text in re.findall(r"(\d+)|(\D+)", name)]


def _run(file: Path) -> dict:
    """What a notebook's run left (`current.write_record`); nothing of one that cannot be read."""
    try:
        run = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return run if isinstance(run, dict) else {}


def write_gallery(study: str) -> Path:
    """Write the page of a folder of figures whole, if it says something new; returns its path.

    Notebooks come in order, also one that ran and saved no figure; their pages get links to each
    other. Figures stand as their notebook saved them, or by name if that is not known.
    Errors: RecordError
    """
    from jinja2 import Environment  # half of the time of a run that does nothing

    folder = paths.FIGURES / study
    records = read_records(folder)
    ran = {f.name.removesuffix(RECORD): _run(f) for f in (folder / "notebooks").glob(f"*{RECORD}")}
    stems = sorted({stem for stem in ran if stem[0].isdigit()} | {r.notebook for r in records})
    sections = []
    for stem in stems:
        run = ran.get(stem, {})
        saved = [Path(product).stem for product in run.get("products", [])]
        own = [record for record in records if record.notebook == stem]
        own.sort(key=lambda r, saved=saved: saved.index(r.name) if r.name in saved else len(saved))
        about = {"stem": stem, "words": words(stem), "title": title(stem), "ran": stem in ran}
        sections.append({**about, "finding": run.get("finding", ""), "figures": own})
    link_pages(folder / "notebooks", stems)
    template = Environment(autoescape=True).from_string(TEMPLATE.read_text(encoding="utf-8"))
    about = [of for of, _ in Counter(record.of for record in records).most_common()]
    explorer = (folder / "explore.html").exists()
    html = template.render(study=study, about=about, sections=sections, explorer=explorer)
    page, part = folder / "index.html", folder / f".index-{os.getpid()}.html"
    if not page.exists() or page.read_text(encoding="utf-8") != html:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_text(html, encoding="utf-8")
        part.replace(page)
    return page
