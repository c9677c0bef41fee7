"""Plots of 05_facial_saliency: pictures made by a network, its layers, and a face that changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from ..figures import show_image
from .plots import FINE, emotion_colour, name_row, show_cam, show_saliency


def lettered_figure(panels: Mapping[str, Image.Image], columns: int = 4) -> Figure:
    """Fig. 4: pictures in reading order with letters, each under its title."""
    rows = -(-len(panels) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(2.0 * columns, 2.36 * rows), squeeze=False, layout="constrained"
    )
    for ax in axes.flat:
        ax.set_axis_off()
    for k, (ax, (title, picture)) in enumerate(zip(axes.flat, panels.items(), strict=False)):
        ax.imshow(np.asarray(picture.convert("RGB")))
        ax.set_title(f"({chr(97 + k)}) {title}", fontsize=8.5, fontweight="normal")
    return figure


def changes_figure(
    start: Image.Image,
    pictures: Mapping[str, Image.Image],
    changes: Mapping[str, np.ndarray],
    table: pd.DataFrame,
) -> Figure:
    """The maximised pictures of all emotions, and below them what was changed, on one scale.

    changes : emotion -> (H, W) grey levels, signed
    table   : indexed by emotion: probability_before, probability
    """
    columns = 1 + len(pictures)
    figure, axes = plt.subplots(2, columns, figsize=(1.5 * columns, 3.5), layout="constrained")
    show_image(axes[0, 0], start, "painted over")
    axes[1, 0].set_axis_off()
    most = max(np.abs(change).max() for change in changes.values()) or 1
    for (upper, lower), (emotion, picture) in zip(axes.T[1:], pictures.items(), strict=True):
        show_image(upper, picture)
        upper.set_title(emotion, color=emotion_colour(emotion), fontsize=9)
        before, after = (100 * table.loc[emotion, k] for k in ("probability_before", "probability"))
        upper.text(0.5, -0.03, f"{before:.0f} → {after:.0f} %", fontsize=8, ha="center", va="top",
                   transform=upper.transAxes)  # fmt: skip
        drawn = lower.imshow(changes[emotion], cmap="RdBu_r", vmin=-most, vmax=most)
        lower.set_axis_off()
    bar = figure.colorbar(drawn, ax=axes[1, 0], location="left", fraction=0.5, aspect=12)
    bar.set_label("change in grey levels", fontsize=8)
    return figure


def layers_figure(
    face: Image.Image, layers: Mapping[str, tuple[np.ndarray, Sequence[int]]]
) -> Figure:
    """The most active channels of each layer for a face, a row a layer.

    layers : name -> maps (K, h, w) >= 0, each drawn to its own maximum, and their channels
    """
    columns = max(len(maps) for maps, _ in layers.values())
    figure, axes = plt.subplots(
        len(layers), columns + 2, figsize=(1.12 * (columns + 2), 1.3 * len(layers)),
        squeeze=False, layout="constrained",
    )  # fmt: skip
    for line, (name, (maps, channels)) in zip(axes, layers.items(), strict=True):
        for ax in line:
            ax.set_axis_off()
        words = f"{name.replace('.', chr(10))}\n{maps.shape[1]} × {maps.shape[2]}"
        line[1].text(0.5, 0.5, words, ha="center", va="center", fontsize=8)
        for ax, one, channel in zip(line[2:], maps, channels, strict=False):
            ax.imshow(one, cmap="viridis", vmin=0, vmax=one.max() or 1)
            ax.set_title(f"channel {channel}", fontsize=7, fontweight="normal", pad=2)
    show_image(axes[0, 0], face.convert("RGB"), "the face")
    return figure


def film_figure(
    frames: Sequence[Image.Image],
    maps: Mapping[str, Sequence[np.ndarray]],
    probabilities: pd.DataFrame,
    shares: pd.DataFrame,
    columns: int = 9,
) -> Figure:
    """Frames of a film with their maps; below, over all frames, probabilities and where maps lie.

    maps          : row -> a map for each frame, scaled to [0, 1]; fine ones are drawn alone, coarse
                    ones over the frame
    probabilities : (frames, emotions), indexed by the share of the way
    shares        : (frames, "<map>: <part>"), against a flat map's
    """
    shown = np.unique(np.linspace(0, len(frames) - 1, min(columns, len(frames))).round()).astype(
        int
    )
    figure = plt.figure(figsize=(12, 1.32 * (1 + len(maps)) + 2.4), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=(1.32 * (1 + len(maps)), 2.4))
    axes = upper.subplots(1 + len(maps), len(shown), squeeze=False)
    for k, column in zip(shown, axes.T, strict=True):
        top = probabilities.iloc[k].idxmax()
        show_image(column[0], frames[k].convert("RGB"))
        column[0].set_title(top, fontsize=8.5, color=emotion_colour(top))
        for ax, (name, of_frames) in zip(column[1:], maps.items(), strict=True):
            if len(of_frames[k]) >= FINE:
                show_saliency(ax, of_frames[k])
            else:
                show_cam(ax, frames[k], of_frames[k])
            if k == shown[0]:
                name_row(ax, name)
    left, right = lower.subplots(1, 2)
    for emotion, chance in probabilities.items():
        left.plot(chance.index, 100 * chance, color=emotion_colour(emotion), label=emotion)
    left.set(ylabel="probability (%)", ylim=(-3, 103))
    styles = [{"ls": ls, "color": c} for c in ("#364fc7", "#e8590c") for ls in ("-", "--")]
    for (name, values), look in zip(shares.items(), styles, strict=False):
        right.plot(values.index, values, label=name, **look)
    right.axhline(1, color="#adb5bd", linewidth=0.8)
    right.set(ylabel="share of the map / of the area", ylim=(0, None))
    for ax in (left, right):
        ax.set_xlabel(probabilities.index.name)
        ax.margins(x=0.01)
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=7.5)
    return figure
