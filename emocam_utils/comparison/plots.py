"""Plots of 03_cam_methods: maps, choices, and agreements of several CAM methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from PIL import Image

from ..figures import overlay, said, short_label, show_image, side_by_side, slanted
from ..words import method_name

METHOD_COLOURS = ("#1c7ed6", "#e8590c", "#2f9e44", "#ae3ec9", "#e03131", "#f08c00", "#0c8599")
PRESET_COLOURS = ("#adb5bd", "#4263eb", "#e8590c", "#2f9e44")
KINDS = {
    "methods": "#4263eb",
    "LIME, other seed": "#12b886",
    "shuffled": "#868e96",
    "random": "#f59f00",
    "untrained": "#e64980",
}


def examples_figure(
    images: Sequence[tuple[str, Image.Image]],
    maps: Mapping[str, Sequence[Mapping[str, np.ndarray]]],
) -> Figure:
    """The maps of all methods on some images, a row an image and preset.

    images : (title, image)
    maps   : preset -> for each image, method -> (h, w) scaled to [0, 1], NaN where it is empty
    """
    methods = list(next(iter(maps.values()))[0])
    rows, columns = len(images) * len(maps), 1 + len(methods)
    figure, axes = plt.subplots(
        rows, columns, figsize=(1.95 * columns, 1.62 * rows), squeeze=False, layout="constrained"
    )
    lines = iter(axes)
    for i, (title, image) in enumerate(images):
        for p, (preset, of_images) in enumerate(maps.items()):
            first, *row = next(lines)
            show_image(first, image, title if p == 0 else "")
            first.text(-0.04, 0.5, preset, rotation=90, ha="right", va="center", fontsize=8.5,
                       transform=first.transAxes)  # fmt: skip
            for ax, cam in zip(row, methods, strict=True):
                show_image(ax, overlay(image, of_images[i][cam]))
                if np.isnan(of_images[i][cam]).all():
                    said(ax, "empty", color="white", fontsize=10, fontweight="bold")
    for ax, cam in zip(axes[0, 1:], methods, strict=True):
        ax.set_title(method_name(cam))
    return figure


def methods_figure(table: pd.DataFrame) -> Figure:
    """Empty maps and boxes kept, a bar a method and preset.

    table : indexed by preset and method; columns empty, images, kept (percent)
    """
    figure, axes = side_by_side(2, 4.75, 2.6)
    share = 100 * table["empty"] / table["images"]
    panels = {"empty maps (% of images)": share, "boxes kept (% of candidates)": table["kept"]}
    for ax, (title, values) in zip(axes, panels.items(), strict=True):
        presets = values.index.unique("preset")
        bars = pd.DataFrame({preset: values.loc[preset] for preset in presets})
        bars.index = [method_name(cam) for cam in bars.index]
        bars.plot.bar(ax=ax, width=0.8, rot=0, fontsize=8, color=PRESET_COLOURS, legend=False)
        for drawn in ax.containers:
            ax.bar_label(drawn, fmt="%.1f", fontsize=7, padding=1)
        ax.set(title=title, xlabel="", ylim=(0, np.nanmax([1, 1.15 * values.max()])))
        ax.tick_params(axis="x", length=0)
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names), frameon=False)
    return figure


def matrices_figure(matrices: Mapping[str, pd.DataFrame], top: int) -> Figure:
    """M_A of every method side by side, on one colour scale; the classes attended most, by rows.

    matrices : method -> (K, L) counts of images
    """
    total = sum(matrices.values()).sum(axis=1)
    rows = total.sort_values(ascending=False, kind="stable").index[:top]
    highest = max(float(matrix.to_numpy().max(initial=0)) for matrix in matrices.values()) or 1
    scale = plt.cm.ScalarMappable(plt.Normalize(0, highest), "rocket_r")
    width, height = 1.4 + 2.3 * len(matrices), 1.5 + 0.17 * len(rows)
    figure, axes = side_by_side(len(matrices), width / len(matrices), height)
    for ax, (cam, matrix) in zip(axes, matrices.items(), strict=True):
        if len(rows):
            ax.imshow(matrix.loc[rows], cmap=scale.cmap, norm=scale.norm, aspect="auto")
        else:
            said(ax, "no class")
        names = [short_label(label) for label in matrix.columns]
        ax.set_xticks(range(len(names)), names, rotation=90, fontsize=6)
        ax.set_yticks(range(len(rows)), rows if ax is axes[0] else [""] * len(rows), fontsize=7)
        ax.tick_params(length=0)
        ax.set_title(method_name(cam))
        ax.spines[:].set_visible(False)
    figure.colorbar(scale, ax=axes, label="images (M$_A$)", shrink=0.8, pad=0.01)
    return figure


def rsa_figure(agreements: Mapping[str, Mapping[str, pd.DataFrame]]) -> Figure:
    """Fig. 6: Spearman's correlation of every two methods, annotated.

    agreements : row -> column -> (A, A)
    """
    rows, columns = len(agreements), len(next(iter(agreements.values())))
    figure, axes = plt.subplots(
        rows, columns, figsize=(2.35 * columns + 1.4, 2.45 * rows + 0.6), squeeze=False,
        sharex=True, sharey=True, layout="constrained",
    )  # fmt: skip
    for line, (row, panels) in zip(axes, agreements.items(), strict=True):
        for ax, (column, agreement) in zip(line, panels.items(), strict=True):
            names = [method_name(cam) for cam in agreement.index]
            sns.heatmap(
                agreement.set_axis(names).set_axis(names, axis=1), ax=ax, cmap="mako_r",
                vmin=0, vmax=1, annot=True, fmt=".2f", annot_kws={"size": 8}, linewidths=0.5,
                cbar=False, square=True,
            )  # fmt: skip
            ax.set_facecolor("#f1f3f5")
            ax.tick_params(length=0)
            slanted(ax)
            plt.setp(ax.get_yticklabels(), rotation=0)
            ax.set_title(f"{_mathematical(column)}\n{row}", fontsize=9)
    figure.colorbar(axes[0, 0].collections[0], ax=axes, label="Spearman's ρ", shrink=0.7, pad=0.01)
    return figure


def floors_figure(table: pd.DataFrame) -> Figure:
    """Agreements of the methods beside their floors: a dot a pair, a bar their mean.

    table : preset, representation, kind (a key of KINDS), rho
    """
    presets, representations = table["preset"].unique(), table["representation"].unique()
    figure, axes = side_by_side(max(len(presets), 1), 5.4, 1 + 0.95 * len(representations))
    heights = np.linspace(-0.31, 0.31, len(KINDS))
    for ax, preset in zip(axes, presets, strict=False):
        for r, representation in enumerate(representations):
            for (kind, colour), height in zip(KINDS.items(), r + heights, strict=True):
                here = table[["preset", "representation", "kind"]] == (preset, representation, kind)
                rho = table.loc[here.all(axis=1), "rho"].dropna()
                ax.plot(rho, [height] * len(rho), "o", ms=4, color=colour, alpha=0.55, mew=0)
                ax.plot(
                    [rho.mean()] * 2, [height - 0.07, height + 0.07], color=colour, linewidth=2.4
                )
            if r:
                ax.axhline(r - 0.5, color="#dee2e6", linewidth=0.8)
        ax.set(title=preset, xlabel="Spearman's ρ of two methods", xlim=(None, 1.02))
        names = [_mathematical(r) if ax is axes[0] else "" for r in representations]
        ax.set_yticks(range(len(representations)), names)
        ax.invert_yaxis()
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x", color="#f1f3f5")
        ax.set_axisbelow(True)
    handles = [plt.Line2D([], [], marker="o", ls="", color=c, label=k) for k, c in KINDS.items()]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(KINDS), frameon=False)
    return figure


def _mathematical(representation: str) -> str:
    return representation.replace("_A", "$_A$")


def spread_figure(table: pd.DataFrame, methods: Sequence[str]) -> Figure:
    """The cells on which methods differ most: a dot a method, presence as a tick.

    table : indexed by class and label; a column a method and `presence` in percent, `images`
    """
    names = [
        f"{kind} · {short_label(label)} ({images})"
        for (kind, label), images in zip(table.index, table["images"], strict=True)
    ]
    figure, [ax] = side_by_side(1, 7.5, 1.2 + 0.26 * len(table))
    y, values = np.arange(len(table)), table[list(methods)]
    ax.hlines(y, values.min(axis=1), values.max(axis=1), color="#ced4da")
    ax.plot(table["presence"], y, "|", color="#212529", markersize=10, label="class is there")
    beside = np.linspace(-0.22, 0.22, len(methods))  # or equal values would hide each other
    for cam, colour, shift in zip(methods, METHOD_COLOURS, beside, strict=False):
        ax.plot(table[cam], y + shift, "o", color=colour, markersize=4, label=method_name(cam))
    ax.set_yticks(y, names)
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
    if table.empty:
        said(ax, "no label has enough images")
    ax.set(xlabel="images of the label with the class attended (%)", xlim=(-2, 102))
    ax.grid(axis="x", color="#f1f3f5")
    figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize=8)
    return figure
