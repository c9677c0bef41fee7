"""What causes what: measured effects beside the planted rule, pairs of cues, companions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..corpora.emoscenes.rule import load_rule
from ..stats.bootstrap import interval_of_sums, ratio_of_sums, resampled
from ..stats.intervals import percentile
from ..stats.ranks import spearman
from .cells import CAUSAL
from .trial import Trial

NO_EFFECT = 0.05  # of probability: below this an object is no cause at all


def spurious(trial: Trial) -> np.ndarray:
    """Which objects are companions of the predicted label and without an effect, (B,).

    None on photographs, where no rule says what stands beside what.
    """
    if not trial.planted:
        return np.zeros(len(trial.objects), bool)
    beside = _companions(trial.objects["name"], trial.objects["label"])
    return beside & (trial.objects["probability_drop"].abs() < NO_EFFECT).to_numpy()


def _companions(names: Sequence[str], labels: Sequence[str]) -> np.ndarray:
    companions = load_rule().companions
    pairs = zip(names, labels, strict=True)
    return np.array([name in companions.get(label, ()) for name, label in pairs], dtype=bool)


def rule_table(trial: Trial, times: int = 300) -> pd.DataFrame:
    """Cells with what the rule planted in them (0 on photographs), and the measured effect."""
    table = trial.cells.table(times)
    planted = np.zeros(len(table))
    if trial.planted:
        of = {name: load_rule().planted(name) for name in table.index.unique("class")}
        planted[:] = [of[name].get(label, 0.0) for name, label in table.index]
    return table.assign(planted=planted)


def disagreements(cells: pd.DataFrame) -> pd.DataFrame:
    """The judged cells, by effect, in which a network does not do what the rule planted.

    cells : as `rule_table` makes it
    """
    known = cells.dropna(subset="effect").sort_values("effect", ascending=False)
    return known[(known["effect"] > CAUSAL) != (known["planted"] > 0)]


def rule_agreement(trials: Sequence[Trial], times: int = 300, seed: int = 0) -> pd.DataFrame:
    """The planted rule against the measured effects, for every network.

    returns : indexed by network: judged cells, planted, causal, both; companions (cells of a
              label's spurious companions) and how many of them are causal; rho (Spearman of the
              planted weight and the effect over all judged cells) with its interval over scenes.
              Empty on photographs, where nothing is planted
    """
    rows = {}
    for trial in (trial for trial in trials if trial.planted):
        table = rule_table(trial, times=2)
        planted, effects = table["planted"].to_numpy(), table["effect"].to_numpy()
        beside = _companions(*(table.index.get_level_values(i) for i in ("class", "label")))
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
    return pd.concat({trial.network: pair_table(trial.pairs) for trial in known}, names=["network"])


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
            [row[name] in cues.get(row["label"], {}) for _, row in pairs.iterrows()]
            for name in ("first_name", "second_name")
        ],
        dtype=bool,
    )
    kind = np.array(["other", "rival", "same label"])[own.sum(axis=0)]
    swap = own[1] & ~own[0]
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
        sums = np.column_stack([chosen["order_two"], np.ones(len(chosen))])
        images = pairs.loc[kind == name, "image"]
        _, low, high = interval_of_sums(sums, images, ratio_of_sums, times, seed)
        rows[name] = {"pairs": len(chosen), **chosen.mean().to_dict(), "low": low, "high": high}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("kind")
