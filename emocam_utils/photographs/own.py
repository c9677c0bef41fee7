"""Ratings of photographs that nobody has rated: how they lie, and what raises and lowers them.

Axes: N photographs, h x w cells of a map.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from ..corpora import picture
from ..figures import said, show_image
from ..pipeline.analysis import Analysis
from ..pipeline.dimensions import (
    BEYOND,
    associate_dimensions,
    clusters_of,
    contributions,
    dimension_maps,
    ratings,
)
from ..pipeline.tables import map_array
from .drawing import COLOURS, FLOOR, WIDTH


def own_ratings(analysis: Analysis) -> pd.DataFrame:
    """Ratings and label of every photograph, by image. Errors: TypeError for labels only"""
    labels = analysis.predictions.set_index("image")[["label", "probability"]]
    return ratings(analysis).set_index("image").join(labels)


def ratings_in_words(table: pd.DataFrame) -> str:
    """How the network rates them, for the gallery."""
    shown = ", ".join(
        f"{name} {table[name].median():.1f} (from {table[name].min():.1f} to "
        f"{table[name].max():.1f})"
        for name in ("valence", "arousal")
    )
    common = table["label"].value_counts()
    return (
        f"The median photograph has {shown}, of 1 to 7. {common.iloc[0]} of {len(table)} are "
        f"read as {common.index[0]}."
    )


def own_classes(analysis: Analysis, confidence: float, least: int) -> pd.DataFrame:
    """What the objects of each class add to the ratings: `dimensions.associate_dimensions`.

    confidence : boxes above it count; least : photographs that an interval needs
    """
    maps = dimension_maps(analysis)
    table = contributions(analysis.boxes, maps, analysis.images, confidence)
    columns = [name for dimension in maps for name in (dimension, dimension + BEYOND)]
    clusters = clusters_of(analysis.corpus, table["image"])
    return associate_dimensions(table, clusters, columns, least)


def extremes(table: pd.DataFrame, dimension: str, count: int) -> list[str]:
    """The highest rated photographs and then the lowest, `count` in all or as many as there are."""
    order = table[dimension].sort_values(ascending=False, kind="stable").index
    half = min(count, len(order)) // 2
    return [*order[: min(count, len(order)) - half], *order[len(order) - half :]]


def extremes_figure(
    analysis: Analysis, table: pd.DataFrame, dimension: str, count: int = 6
) -> Figure:
    """The photographs rated highest and lowest, and below each what raises and lowers its rating.

    Colours are points of rating a cell times the cells, on one scale, symmetric about 0.
    """
    images = extremes(table, dimension, count)
    rows = dimension_maps(analysis)[dimension].set_index("image").loc[images]
    cams = [map_array(row) for _, row in rows.iterrows()]
    most = max((float(np.abs(cam).max()) for cam in cams), default=1.0) or 1.0
    figure, axes = plt.subplots(
        2, max(len(images), 1), figsize=(WIDTH, 3.1), squeeze=False, layout="constrained"
    )
    for ax in axes.flat:
        ax.set_axis_off()
    drawn = None
    for place, (image, cam) in enumerate(zip(images, cams, strict=True)):
        shown = picture(analysis.corpus, image)
        show_image(axes[0, place], shown)
        axes[0, place].set_title(f"{table.loc[image, dimension]:.2f}", fontsize=9)
        drawn = _signed_overlay(axes[1, place], shown, cam, most)
    if drawn is not None:
        bar = figure.colorbar(drawn, ax=list(axes[1]), shrink=0.8, pad=0.01)
        bar.set_label(f"lowers / raises {dimension}", fontsize=7.5)
        bar.ax.tick_params(labelsize=7)
    figure.suptitle(f"{dimension} (1 to 7), highest and lowest")
    return figure


def _signed_overlay(ax: Axes, shown: Image.Image, cam: np.ndarray, most: float):
    """A signed map over its photograph in grey, blue below 0 and red above."""
    ax.imshow(shown.convert("L"), cmap="gray", vmin=-160, vmax=255)
    extent = (-0.5, shown.width - 0.5, shown.height - 0.5, -0.5)
    return ax.imshow(
        cam, cmap="RdBu_r", vmin=-most, vmax=most, alpha=0.6, extent=extent,
        interpolation="bilinear",
    )  # fmt: skip


def ratings_figure(table: pd.DataFrame, dimensions: Sequence[str]) -> Figure:
    """Where the photographs lie: a dot each, by the first two dimensions, coloured by label."""
    figure, ax = plt.subplots(figsize=(4.6, 3.6), layout="constrained")
    for number, (label, rows) in enumerate(table.groupby("label", sort=True)):
        ax.plot(
            rows[dimensions[0]], rows[dimensions[1]], "o^svD"[number % 5], markersize=4.5,
            color=(FLOOR, *COLOURS)[number % 5],
            alpha=0.75, markeredgewidth=0, label=f"{label} ({len(rows)})",
        )  # fmt: skip
    ax.set(xlabel=f"{dimensions[0]} (1 to 7)", ylabel=f"{dimensions[1]} (1 to 7)")
    if len(table):
        figure.legend(loc="outside right upper", fontsize=7.5, frameon=False)
    else:
        said(ax, "no photograph")
    return figure


def own_classes_figure(found: pd.DataFrame, dimensions: Sequence[str], most: int = 20) -> Figure:
    """What the objects of each class add beyond an equal area, with 95 % where there are enough."""
    scores = [dimension + BEYOND for dimension in dimensions]
    counts = found[found["score"].isin(scores)].groupby("class")["images"].max()
    classes = counts.sort_values(ascending=False, kind="stable").index[:most][::-1]
    figure, axes = plt.subplots(
        1, len(scores), figsize=(WIDTH, 0.22 * max(len(classes), 4) + 1.1), squeeze=False,
        sharey=True, layout="constrained",
    )  # fmt: skip
    for ax, score, dimension in zip(axes[0], scores, dimensions, strict=True):
        ax.axvline(0, color="#868e96", linewidth=0.8)
        rows = found[found["score"] == score].set_index("class").reindex(classes)
        y = np.arange(len(rows))
        ax.hlines(y, rows["low"], rows["high"], color="#0072b2", linewidth=1.2)
        sure = rows["low"].notna()
        ax.plot(rows["mean"][sure], y[sure], "o", color="#0072b2", markersize=4)
        ax.plot(rows["mean"][~sure], y[~sure], "o", color="#0072b2", markersize=4, fillstyle="none")
        ax.set_yticks(y, [f"{name} ({counts[name]})" for name in rows.index], fontsize=7.5)
        ax.set_xlabel(f"{dimension} beyond an equal area (points)")
        if rows.empty:
            said(ax, "no object found")
    return figure
