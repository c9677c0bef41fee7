"""What causes what: measured effects beside the planted rule, pairs of cues, companions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..corpora.emoscenes.rule import load_rule
from ..corpora.emoscenes.scene import CLASSES
from ..stats.bootstrap import interval, interval_of_sums, ratio_of_sums
from ..stats.ranks import spearman
from .cells import CAUSAL, CELL, LEAST
from .trial import Trial
from .truth import Truth

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


def rule_table(truth: Truth, planted: bool, least: int = LEAST) -> pd.DataFrame:
    """Cells with what the rule planted in them (0 on photographs), and the measured effect.

    returns : indexed by class and label: images, effect and its standard error, causal, planted.
              Effect and causal are NaN in a cell of too few images; what was planted has a row, too
    """
    rule = load_rule()
    of = {name: rule.planted(name) for name in CLASSES} if planted else {}
    weights = {(name, label): w for name, row in of.items() for label, w in row.items() if w}
    there = pd.MultiIndex.from_tuples(list(weights), names=CELL) if weights else truth.cells.index
    table = truth.cells.reindex(truth.cells.index.union(there))
    few = ~(table["images"] >= least)
    table.loc[few, ["effect", "error"]] = np.nan
    table["images"] = table["images"].fillna(0).astype(int)
    table["causal"] = (table["effect"] > CAUSAL).where(table["effect"].notna())
    return table.assign(planted=[float(weights.get(cell, 0.0)) for cell in table.index])


def disagreements(cells: pd.DataFrame) -> pd.DataFrame:
    """The judged cells, by effect, in which a network does not do what the rule planted.

    cells : as `rule_table` makes it
    """
    known = cells.dropna(subset="effect").sort_values("effect", ascending=False)
    return known[(known["effect"] > CAUSAL) != (known["planted"] > 0)]


def rule_agreement(truths: Sequence[Truth]) -> pd.DataFrame:
    """The planted rule against the measured effects, for every network of planted scenes.

    returns : indexed by network: judged cells, planted, causal, both; companions (cells of a
              label's spurious companions) and how many of them are causal; rho (Spearman of the
              planted weight and the effect over all judged cells), its interval over classes
    """
    rows = {}
    for truth in truths:
        table = rule_table(truth, planted=True).dropna(subset="effect")
        planted, effects = table["planted"].to_numpy(), table["effect"].to_numpy()
        beside = _companions(*(table.index.get_level_values(name) for name in CELL))
        causal = effects > CAUSAL
        codes, classes = pd.factorize(table.index.get_level_values("class"))
        rho, low, high = interval(
            lambda w, c=codes, p=planted, e=effects: spearman(p, e, w[:, c]), len(classes)
        )
        rows[truth.network] = {
            "judged": len(table),
            "planted": (planted > 0).sum(),
            "causal": causal.sum(),
            "both": (causal & (planted > 0)).sum(),
            "companions": beside.sum(),
            "causal companions": (causal & beside).sum(),
            "rho": rho,
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
