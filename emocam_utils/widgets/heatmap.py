"""A heatmap as an HTML table: made in a few milliseconds, and its cells can be clicked."""

from __future__ import annotations

from functools import lru_cache
from html import escape

import matplotlib as mpl
import numpy as np
import pandas as pd

from ..figures import short_label
from ..heatmaps import PERCENT, limits

CLICK = "emocam-click"  # CSS class of the text field that takes clicks
ROOM = "emocam-explorer"  # CSS class of what holds both the heatmap and that field

# An HTML widget reports no clicks: the table writes the cell into a hidden text field instead.
ON_CLICK = (
    "const cell = event.target.dataset.cell; if (cell) {"
    f" const field = this.closest('.{ROOM}').querySelector('.{CLICK} input');"
    " field.value = cell + ' ' + Date.now();"
    " field.dispatchEvent(new Event('input', {bubbles: true})); }"
)
STYLE = f"""<style>
.{ROOM} table.heat {{border-collapse: collapse; font: 11px sans-serif; cursor: pointer}}
.{ROOM} table.heat td {{width: 34px; min-width: 30px; height: 17px; padding: 0 2px;
  text-align: center; border: 1px solid #fff}}
.{ROOM} table.heat th {{font-weight: normal; text-align: right; padding: 0 6px; color: inherit}}
.{ROOM} table.heat thead th {{height: 108px; vertical-align: bottom; padding: 0;
  text-align: center}}
.{ROOM} table.heat thead div {{display: inline-block; writing-mode: vertical-rl;
  transform: rotate(180deg); white-space: nowrap}}
.{ROOM} table.heat td.chosen {{outline: 3px solid #1971c2; outline-offset: -2px}}
</style>"""


@lru_cache(maxsize=4)
def _colours(name: str) -> tuple[list[str], list[str]]:
    """256 backgrounds, and for each the colour of the text that can be read on it."""
    rgb = mpl.colormaps[name](np.linspace(0, 1, 256))[:, :3]
    light = rgb @ (0.299, 0.587, 0.114) > 0.55
    return [mpl.colors.to_hex(c) for c in rgb], ["#222" if on else "#fff" for on in light]


def heatmap_html(
    table: pd.DataFrame,
    images: pd.Series,
    measure: str = "attended",
    chosen: tuple[str, str] | None = None,
) -> str:
    """Classes by labels; a click on a cell writes "row,column" into the field of class `CLICK`.

    table  : (K, L) of any measure; NaN is an empty cell, -inf the lowest colour
    images : (L,), images of each label
    chosen : class and label of the cell with a frame
    """
    values = table.to_numpy(dtype=np.float64)
    low, high, name = limits(measure, values)
    level = np.clip(np.nan_to_num((values - low) / (high - low), nan=0, neginf=0), 0, 1)
    ground, ink = _colours(name)
    shades = (255 * level).astype(int).tolist()
    digits = 0 if measure in PERCENT else 2
    heads = "".join(
        f"<th><div>{escape(short_label(label))} ({images[label]})</div></th>"
        for label in table.columns
    )
    lines = []
    for i, (kind, row) in enumerate(zip(table.index, values.tolist(), strict=True)):
        cells = []
        for j, value in enumerate(row):
            mark = " class=chosen" if chosen == (kind, table.columns[j]) else ""
            if value != value:
                cells.append(f"<td data-cell={i},{j}{mark}></td>")
                continue
            shade = shades[i][j]
            text = "−∞" if value == -np.inf else f"{value:.{digits}f}"
            colours = f"background:{ground[shade]};color:{ink[shade]}"
            cells.append(f"<td data-cell={i},{j}{mark} style={colours}>{text}</td>")
        lines.append(f"<tr><th>{escape(kind)}</th>{''.join(cells)}</tr>")
    body = "".join(lines) or "<tr><th>No class passes these thresholds.</th></tr>"
    return (
        f'{STYLE}<table class=heat onclick="{ON_CLICK}"><thead><tr><th></th>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def clicked(value: str, table: pd.DataFrame) -> tuple[str, str] | None:
    """Class and label of the cell that was clicked; None for one that is gone by now."""
    try:
        row, column = (int(number) for number in value.split()[0].split(","))
        return table.index[row], table.columns[column]
    except (ValueError, IndexError):
        return None
