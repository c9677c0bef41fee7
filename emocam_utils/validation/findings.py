"""What the tables of the validation say, in words; every number comes from a table."""

from __future__ import annotations

import pandas as pd

from ..study import Preset
from .cells import CAUSAL
from .comparison import PRESENCE
from .verdict import UNDEFINED, with_interval

MEASURES = {
    "ap": "per cell, average precision",
    "box_auroc": "per box, AUROC",
    "box_rho": "per box, Spearman with the effect",
}


def rows_words(table: pd.DataFrame, measures: dict[str, str]) -> str:
    """One line a row, with the measures and their intervals; measures : column -> its name."""
    lines = []
    for name, row in table.iterrows():
        said = [f"{shown} {with_interval(row, column)}" for column, shown in measures.items()]
        label = ", ".join(name) if isinstance(name, tuple) else name
        lines.append(f"{label}: {', '.join(said)}")
    return "\n".join(lines)


def keep_words(presets: pd.DataFrame) -> str:
    """Keep-rates of causes by size, and of companions, under each preset on each network."""
    table = presets.drop(index=PRESENCE, level="preset")
    said = {
        "kept": "causes kept",
        "small": "of the smallest third",
        "large": "of the largest third",
        "rejected": "spurious companions rejected",
    }
    counted = [
        f"{network}: {row['causes']:.0f} causes and {row['companions']:.0f} companions among "
        f"{row['boxes']:.0f} boxes"
        for network, row in table.groupby(level="network", sort=False).first().iterrows()
    ]
    return "\n".join([*counted, rows_words(table, said)])


def agreement_words(agreement: pd.DataFrame) -> str:
    """The planted rule against the measured effects, a line a network."""
    if agreement.empty:
        return "nothing is planted in photographs"
    return "\n".join(
        f"{network}: of {row['judged']:.0f} judged cells the rule plants a cause in "
        f"{row['planted']:.0f}, removal finds one in {row['causal']:.0f}, both in "
        f"{row['both']:.0f}; of {row['companions']:.0f} cells of spurious companions "
        f"{row['causal companions']:.0f} are causal; rank correlation of planted weight and effect "
        f"{with_interval(row, 'rho')}"
        for network, row in agreement.iterrows()
    )


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
    """Every method under both presets, and the occlusions.

    methods : as `comparison.method_table` makes it; the spread is over networks
    """
    if methods["ap"].isna().all():
        return UNDEFINED
    spread = methods["ap"].groupby(level=["method", "preset"], sort=False).agg(["min", "max"])
    first = methods.loc[methods.index.get_level_values("network")[0]]
    lines = []
    for key, row in first.sort_values("ap", ascending=False).iterrows():
        others = spread.loc[key]
        lines.append(
            f"{', '.join(key)}: average precision per cell {with_interval(row, 'ap')}, over "
            f"networks {others['min']:.3f} to {others['max']:.3f}"
        )
    return "\n".join(lines)


def occlusion_words(covered: pd.DataFrame) -> str:
    """Whether an occlusion beats every CAM; covered : as `comparison.covered_table` makes it."""
    covers = covered.index.get_level_values("preset") == "occlusion"
    cams = covered[~covers].drop(index="random", level="method", errors="ignore")
    lines = []
    for measure, shown in MEASURES.items():
        cam, cover = cams[measure].dropna(), covered.loc[covers, measure].dropna()
        if cam.empty or cover.empty:
            continue
        better = "beats" if cover.max() > cam.max() else "does not beat"
        lines.append(
            f"{shown}: the best occlusion ({cover.idxmax()[0]}, {cover.max():.3f}) {better} the "
            f"best CAM ({cam.idxmax()[0]}, {cam.max():.3f})"
        )
    images = covered["images"].min()
    return "\n".join([f"On the same {images} images:", *lines]) if lines else UNDEFINED


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
    """What two cues do to each other; pairs : as `causes.pairs_by_network` makes it."""
    lines = []
    for (network, kind), row in pairs.iterrows():
        if not row["pairs"]:
            lines.append(f"{network}, {kind}: no pair")
            continue
        lines.append(
            f"{network}, {kind} ({row['pairs']:.0f} pairs): without the cue the probability drops "
            f"by {row['cue']:.2f}, without the other by {row['other']:.2f}, without both by "
            f"{row['both']:.2f}; order-two term {row['order_two']:+.2f} "
            f"[{row['low']:+.2f}, {row['high']:+.2f}]"
        )
    return "\n".join(lines)


def rule_words(cells: pd.DataFrame) -> str:
    """In which cells a network does not do what the rule planted."""
    known = cells.dropna(subset="effect")
    causal, planted = known["effect"] > CAUSAL, known["planted"] > 0
    extra = known[causal & ~planted].sort_values("effect", ascending=False)
    missing = known[planted & ~causal].sort_values("effect")

    def named(rows: pd.DataFrame) -> str:
        shown = [f"{c} for {e} ({v:.2f})" for (c, e), v in rows["effect"].head(6).items()]
        return ", ".join(shown) + (f" and {len(rows) - 6} more" if len(rows) > 6 else "")

    if not planted.any():
        return f"{len(known)} cells have images enough; {causal.sum()} are causal: {named(extra)}"
    lines = []
    if len(missing):
        lines.append(f"planted but without an effect above {CAUSAL}: {named(missing)}")
    if len(extra):
        lines.append(f"not planted but with an effect above {CAUSAL}: {named(extra)}")
    return "\n".join(lines) or "the rule and the effects agree in every judged cell"
