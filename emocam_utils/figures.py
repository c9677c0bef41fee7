"""How figures look and how they are saved: one style, one palette, one record beside each.

A figure is saved as png, pdf, csv (its numbers) and json (what it shows, and of what). Equal input
gives equal bytes: no dates, no random ids.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

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


class Named(Protocol):
    """A corpus, of which a figure shows the name."""

    @property
    def name(self) -> str: ...


class Analysed(Protocol):
    """What a figure is of: a study with its network and detector, and the corpus they looked at.

    hashes : of the corpus, the network and the detector
    """

    @property
    def study(self) -> Study: ...

    @property
    def corpus(self) -> Named: ...

    @property
    def hashes(self) -> dict[str, str]: ...


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
    figure.text(
        0.5,
        -0.01,
        f"{corpus.name}  ·  {network}  ·  n = {n}",
        ha="center",
        va="top",
        fontsize=7.5,
        color="#666",
    )
    folder = study.figures
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / name
    figure.savefig(
        stem.with_suffix(".png"), bbox_inches="tight", pad_inches=0.12, metadata={"Software": None}
    )
    figure.savefig(
        stem.with_suffix(".pdf"),
        bbox_inches="tight",
        pad_inches=0.12,
        metadata={"CreationDate": None, "ModDate": None},
    )
    plt.close(figure)
    table.to_csv(stem.with_suffix(".csv"), float_format="%.6g", lineterminator="\n")
    record = {
        "name": name,
        "title": title,
        "caption": caption,
        "notebook": notebook,
        "study": study.name,
        "corpus": corpus.name,
        "network": network,
        "n": n,
        "hashes": analysis.hashes,
    }
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
    size = 7
    rows = zip(boxes.to_dict("records"), values, kept, strict=True)
    for box, value, keep in sorted(rows, key=lambda row: bool(row[2])):  # kept ones on top
        colour = KEPT if keep else DROPPED
        ax.add_patch(
            plt.Rectangle(
                (box["x0"], box["y0"]),
                box["x1"] - box["x0"],
                box["y1"] - box["y0"],
                fill=False,
                edgecolor=colour,
                linewidth=2 if keep else 1,
                linestyle="-" if keep else ":",
            )
        )
        text = box["class"] if value is None else f"{box['class']} {value:.2f}"
        ax.text(
            box["x0"] + 1,
            box["y0"] + 1,
            text,
            fontsize=size,
            color="white",
            va="top",
            bbox={"facecolor": colour, "edgecolor": "none", "pad": 1, "alpha": 0.85},
            clip_on=True,
        )
