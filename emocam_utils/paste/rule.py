"""What EmoScenes' published rule says of a pasted object, and whether the network agrees.

Only on EmoScenes is it known which object makes which label true. On another corpus the functions
here return tables without rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ..corpora.emoscenes.corpus import EmoScenes, load_scene
from ..corpora.emoscenes.rule import load_rule
from ..pipeline.analysis import Analysis
from ..study import Preset
from .objects import cue_objects
from .plans import grid_plan
from .switches import rate_over_images
from .variants import ORIGINAL, run_plans, with_before

CUES = {"rugby ball": "Rugby ball", "soccer ball": "Football"}
"""Objects of data/objects that are things of the rule; drawn cues bear the thing's own name."""
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
    returns : variants with `with_before` and `rule_verdicts`; no row on another corpus
    """
    if not isinstance(analysis.corpus, EmoScenes):
        return pd.DataFrame()
    default = load_rule().default
    ids = [image for image in analysis.ids if load_scene(image).label == default][:scenes]
    plans = {
        f"{cue.name} at {height:g}": grid_plan(cue, positions, height)
        for cue in cue_objects()
        for height in heights
    }
    if not ids or not plans:
        return pd.DataFrame()
    tables = run_plans(analysis, plans, ids, preset)
    originals = tables.pop(ORIGINAL)
    variants = pd.concat(tables.values(), ignore_index=True)
    return rule_verdicts(with_before(variants, originals, analysis.labels))


def rule_verdicts(variants: pd.DataFrame) -> pd.DataFrame:
    """What the rule says of each variant of a scene: adds expected ("" if undecided) and verdict.

    The rule knows what is in a scene, not what a pasted object hides of it.
    """
    rule = load_rule()
    verdicts = {}
    for image, thing in variants[["image", "object"]].drop_duplicates().itertuples(index=False):
        scene = load_scene(image)
        things = [*(t.name for t in scene.things), CUES.get(thing, thing)]
        expected = rule.label(things) if rule.margin(things) > 0.05 else ""
        verdict = UNDECIDED if not expected else STAYS if expected == scene.label else TURNS
        verdicts[image, thing] = expected, verdict
    found = [verdicts[pair] for pair in zip(variants["image"], variants["object"], strict=True)]
    return variants.assign(expected=[e for e, _ in found], verdict=[v for _, v in found])


def rule_rates(judged: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """How often the network's label is the one the rule says, of each group.

    judged  : as `rule_verdicts` returns it; undecided variants are left out
    returns : indexed by `by`; images, n, share, low, high (over images)
    """
    decided = judged[judged["verdict"] != UNDECIDED]
    if decided.empty:
        return pd.DataFrame(columns=COLUMNS)
    rows = {}
    for group, table in decided.groupby(list(by), sort=False):
        hits = (table["label"] == table["expected"]).to_numpy()
        rate = rate_over_images(hits, table["image"])
        rows[group] = (table["image"].nunique(), len(table), *rate)
    index = pd.MultiIndex.from_tuples(rows, names=list(by))
    return pd.DataFrame(list(rows.values()), index=index, columns=COLUMNS)


def cue_rates(cues: pd.DataFrame) -> pd.DataFrame:
    """`rule_rates` of `cue_variants` by object and height; no row where there is none."""
    return rule_rates(cues, ["object", "height"]) if len(cues) else pd.DataFrame(columns=COLUMNS)


def grid_rule_rates(analysis: Analysis, variants: pd.DataFrame) -> pd.DataFrame:
    """`rule_rates` of the grid by object and verdict; no row on a corpus without a rule."""
    if not isinstance(analysis.corpus, EmoScenes):
        return pd.DataFrame(columns=COLUMNS)
    known = variants[variants["object"].isin([*CUES, "lotus flower"])]
    return rule_rates(rule_verdicts(known), ["object", "verdict"])
