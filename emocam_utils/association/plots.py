"""Plots of 02_association: classes by labels, predicted labels, and who wins on one image."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from ..figures import KEPT, draw_boxes, overlay, short_label, show_image


def plot_association(
    percent: pd.DataFrame,
    images: pd.Series,
    ax: Axes,
    title: str,
    marked: pd.DataFrame | None = None,
    word: str = "images of the label with the class attended (%)",
) -> None:
    """Fig. 2: classes by labels in percent, annotated; the margin states n for each label.

    percent : (K, L), M'_A in [0, 100]; NaN for a label without images, drawn empty
    images  : (L,), images of each label
    marked  : (K or more, L) of bool, cells that get a dot, such as those that pass a test
    word    : what the colours stand for
    """
    names = [f"{short_label(label)}  ({images[label]})" for label in percent.columns]
    sns.heatmap(
        percent.set_axis(names, axis=1),
        ax=ax,
        cmap="rocket_r",
        vmin=0,
        vmax=100,
        annot=percent.round(0).to_numpy(),
        fmt=".0f",
        annot_kws={"size": 6.5},
        linewidths=0.4,
        cbar_kws={"label": word, "shrink": 0.6},
    )
    if marked is not None:
        rows, columns = np.nonzero(marked.loc[percent.index, percent.columns].to_numpy())
        dark = percent.to_numpy()[rows, columns] > 55
        ax.scatter(columns + 0.87, rows + 0.2, s=5, c=np.where(dark, "white", "black"), linewidth=0)
    ax.set_facecolor("#f1f3f5")
    ax.set(title=title, xlabel="predicted emotion (n images)", ylabel="")
    ax.tick_params(length=0)
    plt.setp(ax.get_xticklabels(), rotation=55, ha="right", rotation_mode="anchor")


def association_figure(
    panels: Mapping[str, tuple[pd.DataFrame, pd.Series]],
    marked: Mapping[str, pd.DataFrame] | None = None,
) -> Figure:
    """One heatmap of `plot_association` under the other; panels: title -> (percent, images).

    marked : title -> the cells that get a dot
    """
    rows = [max(len(percent), 4) for percent, _ in panels.values()]
    height = sum(0.24 * n + 1.9 for n in rows)
    figure, axes = plt.subplots(
        len(panels),
        1,
        figsize=(10, height),
        height_ratios=[n + 6 for n in rows],
        squeeze=False,
        layout="constrained",
    )
    for ax, (title, (percent, images)) in zip(axes[:, 0], panels.items(), strict=True):
        plot_association(percent, images, ax, title, (marked or {}).get(title))
    return figure


def measure_figure(values: pd.DataFrame, images: pd.Series, title: str) -> Figure:
    """A heatmap of a measure that is no percentage; negative values make the colours signed.

    values : (K, L); NaN is drawn empty, -inf like the lowest value
    """
    finite = values.replace([-np.inf, np.inf], np.nan)
    most = float(np.nanmax(np.abs(finite.to_numpy()), initial=0)) or 1.0
    signed = bool((finite < 0).any(axis=None))
    names = [f"{short_label(label)}  ({images[label]})" for label in values.columns]
    figure, ax = plt.subplots(figsize=(10, 0.24 * max(len(values), 4) + 1.9), layout="constrained")
    sns.heatmap(
        values.clip(lower=-most).set_axis(names, axis=1), ax=ax, linewidths=0.4,
        cmap="RdBu_r" if signed else "rocket_r", vmin=-most if signed else 0, vmax=most,
        annot=values.to_numpy(), fmt=".1f", annot_kws={"size": 6}, cbar_kws={"shrink": 0.6},
    )  # fmt: skip
    ax.set(title=title, xlabel="predicted emotion (n images)", ylabel="")
    ax.set_facecolor("#f1f3f5")
    plt.setp(ax.get_xticklabels(), rotation=55, ha="right", rotation_mode="anchor")
    return figure


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
    tables = {title: table.loc[:, table.max() > 0] for title, table in sweeps.items()}
    names = {
        title: table.loc[_nearest(table.index, chosen[title])].nlargest(top).index
        for title, table in tables.items()
    }
    every = list(dict.fromkeys(name for title in tables for name in names[title]))
    strong, weak = (sns.color_palette("tab20")[start::2] for start in (0, 1))
    colours = dict(zip(every, (strong + weak) * (1 + len(every) // 20), strict=False))
    figure, axes = plt.subplots(
        1, len(tables), figsize=(5.2 * len(tables), 4), squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for ax, (title, table) in zip(axes[0], tables.items(), strict=True):
        for name in names[title]:
            ax.plot(table.index, table[name], color=colours[name], label=name, linewidth=1.6)
        ax.axvline(chosen[title], color="#868e96", linestyle=":", linewidth=1)
        ax.set(title=title, xlabel="importance threshold", ylim=0)
        ax.legend(fontsize=7, frameon=False, title="highest first, at the line", title_fontsize=7.5)
    axes[0, 0].set(ylabel="images with the class attended\n(%, mean over labels)")
    return figure


def _nearest(index: pd.Index, value: float) -> float:
    return index[np.abs(index.to_numpy() - value).argmin()]


def floors_figure(table: pd.DataFrame) -> Figure:
    """The most prominent classes beside what chance and presence alone give.

    table : as `floors.class_table` makes it
    """
    figure, ax = plt.subplots(figsize=(7.5, 0.24 * len(table) + 1.5), layout="constrained")
    rows = np.arange(len(table))
    ax.hlines(rows, 0, table["presence"], color="#e9ecef", linewidth=7, label="detected at all")
    ax.hlines(
        rows, table["shuffled_low"], table["shuffled_high"], color="#4dabf7", linewidth=5,
        label="importances shuffled within images",
    )  # fmt: skip
    ax.plot(table["random"], rows, "|", color="#212529", markersize=9, label="random maps")
    ax.errorbar(
        table["attended"], rows, fmt="o", color=KEPT, markersize=4, linewidth=1,
        xerr=_reach(table, "attended"), label="attended, 95 % over images",
    )  # fmt: skip
    ranges = zip(table.index, table["rank_low"], table["rank_high"], strict=True)
    ax.set_yticks(rows, [f"{name}  ({low:.0f}–{high:.0f})" for name, low, high in ranges])
    ax.invert_yaxis()
    ax.set(xlim=0, xlabel="images with the class (%, mean over labels)", ylabel="")
    ax.set_title("Attention against its floors (95 % range of the class's rank)")
    ax.legend(frameon=False, loc="lower right", fontsize=7.5)
    return figure


def _reach(table: pd.DataFrame, name: str) -> np.ndarray:
    """Distances to both ends of an interval, as error bars want them."""
    middle = table[name]
    ends = middle - table[f"{name}_low"], table[f"{name}_high"] - middle
    return np.clip(np.array(ends), 0, None)


def size_bias_figure(table: pd.DataFrame, medians: pd.DataFrame, rho: pd.Series) -> Figure:
    """Each score against the size of the box: all boxes, medians, and the rank correlation.

    table, medians : area and one column a score, of `box_size`
    """
    figure, axes = plt.subplots(
        1, len(rho), figsize=(3.7 * len(rho), 3.2), squeeze=False, layout="constrained"
    )
    for ax, (score, value) in zip(axes[0], rho.items(), strict=True):
        if len(table):
            ax.hexbin(
                100 * table["area"], table[score], xscale="log", gridsize=32, bins="log",
                cmap="Greys", mincnt=1, linewidths=0,
            )  # fmt: skip
            ax.plot(100 * medians["area"], medians[score], "o-", color=KEPT, markersize=3)
            ax.set_xticks(ticks := _within(100 * table["area"]), [f"{tick:g}" for tick in ticks])
            ax.minorticks_off()
        ax.set(title=f"{score}\nρ = {value:+.2f}", xlabel="area of the box (% of the image)")
    axes[0, 0].set(ylabel="importance")
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
    plt.setp(ax.get_xticklabels(), rotation=55, ha="right", rotation_mode="anchor")
    ax.set(ylabel="images", title="What the network predicts")
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def score_comparison_figure(
    image: Image.Image,
    cam: np.ndarray,
    boxes: pd.DataFrame,
    scores: Mapping[str, np.ndarray],
) -> Figure:
    """Fig. 4: which box wins on one image under each score.

    scores : title -> (B,) importance of the boxes
    """
    figure, axes = plt.subplots(
        1, 1 + len(scores), figsize=(4.2 * (1 + len(scores)), 3.4), layout="constrained"
    )
    show_image(axes[0], image, "image")
    for ax, (title, importance) in zip(axes[1:], scores.items(), strict=True):
        show_image(ax, overlay(image, cam), title)
        best = importance == np.nanmax(importance)
        draw_boxes(ax, boxes, importance, best)
    return figure
