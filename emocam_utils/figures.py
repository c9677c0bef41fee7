"""How figures look and how they are saved: one style, one palette, one record beside each.

A figure is saved as png, pdf, csv (its numbers) and json (what it shows, and of what). Equal input
gives equal bytes: no dates, no random ids.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from .label_placement import placed
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
PAD = 1  # points around the name of a box
JOURNAL = 7.2  # inches: what a figure has from margin to margin (two columns of a journal)
SMALLEST = 7.0  # points: the least that is read in print
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
    """Where a figure lies; shown in a notebook as its picture, with words for who sees none."""

    png: Path
    words: str = ""

    def _repr_png_(self) -> tuple[bytes, dict[str, str]]:
        return self.png.read_bytes(), {"alt": self.words}


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
    corpus: str = "",
) -> Saved:
    """Save a figure with its numbers and its record under figures/<study>/<name>.*

    table  : the numbers that the figure shows, six significant digits in the csv
    n      : what was counted, in words, e.g. "2,000 images, 1,432 of them above probability 0.5"
    corpus : the corpus in words, where the figure is of another than the analysis
    The corpus, the network and n are written below the figure; no text is smaller than 7 points
    when the figure is printed 7.2 inches wide.
    """
    study, corpus = analysis.study, corpus or analysis.corpus.name
    network = f"{study.network.name} ({_shown(study.network.weights)})"
    network += f"; {study.note}" if study.note else ""
    words = f"{corpus}  ·  {network}  ·  n = {n}"
    words = textwrap.fill(words, int(17 * figure.get_figwidth()), break_long_words=False)
    figure.text(0.5, -0.01, words, ha="center", va="top", fontsize=7.5, color="#666")
    readable(figure)
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
    record |= {"study": study.name, "corpus": corpus, "network": network, "n": n}
    record |= {"hashes": analysis.hashes}
    stem.with_suffix(".json").write_text(
        json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return Saved(stem.with_suffix(".png"), f"{title}: {caption}")


def readable(figure: Figure) -> None:
    """Enlarge every text that would be below 7 points on a page, where a wide figure is shrunk."""
    for _ in range(3):  # larger texts widen the figure, and may bring other ticks
        figure.draw_without_rendering()
        width = figure.get_tightbbox().width
        least = SMALLEST * max(width / JOURNAL, 1)
        texts = [text for text in figure.findobj(Text) if text.get_text()]
        small = [text for text in texts if text.get_fontsize() < least - 0.01]
        if not small:
            return
        for text in small:
            text.set_fontsize(least)


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
    names = next((one for one in ax.artists if isinstance(one, _Names)), None)
    names = names or ax.add_artist(_Names())
    for box, value, keep in sorted(rows, key=lambda row: bool(row[2])):  # kept ones on top
        colour = KEPT if keep else DROPPED
        corners = box["x0"], box["y0"], box["x1"], box["y1"]
        line = {"linewidth": 2, "linestyle": "-"} if keep else {"linewidth": 1, "linestyle": ":"}
        size = corners[2] - corners[0], corners[3] - corners[1]
        ax.add_patch(plt.Rectangle(corners[:2], *size, fill=False, edgecolor=colour, **line))
        text = ax.text(
            *corners[:2], box["class"] if value is None else f"{box['class']} {value:.2f}",
            fontsize=SMALLEST, color="white", va="top", clip_on=True,
            bbox={"facecolor": colour, "edgecolor": "none", "pad": PAD, "alpha": 0.85},
        )  # fmt: skip
        names.written.append((corners, text))


class _Names(Artist):
    """The names of a panel's boxes, moved apart when it is drawn: only then their sizes are known.

    written : (x0, y0, x1, y1) and text of each, the most important last
    """

    def __init__(self) -> None:
        super().__init__()
        self.written: list[tuple[tuple[float, ...], Text]] = []
        self.set_zorder(2.5)  # before the texts
        self.set_in_layout(False)

    def draw(self, renderer: Any) -> None:
        if not self.written:
            return
        ax, pad = self.axes, PAD * self.axes.figure.dpi / 72
        flip = np.array([1, -1])  # pixels from the panel's upper left corner, y downwards
        origin = np.array([ax.bbox.x0, ax.bbox.y1])
        corners, texts = zip(*self.written[::-1], strict=True)
        points = ax.transData.transform(np.reshape(corners, (-1, 2)))
        extents = [text.get_window_extent(renderer) for text in texts]
        sizes = np.array([(extent.width, extent.height) for extent in extents]) + 2 * pad
        frame = ax.bbox.width, ax.bbox.height
        places = placed(((points - origin) * flip).reshape(-1, 4), sizes, frame) + pad
        data = ax.transData.inverted().transform(places * flip + origin)
        for text, at in zip(texts, data, strict=True):
            text.set_position(at)


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
