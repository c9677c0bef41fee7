"""Classes by labels as a heatmap: EmoCAM's Fig. 2, drawn by several sections and an explorer.

A cell that is not defined is grey, one that is near to nothing is blank, and both are said.
"""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from .figures import SMALLEST, said, short_label, slanted

PERCENT = ("attended", "presence", "attention given presence")
SIGNED = ("pmi", "log odds")
BLANK = 2.0  # percent: cells below are left white
UNDEFINED = "#dee2e6"
CAUSE = "#1c7ed6"  # outline of cells that are causes
ROW, COLUMN = 0.145, 0.15  # inches of a cell without a number


def limits(measure: str, values: np.ndarray) -> tuple[float, float, str]:
    """Lowest and highest value of the colours, and their map: signed ones symmetric about 0."""
    finite = values[np.isfinite(values)]
    if measure in PERCENT:
        return 0.0, 100.0, "rocket_r"
    if measure in SIGNED:
        most = float(np.abs(finite).max(initial=0)) or 1.0
        return -most, most, "RdBu_r"
    return 0.0, float(finite.max(initial=0)) or 1.0, "rocket_r"


def plot_association(
    table: pd.DataFrame,
    images: pd.Series,
    ax: Axes,
    title: str,
    measure: str = "attended",
    columns: str = "predicted emotion",
) -> None:
    """Classes by labels under a measure of association, annotated; the margin states n.

    table   : (K, L); NaN is grey, a percentage below 2 blank, -inf like the lowest value
    images  : (L,), images of each label
    columns : what a label is
    """
    values = table.to_numpy(dtype=np.float64)
    low, high, colours = limits(measure, values)
    ax.set(title=title, xlabel=f"{columns} (n images)", ylabel="")
    ax.set_facecolor(UNDEFINED)
    ax.tick_params(length=0)
    if not values.size:
        said(ax, "no class in any image that counts")
        ax.set(xticks=[], yticks=[])
        return
    percent = measure in PERCENT
    word = "images of the label with the class attended (%)" if measure == "attended" else measure
    shown = table.clip(lower=low).set_axis(label_names(images[table.columns]), axis=1)
    palette = plt.get_cmap(colours).with_extremes(under="white")
    sns.heatmap(
        shown, ax=ax, cmap=palette, vmin=BLANK if percent else low, vmax=high,
        annot=np.where(values < BLANK, np.nan, values) if percent else values,
        fmt=".0f" if percent else ".1f", annot_kws={"size": SMALLEST}, linewidths=0.4,
        linecolor="#f1f3f5", cbar_kws={"label": word, "shrink": 0.6},
    )  # fmt: skip
    for text in list(ax.texts):
        if text.get_text() == "nan":
            text.remove()
    ax.set(xlabel=f"{columns} (n images)", ylabel="")
    slanted(ax)


def association_figure(
    panels: Mapping[str, tuple[pd.DataFrame, pd.Series]], **shown: str
) -> Figure:
    """One heatmap of `plot_association` under the other; panels: title -> (table, images).

    shown  : measure and columns, of all panels
    """
    rows = [max(len(table), 4) for table, _ in panels.values()] or [0]
    figure, axes = plt.subplots(
        len(rows), 1, figsize=(7.2, sum(0.18 * n + 1.5 for n in rows)),
        height_ratios=[n + 8 for n in rows], squeeze=False, layout="constrained",
    )  # fmt: skip
    if not panels:
        said(axes[0, 0], "nothing has been counted")
        axes[0, 0].set_axis_off()
    for ax, (title, (table, images)) in zip(axes[:, 0], panels.items(), strict=False):
        plot_association(table, images, ax, title, **shown)
    return figure


def label_names(images: pd.Series) -> list[str]:
    """Labels as they stand under a column, with n."""
    return [f"{short_label(label)} ({count})" for label, count in images.items()]


def plot_cells(
    ax: Axes,
    table: pd.DataFrame,
    images: pd.Series,
    scale: plt.cm.ScalarMappable,
    title: str,
    columns: str = "predicted emotion",
) -> None:
    """Cells without numbers: for tables that stand side by side in one order of classes.

    table : (K, L); NaN is grey, what the scale calls `under` has the colour that the scale says
    """
    ax.set_title(title, fontsize=8.5)
    ax.set_facecolor(UNDEFINED)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    if table.empty:
        said(ax, "no class in any image that counts")
        ax.set(xticks=[], yticks=[])
        return
    values = np.ma.masked_invalid(table.to_numpy(dtype=np.float64))
    ax.pcolormesh(values, cmap=scale.cmap, norm=scale.norm, edgecolor="#e9ecef", linewidth=0.3)
    places = [np.arange(n) + 0.5 for n in table.shape]
    ax.set_yticks(places[0], table.index, fontsize=SMALLEST)
    names = label_names(images[table.columns])
    ax.set_xticks(places[1], names, rotation=90, fontsize=SMALLEST)
    ax.set_ylim(len(table), 0)  # panels that share an axis must not turn it twice
    ax.set_xlabel(f"{columns} (n images)", fontsize=SMALLEST + 0.5)


def mark_cells(
    ax: Axes,
    dots: pd.DataFrame | None = None,
    causes: pd.DataFrame | None = None,
    crosses: pd.DataFrame | None = None,
    dark: pd.DataFrame | None = None,
) -> None:
    """Marks on the cells of `plot_cells`, each (K, L) of bool: a dot, an outline, a cross.

    dark : cells on which a mark is drawn white
    """
    for marks, marker, size in ((dots, "o", 7), (crosses, "x", 14)):
        if marks is None or not marks.to_numpy().any():
            continue
        rows, places = np.nonzero(marks.to_numpy())
        white = np.zeros(len(rows), bool) if dark is None else dark.to_numpy()[rows, places]
        line = 0 if marker == "o" else 0.9
        ax.scatter(
            places + 0.5, rows + 0.5, s=size, marker=marker, linewidth=line,
            c=np.where(white, "white", "black"),
        )  # fmt: skip
    if causes is not None:
        for row, place in zip(*np.nonzero(causes.to_numpy()), strict=True):
            around = {"fill": False, "edgecolor": CAUSE, "linewidth": 1.3, "zorder": 3}
            ax.add_patch(plt.Rectangle((place, row), 1, 1, clip_on=False, **around))


def key_of_marks(dots: str = "", causes: str = "", crosses: str = "", blank: str = "") -> list:
    """Handles of a legend for `mark_cells`; what has no words is left out."""
    mark = {"linestyle": "none", "color": "black"}
    handles = {
        dots: Line2D([], [], marker="o", markersize=3, label=dots, **mark),
        causes: Patch(fill=False, edgecolor=CAUSE, linewidth=1.3, label=causes),
        crosses: Line2D([], [], marker="x", markersize=4, label=crosses, **mark),
        blank: Patch(facecolor="white", edgecolor="#adb5bd", linewidth=0.5, label=blank),
    }
    grey = Patch(facecolor=UNDEFINED, label="not defined")
    return [handle for words, handle in handles.items() if words] + [grey]
