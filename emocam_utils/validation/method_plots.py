"""Plots of 06_validation that compare settings and methods, with and without boxes."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..figures import DROPPED, KEPT
from ..names import method_name
from .cells import CAUSAL
from .contestants import CORRECTED, NOISE, ODDS, OWN_BEST, PERCENT, PUBLISHED
from .factors import STEPS
from .judgement import OCCLUSION
from .known import in_order
from .plots import (
    COLOURS,
    MARKERS,
    PAGE,
    SMALL,
    interval_dot,
    level,
    name_rows,
)

METHOD_MEASURES = {
    "ap": "average\nprecision per cell",
    "box_auroc": "AUROC\nper box",
    "box_rho": "Spearman with\nthe effect",
    "kept": "causes kept",
    "rejected": "companions\nrejected",
}
STEP_COLOURS = dict(zip(STEPS, ("#74c0fc", "#1864ab", "#ffa94d", KEPT), strict=True))
BANDS = {PERCENT: ":", ODDS: "--", NOISE: "-", PUBLISHED: "-", OWN_BEST: "-.", CORRECTED: "-"}


def threshold_figure(curves: pd.DataFrame, cuts: pd.DataFrame, headline: pd.DataFrame) -> Figure:
    """No verdict hangs on one threshold: over the share of boxes kept, and over what is causal.

    curves   : network, name, kept, ap with ap_low, ap_high; the first network has a band
    cuts     : as `headline.cut_table`; headline : as `headline.headline_table`
    """
    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 3.3), sharey=True, layout="constrained")
    networks = list(dict.fromkeys(curves["network"]))
    for (network, name), rows in curves.groupby(["network", "name"], sort=False):
        first = network == networks[0]
        _band(axes[0], rows["kept"], rows, COLOURS[name], "-", name, first)
    for name in (ODDS, PERCENT):
        for network in networks[:1]:
            row = headline.loc[(network, name)]
            axes[0].axhspan(row["ap_low"], row["ap_high"], color=COLOURS[name], alpha=0.15, lw=0)
            axes[0].axhline(row["ap"], color=COLOURS[name], ls=BANDS[name], lw=1)
    for network in networks[:1]:
        for name in (PUBLISHED, CORRECTED):
            kept = headline.loc[(network, name), "kept"]
            axes[0].axvline(kept, color=COLOURS[name], lw=0.8, ls=":")
    axes[0].set(xlabel="share of the boxes kept", ylabel="average precision per cell")
    axes[0].set(ylim=(0, 1.02), xlim=(0, 0.92), title="Over thresholds")
    for number, network in enumerate(level(cuts, "network")):
        for name in BANDS:
            rows = cuts.loc[network].xs(name, level="contestant")
            _band(axes[1], rows.index, rows, COLOURS[name], BANDS[name], name, number == 0)
    axes[1].axvline(CAUSAL, color=DROPPED, lw=0.8, ls=":")
    axes[1].set(xlabel="effect above which a cell is causal", title="Over what a cause is")
    for ax in axes:
        ax.tick_params(labelsize=SMALL)
    handles = [
        Line2D([], [], color=COLOURS[name], ls=line, lw=1.4, label=name)
        for name, line in BANDS.items()
    ]
    figure.legend(
        handles=handles, loc="outside upper center", ncols=3, frameon=False, fontsize=SMALL
    )
    return figure


def _band(
    ax: Axes, x: pd.Series, rows: pd.DataFrame, colour: str, line: str, name: str, first: bool
) -> None:
    """A line with its band; of further networks a thin line alone."""
    if first:
        ax.fill_between(x, rows["ap_low"], rows["ap_high"], color=colour, alpha=0.18, lw=0)
    ax.plot(x, rows["ap"], line, color=colour, lw=1.6 if first else 0.6, alpha=1 if first else 0.6)


def shown_name(method: str) -> str:
    """ "gradcam, as published" as it is written in text; an occlusion as it is."""
    cam, *rest = method.split(", ")
    return ", ".join([method_name(cam), *rest])


def factor_figure(steps: pd.DataFrame, differences: pd.DataFrame) -> Figure:
    """Which step helps which method, and what each factor of Grad-CAM changes by itself.

    steps       : as `factors.step_table`, the first network is drawn with intervals
    differences : as `factors.difference_table`
    """
    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 3.9), layout="constrained")
    networks, methods = level(steps, "network"), level(steps, "method")
    for place, method in enumerate(methods):
        for number, step in enumerate(STEPS):
            y = place + 0.19 * (number - 1.5)
            for network in reversed(networks):
                row = steps.loc[(network, method, step)]
                if network == networks[0]:
                    interval_dot(axes[0], y, row, "ap", STEP_COLOURS[step])
                else:
                    axes[0].plot(
                        row["ap"], y, "o", mfc="none", mec=STEP_COLOURS[step], ms=3, mew=0.7
                    )
    name_rows(axes[0], map(method_name, methods))
    axes[0].set(xlim=(-0.02, 1.02), xlabel="average precision per cell")
    axes[0].set_title("Every method, step by step", loc="left", fontsize=9)
    factors = level(differences, "factor")
    shown = in_order(level(differences, "network"))
    for place, factor in enumerate(factors):
        for number, network in enumerate(shown):
            y = place + 0.17 * (number - (len(shown) - 1) / 2)
            row = differences.loc[(network, factor)]
            row = row.rename({"low": "change_low", "high": "change_high"})
            interval_dot(axes[1], y, row, "change", DROPPED, MARKERS[number % len(MARKERS)], 3.5)
    name_rows(axes[1], [factor.replace(", ", ",\n", 1) for factor in factors])
    axes[1].axvline(0, color=DROPPED, lw=0.8, ls=":")
    axes[1].set_xlabel("change of average precision")
    axes[1].set_title("Grad-CAM, one factor at a time", loc="left", fontsize=9)
    handles = [
        Line2D([], [], color=colour, marker="o", ls="", ms=4.5, label=step)
        for step, colour in STEP_COLOURS.items()
    ]
    handles += [
        Line2D([], [], color=DROPPED, marker=m, ls="", ms=4, label=f"right: {network}")
        for m, network in zip(MARKERS, shown, strict=False)
    ]
    figure.legend(
        handles=handles, loc="outside upper center", ncols=4, frameon=False, fontsize=SMALL
    )
    return figure


def method_figure(
    methods: pd.DataFrame, steps: pd.DataFrame, presence: Mapping[str, float]
) -> Figure:
    """Every method as published and corrected, and the occlusions, by five measures.

    methods  : as `judgement.method_table`, of the study's own network
    steps    : as `factors.step_table`: what other networks reach per cell, drawn hollow
    presence : network -> average precision of presence as log odds, dotted
    """
    names, count = level(methods, "method"), len(METHOD_MEASURES)
    figure, axes = plt.subplots(
        1, count, figsize=(PAGE, 0.3 * len(names) + 1.5), sharey=True, layout="constrained"
    )
    for ax, (measure, title) in zip(axes, METHOD_MEASURES.items(), strict=True):
        for (name, preset), row in methods.iterrows():
            y = names.index(name) + {PUBLISHED: -0.17, CORRECTED: 0.17}.get(preset, 0)
            interval_dot(ax, y, row, measure, COLOURS.get(preset, DROPPED))
        ax.set_title(title, fontsize=8)
        name_rows(ax, map(shown_name, names))
    ends = {STEPS[0]: (PUBLISHED, -0.17), STEPS[-1]: (CORRECTED, 0.17)}
    for (_, method, step), row in steps.iterrows():
        if step in ends and method in names:
            preset, shift = ends[step]
            y = names.index(method) + shift
            axes[0].plot(row["ap"], y, "o", mfc="none", mec=COLOURS[preset], ms=3, mew=0.7)
    for value in presence.values():
        axes[0].axvline(value, color=COLOURS[ODDS], ls=":", lw=0.9)
    dot = {"marker": "o", "ls": "", "ms": 4.5}
    handles = [
        Line2D([], [], color=COLOURS[PUBLISHED], **dot, label=PUBLISHED),
        Line2D([], [], color=COLOURS[CORRECTED], **dot, label=CORRECTED),
        Line2D([], [], color=DROPPED, **dot, label=f"{OCCLUSION} of boxes"),
        Line2D([], [], color=COLOURS[ODDS], ls=":", label=f"{ODDS}, each network"),
        Line2D([], [], color=DROPPED, mfc="none", **dot, label="fresh corpora, each network"),
    ]
    figure.legend(
        handles=handles, loc="outside upper center", ncols=3, frameon=False, fontsize=SMALL
    )
    return figure


def curve_figure(curves: pd.DataFrame, road: pd.DataFrame, randomised: pd.DataFrame) -> Figure:
    """Deletion and insertion curves, ROAD, and maps under randomised parameters; a colour a method.

    curves     : as `curves.curve_table`; road : as `road.road_table`
    randomised : as `curves.randomisation_table`
    """
    figure, axes = plt.subplots(2, 2, figsize=(PAGE, 6.2), layout="constrained")
    names = list(dict.fromkeys(curves["method"]))
    colours = dict(zip(names, sns.color_palette("colorblind", len(names)), strict=True))
    lines = dict(zip(names, ["-", "--", "-.", ":"] * len(names), strict=False))
    better = {"deletion": "lower", "insertion": "higher"}
    for ax, curve in zip(axes[0], better, strict=True):
        for name, rows in curves[curves["curve"] == curve].groupby("method", sort=False):
            ends = rows["probability_low"], rows["probability_high"]
            ax.fill_between(rows["share"], *ends, color=colours[name], alpha=0.1, lw=0)
            ax.plot(rows["share"], rows["probability"], lines[name], color=colours[name], lw=1.4)
        ax.set(xlabel="share of cells changed", ylabel="probability of the label", ylim=(0, 1))
        ax.set_title(f"{curve} ({better[curve]} is better)")
    ax = axes[1, 0]
    for y, (name, row) in enumerate(road.iterrows()):
        interval_dot(ax, y, row, "road", colours.get(name, DROPPED))
    name_rows(ax, map(shown_name, road.index))
    ax.axvline(0, color=DROPPED, lw=0.8, ls=":")
    ax.set_title("ROAD (higher is better)")
    ax.set_xlabel("probability without the least relevant\ncells less without the most")
    ax = axes[1, 1]
    for name, rows in randomised.groupby("method", sort=False):
        x, look = np.arange(len(rows)), {"color": colours.get(name, DROPPED)}
        ax.fill_between(x, rows["similarity_low"], rows["similarity_high"], alpha=0.1, lw=0, **look)
        ax.plot(x, rows["similarity"], lines.get(name, "-"), marker="o", ms=2.5, lw=1.2, **look)
    layers = list(dict.fromkeys(randomised["layer"]))
    ax.set_xticks(range(len(layers)), [layer.split(".")[-1] for layer in layers], fontsize=SMALL)
    ax.axhline(0, color=DROPPED, lw=0.8, ls=":")
    ax.set(title="parameters shuffled down to", ylabel="similarity to the map", ylim=(-0.5, 1.03))
    plt.setp(ax.get_xticklabels(), rotation=40, ha="right", rotation_mode="anchor")
    handles = [
        Line2D([], [], color=colours[n], ls=lines[n], lw=1.4, label=shown_name(n)) for n in names
    ]
    if handles:
        figure.legend(
            handles=handles, loc="outside upper center", ncols=4, frameon=False, fontsize=SMALL
        )
    return figure


def detected_figure(detected: pd.DataFrame) -> Figure:
    """The headline's contestants with exact and with detected boxes.

    detected : as `detected.detected_table`
    """
    names, kinds = level(detected, "contestant"), level(detected, "boxes")
    figure, ax = plt.subplots(figsize=(PAGE, 0.3 * len(names) + 1.2), layout="constrained")
    colours = dict(zip(kinds, sns.color_palette("viridis", len(kinds)), strict=True))
    for (kind, name), row in detected.iterrows():
        ax.plot(row["ap"], names.index(name), "o", color=colours[kind], ms=5)
    name_rows(ax, names)
    ax.set(xlim=(-0.02, 1.02), xlabel="average precision per cell")
    handles = [Line2D([], [], color=colours[k], marker="o", ls="", label=k) for k in kinds]
    if handles:
        ax.legend(
            handles=handles,
            loc="center left",
            bbox_to_anchor=(1, 0.5),
            frameon=False,
            fontsize=SMALL,
        )
    return figure
