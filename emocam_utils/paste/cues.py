"""What EmoScenes' published rule says of a pasted object, and whether the network agrees.

Only where a corpus offers its truth is it known which object makes which label true. On another
corpus the functions here return tables without rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ..corpora import offers
from ..corpora.emoscenes.rule import load_rule
from ..pipeline.analysis import Analysis
from ..study import Preset
from .objects import cue_objects
from .plans import grid_plan
from .rates import by_group, mean_over_images
from .variants import ORIGINAL, run_plans, with_before

CUES = {"rugby ball": "Rugby ball", "soccer ball": "Football", "lotus flower": "lotus flower"}
"""Objects of data/objects as the rule names them, and one it does not know; drawn cues bear the
rule's own names."""
TURNS, STAYS, UNDECIDED = "rule: turns", "rule: stays", "rule: undecided"
COLUMNS = ["images", "n", "share", "low", "high"]


def cue_variants(
    analysis: Analysis,
    scenes: int,
    heights: Sequence[float],
    positions: Sequence[Sequence[float]],
    preset: Preset,
) -> pd.DataFrame:
    """Every cue of the rule pasted into scenes that hold none, where it decides alone.

    scenes  : the first so many of the corpus with the rule's default label
    returns : variants with `with_before` and `verdicts`; no row on a corpus without a rule
    """
    if not offers(analysis.corpus, "truth"):
        return pd.DataFrame()
    truth = analysis.corpus.truth()
    default = set(truth.loc[truth["label"] == load_rule().default, "image"])
    free = [image for image in analysis.ids if image in default]
    plans = {
        f"{cue.name} at {height:g}": grid_plan(cue, positions, height)
        for cue in cue_objects()
        for height in heights
    }
    if not free[:scenes] or not plans:
        return pd.DataFrame()
    tables = run_plans(analysis, plans, free[:scenes], preset)
    originals = tables.pop(ORIGINAL)
    variants = pd.concat(tables.values(), ignore_index=True)
    return verdicts(truth, with_before(variants, originals, analysis.labels))


def verdicts(truth: pd.DataFrame, variants: pd.DataFrame) -> pd.DataFrame:
    """What the rule says of each variant of a scene: adds expected ("" if undecided) and verdict.

    The rule knows what is in a scene, not what a pasted object hides of it.
    truth : of the corpus: image, label, name of each thing
    """
    rule, judged = load_rule(), {}
    scenes = dict(tuple(truth.groupby("image")))
    for image, thing in variants[["image", "object"]].drop_duplicates().itertuples(index=False):
        things = {*scenes[image]["name"], CUES.get(thing, thing)}
        expected = rule.label(things) if rule.margin(things) > 0.05 else ""
        stays = expected == scenes[image]["label"].iloc[0]
        judged[image, thing] = expected, UNDECIDED if not expected else STAYS if stays else TURNS
    found = [judged[pair] for pair in zip(variants["image"], variants["object"], strict=True)]
    return variants.assign(expected=[e for e, _ in found], verdict=[v for _, v in found])


def agreement(judged: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """How often the network's label is the one the rule says, of each group.

    judged  : as `verdicts` returns it; undecided variants are left out
    returns : indexed by `by`; images, n, share, low, high (over images)
    """
    rows = {}
    decided = judged[judged["verdict"] != UNDECIDED] if len(judged) else pd.DataFrame(columns=by)
    for group, table in decided.groupby(list(by), sort=False):
        rate = mean_over_images(table["label"] == table["expected"], table["image"])
        rows[group] = (table["image"].nunique(), len(table), *rate)
    return by_group(rows, by, COLUMNS)


def falling_with_size(judged: pd.DataFrame) -> pd.DataFrame:
    """Cues that turn the label less often when they are larger, by intervals that do not meet.

    judged  : as `verdicts` returns it, with several heights
    returns : indexed by object; small and large (share at the least and the greatest height), and
              instead and instead_share: the label that the large cue most often makes the network
              say in the rule's place, and how often of all its variants
    """
    columns = ["small", "large", "instead", "instead_share"]
    rates = agreement(judged, ["object", "height"])
    heights = sorted(set(rates.index.get_level_values("height")))
    rows = {}
    for cue in dict.fromkeys(rates.index.get_level_values("object")) if len(heights) > 1 else ():
        small, large = (rates.loc[(cue, height)] for height in (heights[0], heights[-1]))
        if large["high"] < small["low"]:
            of = judged[judged["object"].eq(cue) & judged["height"].eq(heights[-1])]
            of = of[of["verdict"] != UNDECIDED]
            said = of.loc[of["label"] != of["expected"], "label"].value_counts() / len(of)
            rows[cue] = (small["share"], large["share"], said.index[0], said.iloc[0])
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("object")


def grid_agreement(analysis: Analysis, variants: pd.DataFrame) -> pd.DataFrame:
    """`agreement` on the grid by object and verdict; no row on a corpus without a rule."""
    known = variants[variants["object"].isin(list(CUES))]
    known = known if offers(analysis.corpus, "truth") else known.iloc[:0]
    judged = verdicts(analysis.corpus.truth(), known) if len(known) else known
    return agreement(judged, ["object", "verdict"])
