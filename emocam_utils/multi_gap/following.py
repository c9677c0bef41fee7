"""Does a fused network follow the stream that is right? (Section 4.1, there by one example.)

The cases are images of which exactly one stream is right. Simple rules know no fusion: always the
Object stream, always Places, the surer of the two. Intervals are over images, each with all seeds.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..stats.bootstrap import interval_of_sums, ratio_of_sums
from .rows import BEST, SINGLE, TABLE_1
from .tables import Trials

FUSED = {"early fusion": BEST.variant, "late fusion of both": TABLE_1[8].variant}
RULES = ("always Object", "always Places", "the surer stream")
CASES = ("both right", "one right", "none right")


def following(trials: Trials, of: str = "test") -> pd.DataFrame:
    """Percent right by case and follower: case, follower, percent, low, high, n (images x seeds).

    follower : a fused network, or a rule of `RULES`
    """
    right, cases = _followers(trials, of)
    rows = []
    for case, chosen in cases.items():
        for name, values in right.items():
            rows.append(
                {"case": case, "follower": name, **_percent(values, chosen), "n": int(chosen.sum())}
            )
    return pd.DataFrame(rows)


def beyond_rules(trials: Trials, of: str = "test") -> pd.DataFrame:
    """Where one stream is right: a fused network less each rule, in percentage points, paired."""
    right, cases = _followers(trials, of)
    chosen = cases["one right"]
    rows = []
    for fused in FUSED:
        for rule in RULES:
            found = _percent(right[fused] - right[rule], chosen)
            rows.append({"fused": fused, "rule": rule, **found})
    return pd.DataFrame(rows).rename(columns={"percent": "points"})


def in_words(table: pd.DataFrame, beyond: pd.DataFrame) -> list[str]:
    """What both tables say."""
    said = []
    one = table[table["case"] == "one right"].set_index("follower")
    for fused in FUSED:
        mine = beyond[beyond["fused"] == fused].sort_values("points")
        worst = mine.iloc[0]
        if worst["low"] > 0:
            verdict = "more often than any simple rule"
        elif worst["high"] < 0:
            verdict = f"less often than {worst['rule']}"
        else:
            verdict = f"no more clearly than {worst['rule']}"
        r = one.loc[fused]
        said.append(
            f"Where one stream is right, {fused} is right in {r['percent']:.0f} % "
            f"[{r['low']:.0f}, {r['high']:.0f}], {verdict} ({worst['points']:+.1f} points "
            f"[{worst['low']:+.1f}, {worst['high']:+.1f}])."
        )
    return said


def _followers(trials: Trials, of: str) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
    """Whether each follower is right, and which images are of each case: (S, N) each."""
    names = {stream: SINGLE[stream].variant for stream in ("object", "places")}
    one, two = (trials.right(v, of) for v in names.values())
    sure = [trials.wide(v, of, "confidence").to_numpy(float) for v in names.values()]
    right = {name: trials.right(variant, of) for name, variant in FUSED.items()}
    rules = one, two, np.where(sure[0] >= sure[1], one, two)
    right |= dict(zip(RULES, rules, strict=True))
    count = one + two
    return right, {case: count == 2 - k for k, case in enumerate(CASES)}


def _percent(values: NDArray, chosen: NDArray) -> dict[str, float]:
    images = np.broadcast_to(np.arange(values.shape[1]), values.shape)[chosen]
    if not len(images):
        return dict.fromkeys(("percent", "low", "high"), float("nan"))
    pairs = np.stack([100 * values[chosen], np.ones(len(images))], 1)
    return dict(zip(("percent", "low", "high"), interval_of_sums(pairs, images, ratio_of_sums),
                    strict=True))  # fmt: skip
