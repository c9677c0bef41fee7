"""Saliency and class activation maps of faces, as the figures of 05_facial_saliency show them.

Axes: L labels, H x W pixels, h x w cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ..cams.layer_activations import layer_activations, most_active
from ..cams.saliency import RULES, Rule, rule_cam, saliency_map
from ..pipeline.importance import scaled
from .analysis import FaceAnalysis, in_order
from .sanity import class_sensitivity

KINDS = {"saliency": saliency_map, "cam": rule_cam}
"""Kinds of map by name: (network, images, targets, rule) -> (N, H, W) or (N, h, w)."""


def shown(kind: str, raw: np.ndarray) -> np.ndarray:
    """A raw map scaled to [0, 1] for a figure, NaN everywhere for an empty one.

    The positive part of a class activation map; of a saliency map what is below its 99.5th
    percentile, or single pixels would leave the rest dark.
    """
    if kind == "saliency":
        raw = np.minimum(raw, np.percentile(raw, 99.5) or raw.max())
    return scaled(raw)


def emotion_maps(analysis: FaceAnalysis, face: str, kind: str, rule: Rule) -> np.ndarray:
    """The raw maps of every emotion for a face, (L, H, W) or (L, h, w)."""
    count = len(analysis.labels)
    images = analysis.input(face).expand(count, -1, -1, -1)
    return KINDS[kind](analysis.network, images, list(range(count)), rule).numpy()


def rule_maps(analysis: FaceAnalysis, face: str, kind: str, emotion: str) -> dict[str, np.ndarray]:
    """rule -> the map of an emotion for a face, scaled to [0, 1]; NaN for an empty one."""
    target, image = analysis.labels.index(emotion), analysis.input(face)
    raw = {rule: KINDS[kind](analysis.network, image, target, rule)[0] for rule in RULES}
    return {rule: shown(kind, one.numpy()) for rule, one in raw.items()}


def emotion_row(
    analysis: FaceAnalysis, face: str, rules: Mapping[str, Rule]
) -> tuple[dict[str, dict[str, np.ndarray]], pd.DataFrame]:
    """Fig. 1: the maps of every emotion for a face.

    rules   : kind -> rule, e.g. {"cam": "vanilla", "saliency": "guided"}
    returns : kind -> emotion -> map scaled to [0, 1]; and a table indexed by emotion: probability,
              and for each kind Spearman's correlation of its raw map with the predicted emotion's
    """
    order = in_order(analysis.labels)
    table = analysis.predictions.loc[face, order].astype(float)
    table = table.to_frame("probability").rename_axis("emotion")
    predicted = analysis.predictions.loc[face, "label"]
    pictures = {}
    for kind, rule in rules.items():
        raw = dict(zip(analysis.labels, emotion_maps(analysis, face, kind, rule), strict=True))
        pictures[kind] = {emotion: shown(kind, raw[emotion]) for emotion in order}
        table[kind] = [alikeness(raw[e][None], raw[predicted][None])[0] for e in order]
    return pictures, table


def active_channels(
    analysis: FaceAnalysis, face: str, channels: int = 8, layers: int = 6
) -> dict[str, tuple[np.ndarray, list[int]]]:
    """What the most active channels of each convolution pass on for a face.

    layers  : at most so many, evenly from the first to the last
    returns : name of the convolution -> maps (K, h, w) >= 0, and the numbers of their channels
    """
    every = layer_activations(analysis.network, analysis.input(face))
    names = list(every)
    at = np.unique(np.linspace(0, len(names) - 1, min(layers, len(names))).round().astype(int))
    found = {}
    for name in (names[k] for k in at):
        positive = np.maximum(every[name][0], 0)
        best = [k for k in most_active(every[name], channels)[0] if positive[k].any()]
        found[name.removeprefix("trunk.").replace(".main", "")] = positive[best], best
    return found


def alikeness(maps: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Spearman's correlation of each map with another one, (N, H, W) twice -> (N,).

    NaN where one of the two is flat.
    """
    return 1 - class_sensitivity(np.stack([maps, others]))


def channel_table(layers: Mapping[str, tuple[np.ndarray, list[int]]]) -> pd.DataFrame:
    """The mean activation of each channel that `active_channels` found: a row a channel."""
    rows = [
        (name, channel, float(one.mean()))
        for name, (maps, channels) in layers.items()
        for channel, one in zip(channels, maps, strict=True)
    ]
    return pd.DataFrame(rows, columns=["layer", "channel", "mean"]).set_index(["layer", "channel"])


def prediction_words(predictions: pd.DataFrame) -> str:
    """How sure the network is of each group of faces, and how often right where that is known."""
    lines = []
    for group, rows in predictions.groupby("group", sort=False):
        counts = rows["label"].value_counts()
        known = rows[rows["truth"].isin(predictions.columns)]
        right = int((known["label"] == known["truth"]).sum())
        told = f"; {right} of the {len(known)} known ones predicted as named" if len(known) else ""
        lines.append(
            f"{len(rows)} {group}: median probability {100 * rows['probability'].median():.0f} %, "
            f"most often {counts.index[0]} ({counts.iloc[0]}){told}"
        )
    return "\n".join(lines)


def rule_words(maps: Sequence[Mapping[str, np.ndarray]]) -> str:
    """How many maps of each rule are empty, and how alike those are that are not.

    maps : for each face, rule -> map scaled to [0, 1], NaN for an empty one
    """
    pairs = [(a, b) for k, a in enumerate(RULES) for b in RULES[k + 1 :]]
    empty = {rule: sum(bool(np.isnan(of[rule]).any()) for of in maps) for rule in RULES}
    counts = ", ".join(f"{rule} {count}" for rule, count in empty.items())
    lines = [f"empty maps of {len(maps)}: {counts}"]
    for one, other in pairs:
        a, b = (np.stack([of[rule] for of in maps]) for rule in (one, other))
        known = ~(np.isnan(a) | np.isnan(b)).any(axis=(1, 2))
        rho = alikeness(a[known], b[known])
        rho = rho[~np.isnan(rho)]
        if len(rho):
            lines.append(f"{one} and {other}: ρ = {rho.mean():.2f} on average ({len(rho)} faces)")
    return "\n".join(lines)
