"""Ways from the page of one executed notebook back to the gallery and on to the others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from .notebooks import words

BEGIN, END = (
    '<nav aria-label="pages" class="links">',
    "</nav>",
)  # attributes as nbconvert sorts them


def links_html(stem: str, stems: Sequence[str] = ()) -> str:
    """The links of a notebook's page, beside the pages of `stems` in their order."""
    shown = [("../index.html" + (f"#{quote(stem)}" if stem in stems else ""), "all figures")]
    place = stems.index(stem) if stem in stems else len(stems)
    if 0 < place < len(stems):
        shown.append((f"{quote(stems[place - 1])}.html", f"‹ {words(stems[place - 1])}"))
    if place + 1 < len(stems):
        shown.append((f"{quote(stems[place + 1])}.html", f"{words(stems[place + 1])} ›"))
    links = "".join(f'<a href="{href}">{escape(said)}</a>' for href, said in shown)
    return f"{BEGIN}{links}{END}"


def link_pages(folder: Path, stems: Sequence[str]) -> None:
    """Renew the links of the notebooks' pages in a folder, which may have become more or fewer."""
    there = [stem for stem in stems if (folder / f"{stem}.html").exists()]
    for stem in there:
        page = folder / f"{stem}.html"
        text = page.read_text(encoding="utf-8")
        pattern = f"{re.escape(BEGIN)}.*?{END}"
        linked = re.sub(pattern, lambda _, stem=stem: links_html(stem, there), text, count=1)
        if linked != text:
            part = page.with_suffix(".part")
            part.write_text(linked, encoding="utf-8")
            part.replace(page)
