"""What can an explanation of a corpus say of a network that explains part of the ratings?

Every sentence is judged from the tables, so prose cannot disagree with numbers.
"""

from __future__ import annotations

import pandas as pd

from .classes import signs_of
from .reading import ALL, NETWORK

RATE = 0.05


def verdict_table(
    reading: pd.DataFrame,
    ceilings: pd.DataFrame,
    evidence: pd.DataFrame,
    parts: pd.DataFrame,
    agreement: pd.DataFrame,
    signs: pd.DataFrame,
) -> pd.DataFrame:
    """One row a dimension and question: value, bound (what it must be compared with), holds.

    It holds if the interval of the value leaves its bound out on the right side, or for a rank
    correlation if its adjusted p is below 0.05 and it is positive.
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
        for words, measure in {
            "classes: what the map gives goes with people's ratings": "beyond",
            "classes: covering goes with people's ratings": "covered",
            "classes: presence alone goes with people's ratings": "presence",
        }.items():
            row = agreement.loc[(dimension, measure, "people")]
            holds = row["holm"] < RATE and row["rho"] > 0
            questions[words] = row["rho"], row["attainable"], holds
        row = agreement.loc[(dimension, "beyond", "covered")]
        holds = row["holm"] < RATE and row["rho"] > 0
        questions["classes: what the map gives is what covering takes"] = (
            row["rho"], row["attainable"], holds
        )  # fmt: skip
        both, same = signs_of(signs, dimension, "beyond")
        right = same / both if both else float("nan")
        questions["classes: the map's sign is people's"] = right, 0.5, same == both and both > 0
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
        map_people = held["classes: what the map gives goes with people's ratings"]
        map_cover = held["classes: what the map gives is what covering takes"]
        presence = held["classes: presence alone goes with people's ratings"]
        network = "by covering, too" if map_cover else "but not by covering"
        people = "go with people's ratings" if map_people else "are not shown to go with people's"
        cheap = "do" if presence else "do not, either"
        lines.append(
            f"{dimension}: the network explains {r2:.0%} of the variance of people's ratings. The "
            f"classes that move it by its map ({network}) {people}; the classes that are merely "
            f"there {cheap}."
        )
    return lines
