"""A heatmap as an HTML table: made in a few milliseconds, its cells reached by mouse and keyboard.

What it does in a browser is grid.js, which the offline page has too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..figures import short_label
from ..heatmaps import PERCENT, limits
from ..stats.intervals import wilson
from ..stats.measures import Counts
from .words import measure_name

CLICK = "emocam-click"  # CSS class of the text field that takes clicks
ROOM = "emocam-explorer"  # CSS class of what holds both the heatmap and that field
GRID = Path(__file__).with_name("grid.js")
GRID_STYLE = Path(__file__).with_name("grid.css")

# An HTML widget reports no clicks: what is chosen is written into a hidden text field instead.
TELL = (
    f"const field = room.querySelector('.{CLICK} input');"
    " field.value = said + ' ' + Date.now();"
    " field.dispatchEvent(new Event('input', {bubbles: true}));"
)
ON_BUTTON = (
    "const button = event.target.closest('[data-say]'); if (button) {"
    f" const room = button.closest('.{ROOM}'), said = button.dataset.say; {TELL} }}"
)


def live(said: str) -> str:
    """Attributes of an element inside a `ROOM`: its parts with `data-say` tell Python when clicked.

    said : what the element is, for a screen reader
    """
    return f'onclick="{escape(ON_BUTTON)}" role="group" aria-label="{escape(said)}"'


@lru_cache(maxsize=1)
def _wired() -> str:
    """Style of a heatmap, and a picture that cannot load, which gives the table its keyboard:
    a script inside an HTML widget is not run."""
    wire = (
        f"const room = this.closest('.{ROOM}'); if (room) ({GRID.read_text('utf-8')})("
        f"this.parentElement.querySelector('table'), room, (place) => {{"
        f" const said = 'cell ' + place; {TELL} }}); this.remove();"
    )
    style = GRID_STYLE.read_text("utf-8")
    return f'<style>{style}</style><img hidden alt="" src="data:," onerror="{escape(wire)}">'


@lru_cache(maxsize=4)
def colours(name: str) -> tuple[list[str], list[str]]:
    """256 backgrounds of a colour map, and for each the colour of the text that is read on it."""
    rgb = mpl.colormaps[name](np.linspace(0, 1, 256))[:, :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    light = linear @ (0.2126, 0.7152, 0.0722) > 0.18  # where black has the higher contrast (WCAG)
    return [mpl.colors.to_hex(c) for c in rgb], ["#000" if on else "#fff" for on in light]


def said_of_cells(
    counts: Counts, classes: Sequence[str], labels: Sequence[str]
) -> NDArray[np.object_]:
    """What each cell counts, in words with its 95 % interval, (K, L)."""
    low, high = (100 * end for end in wilson(counts.attended, counts.images))
    percent = 100 * counts.attended / np.maximum(counts.images, 1)
    words = np.empty(counts.attended.shape, dtype=object)
    for i, kind in enumerate(classes):
        for j, label in enumerate(labels):
            n = counts.images[j]
            words[i, j] = (
                f"{kind}, {label}: attended in {counts.attended[i, j]} of {n} images, "
                f"{percent[i, j]:.0f} % (95 % interval {low[i, j]:.0f} to {high[i, j]:.0f} %); "
                f"detected in {counts.present[i, j]}"
                if n
                else f"{kind}, {label}: no image of this label counts"
            )
    return words


def heatmap_html(
    table: pd.DataFrame,
    images: pd.Series,
    measure: str = "attended",
    chosen: tuple[str, str] | None = None,
    words: NDArray | None = None,
    title: str = "",
    signed: bool = False,
) -> str:
    """Classes by labels; a choice of a cell writes "cell row,column" into the field `CLICK`.

    table  : (K, L) of any measure; NaN is an empty cell, -inf the lowest colour
    images : (L,), images of each label
    chosen : class and label of the cell with a frame
    words  : (K, L), what is said of a cell when it is pointed at or read out
    title  : said above the table
    signed : the table is a difference: colours symmetric about 0
    """
    values = table.to_numpy(dtype=np.float64)
    low, high, name = limits("log odds" if signed else measure, values)
    level = np.clip(np.nan_to_num((values - low) / (high - low), nan=0, neginf=0), 0, 1)
    ground, ink = colours(name)
    shades = (255 * level).astype(int).tolist()
    digits = 0 if measure in PERCENT else 2
    sign = "+" if signed else ""
    heads = "".join(
        f'<th scope=col title="{escape(label)}"><div>{escape(short_label(label))} '
        f"({images[label]})</div></th>"
        for label in table.columns
    )
    lines = []
    for i, (kind, row) in enumerate(zip(table.index, values.tolist(), strict=True)):
        cells = []
        for j, value in enumerate(row):
            mark = " class=chosen" if chosen == (kind, table.columns[j]) else ""
            said = f"{kind}, {table.columns[j]}" if words is None else words[i, j]
            about = f' data-cell="{i},{j}"{mark} aria-label="{escape(said)}"'
            if value != value:
                cells.append(f"<td{about}></td>")
                continue
            shade = shades[i][j]
            text = "−∞" if value == -np.inf else f"{value:{sign}.{digits}f}"
            colour = f"background:{ground[shade]};color:{ink[shade]}"
            cells.append(f'<td{about} style="{colour}">{text}</td>')
        lines.append(f"<tr><th scope=row>{escape(kind)}</th>{''.join(cells)}</tr>")
    body = "".join(lines) or "<tr><th scope=row>No class passes these thresholds.</th></tr>"
    said = escape(title or measure_name(measure))
    return (
        f'<div class=heat-frame data-lm-suppress-shortcuts="true"><table class=heat role=grid '
        f'data-name="{said}"><caption>{said}</caption><thead><tr><td></td>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table>{_wired()}</div>"
    )


def clicked(value: str, table: pd.DataFrame) -> tuple[str, str] | None:
    """Class and label of the cell that was chosen; None for one that is gone by now.

    value : what `heatmap_html` writes, "cell row,column" and the time
    """
    try:
        row, column = (int(number) for number in value.split()[1].split(","))
        return table.index[row], table.columns[column]
    except (ValueError, IndexError):
        return None
