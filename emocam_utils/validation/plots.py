"""Plots of 06_validation: the experiment in pictures, measured effects, and who finds them."""

from __future__ import annotations

from collections.abc import Iterable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..figures import DROPPED, KEPT, draw_boxes, overlay, short_label, show_image
from .cells import CAUSAL
from .experiment import Experiment
from .judgement import PRESENCE

COLOURS = {PRESENCE: "#868e96", "paper": "#4263eb", "corrected": KEPT}
SCORES = {
    "mean": "mean (paper)",
    "share": "share",
    "share_per_sqrt_area": "share / √area",
    "share_per_cbrt_area": "share / ∛area",
}
METHOD_MEASURES = {
    "ap": "average precision per cell",
    "box_auroc": "AUROC per box",
    "box_rho": "Spearman with the effect",
    "kept": "causes kept",
    "rejected": "companions rejected",
}


def _dots(ax: Axes, y: float, row: pd.Series, measure: str, colour: str, label: str = "") -> None:
    """A measure as a dot, on its interval if the row has one."""
    low, high = row.get(f"{measure}_low", np.nan), row.get(f"{measure}_high", np.nan)
    if low == low:
        ax.plot([low, high], [y, y], color=colour, lw=2, alpha=0.6, solid_capstyle="butt")
    ax.plot(row[measure], y, "o", color=colour, ms=6, label=label)


def _rows(ax: Axes, names: Iterable[str], size: float | None = None) -> None:
    """Names down the side, the first on top."""
    names = list(names)
    ax.set_yticks(range(len(names)), names, fontsize=size)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.grid(axis="x", alpha=0.4)


def _of(table: pd.DataFrame, level: str) -> list[str]:
    return list(dict.fromkeys(table.index.get_level_values(level)))


def experiment_figure(experiment: Experiment) -> Figure:
    """A scene, the same without each of its objects, and what maps say of it."""
    picture, objects, versions = experiment.picture, experiment.objects, experiment.versions
    said = [f"{short_label(r['label'])} {r['probability']:.2f}" for _, r in objects.iterrows()]
    panels = [(picture, f"whole: {said[0] if said else 'no objects'}")]
    for version, (_, row) in zip(versions, objects.iterrows(), strict=True):
        drop = row["probability_drop"]
        title = f"without {row['class']}: {row['probability'] - drop:.2f} ({-drop:+.2f})"
        panels.append((version, title))
    panels += [(overlay(picture, cam), title) for title, cam in experiment.cams.items()]
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
            draw_boxes(ax, row, None, [bool(row["probability_drop"].iloc[0] > CAUSAL)])
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
    if effect.size:
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


def _plot_presets(ax: Axes, presets: pd.DataFrame) -> None:
    networks, names = _of(presets, "network"), _of(presets, "preset")
    for place, network in enumerate(networks):
        for shift, name in enumerate(names):
            y = place + 0.22 * (shift - (len(names) - 1) / 2)
            label = name if place == 0 else ""
            _dots(ax, y, presets.loc[(network, name)], "ap", COLOURS.get(name, DROPPED), label)
    _rows(ax, networks)
    ax.set(
        xlim=(0, 1.03), xlabel="average precision per cell", title="Does a dark cell mean a cause?"
    )
    if networks:
        ax.legend(frameon=False, loc="lower left", fontsize=8)


def _plot_scatter(ax: Axes, cells: pd.DataFrame, name: str) -> None:
    causal = cells["causal"].astype(bool)
    for chosen, colour, label in ((~causal, "#adb5bd", "no cause"), (causal, KEPT, "cause")):
        rows = cells[chosen]
        ax.scatter(rows["effect"], rows[name], s=14, color=colour, label=label, lw=0, alpha=0.8)
    ax.axvline(CAUSAL, color="#868e96", lw=0.8, ls=":")
    ax.set(xlabel="measured effect", ylabel="images with the class attended (%)", ylim=(-3, 103))
    ax.set_title(name)


def _plot_size(ax: Axes, bins: pd.DataFrame) -> None:
    ax.set(
        ylim=(0, 1.03),
        xlabel="area of the cause (% of the image)",
        ylabel="causes kept",
        title="Whose size decides?",
    )
    if bins["area"].isna().all():
        return
    for score, rows in bins.groupby("score", sort=False):
        ax.plot(rows["area"], rows["kept"], "o-", label=SCORES.get(score, score), ms=4)
    ax.set_xscale("log")
    areas = sorted(bins["area"].dropna().unique())
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
        _dots(axes[0], y, row, "ap", KEPT if y == len(steps) - 1 else COLOURS["paper"], step)
    _rows(axes[0], steps.index)
    axes[0].set(
        xlabel="average precision per cell", title="From the paper's preset to the corrected"
    )
    table = factors["ap"].unstack("box score").rename(columns=SCORES)
    table.index = [
        f"{score}, {'before' if layer == 'pre_relu' else 'after'} the ReLU"
        for score, layer in table.index
    ]
    if table.size:
        sns.heatmap(table, ax=axes[1], annot=True, fmt=".2f", cmap="rocket_r", vmin=0, vmax=1)
    axes[1].set(title="Average precision, thresholds calibrated", xlabel="", ylabel="")
    return figure


def method_figure(methods: pd.DataFrame, presence: float) -> Figure:
    """Every method under each preset, and the occlusions, by five measures.

    methods  : indexed by network, method and preset; the first network is drawn with its intervals,
               the others as small circles
    presence : average precision of presence alone, drawn as a line
    """
    names = _of(methods, "method")
    figure, axes = plt.subplots(
        1,
        len(METHOD_MEASURES),
        figsize=(3 * len(METHOD_MEASURES), 0.36 * len(names) + 1.4),
        sharey=True,
        layout="constrained",
    )
    for ax, (measure, title) in zip(axes, METHOD_MEASURES.items(), strict=True):
        for (network, name, preset), row in methods.iterrows():
            shift = {"paper": -0.17, "corrected": 0.17}.get(preset, 0)
            colour, y = COLOURS.get(preset, DROPPED), names.index(name) + shift
            if network == methods.index[0][0]:
                _dots(ax, y, row, measure, colour)
            else:
                ax.plot(row[measure], y, "o", mfc="none", mec=colour, ms=4, mew=0.9)
        ax.set_title(title, fontsize=9)
        _rows(ax, names)
    axes[0].axvline(presence, color=COLOURS[PRESENCE], ls=":", lw=1.2)
    dot = {"marker": "o", "ls": ""}
    handles = [
        Line2D([], [], color=COLOURS["paper"], **dot, label="as published"),
        Line2D([], [], color=COLOURS["corrected"], **dot, label="corrected"),
        Line2D([], [], color=DROPPED, **dot, label="occlusion of boxes"),
        Line2D([], [], color=COLOURS[PRESENCE], ls=":", label=PRESENCE),
        Line2D([], [], color=DROPPED, mfc="none", ms=4, **dot, label="other networks"),
    ]
    figure.legend(
        handles=handles, loc="outside upper center", ncols=len(handles), frameon=False, fontsize=8
    )
    return figure


def curve_figure(curves: pd.DataFrame, road: pd.DataFrame, randomised: pd.DataFrame) -> Figure:
    """Deletion and insertion curves, ROAD, and maps under randomised parameters; a colour a method.

    curves     : as `curves.curve_table`; road : as `road.road_table`
    randomised : as `curves.randomisation_table`
    """
    figure, axes = plt.subplots(
        1, 4, figsize=(17, 3.6), width_ratios=[1, 1, 0.8, 1], layout="constrained"
    )
    names = list(dict.fromkeys(curves["method"]))
    colours = dict(zip(names, sns.color_palette("husl", len(names)), strict=True))
    better = {"deletion": "lower", "insertion": "higher"}
    for ax, curve in zip(axes, better, strict=False):
        for name, rows in curves[curves["curve"] == curve].groupby("method", sort=False):
            label = f"{name}  {rows['area'].iloc[0]:.2f}"
            ax.plot(rows["share"], rows["probability"], color=colours[name], label=label)
        ax.set(xlabel="share of cells changed", ylabel="probability of the label", ylim=(0, 1))
        ax.set_title(f"{curve} (area, {better[curve]} is better)")
        if names:
            ax.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))
    for y, (name, row) in enumerate(road.iterrows()):
        _dots(axes[2], y, row, "road", colours.get(name, DROPPED))
    _rows(axes[2], road.index, 8)
    axes[2].axvline(0, color=DROPPED, lw=0.8, ls=":")
    axes[2].set_title("ROAD (higher is better)")
    axes[2].set_xlabel("probability without the least relevant\ncells less without the most")
    for name, rows in randomised.groupby("method", sort=False):
        x = np.arange(len(rows))
        axes[3].plot(x, rows["similarity"], "o-", ms=3, color=colours.get(name, DROPPED))
    layers = list(dict.fromkeys(randomised["layer"]))
    axes[3].set_xticks(range(len(layers)), [layer.split(".")[-1] for layer in layers], fontsize=8)
    axes[3].axhline(0, color=DROPPED, lw=0.8, ls=":")
    axes[3].set(
        title="parameters shuffled down to",
        ylabel="similarity to the map (Spearman)",
        ylim=(-0.4, 1.03),
    )
    plt.setp(axes[3].get_xticklabels(), rotation=40, ha="right", rotation_mode="anchor")
    return figure
