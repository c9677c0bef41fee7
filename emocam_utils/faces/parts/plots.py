"""Plots of 05_facial_saliency: what facial parts are to a network, from measured tables."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

METHOD_TITLES = {
    "gradcam": "Grad-CAM",
    "saliency": "vanilla saliency",
    "guided saliency": "guided saliency",
}
PART_COLOURS = {"eyes": "#364fc7", "mouth": "#e8590c"}
FLOOR = "#868e96"
STEP = 0.17
VERDICT_COLOURS = {
    "supported": "#b2f2bb",
    "contradicted": "#ffc9c9",
    "undecided": "#f1f3f5",
    "not testable": "#ffffff",
}


def eyes_or_mouth_figure(
    importance: pd.DataFrame, occlusion: pd.DataFrame, emotions: Sequence[str]
) -> Figure:
    """Eyes against mouth, emotion by emotion: their share of the maps, and what covering them does.

    importance : method, weights, emotion, part, per_area (_low, _high), n
    occlusion  : measure, emotion, part, per_percent (_low, _high), random, area, n
    """
    methods = [m for m in METHOD_TITLES if m in set(importance["method"])]
    figure, axes = plt.subplots(
        1, len(methods) + 1, figsize=(2.9 * (len(methods) + 1) + 1, 0.5 * len(emotions) + 1.6),
        sharey=True, squeeze=False, layout="constrained",
    )  # fmt: skip
    axes = axes[0]
    for ax, method in zip(axes, methods, strict=False):
        for weights in ("trained", "untrained"):
            rows = importance[importance["method"].eq(method) & importance["weights"].eq(weights)]
            _plot_parts(ax, rows, emotions, "per_area", weights == "trained")
        ax.axvline(1, color="#adb5bd", linewidth=0.8, zorder=0)
        ax.set(title=METHOD_TITLES[method], xlabel="share of the map / of the area")
    logits = occlusion[occlusion["measure"] == "logit"]
    _plot_parts(axes[-1], logits, emotions, "per_percent", True)
    floor = logits.assign(floor=logits["random"] / (100 * logits["area"]))
    _plot_parts(axes[-1], floor, emotions, "floor", False)
    axes[-1].axvline(0, color="#adb5bd", linewidth=0.8, zorder=0)
    axes[-1].set(title="covering the part", xlabel="fall of the logit / % covered")
    counts = importance.drop_duplicates("emotion").set_index("emotion")
    names = [
        f"{e} ({counts.loc[e, 'n']:,}{'' if counts.loc[e, 'faces'] == 'correct' else '*'})"
        for e in emotions
    ]
    axes[0].set_yticks(range(len(emotions)), names)
    axes[0].invert_yaxis()
    for ax in axes:
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x", color="#f1f3f5")
        ax.set_axisbelow(True)
    handles = [plt.Line2D([], [], marker="o", color=c, label=p) for p, c in PART_COLOURS.items()]
    handles += [
        plt.Line2D([], [], marker="D", ls="", color=c, markerfacecolor="white",
                   label=f"{p}: floor (untrained network, cover elsewhere)")
        for p, c in PART_COLOURS.items()
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper center", ncols=4, frameon=False)
    return figure


def _plot_parts(
    ax: Axes, rows: pd.DataFrame, emotions: Sequence[str], column: str, measured: bool
) -> None:
    for k, (part, colour) in enumerate(PART_COLOURS.items()):
        here = rows[rows["part"] == part].drop_duplicates("emotion").set_index("emotion")
        here = here.reindex(list(emotions))
        y = np.arange(len(emotions)) + (k - 0.5) * 2 * STEP
        if measured:
            ax.hlines(y, here[f"{column}_low"], here[f"{column}_high"], color=colour, linewidth=2)
            ax.plot(here[column], y, "o", color=colour, markersize=5)
        else:
            ax.plot(here[column], y, "D", color=colour, markersize=4, markerfacecolor="white")


def parts_figure(
    importance: pd.DataFrame,
    occlusion: pd.DataFrame,
    emotions: Sequence[str],
    parts: Sequence[str],
) -> Figure:
    """Every part and emotion: the share of each kind of map by area, less an untrained network's,
    and what covering the part does beyond a cover elsewhere. The maps share one scale of colours.

    A number is printed where the two intervals are apart (maps), or where one leaves 0 out.
    """
    methods = [m for m in METHOD_TITLES if m in set(importance["method"])]
    figure, axes = plt.subplots(
        1, len(methods) + 1, figsize=(2.9 * (len(methods) + 1) + 1.2, 0.34 * len(parts) + 2.1),
        sharey=True, squeeze=False, layout="constrained",
    )  # fmt: skip
    axes = axes[0]
    found = {method: _beyond_floor(importance, method, parts, emotions) for method in methods}
    most = max((_most(more) for more, _ in found.values()), default=1.0)
    for ax, (method, (more, apart)) in zip(axes, found.items(), strict=False):
        words = more.map("{:+.1f}".format).where(apart, "")
        title = f"{METHOD_TITLES[method]}\nshare / area, less untrained"
        _heatmap(ax, more, words, most, title)
    logits = occlusion[occlusion["measure"] == "logit"]
    beyond, low, high = _grids(logits, "beyond", parts, emotions)
    words = beyond.map("{:+.1f}".format).where((low > 0) | (high < 0), "")
    title = "fall of the logit when covered,\nless a cover elsewhere"
    _heatmap(axes[-1], beyond, words, _most(beyond), title)
    return figure


def _beyond_floor(
    importance: pd.DataFrame, method: str, parts: Sequence[str], emotions: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """per_area less the untrained network's, and whether the two intervals are apart."""
    rows = importance[importance["method"] == method].groupby("weights").get_group
    trained, low, high = _grids(rows("trained"), "per_area", parts, emotions)
    floor, floor_low, floor_high = _grids(rows("untrained"), "per_area", parts, emotions)
    return trained - floor, (low > floor_high) | (high < floor_low)


def _most(values: pd.DataFrame) -> float:
    """The largest absolute value; 1 if there is none."""
    known = np.abs(values.to_numpy(dtype=np.float64))
    return float(known[~np.isnan(known)].max(initial=0)) or 1.0


def _grids(
    rows: pd.DataFrame, column: str, parts: Sequence[str], emotions: Sequence[str]
) -> list[pd.DataFrame]:
    """parts x emotions of a column and of the ends of its interval."""
    table = rows.drop_duplicates(["part", "emotion"]).set_index(["part", "emotion"])
    grids = (table[f"{column}{end}"].unstack() for end in ("", "_low", "_high"))
    return [grid.reindex(index=list(parts), columns=list(emotions)) for grid in grids]


def _heatmap(ax: Axes, values: pd.DataFrame, words: pd.DataFrame, most: float, title: str) -> None:
    if values.empty:
        return
    sns.heatmap(
        values, ax=ax, cmap="RdBu_r", vmin=-most, vmax=most, annot=words, fmt="", cbar=False,
        linewidths=0.5, annot_kws={"size": 7.5},
    )  # fmt: skip
    ax.set_facecolor("#f1f3f5")
    ax.set(title=title, xlabel="", ylabel="")
    ax.title.set_fontsize(9)
    ax.tick_params(length=0)
    plt.setp(ax.get_xticklabels(), rotation=50, ha="right", rotation_mode="anchor", fontsize=8)
    plt.setp(ax.get_yticklabels(), rotation=0, fontsize=8)


def verdict_figure(verdicts: pd.DataFrame) -> Figure:
    """The claims, a row each, and what every measure says of them.

    verdicts : indexed by network, claim and n; a column a measure, its words as `claims` gives them
    """
    rows, columns = verdicts.shape
    figure, ax = plt.subplots(
        figsize=(1.35 * columns + 3.6, 0.36 * rows + 1.1), layout="constrained"
    )
    for i, row in enumerate(verdicts.to_numpy()):
        for j, word in enumerate(row):
            colour = VERDICT_COLOURS.get(word, "#ffffff")
            ax.add_patch(plt.Rectangle((j, i), 0.96, 0.92, facecolor=colour, edgecolor="none"))
            ax.text(j + 0.48, i + 0.46, word, ha="center", va="center", fontsize=8)
    names = [f"{network} · {claim} ({n})" for network, claim, n in verdicts.index]
    ax.set_yticks(np.arange(rows) + 0.46, names, fontsize=8)
    titles = [METHOD_TITLES.get(m, m.replace(", ", ",\n")) for m in verdicts.columns]
    ax.set_xticks(np.arange(columns) + 0.48, titles, fontsize=8)
    ax.xaxis.tick_top()
    ax.set(xlim=(0, columns), ylim=(rows or 1, 0))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return figure
