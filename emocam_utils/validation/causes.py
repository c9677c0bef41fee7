"""What causes what: measured effects beside the planted rule, pairs of cues, companions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..corpora.emoscenes.rule import load_rule
from ..stats.bootstrap import resampled, weighted_mean
from ..stats.intervals import percentile
from ..stats.ranks import spearman
from .cells import CAUSAL
from .trial import Trial

NO_EFFECT = 0.05  # of probability: below this an object is no cause at all


def spurious(objects: pd.DataFrame) -> np.ndarray:
    """Which objects are companions of the predicted label and without an effect, (B,)."""
    companions = load_rule().companions
    stands_beside = [
        name in companions.get(label, ())
        for name, label in zip(objects["name"], objects["label"], strict=True)
    ]
    return np.array(stands_beside) & (objects["probability_drop"].abs() < NO_EFFECT).to_numpy()


def rule_table(trial: Trial, times: int = 300) -> pd.DataFrame:
    """Cells with what the rule planted in them (0 on photographs), and the measured effect."""
    rule = load_rule()
    table = trial.cells.table(times)
    if trial.truth != "removal":
        return table.assign(planted=0.0)
    planted = {name: rule.planted(name) for name in table.index.get_level_values("class").unique()}
    weights = [planted[name].get(label, 0.0) for name, label in table.index]
    return table.assign(planted=weights)


def rule_agreement(trials: Sequence[Trial], times: int = 300, seed: int = 0) -> pd.DataFrame:
    """The planted rule against the measured effects, for every network.

    returns : indexed by network: judged cells, planted, causal, both; companions (cells of a
              label's spurious companions) and how many of them are causal; rho (Spearman of the
              planted weight and the effect over all judged cells) with its interval over scenes.
              Empty on photographs, where nothing is planted
    """
    rows = {}
    for trial in trials:
        if trial.truth != "removal":
            continue
        table = rule_table(trial, times=2)
        planted = table["planted"].to_numpy()
        companions = load_rule().companions
        beside = np.array([name in companions.get(label, ()) for name, label in table.index])
        effects = trial.cells.effects()[0]
        judged, causal = ~np.isnan(effects), np.nan_to_num(effects) > CAUSAL
        samples = trial.cells.effects(resampled(len(trial.cells.images), times, seed))
        low, high = percentile([spearman(planted, sample) for sample in samples])
        rows[trial.network] = {
            "judged": judged.sum(),
            "planted": (judged & (planted > 0)).sum(),
            "causal": causal.sum(),
            "both": (causal & (planted > 0)).sum(),
            "companions": (judged & beside).sum(),
            "causal companions": (causal & beside).sum(),
            "rho": spearman(planted, effects),
            "rho_low": low,
            "rho_high": high,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("network")


def pairs_by_network(trials: Sequence[Trial]) -> pd.DataFrame:
    """`pair_table` of every network of which pairs are known, indexed by network and kind."""
    known = [trial for trial in trials if len(trial.pairs)] or trials[:1]
    tables = {trial.network: pair_table(trial.pairs) for trial in known}
    return pd.concat(tables, names=["network"])


def pair_table(pairs: pd.DataFrame, times: int = 500, seed: int = 0) -> pd.DataFrame:
    """Pairs of cues by what they are to the predicted label, with the mean order-two term.

    The order-two term is p(whole) - p(without a) - p(without b) + p(without both), which is
    drop(a) + drop(b) - drop(both). Positive: each matters more beside the other (they work
    together); negative: each can stand in for the other, so that removing one shows too little.

    returns : indexed by kind: "same label" (both are cues of the predicted label), "rival" (one is,
              the other is a cue of another), "other" (neither is); pairs, drops without the cue (of
              the predicted label, or the first), without the other, without both, order_two with
              its interval over scenes, of which some hold several pairs
    """
    cues = load_rule().cues
    own = np.array(
        [
            [row[f"{which}_name"] in cues.get(row["label"], {}) for which in ("first", "second")]
            for _, row in pairs.iterrows()
        ],
        dtype=bool,
    ).reshape(-1, 2)
    kind = np.array(["other", "rival", "same label"])[own.sum(axis=1)]
    swap = own[:, 1] & ~own[:, 0]
    first, second, both = (
        pairs[f"probability_{which}"].to_numpy(dtype=np.float64)
        for which in ("first", "second", "both")
    )
    table = pd.DataFrame(
        {
            "cue": np.where(swap, second, first),
            "other": np.where(swap, first, second),
            "both": both,
            "order_two": first + second - both,
        }
    )
    rows = {}
    for name in ("same label", "rival", "other"):
        chosen = table[kind == name]
        row = {"pairs": len(chosen), **chosen.mean().to_dict()}
        bounds = (float("nan"), float("nan"))
        if len(chosen):
            codes, scenes = pd.factorize(pairs.loc[kind == name, "image"])
            weights = resampled(len(scenes), times, seed)[:, codes]
            bounds = percentile(weighted_mean(chosen["order_two"].to_numpy(), weights))
        rows[name] = row | dict(zip(("low", "high"), bounds, strict=True))
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("kind")
