"""What the tables of the validation come to, in words; every number comes from a table."""

from __future__ import annotations

import pandas as pd

from .judgement import PRESENCE

UNDEFINED = (
    "nothing to judge: no cell of enough images has an effect above the bound, or all have one "
    "(too few images, or none of high enough probability)"
)
AUROC, PRECISION = 0.97, 0.90  # what the corrected preset must reach, per cell
MEASURES = {"ap": "average precision per cell", "box_auroc": "AUROC per box"}
MEASURES |= {"box_rho": "Spearman with the effect per box"}


def missed(row: pd.Series, presence: pd.Series) -> list[str]:
    """Which targets the corrected preset does not reach on one network."""
    targets = {
        f"AUROC of at least {AUROC}": row["auroc"] >= AUROC,
        f"average precision of at least {PRECISION}": row["ap"] >= PRECISION,
        "intervals of average precision apart from presence's": row["ap_low"] > presence["ap_high"],
    }
    return [target for target, reached in targets.items() if not reached]


def presets(table: pd.DataFrame) -> str:
    """Does the corrected preset pass on each network? table : as `judgement.preset_table`."""
    if table["ap"].isna().all():
        return UNDEFINED
    lines = []
    for network, rows in table.groupby(level="network", sort=False):
        rows = rows.droplevel("network")
        short = missed(rows.loc["corrected"], rows.loc[PRESENCE])
        verdict = f"FAILS: {'; '.join(short)}" if short else "PASSES"
        lines.append(f"{network}: the corrected preset {verdict}")
    return "\n".join(lines)


def occlusions(covered: pd.DataFrame) -> str:
    """Whether an occlusion beats every CAM; covered : as `judgement.covered_table` makes it."""
    covers = covered.index.get_level_values("preset") == "occlusion"
    cams = covered[~covers].drop(index="random", level="method", errors="ignore")
    lines = [f"On the same {covered['images'].min()} images:"]
    for measure, shown in MEASURES.items():
        cam, cover = cams[measure].dropna(), covered.loc[covers, measure].dropna()
        if len(cam) and len(cover):
            beats = "beats" if cover.max() > cam.max() else "does not beat"
            lines.append(
                f"{shown}: the best occlusion ({cover.idxmax()[0]}, {cover.max():.3f}) {beats} the "
                f"best CAM ({cam.idxmax()[0]}, {cam.max():.3f})"
            )
    return "\n".join(lines) if len(lines) > 1 else UNDEFINED


def verdict(table: pd.DataFrame, methods: pd.DataFrame) -> str:
    """The answer to the notebook's question, for all networks.

    table : as `judgement.preset_table` makes it; methods : as `judgement.method_table`
    """
    precision = table["ap"].unstack("preset", sort=False).dropna()
    if precision.empty:
        return UNDEFINED
    of = {name: table.xs(name, level="preset").loc[precision.index] for name in precision}
    n, presence = len(precision), precision[PRESENCE]
    reached = sum(
        not missed(of["corrected"].loc[name], of[PRESENCE].loc[name]) for name in precision.index
    )
    lines = [
        "As published, Grad-CAM's association matrix is a worse guide to causes than counting "
        f"presence for {(precision['paper'] < presence).sum()} of {n} networks (the paired 95 % "
        f"interval excludes 0 for {(of['paper']['gain_high'] < 0).sum()}); corrected, it is a "
        f"better one for {(precision['corrected'] > presence).sum()} (for "
        f"{(of['corrected']['gain_low'] > 0).sum()}).",
        f"The corrected preset reaches AUROC {AUROC} and average precision {PRECISION}, with an "
        f"interval apart from that of presence, for {reached} of {n} networks.",
    ]
    cams = methods["ap"].drop(index="random", level="method", errors="ignore").unstack("preset")
    cams = cams.reindex(columns=["paper", "corrected"]).dropna()
    if len(cams):
        floor = presence.reindex(cams.index.get_level_values("network")).to_numpy()
        ranges = [
            f"{name} {cams[name].min():.2f} to {cams[name].max():.2f}, above presence in "
            f"{(cams[name].to_numpy() > floor).sum()}"
            for name in cams
        ]
        lines.append(
            f"Average precision of all CAM methods and networks ({len(cams)}): {'; '.join(ranges)}."
        )
    return "\n".join(lines)
