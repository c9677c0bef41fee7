"""Plots of 06_validation: the experiment in pictures, measured effects, and who finds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from ..figures import DROPPED, KEPT, draw_boxes, overlay, short_label, show_image

COLOURS = {"presence only": "#868e96", "paper": "#4263eb", "corrected": KEPT}
SCORES = {
    "mean": "mean (paper)",
    "share": "share",
    "share_per_sqrt_area": "share / √area",
    "share_per_cbrt_area": "share / ∛area",
}


def experiment_figure(
    picture: Image.Image,
    versions: Sequence[Image.Image],
    objects: pd.DataFrame,
    cams: Mapping[str, np.ndarray],
) -> Figure:
    """A scene, the same without each of its objects, and what maps say of it.

    objects : one row a version: class, label, probability, label_without, probability_drop, box
    cams    : title -> (h, w) scaled to [0, 1], or NaN for an empty map
    """
    first = objects.iloc[0]
    panels = [(picture, f"whole: {short_label(first['label'])} {first['probability']:.2f}")]
    for version, (_, row) in zip(versions, objects.iterrows(), strict=True):
        left = row["probability"] - row["probability_drop"]
        panels.append(
            (version, f"without {row['class']}: {left:.2f} ({-row['probability_drop']:+.2f})")
        )
    panels += [(overlay(picture, cam), title) for title, cam in cams.items()]
    columns = 4
    rows = -(-len(panels) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(3 * columns, 2.5 * rows), squeeze=False, layout="constrained"
    )
    for ax in axes.flat:
        ax.set_axis_off()
    for number, (ax, (image, title)) in enumerate(zip(axes.flat, panels, strict=False)):
        show_image(ax, image, title)
        ax.title.set(fontsize=9, fontweight="normal")
        if 0 < number <= len(versions):
            row = objects.iloc[[number - 1]]
            draw_boxes(ax, row, None, [bool(row["probability_drop"].iloc[0] > 0.2)])
    return figure


def effects_figure(cells: pd.DataFrame, most: int = 30) -> Figure:
    """Measured effect of each class on each label; what the rule planted is outlined.

    cells : indexed by class and label, columns effect (NaN: too few images), planted
    """
    effect = cells["effect"].unstack("label")
    planted = cells["planted"].unstack("label").reindex_like(effect).fillna(0) > 0
    order = effect.max(axis=1).sort_values(ascending=False).index[:most]
    effect, planted = effect.loc[order], planted.loc[order]
    figure, ax = plt.subplots(figsize=(9.5, 0.22 * len(order) + 2), layout="constrained")
    sns.heatmap(
        effect.rename(columns=short_label),
        ax=ax,
        cmap="vlag",
        vmin=-1,
        vmax=1,
        linewidths=0.4,
        cbar_kws={
            "label": "mean drop of the label's probability without the object",
            "shrink": 0.7,
        },
    )
    for row, column in zip(*np.nonzero(planted.to_numpy()), strict=True):
        ax.add_patch(plt.Rectangle((column, row), 1, 1, fill=False, edgecolor="black", lw=1.3))
    ax.set_facecolor("#f1f3f5")
    ax.set(xlabel="predicted emotion", ylabel="", title="What removal does")
    ax.tick_params(length=0)
    plt.setp(ax.get_xticklabels(), rotation=55, ha="right", rotation_mode="anchor")
    return figure


def dots(ax: Axes, y: float, row: pd.Series, measure: str, colour: str, label: str = "") -> None:
    """A measure as a dot, on its interval if the row has one."""
    low, high = row.get(f"{measure}_low", np.nan), row.get(f"{measure}_high", np.nan)
    if low == low:
        ax.plot([low, high], [y, y], color=colour, lw=2, alpha=0.6, solid_capstyle="butt")
    ax.plot(row[measure], y, "o", color=colour, ms=6, label=label)


def _plot_presets(ax: Axes, presets: pd.DataFrame) -> None:
    networks = list(dict.fromkeys(presets.index.get_level_values("network")))
    names = list(dict.fromkeys(presets.index.get_level_values("preset")))
    for place, network in enumerate(networks):
        for shift, name in enumerate(names):
            y = place + 0.22 * (shift - (len(names) - 1) / 2)
            label = name if place == 0 else ""
            dots(ax, y, presets.loc[(network, name)], "ap", COLOURS.get(name, DROPPED), label)
    ax.set_yticks(range(len(networks)), networks)
    ax.invert_yaxis()
    ax.set(
        xlim=(0, 1.03), xlabel="average precision per cell", title="Does a dark cell mean a cause?"
    )
    ax.legend(frameon=False, loc="lower left", fontsize=8)
    ax.grid(axis="x", alpha=0.4)


def _plot_scatter(ax: Axes, cells: pd.DataFrame, name: str) -> None:
    causal = cells["causal"].astype(bool)
    for chosen, colour, label in ((~causal, "#adb5bd", "no cause"), (causal, KEPT, "cause")):
        rows = cells[chosen]
        ax.scatter(rows["effect"], rows[name], s=14, color=colour, label=label, lw=0, alpha=0.8)
    ax.axvline(0.2, color="#868e96", lw=0.8, ls=":")
    ax.set(xlabel="measured effect", ylabel="images with the class attended (%)", ylim=(-3, 103))
    ax.set_title(name)


def _plot_size(ax: Axes, bins: pd.DataFrame) -> None:
    for score, rows in bins.groupby("score", sort=False):
        ax.plot(rows["area"], rows["kept"], "o-", label=SCORES.get(score, score), ms=4)
    ax.set(
        xscale="log",
        ylim=(0, 1.03),
        xlabel="area of the cause (% of the image)",
        ylabel="causes kept",
        title="Whose size decides?",
    )
    areas = sorted(bins["area"].unique())
    ax.set_xticks(areas, [f"{100 * area:.0f}" for area in areas])
    ax.minorticks_off()
    ax.legend(frameon=False, fontsize=8, loc="lower right")


def validation_figure(presets: pd.DataFrame, cells: pd.DataFrame, bins: pd.DataFrame) -> Figure:
    """What a paper would print: precision by network, cells before and after, and the size bias.

    presets : indexed by network and preset: ap with ap_low, ap_high
    cells   : one row a judged cell: effect, causal, and a percentage for each preset
    bins    : score, area, kept: keep-rate of causes by size
    """
    figure, axes = plt.subplots(
        1, 4, figsize=(15, 3.6), width_ratios=[1.2, 1, 1, 1.1], layout="constrained"
    )
    _plot_presets(axes[0], presets)
    _plot_scatter(axes[1], cells, "paper")
    _plot_scatter(axes[2], cells, "corrected")
    axes[2].legend(frameon=False, fontsize=8, loc="lower right")
    _plot_size(axes[3], bins)
    for ax, letter in zip(axes, "ABCD", strict=True):
        ax.set_title(f"{letter}  {ax.get_title()}", loc="left")
        ax.set_title("")
    return figure


def factor_figure(steps: pd.DataFrame, factors: pd.DataFrame) -> Figure:
    """One factor after the other (left), and every combination at its calibrated threshold (right).

    steps   : indexed by step: ap with interval; factors : indexed by score, layer, box score: ap
    """
    figure, axes = plt.subplots(1, 2, figsize=(12, 3.2), layout="constrained")
    for y, (step, row) in enumerate(steps.iterrows()):
        dots(axes[0], y, row, "ap", KEPT if y == len(steps) - 1 else COLOURS["paper"], step)
    axes[0].set_yticks(range(len(steps)), steps.index)
    axes[0].invert_yaxis()
    axes[0].grid(axis="x", alpha=0.4)
    axes[0].set(
        xlabel="average precision per cell", title="From the paper's preset to the corrected"
    )
    table = factors["ap"].unstack("box score").rename(columns=SCORES)
    table.index = [
        f"{score}, {'before' if layer == 'pre_relu' else 'after'} the ReLU"
        for score, layer in table.index
    ]
    sns.heatmap(table, ax=axes[1], annot=True, fmt=".2f", cmap="rocket_r", vmin=0, vmax=1)
    axes[1].set(title="Average precision, thresholds calibrated", xlabel="", ylabel="")
    return figure
