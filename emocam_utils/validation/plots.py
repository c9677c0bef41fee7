"""Plots of 06_validation: the experiment in pictures, measured effects, and the headline.

Figures are as wide as a journal's page, so that their text keeps its size in print.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure, FigureBase
from matplotlib.lines import Line2D

from ..figures import DROPPED, KEPT, draw_boxes, overlay, said, short_label, show_image
from ..names import SCORES, score_name
from .cells import CAUSAL
from .contestants import (
    CORRECTED,
    CORRECTED_BEST,
    CORRECTED_ODDS,
    NOISE,
    ODDS,
    OWN_BEST,
    OWN_BEST_ODDS,
    PERCENT,
    PUBLISHED,
    SAME_RATE,
    SHOWN,
)
from .experiment import Experiment
from .known import in_order

PAGE = 7.2  # inches
SMALL = 7.5  # points
PUBLISHED_COLOUR, UNKNOWN = "#1c7ed6", "#dee2e6"
COLOURS = {
    PERCENT: "#495057",
    ODDS: "#212529",
    NOISE: "#adb5bd",
    **dict.fromkeys((PUBLISHED, SAME_RATE, OWN_BEST, OWN_BEST_ODDS), PUBLISHED_COLOUR),
    **dict.fromkeys((CORRECTED, CORRECTED_BEST, CORRECTED_ODDS), KEPT),
}
MARKERS = "osD^vP"  # a network each


def interval_dot(
    ax: Axes,
    y: float,
    row: pd.Series,
    measure: str,
    colour: str,
    marker: str = "o",
    size: float = 4.5,
) -> None:
    """A measure as a marker, on its interval if the row has one; nothing for NaN."""
    low, high = row.get(f"{measure}_low", np.nan), row.get(f"{measure}_high", np.nan)
    if low == low:
        ax.plot([low, high], [y, y], color=colour, lw=1.6, alpha=0.6, solid_capstyle="butt")
    if row[measure] == row[measure]:
        ax.plot(row[measure], y, marker, color=colour, ms=size, mew=0)


def name_rows(ax: Axes, names: Iterable[str], size: float = SMALL) -> None:
    """Names down the side, the first on top."""
    names = list(names)
    ax.set_yticks(range(len(names)), names, fontsize=size)
    ax.set_ylim(max(len(names), 1) - 0.45, -0.55)
    ax.tick_params(axis="x", labelsize=SMALL)
    ax.grid(axis="x", alpha=0.4)


def level(table: pd.DataFrame, name: str) -> list[str]:
    """The names of a level of an index in the order of the rows; none of an empty table."""
    return list(dict.fromkeys(table.index.get_level_values(name))) if len(table) else []


def network_legend(figure: FigureBase, networks: Sequence[str]) -> None:
    """Which marker is which network, above everything."""
    handles = [
        Line2D([], [], color="#495057", marker=m, ls="", ms=4.5, label=name)
        for m, name in zip(MARKERS, networks, strict=False)
    ]
    if handles:
        figure.legend(
            handles=handles, loc="outside upper center", ncols=4, frameon=False, fontsize=SMALL
        )


def experiment_figure(experiment: Experiment) -> Figure:
    """A scene, the same without each of its objects, and what maps say of it."""
    picture, objects, versions = experiment.picture, experiment.objects, experiment.versions
    whole = [f"{short_label(r['label'])} {r['probability']:.2f}" for _, r in objects.iterrows()]
    panels = [(picture, f"whole: {whole[0] if whole else 'no objects'}")]
    for version, (_, row) in zip(versions, objects.iterrows(), strict=True):
        drop = row["probability_drop"]
        title = f"without {row['class']}: {row['probability'] - drop:.2f} ({-drop:+.2f})"
        panels.append((version, title))
    maps = experiment.cams.items()
    panels += [(overlay(picture, cam), SHOWN.get(title, title)) for title, cam in maps]
    columns = 4
    rows = -(-len(panels) // columns)
    size = 2.6 * columns, 2.2 * rows
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for ax in axes.flat:
        ax.set_axis_off()
    for number, (ax, (image, title)) in enumerate(zip(axes.flat, panels, strict=False)):
        show_image(ax, image, title)
        ax.title.set(fontsize=9, fontweight="normal")
        if 0 < number <= len(versions):
            row = objects.iloc[[number - 1]]
            draw_boxes(ax, row, None, [bool(row["probability_drop"].iloc[0] > CAUSAL)])
    return figure


def effects_figure(cells: pd.DataFrame, least: float = 0.05) -> Figure:
    """Measured effect of each class on each label; what the rule planted is outlined.

    cells : as `causes.rule_table`: effect (NaN: too few images), planted
    least : classes are shown that are planted somewhere, or have such an effect on some label
    """
    effect, planted = cells["effect"].unstack("label"), cells["planted"].unstack("label")
    strongest = effect.max(axis=1).fillna(0)
    chosen = strongest[(strongest > least) | (planted.fillna(0) > 0).any(axis=1)]
    order = chosen.sort_values(ascending=False, kind="stable").index
    effect, planted = effect.loc[order], planted.loc[order].fillna(0) > 0
    figure, ax = plt.subplots(figsize=(PAGE, 0.165 * len(order) + 1.9), layout="constrained")
    ax.set_facecolor(UNKNOWN)
    ax.set(xlabel="predicted emotion", ylabel="")
    ax.set_title("What removal does", loc="left")
    if not effect.size or effect.isna().all(axis=None):
        said(ax, "no cell of enough images")
        ax.set(xticks=[], yticks=[])
        return figure
    low, high = min(float(np.nanmin(effect)), -0.02), max(float(np.nanmax(effect)), 0.02)
    ends = 0.5 + np.array([low, high]) / (2 * max(-low, high))  # as dark below 0 as above it
    scale = ListedColormap(plt.get_cmap("RdBu_r")(np.linspace(*ends, 256)))
    names = effect.rename(columns=short_label)
    bar = {"label": "mean drop of the label's probability", "shrink": 0.7}
    sns.heatmap(names, ax=ax, linewidths=0.4, cmap=scale, vmin=low, vmax=high, cbar_kws=bar)
    for row, column in zip(*np.nonzero(planted.to_numpy()), strict=True):
        works = effect.iat[row, column] > CAUSAL
        style = {"lw": 1.2} if works else {"lw": 1.6, "ls": (0, (1.5, 1))}
        box = plt.Rectangle((column, row), 1, 1, fill=False, edgecolor="black", **style)
        ax.add_patch(box)
    ax.tick_params(length=0, labelsize=SMALL)
    ax.set(xlabel="predicted emotion", ylabel="")
    plt.setp(ax.get_xticklabels(), rotation=55, ha="right", rotation_mode="anchor")
    plt.setp(ax.get_yticklabels(), rotation=0)
    key = "outlined: planted; dashed: planted, no cause\ngrey: too few images to judge"
    ax.set_title(key, fontsize=SMALL, fontweight="normal", loc="right")
    return figure


def _plot_headline(ax: Axes, headline: pd.DataFrame) -> None:
    networks, names = in_order(level(headline, "network")), level(headline, "contestant")
    for place, name in enumerate(names):
        for number, network in enumerate(networks):
            y = place + 0.17 * (number - (len(networks) - 1) / 2)
            marker = MARKERS[number % len(MARKERS)]
            interval_dot(ax, y, headline.loc[(network, name)], "ap", COLOURS[name], marker)
    name_rows(ax, names)
    ax.set(xlim=(-0.02, 1.02), xlabel="average precision per cell")
    ax.set_title("A  Does a dark cell mean a cause?", loc="left")


def _plot_cells(ax: Axes, cells: pd.DataFrame, name: str, letter: str) -> None:
    causal = cells["effect"] > CAUSAL
    for chosen, colour in ((~causal, "#868e96"), (causal, KEPT)):
        rows = cells[chosen]
        ax.scatter(rows["effect"], rows[name], s=9, color=colour, lw=0, alpha=0.7)
    ax.axvline(CAUSAL, color="#868e96", lw=0.8, ls=":")
    ax.set(xlabel="measured effect", ylim=(-4, 104))
    nothing = int((cells[name][~causal] == 0).sum())
    ax.set_title(f"{letter}  {name}\n", loc="left")
    line = f"0 % in {nothing} of {int((~causal).sum())} non-causes"
    ax.text(0, 1.02, line, transform=ax.transAxes, fontsize=SMALL, va="bottom")
    ax.tick_params(labelsize=SMALL)


def _plot_size(ax: Axes, bins: pd.DataFrame) -> None:
    ax.set(ylim=(0, 1.03), xlabel="area of the cause (%)", ylabel="causes kept")
    ax.set_title("D  By size\n", loc="left")
    ax.tick_params(labelsize=SMALL)
    if bins["area"].isna().all():
        return
    colours = dict(zip(SCORES, sns.color_palette("colorblind"), strict=False))
    for number, (score, rows) in enumerate(bins.groupby("score", sort=False)):
        x = rows["area"] * (1 + 0.03 * (number - 1.5))
        ends = np.abs(rows[["kept_low", "kept_high"]].sub(rows["kept"], axis=0).to_numpy().T)
        look = {"color": colours.get(score, DROPPED), "label": score_name(score)}
        ax.errorbar(x, rows["kept"], ends, fmt="o-", ms=2.5, lw=1, elinewidth=0.8, **look)
    ax.set_xscale("log")
    areas = sorted(bins["area"].dropna().unique())
    ax.set_xticks(areas, [f"{100 * area:.0f}" for area in areas])
    ax.minorticks_off()
    ax.legend(frameon=False, fontsize=7, loc="lower left")


def validation_figure(headline: pd.DataFrame, cells: pd.DataFrame, bins: pd.DataFrame) -> Figure:
    """What a paper would print: the headline, cells before and after, and the size bias.

    headline : as `headline.headline_table`
    cells    : as `judgement.cell_scatter`
    bins     : as `judgement.size_bins`
    """
    figure = plt.figure(figsize=(PAGE, 6.2), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[1.4, 1])
    _plot_headline(above.subplots(), headline)
    network_legend(above, in_order(level(headline, "network")))
    axes = below.subplots(1, 3)
    for ax, letter, name in zip(axes, "BC", (PUBLISHED, CORRECTED), strict=False):
        _plot_cells(ax, cells, name, letter)
    axes[0].set_ylabel("images with the\nclass attended (%)")
    _plot_size(axes[2], bins)
    return figure
