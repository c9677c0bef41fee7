"""What the plots of this section share: a page, its colours, points with intervals."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..figures import said

WIDTH = 7.2  # inches: a page from margin to margin
SMALL = 7.5  # points
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")  # Okabe and Ito's, safe for the colour-blind
FLOOR = "#868e96"


def colour_of(dimensions: Sequence[str]) -> dict[str, str]:
    return {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(dimensions)}


def panels(count: int, height: float, **shared: bool) -> tuple[Figure, np.ndarray]:
    """Panels side by side on a page; one that says so where there is nothing to draw."""
    figure, axes = plt.subplots(
        1, max(count, 1), figsize=(WIDTH, height), squeeze=False, layout="constrained", **shared
    )
    if not count:
        said(axes[0, 0], "no rating")
    return figure, axes[0]


def dots(
    ax: Axes,
    places: np.ndarray | pd.Series,
    rows: pd.DataFrame,
    name: str,
    colour: str,
    *,
    vertical: bool = False,
    alpha: float = 1.0,
    ends: tuple[str, str] | None = None,
) -> None:
    """Points with their intervals, along x or (vertical) along y; NaN is not drawn."""
    value = rows[name].to_numpy(dtype=np.float64)
    low, high = (rows[end].to_numpy(float) for end in ends or (f"{name}_low", f"{name}_high"))
    lines = ax.vlines if vertical else ax.hlines
    known = ~np.isnan(low)
    lines(
        np.asarray(places)[known], low[known], high[known], color=colour, linewidth=1.2, alpha=alpha
    )
    points = (places, value) if vertical else (value, places)
    ax.plot(*points, "o", color=colour, markersize=4, alpha=alpha, markeredgewidth=0)
