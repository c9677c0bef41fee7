"""Plots of 00_findingemo: what the annotators say, which images are there, how EmoNet agrees."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from ..corpora.findingemo import WHEEL
from ..figures import short_label, side_by_side, slanted

COLOURS = ("#f2c14e", "#8fbf5a", "#3f8f6b", "#3aa6c9", "#4a6fb0", "#8d62a8", "#d1495b", "#e8894a")
LEAVES = dict(zip(WHEEL, COLOURS, strict=True))  # Plutchik's eight
LEAF_OF = {emotion: leaf for leaf, emotions in WHEEL.items() for emotion in emotions}


def emotions_figure(counts: pd.DataFrame) -> Figure:
    """Images of each of the 24 emotions, in the wheel's order, a colour a leaf.

    counts : indexed by emotion, columns leaf, images, percent
    """
    figure, [ax] = side_by_side(1, 8, 3.2)
    bars = ax.bar(counts.index, counts["images"], color=[LEAVES[leaf] for leaf in counts["leaf"]])
    ax.bar_label(bars, [f"{p:.1f}" for p in counts["percent"]], fontsize=6.5, padding=1)
    slanted(ax)
    ax.set(ylabel="images", title="Annotated emotions (percent of all above the bars)")
    return figure


def valence_arousal_figure(counts: pd.DataFrame, means: pd.DataFrame) -> Figure:
    """Valence x arousal: images of each pair, and where the 24 emotions lie on average.

    counts : (7, 7), arousal x valence;  means : indexed by emotion, columns valence, arousal
    """
    figure, (left, right) = side_by_side(2, 5.25, 4.2)
    sns.heatmap(
        counts[::-1], ax=left, cmap="rocket_r", annot=True, fmt=",d", annot_kws={"size": 7},
        cbar_kws={"label": "images"},
    )  # fmt: skip
    left.set(title="Images of each pair")
    for emotion, row in means.dropna().iterrows():
        at = row["valence"], row["arousal"]
        right.plot(*at, "o", color=LEAVES[LEAF_OF[emotion]], markersize=5)
        shift = 4, -2 if emotion in LEAVES else 3
        right.annotate(emotion, at, shift, textcoords="offset points", fontsize=7)
    right.axvline(0, color="#adb5bd", linewidth=0.8)
    right.set(title="Mean of each emotion", xlabel="valence", ylabel="arousal")
    return figure


def ratings_figure(
    ambiguity: pd.Series, ages: pd.Series, factors: pd.Series, below: float
) -> Figure:
    """How ambiguous the images are, how old the people, what decided.

    below : images of lower ambiguity count in the analyses; the others are drawn grey
    """
    figure, axes = side_by_side(3, 11 / 3, 3)
    colours = ["#4263eb" if level < below else "#ced4da" for level in ambiguity.index]
    axes[0].bar(ambiguity.index.astype(str), ambiguity, color=colours)
    axes[0].set(title=f"Ambiguity (kept: below {below:g})", ylabel="images")
    named = {"Ages present (several each)": ages, "Deciding factors (several each)": factors}
    for ax, (title, counts) in zip(axes[1:], named.items(), strict=True):
        ax.bar(counts.index, counts, color="#4263eb")
        ax.set(title=title)
        slanted(ax)
    return figure


def coverage_figure(table: pd.DataFrame) -> Figure:
    """Which annotated images are there, for each emotion.

    table : indexed by emotion, columns there, lost, later, unsought (counts)
    """
    figure, [ax] = side_by_side(1, 8, 3.2)
    share = table[["there", "lost", "later", "unsought"]].div(table["annotated"], axis=0) * 100
    share, bottom = share.fillna(0), np.zeros(len(table))
    for column, colour in zip(share, ("#2f9e44", "#c92a2a", "#f08c00", "#dee2e6"), strict=True):
        ax.bar(share.index, share[column], bottom=bottom, color=colour, label=column)
        bottom = bottom + share[column]
    slanted(ax)
    ax.set(ylabel="annotated images (%)", ylim=(0, 100), title="Images that are there")
    ax.legend(frameon=False, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.35))
    return figure


def label_figure(table: pd.DataFrame) -> Figure:
    """Annotated emotions by predicted labels: percent of the images of each emotion.

    table : (24, L) counts; a row without an image stays empty
    """
    rows = table.sum(axis=1)
    percent = 100 * table.div(rows.where(rows > 0), axis=0)
    percent.index = [f"{emotion}  ({count})" for emotion, count in rows.items()]
    percent.columns = [short_label(label) for label in percent.columns]
    figure, [ax] = side_by_side(1, 8.5, 6.2)
    sns.heatmap(
        percent, ax=ax, cmap="rocket_r", vmin=0, vmax=percent.max(axis=None) if rows.any() else 100,
        linewidths=0.3, cbar_kws={"label": "images of the annotated emotion (%)", "shrink": 0.6},
    )  # fmt: skip
    title, x = "What the network predicts for each annotated emotion", "predicted label"
    ax.set(title=title, xlabel=x, ylabel="annotated emotion (n images)", facecolor="#f1f3f5")
    slanted(ax)
    return figure
