"""Plots of 08_photographs: how ratings are read, what moves them, and where the evidence lies."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..figures import said
from .classes import WORDS
from .drawing import FLOOR, SMALL, WIDTH, colour_of, dots, panels
from .evidence import OUTSIDE
from .reading import ALL, NETWORK

SHOWN = ("beyond", "covered", "presence", "people")


def reading_figure(calibration: pd.DataFrame, reading: pd.DataFrame) -> Figure:
    """What people say of photographs in tenths by the network's rating, a panel a dimension.

    calibration, reading : of `reading`
    """
    dimensions = list(calibration.index.unique("dimension"))
    figure, axes = panels(len(dimensions), 2.9)
    for ax, (dimension, colour) in zip(axes, colour_of(dimensions).items(), strict=False):
        rows = calibration.loc[dimension].dropna()
        own = reading.loc[(NETWORK, dimension, ALL)]
        ax.set(xlabel=f"network's {dimension} (1 to 7)", ylabel=f"people's {dimension} (mean)")
        ax.set_title(
            f"{dimension}: r {own['r']:.2f} ({own['r_low']:.2f} to {own['r_high']:.2f})\n"
            f"slope {own['slope']:.2f} ({own['slope_low']:.2f} to {own['slope_high']:.2f})",
            fontsize=9,
        )
        if rows.empty:
            said(ax, "no photograph")
            continue
        ends = [min(rows["network"].min(), rows["people_low"].min()) - 0.1]
        ends += [max(rows["network"].max(), rows["people_high"].max()) + 0.1]
        ax.plot(ends, ends, color=FLOOR, linewidth=1, linestyle="--")
        dots(ax, rows["network"], rows, "people", colour, vertical=True)
        ax.set(xlim=ends, ylim=ends, aspect="equal")
    return figure


def readers_figure(reading: pd.DataFrame, ceilings: pd.DataFrame) -> Figure:
    """r with people's ratings: of each reader, and of the network in each category.

    The line is the raters' ceiling, the thin bar behind a dot the range of the folds.
    """
    dimensions = list(ceilings.index.unique("dimension"))
    figure, axes = panels(len(dimensions), 3.0, sharey=True)
    for ax, (dimension, colour) in zip(axes, colour_of(dimensions).items(), strict=False):
        here = reading.xs(dimension, level="dimension")
        everything = here.xs(ALL, level="group")
        groups = here.loc[NETWORK].drop(ALL)
        rows = pd.concat([everything, groups])
        names = [NETWORK, *(f"{name} (reader)" for name in everything.index[1:])]
        names += [f"network: {name}" for name in groups.index]
        names = [f"{name}  ({n:.0f})" for name, n in zip(names, rows["photographs"], strict=True)]
        places = np.arange(len(rows))
        ax.hlines(places, rows["fold_low"], rows["fold_high"], color="#dee2e6", linewidth=6)
        dots(ax, places, rows, "r", colour)
        bounds = ceilings.loc[dimension]
        ax.axvline(bounds.loc[ALL, "ceiling"], color="black", linewidth=1)
        ax.axvline(bounds.loc[ALL, "one_rater"], color="black", linewidth=1, linestyle=":")
        ax.axvline(0, color=FLOOR, linewidth=0.8)
        ax.set_yticks(places, names, fontsize=SMALL)
        ax.set(xlabel="r with people's ratings", title=dimension, ylim=(len(rows) - 0.5, -0.5))
    figure.suptitle(
        "95 % over themes. Grey: the folds. Line: raters' ceiling; dotted: one rater (at least)",
        fontsize=SMALL,
    )
    return figure


def classes_figure(table: pd.DataFrame, judged: int) -> Figure:
    """What each class does to each rating, a panel a measure; classes by people's first rating.

    table  : of `classes.class_table`; classes of fewer than `judged` photographs are pale
    """
    dimensions = list(table.index.unique("dimension"))
    first = table.xs(dimensions[0], level="dimension") if dimensions else table
    order = first.xs("people", level="measure").sort_values("value").index if len(first) else []
    counts = first["photographs"].groupby(level="class").first() if len(first) else {}
    figure, axes = plt.subplots(
        1, len(SHOWN), figsize=(WIDTH, 0.26 * max(len(order), 5) + 1.2), sharey=True,
        layout="constrained",
    )  # fmt: skip
    for ax, measure in zip(axes, SHOWN, strict=True):
        ax.axvline(0, color=FLOOR, linewidth=0.8)
        ax.set_title(WORDS[measure].replace(" (", "\n(").replace(", ", ",\n"), fontsize=8)
        ax.set_xlabel("rating points", fontsize=SMALL)
        if not len(order):
            said(ax, "no class")
            continue
        for shift, (dimension, colour) in zip(
            np.linspace(-0.16, 0.16, len(dimensions)), colour_of(dimensions).items(), strict=True
        ):
            rows = first if dimension == dimensions[0] else table.xs(dimension, level="dimension")
            rows = rows.xs(measure, level="measure").loc[order]
            enough = (rows["photographs"] >= judged).to_numpy()
            places = np.arange(len(order)) + shift
            for some, alpha in ((enough, 1.0), (~enough, 0.45)):
                dots(
                    ax, places[some], rows[some], "value", colour, alpha=alpha, ends=("low", "high")
                )
            ax.plot([], [], "o", color=colour, markersize=4, label=dimension)
        ax.grid(axis="y", color="#f1f3f5")
    names = [f"{name}  ({counts[name]})" for name in order]
    axes[0].set_yticks(np.arange(len(order)), names, fontsize=SMALL)
    axes[0].set_ylim(-0.7, max(len(order), 1) - 0.3)
    if len(order):
        figure.legend(
            *axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4,
            frameon=False, fontsize=SMALL,
        )  # fmt: skip
    return figure


def agreement_figure(table: pd.DataFrame, agreement: pd.DataFrame, judged: int) -> Figure:
    """Each measure of a class against people's ratings of its photographs, a dot a class.

    table, agreement : of `classes`; classes of fewer than `judged` photographs are not drawn
    """
    dimensions = list(agreement.index.unique("dimension"))
    measures = ("contribution", *SHOWN[:-1])
    figure, axes = plt.subplots(
        max(len(dimensions), 1), len(measures), squeeze=False, layout="constrained",
        figsize=(WIDTH, 2.0 * max(len(dimensions), 1) + 0.3),
    )  # fmt: skip
    for row, (dimension, colour) in zip(axes, colour_of(dimensions).items(), strict=False):
        here = table[table.index.get_level_values("dimension") == dimension].droplevel("dimension")
        wide = here[here["photographs"] >= judged]["value"].unstack("measure")
        for ax, measure in zip(row, measures, strict=True):
            ax.axhline(0, color=FLOOR, linewidth=0.8)
            ax.axvline(0, color=FLOOR, linewidth=0.8)
            found = agreement.loc[(dimension, measure, "people")]
            title = WORDS[measure].split(" (")[0].split(",")[0]
            ax.set_title(
                f"{title}\nρ {found['rho']:+.2f} ({found['low']:+.2f} to {found['high']:+.2f})",
                fontsize=SMALL,
            )
            if wide.empty:
                said(ax, "no class")
                continue
            ax.plot(wide["people"], wide[measure], "o", color=colour, markersize=4, alpha=0.8)
        row[0].set_ylabel(f"{dimension}: the measure", fontsize=SMALL)
    figure.supxlabel("people's ratings: photographs with the class less those without", fontsize=8)
    return figure


def evidence_figure(evidence: pd.DataFrame) -> Figure:
    """How much of the evidence lies in no box, beside its floors. evidence : of `evidence`"""
    dimensions = list(evidence.index.unique("dimension"))
    figure, axes = panels(len(dimensions), 2.6, sharey=True)
    for ax, (dimension, colour) in zip(axes, colour_of(dimensions).items(), strict=False):
        rows = evidence.loc[dimension].loc[list(OUTSIDE)] * 100
        places = np.arange(len(rows))
        dots(ax, places, rows, "share", colour, ends=("low", "high"))
        ax.plot(rows["noise"], places + 0.2, "|", color="black", markersize=8, label="map of noise")
        ax.plot(
            rows["others"], places - 0.2, "x", color=FLOOR, markersize=5,
            label="boxes of other photographs",
        )  # fmt: skip
        ax.plot([], [], "o", color=colour, markersize=4, label="the map, 95 % over themes")
        ax.set_yticks(places, list(OUTSIDE.values()), fontsize=SMALL)
        ax.set(title=dimension, xlabel="in no box (%)", ylim=(len(rows) - 0.5, -0.5))
        ax.grid(axis="y", color="#f1f3f5")
    if dimensions:
        figure.legend(
            *axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3,
            frameon=False, fontsize=SMALL,
        )  # fmt: skip
    return figure


def layout_figure(density: pd.DataFrame, centre: pd.DataFrame) -> Figure:
    """Density of the evidence by size and place of a box, and from the middle to the edge."""
    dimensions = list(centre.index.unique("dimension"))
    figure, axes = panels(3, 2.6, sharey=True)
    titles = {"size": "size of the box", "place": "place of its middle"}
    for shift, (dimension, colour) in zip(
        np.linspace(-0.1, 0.1, max(len(dimensions), 1)), colour_of(dimensions).items(), strict=False
    ):
        for ax, grouping in zip(axes, titles, strict=False):
            rows = density.xs((dimension, grouping), level=("dimension", "grouping"))
            places = np.arange(len(rows))
            ends = ("low", "high")
            dots(ax, places + shift, rows, "density", colour, vertical=True, ends=ends)
            ax.plot(places + shift, rows["noise"], "_", color=colour, alpha=0.6, markersize=10)
            names = [
                f"{group}\n({n:,.0f})" for group, n in zip(rows.index, rows["objects"], strict=True)
            ]
            ax.set_xticks(places, names, fontsize=7, rotation=30)
        rows = centre.loc[dimension]
        axes[2].fill_between(rows["distance"], rows["low"], rows["high"], color=colour, alpha=0.2)
        axes[2].plot(rows["distance"], rows["density"], "o-", color=colour, markersize=3)
        axes[2].plot([], [], "o-", color=colour, markersize=4, label=dimension)
    for ax, title in zip(axes, [*titles.values(), "any cell: middle 0, edge 1"], strict=True):
        ax.axhline(1, color=FLOOR, linewidth=0.8, linestyle="--")
        ax.set_title(title, fontsize=9)
    axes[0].set_ylabel("|map| inside over that of\nthe whole photograph", fontsize=8)
    axes[2].plot([], [], "_", color=FLOOR, markersize=10, label="map of noise")
    if dimensions:
        handles = axes[2].get_legend_handles_labels()
        figure.legend(*handles, loc="outside upper center", ncols=4, frameon=False, fontsize=SMALL)
    return figure


def people_figure(table: pd.DataFrame) -> Figure:
    """What people and the network say of photographs with and without people."""
    dimensions = list(table.index.unique("dimension"))
    figure, axes = panels(len(dimensions), 2.2, sharey=True)
    for ax, (dimension, colour) in zip(axes, colour_of(dimensions).items(), strict=False):
        rows = table.loc[dimension]
        places = np.arange(len(rows))
        dots(ax, places - 0.13, rows, "people", "#212529")
        dots(ax, places + 0.13, rows, "network", colour)
        names = [
            f"{group}  ({n:.0f})" for group, n in zip(rows.index, rows["photographs"], strict=True)
        ]
        ax.set_yticks(places, names, fontsize=SMALL)
        ax.set(title=dimension, xlabel="mean rating", ylim=(len(rows) - 0.5, -0.5))
    figure.suptitle("black: people; colour: the network; 95 % over themes", fontsize=SMALL)
    return figure
