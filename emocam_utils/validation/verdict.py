"""The validation in plain words, every number of which comes from a table.

`numbers` turns the tables into the one file that holds every number of the text; the sentences are
made from the same tables, so text and file cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from .comparison import PRESENCE

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


def with_interval(row: pd.Series, measure: str) -> str:
    """A measure with its interval, as in "0.993 [0.949, 0.999]"."""
    low, high = row[f"{measure}_low"], row[f"{measure}_high"]
    return f"{row[measure]:.3f} [{low:.3f}, {high:.3f}]"


def targets(row: pd.Series, presence: pd.Series) -> dict[str, bool]:
    """What the corrected preset must reach, and whether it does, on one network."""
    return {
        f"AUROC of at least {AUROC}": row["auroc"] >= AUROC,
        f"average precision of at least {PRECISION}": row["ap"] >= PRECISION,
        "intervals of average precision apart from presence's": row["ap_low"] > presence["ap_high"],
    }


def preset_words(presets: pd.DataFrame) -> str:
    """Per network: what presence, the published and the corrected preset reach; pass or fail."""
    if presets["ap"].isna().all():
        return UNDEFINED
    lines = []
    for network, table in presets.groupby(level="network", sort=False):
        rows = table.droplevel("network")
        for name, row in rows.iterrows():
            lines.append(
                f"{network}, {name}: average precision {with_interval(row, 'ap')}, "
                f"AUROC {with_interval(row, 'auroc')}"
            )
        if "corrected" in rows.index:
            reached = targets(rows.loc["corrected"], rows.loc[PRESENCE])
            missed = [what for what, holds in reached.items() if not holds]
            lines.append(
                f"{network}: the corrected preset "
                + (f"FAILS: {'; '.join(missed)}" if missed else "PASSES: " + "; ".join(reached))
            )
    return "\n".join(lines)


def verdict(presets: pd.DataFrame, methods: pd.DataFrame) -> str:
    """The answer to the notebook's question, for all networks.

    presets : as `comparison.preset_table` makes it; methods : as `method_table`
    """
    table = presets["ap"].unstack("preset", sort=False).dropna()
    if table.empty:
        return UNDEFINED
    better = (table["corrected"] > table[PRESENCE]).sum()
    worse = (table["paper"] < table[PRESENCE]).sum()
    gains = presets.loc[list(table.index)]
    surely = (gains.xs("paper", level="preset")["gain_high"] < 0).sum()
    sure = (gains.xs("corrected", level="preset")["gain_low"] > 0).sum()
    lines = [
        f"As published, Grad-CAM's association matrix is a worse guide to causes than counting "
        f"presence for {worse} of {len(table)} networks (the paired 95 % interval excludes 0 for "
        f"{surely}); corrected, it is a better one for {better} (for {sure}).",
    ]
    reached = 0
    for network in table.index:
        rows = presets.loc[network]
        reached += all(targets(rows.loc["corrected"], rows.loc[PRESENCE]).values())
    lines.append(
        f"The corrected preset reaches AUROC {AUROC} and average precision {PRECISION}, with an "
        f"interval apart from that of presence, for {reached} of {len(table)} networks."
    )
    cams = methods[methods.index.get_level_values("preset") != "occlusion"]
    cams = cams.drop(index="random", level="method", errors="ignore")["ap"].unstack("preset")
    if {"paper", "corrected"} <= set(cams) and len(cams := cams.dropna()):
        floor = table[PRESENCE].reindex(cams.index.get_level_values("network")).to_numpy()
        lines.append(
            f"Over all CAM methods and networks ({len(cams)}): as published, average precision is "
            f"{cams['paper'].min():.2f} to {cams['paper'].max():.2f} and above presence in "
            f"{(cams['paper'].to_numpy() > floor).sum()}; corrected, "
            f"{cams['corrected'].min():.2f} to {cams['corrected'].max():.2f} and above presence in "
            f"{(cams['corrected'].to_numpy() > floor).sum()}."
        )
    return "\n".join(lines)
