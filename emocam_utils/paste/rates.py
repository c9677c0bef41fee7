"""What pasting did to the labels: rates with their intervals, from the tables of `variants`.

Rates at one position count each image once and have Wilson intervals. Rates over positions count an
image many times; their intervals come from drawing images, with all their variants, again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..stats.bootstrap import interval_of_sums, ratio_of_sums
from ..stats.intervals import wilson

PUBLISHED = {"rugby ball": 4, "soccer ball": 7, "lotus flower": 0}
"""Positions of 17 at which Excitement is the label most often switched to (Section 3.2)."""


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
        top = (counts.index[0], counts.iloc[0] / len(changed)) if len(changed) else ("", np.nan)
        share, interval = len(changed) / len(table), wilson(len(changed), len(table))
        rows[group] = (len(table), len(changed), share, *interval, *top)
    columns = ["n", "changed", "share", "low", "high", "top", "top_share"]
    return by_group(rows, by, columns)


def by_group(rows: dict, by: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """Rows by their groups' names, which are tuples; there may be none."""
    levels = zip(*rows, strict=True) if rows else [()] * len(by)
    index = pd.MultiIndex.from_arrays([list(level) for level in levels], names=list(by))
    return pd.DataFrame(list(rows.values()), index=index, columns=list(columns))


def rates_beside_paper(
    rates: pd.DataFrame, labels: Sequence[str], label: str = "Excitement"
) -> pd.DataFrame:
    """Of each object: how often the label changes, and at how many positions mostly to `label`.

    Two experiments, not a replication: the paper's has another network, images and drawings. Of a
    network that has no such label only the first is said.
    """
    objects = rates.groupby("object", sort=False)
    totals = objects[["changed", "n"]].sum()
    table = pd.DataFrame(
        {
            "label changed (%)": (100 * totals["changed"] / totals["n"]).round(1),
            "least (%)": (100 * objects["share"].min()).round(1),
            "most (%)": (100 * objects["share"].max()).round(1),
        }
    )
    if label not in labels:
        return table
    ours = (rates["top"] == label).groupby("object", sort=False).sum()
    counts = [f"{k} of {n}" for k, n in zip(ours, objects.size(), strict=True)]
    theirs = [f"{PUBLISHED[k]} of 17" if k in PUBLISHED else "not tried" for k in ours.index]
    return table.assign(**{f"mostly to {label}": counts, "the same in the paper": theirs})


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
    """Percent of the variants of each object and original label that have each new label (columns).

    returns : indexed by object, label_before; NaN for a label that no original has
    """
    panels = {}
    for thing, table in variants.groupby("object", sort=False):
        counts = pd.crosstab(table["label_before"], table["label"])
        counts = counts.reindex(index=list(labels), columns=list(labels), fill_value=0)
        panels[thing] = 100 * counts.div(counts.sum(axis=1).replace(0, np.nan), axis=0)
    return pd.concat(panels, names=["object", "label_before"])


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


def mean_over_images(values: np.ndarray, images: pd.Series) -> tuple[float, float, float]:
    """A mean over variants, e.g. the share of hits, with its interval over images."""
    pairs = np.column_stack([values, np.ones(len(values))])
    return interval_of_sums(pairs, images, ratio_of_sums)


def control_rates(variants: pd.DataFrame) -> pd.DataFrame:
    """Per target and fill: how often the label changed, and how much oftener under the object.

    The variants of a box differ in nothing but what fills the silhouette, so rates are compared
    image by image: `more` is the object's rate minus the control's, with its interval.
    returns : no row if there is no variant
    """
    columns = ["target", "fill", "images", "n", "share", "low", "high"]
    columns += ["more", "more_low", "more_high"]
    if variants.empty:
        return pd.DataFrame(columns=columns)
    index = ["target", "object", "image"]
    wide = variants.pivot(index=index, columns="fill", values="changed").astype(float)
    rows = []
    for target, table in wide.groupby("target", sort=False):
        images = table.index.get_level_values("image")
        for fill in table.columns:
            rate = mean_over_images(table[fill], images)
            more = mean_over_images(table["object"] - table[fill], images)
            rows.append((target, fill, images.nunique(), len(table), *rate, *more))
    return pd.DataFrame(rows, columns=columns)


def rates_in_words(rates: pd.DataFrame, controls: pd.DataFrame) -> str:
    """How often each object changes the label, and whether what it is matters.

    rates : of `change_rates` by object and position; controls : of `control_rates`
    """
    totals = rates.groupby("object", sort=False)[["changed", "n"]].sum()
    shares = ", ".join(
        f"{row['changed'] / row['n']:.0%} of the images (the {name})"
        for name, row in totals.iterrows()
    )
    rows = controls[controls["fill"] != "object"]
    more = f"{(rows['more_low'] > 0).sum()} of {len(rows)}"
    judged = (
        f" On boxes objects change it oftener than a filling of the same silhouette in {more} "
        "comparisons (95 % intervals)."
    )
    return f"A pasted object changed the label of {shares}.{judged if len(rows) else ''}"


def focus_relation(variants: pd.DataFrame) -> pd.DataFrame:
    """Whether the map moves onto the object, and whether it does so where the label changes.

    One row a statement: what, value, low, high (over images), n. `shift` is the share of the map
    inside the object's box after minus before. Empty maps are left out.
    """
    known = variants.dropna(subset=["share", "share_before"])
    before, after = known["share_before"].to_numpy(float), known["share"].to_numpy(float)
    shift, changed = (known["share"] - known["share_before"]).to_numpy(float), known["changed"]
    changed, ones, count = changed.to_numpy(float), np.ones(len(known)), max(len(known), 1)
    fall = (known["probability_before"] - known["old_after"]).rank().to_numpy() / count
    ranks = pd.Series(shift).rank().to_numpy() / count
    groups = [shift * changed, changed, shift * (1 - changed), 1 - changed]
    moments = [ones, fall, ranks, fall**2, ranks**2, fall * ranks]
    statements = {
        "share of the map in the box before": ([before, ones], ratio_of_sums),
        "share of the map in the box after": ([after, ones], ratio_of_sums),
        "shift where the label changed": (groups[:2], ratio_of_sums),
        "shift where it did not": (groups[2:], ratio_of_sums),
        "difference of the two": (groups, _difference_of_ratios),
        "rank correlation of the shift with the old label's fall": (moments, _correlation),
    }
    rows = [
        (what, *interval_of_sums(np.column_stack(v), known["image"], statistic), len(known))
        for what, (v, statistic) in statements.items()
    ]
    return pd.DataFrame(rows, columns=["statement", "value", "low", "high", "n"])


def _difference_of_ratios(sums: np.ndarray) -> np.ndarray:
    return ratio_of_sums(sums[..., :2]) - ratio_of_sums(sums[..., 2:])


def _correlation(sums: np.ndarray) -> np.ndarray:
    """Pearson's correlation from the sums of 1, a, b, a^2, b^2 and a b."""
    n, a, b, aa, bb, ab = np.moveaxis(sums, -1, 0)
    return (n * ab - a * b) / np.sqrt((n * aa - a**2) * (n * bb - b**2))
