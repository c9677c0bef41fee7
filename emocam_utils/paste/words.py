"""Sentences about the paste experiment, made from its numbers and from the paper's."""

from __future__ import annotations

import pandas as pd

PUBLISHED = {"rugby ball": 4, "soccer ball": 7, "lotus flower": 0}
"""Positions of 17 at which Excitement is the label most often switched to (Section 3.2)."""


def change_words(rates: pd.DataFrame) -> str:
    """Of each object: how often the label changes, where most and least, and to what."""
    lines = []
    for thing, table in rates.groupby("object", sort=False):
        share, n = 100 * table["changed"].sum() / table["n"].sum(), table["n"].sum()
        least, most = 100 * table["share"].min(), 100 * table["share"].max()
        tops = table.loc[table["top"] != "", "top"].value_counts()
        where = ", ".join(f"{label} at {count}" for label, count in tops.items()) or "none"
        lines.append(
            f"{thing}: {share:.1f} % of {n:,} variants changed their label, from {least:.1f} to "
            f"{most:.1f} % by position; most often switched to ({len(table)} positions): {where}"
        )
    return "\n".join(lines)


def published_table(rates: pd.DataFrame, label: str = "Excitement") -> pd.DataFrame:
    """Positions at which a label is the one most often switched to, here and in the paper.

    Two experiments, not a replication: another network, other images, other drawings.
    """
    ours = (rates["top"] == label).groupby("object", sort=False).sum()
    paper = [f"{PUBLISHED[t]} of 17" if t in PUBLISHED else "not tried" for t in ours.index]
    positions = rates.groupby("object", sort=False).size()
    here = [f"{count} of {positions[thing]}" for thing, count in ours.items()]
    columns = {
        f"{label}, this study": here,
        f"{label}, paper (EmoNet, FindingEmo)": paper,
    }
    return pd.DataFrame(columns, index=ours.index)


def example_words(found: pd.Series | None) -> str:
    """The example of Fig. 3.A in a sentence, beside the paper's."""
    paper = (
        "The paper's example, another network and a photograph: Joy 92.9 % before, Excitement "
        "66.1 % after a rugby ball on a head."
    )
    if found is None:
        return f"No variant changed its label, so there is no example. {paper}"
    return (
        f"{found['image']} with a {found['object']} at ({found['x']:g}, {found['y']:g}): "
        f"{found['label_before']} {100 * found['probability_before']:.1f} % before, "
        f"{found['label']} {100 * found['probability']:.1f} % after "
        f"({found['label_before']} {100 * found['old_after']:.1f} %). {paper}"
    )


def control_words(rates: pd.DataFrame) -> str:
    """Of each target and control: whether the object changes labels oftener than hiding does."""
    lines = []
    for target, table in rates.groupby("target", sort=False):
        real = table[table["fill"] == "object"].iloc[0]
        parts = []
        for row in table[table["fill"] != "object"].itertuples():
            side = (
                "more" if row.more_low > 0 else "less" if row.more_high < 0 else "not clearly other"
            )
            parts.append(
                f"{side} than {row.fill} ({100 * row.share:.1f} %; difference {100 * row.more:+.1f}"
                f" [{100 * row.more_low:+.1f}, {100 * row.more_high:+.1f}] points)"
            )
        lines.append(
            f"{target}: the object changes {100 * real['share']:.1f} %, " + ", ".join(parts)
        )
    return "\n".join(lines)


def focus_words(relation: pd.DataFrame) -> str:
    """Whether the map goes onto the object where the label changes, by the interval."""
    row = relation.set_index("statement").loc["difference of the two"]
    if pd.isna(row["low"]):
        return "Too few labels changed, or none did, to compare the shift of focus."
    verdict = (
        "moves onto the object more where the label changes"
        if row["low"] > 0
        else "moves onto the object less where the label changes"
        if row["high"] < 0
        else "moves about as much whether the label changes or not"
    )
    return (
        f"The map {verdict}: a difference of {row['value']:+.3f} of the map "
        f"[{row['low']:+.3f}, {row['high']:+.3f}], {int(row['n']):,} variants."
    )


def rule_words(grid: pd.DataFrame, cues: pd.DataFrame) -> str:
    """How often the network says what the rule says, for the objects and for all cues."""
    if grid.empty and cues.empty:
        return "No rule is known for this corpus."
    lines = [
        f"{thing}, {verdict}: the network agrees in {100 * row['share']:.1f} % "
        f"[{100 * row['low']:.1f}, {100 * row['high']:.1f}] of {int(row['n']):,} variants of "
        f"{int(row['images'])} scenes"
        for (thing, verdict), row in grid.iterrows()
    ]
    for height, table in cues.groupby("height") if len(cues) else ():
        weakest = table["share"].idxmin()[0]
        lines.append(
            f"all {len(table)} cues at {height:g} of the height, in scenes without another: "
            f"{100 * table['share'].mean():.1f} % on average, least {weakest} "
            f"({100 * table['share'].min():.1f} %)"
        )
    return "\n".join(lines)
