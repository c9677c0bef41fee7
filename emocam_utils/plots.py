"""Plots of the study's tables: each returns a figure of what it is given, and computes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from .figures import DROPPED, KEPT, PALETTE, draw_boxes, overlay, short_label, show_image


def plot_association(percent: pd.DataFrame, images: pd.Series, ax: Axes, title: str) -> None:
    """Fig. 2: classes by labels in percent, annotated; the margin states n for each label.

    percent : (K, L), M'_A in [0, 100]; NaN for a label without images, drawn empty
    images  : (L,), images of each label
    """
    names = [f"{short_label(label)}  ({images[label]})" for label in percent.columns]
    sns.heatmap(
        percent.set_axis(names, axis=1),
        ax=ax,
        cmap="rocket_r",
        vmin=0,
        vmax=100,
        annot=percent.round(0).to_numpy(),
        fmt=".0f",
        annot_kws={"size": 6.5},
        linewidths=0.4,
        cbar_kws={"label": "images of the label with the class attended (%)", "shrink": 0.6},
    )
    ax.set_facecolor("#f1f3f5")
    ax.set(title=title, xlabel="predicted emotion (n images)", ylabel="")
    ax.tick_params(length=0)
    plt.setp(ax.get_xticklabels(), rotation=55, ha="right", rotation_mode="anchor")


def association_figure(
    panels: Mapping[str, tuple[pd.DataFrame, pd.Series]],
) -> Figure:
    """One heatmap of `plot_association` under the other; panels: title -> (percent, images)."""
    rows = [max(len(percent), 4) for percent, _ in panels.values()]
    height = sum(0.24 * n + 1.9 for n in rows)
    figure, axes = plt.subplots(
        len(panels),
        1,
        figsize=(10, height),
        height_ratios=[n + 6 for n in rows],
        squeeze=False,
        layout="constrained",
    )
    for ax, (title, (percent, images)) in zip(axes[:, 0], panels.items(), strict=True):
        plot_association(percent, images, ax, title)
    return figure


def pipeline_figure(
    image: Image.Image,
    boxes: pd.DataFrame,
    cam: np.ndarray,
    importance: np.ndarray,
    threshold: float,
) -> Figure:
    """Fig. 1: image, detected boxes, map, and the boxes that are kept, on one image.

    cam        : (h, w) scaled to [0, 1]
    importance : (B,), one value a box
    """
    kept = importance > threshold
    figure, axes = plt.subplots(1, 4, figsize=(13, 3), layout="constrained")
    show_image(axes[0], image, "image I")
    show_image(axes[1], image, "object detection B")
    draw_boxes(axes[1], boxes, boxes["confidence"], np.zeros(len(boxes), bool))
    show_image(axes[2], overlay(image, cam), "activation map A")
    show_image(axes[3], overlay(image, cam), f"boxes B* of importance > {threshold:g}")
    draw_boxes(axes[3], boxes, importance, kept)
    return figure


def concepts_figure(
    image: Image.Image, probabilities: pd.Series, boxes: pd.DataFrame, cam: np.ndarray
) -> Figure:
    """Fig. 5: image classification, object detection and class activation mapping side by side."""
    figure, axes = plt.subplots(
        1, 4, figsize=(13, 3), width_ratios=[1.33, 0.9, 1.33, 1.33], layout="constrained"
    )
    show_image(axes[0], image, "A  classification")
    top = probabilities.sort_values(ascending=False)[:5][::-1]
    colours = [PALETTE.get(label, DROPPED) for label in top.index]
    axes[1].barh([short_label(label) for label in top.index], top, color=colours)
    axes[1].set(xlim=(0, 1), xlabel="probability")
    show_image(axes[2], image, "B  detection")
    draw_boxes(axes[2], boxes, boxes["confidence"])
    show_image(axes[3], overlay(image, cam), f"C  activation for {short_label(top.index[-1])}")
    return figure


def class_counts_figure(counts: pd.DataFrame, most: int = 40) -> Figure:
    """Detections per class: images with the class, and boxes, the most frequent first.

    counts : indexed by class, columns images and boxes
    """
    shown = counts.sort_values("images", ascending=False)[:most]
    figure, ax = plt.subplots(figsize=(7, 0.2 * len(shown) + 1.2), layout="constrained")
    ax.barh(shown.index, shown["boxes"], color="#ced4da", label="boxes")
    ax.barh(shown.index, shown["images"], color="#4263eb", label="images with the class")
    ax.invert_yaxis()
    ax.margins(y=0.01)
    ax.set(xlabel="count", title="What the detector finds")
    ax.legend(frameon=False, loc="lower right")
    return figure


def score_comparison_figure(
    image: Image.Image,
    cam: np.ndarray,
    boxes: pd.DataFrame,
    scores: Mapping[str, np.ndarray],
) -> Figure:
    """Fig. 4: which box wins on one image under each score.

    scores : title -> (B,) importance of the boxes
    """
    figure, axes = plt.subplots(
        1, 1 + len(scores), figsize=(4.2 * (1 + len(scores)), 3.4), layout="constrained"
    )
    show_image(axes[0], image, "image")
    for ax, (title, importance) in zip(axes[1:], scores.items(), strict=True):
        show_image(ax, overlay(image, cam), title)
        best = importance == np.nanmax(importance)
        draw_boxes(ax, boxes, importance, best)
    return figure


def contact_sheet(
    pictures: Sequence[Image.Image | np.ndarray], titles: Sequence[str], columns: int, width: float
) -> Figure:
    """Pictures in rows with a title each; `width` inches a picture."""
    rows = -(-len(pictures) // columns)
    ratio = np.asarray(pictures[0]).shape[0] / np.asarray(pictures[0]).shape[1]
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(width * columns, (width * ratio + 0.24) * rows),
        squeeze=False,
        layout="constrained",
    )
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, picture, title in zip(axes.flat, pictures, titles, strict=False):
        show_image(ax, picture)
        ax.set_title(title, fontsize=7, fontweight="normal", pad=2)
    return figure


def label_counts_figure(counts: pd.DataFrame) -> Figure:
    """Images predicted as each label, and how many of them above the probability threshold.

    counts : indexed by label, columns all and confident
    """
    figure, ax = plt.subplots(figsize=(8, 3), layout="constrained")
    names = [short_label(label) for label in counts.index]
    ax.bar(names, counts["all"], color="#dee2e6", label="predicted")
    ax.bar(names, counts["confident"], color=KEPT, label="above the probability threshold")
    plt.setp(ax.get_xticklabels(), rotation=55, ha="right", rotation_mode="anchor")
    ax.set(ylabel="images", title="What the network predicts")
    ax.legend(frameon=False)
    return figure
