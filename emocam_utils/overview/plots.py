"""Plots of 01_detection: the pipeline and its ingredients on one image, and what is found."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..figures import (
    DROPPED,
    JOURNAL,
    PALETTE,
    SMALLEST,
    draw_boxes,
    overlay,
    said,
    short_label,
    show_image,
)
from ..pipeline.example import Example


def pipeline_figure(one: Example, importance: np.ndarray, threshold: float) -> Figure:
    """Fig. 1: image, detected boxes, map, and the boxes that are kept, on one image.

    importance : (B,), one value a box
    """
    boxes, heat = one.boxes, overlay(one.image, one.cam)
    figure, axes = plt.subplots(2, 2, figsize=(JOURNAL, 5.9), layout="constrained")
    image, detection, cam, kept = axes.flat
    show_image(image, one.image, "image I")
    show_image(detection, one.image, "object detection B (confidence)")
    draw_boxes(detection, boxes, boxes["confidence"], np.zeros(len(boxes), bool))
    show_image(cam, heat, f"activation map A for {one.label}")
    show_image(kept, heat, f"boxes B* of importance > {threshold:g}")
    draw_boxes(kept, boxes, importance, importance > threshold)
    return figure


def concepts_figure(one: Example) -> Figure:
    """Fig. 5: image classification, object detection and class activation mapping side by side."""
    figure, axes = plt.subplots(2, 2, figsize=(JOURNAL, 5.9), layout="constrained")
    image, bars, detection, cam = axes.flat
    show_image(image, one.image, "image")
    top = one.probabilities.sort_values(ascending=False)[:5][::-1]
    colours = [PALETTE.get(label, DROPPED) for label in top.index]
    bars.barh([short_label(label) for label in top.index], top, color=colours)
    bars.set(xlim=(0, 1), xlabel="probability", title="A  classification")
    show_image(detection, one.image, "B  detection")
    draw_boxes(detection, one.boxes, one.boxes["confidence"])
    target = f"C  activation for {short_label(top.index[-1])}"
    show_image(cam, overlay(one.image, one.cam), target)
    return figure


def class_counts_figure(counts: pd.DataFrame, most: int = 80) -> Figure:
    """Detections per class: images with the class, and boxes, the most frequent first.

    counts : indexed by class, columns images and boxes, and `right` where the corpus knows it:
             images in which the class really is. Of more classes than `most` the rest is counted
    """
    ordered = counts.sort_values("images", ascending=False, kind="stable")
    shown, rest = ordered[:most], ordered[most:]
    rows = -(-len(shown) // 2)
    figure, axes = plt.subplots(
        1, 2, figsize=(JOURNAL, 0.14 * max(rows, 6) + 1.1), layout="constrained"
    )
    for ax, half in zip(axes, (shown[:rows], shown[rows:]), strict=True):
        ax.barh(half.index, half["boxes"], color="#ced4da", label="boxes")
        ax.barh(half.index, half["images"], color="#4263eb", label="images with the class")
        if "right" in half:
            ax.plot(half["right"], half.index, "|", color="#f59f00", markersize=7,
                    markeredgewidth=1.8, label="images in which it really is")  # fmt: skip
        ax.set_ylim(max(rows, 1) - 0.4, -0.6)
        ax.tick_params(axis="y", labelsize=SMALLEST, length=0)
        ax.set(xlabel="count")
    axes[1].set(xlabel="count (another scale)")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=3, frameon=False, fontsize=8)
    if len(rest):
        few = rest["images"].max()
        said(axes[1], f"and {len(rest)} more classes,\nnone in more than {few} images",
             fontsize=SMALLEST)  # fmt: skip
    return figure
