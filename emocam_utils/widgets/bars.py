"""Probabilities as bars with their percent, as wide as there is room."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

import pandas as pd
from matplotlib.colors import to_hex

from ..figures import PALETTE, short_label


def bars_html(
    probabilities: pd.Series,
    before: Mapping[str, float] | None = None,
    colour: Callable[[str], object] = lambda label: PALETTE.get(label, "0.5"),
) -> str:
    """A row a label, in their order.

    before : probabilities that stand beside as what was
    colour : of a label, as matplotlib takes it
    """
    rows = []
    for label, p in probabilities.items():
        was = "" if before is None else f" (was {100 * before[label]:.1f} %)"
        bar = f"background:{to_hex(colour(label))};height:11px;width:{100 * p:.1f}%"
        rows.append(
            f"<tr><td style='text-align:right;padding-right:6px'>{escape(short_label(label))}</td>"
            f"<td style='width:100%'><div style='{bar}'></div></td>"
            f"<td style='white-space:nowrap'>{100 * p:.1f} %{was}</td></tr>"
        )
    return f"<table style='font:11px sans-serif;width:min(440px,100%)'>{''.join(rows)}</table>"
