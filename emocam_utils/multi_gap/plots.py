"""Plots of 07_multi_gap: what was said of the same images, from tables."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..figures import SMALLEST, said, side_by_side, slanted
from .following import CASES, FUSED, RULES
from .rows import ALL, BLOCKS

WIDTH = 7.2  # inches
COLOURS = {"object": "#0072b2", "places": "#d55e00", "table": "#009e73"}
GREY = "#868e96"
INITIALS = {"object": "O", "places": "P", "table": "T"}
VERDICT_LOOKS = {
    "holds": ("#0072b2", "o"),
    "contradicted": ("#d55e00", "s"),
    "undecided": ("#868e96", "D"),
}


def point(ax: Axes, x: float, y: float, low: float, high: float, colour: str, marker: str) -> None:
    """A point with its interval, lying; a NaN end leaves the point alone."""
    if np.isfinite([low, high]).all():
        ax.plot([low, high], [y, y], color=colour, linewidth=1.6, solid_capstyle="butt")
    ax.plot([x], [y], marker, color=colour, markersize=5)


def table_figure(table: pd.DataFrame) -> Figure:
    """Table 1: accuracy of each row with its interval; which streams it has on the left."""
    figure, (marks, ax) = plt.subplots(
        1, 2, figsize=(WIDTH, 0.29 * max(len(table), 3) + 0.9), width_ratios=(0.16, 1),
        sharey=True, layout="constrained",
    )  # fmt: skip
    places = np.arange(len(table))
    for place, row in zip(places, table.to_dict("records"), strict=True):
        point(ax, row["accuracy"], place, row["low"], row["high"], "#212529", "o")
        ax.plot([row["lowest seed"], row["highest seed"]], [place + 0.22] * 2, color=GREY, lw=1)
        ax.plot([row["published"]], [place], "D", mfc="none", color=COLOURS["places"], ms=5)
        for column, stream in enumerate(ALL):
            if row[stream]:
                marks.plot([column], [place], "o", color=COLOURS[stream], markersize=6)
    marks.set(xlim=(-0.6, len(ALL) - 0.4), xticks=range(len(ALL)))
    marks.set_xticklabels([INITIALS[stream] for stream in ALL])
    marks.set_yticks(places, table["network"])
    marks.xaxis.tick_top()
    for one in (marks, ax):
        one.set_ylim(len(table) - 0.4, -0.6)
        one.tick_params(axis="y", length=0)
    marks.spines[:].set_visible(False)
    marks.tick_params(axis="x", length=0)
    ax.set_xlabel(
        "accuracy (%): ● 95 % over seeds and images, ─ range of seeds, ◇ published, of FI"
    )
    ax.grid(axis="x", color="#f1f3f5")
    ax.set_axisbelow(True)
    return figure


def confusion_figure(table: pd.DataFrame, title: str) -> Figure:
    """Fig. 3: percent of each label's images (rows) by what they are called (columns)."""
    figure, ax = plt.subplots(figsize=(5.4, 4.6), layout="constrained")
    sns.heatmap(
        table, ax=ax, cmap="rocket_r", vmin=0, vmax=100, annot=True, fmt=".0f",
        annot_kws={"size": SMALLEST + 0.5}, linewidths=0.4, linecolor="#f1f3f5",
        cbar_kws={"label": "images of the label (%)", "shrink": 0.7},
    )  # fmt: skip
    ax.set_facecolor("#ced4da")
    ax.set(title=title, xlabel="predicted", ylabel="label")
    ax.tick_params(length=0)
    slanted(ax)
    return figure


def truncation_figure(table: pd.DataFrame) -> Figure:
    """Fig. 4: accuracy by the number of blocks, and what the last of them adds."""
    figure, (left, right) = side_by_side(2, WIDTH / 2, 2.7)
    for shift, (stream, rows) in zip((-0.06, 0.06), table.groupby("stream", sort=False),
                                     strict=False):  # fmt: skip
        colour, at = COLOURS[stream], rows["blocks"] + shift
        ends = np.abs(rows[["low", "high"]].to_numpy().T - rows["accuracy"].to_numpy())
        left.errorbar(at, rows["accuracy"], ends, color=colour, marker="o", ms=4, lw=1.2,
                      label=stream.title())  # fmt: skip
        rows = rows.dropna(subset=["added"])
        ends = np.abs(rows[["added low", "added high"]].to_numpy().T - rows["added"].to_numpy())
        right.errorbar(rows["blocks"] + shift, rows["added"], ends, color=colour, marker="o",
                       ms=4, lw=1.2, linestyle="none")  # fmt: skip
    names = [f"1-{k}" if k > 1 else "1" for k in range(1, BLOCKS + 1)]
    left.set(title="First blocks, trained again", xlabel="blocks", ylabel="accuracy (%)")
    left.set_xticks(range(1, BLOCKS + 1), names)
    right.set(title="What the last of them adds", xlabel="block", ylabel="percentage points")
    right.set_xticks(range(2, BLOCKS + 1))
    right.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    if len(table):
        left.legend(frameon=False, loc="lower right")
    return figure


def claims_figure(table: pd.DataFrame, margin: float) -> Figure:
    """Each difference with its interval, in the colour and shape of its claim's verdict."""
    lines = len(table) + table["claim"].nunique()
    figure, ax = plt.subplots(figsize=(WIDTH, 0.2 * max(lines, 4) + 0.8), layout="constrained")
    place, ticks = 0, []
    for claim, rows in table.groupby("claim", sort=False):
        verdict = rows["verdict"].iloc[0]
        colour, marker = VERDICT_LOOKS[verdict]
        ticks.append((place, f"{claim}: {verdict}", True))
        place += 1
        for row in rows.to_dict("records"):
            point(ax, row["value"], place, row["low"], row["high"], colour, marker)
            if np.isfinite(row["published"]):
                ax.plot([row["published"]], [place], "|", color="black", ms=8, mew=1.4)
            ticks.append((place, row["difference"], False))
            place += 1
    ax.axvline(0, color=GREY, linewidth=0.8, zorder=0)
    ax.axvspan(-margin, margin, color="#f1f3f5", zorder=-1)
    ax.set_yticks([t[0] for t in ticks], [t[1] for t in ticks])
    for label, (_, _, bold) in zip(ax.get_yticklabels(), ticks, strict=True):
        label.set_fontweight("bold" if bold else "normal")
    ax.set_ylim(place - 0.4, -0.8)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(f"percentage points; grey: within {margin:g} of nothing; |: published, of FI")
    return figure


def shifted_figure(table: pd.DataFrame) -> Figure:
    """Section 4.3: each network on the test scenes, and on scenes that are drawn otherwise."""
    looks = {
        "test": ("test scenes, eight emotions", "#212529", "o"),
        "shifted": ("shifted scenes, eight emotions", COLOURS["object"], "s"),
        "seven": ("shifted scenes, WebEMO's seven", COLOURS["places"], "D"),
    }
    figure, ax = plt.subplots(figsize=(WIDTH, 0.36 * max(len(table), 3) + 1), layout="constrained")
    for place, row in enumerate(table.to_dict("records")):
        for step, (name, (_, colour, marker)) in enumerate(looks.items()):
            y = place + 0.22 * (step - 1)
            point(ax, row[name], y, row[f"{name} low"], row[f"{name} high"], colour, marker)
    for name, (words, colour, marker) in looks.items():
        ax.plot([], [], marker, color=colour, label=words if name else "")
    initials = ["".join(INITIALS[s] for s in streams.split("+")) for streams in table["streams"]]
    names = [f"{n}, {i}" for n, i in zip(table["network"], initials, strict=True)]
    ax.set_yticks(range(len(table)), names)
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color="#f1f3f5")
    ax.set_xlabel("accuracy (%), 95 % over seeds and images")
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return figure


def following_figure(table: pd.DataFrame) -> Figure:
    """Percent right where both, one or none of the streams is right."""
    figure, axes = plt.subplots(1, len(CASES), figsize=(WIDTH, 2.3), sharey=True,
                                layout="constrained")  # fmt: skip
    order = [*FUSED, *RULES]
    for ax, case in zip(axes, CASES, strict=True):
        rows = table[table["case"] == case].set_index("follower")
        count = int(np.nan_to_num(rows["n"].max()))
        ax.set(title=f"{case} (n = {count:,})", xlabel="right (%)", xlim=(-3, 103))
        for place, name in enumerate(order):
            if name not in rows.index or not count:
                continue
            row = rows.loc[name]
            colour = COLOURS["object"] if name in FUSED else GREY
            point(ax, row["percent"], place, row["low"], row["high"], colour,
                  "o" if name in FUSED else "D")  # fmt: skip
        ax.set_yticks(range(len(order)), order)
        ax.set_ylim(len(order) - 0.5, -0.5)
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x", color="#f1f3f5")
        if not count:
            said(ax, "no such image")
    return figure
