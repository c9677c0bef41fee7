"""The headline: how well matrices find causes, against fair baselines, with an honest spread.

Truth and matrix are never of the same scenes. Truth: effects on a large split of its own
(`truth`). Spread: as many fresh corpora as there are (`fresh`), each with a matrix of its own; an
interval is the middle 95 % of them. Of photographs there is one corpus, which is cut into halves
again and again: one half has the truth, the other the matrix.

All of it holds for one causal rule and one kind of scenes. How much other classes of object would
change is shown by a bootstrap over classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..stats.bootstrap import interval
from ..stats.intervals import middle
from ..stats.ranks import average_precision
from .cells import CAUSAL, LEAST, Matrices, judge
from .contestants import (
    CORRECTED,
    HEADLINE,
    ODDS,
    OWN_BEST,
    PRESENCE,
    PRESENT,
    PUBLISHED,
    SAME_RATE,
)
from .trial import Trial
from .truth import Truth

CUTS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
MEASURES = ("attended", "attention given presence", "log odds")

Corpora = Mapping[str, Sequence[Matrices]]
"""Network -> its matrices on one corpus after the other."""


def judged_corpora(
    truth: Truth,
    corpora: Sequence[Matrices],
    contestants: Mapping[str, tuple[str, str]] = HEADLINE,
    cut: float = CAUSAL,
    least: int = LEAST,
) -> pd.DataFrame:
    """Every contestant on every corpus: indexed by corpus and contestant, as `cells.judge`."""
    effects = truth.judged(least)
    tables = []
    for matrices in corpora:
        there = {n: way for n, way in contestants.items() if way[0] in matrices.counts}
        scores = matrices.scores(there, effects.index)
        tables.append(judge(scores, effects.to_numpy(), cut))
    if not tables:
        return pd.DataFrame(columns=["auroc", "ap", "rho"])
    return pd.concat(tables, keys=range(len(tables)), names=["corpus", "contestant"])


def spread(found: pd.DataFrame) -> pd.DataFrame:
    """Each measure of `judged_corpora` as its mean over corpora with the middle 95 % of them.

    returns : indexed by contestant: auroc, ap, rho, each with _low and _high; corpora
    """
    rows = {}
    for name, table in found.groupby(level="contestant", sort=False):
        row = {"corpora": len(table)}
        for measure in found.columns:
            mean, low, high = middle(table[measure])
            row |= {measure: mean, f"{measure}_low": low, f"{measure}_high": high}
        rows[name] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("contestant")


def by_network(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables of several networks under each other, indexed by network first."""
    known = {name: table for name, table in tables.items() if len(table)}
    return pd.concat(known, names=["network"]) if known else pd.DataFrame()


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """`spread`, and `gain`: average precision less that of presence as log odds, paired."""
    table = spread(found)
    ap = found["ap"].unstack("contestant")[table.index]
    gain = ap.sub(ap[ODDS], axis=0)
    return table.assign(**_ends("gain", gain))


def headline_table(
    truths: Mapping[str, Truth], corpora: Corpora, boxes: pd.DataFrame
) -> pd.DataFrame:
    """Every contestant of every network: what the notebook answers with.

    boxes   : as `fresh_tables.read_boxes`; of its rows "kept" the mean is shown
    returns : indexed by network and contestant: `summary`, and kept, the share of the boxes that
              are above the threshold
    """
    kept = boxes[boxes["measure"] == "kept"].groupby(["network", "name"])["value"].mean()
    tables = {}
    for network, matrices in corpora.items():
        table = summary(judged_corpora(truths[network], matrices))
        tables[network] = table.assign(kept=[kept.get((network, n), np.nan) for n in table.index])
    return by_network(tables)


def _ends(name: str, values: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """A column of means over corpora (rows), and two with the ends of their middle 95 %."""
    return dict(zip((name, f"{name}_low", f"{name}_high"), middle(values), strict=True))


def cut_table(truths: Mapping[str, Truth], corpora: Corpora) -> pd.DataFrame:
    """Average precision over what "causal" means, for every network.

    returns : indexed by network, cut and contestant: ap, and gain (less presence as log odds, on
              the same corpora), with the middle 95 %; causal cells
    """
    tables = {}
    for network, matrices in corpora.items():
        effects = truths[network].judged()
        scores = [m.scores(HEADLINE, effects.index) for m in matrices]
        for cut in CUTS:
            causal = (effects > cut).to_numpy()
            found = [[average_precision(v, causal) for _, v in table.items()] for table in scores]
            ap = pd.DataFrame(found, columns=pd.Index(HEADLINE, name="contestant"))
            ends = _ends("ap", ap) | _ends("gain", ap.sub(ap[ODDS], axis=0))
            tables[network, cut] = pd.DataFrame({**ends, "causal": causal.sum()}, index=ap.columns)
    return pd.concat(tables, names=["network", "cut"]) if tables else pd.DataFrame()


def least_table(
    truths: Mapping[str, Truth], corpora: Corpora, leasts: Sequence[int]
) -> pd.DataFrame:
    """The headline by how many images a cell must have in the truth to be judged, at least."""
    tables = {}
    for network, matrices in corpora.items():
        for least in leasts:
            table = spread(judged_corpora(truths[network], matrices, least=least))
            cells = len(truths[network].judged(least))
            causes = len(truths[network].causes(least))
            tables[network, least] = table.assign(cells=cells, causal=causes)
    return pd.concat(tables, names=["network", "least"]) if tables else pd.DataFrame()


def measure_table(truths: Mapping[str, Truth], corpora: Corpora) -> pd.DataFrame:
    """Average precision of the same counts read by other measures of association."""
    columns = (PRESENT, PUBLISHED, SAME_RATE, OWN_BEST, CORRECTED)
    ways = {f"{c} / {m}": (c, m) for c in columns for m in MEASURES}
    del ways[f"{PRESENT} / attention given presence"]  # 100 everywhere
    return by_network({n: spread(judged_corpora(truths[n], m, ways)) for n, m in corpora.items()})


def class_table(truths: Mapping[str, Truth], corpora: Corpora) -> pd.DataFrame:
    """Average precision over all corpora together, with a 95 % interval over classes of object.

    returns : indexed by network and contestant: ap, and gain (less presence as log odds, on the
              same classes), with _low and _high (BCa); classes
    """
    rows = {}
    for network, matrices in corpora.items():
        effects = truths[network].judged()
        codes, classes = pd.factorize(effects.index.get_level_values("class"))
        scores = together(matrices).scores(HEADLINE, effects.index)
        causal = effects.to_numpy() > CAUSAL

        def ap(weights: NDArray, name: str, codes=codes, scores=scores, causal=causal) -> NDArray:
            return average_precision(scores[name].to_numpy(), causal, weights[:, codes])

        for name in scores:
            row = {"classes": len(classes)}
            for measure, statistic in (
                ("ap", lambda w, n=name, ap=ap: ap(w, n)),
                ("gain", lambda w, n=name, ap=ap: ap(w, n) - ap(w, ODDS)),
            ):
                ends = interval(statistic, len(classes))
                row |= dict(zip((measure, f"{measure}_low", f"{measure}_high"), ends, strict=True))
            rows[network, name] = row
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.rename_axis(["network", "contestant"]) if len(table) else table


def together(corpora: Sequence[Matrices]) -> Matrices:
    """The matrices of several corpora as one: counts add up."""
    tables = [matrices.counts.reset_index() for matrices in corpora]
    images = pd.concat([matrices.images for matrices in corpora]).groupby(level="label").sum()
    counts = pd.concat(tables).groupby(["class", "label"], observed=True).sum()
    of_cell = images.reindex(counts.index.get_level_values("label"))
    return Matrices(counts.assign(images=of_cell.to_numpy()))


def halves(
    trial: Trial, contestants: Mapping[str, tuple[str, float]], times: int = 50, seed: int = 0
) -> Iterator[tuple[Truth, Matrices]]:
    """A corpus cut into halves at random: the truth of one, the matrices of the other."""
    images = trial.objects["image"].unique()
    rng = np.random.default_rng(seed)
    for _ in range(times):
        first = set(rng.permutation(images)[: len(images) // 2])
        other = trial.of(set(images) - first)
        yield trial.of(first).effects, other.matrices(contestants)


def halves_table(
    trial: Trial, contestants: Mapping[str, tuple[str, float]], times: int = 50
) -> pd.DataFrame:
    """`summary` of a corpus of which there is one only, over random halves; a row a contestant.

    Both halves are drawn again each time, so this spreads about as whole corpora of its size do.
    """
    if trial.count < 2:
        return pd.DataFrame()
    tables = {
        number: judged_corpora(truth, [matrices]).droplevel("corpus")
        for number, (truth, matrices) in enumerate(halves(trial, contestants, times))
    }
    found = pd.concat(tables, names=["corpus"])
    return by_network({trial.network: summary(found).assign(kept=np.nan)})


def verdict_table(headline: pd.DataFrame) -> pd.DataFrame:
    """Who finds causes better, and who worse, than presence as log odds, for every network.

    returns : indexed by network and contestant: gain, low, high; better, worse: whether all of the
              middle 95 % of the corpora say so; no row where nothing could be judged
    """
    rows = {}
    for (network, name), row in headline.iterrows():
        if name not in PRESENCE and np.isfinite(row["gain"]):
            ends = {"gain": row["gain"], "low": row["gain_low"], "high": row["gain_high"]}
            rows[network, name] = {**ends, "better": ends["low"] > 0, "worse": ends["high"] < 0}
    found = pd.DataFrame.from_dict(
        rows, orient="index", columns=["gain", "low", "high", "better", "worse"]
    )
    if rows:
        found.index = found.index.set_names(["network", "contestant"])
    return found


def odds_of(headline: pd.DataFrame) -> dict[str, float]:
    """Network -> average precision of presence as log odds: the baseline of its own."""
    if not len(headline):
        return {}
    return headline["ap"].xs(ODDS, level="contestant").to_dict()
