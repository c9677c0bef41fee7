"""Plots of 03_cam_methods: maps, choices, and agreements of several CAM methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from ..figures import JOURNAL, SMALLEST, overlay, said, short_label, show_image, side_by_side
from ..names import method_name, preset_name

METHOD_COLOURS = ("#1c7ed6", "#e8590c", "#2f9e44", "#ae3ec9", "#e03131", "#f08c00", "#0c8599")
PRESET_COLOURS = ("#4263eb", "#e8590c", "#2f9e44", "#ae3ec9")
KINDS = {
    "methods": "#4263eb",
    "LIME, other seed": "#12b886",
    "shuffled": "#868e96",
    "random": "#f59f00",
    "untrained": "#e64980",
}
FLOORS = {floor: KINDS[floor] for floor in ("shuffled", "random")}  # those with a range


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
        rows,
        columns,
        figsize=(JOURNAL, JOURNAL / columns * 0.8 * rows + 0.3),
        squeeze=False,
        layout="constrained",
    )
    lines = iter(axes)
    for i, (title, image) in enumerate(images):
        for p, (preset, of_images) in enumerate(maps.items()):
            first, *row = next(lines)
            show_image(first, image, title if p == 0 else "")
            first.text(-0.04, 0.5, preset_name(preset), rotation=90, ha="right", va="center",
                       fontsize=8, transform=first.transAxes)  # fmt: skip
            for ax, cam in zip(row, methods, strict=True):
                show_image(ax, overlay(image, of_images[i][cam]))
                if np.isnan(of_images[i][cam]).all():
                    said(ax, "empty", color="white", fontsize=10, fontweight="bold")
    for ax, cam in zip(axes[0, 1:], methods, strict=True):
        ax.set_title(method_name(cam), fontsize=8.5)
    return figure


def methods_figure(table: pd.DataFrame) -> Figure:
    """Boxes kept, a dot a method and preset, and how many maps are empty, in words.

    table : indexed by preset and method; columns empty, images, kept (percent)
    """
    presets, methods = table.index.unique("preset"), table.index.unique("method")
    figure, [ax] = side_by_side(1, 6.2, 0.9 + 0.42 * len(methods))
    shifts = np.linspace(-0.17, 0.17, len(presets)) if len(presets) > 1 else [0.0]
    for preset, colour, shift in zip(presets, PRESET_COLOURS, shifts, strict=False):
        rows = table.loc[preset].reindex(methods)
        y = np.arange(len(methods)) + shift
        ax.plot(rows["kept"], y, "o", color=colour, markersize=5, label=preset_name(preset))
        for at, (_, row) in zip(y, rows.iterrows(), strict=True):
            kept = "" if np.isnan(row["kept"]) else f"{row['kept']:.1f} %, "
            words = f"{kept}{row['empty']:.0f} of {row['images']:.0f} maps empty"
            ax.text(1.02, at, words, va="center", fontsize=7.5, color=colour,
                    transform=ax.get_yaxis_transform())  # fmt: skip
    ax.set_yticks(range(len(methods)), [method_name(cam) for cam in methods])
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color="#f1f3f5")
    ax.set(
        xlabel="boxes kept (% of candidates)", xlim=(0, np.nanmax([5, 1.1 * table["kept"].max()]))
    )
    figure.legend(loc="outside upper center", ncols=len(presets), frameon=False)
    return figure


def matrices_figure(matrices: Mapping[str, pd.DataFrame], top: int) -> Figure:
    """M_A of every method side by side, on one colour scale; the classes attended most, by rows.

    matrices : method -> (K, L) counts of images
    """
    total = sum(matrices.values()).sum(axis=1)
    rows = total.sort_values(ascending=False, kind="stable").index[:top]
    highest = max(float(matrix.to_numpy().max(initial=0)) for matrix in matrices.values()) or 1
    scale = plt.cm.ScalarMappable(plt.Normalize(0, highest), "rocket_r")
    figure, axes = side_by_side(
        len(matrices), JOURNAL / len(matrices), 1.6 + 0.145 * max(len(rows), 6)
    )
    for ax, (cam, matrix) in zip(axes, matrices.items(), strict=True):
        if len(rows):
            ax.imshow(matrix.loc[rows], cmap=scale.cmap, norm=scale.norm, aspect="auto")
        else:
            said(ax, "no class")
        names = [short_label(label) for label in matrix.columns]
        every = 1 if len(matrices) * len(names) <= 60 else 2  # more would hide each other
        ax.set_xticks(range(0, len(names), every), names[::every], rotation=90, fontsize=SMALLEST)
        ax.set_yticks(range(len(rows)), rows if ax is axes[0] else [""] * len(rows), fontsize=7)
        ax.tick_params(length=0)
        ax.set_title(method_name(cam))
        ax.spines[:].set_visible(False)
    figure.colorbar(scale, ax=axes, label="images (M$_A$)", shrink=0.8, pad=0.01)
    return figure


def pairs_figure(pairs: pd.DataFrame, views: Sequence[str]) -> Figure:
    """Fig. 6: the agreement of every two methods with its interval, over its floors.

    pairs : as `agreement.pair_table` makes it
    A pair above all floors has a filled dot, any other an open one.
    """
    presets = pairs.index.unique("preset")
    names = pairs.xs((presets[0], views[0]), level=(0, 1)).index if len(presets) else []
    figure, axes = side_by_side(len(views), JOURNAL / len(views), 1.3 + 0.34 * max(len(names), 3))
    shifts = np.linspace(-0.2, 0.2, len(presets)) if len(presets) > 1 else [0.0]
    for ax, view in zip(axes, views, strict=True):
        for preset, colour, shift in zip(presets, PRESET_COLOURS, shifts, strict=False):
            rows = pairs.xs((preset, view), level=(0, 1))
            _plot_pairs(ax, rows, np.arange(len(names)) + shift, colour)
        written = [f"{method_name(a)} · {method_name(b)}" for a, b in names]
        ax.set_yticks(range(len(names)), written if ax is axes[0] else [""] * len(names))
        ax.invert_yaxis()
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x", color="#f1f3f5")
        ax.set_axisbelow(True)
        ax.set_title(_mathematical(view))
        ax.tick_params(labelsize=7.5)
    figure.supxlabel("Spearman's ρ of two methods", fontsize=8)
    dot = {"linestyle": "none", "marker": "o", "markersize": 4}
    handles = [
        *(
            plt.Line2D([], [], color=colour, label=preset_name(preset), **dot)
            for preset, colour in zip(presets, PRESET_COLOURS, strict=False)
        ),
        plt.Line2D([], [], color="#495057", mfc="white", label="not above all floors", **dot),
        *(
            plt.Line2D([], [], color=colour, linewidth=4, alpha=0.6, label=f"floor: {floor}")
            for floor, colour in FLOORS.items()
        ),
        plt.Line2D([], [], color=KINDS["untrained"], linestyle="none", marker="|", markersize=8,
                   markeredgewidth=1.6, label="floor: untrained"),
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False, fontsize=7.5)
    return figure


def _plot_pairs(ax: Axes, rows: pd.DataFrame, y: np.ndarray, colour: str) -> None:
    for floor, grey in FLOORS.items():
        low, high = rows[f"{floor}_low"], rows[f"{floor}_high"]
        ax.hlines(y, low, high, color=grey, linewidth=4, alpha=0.6)
    ax.plot(rows["untrained"], y, "|", color=KINDS["untrained"], markersize=7, markeredgewidth=1.6)
    ax.hlines(y, rows["low"], rows["high"], color=colour, linewidth=1)
    fill = np.where(rows["above"], colour, "white")
    ax.scatter(rows["rho"], y, s=17, c=fill, edgecolors=colour, linewidths=1, zorder=3)


def floors_figure(table: pd.DataFrame) -> Figure:
    """Agreements of the methods beside their floors: a dot a pair, a bar their mean.

    table : preset, representation, kind (a key of KINDS), rho
    """
    presets, representations = table["preset"].unique(), table["representation"].unique()
    figure, axes = side_by_side(
        max(len(presets), 1), JOURNAL / max(len(presets), 1), 0.8 + 0.75 * len(representations)
    )
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
    figure, [ax] = side_by_side(1, JOURNAL, 1.2 + 0.24 * len(table))
    y, values = np.arange(len(table)), table[list(methods)]
    ax.hlines(y, values.min(axis=1), values.max(axis=1), color="#ced4da")
    ax.plot(table["presence"], y, "|", color="#212529", markersize=10, label="class is detected")
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
