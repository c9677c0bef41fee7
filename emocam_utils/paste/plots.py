"""Plots of 04_object_paste: the positions, one example, label changes by position, and controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill as wrapped

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from PIL import Image

from ..figures import KEPT, PALETTE, overlay, short_label, show_image
from .look import Look
from .objects import PasteObject

FILL_COLOURS = {"object": KEPT, "grey": "#868e96", "blur": "#74a9cf", "noise": "#9e8bc2"}
TARGET_NAMES = {"highest": "most important box", "lowest": "least important box"}
NOTHING = "#adb5bd"
WIDTH = 7.4  # inches of a figure, at which text is as large as it says
FALLING = "#b02a37"


def label_colour(label: str) -> tuple | str:
    """A label's colour; grey for one that the palette does not know."""
    return PALETTE.get(label, NOTHING)


def positions_figure(
    image: Image.Image,
    positions: pd.DataFrame,
    objects: Sequence[PasteObject],
    height: float,
) -> Figure:
    """Fig. 3.B: the positions on an image, and the objects, drawn large.

    positions : x, y, relative to the image
    """
    figure, axes = plt.subplots(
        1, 1 + len(objects), figsize=(WIDTH, 2.6), layout="constrained",
        width_ratios=[3] + [1] * len(objects),
    )  # fmt: skip
    show_image(axes[0], image, f"{len(positions)} positions")
    for index, x, y in positions.itertuples():
        at = x * image.width, y * image.height
        axes[0].plot(*at, "o", color="white", markeredgecolor="#222", markersize=13)
        axes[0].text(*at, str(index), ha="center", va="center", fontsize=7.5)
    for ax, thing in zip(axes[1:], objects, strict=True):
        show_image(ax, thing.picture, thing.name)
        ax.set_title(f"{thing.name}\n{height:g} of the height", fontsize=8.5)
    return figure


def moved_figure(looks: Mapping[str, Look], probabilities: pd.DataFrame) -> Figure:
    """Fig. 3.A: each panel's image, its map, and the probabilities of a few labels.

    probabilities : a row a label, a column a panel
    """
    figure, axes = plt.subplots(
        3, len(looks), figsize=(max(1.48 * len(looks), 4), 3.9), layout="constrained",
        squeeze=False, sharey="row", height_ratios=[1, 1, 0.9],
    )  # fmt: skip
    names = [short_label(label) for label in probabilities.index]
    colours = [label_colour(label) for label in probabilities.index]
    for (image, cam, bars), (title, one) in zip(axes.T, looks.items(), strict=True):
        show_image(image, one.image)
        image.set_title(wrapped(title, 18), fontsize=8.5)
        show_image(cam, overlay(one.image, one.cam))
        mapped = wrapped(f"map for {short_label(one.label)}", 20)
        cam.set_title(mapped, fontsize=8, fontweight="normal")
        bars.barh(names, probabilities[title], color=colours)
        for row, value in enumerate(probabilities[title]):
            bars.text(value + 0.03, row, f"{100 * value:.0f} %", va="center", fontsize=7.5)
        bars.set(xlim=(0, 1.45), xticks=[0, 1])
        bars.tick_params(axis="y", length=0)
    axes[2, 0].set_ylim(len(names) - 0.5, -0.5)
    axes[2, 0].set_xlabel("probability", fontsize=8)
    return figure


def change_figure(rates: pd.DataFrame, letters: Mapping[str, str]) -> Figure:
    """Fig. 7: bars by position, a panel an object; the letter is the label most often switched to.

    rates   : indexed by object, position; columns share, low, high, top
    letters : label -> letter, of every label in `top`
    """
    things = list(dict.fromkeys(rates.index.get_level_values("object")))
    figure, axes = plt.subplots(
        len(things), 1, figsize=(WIDTH, 1.6 * len(things) + 0.7), sharex=True, sharey=True,
        squeeze=False, layout="constrained",
    )  # fmt: skip
    for ax, thing in zip(axes[:, 0], things, strict=True):
        table = rates.loc[thing]
        at = np.arange(len(table))
        colours = [label_colour(top) for top in table["top"]]
        ax.bar(
            at, 100 * table["share"], color=colours, yerr=_arms(table, 100), ecolor="#555",
            capsize=2,
        )  # fmt: skip
        for x, high, top in zip(at, table["high"], table["top"], strict=True):
            ax.text(x, 100 * high + 1, letters.get(top, ""), ha="center", va="bottom", fontsize=9)
        ax.set(title=thing, ylabel="changed (%)", xticks=at)
        ax.set_xticklabels(table.index)
        ax.margins(y=0.16)
    axes[-1, 0].set_xlabel("position (reading order, as numbered in Fig. 3.B)")
    handles = [
        plt.Line2D([], [], marker="s", linestyle="", color=label_colour(k), label=f"{letter}  {k}")
        for k, letter in letters.items()
    ]
    if handles:
        figure.legend(
            handles=handles, loc="outside upper center", frameon=False, ncols=min(len(handles), 5),
            title="label most often switched to",
        )  # fmt: skip
    return figure


def _arms(table: pd.DataFrame, scale: float = 1, value: str = "share") -> np.ndarray:
    """Lengths of the error bars from a value to low and high, (2, rows)."""
    arms = [table[value] - table["low"], table["high"] - table[value]]
    return scale * np.clip(np.asarray(arms, dtype=float), 0, None)


def position_map_figure(rates: pd.DataFrame) -> Figure:
    """The same shares where they were measured, one frame an object; columns x, y, share."""
    things = list(dict.fromkeys(rates.index.get_level_values("object")))
    figure, axes = plt.subplots(
        1, len(things), figsize=(WIDTH, 2.2), squeeze=False, sharey=True, layout="constrained"
    )
    low, high = 100 * rates["share"].min(), max(100 * rates["share"].max(), 1)
    for ax, thing in zip(axes[0], things, strict=True):
        table, share = rates.loc[thing], 100 * rates.loc[thing, "share"]
        dots = ax.scatter(
            table["x"], table["y"], c=share, s=130, cmap="rocket_r", vmin=low, vmax=high
        )
        for x, y, value in zip(table["x"], table["y"], share, strict=True):
            ink = "white" if value > (low + high) / 2 else "#222"
            ax.text(x, y, f"{value:.0f}", ha="center", va="center", fontsize=7, color=ink)
        ax.set(xlim=(0, 1), ylim=(1, 0), title=thing, xlabel="x (of the width)", aspect=0.75)
        ax.set(xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    axes[0, 0].set_ylabel("y (of the height)")
    figure.colorbar(dots, ax=axes[0], label="label changed (%)", shrink=0.8)
    return figure


STAYED, OTHER = "stayed", "other"


def transition_figure(percent: pd.DataFrame, most: int = 5) -> Figure:
    """From each label (rows): percent that stayed, and that went to the labels most often gone to.

    percent : as `rates.transitions` returns it; a panel an object
    most    : only so many labels of each object by their highest percent, the rest together
    """
    things = list(dict.fromkeys(percent.index.get_level_values("object")))
    panels = {thing: _moves(percent.loc[thing], most) for thing in things}
    figure, axes = plt.subplots(
        1, len(things), figsize=(WIDTH, 0.19 * len(percent.columns) + 1.5), squeeze=False,
        sharey=True, layout="constrained",
    )  # fmt: skip
    for ax, (thing, panel) in zip(axes[0], panels.items(), strict=True):
        names = [short_label(label) for label in panel.index]
        sns.heatmap(
            panel.set_axis(names).rename(columns=short_label), ax=ax, cmap="rocket_r", vmin=0,
            vmax=100, fmt="", linewidths=0.3,
            annot=panel.map(lambda v: f"{v:.0f}" if v >= 0.5 else ""),
            annot_kws={"size": 7}, cbar=thing == things[-1],
            cbar_kws={"label": "% of the row", "shrink": 0.6},
        )  # fmt: skip
        ax.set_facecolor("#dee2e6")
        ax.set(title=thing, xlabel="label after", ylabel="")
        ax.tick_params(length=0, labelsize=7.5)
        plt.setp(ax.get_xticklabels(), rotation=60, ha="right", rotation_mode="anchor")
    axes[0, 0].set_ylabel("label before")
    return figure


def _moves(percent: pd.DataFrame, most: int) -> pd.DataFrame:
    """Square percents as: stayed, the labels most often gone to, and all others together."""
    away = percent.mask(np.eye(len(percent), dtype=bool), 0)
    highest = away.max().sort_values(ascending=False, kind="stable")
    gone = list(highest[highest > 0].index[:most])
    stayed = pd.Series(np.diag(percent), percent.index)
    rest = away.drop(columns=gone).sum(axis=1).mask(stayed.isna())
    return pd.concat({STAYED: stayed, **away[gone], OTHER: rest}, axis=1)


def _saying(text: str) -> Figure:
    """A figure that says why there is nothing to draw."""
    figure, ax = plt.subplots(figsize=(6, 1.2), layout="constrained")
    ax.text(0.5, 0.5, text, ha="center", va="center")
    ax.set_axis_off()
    return figure


def controls_figure(rates: pd.DataFrame) -> Figure:
    """What it is, and what it hides: label changes of the object and of its controls, by target."""
    if rates.empty:
        return _saying("no image has such a box")
    targets = list(dict.fromkeys(rates["target"]))
    fills = [fill for fill in FILL_COLOURS if fill in set(rates["fill"])]
    figure, ax = plt.subplots(figsize=(WIDTH, 3), layout="constrained")
    width = 0.8 / len(fills)
    for place, fill in enumerate(fills):
        table = rates[rates["fill"] == fill].set_index("target").reindex(targets)
        at = np.arange(len(targets)) + (place - (len(fills) - 1) / 2) * width
        ax.bar(
            at, 100 * table["share"], width * 0.92, color=FILL_COLOURS[fill], label=fill,
            yerr=_arms(table, 100), ecolor="#555", capsize=2,
        )  # fmt: skip
    counts = rates.drop_duplicates("target").set_index("target")["images"]
    names = [f"{TARGET_NAMES.get(t, t)}\n({counts[t]} images)" for t in targets]
    ax.set_xticks(range(len(targets)), names)
    ax.set(ylabel="label changed (%)", xlabel="pasted on")
    ax.legend(frameon=False, title="silhouette filled with", loc="upper left",
              bbox_to_anchor=(1, 1))  # fmt: skip
    return figure


def focus_figure(variants: pd.DataFrame, relation: pd.DataFrame) -> Figure:
    """How far the map moves into the object's box, where the label changed and where it did not.

    relation : as `rates.focus_relation` returns it; shares of the map, and below, on an axis of
               its own, the rank correlation
    """
    figure, axes = plt.subplot_mosaic(
        [["shift", "shares"], ["shift", "rank"]], figsize=(WIDTH, 3.3), layout="constrained",
        width_ratios=[1, 0.8], height_ratios=[4, 1],
    )  # fmt: skip
    left = axes["shift"]
    known = variants.dropna(subset=["share", "share_before"])
    shift = known["share"] - known["share_before"]
    for changed, colour, name in ((False, "#495057", "label kept"), (True, KEPT, "label changed")):
        values = shift[known["changed"] == changed]
        if len(values):
            left.hist(
                values, bins=np.linspace(-1, 1, 41), color=colour, density=True, histtype="step",
                linewidth=1.5, label=f"{name} ({len(values):,})",
            )  # fmt: skip
    left.set(xlabel="share of the map in the box,\nafter minus before", ylabel="density")
    if len(known):
        left.set_xlim(shift.min() - 0.05, shift.max() + 0.05)
        left.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, fontsize=8)
    ranked = relation["statement"].str.startswith("rank correlation")
    for name, rows, words in (
        ("shares", relation[~ranked], "share of the map, with 95 % interval over images"),
        ("rank", relation[ranked], "rank correlation (Spearman), with interval"),
    ):
        ax, at = axes[name], np.arange(len(rows))
        arms = _arms(rows, value="value")
        ax.errorbar(rows["value"], at, xerr=arms, fmt="o", color="#333", capsize=3, markersize=4)
        ax.axvline(0, color=NOTHING, linewidth=1)
        ax.set_yticks(at, [FOCUS_NAMES.get(one, one) for one in rows["statement"]], fontsize=8)
        ax.set_ylim(len(rows) - 0.5, -0.5)
        ax.set_xlabel(words, fontsize=8)
    return figure


FOCUS_NAMES = {
    "share of the map in the box before": "in the box before",
    "share of the map in the box after": "in the box after",
    "shift where the label changed": "shift, label changed",
    "shift where it did not": "shift, label kept",
    "difference of the two": "difference of the shifts",
    "rank correlation of the shift with the old label's fall": "shift and fall of\nthe old label",
}


def cues_figure(rates: pd.DataFrame, falling: Sequence[str] = ()) -> Figure:
    """How often a pasted cue makes the network say what the rule says, by cue and height.

    rates   : indexed by object, height; empty on a corpus without a rule. Sorted by the share at
              the largest height
    falling : cues to be marked, as `cues.falling_with_size` finds them
    """
    if rates.empty:
        return _saying("the corpus has no published rule, so it is not known what a cue should do")
    heights = sorted(set(rates.index.get_level_values("height")))
    order = rates.xs(heights[-1], level="height")["share"].sort_values(kind="stable").index
    figure, ax = plt.subplots(figsize=(WIDTH, 0.2 * len(order) + 1.4), layout="constrained")
    colours = ("#e69f00", "#0072b2", "#009e73", "#cc79a7")
    for place, height in enumerate(heights):
        table = rates.xs(height, level="height").reindex(order)
        ax.errorbar(
            100 * table["share"], np.arange(len(order)) + 0.25 * (place - (len(heights) - 1) / 2),
            xerr=_arms(table, 100), fmt="osD^"[place % 4], markersize=4,
            color=colours[place % 4], capsize=2, label=f"{height:g} of the image's height",
        )  # fmt: skip
    ax.set_yticks(range(len(order)), [_cue_name(cue) for cue in order], fontsize=8)
    for label, cue in zip(ax.get_yticklabels(), order, strict=True):
        if cue in falling:
            label.set(color=FALLING, fontweight="bold")
    ax.set(xlabel="network's label is the rule's (%), with 95 % interval over scenes")
    ax.set(xlim=(-3, 103), ylim=(-0.7, len(order) - 0.3))
    ax.set_ylabel(f"cue, sorted by the share at {heights[-1]:g}" + (
        "\n(bold red: falls as the cue grows)" if len(falling) else ""))  # fmt: skip
    ax.grid(axis="x", color="#eee")
    figure.legend(loc="outside upper center", ncols=len(heights), frameon=False)
    return figure


def _cue_name(cue: str) -> str:
    thing, _, look = cue.partition("/")
    return f"{thing}, {look}" if look else thing
