"""Do maps of faces depend on the class and on what was learnt? `sanity`'s checks beside a floor.

The floor is how alike the maps of two different faces are, which have only the framing of a face in
common: a map that keeps more than that when the class or the weights change shows the image.

Axes: N faces, H x W pixels or cells.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from ..cams.saliency import RULES, Rule
from ..stats.ranks import interval, resampled
from .analysis import FaceAnalysis
from .maps import KINDS
from .sanity import randomisation_similarity, sanity_table

CHANGES = ("another emotion", "untrained weights", "another face (floor)")
KIND_NAMES = {"saliency": "saliency maps", "cam": "class activation maps"}


def dependence_table(
    analysis: FaceAnalysis,
    faces: Sequence[str],
    seeds: Sequence[int] = (0, 1),
    draws: int = 500,
) -> pd.DataFrame:
    """How alike maps stay when something else is explained: Spearman's rho with the original map.

    faces   : with one there is no floor, and no interval that says anything
    seeds   : of the untrained copies, over which is averaged
    returns : rows of map, rule, changed (one of CHANGES), rho, low and high (95 % bootstrap over
              faces), n. The positive part of class activation maps is compared; NaN if all are flat
    """
    images = torch.cat([analysis.input(face) for face in faces])
    rows = []
    for kind, maps in KINDS.items():
        checks = sanity_table(analysis.network, images, seeds, maps, RULES, draws)
        for rule in RULES:
            one = checks.loc[rule]
            found = {
                CHANGES[0]: [1 - one[f"class_sensitivity{end}"] for end in ("", "_high", "_low")],
                CHANGES[1]: [one[f"spearman{end}"] for end in ("", "_low", "_high")],
                CHANGES[2]: face_floor(analysis, images, kind, rule, draws),
            }
            rows += [
                (KIND_NAMES[kind], rule, change, *v, len(faces)) for change, v in found.items()
            ]
    return pd.DataFrame(rows, columns=["map", "rule", "changed", "rho", "low", "high", "n"])


def face_floor(
    analysis: FaceAnalysis, images: torch.Tensor, kind: str, rule: Rule, draws: int = 500
) -> list[float]:
    """Mean correlation of each face's map with those of other faces, and its interval over faces.

    images : (N, 3, H, W) preprocessed; every map is of the face's own predicted emotion
    """
    network = analysis.network
    with torch.no_grad():
        predicted = network.head(network.features(images)).argmax(1)
    maps = KINDS[kind](network, images, predicted, rule).clamp(min=0).numpy()
    others = range(1, min(len(maps), 6))
    if not others:
        return [float("nan")] * 3
    pairs = [
        randomisation_similarity(maps, np.roll(maps, shift, axis=0))["spearman"] for shift in others
    ]
    each = pd.concat(pairs, axis=1).mean(axis=1).dropna().to_numpy()
    if not len(each):
        return [float("nan")] * 3
    means = resampled(len(each), draws, 0) @ each / len(each)
    return [float(each.mean()), *interval(means)]


def dependence_words(table: pd.DataFrame) -> str:
    """Of each kind of map and rule: what is left of the map, in a sentence."""
    lines = []
    for (kind, rule), rows in table.groupby(["map", "rule"], sort=False):
        of = rows.set_index("changed")
        emotion, weights, floor = (of.loc[change] for change in CHANGES)
        if np.isnan([emotion["rho"], weights["rho"], floor["rho"]]).any():
            why = "too many maps are empty" if rows["n"].max() > 1 else "one face has no floor"
            lines.append(f"{kind}, {rule}: undefined, {why}")
            continue
        lines.append(
            f"{kind}, {rule}: ρ = {emotion['rho']:.2f} with another emotion's map "
            f"({_beside(emotion, floor)}), {weights['rho']:.2f} with an untrained network's "
            f"({_beside(weights, floor)}); of two faces {floor['rho']:.2f}"
        )
    return "\n".join(lines)


def _beside(one: pd.Series, floor: pd.Series) -> str:
    if one["low"] > floor["high"]:
        return "more than two faces share"
    return "less than two faces share" if one["high"] < floor["low"] else "as two faces share"
