"""Plots of 02_association: classes by labels, floors, thresholds, and who wins on one image."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from ..figures import (
    KEPT,
    draw_boxes,
    overlay,
    said,
    short_label,
    show_image,
    side_by_side,
    slanted,
)
from ..heatmaps import association_figure, plot_association
from ..pipeline.example import Example

__all__ = ["association_figure"]  # drawn by others too, so it lies in `figures`


def beside_presence_figure(
    presence: pd.DataFrame, attention: pd.DataFrame, images: pd.Series
) -> Figure:
    """How often a class is there, and how often it is attended when it is there, side by side.

    presence, attention : (K, L) in [0, 100], the same rows; NaN is drawn empty
    """
    height = 0.24 * max(len(presence), 4) + 2.2
    figure, axes = plt.subplots(1, 2, figsize=(15, height), sharey=True, layout="constrained")
    there = "images of the label with the class detected (%)"
    kept = "of these, images with a box of it kept (%)"
    plot_association(presence, images, axes[0], "Presence", word=there)
    plot_association(attention, images, axes[1], "Attention given presence", word=kept)
    return figure


def threshold_sweep_figure(
    sweeps: Mapping[str, pd.DataFrame], chosen: Mapping[str, float], top: int = 10
) -> Figure:
    """How the top classes move with the importance threshold; a line at the preset's.

    sweeps : title -> one row a threshold, one column a class, mean percentage over the labels
    chosen : title -> the threshold at which the `top` classes are taken, and which is marked
    """
    leading = {}
    for title, sweep in sweeps.items():
        nearest = np.abs(sweep.index.to_numpy() - chosen[title]).argmin()
        leading[title] = sweep.loc[:, sweep.max() > 0].iloc[nearest].nlargest(top).index
    every = list(dict.fromkeys(name for names in leading.values() for name in names))
    strong, weak = (sns.color_palette("tab20")[start::2] for start in (0, 1))
    colours = dict(zip(every, (strong + weak) * (1 + len(every) // 20), strict=False))
    figure, axes = side_by_side(len(sweeps), 5.2, 4)
    for ax, (title, sweep) in zip(axes, sweeps.items(), strict=True):
        for name in leading[title]:
            ax.plot(sweep.index, sweep[name], color=colours[name], label=name, linewidth=1.6)
        ax.axvline(chosen[title], color="#868e96", linestyle=":", linewidth=1)
        ax.set(title=title, xlabel="importance threshold", ylim=0)
        if len(leading[title]):
            ax.legend(
                fontsize=7, frameon=False, title="highest first, at the line", title_fontsize=7.5
            )
        else:
            said(ax, "no class is attended")
    axes[0].set(ylabel="images with the class attended\n(%, mean over labels)")
    return figure


def floors_figure(table: pd.DataFrame) -> Figure:
    """The most prominent classes beside what chance and presence alone give.

    table : as `floors.class_table` makes it
    """
    figure, ax = plt.subplots(figsize=(7.5, 0.24 * len(table) + 1.5), layout="constrained")
    rows, attended = np.arange(len(table)), table["attended"]
    ax.hlines(rows, 0, table["presence"], color="#e9ecef", linewidth=7, label="detected at all")
    ax.hlines(
        rows, table["shuffled_low"], table["shuffled_high"], color="#4dabf7", linewidth=5,
        label="importances shuffled within images",
    )  # fmt: skip
    ax.plot(table["random"], rows, "|", color="#212529", markersize=9, label="random maps")
    reach = [attended - table["attended_low"], table["attended_high"] - attended]
    ax.errorbar(
        attended, rows, fmt="o", color=KEPT, markersize=4, linewidth=1,
        xerr=np.clip(reach, 0, None), label="attended, 95 % over images",
    )  # fmt: skip
    ranges = zip(table.index, table["rank_low"], table["rank_high"], strict=True)
    ax.set_yticks(rows, [f"{name}  ({low:.0f}–{high:.0f})" for name, low, high in ranges])
    ax.invert_yaxis()
    ax.set(xlim=0, xlabel="images with the class (%, mean over labels)", ylabel="")
    ax.set_title("Attention against its floors (95 % range of the class's rank)")
    ax.legend(frameon=False, loc="lower right", fontsize=7.5)
    return figure


def size_bias_figure(table: pd.DataFrame, medians: pd.DataFrame, rho: pd.Series) -> Figure:
    """Each score against the size of the box: all boxes, medians, and the rank correlation.

    table, medians : area and one column a score, of `box_size`
    """
    figure, axes = side_by_side(len(rho), 3.7, 3.2)
    for ax, (score, value) in zip(axes, rho.items(), strict=True):
        if len(table):
            ax.hexbin(
                100 * table["area"], table[score], xscale="log", gridsize=32, bins="log",
                cmap="Greys", mincnt=1, linewidths=0,
            )  # fmt: skip
            ax.plot(100 * medians["area"], medians[score], "o-", color=KEPT, markersize=3)
            ax.set_xticks(ticks := _within(100 * table["area"]), [f"{tick:g}" for tick in ticks])
            ax.minorticks_off()
        ax.set(title=f"{score}\nρ = {value:+.2f}", xlabel="area of the box (% of the image)")
    axes[0].set(ylabel="importance")
    return figure


def _within(values: pd.Series) -> list[float]:
    """Round numbers for the ticks of a logarithmic axis, those nearest outside the values too."""
    rounds = [base * 10.0**power for power in range(-3, 3) for base in (1, 2, 5)]
    return [tick for tick in rounds if values.min() / 2 <= tick <= values.max() * 2]


def label_counts_figure(counts: pd.DataFrame) -> Figure:
    """Images predicted as each label, and how many of them above the probability threshold.

    counts : indexed by label, columns all and confident
    """
    figure, ax = plt.subplots(figsize=(8, 3), layout="constrained")
    names = [short_label(label) for label in counts.index]
    ax.bar(names, counts["all"], color="#dee2e6", label="predicted")
    ax.bar(names, counts["confident"], color=KEPT, label="above the probability threshold")
    slanted(ax)
    ax.set(ylabel="images", title="What the network predicts")
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def score_comparison_figure(one: Example, scores: Mapping[str, np.ndarray]) -> Figure:
    """Fig. 4: which box wins on one image under each score.

    scores : title -> (B,) importance of the boxes
    """
    figure, axes = side_by_side(1 + len(scores), 4.2, 3.4)
    show_image(axes[0], one.image, "image")
    for ax, (title, importance) in zip(axes[1:], scores.items(), strict=True):
        show_image(ax, overlay(one.image, one.cam), title)
        best = importance == np.max(importance[~np.isnan(importance)], initial=-np.inf)
        draw_boxes(ax, one.boxes, importance, best)
    return figure
