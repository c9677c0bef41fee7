"""What can an explanation of a corpus say of a network that explains part of the ratings?

Every sentence is judged from the tables, so prose cannot disagree with numbers.
"""

from __future__ import annotations

import pandas as pd

from .classes import signs_of
from .reading import ALL, NETWORK

RATE = 0.05
CLASSES = {
    "classes: what the map gives goes with people's ratings": ("beyond", "people"),
    "classes: covering goes with people's ratings": ("covered", "people"),
    "classes: presence alone goes with people's ratings": ("presence", "people"),
    "classes: what the map gives is what covering takes": ("beyond", "covered"),
}
PLACES = {
    "classes: the map goes with people's ratings more than a flat one": ("beyond", "people"),
    "classes: the map goes with covering more than a flat one": ("beyond", "covered"),
}


def verdict_table(
    reading: pd.DataFrame,
    ceilings: pd.DataFrame,
    evidence: pd.DataFrame,
    parts: pd.DataFrame,
    agreement: pd.DataFrame,
    signs: pd.DataFrame,
) -> pd.DataFrame:
    """One row a dimension and question: value, bound (what it must be compared with), holds.

    It holds if the interval of the value leaves its bound out on the right side; for a rank
    correlation if its adjusted p is below 0.05 and its interval is above 0, whose bound is then
    only what the photographs make attainable; signs if all agree, and coins would not.
    """
    rows = []
    for dimension in reading.index.unique("dimension"):
        own = reading.loc[(NETWORK, dimension, ALL)]
        others = reading.xs((dimension, ALL), level=("dimension", "group")).drop(NETWORK)
        next_best = others.loc[others["r"].idxmax()]
        mass, variance = (evidence.loc[(dimension, name)] for name in ("mass", "variance"))
        boxes = parts.loc[(dimension, "boxes")]
        ceiling = ceilings.loc[(dimension, ALL), "ceiling"]
        questions = {
            "reads better than the next reader": (
                own["r"], next_best["r"], next_best["behind_low"] > 0
            ),
            "reads as well as the raters' agreement allows": (
                own["r"], ceiling, own["r_high"] >= ceiling
            ),
            "boxes hold more evidence than other photographs' boxes": (
                1 - mass["share"], 1 - mass["others"], mass["gain_low"] > 0
            ),
            "boxes carry more of the variance than other photographs' boxes": (
                1 - variance["share"], 1 - variance["others"], variance["gain_low"] > 0
            ),
            "the sum in boxes goes with people's ratings more than in other photographs' boxes": (
                boxes["people"], boxes["others"], boxes["gain_low"] > 0
            ),
        }  # fmt: skip
        for words, pair in CLASSES.items():
            row = agreement.loc[(dimension, *pair)]
            holds = row["holm"] < RATE and row["low"] > 0
            questions[words] = row["rho"], row["attainable"], holds
        for words, pair in PLACES.items():
            row = agreement.loc[(dimension, *pair)]
            flat = row["rho"] - row["over_flat"]
            questions[words] = row["rho"], flat, row["over_flat_low"] > 0
        both, same = signs_of(signs, dimension, "beyond")
        right = same / both if both else float("nan")
        chance = 0.5**both  # that all signs agree
        questions["classes: the map's sign is people's"] = (
            right,
            0.5,
            same == both and chance < RATE,
        )
        rows += [
            {
                "dimension": dimension,
                "question": name,
                "value": value,
                "bound": bound,
                "holds": holds,
            }
            for name, (value, bound, holds) in questions.items()
        ]
    table = pd.DataFrame(rows).set_index(["dimension", "question"])
    return table.astype({"holds": bool})


def verdict_in_words(reading: pd.DataFrame, verdict: pd.DataFrame) -> list[str]:
    """A closing sentence a dimension."""
    lines = []
    for dimension, rows in verdict.groupby(level="dimension", sort=False):
        held = rows.droplevel("dimension")["holds"]
        r2 = reading.loc[(NETWORK, dimension, ALL), "r2"]
        goes = {name: "go" if held[name] else "are not shown to go" for name in CLASSES}
        more = {name: "more" if held[name] else "not more" for name in PLACES}
        gives, _, there, taken = goes
        people, covering = more
        lines.append(
            f"{dimension}: the network explains {r2:.0%} of the variance of people's ratings. The "
            f"classes that move it by its map {goes[gives]} with people's ratings, {more[people]} "
            f"than those of a flat map, which knows no place; they {goes[taken]} with what "
            f"covering takes, {more[covering]} than those of a flat map. The classes that are "
            f"merely there {goes[there]} with people's."
        )
    return lines
