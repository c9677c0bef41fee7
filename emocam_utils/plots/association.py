"""Plots of 02_association: classes by labels, predicted labels, and who wins on one image."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from ..figures import KEPT, draw_boxes, overlay, short_label, show_image


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
