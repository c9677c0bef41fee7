"""What causes what: measured effects beside the planted rule, pairs of cues, companions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .emoscenes.rule import load_rule
from .faithfulness import interval, resampled, weighted_mean
from .validation import Trial

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


def pair_table(pairs: pd.DataFrame, times: int = 500, seed: int = 0) -> pd.DataFrame:
    """Pairs of cues by what they are to the predicted label, with the mean order-two term.

    The order-two term is p(whole) - p(without a) - p(without b) + p(without both), which is
    drop(a) + drop(b) - drop(both). Positive: each matters more beside the other (they work
    together); negative: each can stand in for the other, so that removing one shows too little.

    returns : indexed by kind: "same label" (both are cues of the predicted label), "rival" (one is,
              the other is a cue of another), "other" (neither is); pairs, drops without the cue (of
              the predicted label, or the first), without the other, without both, order_two with
              its interval over pairs
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
            weights = resampled(len(chosen), times, seed)
            bounds = interval(weighted_mean(chosen["order_two"].to_numpy(), weights))
        rows[name] = row | dict(zip(("low", "high"), bounds, strict=True))
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("kind")
