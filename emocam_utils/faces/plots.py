"""Plots of 05_facial_saliency: faces and what a network makes of them.

Axes: H x W pixels of a face, h x w cells of a class activation map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from ..figures import overlay, show_image
from .painting import colour_of

RULE_NAMES = {"vanilla": "vanilla (unguided)", "rectified": "rectified", "guided": "guided"}
FINE = 32  # cells a side from which a map is drawn alone
SALIENCY_COLOURS = "mako"  # light on dark blue, as the paper's maps
CENTRE = {"ha": "center", "va": "center"}
WIDTH = 7.4  # inches of a figure, at which text is as large as it says
CHANGE_COLOURS = ("#0072b2", "#d55e00", "#009e73")  # told apart by all (Okabe and Ito 2008)


def emotion_colour(label: str) -> tuple[float, ...]:
    """The colour of an emotion, the same as in films."""
    return tuple(part / 255 for part in colour_of(label))


def show_saliency(ax: Axes, saliency: np.ndarray, title: str = "") -> None:
    """A saliency map (H, W) in [0, 1], its pixels as they are; NaN for an empty one."""
    ax.imshow(np.nan_to_num(saliency), cmap=SALIENCY_COLOURS, vmin=0, vmax=1)
    _say_empty(ax, saliency)
    ax.set_title(title)
    ax.set_axis_off()


def show_cam(ax: Axes, face: Image.Image, cam: np.ndarray, title: str = "") -> None:
    """A class activation map (h, w) in [0, 1] over its face; NaN for an empty one."""
    show_image(ax, overlay(face, cam), title)
    _say_empty(ax, cam)


def _say_empty(ax: Axes, shown: np.ndarray) -> None:
    if np.isnan(shown).any():
        box = {"facecolor": "#212529", "edgecolor": "none", "alpha": 0.6}
        ax.text(0.5, 0.5, "empty", transform=ax.transAxes, color="white", bbox=box, **CENTRE)


def _below(ax: Axes, words: str, size: float = 8, **options: object) -> None:
    ax.text(0.5, -0.03, words, fontsize=size, ha="center", va="top", transform=ax.transAxes,
            **options)  # fmt: skip


def _panels(rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, np.ndarray]:
    """A figure of rows x columns panels without axes."""
    figure, axes = plt.subplots(max(rows, 1), columns, figsize=size, squeeze=False,
                                layout="constrained")  # fmt: skip
    for ax in axes.flat:
        ax.set_axis_off()
    return figure, axes


def faces_figure(faces: Sequence[Image.Image], table: pd.DataFrame, columns: int = 6) -> Figure:
    """Faces as the networks get them, with the prediction below, a row for each group.

    table : a row a face: group, label, probability; truth where an emotion is known, else ""
    """
    groups = table.groupby("group", sort=False).indices.items()
    lines = [(name, rows[i : i + columns]) for name, rows in groups
             for i in range(0, len(rows), columns)]  # fmt: skip
    figure, axes = _panels(
        len(lines), columns, (WIDTH, (WIDTH / columns + 0.35) * len(lines) + 0.1)
    )
    for k, (name, rows) in enumerate(lines):
        for ax, row in zip(axes[k], rows, strict=False):
            one = table.iloc[row]
            show_image(ax, faces[row].convert("RGB"))
            ax.set_title(one["label"], color=emotion_colour(one["label"]), fontsize=9, pad=2)
            known = f", is {one['truth']}" if one["truth"] else ""
            _below(ax, f"{100 * one['probability']:.0f} %{known}", 7.5, color="#495057")
        if k == 0 or lines[k - 1][0] != name:
            name_row(axes[k, 0], name)
    return figure


def emotion_row_figure(
    face: Image.Image,
    cams: Mapping[str, np.ndarray],
    saliency: Mapping[str, np.ndarray],
    table: pd.DataFrame,
    predicted: str,
) -> Figure:
    """Fig. 1: a face, the maps of the predicted emotion, and below the maps of each emotion.

    cams, saliency : emotion -> map scaled to [0, 1], NaN for an empty one
    table          : indexed by emotion: probability, and how alike the emotion's map is to that of
                     the predicted one: cam, saliency (Spearman's correlation)
    """
    emotions = list(cams)
    size = max(len(emotions), 4)
    figure = plt.figure(figsize=(WIDTH, 2.9 * WIDTH / size + 1.1), layout="constrained")
    grid = figure.add_gridspec(3, size, height_ratios=(1.12, 1, 1))
    show_image(figure.add_subplot(grid[0, 0]), face.convert("RGB"), "the face")
    show_cam(figure.add_subplot(grid[0, 1]), face, cams[predicted], f"CAM\n{predicted}")
    show_saliency(figure.add_subplot(grid[0, 2]), saliency[predicted], f"saliency\n{predicted}")
    rest = figure.add_subplot(grid[0, 3:])
    rest.set_axis_off()
    # inside the axes, or the names of the emotions would push the columns below apart
    _plot_probabilities(table["probability"], rest.inset_axes((0.24, 0, 0.76, 0.96)))
    for k, emotion in enumerate(emotions):
        upper, lower = figure.add_subplot(grid[1, k]), figure.add_subplot(grid[2, k])
        show_cam(upper, face, cams[emotion], emotion)
        show_saliency(lower, saliency[emotion])
        upper.title.set_color(emotion_colour(emotion))
        for ax, kind in ((upper, "cam"), (lower, "saliency")):
            alike = table.loc[emotion, kind]
            words = "ρ undefined" if np.isnan(alike) else f"ρ = {alike:.2f}"
            words = "predicted" if emotion == predicted else words
            _below(ax, words)
        if k == 0:
            name_row(upper, "class activation\nmaps")
            name_row(lower, "saliency\nmaps")
    return figure


def _plot_probabilities(probabilities: pd.Series, ax: Axes) -> None:
    colours = [emotion_colour(label) for label in probabilities.index]
    bars = ax.barh(range(len(probabilities)), 100 * probabilities, color=colours, height=0.72)
    ax.bar_label(bars, fmt="%.1f %%", fontsize=8, padding=3)
    ax.set_yticks(range(len(probabilities)), probabilities.index, fontsize=8)
    ax.set(xlim=(0, 118), xticks=[], title="probability")
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
    ax.spines[["bottom"]].set_visible(False)


def name_row(ax: Axes, words: str) -> None:
    """Words beside the first panel of a row."""
    ax.text(-0.08, 0.5, words, rotation=90, fontsize=8.5, ha="right", va="center",
            linespacing=1.1, transform=ax.transAxes)  # fmt: skip


def show_map(ax: Axes, face: Image.Image, values: np.ndarray) -> None:
    """A map in [0, 1], NaN for an empty one: a fine one alone, a coarse one over its face."""
    if len(values) >= FINE:
        show_saliency(ax, values)
    else:
        show_cam(ax, face, values)


def rules_figure(
    faces: Sequence[tuple[str, Image.Image]], maps: Sequence[Mapping[str, np.ndarray]]
) -> Figure:
    """Fig. 2 and 3: a row a face, with its guided, vanilla and rectified map.

    faces : (title, face); maps : for each face, rule -> map scaled to [0, 1]
    A rule under which every map is empty has no column, which is said below.
    """
    rules = ("guided", "vanilla", "rectified")
    empty = [rule for rule in rules if all(np.isnan(of[rule]).any() for of in maps)]
    drawn = [rule for rule in rules if rule not in empty]
    figure, axes = _panels(
        len(faces), 1 + len(drawn), (1.7 * (1 + len(drawn)) + 0.4, 1.78 * len(faces) + 0.3)
    )
    for line, (title, face), of_face in zip(axes, faces, maps, strict=True):
        show_image(line[0], face.convert("RGB"))
        name_row(line[0], title)
        for ax, rule in zip(line[1:], drawn, strict=True):
            show_map(ax, face, of_face[rule])
    for ax, words in zip(axes[0], ("the face", *(RULE_NAMES[rule] for rule in drawn)), strict=True):
        ax.set_title(words, fontweight="normal", fontsize=9)
    if empty:
        names = " and ".join(RULE_NAMES[rule] for rule in empty)
        figure.supxlabel(f"{names}: every map is empty, nothing is left of it", fontsize=8)
    return figure


def dependence_figure(table: pd.DataFrame) -> Figure:
    """How alike maps stay when the class, the weights or the face is another; a dot a comparison.

    table : rows of map ("saliency", "CAM"), rule, changed, rho, low, high, n
    """
    kinds = list(dict.fromkeys(table["map"]))
    changes = list(dict.fromkeys(table["changed"]))
    colours = [CHANGE_COLOURS[c % len(CHANGE_COLOURS)] for c in range(len(changes))]
    figure, axes = plt.subplots(
        1, len(kinds) or 1, figsize=(WIDTH, 2.7), sharex=True, squeeze=False, layout="constrained",
    )  # fmt: skip
    for ax, kind in zip(axes[0], kinds, strict=False):
        rules = list(dict.fromkeys(table.loc[table["map"] == kind, "rule"]))
        for c, change in enumerate(changes):
            here = table[(table["map"] == kind) & (table["changed"] == change)].set_index("rule")
            here = here.reindex(rules)
            y = np.arange(len(rules)) + (c - (len(changes) - 1) / 2) * 0.17
            ax.hlines(y, here["low"], here["high"], color=colours[c], linewidth=2)
            ax.plot(here["rho"], y, "o", color=colours[c], markersize=5, label=change)
        known = table[table["map"] == kind].groupby("rule", sort=False)["rho"].count()
        for y, rule in enumerate(rules):
            if not known[rule]:
                ax.text(0.02, y, "undefined: the maps are empty", fontsize=8, va="center")
        ax.axvline(0, color="#adb5bd", linewidth=0.8)
        ax.set_yticks(range(len(rules)), [RULE_NAMES.get(rule, rule) for rule in rules])
        ax.invert_yaxis()
        n = table.loc[table["map"] == kind, "n"].max()
        ax.set(title=f"{kind}, {n} faces", xlabel="Spearman's ρ with the original map")
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x", color="#f1f3f5")
        ax.set_axisbelow(True)
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(changes), frameon=False)
    return figure


def lettered_figure(panels: Mapping[str, Image.Image], columns: int = 3) -> Figure:
    """Fig. 4: pictures in reading order with letters, each under its title."""
    rows = -(-len(panels) // columns)
    figure, axes = _panels(rows, columns, (2.1 * columns, 2.4 * rows))
    for k, (ax, (title, picture)) in enumerate(zip(axes.flat, panels.items(), strict=False)):
        ax.imshow(np.asarray(picture.convert("RGB")))
        ax.set_title(f"({chr(97 + k)}) {title}", fontsize=8.5, fontweight="normal")
    return figure


def changes_figure(
    start: Image.Image,
    pictures: Mapping[str, Image.Image],
    changes: Mapping[str, Mapping[str, np.ndarray]],
    table: pd.DataFrame,
) -> Figure:
    """The maximised pictures of all emotions, and below them what was changed, on one scale.

    changes : network (this one, its untrained floor) -> emotion -> (H, W) grey levels, signed
    table   : indexed by emotion: probability_before, probability, and for each network "painted
              <network>", the squared change on the paint against that elsewhere
    """
    size = WIDTH / (1 + len(pictures))
    rows = 1 + len(changes)
    figure, axes = _panels(rows, 1 + len(pictures), (WIDTH, rows * (size + 0.25)))
    show_image(axes[0, 0], start)
    axes[0, 0].set_title("painted over", fontsize=8, fontweight="normal")
    every = [change for of in changes.values() for change in of.values()]
    most = max(np.abs(change).max() for change in every) or 1
    for column, (emotion, picture) in zip(axes.T[1:], pictures.items(), strict=True):
        show_image(column[0], picture)
        column[0].set_title(emotion, color=emotion_colour(emotion), fontsize=8)
        before, after = (100 * table.loc[emotion, k] for k in ("probability_before", "probability"))
        _below(column[0], f"{before:.0f} → {after:.0f} %", 7.5)
        for ax, (name, of) in zip(column[1:], changes.items(), strict=True):
            drawn = ax.imshow(of[emotion], cmap="RdBu_r", vmin=-most, vmax=most)
            painted = table.loc[emotion, f"painted {name}"]
            _below(ax, "" if np.isnan(painted) else f"paint × {painted:.1f}", 7.5)
    for ax, name in zip(axes[1:, 0], changes, strict=True):
        ax.text(0.5, 0.5, f"changed by\n{name}", fontsize=8, transform=ax.transAxes, **CENTRE)
    bar = figure.colorbar(drawn, ax=axes[1:, :], location="right", fraction=0.03, aspect=25)
    bar.set_label("change in grey levels", fontsize=8)
    return figure


def layers_figure(
    face: Image.Image, layers: Mapping[str, tuple[np.ndarray, Sequence[int]]]
) -> Figure:
    """The most active channels of each layer for a face, a row a layer.

    layers : name -> maps (K, h, w) >= 0, each drawn to its own maximum, and their channels
    """
    columns = 2 + max(len(maps) for maps, _ in layers.values())
    size = WIDTH / columns
    figure, axes = _panels(len(layers), columns, (WIDTH, (size + 0.2) * len(layers)))
    for line, (name, (maps, channels)) in zip(axes, layers.items(), strict=True):
        words = f"{name.replace('.', chr(10))}\n{maps.shape[1]} × {maps.shape[2]}"
        line[1].text(0.5, 0.5, words, fontsize=8, **CENTRE)
        for ax, one, channel in zip(line[2:], maps, channels, strict=False):
            ax.imshow(one, cmap="viridis", vmin=0, vmax=one.max() or 1)
            ax.set_title(channel, fontsize=7.5, fontweight="normal", pad=2)
    show_image(axes[0, 0], face.convert("RGB"))
    axes[0, 0].set_title("face; channel:", fontsize=7.5, fontweight="normal", pad=2)
    return figure


def film_figure(
    frames: Sequence[Image.Image],
    maps: Mapping[str, Sequence[np.ndarray]],
    probabilities: pd.DataFrame,
    shares: pd.DataFrame,
    columns: int = 7,
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
    height = 1.05 * (1 + len(maps)) + 0.2
    figure = plt.figure(figsize=(WIDTH, height + 2.6), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=(height, 2.6))
    axes = upper.subplots(1 + len(maps), len(shown), squeeze=False)
    for k, column in zip(shown, axes.T, strict=True):
        top = probabilities.columns[np.argmax(probabilities.iloc[k].to_numpy())]
        show_image(column[0], frames[k].convert("RGB"))
        column[0].set_title(top, fontsize=8.5, color=emotion_colour(top))
        for ax, (name, of_frames) in zip(column[1:], maps.items(), strict=True):
            show_map(ax, frames[k], of_frames[k])
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
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.28), frameon=False, fontsize=7.5,
                  ncols=3 if ax is left else 2)  # fmt: skip
    return figure
