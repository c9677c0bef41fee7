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
from ..stats.ranks import spearman_matrix
from .analysis import FaceAnalysis, in_order

KINDS = {"saliency": saliency_map, "cam": rule_cam}
"""Kinds of map by name: (network, images, targets, rule) -> (N, H, W) or (N, h, w)."""


KIND_NAMES = {"saliency": "saliency maps", "cam": "class activation maps"}


def alikeness(maps: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Spearman's correlation of each map with another one, (N, H, W) twice -> (N,).

    NaN where one of the two is flat.
    """
    pairs = zip(maps, others, strict=True)
    return np.array([spearman_matrix([one.ravel(), other.ravel()])[0, 1] for one, other in pairs])


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


def rule_maps(
    analysis: FaceAnalysis, faces: Sequence[str], kind: str
) -> list[dict[str, np.ndarray]]:
    """For each face, rule -> the map of its predicted emotion in [0, 1]; NaN for an empty one."""
    found = []
    for face in faces:
        target = analysis.labels.index(analysis.table.loc[face, "label"])
        image = analysis.input(face)
        raw = {rule: KINDS[kind](analysis.network, image, target, rule)[0] for rule in RULES}
        found.append({rule: shown(kind, one.numpy()) for rule, one in raw.items()})
    return found


def rule_table(maps: Sequence[Mapping[str, np.ndarray]]) -> pd.DataFrame:
    """By rule: how many maps are empty, and how alike the others are to those of each other rule.

    maps    : for each face, rule -> map scaled to [0, 1], NaN for an empty one
    returns : `empty`, and a column a rule: Spearman's rho, mean over faces; NaN if all are empty
    """
    stacks = {rule: np.stack([of[rule] for of in maps]) for rule in RULES}
    empty = {rule: np.isnan(stack).any(axis=(1, 2)) for rule, stack in stacks.items()}
    table = pd.DataFrame({"empty": {rule: int(none.sum()) for rule, none in empty.items()}})
    for one in RULES:
        for other in RULES:
            known = ~(empty[one] | empty[other])
            rho = pd.Series(alikeness(stacks[one][known], stacks[other][known]))
            table.loc[one, other] = rho.mean()
    return table.rename_axis("rule")


def emotion_row(
    analysis: FaceAnalysis, face: str, rules: Mapping[str, Rule]
) -> tuple[dict[str, dict[str, np.ndarray]], pd.DataFrame]:
    """Fig. 1: the maps of every emotion for a face.

    rules   : kind -> rule, e.g. {"cam": "vanilla", "saliency": "guided"}
    returns : kind -> emotion -> map scaled to [0, 1]; and a table indexed by emotion: probability,
              and for each kind Spearman's correlation of its raw map with the predicted emotion's
    """
    order, row = in_order(analysis.labels), analysis.table.loc[face]
    table = row[order].astype(float).to_frame("probability").rename_axis("emotion")
    pictures = {}
    for kind, rule in rules.items():
        raw = dict(zip(analysis.labels, emotion_maps(analysis, face, kind, rule), strict=True))
        pictures[kind] = {emotion: shown(kind, raw[emotion]) for emotion in order}
        table[kind] = [alikeness(raw[e][None], raw[row["label"]][None])[0] for e in order]
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


def channel_table(layers: Mapping[str, tuple[np.ndarray, list[int]]]) -> pd.DataFrame:
    """The mean activation of each channel that `active_channels` found: a row a channel."""
    rows = [
        (name, channel, float(one.mean()))
        for name, (maps, channels) in layers.items()
        for channel, one in zip(channels, maps, strict=True)
    ]
    return pd.DataFrame(rows, columns=["layer", "channel", "mean"]).set_index(["layer", "channel"])
