"""Plots of 06_validation that compare methods: by effects, and by measures that need no boxes."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..figures import DROPPED
from .plots import COLOURS, dots

MEASURES = {
    "ap": "average precision per cell",
    "box_auroc": "AUROC per box",
    "box_rho": "Spearman with the effect",
    "kept": "causes kept",
    "rejected": "companions rejected",
}


def method_figure(methods: pd.DataFrame, presence: float) -> Figure:
    """Every method under each preset, and the occlusions, by five measures.

    methods  : indexed by network, method and preset; the first network is drawn with its intervals,
               the others as small circles
    presence : average precision of presence alone, drawn as a line
    """
    networks = list(dict.fromkeys(methods.index.get_level_values("network")))
    names = list(dict.fromkeys(methods.index.get_level_values("method")))
    figure, axes = plt.subplots(
        1,
        len(MEASURES),
        figsize=(3 * len(MEASURES), 0.36 * len(names) + 1.4),
        sharey=True,
        layout="constrained",
    )
    for ax, (measure, title) in zip(axes, MEASURES.items(), strict=True):
        for (network, name, preset), row in methods.iterrows():
            shift = {"paper": -0.17, "corrected": 0.17}.get(preset, 0)
            colour, y = COLOURS.get(preset, DROPPED), names.index(name) + shift
            if network == networks[0]:
                dots(ax, y, row, measure, colour)
            else:
                ax.plot(row[measure], y, "o", mfc="none", mec=colour, ms=4, mew=0.9)
        ax.set_title(title, fontsize=9)
        ax.set_yticks(range(len(names)), names)
        ax.grid(axis="x", alpha=0.4)
    axes[0].axvline(presence, color=COLOURS["presence only"], ls=":", lw=1.2)
    axes[0].invert_yaxis()
    handles = [
        plt.Line2D([], [], color=COLOURS.get(preset, DROPPED), marker="o", ls="", label=shown)
        for preset, shown in (
            ("paper", "as published"),
            ("corrected", "corrected"),
            ("occlusion", "occlusion of boxes"),
        )
    ]
    handles.append(
        plt.Line2D([], [], color=COLOURS["presence only"], ls=":", label="presence only")
    )
    handles.append(
        plt.Line2D(
            [], [], color=DROPPED, marker="o", mfc="none", ms=4, ls="", label="other networks"
        )
    )
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
    for ax, curve in zip(axes, ("deletion", "insertion"), strict=False):
        for name, rows in curves[curves["curve"] == curve].groupby("method", sort=False):
            label = f"{name}  {rows['area'].iloc[0]:.2f}"
            ax.plot(rows["share"], rows["probability"], color=colours[name], label=label)
        ax.set(xlabel="share of cells changed", ylabel="probability of the label", ylim=(0, 1))
        better = "lower" if curve == "deletion" else "higher"
        ax.set_title(f"{curve} (area, {better} is better)")
        ax.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))
    _plot_road(axes[2], road, colours)
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


def _plot_road(ax: Axes, road: pd.DataFrame, colours: dict[str, tuple]) -> None:
    for y, (name, row) in enumerate(road.iterrows()):
        dots(ax, y, row, "road", colours.get(name, DROPPED))
    ax.set_yticks(range(len(road)), road.index, fontsize=8)
    ax.invert_yaxis()
    ax.axvline(0, color=DROPPED, lw=0.8, ls=":")
    ax.grid(axis="x", alpha=0.4)
    ax.set_title("ROAD (higher is better)")
    ax.set_xlabel("probability without the least relevant\ncells less without the most")
