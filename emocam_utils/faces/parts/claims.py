"""The paper's claims of eyes and mouth, judged: supported, contradicted or undecided.

A claim says that for an emotion one part matters more than another. Its number is the difference
of the two parts, by their area and face by face, less the same difference of the floor: of an
untrained copy's maps, or of covers at random places. What is left is owed to learning, and not to
where maps and light lie anyway; above 0 it supports the claim.

Verdicts are by sign flips, with one correction over all networks, measures and claims of the table.
One is *fragile* if it is another one with the template moved to any side (`template.MOVES`), where
all are judged anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...stats.bootstrap import weighted_mean
from ...stats.intervals import Interval
from ...stats.sign_flips import FLIPS, FlippedMeans, flipped_means
from .measured import CORRECT, MISCLASSIFIED, Measured
from .template import MOVES, REGIONS

ALPHA = 0.05
LEAST = 30  # faces; fewer are not judged
COVER = "occlusion, "
EYES_AND_BROWS = "eyes and brows"


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
SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "undecided"
UNTESTABLE = "not testable"


def verdict(difference: float, p: float) -> str:
    """By the sign where the corrected p is below 0.05; NaN is "not testable"."""
    if np.isnan(difference) or np.isnan(p):
        return UNTESTABLE
    if p >= ALPHA:
        return UNDECIDED
    return SUPPORTED if difference > 0 else CONTRADICTED


@dataclass(frozen=True)
class Question:
    """A claim of one network, by a measure ("gradcam", "occlusion, logit"), on a group of faces."""

    measured: Measured
    measure: str
    claim: Claim
    faces: str

    @property
    def values(self) -> NDArray[np.float64]:
        """Of each face and region, (N, R)."""
        drop = self.measure.removeprefix(COVER)
        return (self.measured.shares | self.measured.drops)[drop]

    @property
    def floor(self) -> NDArray[np.float64]:
        """The same of the floor, (N, R)."""
        drop = self.measure.removeprefix(COVER)
        return (self.measured.untrained | self.measured.elsewhere)[drop]

    @property
    def own(self) -> NDArray[np.int64]:
        """Rows of the faces that the claim is judged on."""
        return self.measured.group(self.faces, self.claim.emotion)

    def difference(self, values: NDArray, eyes: str = "eyes") -> NDArray[np.float64]:
        """What the claim says is above 0, by area (of covers: by percent): (N, R) -> (N,).

        eyes : the region that counts as the eyes
        """
        areas = self.measured.areas * (100 if self.measure.startswith(COVER) else 1)
        more, less = (
            REGIONS.index(eyes if name == "eyes" else name)
            for name in (self.claim.more, self.claim.less)
        )
        return values[:, more] / areas[more] - values[:, less] / areas[less]

    def column(self, values: NDArray, eyes: str = "eyes") -> NDArray[np.float64]:
        """`difference` of its own faces, NaN for the others, (N,)."""
        found = np.full(len(values), np.nan)
        found[self.own] = self.difference(values, eyes)[self.own]
        return found


def claims_table(
    found: Sequence[Measured],
    claims: Sequence[Claim] = CLAIMS,
    times: int = FLIPS,
    seed: int = 0,
) -> pd.DataFrame:
    """A row a network, measure, claim and group of faces, judged together.

    found   : networks, all measured on the same faces; times : sign flips
    returns : network, measure, emotion, more, less, faces (correct or misclassified), n (those
              with a map), plain and floor (both differences by themselves), difference (plain less
              floor), low and high (its own 95 % interval), wide_low and wide_high (these hold all
              together; NaN for rows that are not testable), p and p_all (by itself, corrected),
              verdict, moved_low and moved_high (of the differences with the template moved),
              fragile; and with_brows (_low, _high), the brows counted to the eyes, not judged
    """
    questions = [
        Question(measured, measure, claim, faces)
        for measured in found
        for measure in measured.moved
        for claim in claims
        for faces in (CORRECT, MISCLASSIFIED)
        if faces == MISCLASSIFIED or claim.emotion in set(measured.faces["label"])
    ]
    flips = partial(
        flipped_means, units=found[0].faces["copy"], least=LEAST, times=times, seed=seed
    )
    plain = np.transpose([q.column(q.values) for q in questions])
    floor = np.transpose([q.column(q.floor) for q in questions])
    judged = flips(plain - floor)
    words = _verdicts(judged)
    moved = [
        flips(np.transpose([q.column(q.measured.moved[q.measure][k]) for q in questions]))
        for k in range(len(MOVES))
    ]
    brows = flips(np.transpose([q.column(q.values - q.floor, EYES_AND_BROWS) for q in questions]))
    means, said = np.array([of.value for of in moved]), np.array([_verdicts(of) for of in moved])
    names = [
        {"network": q.measured.network, "measure": q.measure, **asdict(q.claim), "faces": q.faces}
        for q in questions
    ]
    return pd.DataFrame(names).assign(
        n=judged.n,
        plain=_means(plain, plain - floor),
        floor=_means(floor, plain - floor),
        difference=judged.value,
        **_ends("", judged.interval),
        **_ends("wide_", judged.wide),
        p=judged.p,
        p_all=judged.p_all,
        verdict=words,
        moved_low=means.min(axis=0),
        moved_high=means.max(axis=0),
        fragile=(said != words).any(axis=0),
        with_brows=brows.value,
        **_ends("with_brows_", brows.interval),
    )


def _means(values: NDArray, known: NDArray) -> NDArray[np.float64]:
    """Means of the columns over the faces for which both are known."""
    return weighted_mean(np.where(np.isnan(known), np.nan, values), np.ones((1, len(values))))[0]


def _verdicts(judged: FlippedMeans) -> NDArray[np.str_]:
    return np.array([verdict(*row) for row in zip(judged.value, judged.p_all, strict=True)])


def _ends(name: str, interval: Interval) -> dict[str, NDArray[np.float64]]:
    return dict(zip((f"{name}low", f"{name}high"), interval, strict=True))
