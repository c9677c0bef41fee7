"""The paper's claims of eyes and mouth, judged: supported, contradicted or undecided.

A claim says that for an emotion one part matters more than another. Its number is the difference of
the two parts, face by face, so that above 0 supports it. It is judged for each network and each
measure by itself, with Holm's correction over the claims.

COMPARISONS, of which the first is the plain reading:

    per area            shares over areas (1 = the same everywhere), or drops a percent covered
    whole part          shares and drops as they are
    eyes with brows     per area, the brows counted to the eyes
    beyond the floor    per area, less the untrained network's maps or covers at random places: what
                        is owed to learning, and not to where maps and light lie anyway
    against the others  per area, less the mean of the other emotions: is it this emotion's own?
    floor alone         the floor judged as if it were a network; what supports a claim here is no
                        evidence in the first row either
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...stats.bootstrap import TIMES, Means
from ...stats.tests import holm
from .measured import ANY, METHODS, Measured
from .template import REGIONS

ALPHA = 0.05
LEAST = 10  # faces; fewer are not judged


@dataclass(frozen=True)
class Claim:
    """For this emotion, this part matters more than that one."""

    emotion: str
    more: str
    less: str


CLAIMS = (
    Claim("happiness", "mouth", "eyes"),  # "joy" in the paper
    Claim("disgust", "mouth", "eyes"),
    Claim("neutral", "mouth", "eyes"),
    Claim("surprise", "eyes", "mouth"),
)

COMPARISONS = (
    "per area",
    "whole part",
    "eyes with brows",
    "beyond the floor",
    "against the others",
    "floor alone",
)
SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "undecided"
Groups = Mapping[tuple[str, str], NDArray[np.int64]]  # (faces, emotion) -> rows of their cases


def verdict(difference: float, p: float) -> str:
    """By the sign where the corrected p is below 0.05; NaN is "not testable"."""
    if np.isnan(difference) or np.isnan(p):
        return "not testable"
    if p >= ALPHA:
        return UNDECIDED
    return SUPPORTED if difference > 0 else CONTRADICTED


def claims_table(
    measured: Measured, claims: Sequence[Claim] = CLAIMS, times: int = TIMES, seed: int = 0
) -> pd.DataFrame:
    """A row a measure, comparison and claim.

    returns : network, measure, comparison, emotion, more, less, faces, n, difference, low, high (95
              percent interval, not corrected), moved_low, moved_high (of the difference with the
              template moved; maps only), p, p_holm, verdict
    """
    groups = {(faces, emotion): rows for faces, emotion, rows in measured.groups()}
    maps = [method for method in METHODS if method in measured.shares]
    tables = []
    for measure in (*maps, *(f"occlusion, {name}" for name in measured.drops)):
        for comparison in COMPARISONS:
            judged = [
                _row(measured, measure, comparison, claim, groups, times, seed) for claim in claims
            ]
            table = pd.DataFrame(judged)
            tables.append(table.assign(p_holm=holm(table["p"])))
    table = pd.concat(tables, ignore_index=True)
    judged = zip(table["difference"], table["p_holm"], strict=True)
    return table.assign(verdict=[verdict(*row) for row in judged])


def _values(measured: Measured, measure: str) -> tuple[NDArray, NDArray, NDArray]:
    """Values and floor of each case and region (M, R), and the areas in the measure's unit."""
    name = measure.removeprefix("occlusion, ")
    if name != measure:
        return measured.drops[name], measured.elsewhere[name], 100 * measured.areas
    return measured.shares[name], measured.untrained[name], measured.areas


def _difference(values: NDArray, areas: NDArray, claim: Claim, comparison: str) -> NDArray:
    """What the claim says is above 0, for each case: (..., R) -> (...)."""
    names = (claim.more, claim.less)
    if comparison == "eyes with brows":
        names = tuple("eyes and brows" if name == "eyes" else name for name in names)
    if comparison == "whole part":
        areas = np.ones(len(REGIONS))
    more, less = (REGIONS.index(name) for name in names)
    return values[..., more] / areas[more] - values[..., less] / areas[less]


def _row(
    measured: Measured,
    measure: str,
    comparison: str,
    claim: Claim,
    groups: Groups,
    times: int,
    seed: int,
) -> dict:
    values, floor, areas = _values(measured, measure)
    faces = "correct" if ("correct", claim.emotion) in groups else "predicted"
    rows = groups.get((faces, claim.emotion), np.empty(0, dtype=np.int64))
    if comparison == "floor alone":
        values = floor
    elif comparison == "beyond the floor":
        values = values - floor
    each = _difference(values, areas, claim, comparison)
    enough = np.count_nonzero(~np.isnan(each[rows])) >= LEAST
    means = Means.over(each[rows][:, None], times, seed)
    if comparison == "against the others":
        means = means - _of_others(each, claim.emotion, groups, times, seed)
    moved = np.full(1, np.nan)
    if comparison == "per area" and measure in measured.moved and len(rows):
        shifted = _difference(measured.moved[measure][:, rows], areas, claim, comparison)
        moved = np.nanmean(shifted, 1)
    return {
        "network": measured.network,
        "measure": measure,
        "comparison": comparison,
        "emotion": claim.emotion,
        "more": claim.more,
        "less": claim.less,
        "faces": faces,
        "n": len(rows),
        "difference": means.value[0],
        "low": means.low[0],
        "high": means.high[0],
        "moved_low": moved.min(),
        "moved_high": moved.max(),
        "p": means.p[0] if enough else float("nan"),
    }


def _of_others(each: NDArray, emotion: str, groups: Groups, times: int, seed: int) -> Means:
    """Mean over the other emotions of their correct faces' means: each counts the same."""
    others = [
        Means.over(each[rows][:, None], times, seed + 1 + k)
        for k, ((faces, other), rows) in enumerate(groups.items())
        if faces == "correct" and other not in (emotion, ANY) and len(rows)
    ]
    if not others:
        return Means.over(np.empty((0, 1)), times, seed)
    return Means(
        np.nanmean([m.value for m in others], axis=0),
        np.nanmean([m.samples for m in others], axis=0),
    )
