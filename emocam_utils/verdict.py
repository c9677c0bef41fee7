"""The validation in plain words, every number of which comes from a table.

`numbers` turns the tables into the one file that holds every number of the text; the sentences are
made from the same tables, so text and file cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from .cells import CAUSAL
from .comparison import PRESENCE
from .study import Preset

MEASURES = {
    "ap": "per cell, average precision",
    "box_auroc": "per box, AUROC",
    "box_rho": "per box, Spearman with the effect",
}
UNDEFINED = (
    "nothing to judge: no cell of enough images has an effect above the bound, or all have one "
    "(too few images, or none of high enough probability)"
)
AUROC, PRECISION = 0.97, 0.90  # what the corrected preset must reach, per cell


def numbers(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables in long form: indexed by table, row and measure; one column, value.

    Columns that hold texts are left out, NaN stays NaN.
    """
    parts = []
    for table in tables.values():
        figures = table.select_dtypes(["number", "bool"]).astype(float)
        rows = figures.index
        if isinstance(rows, pd.MultiIndex):
            labels = [" / ".join(map(str, row)) for row in rows]
        else:
            labels = [str(row) for row in rows]
        long = figures.set_axis(pd.Index(labels, name="row")).stack(future_stack=True)
        parts.append(long.rename_axis(["row", "measure"]))
    whole = pd.concat(parts, keys=list(tables), names=["table"])
    return whole.rename("value").to_frame()


def write_numbers(table: pd.DataFrame, file: Path) -> None:
    """Write the numbers with six significant digits."""
    file.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(file, float_format="%.6g", lineterminator="\n")


def _with_interval(row: pd.Series, measure: str) -> str:
    low, high = row[f"{measure}_low"], row[f"{measure}_high"]
    return f"{row[measure]:.3f} [{low:.3f}, {high:.3f}]"


def _reaches(row: pd.Series, presence: pd.Series) -> dict[str, bool]:
    return {
        f"AUROC of at least {AUROC}": row["auroc"] >= AUROC,
        f"average precision of at least {PRECISION}": row["ap"] >= PRECISION,
        "intervals of average precision apart from presence's": row["ap_low"] > presence["ap_high"],
    }


def preset_words(presets: pd.DataFrame) -> str:
    """Per network: what presence, the published and the corrected preset reach, and what fails."""
    if presets["ap"].isna().all():
        return UNDEFINED
    lines = []
    for network, table in presets.groupby(level="network", sort=False):
        rows = table.droplevel("network")
        for name, row in rows.iterrows():
            lines.append(
                f"{network}, {name}: average precision {_with_interval(row, 'ap')}, "
                f"AUROC {_with_interval(row, 'auroc')}"
            )
        if "corrected" in rows.index:
            reached = _reaches(rows.loc["corrected"], rows.loc[PRESENCE])
            missed = [what for what, holds in reached.items() if not holds]
            lines.append(
                f"{network}: the corrected preset "
                + (f"misses {'; '.join(missed)}" if missed else "reaches all that was asked")
            )
    return "\n".join(lines)


def step_words(steps: pd.DataFrame) -> str:
    """What each step from the paper's preset to the corrected one changes."""
    parts = [
        f"{step}: {row['ap']:.3f} ({change:+.3f})"
        if change == change
        else f"{step}: {row['ap']:.3f}"
        for (step, row), change in zip(steps.iterrows(), steps["ap"].diff(), strict=True)
    ]
    return "average precision per cell: " + ", ".join(parts)


def method_words(methods: pd.DataFrame) -> str:
    """The best and the worst by average precision, and whether an occlusion beats every CAM."""
    if methods["ap"].isna().all():
        return UNDEFINED
    order = methods["ap"].sort_values(ascending=False)
    covers = methods.index.str.startswith("occlusion")
    chance = methods.loc["random", "ap"] if "random" in methods.index else float("nan")
    lines = [
        "average precision per cell: "
        + ", ".join(f"{name} {value:.3f}" for name, value in order.items()),
        f"Random-CAM, which knows nothing, reaches {chance:.3f}",
    ]
    if covers.any() and (~covers).any():
        for measure, shown in MEASURES.items():
            cam, cover = methods.loc[~covers, measure], methods.loc[covers, measure]
            if cam.isna().all() or cover.isna().all():
                continue
            better = "beats" if cover.max() > cam.max() else "does not beat"
            lines.append(
                f"{shown}: the best occlusion ({cover.idxmax()}, {cover.max():.3f}) {better} the "
                f"best CAM ({cam.idxmax()}, {cam.max():.3f})"
            )
    return "\n".join(lines)


def size_words(factors: pd.DataFrame, exponents: pd.DataFrame, preset: Preset) -> str:
    """How each box score of corrected Grad-CAM treats small and large causes."""
    rows = factors.sort_index().loc[(preset.score, preset.layer)]
    lines = [
        f"{score}: keeps {row['small']:.0%} of small and {row['large']:.0%} of large causes, "
        f"importance by area rho {row['area_rho']:+.2f}, average precision {row['ap']:.3f}"
        for score, row in rows.iterrows()
    ]
    lines += [
        f"{network}: the share in boxes of causes grows as area^{row['exponent']:.2f} "
        f"(standard error {row['error']:.2f})"
        for network, row in exponents.iterrows()
    ]
    return "\n".join(lines)


def pair_words(pairs: pd.DataFrame) -> str:
    """What two cues do to each other."""
    lines = []
    for kind, row in pairs.iterrows():
        if not row["pairs"]:
            lines.append(f"{kind}: no pair")
            continue
        lines.append(
            f"{kind} ({row['pairs']:.0f} pairs): without the cue the probability drops by "
            f"{row['cue']:.2f}, without the other by {row['other']:.2f}, without both by "
            f"{row['both']:.2f}; order-two term {row['order_two']:+.2f} "
            f"[{row['low']:+.2f}, {row['high']:+.2f}]"
        )
    return "\n".join(lines)


def rule_words(cells: pd.DataFrame) -> str:
    """Where the network follows the planted rule, and where it does not."""
    known = cells.dropna(subset="effect")
    causal, planted = known["effect"] > CAUSAL, known["planted"] > 0
    extra = known[causal & ~planted].sort_values("effect", ascending=False)
    missing = known[planted & ~causal].sort_values("effect")

    def named(rows: pd.DataFrame) -> str:
        shown = [f"{c} for {e} ({v:.2f})" for (c, e), v in rows["effect"].head(6).items()]
        return ", ".join(shown) + (f" and {len(rows) - 6} more" if len(rows) > 6 else "")

    lines = [
        f"{len(known)} cells have images enough; the rule plants a cause in {planted.sum()}, "
        f"removal finds one in {causal.sum()}, in {(causal & planted).sum()} of them both agree"
    ]
    if len(missing):
        lines.append(f"planted but without an effect above {CAUSAL}: {named(missing)}")
    if len(extra):
        lines.append(f"not planted but with one: {named(extra)}")
    return "\n".join(lines)


def verdict(presets: pd.DataFrame) -> str:
    """The answer to the notebook's question, for all networks."""
    table = presets["ap"].unstack("preset", sort=False).dropna()
    if table.empty:
        return UNDEFINED
    better = (table["corrected"] > table[PRESENCE]).sum()
    worse = (table["paper"] < table[PRESENCE]).sum()
    lines = [
        f"As published, the association matrix is a worse guide to causes than counting presence "
        f"for {worse} of {len(table)} networks; corrected, it is a better one for {better}.",
    ]
    reached = 0
    for network in table.index:
        rows = presets.loc[network]
        reached += all(_reaches(rows.loc["corrected"], rows.loc[PRESENCE]).values())
    lines.append(
        f"The corrected preset reaches AUROC {AUROC} and average precision {PRECISION}, with an "
        f"interval apart from that of presence, for {reached} of {len(table)} networks."
    )
    return "\n".join(lines)
