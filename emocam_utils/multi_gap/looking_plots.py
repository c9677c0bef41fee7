"""Plots of 07_multi_gap: where streams look, what blocks carry, what a real backbone reads."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from ..figures import SMALLEST, said, side_by_side
from ..heatmaps import association_figure
from ..pipeline.matrix import Association
from .plots import COLOURS, GREY, WIDTH, point
from .ratings import LAST, PAIRS, WHOLE
from .rows import ALL

__all__ = [
    "association_figure",
    "association_table",
    "carrying_figure",
    "looking_figure",
    "reading_figure",
]


def looking_figure(table: pd.DataFrame) -> Figure:
    """How much of each stream's map lies in objects, by predicted emotion, beside its floors."""
    emotions = list(dict.fromkeys(table["emotion"]))
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 0.27 * max(len(emotions), 3) + 1.1),
                                sharey=True, sharex=True, layout="constrained")  # fmt: skip
    for ax, stream in zip(axes, ALL[:2], strict=True):
        rows = table[table["stream"] == stream].set_index("emotion")
        ax.set(title=f"{stream.title()} stream", xlabel="share of the map in objects (%)")
        names = []
        for place, emotion in enumerate(emotions):
            names.append(emotion)
            if emotion not in rows.index:
                continue
            row = rows.loc[emotion]
            point(ax, row["share"], place, row["low"], row["high"], COLOURS[stream], "o")
            ax.plot([row["area"]], [place], "|", color="black", ms=9, mew=1.4)
            ax.plot([row["untrained"]], [place], "x", color=GREY, ms=5)
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(emotions) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x", color="#f1f3f5")
    handles = [
        plt.Line2D([], [], marker="o", color=COLOURS["object"], label="95 % over scenes"),
        plt.Line2D([], [], marker="|", ls="none", color="black", label="the objects' area"),
        plt.Line2D([], [], marker="x", ls="none", color=GREY, label="untrained copy"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False)
    return figure


def carrying_figure(table: pd.DataFrame) -> Figure:
    """What each block loses of an emotion's logit when its cause is taken out."""
    figure, axes = side_by_side(2, WIDTH / 2, 3.2)
    most = float(table["fall"].abs().max()) if len(table) else 1.0
    for ax, stream in zip(axes, ALL[:2], strict=True):
        ax.set_title(f"{stream.title()} stream")
        rows = table[table["stream"] == stream]
        if rows.empty:
            said(ax, "no scene with a cause")
            ax.set_axis_off()
            continue
        wide = rows.pivot(index="emotion", columns="block", values="fall")
        wide = wide.loc[list(dict.fromkeys(rows["emotion"]))]
        sure = rows.assign(sure=(rows["low"] > 0) | (rows["high"] < 0))
        sure = sure.pivot(index="emotion", columns="block", values="sure").loc[wide.index]
        stars = wide.map("{:.1f}".format) + np.where(sure.astype(bool), "", "°")
        counts = rows.drop_duplicates("emotion").set_index("emotion")["n"]
        names = [f"{name} ({counts[name]})" for name in wide.index]
        sns.heatmap(
            wide.set_axis(names), ax=ax, cmap="RdBu_r", vmin=-most, vmax=most, annot=stars, fmt="",
            annot_kws={"size": SMALLEST}, linewidths=0.4, linecolor="#f1f3f5",
            cbar_kws={"label": "fall of the logit", "shrink": 0.6},
        )  # fmt: skip
        ax.set(xlabel="block", ylabel="")
        ax.tick_params(length=0)
    return figure


def reading_figure(table: pd.DataFrame) -> Figure:
    """How well ratings are read: each block, the first blocks, all, and controls."""
    panels = [("valence", "r"), ("arousal", "r"), ("both", "quadrants")]
    titles = {"valence": "Valence", "arousal": "Arousal", "both": "Quadrants"}
    order = list(dict.fromkeys(table["reader"]))
    figure, axes = plt.subplots(1, len(panels), sharey=True, layout="constrained",
                                figsize=(WIDTH, 0.24 * max(len(order), 3) + 1))  # fmt: skip
    controls = {name for pair in PAIRS[1:] for name in pair} - {WHOLE}
    for ax, (dimension, measure) in zip(axes, panels, strict=True):
        rows = table.query("dimension == @dimension and measure == @measure")
        rows = rows.drop_duplicates("reader").set_index("reader")
        for place, name in enumerate(order):
            if name in rows.index:
                row = rows.loc[name]
                main = name in (WHOLE, LAST)
                colour = COLOURS["places"] if main else GREY
                colour = COLOURS["object"] if name in controls else colour
                point(ax, row["value"], place, row["low"], row["high"], colour, "o")
        words = "right (%)" if measure == "quadrants" else "r with people's ratings"
        ax.set(title=titles[dimension], xlabel=words)
        ax.set_yticks(range(len(order)), order)
        ax.set_ylim(len(order) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x", color="#f1f3f5")
    return figure


def association_table(found: Mapping[str, Association]) -> pd.DataFrame:
    """The numbers of the associations: a row a stream, class and emotion: percent attended."""
    parts = {stream: one.percent.stack(future_stack=True) for stream, one in found.items()}
    return pd.concat(parts, names=["stream"]).rename("percent").to_frame()
