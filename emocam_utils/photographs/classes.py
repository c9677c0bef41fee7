"""Which classes raise and lower a rating: by the map, by presence, by covering, by people.

Six measures, each in rating points and each over the photographs that have the class:

    contribution  what the map gives its boxes: the part of the rating that lies in them
    flat          what an equal area of the photograph has on average: of a map that knows no place
    beyond        the contribution less that
    covered       the network's rating less that of the photograph with the boxes covered
    presence      the network's mean rating of photographs with the class less of those without
    people        the same of people's ratings

The contribution is the sum of the next two. Presence needs no map, the last is what the network was
to learn. Photographs of a class differ from the others in more than the
class: presence, by network or people, is no effect of the object.

Axes: N photographs, K classes, T bootstrap samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..stats.agreement import spearman_p
from ..stats.bootstrap import TIMES, Means, resampled, weighted_mean
from ..stats.intervals import percentile
from ..stats.ranks import spearman
from ..stats.tests import benjamini_hochberg, holm
from .rated import Rated

WORDS = {
    "contribution": "contribution of its boxes (map)",
    "flat": "an equal area of a flat map",
    "beyond": "beyond an equal area (map)",
    "covered": "covered (inpainted)",
    "presence": "presence, network's ratings",
    "people": "presence, people's ratings",
}
BY_MAP = ("contribution", "beyond")
PAIRS = tuple(product((*BY_MAP, "flat", "covered", "presence"), ("people",)))
PAIRS = (*PAIRS, *product((*BY_MAP, "flat"), ("covered",)))
PAIRS = (*PAIRS, *product((*BY_MAP, "covered"), ("presence",)))
CLUSTERS = 5  # themes that an interval needs
WAY = "inpaint"


def class_values(
    rated: Rated, covered: pd.DataFrame, dimension: str, classes: Sequence[str], way: str = WAY
) -> dict[str, tuple[NDArray, ...]]:
    """What each measure is a mean of: name -> (N, K), or two of them for a difference of means.

    covered : of `covering.covered_ratings`; without rows the measure is NaN
    """
    found = rated.contributions
    values: dict[str, tuple[NDArray, ...]] = {
        "contribution": (rated.wide(found, dimension, classes),),
        "beyond": (rated.wide(found, f"{dimension}_beyond", classes),),
        "covered": (rated.wide(covered[covered["way"] == way], dimension, classes),),
    }
    whole, beyond = values["contribution"][0], values["beyond"][0]
    values["flat"] = (whole - beyond,)
    present = rated.present(classes)
    sources = {"presence": rated.network(dimension), "people": rated.people(dimension)}
    for name, ratings in sources.items():
        column = ratings[:, None]
        values[name] = np.where(present, column, np.nan), np.where(present, np.nan, column)
    return values


def measured(values: Mapping[str, tuple[NDArray, ...]], weights: NDArray) -> dict[str, NDArray]:
    """The measures on each sample; weights (T, N) -> name -> (T, K)."""
    found = {}
    for name, parts in values.items():
        with_class, *without = (weighted_mean(part, weights) for part in parts)
        found[name] = with_class - without[0] if without else with_class
    return found


def class_table(
    rated: Rated, covered: pd.DataFrame, classes: Sequence[str], way: str = WAY
) -> pd.DataFrame:
    """Every measure of every class with its interval.

    returns : one row a class, dimension and measure: photographs, themes, value, low, high (95 %
              over themes; NaN for fewer than 5 themes), q (of 0; Benjamini and Hochberg over the
              classes of a dimension and measure)
    """
    present = rated.present(classes)
    themes = np.array([len(set(rated.themes[column])) for column in present.T], dtype=int)
    rows = []
    for dimension in rated.dimensions:
        values = class_values(rated, covered, dimension, classes, way)
        points = measured(values, np.ones((1, len(rated.photographs))))
        samples = measured(values, rated.weights)
        for name, point in points.items():
            means = Means(point[0], samples[name])
            low, high = percentile(samples[name])
            enough = themes >= CLUSTERS
            columns = {"class": classes, "dimension": dimension, "measure": name}
            columns |= {"photographs": present.sum(axis=0), "themes": themes, "value": means.value}
            columns |= {
                "low": np.where(enough, low, np.nan),
                "high": np.where(enough, high, np.nan),
            }
            columns["q"] = benjamini_hochberg(np.where(enough, means.p, np.nan))
            rows.append(pd.DataFrame(columns))
    made = pd.concat(rows, ignore_index=True)
    return made.set_index(["class", "dimension", "measure"])


def measure_agreement(
    rated: Rated, covered: pd.DataFrame, classes: Sequence[str], splits: int = 200, seed: int = 0
) -> pd.DataFrame:
    """Do the measures order the classes alike? Spearman's correlation of every two of PAIRS.

    returns : one row a dimension and pair (first, second): classes, rho with low and high (95 %,
              the classes drawn again), p (permutations of the classes), holm (p adjusted for all
              rows); first_reliability, second_reliability (see `split_half`); attainable, the rho
              that two such measures of the same thing would have; over_flat, the rho less that of
              `flat` with the same second, with _low and _high, paired by class
    """
    rows = []
    once = np.ones((1, len(rated.photographs)))
    drawn = resampled(len(classes), TIMES, seed)
    for dimension in rated.dimensions:
        values = class_values(rated, covered, dimension, classes)
        points = {name: found[0] for name, found in measured(values, once).items()}
        halves = split_half(rated, values, splits, seed)
        for first, second in PAIRS:
            a, b, flat = points[first], points[second], points["flat"]
            rho, samples = spearman(a, b), spearman(a, b, drawn)
            low, high = percentile(samples) if rho == rho else (np.nan, np.nan)
            over, over_samples = rho - spearman(flat, b), samples - spearman(flat, b, drawn)
            ends = percentile(over_samples) if over == over else (np.nan, np.nan)
            row = {"dimension": dimension, "first": first, "second": second}
            row |= {"classes": int((~np.isnan(a + b)).sum()), "rho": rho, "low": low, "high": high}
            row["p"] = spearman_p(a, b, seed=seed)
            row |= {"first_reliability": halves[first], "second_reliability": halves[second]}
            row["attainable"] = np.sqrt(max(halves[first], 0) * max(halves[second], 0))
            row |= {"over_flat": over, "over_flat_low": ends[0], "over_flat_high": ends[1]}
            rows.append(row)
    table = pd.DataFrame(rows)
    table.insert(table.columns.get_loc("p") + 1, "holm", holm(table["p"].to_numpy(float)))
    return table.set_index(["dimension", "first", "second"])


def split_half(
    rated: Rated, values: Mapping[str, tuple[NDArray, ...]], splits: int, seed: int
) -> dict[str, float]:
    """How far a measure orders the classes alike in two halves of the themes, for all themes.

    The mean rank correlation r of the halves over random splits, for the double length: 2 r /
    (1 + r) (Spearman and Brown 1910). Photographs decide it: a class of few has a noisy mean.
    """
    codes, names = pd.factorize(rated.themes)
    rng, size = np.random.default_rng(seed), len(names)
    side = np.array([rng.permutation(size) < size // 2 for _ in range(splits)], dtype=float)
    one, other = (measured(values, half[:, codes]) for half in (side, 1 - side))
    found = {}
    for name in values:
        r = [spearman(a, b) for a, b in zip(one[name], other[name], strict=True)]
        known = [value for value in r if value == value]
        mean = float(np.mean(known)) if known else np.nan
        found[name] = 2 * mean / (1 + mean) if mean > -1 else np.nan
    return found


def at_confidences(rated: Rated, confidences: Sequence[float], classes_least: int) -> pd.DataFrame:
    """Do the map's correlations hold at another confidence of the boxes?

    returns : one row a confidence, dimension and pair of a map's measure with people or presence:
              classes, rho. Covering is left out: it was computed for one confidence
    """
    rows = []
    nothing = pd.DataFrame(columns=["image", "class", "way", *rated.dimensions])
    for confidence in confidences:
        other = rated.at(confidence)
        classes = other.classes(classes_least)
        for dimension in rated.dimensions:
            values = class_values(other, nothing, dimension, classes)
            once = np.ones((1, len(rated.photographs)))
            points = {name: found[0] for name, found in measured(values, once).items()}
            for first, second in product(BY_MAP, ("people", "presence")):
                row = {"confidence": confidence, "dimension": dimension, "first": first}
                row |= {"second": second, "classes": len(classes)}
                rows.append(row | {"rho": spearman(points[first], points[second])})
    return pd.DataFrame(rows).set_index(["confidence", "dimension", "first", "second"])


def sign_table(table: pd.DataFrame) -> pd.DataFrame:
    """Where two measures both leave 0 out, do they agree whether a class raises or lowers?

    table   : of `class_table`
    returns : one row a dimension and measure: against people, in how many classes both intervals
              leave 0 out (both), and in how many of these the sign is the same (same)
    """
    rows = []
    sign = np.sign(table["value"]).where((table["low"] > 0) | (table["high"] < 0))
    wide = sign.unstack("measure")
    for dimension in table.index.unique("dimension"):
        here = wide.xs(dimension, level="dimension")
        for measure in [name for name in WORDS if name != "people"]:
            both = here[[measure, "people"]].dropna()
            row = {"dimension": dimension, "measure": measure, "both": len(both)}
            rows.append(row | {"same": int((both[measure] == both["people"]).sum())})
    columns = ["dimension", "measure", "both", "same"]
    return pd.DataFrame(rows, columns=columns).set_index(["dimension", "measure"])


def signs_of(signs: pd.DataFrame, dimension: str, measure: str) -> tuple[int, int]:
    """In how many classes both have a sign, and in how many it is the same; of `sign_table`."""
    if (dimension, measure) not in signs.index:
        return 0, 0
    both, same = signs.loc[(dimension, measure), ["both", "same"]]
    return int(both), int(same)


def agreement_in_words(table: pd.DataFrame, signs: pd.DataFrame) -> list[str]:
    """A sentence a dimension and measure, against people's ratings."""
    lines = []
    known = table.xs("people", level="second").dropna(subset="rho")
    for (dimension, first), row in known.iterrows():
        verdict = (
            "goes with" if row["holm"] < 0.05 and row["rho"] > 0 else "is not shown to go with"
        )
        if row["holm"] < 0.05 and row["rho"] < 0:
            verdict = "goes against"
        both, same = signs_of(signs, dimension, first)
        lines.append(
            f"{dimension}, {WORDS[first]}: {verdict} people's ratings over {row['classes']:.0f} "
            f"classes (rho {row['rho']:+.2f}, {row['low']:+.2f} to {row['high']:+.2f}; Holm p "
            f"{row['holm']:.3f}; with these numbers of photographs at most "
            f"{row['attainable']:.2f}); same sign in {same} of {both} classes that have one."
        )
    return lines
