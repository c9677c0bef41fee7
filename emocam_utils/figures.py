"""How figures look and how they are saved: one style, one palette, one record beside each.

A figure is saved as png, pdf, csv (its numbers) and json (what it shows, and of what). Equal input
gives equal bytes: no dates, no random ids.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from .study import Study

EMOTIONS = (
    "Adoration", "Aesthetic Appreciation", "Amusement", "Anxiety", "Awe", "Boredom", "Confusion",
    "Craving", "Disgust", "Empathetic Pain", "Entrancement", "Excitement", "Fear", "Horror",
    "Interest", "Joy", "Romance", "Sadness", "Sexual Desire", "Surprise",
)  # fmt: skip
PALETTE: dict[str, tuple] = dict(
    zip(EMOTIONS, sns.husl_palette(len(EMOTIONS), s=0.75, l=0.6), strict=True)
)
SHORT_LABELS = {
    "Aesthetic Appreciation": "Aest. Appr.",
    "Empathetic Pain": "Emp. Pain",
    "Sexual Desire": "Sex. Desire",
}
KEPT, DROPPED = "#e8590c", "#495057"  # boxes above and below the threshold
RC = {
    "figure.dpi": 110,
    "savefig.dpi": 160,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "emocam",
    "pdf.fonttype": 42,
}


def short_label(label: str) -> str:
    """A label that fits under a column, as the paper abbreviates it."""
    return SHORT_LABELS.get(label, label)


@contextmanager
def style() -> Iterator[None]:
    """Fonts, sizes and colours of all figures, for a `with` block."""
    with mpl.rc_context({**sns.axes_style("ticks"), **RC}):
        yield


@dataclass(frozen=True)
class Saved:
    """Where a figure lies; shown in a notebook as its picture."""

    png: Path

    def _repr_png_(self) -> bytes:
        return self.png.read_bytes()


class Analysed(Protocol):
    """What a figure is of: a study with its network and detector, and the corpus they looked at.

    corpus : has a name
    hashes : of the corpus, the network and the detector
    """

    study: Study
    corpus: Any
    hashes: dict[str, str]


def save_figure(
    figure: Figure,
    table: pd.DataFrame,
    *,
    name: str,
    title: str,
    caption: str,
    notebook: str,
    analysis: Analysed,
    n: str,
) -> Saved:
    """Save a figure with its numbers and its record under figures/<study>/<name>.*

    table : the numbers that the figure shows, six significant digits in the csv
    n     : what was counted, in words, e.g. "2,000 images, 1,432 of them above probability 0.5"
    The corpus, the network and n are written below the figure.
    """
    study, corpus = analysis.study, analysis.corpus
    network = f"{study.network.name} ({_shown(study.network.weights)})"
    network += f"; {study.note}" if study.note else ""
    words = f"{corpus.name}  ·  {network}  ·  n = {n}"
    figure.text(0.5, -0.01, words, ha="center", va="top", fontsize=7.5, color="#666")
    folder = study.figures
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / name
    undated = {"png": {"Software": None}, "pdf": {"CreationDate": None, "ModDate": None}}
    for kind, metadata in undated.items():
        figure.savefig(
            stem.with_suffix(f".{kind}"), bbox_inches="tight", pad_inches=0.12, metadata=metadata
        )
    plt.close(figure)
    table.to_csv(stem.with_suffix(".csv"), float_format="%.6g", lineterminator="\n")
    record = {"name": name, "title": title, "caption": caption, "notebook": notebook}
    record |= {"study": study.name, "corpus": corpus.name, "network": network, "n": n}
    record |= {"hashes": analysis.hashes}
    stem.with_suffix(".json").write_text(
        json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return Saved(stem.with_suffix(".png"))


def _shown(weights: Path | None) -> str:
    return weights.name if weights else "no weights"


def overlay(image: Image.Image, cam: np.ndarray, strength: float = 0.5) -> np.ndarray:
    """A map laid over its image: (H, W, 3) floats in [0, 1]; an empty map leaves it grey.

    cam : (h, w) scaled to [0, 1], or NaN everywhere
    """
    grey = np.asarray(image.convert("L").convert("RGB"), dtype=np.float64) / 255
    if np.isnan(cam).any():
        return grey
    heat = Image.fromarray(cam.astype(np.float32)).resize(image.size, Image.Resampling.BILINEAR)
    level = np.clip(np.asarray(heat), 0, 1)
    colour = mpl.colormaps["inferno"](level)[..., :3]
    weight = strength + (1 - strength) * 0.6 * level[..., None]
    return grey * (1 - weight) + colour * weight


def show_image(ax: Axes, picture: Image.Image | np.ndarray, title: str = "") -> None:
    """A picture without axes."""
    ax.imshow(np.asarray(picture), interpolation="bilinear")
    ax.set_title(title)
    ax.set_axis_off()


def draw_boxes(
    ax: Axes,
    boxes: pd.DataFrame,
    values: Sequence[float] | None = None,
    kept: Sequence[bool] | None = None,
) -> None:
    """Boxes with their classes: kept ones bold and coloured, others thin and grey.

    values : a number to write beside each class, e.g. the confidence or the importance
    """
    kept = [True] * len(boxes) if kept is None else kept
    values = [None] * len(boxes) if values is None else values
    rows = zip(boxes.to_dict("records"), values, kept, strict=True)
    for box, value, keep in sorted(rows, key=lambda row: bool(row[2])):  # kept ones on top
        colour = KEPT if keep else DROPPED
        x, y = box["x0"], box["y0"]
        line = {"linewidth": 2, "linestyle": "-"} if keep else {"linewidth": 1, "linestyle": ":"}
        ax.add_patch(
            plt.Rectangle(
                (x, y), box["x1"] - x, box["y1"] - y, fill=False, edgecolor=colour, **line
            )
        )
        text = box["class"] if value is None else f"{box['class']} {value:.2f}"
        ax.text(
            x + 1, y + 1, text, fontsize=7, color="white", va="top", clip_on=True,
            bbox={"facecolor": colour, "edgecolor": "none", "pad": 1, "alpha": 0.85},
        )  # fmt: skip


def side_by_side(count: int, width: float, height: float) -> tuple[Figure, np.ndarray]:
    """Panels in a row, each of a size in inches: the figure, and its axes (count,)."""
    figure, axes = plt.subplots(
        1, count, figsize=(width * count, height), squeeze=False, layout="constrained"
    )
    return figure, axes[0]


def slanted(ax: Axes) -> None:
    """Turn the names along the x axis so that long ones fit."""
    plt.setp(ax.get_xticklabels(), rotation=55, ha="right", rotation_mode="anchor")


def said(ax: Axes, words: str, **font: object) -> None:
    """Words in the middle of a panel, such as why it shows nothing."""
    ax.text(0.5, 0.5, words, ha="center", va="center", transform=ax.transAxes, **font)


# Classes by labels: EmoCAM's Fig. 2, drawn by several sections and, as HTML, by an explorer.

PERCENT = ("attended", "presence", "attention given presence")
SIGNED = ("pmi", "log odds")


def limits(measure: str, values: np.ndarray) -> tuple[float, float, str]:
    """Lowest and highest value of the colours, and their map: signed ones symmetric about 0."""
    finite = values[np.isfinite(values)]
    if measure in PERCENT:
        return 0.0, 100.0, "rocket_r"
    if measure in SIGNED:
        most = float(np.abs(finite).max(initial=0)) or 1.0
        return -most, most, "RdBu_r"
    return 0.0, float(finite.max(initial=0)) or 1.0, "rocket_r"


def plot_association(
    table: pd.DataFrame,
    images: pd.Series,
    ax: Axes,
    title: str,
    marked: pd.DataFrame | None = None,
    measure: str = "attended",
    word: str = "",
    columns: str = "predicted emotion",
) -> None:
    """Classes by labels under a measure of association, annotated; the margin states n.

    table   : (K, L); NaN is drawn empty, -inf like the lowest value
    images  : (L,), images of each label
    marked  : (K or more, L) of bool, cells that get a dot, such as those that pass a test
    word    : what the colours stand for, if not what the measure says
    columns : what a label is
    """
    values = table.to_numpy(dtype=np.float64)
    low, high, colours = limits(measure, values)
    ax.set(title=title, xlabel=f"{columns} (n images)", ylabel="")
    ax.set_facecolor("#f1f3f5")
    ax.tick_params(length=0)
    if not values.size:
        said(ax, "no class in any image that counts")
        ax.set(xticks=[], yticks=[])
        return
    attended = "images of the label with the class attended (%)"
    word = word or (attended if measure == "attended" else measure)
    names = [f"{short_label(label)}  ({images[label]})" for label in table.columns]
    sns.heatmap(
        table.clip(lower=low).set_axis(names, axis=1), ax=ax, cmap=colours, vmin=low, vmax=high,
        annot=values, fmt=".0f" if measure in PERCENT else ".1f", annot_kws={"size": 6.5},
        linewidths=0.4, cbar_kws={"label": word, "shrink": 0.6},
    )  # fmt: skip
    if marked is not None:
        rows, places = np.nonzero(marked.loc[table.index, table.columns].to_numpy())
        dark = values[rows, places] > 55
        ax.scatter(places + 0.87, rows + 0.2, s=5, c=np.where(dark, "white", "black"), linewidth=0)
    ax.set(xlabel=f"{columns} (n images)", ylabel="")
    slanted(ax)


def association_figure(
    panels: Mapping[str, tuple[pd.DataFrame, pd.Series]],
    marked: Mapping[str, pd.DataFrame] | None = None,
    **shown: str,
) -> Figure:
    """One heatmap of `plot_association` under the other; panels: title -> (table, images).

    marked : title -> the cells that get a dot
    shown  : measure and columns, of all panels
    """
    rows = [max(len(table), 4) for table, _ in panels.values()] or [0]
    figure, axes = plt.subplots(
        len(rows), 1, figsize=(10, sum(0.24 * n + 1.9 for n in rows)),
        height_ratios=[n + 6 for n in rows], squeeze=False, layout="constrained",
    )  # fmt: skip
    if not panels:
        said(axes[0, 0], "nothing has been counted")
        axes[0, 0].set_axis_off()
    for ax, (title, (table, images)) in zip(axes[:, 0], panels.items(), strict=False):
        plot_association(table, images, ax, title, (marked or {}).get(title), **shown)
    return figure
