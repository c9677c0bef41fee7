"""How well does a network read people's ratings, and how well could anything?

Beside the network stand readers that know less, fitted on the same folds: features of a smaller
backbone, which classes are found, the mean colours, the category. Above all stands the ceiling: the
mean of some hundred raters is itself uncertain.

Axes: N photographs, D dimensions, T bootstrap samples.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..pipeline.analysis import Analysis
from ..pipeline.pooled import colour_features, pooled_features, squeezenet_features
from ..stats.agreement import calibration_slope, explained, pearson, reliability
from ..stats.intervals import percentile
from ..stats.measures import ratio
from ..stats.ridge import cross_fitted
from .rated import Rated

NETWORK = "network"
MEASURES = {"r": pearson, "r2": explained, "slope": calibration_slope}
ALL = "all"


def readers(analysis: Analysis, rated: Rated) -> dict[str, NDArray[np.float64]]:
    """Ratings of each reader, (N, D), by a fit on the other folds: name -> ratings.

    Errors: AssetError without the second backbone's file
    """
    people = np.stack([rated.people(d) for d in rated.dimensions], axis=1)
    features = {
        "SqueezeNet": pooled_features(analysis, squeezenet_features()),
        "classes found": rated.present(rated.classes(1)).astype(float),
        "category": pd.get_dummies(rated.photographs["category"]).to_numpy(dtype=float),
        "colour": colour_features(analysis),
    }
    fold = rated.photographs["fold"].to_numpy()
    found = {NETWORK: np.stack([rated.network(d) for d in rated.dimensions], axis=1)}
    for name, columns in features.items():
        found[name] = cross_fitted(columns, people, rated.themes, fold)[0]
    return found


def reading_table(rated: Rated, readers: Mapping[str, NDArray]) -> pd.DataFrame:
    """r, R2 and calibration slope of each reader, of all photographs and of each category.

    returns : one row a reader, dimension and group: photographs, themes; r, r2, slope, each with
              _low and _high (95 % over themes); behind (network's r less the reader's, paired, with
              _low and _high; NaN for the network itself); fold_low and fold_high, the least and
              highest r of a fold (of all photographs; NaN for a category)
    """
    rows = []
    for group, inside in groups(rated).items():
        weights = rated.weights[:, inside]
        for place, dimension in enumerate(rated.dimensions):
            people = rated.people(dimension)[inside]
            ours = readers[NETWORK][inside, place]
            for name, ratings in readers.items():
                read = ratings[inside, place]
                row = {"reader": name, "dimension": dimension, "group": group}
                row |= {"photographs": inside.sum(), "themes": len(set(rated.themes[inside]))}
                for measure, function in MEASURES.items():
                    samples = function(people, read, weights)
                    row |= _interval(measure, function(people, read), samples)
                behind = pearson(people, ours) - pearson(people, read)
                samples = pearson(people, ours, weights) - pearson(people, read, weights)
                row |= _interval("behind", behind if name != NETWORK else np.nan, samples)
                fold = rated.photographs["fold"].to_numpy()[inside]
                row |= _fold_range(people, read, fold if group == ALL else fold[:0])
                rows.append(row)
    return pd.DataFrame(rows).set_index(["reader", "dimension", "group"])


def ceiling_table(rated: Rated) -> pd.DataFrame:
    """How far the raters agree, which bounds what can be read.

    returns : one row a dimension and group: raters (mean number); reliability of their mean, with
              _low and _high over themes; ceiling, the square root: the highest r with what other
              raters say in the mean; one_rater, the r of a single rater with the mean of the
              others, if what raters differ in were chance alone (it is a lower bound: a rater who
              rates everything higher correlates as well)
    """
    rows = []
    for group, inside in groups(rated).items():
        weights, table = rated.weights[:, inside], rated.photographs[inside]
        for dimension in rated.dimensions:
            columns = [table[dimension + what].to_numpy(float) for what in ("", "_sd", "_n")]
            value = reliability(*columns)
            row = {"dimension": dimension, "group": group, "raters": columns[2].mean()}
            row |= _interval("reliability", value, reliability(*columns, weights))
            row |= {"ceiling": np.sqrt(value) if value >= 0 else np.nan}
            true, noise = max(value, 0) * columns[0].var(), (columns[1] ** 2).mean()
            row["one_rater"] = np.sqrt(true / (true + noise) * value) if true > 0 else np.nan
            rows.append(row)
    return pd.DataFrame(rows).set_index(["dimension", "group"])


def calibration_table(rated: Rated, bins: int = 10) -> pd.DataFrame:
    """Photographs in tenths by the network's rating: what people say in the mean of each.

    returns : one row a dimension and bin: photographs, network (mean), people (mean) with _low and
              _high over themes
    """
    rows = []
    for dimension in rated.dimensions:
        ours, people = rated.network(dimension), rated.people(dimension)
        order = ours.argsort(kind="stable").argsort(kind="stable")
        places = order * bins // max(len(ours), 1)
        for number in range(bins):
            inside = places == number
            weights = rated.weights[:, inside]
            samples = ratio(weights @ people[inside], weights.sum(axis=1))
            row = {"dimension": dimension, "bin": number, "photographs": inside.sum()}
            row["network"] = ours[inside].mean() if inside.any() else np.nan
            value = people[inside].mean() if inside.any() else np.nan
            rows.append(row | _interval("people", value, samples))
    return pd.DataFrame(rows).set_index(["dimension", "bin"])


def groups(rated: Rated) -> dict[str, NDArray[np.bool_]]:
    """All photographs, and those of each category: name -> (N,)."""
    category = rated.photographs["category"].to_numpy()
    found = {ALL: np.ones(len(category), dtype=bool)}
    return found | {name: category == name for name in sorted(set(category))}


def reading_in_words(table: pd.DataFrame, ceilings: pd.DataFrame) -> list[str]:
    """A sentence a dimension."""
    lines = []
    for dimension in table.index.unique("dimension"):
        here = table.xs((dimension, ALL), level=("dimension", "group"))
        own, others = here.loc[NETWORK], here.drop(NETWORK)
        bound = ceilings.loc[(dimension, ALL)]
        best = others["r"].idxmax()
        gap, *ends = others.loc[best, ["behind", "behind_low", "behind_high"]]
        better = "no better than" if ends[0] <= 0 else "better than"
        lines.append(
            f"{dimension}: r {own['r']:.2f} ({own['r_low']:.2f} to {own['r_high']:.2f}), so it "
            f"explains {own['r2']:.0%} of the variance; the raters' own agreement allows r "
            f"{bound['ceiling']:.2f}, one rater alone has at least {bound['one_rater']:.2f}. It is "
            f"{better} the next reader, {best}, r {others.loc[best, 'r']:.2f} (difference "
            f"{gap:+.2f}, {ends[0]:+.2f} to {ends[1]:+.2f}). Calibration slope "
            f"{own['slope']:.2f} ({own['slope_low']:.2f} to {own['slope_high']:.2f}); r of single "
            f"folds {own['fold_low']:.2f} to {own['fold_high']:.2f}."
        )
    return lines


def _interval(name: str, value: float, samples: NDArray) -> dict[str, float]:
    low, high = percentile(samples) if np.isfinite(value) else (np.nan, np.nan)
    return {name: value, f"{name}_low": float(low), f"{name}_high": float(high)}


def _fold_range(people: NDArray, read: NDArray, fold: NDArray) -> dict[str, float]:
    r = [pearson(people[fold == number], read[fold == number]) for number in np.unique(fold)]
    known = [value for value in r if value == value]
    return {"fold_low": min(known, default=np.nan), "fold_high": max(known, default=np.nan)}
