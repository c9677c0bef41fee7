"""The paper's claims, each judged by code from differences that are paired by seed and image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..stats.seeds import crossed_mean
from .rows import ALL, BEST, BLOCKS, SINGLE, TABLE_1, truncated
from .tables import Trials

MARGIN = 2.0  # percentage points: less is nothing


@dataclass(frozen=True)
class Contrast:
    """A difference of accuracies in percentage points, with its 95 % interval."""

    words: str
    value: float
    low: float
    high: float


def more(contrasts: Sequence[Contrast]) -> str:
    """Verdict on "all of these differences are above 0".

    All must be (an intersection-union test keeps the error at that of one interval); one that is
    below 0 contradicts the claim.
    """
    if all(one.low > 0 for one in contrasts):
        return "holds"
    return "contradicted" if any(one.high < 0 for one in contrasts) else "undecided"


def no_more(contrasts: Sequence[Contrast], margin: float = MARGIN) -> str:
    """Verdict on "none of these differences is above 0 by more than a margin"."""
    if all(one.high < margin for one in contrasts):
        return "holds"
    return "contradicted" if any(one.low > 0 for one in contrasts) else "undecided"


def idle(contrasts: Sequence[Contrast], margin: float = MARGIN) -> str:
    """Verdict on "these differences are nearly 0": within the margin on both sides."""
    if all(-margin < one.low and one.high < margin for one in contrasts):
        return "holds"
    away = any(one.low > margin or one.high < -margin for one in contrasts)
    return "contradicted" if away else "undecided"


def claims(trials: Trials, margin: float = MARGIN) -> pd.DataFrame:
    """One row a difference: claim, verdict (of the claim, from all its rows), difference, value,
    low, high (percentage points), and the paper's own difference where it gives one."""
    rows = []
    for claim, judge, contrasts, published in _all(trials):
        verdict = judge(contrasts) if judge is more else judge(contrasts, margin)
        for one, paper in zip(contrasts, published, strict=True):
            rows.append(
                {
                    "claim": claim,
                    "verdict": verdict,
                    "difference": one.words,
                    "value": one.value,
                    "low": one.low,
                    "high": one.high,
                    "published": paper,
                }
            )
    return pd.DataFrame(rows)


def in_words(table: pd.DataFrame, trials: Trials) -> list[str]:
    """Each claim with its verdict and the difference that decides it."""
    said = []
    for claim, rows in table.groupby("claim", sort=False):
        parts = [
            f"{r.difference} {r.value:+.1f} [{r.low:+.1f}, {r.high:+.1f}]"
            for r in rows.itertuples()
        ]
        said.append(f"{claim}: {rows['verdict'].iloc[0]} ({'; '.join(parts)})")
    return [*said, f"Percentage points with 95 % over seeds and images; {trials.words()}."]


def _all(trials: Trials) -> list[tuple]:
    def accuracy(variant: str, of: str = "test") -> NDArray[np.float64]:
        return 100 * trials.right(variant, of)

    def contrast(words: str, values: NDArray) -> Contrast:
        return Contrast(words, *crossed_mean(values))

    def against(variant: str, others: dict[str, str], of: str = "test") -> list[Contrast]:
        mine = accuracy(variant, of)
        return [contrast(f"less {n}", mine - accuracy(v, of)) for n, v in others.items()]

    published = {row.variant: row.published for row in TABLE_1}
    single = {stream: SINGLE[stream].variant for stream in ALL}
    late_all, late_two = TABLE_1[7].variant, TABLE_1[8].variant
    found = []

    def add(claim: str, judge, variant: str, others: dict[str, str]) -> None:
        papers = [published[variant] - published[other] for other in others.values()]
        found.append((claim, judge, against(variant, others), papers))

    add("Early fusion of all three beats every single stream", more, BEST.variant, single)
    add("Late fusion of both streams beats each", more, late_two,
        {s: single[s] for s in ALL[:2]})  # fmt: skip
    add("Early fusion beats late fusion", more, BEST.variant, {"late fusion of all": late_all})
    add("Object beats Places", more, single["object"], {"places": single["places"]})
    recurrent = [(TABLE_1[3], "object"), (TABLE_1[4], "object"), (TABLE_1[5], "places")]
    contrasts, papers = [], []
    for row, stream in recurrent:
        difference = accuracy(row.variant) - accuracy(single[stream])
        contrasts.append(contrast(f"{row.name} less MG, {stream}", difference))
        papers.append(row.published - published[single[stream]])
    found.append(("The Bi-GRU does not help", no_more, contrasts, papers))
    for stream, paper in (("object", 8.21), ("places", 6.26)):
        at = {k: accuracy(truncated(stream, k)) for k in range(1, BLOCKS + 1)}
        added = {k: at[k] - at[k - 1] for k in range(2, BLOCKS + 1)}
        others = [k for k in added if k != 3]
        contrasts = [contrast(f"less block {k}", added[3] - added[k]) for k in others]
        claim = f"Block 3 adds most to {stream.title()} (published: {paper} points)"
        found.append((claim, more, contrasts, [np.nan] * len(others)))
    at = [accuracy(truncated("places", k)) for k in (BLOCKS, BLOCKS - 1)]
    last = contrast("blocks 1-5 less 1-4", at[0] - at[1])
    found.append(("The last block of Places is nearly idle", idle, [last], [np.nan]))
    shifted = against(single["object"], {"places": single["places"]}, "shifted")
    found.append(("Object beats Places on other images, too", more, shifted, [46.45 - 42.25]))
    return found
