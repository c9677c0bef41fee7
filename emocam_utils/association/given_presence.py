"""Is a class attended more than its mere presence makes it? A test of every cell, for all at once.

The null hypothesis: which of an image's boxes are attended is chance. How many are, which classes
are there and what the image is called stay as they are, so a class that only goes along with a
label passes no test. What chance is can be said in two ways:

    shuffled  every box of an image is as likely as any other
    noise     boxes are taken in the order in which a map of smooth noise scores them, so that a
              box's size and place, which count in a score whatever the map shows, are chance too

Axes: B candidate boxes, P pairs (image, class), I images, K classes, L labels, R maps of noise,
D permutations.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import poisson_binom

from ..pipeline.attention import Attention
from ..pipeline.candidates import Candidates
from ..stats.max_t import max_t_p


def chosen_boxes(attention: Attention) -> tuple[Candidates, NDArray[np.bool_]]:
    """The boxes that the preset counts, and which of them it keeps, (B,)."""
    a, preset = attention, attention.preset
    candidates = Candidates.of(a.boxes, a.predictions, preset, a.classes, a.labels)
    importance = a.importances[preset.importance].to_numpy(dtype=np.float64)[candidates.rows]
    return candidates, importance > preset.threshold


def counted_boxes(attention: Attention) -> NDArray[np.bool_]:
    """Boxes of enough confidence in images that count, (all boxes,)."""
    a, rows = attention, np.zeros(len(attention.boxes), dtype=bool)
    rows[Candidates.of(a.boxes, a.predictions, a.preset, a.classes, a.labels).rows] = True
    return rows


def given_presence(
    attention: Attention, noise: NDArray | None = None, draws: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Every cell with a test of attention given presence, one row a class and label.

    noise   : (R, all boxes), importance of the boxes under maps of noise; in each permutation an
              image takes one of them, or one time in R + 1 a shuffle. None shuffles always
    returns : present and attended images; expected, the mean of attended under the null hypothesis;
              p, one-sided, of the cell alone (a sum of independent images, each with the chance
              that the class is among the boxes dealt to it); adjusted_p, for all cells at once: how
              often the smallest p of a permutation is as small (Westfall and Young 1993). NaN where
              the class is never there with the label
    """
    candidates, chosen = chosen_boxes(attention)
    classes, labels = candidates.classes, candidates.labels
    pair, run = np.unique(candidates.image * len(classes) + candidates.kind, return_inverse=True)
    image, kind = np.divmod(pair, len(classes))
    cell = kind * len(labels) + candidates.label.argmax(axis=1)[image]
    cells = len(classes) * len(labels)
    shuffles = np.asarray(candidates.expected(chosen)[image, kind]).reshape(-1)
    by_noise = [
        _held(run, candidates.best(chosen, order[candidates.rows]), len(pair))
        for order in (() if noise is None else noise)
    ]
    chances = (shuffles + sum(by_noise)) / (1 + len(by_noise))
    tails = _tails(cell, chances, cells)
    known = [place for place, tail in enumerate(tails) if len(tail)]
    observed = np.bincount(cell[_held(run, chosen, len(pair))], minlength=cells)
    rng, null = np.random.default_rng(seed), np.empty((draws, len(known)))
    for draw in range(draws):
        ways = [*by_noise, _held(run, candidates.shuffled(chosen, rng), len(pair))]
        taken = rng.integers(0, len(ways), len(candidates.label))
        held = np.stack(ways)[taken[image], np.arange(len(pair))]
        counts = np.bincount(cell[held], minlength=cells)
        null[draw] = [tails[place][counts[place]] for place in known]
    p, adjusted = np.full((2, cells), np.nan)
    p[known] = [tails[place][observed[place]] for place in known]
    adjusted[known] = max_t_p(-np.log(p[known]), -np.log(null))
    columns = {
        "present": np.bincount(cell, minlength=cells),
        "attended": observed,
        "expected": np.bincount(cell, chances, cells),
        "p": p,
        "adjusted_p": adjusted,
    }
    index = pd.MultiIndex.from_product([classes, labels], names=["class", "label"])
    return pd.DataFrame(columns, index)


def passing(test: pd.DataFrame, rate: float) -> pd.DataFrame:
    """Cells that pass, (K, L) of bool. rate : chance of one false cell among all."""
    order = [level.unique() for level in map(test.index.get_level_values, ("class", "label"))]
    return (test["adjusted_p"].unstack() < rate).loc[order[0], order[1]]


def dots_in_words(test: pd.DataFrame, causes: pd.DataFrame | None, rate: float) -> str:
    """How many cells pass and, where causes (K, L) are known, how many of these are planted."""
    found, tested = passing(test, rate), int(test["adjusted_p"].notna().sum())
    words = f"{found.to_numpy().sum()} of {tested} cells are attended beyond chance"
    if causes is None:
        return words
    right, there = found & causes, causes & (test["present"].unstack().loc[causes.index] > 0)
    return (
        f"{words}; {right.to_numpy().sum()} of these are planted cues, of "
        f"{there.to_numpy().sum()} that are detected at all"
    )


def _held(run: NDArray, chosen: NDArray[np.bool_], pairs: int) -> NDArray[np.bool_]:
    """Pairs of which a box is chosen, (P,). run : (B,), the pair of each box."""
    held = np.zeros(pairs, dtype=bool)
    held[run[chosen]] = True
    return held


def _tails(cell: NDArray, chances: NDArray, cells: int) -> Sequence[NDArray[np.float64]]:
    """For each cell the chance of at least 0, 1, 2, … attended images; none for an empty one."""
    order = np.argsort(cell, kind="stable")
    ends = np.cumsum(np.bincount(cell, minlength=cells))
    tails = []
    for own in np.split(chances[order], ends[:-1]):
        counts = np.arange(len(own) + 1) if len(own) else np.arange(0)
        mass = poisson_binom.pmf(counts, own) if len(own) else counts
        tails.append(np.clip(mass[::-1].cumsum()[::-1], 1e-300, 1))
    return tails
