"""What the tables say, in sentences: no number and no verdict of the notebook is typed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..names import method_name
from .cells import CAUSAL
from .contestants import (
    CORRECTED,
    CORRECTED_BEST,
    CORRECTED_ODDS,
    ODDS,
    OWN_BEST,
    OWN_BEST_ODDS,
    PERCENT,
    PUBLISHED,
    SAME_RATE,
)
from .factors import STEPS
from .fresh import POWERS
from .known import in_order
from .plots import level

NOTHING = "Nothing could be judged here: too few images, or all cells or none causal."


def _over(values: pd.Series) -> str:
    """The range of a value over networks, in two digits."""
    low, high = f"{values.min():.2f}", f"{values.max():.2f}"
    return low if low == high else f"{low}–{high}"


def _of(verdict: pd.DataFrame, name: str, column: str) -> str:
    rows = verdict.xs(name, level="contestant")
    return f"{int(rows[column].sum())} of {len(rows)}"


def finding_words(headline: pd.DataFrame, verdict: pd.DataFrame) -> str:
    """The answer in two sentences, for the gallery."""
    if verdict.empty:
        return NOTHING
    ap = {name: _over(rows["ap"]) for name, rows in headline.groupby(level="contestant")}
    named = {name: name for name in (CORRECTED, PUBLISHED, OWN_BEST, OWN_BEST_ODDS)}
    named |= {ODDS: "by presence as log odds"}
    found = "; ".join(f"{ap[name]} {word}" for name, word in named.items() if name in ap)
    return (
        f"The matrix finds the cells of causes with average precision {found} ("
        f"{len(level(headline, 'network'))} networks). The corrected one is surely better than "
        f"presence on {_of(verdict, CORRECTED, 'better')} networks, the published one surely worse "
        f"on {_of(verdict, PUBLISHED, 'worse')}."
    )


def headline_words(headline: pd.DataFrame, verdict: pd.DataFrame) -> str:
    """The answer: who finds causes better, and who worse, than counting what is there."""
    if verdict.empty:
        return NOTHING
    ap = {name: _over(rows["ap"]) for name, rows in headline.groupby(level="contestant")}
    kept = headline["kept"].groupby(level="contestant").mean()
    lines = [
        f"Average precision per cell, over {len(level(headline, 'network'))} networks: presence "
        f"{ap[PERCENT]} as a percentage and {ap[ODDS]} as log odds. Of Grad-CAM:"
    ]
    for name in (
        *(PUBLISHED, SAME_RATE, OWN_BEST, OWN_BEST_ODDS),
        *(CORRECTED, CORRECTED_BEST, CORRECTED_ODDS),
    ):
        if name in ap:
            boxes = f", {kept[name]:.1%} of the boxes kept" if np.isfinite(kept[name]) else ""
            better, worse = (_of(verdict, name, column) for column in ("better", "worse"))
            lines.append(
                f"{name[0].upper()}{name[1:]}: {ap[name]}{boxes}; surely better than presence as "
                f"log odds on {better} networks, surely worse on {worse}."
            )
    return "\n".join(lines)


def cut_words(cuts: pd.DataFrame) -> str:
    """Whether the order hangs on what is called causal."""
    if cuts.empty:
        return NOTHING
    ap = cuts["ap"].unstack("contestant")
    others = ap[[PERCENT, ODDS, PUBLISHED, SAME_RATE, OWN_BEST, OWN_BEST_ODDS]].max(axis=1)
    ahead = (ap[CORRECTED] > others).groupby(level="cut").all()
    gain = cuts["gain_low"].xs(CORRECTED, level="contestant")
    unsure = ", ".join(f"{network} at {cut:g}" for network, cut in gain.index[~(gain > 0)])
    lowest = ap[CORRECTED].groupby(level="cut").min()
    return (
        f"On average the corrected matrix is ahead of presence and of every published one on all "
        f"networks at {int(ahead.sum())} of {len(ahead)} cuts. It is surely ahead of presence as "
        f"log odds everywhere but for: {unsure or 'none'}. Its lowest average precision is "
        f"{lowest.min():.2f}, at {lowest.idxmin():g}."
    )


def least_words(least: pd.DataFrame) -> str:
    """What asking for more images a cell changes."""
    if least.empty:
        return NOTHING
    rows = least.xs(CORRECTED, level="contestant")
    odds = least.xs(ODDS, level="contestant")
    return " ".join(
        f"Cells of at least {number} images ({table['cells'].min()} to {table['cells'].max()} "
        f"cells): corrected {_over(table['ap'])}, presence as log odds "
        f"{_over(odds.xs(number, level='least')['ap'])}."
        for number, table in rows.groupby(level="least")
    )


def class_words(classes: pd.DataFrame, headline: pd.DataFrame) -> str:
    """How much other classes of object would change, beside other corpora."""
    if classes.empty:
        return NOTHING
    ends = headline.loc[classes.index]
    wider = (classes["ap_high"] - classes["ap_low"]) > (ends["ap_high"] - ends["ap_low"])
    said = []
    for name in (OWN_BEST, OWN_BEST_ODDS, CORRECTED):
        rows = classes.xs(name, level="contestant")
        better, worse = int((rows["gain_low"] > 0).sum()), int((rows["gain_high"] < 0).sum())
        said.append(f"{name} {_over(rows['gain'])} (surely more on {better}, less on {worse})")
    return (
        f"The interval over classes is wider than the spread over corpora in {int(wider.sum())} of "
        f"{len(wider)} rows. Less presence as log odds, paired over classes, on {len(rows)} "
        f"networks: {'; '.join(said)}. All of it is conditional on one causal rule."
    )


def step_words(steps: pd.DataFrame) -> str:
    """Which step helps which method, the largest one first."""
    if steps.empty:
        return NOTHING
    lines = []
    for method, table in steps.groupby(level="method", sort=False):
        wide = table["ap"].unstack("step")[list(STEPS)]
        mean = table["change"].unstack("step")[list(STEPS[1:])].mean()
        sure = (table["change_low"] > 0).unstack("step")[list(STEPS[1:])].sum()
        said = ", ".join(
            f"{step} {mean[step]:+.2f} (surely on {sure[step]} of {len(wide)})"
            for step in mean.sort_values(ascending=False).index
        )
        ends = f"from {_over(wide[STEPS[0]])} to {_over(wide[STEPS[-1]])}"
        lines.append(f"{method_name(method)}: {ends}; {said}")
    return "\n".join(lines)


def step_count(steps: pd.DataFrame, count: str) -> str:
    """`Evidence.count`, and which methods ran on fewer of the corpora."""
    if steps.empty:
        return count
    fewest = steps["corpora"].min()
    few = steps.index[steps["corpora"] == fewest].unique("method")
    return f"{count}; {', '.join(map(method_name, few))}: {fewest} corpora"


def size_words(exponents: pd.DataFrame, score: str) -> str:
    """Whether one power of the area fits all networks.

    score : the box score of the corrected preset
    """
    if exponents.empty or score not in POWERS:
        return NOTHING
    power = POWERS[score]
    inside = (exponents["low"] <= power) & (power <= exponents["high"])
    shared = exponents["low"].max() <= exponents["high"].min()
    one = "one power fits all of them" if shared else "no single power fits all of them"
    return (
        f"The share in boxes of causes grows as the area to the power of "
        f"{_over(exponents['exponent'])}, by network; {one}. The preset's {power:.2f}, chosen on "
        f"calibration, is inside the spread of {int(inside.sum())} of {len(exponents)} networks."
    )


def disclosure(networks: pd.DataFrame, shipped: str) -> str:
    """How the networks were trained that EmoNet was not, and which one ships."""
    if networks.empty:
        return ""
    dropout = networks["conv5 dropout"].fillna(0)
    plain = list(networks.index[dropout == 0])
    epochs = sorted(set(networks["epochs"].dropna().astype(int)))
    return (
        f"Networks: {', '.join(networks.index)}; epochs {', '.join(map(str, epochs))}. "
        f"{int((dropout > 0).sum())} of {len(networks)} were trained with dropout on conv5 "
        f"({', '.join(f'{d:g}' for d in sorted(set(dropout[dropout > 0])))}), which EmoNet has not"
        + (f"; without it: {', '.join(plain)}" if plain else "")
        + f". The shipped network is {shipped}."
    )


def dropout_words(headline: pd.DataFrame, networks: pd.DataFrame) -> str:
    """What the dropout on conv5 changes: the network without it beside those with it."""
    if headline.empty or networks.empty:
        return ""
    has = networks["conv5 dropout"].fillna(0) > 0
    with_it, without = list(networks.index[has]), list(networks.index[~has])
    if not with_it or not without:
        return ""
    said = []
    for name in (ODDS, PUBLISHED, OWN_BEST, CORRECTED):
        rows = headline.xs(name, level="contestant")["ap"]
        said.append(f"{name} {_over(rows.loc[without])} (with it {_over(rows.loc[with_it])})")
    return f"Without dropout on conv5, average precision: {'; '.join(said)}."


def detected_words(detected: pd.DataFrame, detector: pd.DataFrame) -> str:
    """What a detector costs, and how far it is right."""
    if detected.empty:
        return NOTHING
    rows = detected.xs(CORRECTED, level="contestant")
    said = "; ".join(f"{boxes} {row['ap']:.3f}" for boxes, row in rows.iterrows())
    every = detector.xs("all classes", level="class")
    right = "; ".join(
        f"above {c:g} precision {row['precision']:.3f}, recall {row['recall']:.3f}"
        for c, row in every.iterrows()
    )
    return f"Corrected, by boxes: {said}. The detector over images: {right}."


def planted_words(cells: pd.DataFrame) -> str:
    """Planted cues that do nothing, and causes that nobody planted."""
    known = cells.dropna(subset="effect")
    idle = known[(known["planted"] > 0) & (known["effect"] <= CAUSAL)]
    extra = known[(known["planted"] == 0) & (known["effect"] > CAUSAL)]
    unknown = cells[(cells["planted"] > 0) & cells["effect"].isna()]

    def listed(table: pd.DataFrame) -> str:
        return ", ".join(f"{c} for {label}" for c, label in table.index) or "none"

    return (
        f"Planted and no cause: {listed(idle)}. Causal and not planted: {listed(extra)}. "
        f"Planted, of too few images: {listed(unknown)}."
    )


def curve_words(tables: Mapping[str, pd.DataFrame]) -> str:
    """Which method each measure without boxes puts first."""
    lines, road = tables["curves"], tables["road"]
    areas = lines.drop_duplicates(["method", "curve"]).set_index("method")
    best = []
    for curve, first in (("deletion", "idxmin"), ("insertion", "idxmax")):
        area = areas.loc[areas["curve"] == curve, "area"].dropna()
        best += [f"{curve}: {getattr(area, first)()}"] if len(area) else []
    known = road["road"].dropna()
    best += [f"ROAD: {known.idxmax()}"] if len(known) else []
    return f"First by {'; '.join(best)}." if best else NOTHING


def readme_table(headline: pd.DataFrame) -> str:
    """The table of the README: average precision per cell by contestant and network, Markdown."""
    networks = in_order(level(headline, "network"))
    lines = [["average precision of what ranks the cells", *networks]]
    lines.append(["---"] * len(lines[0]))
    for name in level(headline, "contestant"):
        rows = (headline.loc[(network, name)] for network in networks)
        cells = [f"{r['ap']:.2f} [{r['ap_low']:.2f}, {r['ap_high']:.2f}]" for r in rows]
        lines.append([name, *cells])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
