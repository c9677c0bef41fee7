"""Plots of 01_detection: the pipeline and its ingredients on one image, and what is found."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..figures import DROPPED, PALETTE, draw_boxes, overlay, short_label, show_image
from ..pipeline.example import Example


def pipeline_figure(one: Example, importance: np.ndarray, threshold: float) -> Figure:
    """Fig. 1: image, detected boxes, map, and the boxes that are kept, on one image.

    importance : (B,), one value a box
    """
    boxes, heat = one.boxes, overlay(one.image, one.cam)
    figure, axes = plt.subplots(1, 4, figsize=(13, 3), layout="constrained")
    show_image(axes[0], one.image, "image I")
    show_image(axes[1], one.image, "object detection B")
    draw_boxes(axes[1], boxes, boxes["confidence"], np.zeros(len(boxes), bool))
    show_image(axes[2], heat, "activation map A")
    show_image(axes[3], heat, f"boxes B* of importance > {threshold:g}")
    draw_boxes(axes[3], boxes, importance, importance > threshold)
    return figure


def concepts_figure(one: Example) -> Figure:
    """Fig. 5: image classification, object detection and class activation mapping side by side."""
    figure, axes = plt.subplots(
        1, 4, figsize=(13, 3), width_ratios=[1.33, 0.9, 1.33, 1.33], layout="constrained"
    )
    show_image(axes[0], one.image, "A  classification")
    top = one.probabilities.sort_values(ascending=False)[:5][::-1]
    colours = [PALETTE.get(label, DROPPED) for label in top.index]
    axes[1].barh([short_label(label) for label in top.index], top, color=colours)
    axes[1].set(xlim=(0, 1), xlabel="probability")
    show_image(axes[2], one.image, "B  detection")
    draw_boxes(axes[2], one.boxes, one.boxes["confidence"])
    target = f"C  activation for {short_label(top.index[-1])}"
    show_image(axes[3], overlay(one.image, one.cam), target)
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
