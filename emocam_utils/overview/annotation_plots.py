"""Plots of 00_findingemo: what the annotators say, which images are there, how EmoNet agrees."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..association.plots import association_figure
from ..figures import short_label

LEAVES = dict(
    zip(
        ("Joy", "Trust", "Fear", "Surprise", "Sadness", "Disgust", "Anger", "Anticipation"),
        ("#f2c14e", "#8fbf5a", "#3f8f6b", "#3aa6c9", "#4a6fb0", "#8d62a8", "#d1495b", "#e8894a"),
        strict=True,
    )
)
"""Colours of Plutchik's eight leaves."""


def emotions_figure(counts: pd.DataFrame) -> Figure:
    """Images of each of the 24 emotions, in the wheel's order, a colour a leaf.

    counts : indexed by emotion, columns leaf, images, percent
    """
    figure, ax = plt.subplots(figsize=(8, 3.2), layout="constrained")
    bars = ax.bar(counts.index, counts["images"], color=[LEAVES[leaf] for leaf in counts["leaf"]])
    ax.bar_label(bars, [f"{p:.1f}" for p in counts["percent"]], fontsize=6.5, padding=1)
    _slant(ax)
    ax.set(ylabel="images", title="Annotated emotions (percent of all above the bars)")
    return figure


def valence_arousal_figure(counts: pd.DataFrame, means: pd.DataFrame) -> Figure:
    """Valence x arousal: images of each pair, and where the 24 emotions lie on average.

    counts : (7, 7), arousal x valence;  means : indexed by emotion, columns valence, arousal
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.2), layout="constrained")
    sns.heatmap(
        counts[::-1], ax=left, cmap="rocket_r", annot=True, fmt=",d", annot_kws={"size": 7},
        cbar_kws={"label": "images"},
    )  # fmt: skip
    left.set(title="Images of each pair")
    colours = {e: LEAVES[leaf] for e, leaf in zip(means.index, _leaves(means), strict=True)}
    for emotion, row in means.dropna().iterrows():
        right.plot(row["valence"], row["arousal"], "o", color=colours[emotion], markersize=5)
        right.annotate(
            emotion, (row["valence"], row["arousal"]), (4, -2 if emotion in LEAVES else 3),
            textcoords="offset points", fontsize=7,
        )  # fmt: skip
    right.axvline(0, color="#adb5bd", linewidth=0.8)
    right.set(title="Mean of each emotion", xlabel="valence", ylabel="arousal")
    return figure


def _leaves(means: pd.DataFrame) -> list[str]:
    return [name for name in LEAVES for _ in range(len(means) // len(LEAVES))]


def ratings_figure(
    ambiguity: pd.Series, ages: pd.Series, factors: pd.Series, below: float
) -> Figure:
    """How ambiguous the images are, how old the people, what decided.

    below : images of lower ambiguity count in the analyses; the others are drawn grey
    """
    figure, axes = plt.subplots(1, 3, figsize=(11, 3), layout="constrained")
    colours = ["#4263eb" if level < below else "#ced4da" for level in ambiguity.index]
    axes[0].bar(ambiguity.index.astype(str), ambiguity, color=colours)
    axes[0].set(title=f"Ambiguity (kept: below {below:g})", ylabel="images")
    for ax, counts, title in (
        (axes[1], ages, "Ages present (several each)"),
        (axes[2], factors, "Deciding factors (several each)"),
    ):
        ax.bar(counts.index, counts, color="#4263eb")
        ax.set(title=title)
        _slant(ax)
    return figure


def coverage_figure(table: pd.DataFrame) -> Figure:
    """Which annotated images are there, for each emotion.

    table : indexed by emotion, columns there, lost, later, unsought (counts)
    """
    figure, ax = plt.subplots(figsize=(8, 3.2), layout="constrained")
    share = table[["there", "lost", "later", "unsought"]].div(table["annotated"], axis=0) * 100
    bottom = pd.Series(0.0, index=table.index)
    for column, colour in zip(share, ("#2f9e44", "#c92a2a", "#f08c00", "#dee2e6"), strict=True):
        ax.bar(share.index, share[column], bottom=bottom, color=colour, label=column)
        bottom = bottom + share[column].fillna(0)
    _slant(ax)
    ax.set(ylabel="annotated images (%)", ylim=(0, 100), title="Images that are there")
    ax.legend(frameon=False, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.35))
    return figure


def agreement_figure(table: pd.DataFrame) -> Figure:
    """Annotated emotions by predicted labels: percent of the images of each emotion.

    table : (24, L) counts; a row without an image stays empty
    """
    rows = table.sum(axis=1)
    percent = 100 * table.div(rows.where(rows > 0), axis=0)
    percent.index = [f"{emotion}  ({count})" for emotion, count in rows.items()]
    percent.columns = [short_label(label) for label in percent.columns]
    figure, ax = plt.subplots(figsize=(8.5, 6.2), layout="constrained")
    sns.heatmap(
        percent, ax=ax, cmap="rocket_r", vmin=0, vmax=percent.max(axis=None) if rows.any() else 100,
        linewidths=0.3,
        cbar_kws={"label": "images of the annotated emotion (%)", "shrink": 0.6},
    )  # fmt: skip
    ax.set_facecolor("#f1f3f5")
    ax.set(
        title="What the network predicts for each annotated emotion",
        xlabel="predicted label", ylabel="annotated emotion (n images)",
    )  # fmt: skip
    _slant(ax)
    return figure


def by_emotion_figure(panels: Mapping[str, tuple[pd.DataFrame, pd.Series]]) -> Figure:
    """Object classes by annotated emotion, one panel a preset; without any, a figure that says so.

    panels : title -> (percent (K, 24), images (24,)), as `Association.panel`
    """
    if not panels:
        figure, ax = plt.subplots(figsize=(8, 1.5), layout="constrained")
        ax.text(0.5, 0.5, "no weights or no images yet", ha="center", va="center")
        ax.set_axis_off()
        return figure
    figure = association_figure(panels)
    for ax in figure.axes:
        if ax.get_xlabel():
            ax.set_xlabel("annotated emotion (n images)")
    return figure


def _slant(ax: Axes) -> None:
    plt.setp(ax.get_xticklabels(), rotation=50, ha="right", rotation_mode="anchor")
