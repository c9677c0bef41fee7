"""Plots of 01_detection: the pipeline and its ingredients on one image, and what is found."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from ..figures import DROPPED, PALETTE, draw_boxes, overlay, short_label, show_image


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
