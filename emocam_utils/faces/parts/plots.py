"""Plots of 05_facial_saliency: what facial parts are to a network, from measured tables."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

METHOD_TITLES = {
    "gradcam": "Grad-CAM",
    "saliency": "vanilla saliency",
    "guided saliency": "guided saliency",
    "occlusion, logit": "covering: logit",
    "occlusion, probability": "covering: probability",
    "occlusion, accuracy": "covering: accuracy",
}
NETWORK_TITLES = {"gimefive": "GiMeFive", "mini-xception": "mini-Xception"}
PART_COLOURS = {"eyes": "#364fc7", "mouth": "#e8590c"}
VERDICT_LOOKS = {
    "supported": ("#0072b2", "o"),
    "contradicted": ("#d55e00", "s"),
    "undecided": ("#868e96", "D"),
}
WIDTH = 7.4  # inches of a figure, at which text is as large as it says
STEP = 0.17
LINE = "#adb5bd"


def eyes_or_mouth_figure(
    importance: pd.DataFrame, occlusion: pd.DataFrame, emotions: Sequence[str]
) -> Figure:
    """Eyes against mouth, emotion by emotion: their share of the maps, and what covering them does.

    importance : method, emotion, faces, part, per_area (_low, _high), untrained, n
    occlusion  : measure, emotion, part, per_percent (_low, _high), random, area
    """
    logits = occlusion[occlusion["measure"] == "logit"]
    panels = {
        METHOD_TITLES[method]: (importance[importance["method"] == method], "per_area", 1)
        for method in METHOD_TITLES
        if method in set(importance["method"])
    }
    logits = logits.assign(untrained=logits["random"] / (100 * logits["area"]))
    panels[METHOD_TITLES["occlusion, logit"]] = (logits, "per_percent", 0)
    figure, axes = _two_by_two(len(panels), 0.3 * len(emotions) + 0.8)
    for ax, (title, (rows, column, even)) in zip(axes, panels.items(), strict=True):
        _plot_parts(ax, rows, emotions, column)
        ax.axvline(even, color=LINE, linewidth=0.8, zorder=0)
        words = "share of the map / of the area" if even else "fall of the logit / % covered"
        ax.set(title=title, xlabel=words)
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x", color="#f1f3f5")
        ax.set_axisbelow(True)
    counts = importance.drop_duplicates("emotion").set_index("emotion")
    names = [
        f"{e} ({counts.loc[e, 'n']:,}{'' if counts.loc[e, 'faces'] == 'correct' else '*'})"
        for e in emotions
    ]
    axes[0].set_yticks(range(len(emotions)), names)
    axes[0].set_ylim(max(len(emotions), 1) - 0.5, -0.5)
    handles = [plt.Line2D([], [], marker="o", color=c, label=p) for p, c in PART_COLOURS.items()]
    handles += [
        plt.Line2D([], [], marker="D", ls="", color=c, markerfacecolor="white",
                   label=f"{p}: untrained, or cover elsewhere")
        for p, c in PART_COLOURS.items()
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper center", ncols=4, frameon=False, fontsize=8)
    return figure


def _two_by_two(panels: int, height: float) -> tuple[Figure, np.ndarray]:
    """Panels of a height in two columns; their axes (panels,), with common rows."""
    rows = -(-panels // 2)
    figure, axes = plt.subplots(
        rows, 2, figsize=(WIDTH, rows * height + 0.4), sharey=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for ax in axes.flat[panels:]:
        ax.set_axis_off()
    return figure, axes.flat[:panels]


def _plot_parts(ax: Axes, rows: pd.DataFrame, emotions: Sequence[str], column: str) -> None:
    for k, (part, colour) in enumerate(PART_COLOURS.items()):
        here = rows[rows["part"] == part].drop_duplicates("emotion").set_index("emotion")
        here = here.reindex(list(emotions))
        y = np.arange(len(emotions)) + (k - 0.5) * 2 * STEP
        ax.plot(here["untrained"], y, "D", color=colour, markersize=4, markerfacecolor="white")
        ax.hlines(y, here[f"{column}_low"], here[f"{column}_high"], color=colour, linewidth=2)
        ax.plot(here[column], y, "o", color=colour, markersize=4)


def parts_figure(
    importance: pd.DataFrame,
    occlusion: pd.DataFrame,
    emotions: Sequence[str],
    parts: Sequence[str],
) -> Figure:
    """Every part and emotion: the share of each kind of map by area, less an untrained network's,
    and what covering the part does beyond a cover elsewhere. The maps share one scale of colours.

    A number is printed where the interval leaves 0 out.
    """
    panels = {
        method: importance[importance["method"] == method]
        for method in METHOD_TITLES
        if method in set(importance["method"])
    }
    maps = [_grids(rows, "beyond", parts, emotions) for rows in panels.values()]
    most = max((_most(values) for values, *_ in maps), default=1.0)
    figure, axes = _two_by_two(len(panels) + 1, 0.24 * len(parts) + 1.1)
    for ax, method, grids in zip(axes, panels, maps, strict=False):
        drawn = _heatmap(ax, *grids, most, METHOD_TITLES[method])
        if drawn:
            figure.colorbar(drawn, ax=ax, label="share / area,\nless untrained", aspect=15)
    covers = _grids(occlusion[occlusion["measure"] == "logit"], "beyond", parts, emotions)
    drawn = _heatmap(axes[-1], *covers, _most(covers[0]), METHOD_TITLES["occlusion, logit"])
    if drawn:
        figure.colorbar(
            drawn, ax=axes[-1], label="fall of the logit,\nless cover elsewhere", aspect=15
        )
    return figure


def _most(values: pd.DataFrame) -> float:
    found = values.abs().max().max()
    return float(found) if found > 0 else 1.0


def _grids(
    rows: pd.DataFrame, column: str, parts: Sequence[str], emotions: Sequence[str]
) -> list[pd.DataFrame]:
    """parts x emotions of a column and of the ends of its interval."""
    table = rows.drop_duplicates(["part", "emotion"]).set_index(["part", "emotion"])
    grids = (table[f"{column}{end}"].unstack() for end in ("", "_low", "_high"))
    return [grid.reindex(index=list(parts), columns=list(emotions)) for grid in grids]


def _heatmap(
    ax: Axes, values: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame, most: float, title: str
) -> QuadMesh | None:
    """Colours of a grid, numbers where an interval leaves 0 out; what a colour bar is made from."""
    ax.set_title(title)
    if values.empty:
        return None
    words = values.map("{:+.1f}".format).where((low > 0) | (high < 0), "")
    sns.heatmap(
        values, ax=ax, cmap="RdBu_r", vmin=-most, vmax=most, annot=words, fmt="", cbar=False,
        linewidths=0.5, annot_kws={"size": 7},
    )  # fmt: skip
    ax.set_facecolor("#dee2e6")
    ax.set(xlabel="", ylabel="")
    ax.tick_params(length=0)
    plt.setp(ax.get_xticklabels(), rotation=50, ha="right", rotation_mode="anchor", fontsize=8)
    plt.setp(ax.get_yticklabels(), rotation=0, fontsize=8)
    return ax.collections[0]


def claims_figure(claims: pd.DataFrame) -> Figure:
    """A forest plot of the claims: what is beyond the floor, a panel a measure, a row a group.

    claims : as `claims.claims_table` returns it
    Thin lines are the intervals that hold together, from which the verdict is; thick ones are of
    each row by itself. Hollow marks are fragile verdicts. A number at the right is how many faces
    have a map, where it is not all of the row.
    """
    measures = [measure for measure in METHOD_TITLES if measure in set(claims["measure"])]
    keys = ["network", "emotion", "more", "less", "faces"]
    rows = claims.groupby(keys, sort=False)["n"].max() if len(claims) else pd.Series(dtype=int)
    lines = -(-len(measures) // 3) or 1
    names = [_row_name(*key[1:], n) for key, n in rows.items()]
    networks = [key[0] for key in rows.index]
    y = np.arange(len(rows)) + np.cumsum(_firsts(networks))
    figure, axes = plt.subplots(
        lines, 3, figsize=(WIDTH, lines * (0.19 * (len(rows) + len(set(networks))) + 0.6) + 0.5),
        sharey=True, squeeze=False, layout="constrained",
    )  # fmt: skip
    for ax in axes.flat[len(measures) :]:
        ax.set_axis_off()
    for ax, measure in zip(axes.flat, measures, strict=False):
        table = claims[claims["measure"] == measure].set_index(keys).reindex(rows.index)
        _plot_claims(ax, table, y, rows.to_numpy())
        covering = measure.startswith("occlusion")
        words = f"{measure.split(', ')[-1]} / % covered" if covering else "share / area"
        ax.set_title(METHOD_TITLES[measure], fontsize=9)
        ax.set_xlabel(words, fontsize=8)
    heads = y[_firsts(networks)] - 1
    titles = [NETWORK_TITLES.get(name, name) for name in dict.fromkeys(networks)]
    for ax in axes[:, 0]:
        ax.set_yticks([*y, *heads], [*names, *titles], fontsize=7.5)
        for label in ax.get_yticklabels()[len(y) :]:
            label.set_fontweight("bold")
        ax.set_ylim(max(y, default=0) + 0.7, -0.7)
    figure.legend(
        handles=_claim_handles(), loc="outside upper center", ncols=4, frameon=False, fontsize=8
    )
    figure.supxlabel(
        "← against the claim · difference of the two parts, beyond the floor · for the claim →",
        fontsize=8,
    )
    return figure


def _firsts(names: Sequence[str]) -> np.ndarray:
    """Whether each name is another one than that before it."""
    return np.array([k == 0 or names[k - 1] != name for k, name in enumerate(names)], dtype=bool)


def _row_name(emotion: str, more: str, less: str, faces: str, n: int) -> str:
    if faces == "correct":
        return f"{emotion}: {more} more than {less} ({n:,})"
    return f"{emotion}, misclassified ({n:,})"


def _plot_claims(ax: Axes, table: pd.DataFrame, y: np.ndarray, faces: np.ndarray) -> None:
    for verdict, (colour, mark) in VERDICT_LOOKS.items():
        for fragile in (False, True):
            here = (table["verdict"].eq(verdict) & table["fragile"].eq(fragile)).to_numpy()
            rows, at = table[here], y[here]
            ax.hlines(at, rows["wide_low"], rows["wide_high"], color=colour, linewidth=0.8)
            ax.hlines(at, rows["low"], rows["high"], color=colour, linewidth=2.4)
            face = "white" if fragile else colour
            ax.plot(
                rows["difference"], at, mark, color=colour, markerfacecolor=face, markersize=4.5
            )
    ax.axvline(0, color=LINE, linewidth=0.8, zorder=0)
    untested = (table["verdict"] == "not testable").to_numpy()
    for at, n in zip(y[untested], table["n"][untested], strict=True):
        words = f"{n:.0f} faces: not testable" if n else "no face"
        ax.text(0.5, at, words, fontsize=7, color="#868e96", ha="center", va="center",
                transform=ax.get_yaxis_transform())  # fmt: skip
    fewer = table["n"].where(~untested & (table["n"] < faces))
    if fewer.notna().any():
        ax.set_xlim(right=ax.get_xlim()[1] + 0.16 * np.diff(ax.get_xlim())[0])
    for at, n in zip(y, fewer, strict=True):
        if n == n:
            ax.text(0.99, at, f"{n:.0f}", fontsize=7, color="#868e96", ha="right", va="center",
                    transform=ax.get_yaxis_transform())  # fmt: skip
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", labelsize=7.5)
    ax.grid(axis="x", color="#f1f3f5")
    ax.set_axisbelow(True)


def _claim_handles() -> list[plt.Line2D]:
    handles = [
        plt.Line2D([], [], color=colour, marker=mark, markersize=4.5, label=verdict)
        for verdict, (colour, mark) in VERDICT_LOOKS.items()
    ]
    hollow = {"markerfacecolor": "white", "markersize": 4.5}
    return [*handles, plt.Line2D([], [], color="#343a40", marker="o", ls="", **hollow,
                                 label="hollow: fragile")]  # fmt: skip
