"""What pasting did to the labels: rates with their intervals, from the tables of `variants`.

Rates at one position count each image once and have Wilson intervals. Rates over positions count an
image many times; their intervals come from drawing images, with all their variants, again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import binomtest

DRAWS = 1000


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion; NaN for n = 0."""
    if n == 0:
        return np.nan, np.nan
    interval = binomtest(int(successes), int(n)).proportion_ci(method="wilson")
    return interval.low, interval.high


def change_rates(variants: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Fig. 7: of each group, the share of variants whose label changed, and to what most often.

    returns : indexed by `by`; n, changed, share, low, high (Wilson), top (the label most often
              switched to, "" if none; of equal counts the first in the alphabet), top_share (of
              the changed)
    """
    rows = {}
    for group, table in variants.groupby(list(by), sort=False):
        changed = table.loc[table["changed"], "label"]
        counts = changed.value_counts().sort_index().sort_values(ascending=False, kind="stable")
        low, high = wilson(len(changed), len(table))
        top = (counts.index[0], counts.iloc[0] / len(changed)) if len(changed) else ("", np.nan)
        rows[group] = (len(table), len(changed), len(changed) / len(table), low, high, *top)
    columns = ["n", "changed", "share", "low", "high", "top", "top_share"]
    index = pd.MultiIndex.from_tuples(rows, names=list(by))
    return pd.DataFrame(list(rows.values()), index=index, columns=columns)


def letters(labels: Sequence[str]) -> dict[str, str]:
    """A letter for each label, its own first free one, capital: for bars too thin for a word.

    A label all of whose letters are taken gets the first free letter of the alphabet.
    """
    given: dict[str, str] = {}
    for label in labels:
        alphabet = [*label.upper().replace(" ", ""), *"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"]
        given[label] = next(letter for letter in alphabet if letter not in given.values())
    return given


def transitions(variants: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """Percent of the variants of each original label (rows) that have each new label (columns).

    NaN for a label that no original has.
    """
    counts = pd.crosstab(variants["label_before"], variants["label"])
    counts = counts.reindex(index=list(labels), columns=list(labels), fill_value=0)
    return 100 * counts.div(counts.sum(axis=1).replace(0, np.nan), axis=0)


def most_dramatic(variants: pd.DataFrame, images: Sequence[str] | None = None) -> pd.Series | None:
    """The changed variant with the largest fall of the old and rise of the new label together.

    images : prefer these, if any variant of them changed
    returns : None if no label changed
    """
    found = variants[variants["changed"]]
    if images is not None and found["image"].isin(images).any():
        found = found[found["image"].isin(images)]
    if found.empty:
        return None
    fall = found["probability_before"] - found["old_after"]
    return found.loc[(fall + found["probability"] - found["new_before"]).idxmax()]


def image_interval(
    values: np.ndarray, images: pd.Series, statistic, seed: int = 0, draws: int = DRAWS
) -> tuple[float, float, float]:
    """A statistic of sums over variants, with its 95 % interval from drawing images again.

    values    : (rows, k), what is summed over all rows
    images    : (rows,), the image of each row
    statistic : (..., k) sums -> (...)
    returns   : value, low, high; NaN where it is undefined
    """
    codes, names = pd.factorize(images)
    sums = np.zeros((len(names), values.shape[1]))
    np.add.at(sums, codes, values)
    weights = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), size=draws
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        value, drawn = statistic(sums.sum(axis=0)), statistic(weights @ sums)
    drawn = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or not len(drawn):
        return float(value), np.nan, np.nan
    return float(value), *np.percentile(drawn, [2.5, 97.5])


def rate_over_images(hits: np.ndarray, images: pd.Series) -> tuple[float, float, float]:
    """The share of variants that are hits, with its interval over images."""
    values = np.column_stack([hits, np.ones(len(hits))]).astype(float)
    return image_interval(values, images, lambda s: s[..., 0] / s[..., 1])


def control_rates(variants: pd.DataFrame) -> pd.DataFrame:
    """Per target and fill: how often the label changed, and how much oftener under the object.

    The variants of a box differ in nothing but what fills the silhouette, so rates are compared
    image by image: `more` is the object's rate minus the control's, with its interval.
    """
    index = ["target", "object", "image"]
    wide = variants.pivot(index=index, columns="fill", values="changed").astype(float)
    rows = []
    for target, table in wide.groupby("target", sort=False):
        images = table.index.get_level_values("image").to_series(index=table.index)
        for fill in table.columns:
            rate = rate_over_images(table[fill].to_numpy(), images)
            pair = np.column_stack([table["object"] - table[fill], np.ones(len(table))])
            more = image_interval(pair, images, lambda s: s[..., 0] / s[..., 1])
            rows.append((target, fill, images.nunique(), len(table), *rate, *more))
    columns = ["target", "fill", "images", "n", "share", "low", "high"]
    columns += ["more", "more_low", "more_high"]
    return pd.DataFrame(rows, columns=columns)


def focus_relation(variants: pd.DataFrame) -> pd.DataFrame:
    """Whether the map moves onto the object, and whether it does so where the label changes.

    One row a statement: what, value, low, high (over images), n. `shift` is the share of the map
    inside the object's box after minus before. Empty maps are left out.
    """
    known = variants.dropna(subset=["share", "share_before"])
    shift = (known["share"] - known["share_before"]).to_numpy(dtype=float)
    changed, images = known["changed"].to_numpy(dtype=float), known["image"]
    ones = np.ones(len(known))

    def mean(s: np.ndarray) -> np.ndarray:
        return s[..., 0] / s[..., 1]

    def difference(s: np.ndarray) -> np.ndarray:
        return s[..., 0] / s[..., 1] - s[..., 2] / s[..., 3]

    def correlation(s: np.ndarray) -> np.ndarray:
        n, a, b, aa, bb, ab = np.moveaxis(s, -1, 0)
        spread = (n * aa - a**2) * (n * bb - b**2)
        return (n * ab - a * b) / np.sqrt(spread)

    fall = (known["probability_before"] - known["old_after"]).rank().to_numpy()
    ranks = pd.Series(shift).rank().to_numpy()
    fall, ranks = fall / max(len(known), 1), ranks / max(len(known), 1)
    before, after = known["share_before"].to_numpy(float), known["share"].to_numpy(float)
    groups = [shift * changed, changed, shift * (1 - changed), 1 - changed]
    moments = [ones, fall, ranks, fall**2, ranks**2, fall * ranks]
    statements = {
        "share of the map in the box before": ([before, ones], mean),
        "share of the map in the box after": ([after, ones], mean),
        "shift where the label changed": (groups[:2], mean),
        "shift where it did not": (groups[2:], mean),
        "difference of the two": (groups, difference),
        "rank correlation of the shift with the old label's fall": (moments, correlation),
    }
    rows = [
        (what, *image_interval(np.column_stack(values), images, statistic), len(known))
        for what, (values, statistic) in statements.items()
    ]
    return pd.DataFrame(rows, columns=["statement", "value", "low", "high", "n"])
