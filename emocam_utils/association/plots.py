"""Plots of 02_association: classes by labels, floors, thresholds, and who wins on one image."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from ..figures import (
    JOURNAL,
    KEPT,
    SMALLEST,
    draw_boxes,
    overlay,
    said,
    short_label,
    show_image,
    side_by_side,
    slanted,
)
from ..heatmaps import BLANK, CAUSE, ROW, key_of_marks, limits, mark_cells, plot_cells
from ..names import score_name
from ..pipeline.attention import Attention
from ..pipeline.example import Example
from ..study import Preset
from .given_presence import chosen_boxes, passing

__all__ = ["passing", "score_name"]  # besides the figures: what a notebook titles them with

TICKS = (2, 10, 25, 50, 100)  # percent
TALL = 15  # rows beside which a bar of colours has room for its words


def association_by_preset_figure(
    tables: Mapping[str, pd.DataFrame],
    images: pd.Series,
    dots: Mapping[str, pd.DataFrame],
    causes: pd.DataFrame | None = None,
    absent: pd.DataFrame | None = None,
) -> Figure:
    """Fig. 2: classes by labels under each preset, side by side and in one order.

    tables : title -> (K, L) in percent of the label's images, the same rows everywhere
    images : (L,), images of each label
    dots   : title -> cells attended beyond chance, (K, L) of bool
    causes, absent : cells that the truth makes a cause, and those whose class is mostly not there;
                     None where the truth is not known
    """
    colours = plt.get_cmap("rocket_r").with_extremes(under="white")
    scale = plt.cm.ScalarMappable(_Root(BLANK, 100), colours)
    rows = max((len(table) for table in tables.values()), default=0)
    figure, axes = _panels(len(tables), rows)
    for ax, (title, table) in zip(axes, tables.items(), strict=True):
        plot_cells(ax, table, images, scale, title)
        if not table.empty:
            crosses = None if absent is None else absent & (table >= BLANK)
            mark_cells(ax, dots[title], causes, crosses, dark=table > 45)
    beside = {"location": "right", "shrink": 0.6, "pad": 0.015}
    below = {"location": "bottom", "shrink": 0.5, "pad": 0.02}  # few rows are too low for it
    bar = figure.colorbar(scale, ax=axes, aspect=30, **(beside if rows >= TALL else below))
    bar.set_label("images of the label with the class attended (%)", fontsize=SMALLEST + 0.5)
    bar.set_ticks(TICKS, labels=[f"{tick:g}" for tick in TICKS], fontsize=SMALLEST)
    bar.ax.minorticks_off()
    key = key_of_marks(
        "attended beyond chance, given that it is there",
        "" if causes is None else "cause by the scenes' rule",
        "" if absent is None else "detected, but mostly not there",
        f"below {BLANK:g} %",
    )
    figure.legend(handles=key, loc="outside upper center", ncols=3, frameon=False, fontsize=7.5)
    return figure


def setting_title(preset: str, attention: Attention) -> str:
    """What a panel of Fig. 2 shows: the preset, its score and threshold, and what it keeps."""
    p, chosen = attention.preset, chosen_boxes(attention)[1]
    kept = f"{chosen.mean():.1%}" if len(chosen) else "none"
    return f"{preset}: {score_name(p.importance)} > {p.threshold:g}\nkeeps {kept} of the boxes"


def boxes_in_words(sizes: pd.DataFrame, causes: pd.DataFrame | None, preset: Preset) -> str:
    """Of which boxes `size_bias_figure` is."""
    which = "boxes" if causes is None else "boxes of causes"
    return f"{len(sizes):,} {which} above confidence {preset.confidence:g}, of images with a map"


def beside_presence_figure(
    together: pd.DataFrame,
    attention: pd.DataFrame,
    images: pd.Series,
    least: int,
    causes: pd.DataFrame | None = None,
) -> Figure:
    """How far class and label go together, and how often the class is attended where it is there.

    together  : (K, L), log odds of presence
    attention : (K, L) in [0, 100]; NaN where fewer than `least` images have the class: grey
    """
    figure, axes = _panels(2, len(together))
    low, high, _ = limits("log odds", together.to_numpy(dtype=float))
    percent = plt.get_cmap("rocket_r").with_extremes(under="white")
    panels = {
        "Presence (no network)": (together, plt.Normalize(low, high), "RdBu_r"),
        f"Attention given presence (≥ {least} images)": (attention, _Root(BLANK, 100), percent),
    }
    words = ("log odds of being present", "of the images with the class, attended in (%)")
    for ax, word, (title, (table, norm, colours)) in zip(axes, words, panels.items(), strict=True):
        scale = plt.cm.ScalarMappable(norm, colours)
        plot_cells(ax, table, images, scale, title)
        if causes is not None and not table.empty:
            mark_cells(ax, causes=causes)
        bar = figure.colorbar(scale, ax=ax, location="bottom", shrink=0.8, aspect=30, pad=0.02)
        bar.set_label(word, fontsize=SMALLEST + 0.5)
        bar.ax.tick_params(labelsize=SMALLEST)
    bar.set_ticks(TICKS, labels=[f"{tick:g}" for tick in TICKS])
    bar.ax.minorticks_off()
    key = key_of_marks(
        causes="" if causes is None else "cause by the scenes' rule", blank=f"below {BLANK:g} %"
    )
    figure.legend(handles=key, loc="outside upper center", ncols=3, frameon=False, fontsize=7.5)
    return figure


class _Root(PowerNorm):
    """Colours by the square root, so that 5 % is told from 0 on a scale up to 100."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__(0.5, low, high)


def _panels(count: int, rows: int) -> tuple[Figure, np.ndarray]:
    """Panels side by side on a page, for `plot_cells` of so many rows."""
    figure, axes = plt.subplots(
        1, max(count, 1), figsize=(JOURNAL, ROW * max(rows, 9) + 2.1), squeeze=False, sharey=True,
        layout="constrained",
    )  # fmt: skip
    return figure, axes[0]


def threshold_sweep_figure(
    sweeps: Mapping[str, pd.DataFrame], chosen: Mapping[str, float], top: int = 10
) -> Figure:
    """How often the leading classes are attended at each threshold, a row a class.

    sweeps : title -> one row a threshold, one column a class, mean percentage over the labels
    chosen : title -> the threshold at which the `top` classes are taken, and which is marked
    """
    figure, axes = side_by_side(len(sweeps), JOURNAL / max(len(sweeps), 1), 0.17 * top + 1.2)
    highest = max((sweep.to_numpy().max(initial=0) for sweep in sweeps.values()), default=0) or 1
    colours = plt.get_cmap("rocket_r").with_extremes(under="white")
    scale = plt.cm.ScalarMappable(_Root(0.1, max(highest, 0.2)), colours)
    for ax, (title, sweep) in zip(axes, sweeps.items(), strict=True):
        steps = sweep.index.to_numpy()
        nearest = np.abs(steps - chosen[title]).argmin()
        leading = sweep.loc[:, sweep.max() > 0].iloc[nearest].nlargest(top).index
        ax.set(title=title, xlabel="importance threshold")
        if not len(leading):
            said(ax, "no class is attended")
            continue
        middle = np.append(steps, 2 * steps[-1] - steps[-2]) - (steps[1] - steps[0]) / 2
        cells = sweep[leading].to_numpy().T
        ax.pcolormesh(middle, np.arange(len(leading) + 1), cells, cmap=scale.cmap, norm=scale.norm)
        ax.set_yticks(np.arange(len(leading)) + 0.5, leading, fontsize=SMALLEST)
        ax.invert_yaxis()
        ax.tick_params(axis="y", length=0)
        ax.axvline(chosen[title], color=CAUSE, linewidth=1.5)
    bar = figure.colorbar(scale, ax=axes, shrink=0.8, pad=0.02)
    bar.set_label("images with the class attended\n(%, mean over labels)", fontsize=7.5)
    ticks = [tick for tick in (0.1, 1, 5, 10, 20, 50) if tick <= highest]
    bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    bar.ax.minorticks_off()
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


def size_bias_figure(table: pd.DataFrame, medians: pd.DataFrame, bias: pd.DataFrame) -> Figure:
    """Each score against the size of the box: boxes, medians, and the rank correlation.

    table, medians, bias : of `box_size`
    """
    figure, axes = side_by_side(max(len(bias), 1), JOURNAL / max(len(bias), 1), 2.4)
    for ax, (score, row) in zip(axes, bias.iterrows(), strict=False):
        if len(table):
            ax.hexbin(
                100 * table["area"], table[score], xscale="log", gridsize=32, bins="log",
                cmap="Greys", mincnt=1, linewidths=0,
            )  # fmt: skip
            ax.plot(100 * medians["area"], medians[score], "o-", color=KEPT, markersize=3)
            ax.set_xticks(ticks := _within(100 * table["area"]), [f"{tick:g}" for tick in ticks])
            ax.minorticks_off()
        else:
            said(ax, "no box")
        interval = f"{row['low']:+.2f} to {row['high']:+.2f}"
        ax.set_title(f"{score_name(score)}\nρ {row['rho']:+.2f} ({interval})", fontsize=7.5)
    figure.supxlabel("area of the box (% of the image)", fontsize=8)
    axes[0].set(ylabel="importance")
    return figure


def _within(values: pd.Series, most: int = 6) -> list[float]:
    """Round numbers for the ticks of a logarithmic axis, those nearest outside the values too.

    most : with more of them only powers of ten are left
    """
    rounds = [base * 10.0**power for power in range(-3, 3) for base in (1, 3)]
    ticks = [tick for tick in rounds if values.min() / 2 <= tick <= values.max() * 2]
    return ticks if len(ticks) <= most else [tick for tick in ticks if tick in rounds[::2]]


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


def score_comparison_figure(one: Example | None, scores: Mapping[str, np.ndarray]) -> Figure:
    """Fig. 4: which box wins on one image under each score.

    one    : None if the corpus has no such image, which is then said
    scores : title -> (B,) importance of the boxes
    """
    figure, axes = side_by_side(1 + len(scores), JOURNAL / (1 + len(scores)), 2.1)
    for ax in axes:
        ax.set_axis_off()
    if one is None:
        said(axes[0], "no image on which\na small wrong box wins", fontsize=9)
        return figure
    show_image(axes[0], one.image, f"predicted: {one.label}")
    for ax, (title, importance) in zip(axes[1:], scores.items(), strict=True):
        show_image(ax, overlay(one.image, one.cam), title)
        best = importance == np.max(importance[~np.isnan(importance)], initial=-np.inf)
        draw_boxes(ax, one.boxes, importance, best)
    for ax in axes:
        ax.title.set_fontsize(8.5)
    return figure
