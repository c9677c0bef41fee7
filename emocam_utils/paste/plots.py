"""Plots of 04_object_paste: the positions, one example, label changes by position, and controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
NOTHING = "#adb5bd"


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
        1, 1 + len(objects), figsize=(4 + 1.9 * len(objects), 3.2), layout="constrained",
        width_ratios=[2.2] + [1] * len(objects),
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
        3, len(looks), figsize=(2.7 * len(looks), 5.6), layout="constrained", squeeze=False,
        height_ratios=[1, 1, 0.75],
    )  # fmt: skip
    names = [short_label(label) for label in probabilities.index]
    colours = [label_colour(label) for label in probabilities.index]
    for (image, cam, bars), (title, one) in zip(axes.T, looks.items(), strict=True):
        show_image(image, one.image, title)
        show_image(cam, overlay(one.image, one.cam))
        cam.set_title(f"map for {one.label}", fontsize=8, fontweight="normal")
        bars.barh(names, probabilities[title], color=colours)
        for row, value in enumerate(probabilities[title]):
            bars.text(value + 0.02, row, f"{100 * value:.1f} %", va="center", fontsize=7.5)
        bars.set(xlim=(0, 1.3), xticks=[0, 0.5, 1])
        bars.invert_yaxis()
    return figure


def change_figure(rates: pd.DataFrame, letters: Mapping[str, str]) -> Figure:
    """Fig. 7: bars by position, a panel an object; the letter is the label most often switched to.

    rates   : indexed by object, position; columns share, low, high, top
    letters : label -> letter, of every label in `top`
    """
    things = list(dict.fromkeys(rates.index.get_level_values("object")))
    figure, axes = plt.subplots(
        len(things), 1, figsize=(8.6, 1.9 * len(things) + 0.4), sharex=True, sharey=True,
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
        ax.set(title=thing, ylabel="label changed (%)", xticks=at)
        ax.set_xticklabels(table.index)
        ax.margins(y=0.16)
    axes[-1, 0].set_xlabel("position (reading order, as numbered in Fig. 3.B)")
    handles = [
        plt.Line2D([], [], marker="s", linestyle="", color=label_colour(k), label=f"{letter}  {k}")
        for k, letter in letters.items()
    ]
    if handles:
        figure.legend(
            handles=handles, loc="outside right upper", frameon=False,
            title="most often\nswitched to", alignment="left",
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
        1, len(things), figsize=(3 * len(things) + 0.8, 2.7), squeeze=False, layout="constrained"
    )
    low, high = 100 * rates["share"].min(), max(100 * rates["share"].max(), 1)
    for ax, thing in zip(axes[0], things, strict=True):
        table, share = rates.loc[thing], 100 * rates.loc[thing, "share"]
        dots = ax.scatter(
            table["x"], table["y"], c=share, s=330, cmap="rocket_r", vmin=low, vmax=high
        )
        for x, y, value in zip(table["x"], table["y"], share, strict=True):
            ink = "white" if value > (low + high) / 2 else "#222"
            ax.text(x, y, f"{value:.0f}", ha="center", va="center", fontsize=8, color=ink)
        ax.set(xlim=(0, 1), ylim=(1, 0), title=thing, xlabel="x", ylabel="y", aspect=0.75)
    figure.colorbar(dots, ax=axes[0], label="label changed (%)", shrink=0.8)
    return figure


def transition_figure(percent: pd.DataFrame) -> Figure:
    """From label (rows) to label (columns) in percent of the row, one panel an object.

    percent : as `rates.transitions` returns it
    """
    things = list(dict.fromkeys(percent.index.get_level_values("object")))
    figure, axes = plt.subplots(
        1, len(things), figsize=(5.3 * len(things), 5.4), squeeze=False, sharey=True,
        layout="constrained",
    )  # fmt: skip
    names = [short_label(label) for label in percent.columns]
    for ax, thing in zip(axes[0], things, strict=True):
        panel = percent.loc[thing].set_axis(names, axis=1).set_axis(names, axis=0)
        sns.heatmap(
            panel, ax=ax, cmap="rocket_r", vmin=0, vmax=100, fmt="", linewidths=0.3,
            annot=panel.round(0).map(lambda v: f"{v:.0f}" if v >= 1 else ""),
            annot_kws={"size": 6}, cbar=thing == things[-1],
            cbar_kws={"label": "% of the row", "shrink": 0.6},
        )  # fmt: skip
        ax.set_facecolor("#f1f3f5")
        ax.set(
            title=thing, xlabel="label after", ylabel="" if ax is not axes[0, 0] else "label before"
        )
        ax.tick_params(length=0, labelsize=7.5)
        plt.setp(ax.get_xticklabels(), rotation=60, ha="right", rotation_mode="anchor")
    return figure


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
    figure, ax = plt.subplots(figsize=(2.2 * len(targets) + 2.4, 3.4), layout="constrained")
    width = 0.8 / len(fills)
    for place, fill in enumerate(fills):
        table = rates[rates["fill"] == fill].set_index("target").reindex(targets)
        at = np.arange(len(targets)) + (place - (len(fills) - 1) / 2) * width
        ax.bar(
            at, 100 * table["share"], width * 0.92, color=FILL_COLOURS[fill], label=fill,
            yerr=_arms(table, 100), ecolor="#555", capsize=2,
        )  # fmt: skip
    counts = rates.drop_duplicates("target").set_index("target")["images"]
    ax.set_xticks(range(len(targets)), [f"{t}\n({counts[t]} images)" for t in targets])
    ax.set(ylabel="label changed (%)", title="What it is, and what it hides")
    ax.legend(frameon=False, title="silhouette filled with", loc="upper left",
              bbox_to_anchor=(1, 1))  # fmt: skip
    return figure


def focus_figure(variants: pd.DataFrame, relation: pd.DataFrame) -> Figure:
    """Share of the map in the object's box before and after, and the shift by label change."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(9.4, 3.3), layout="constrained", width_ratios=[1, 1.25]
    )
    known = variants.dropna(subset=["share", "share_before"])
    shift = known["share"] - known["share_before"]
    for changed, colour, name in ((False, NOTHING, "label kept"), (True, KEPT, "label changed")):
        values = shift[known["changed"] == changed]
        if len(values):
            left.hist(
                values, bins=np.linspace(-1, 1, 41), color=colour, alpha=0.75, density=True,
                label=f"{name} ({len(values):,})",
            )  # fmt: skip
    left.set(xlabel="share of the map in the box, after minus before", ylabel="density")
    left.set_title("Does the focus move onto the object?")
    if len(known):
        left.legend(frameon=False)
    at = np.arange(len(relation))
    arms = _arms(relation, value="value")
    right.errorbar(relation["value"], at, xerr=arms, fmt="o", color="#333", capsize=3)
    right.axvline(0, color=NOTHING, linewidth=1)
    right.set_yticks(at, relation["statement"])
    right.invert_yaxis()
    right.set(xlabel="value and 95 % interval over images")
    return figure


def cues_figure(rates: pd.DataFrame) -> Figure:
    """How often a pasted cue makes the network say what the rule says, by cue and height.

    rates : indexed by object, height; empty on a corpus without a rule
    """
    if rates.empty:
        return _saying("no cue is known for this corpus")
    heights = sorted(set(rates.index.get_level_values("height")))
    order = rates.xs(heights[-1], level="height")["share"].sort_values(kind="stable").index
    figure, ax = plt.subplots(figsize=(7.4, 0.2 * len(order) + 1.2), layout="constrained")
    colours = sns.color_palette("crest", len(heights))
    for place, (height, colour) in enumerate(zip(heights, colours, strict=True)):
        table = rates.xs(height, level="height").reindex(order)
        ax.errorbar(
            100 * table["share"], np.arange(len(order)) + 0.25 * (place - (len(heights) - 1) / 2),
            xerr=_arms(table, 100), fmt="o", markersize=4, color=colour, capsize=2,
            label=f"{height:g} of the height",
        )  # fmt: skip
    ax.set_yticks(range(len(order)), order)
    ax.set(xlabel="network's label is the rule's (%), with 95 % interval over scenes")
    ax.set(xlim=(-3, 103), title="Does a cue turn the label as the rule says?")
    ax.grid(axis="x", color="#eee")
    ax.legend(frameon=False, loc="lower right")
    return figure
