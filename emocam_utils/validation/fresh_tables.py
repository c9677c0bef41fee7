"""What is kept of fresh corpora: matrices as counts, and a few measures of boxes.

    data/emoscenes/validation/fresh.parquet          network, corpus, class, label, images, present,
                                                     and a column a contestant: images of the cell
                             /fresh-boxes.parquet    network, corpus, measure, name, at, value

`make fresh` writes them. The matrices are judged where they are read, by the shipped truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..pipeline.analysis import Analysis
from ..stats.intervals import middle
from ..stats.ranks import ranked
from ..study import Preset
from .boxes import keep_rate
from .calibration import FOLDER
from .cells import CELL, Matrices, judge
from .contestants import HEADLINE, NOISE, contestants, preset_variant
from .fresh import fresh_ids, in_parallel
from .headline import judged_corpora
from .known import in_order, is_shipped, network_name, read_truth
from .trial import Trial
from .truth import Truth

FILE, BOXES = FOLDER / "fresh.parquet", FOLDER / "fresh-boxes.parquet"
KEPT = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def matrices_of(
    rows: pd.DataFrame, thresholds: pd.DataFrame, presets: Mapping[str, Preset]
) -> Matrices:
    """The matrices of one corpus (rows of `fresh.observed`) under every contestant."""
    counted = rows[rows["probability"] > presets["corrected"].probability]
    return Matrices.of(counted, counted, contestants(thresholds, presets, rows.columns))


def box_table(
    rows: pd.DataFrame, truth: Truth, thresholds: pd.DataFrame, presets: Mapping[str, Preset]
) -> pd.DataFrame:
    """Measures of boxes of one corpus: measure, name, at, value.

    kept  : share of the boxes above each contestant's threshold
    curve : average precision per cell at thresholds that keep a given share (`at`) of the boxes
    """
    counted = rows[rows["probability"] > presets["corrected"].probability].reset_index(drop=True)
    every = np.ones(len(counted), bool)
    chosen = contestants(thresholds, presets, rows.columns)
    found = [
        ("kept", name, np.nan, keep_rate(counted[way], every, limit))
        for name, (way, limit) in chosen.items()
        if name in HEADLINE
    ]
    for name, way in curve_variants(presets).items():
        found += [("curve", name, at, ap) for at, ap in _curve(counted, way, truth)]
    return pd.DataFrame(found, columns=["measure", "name", "at", "value"])


def curve_variants(presets: Mapping[str, Preset]) -> dict[str, str]:
    """What is drawn over thresholds: Grad-CAM under each preset, and random maps."""
    paper, corrected = presets["paper"], presets["corrected"]
    return {
        "as published": preset_variant("gradcam", paper),
        "corrected": preset_variant("gradcam", corrected),
        NOISE: preset_variant("random", corrected),
    }


def _curve(rows: pd.DataFrame, way: str, truth: Truth) -> Iterable[tuple[float, float]]:
    importance = ranked(rows[way])
    limits = {f"{kept}": (way, float(np.quantile(importance, 1 - kept))) for kept in KEPT}
    matrices = Matrices.of(rows, pd.DataFrame({way: importance}), limits)
    effects = truth.judged()
    scores = matrices.scores({n: (n, "attended") for n in limits}, effects.index)
    ap = judge(scores, effects.to_numpy())["ap"]
    for kept, (name, (_, limit)) in zip(KEPT, limits.items(), strict=True):
        reached = (importance > limit).mean() > 0.95 * kept  # not where empty maps and zeros tie
        yield kept, float(ap[name]) if reached else float("nan")


def curve_of(
    objects: pd.DataFrame, importances: pd.DataFrame, truth: Truth, presets: Mapping[str, Preset]
) -> pd.DataFrame:
    """Average precision over thresholds on one corpus: name, kept, ap."""
    rows = pd.concat([objects, importances], axis=1)
    found = [
        (name, kept, ap)
        for name, way in curve_variants(presets).items()
        if way in importances
        for kept, ap in _curve(rows, way, truth)
    ]
    return pd.DataFrame(found, columns=["name", "kept", "ap"])


def save_fresh(
    matrices: Mapping[tuple[str, int], Matrices], boxes: Mapping[tuple[str, int], pd.DataFrame]
) -> None:
    """Write both tables; counts as small as they can be."""
    names = ["network", "corpus"]
    counts = pd.concat({key: m.counts.reset_index() for key, m in matrices.items()}, names=names)
    counts = counts.droplevel(-1).reset_index()
    texts = dict.fromkeys(["network", *CELL], "category")
    small = {c: "UInt16" for c in counts.columns if c not in texts}  # of some corpora only: NA
    counts.astype(texts | small).to_parquet(FILE, compression="zstd", index=False)
    table = pd.concat(boxes, names=names).droplevel(-1).reset_index()
    kinds = dict.fromkeys(["network", "measure", "name"], "category")
    kinds |= {"corpus": np.uint16, "at": np.float32, "value": np.float32}
    table.astype(kinds).to_parquet(BOXES, compression="zstd", index=False)


def read_fresh(file: Path = FILE) -> dict[str, list[Matrices]]:
    """Network -> its matrices, corpus by corpus; nothing where none are shipped."""
    if not file.is_file():
        return {}
    table = pd.read_parquet(file).astype({"class": object, "label": object})
    found: dict[str, list[Matrices]] = {}
    for (network, _), counts in table.groupby(["network", "corpus"], observed=True, sort=True):
        columns = counts.drop(columns=["network", "corpus"]).set_index(CELL)
        columns = columns.dropna(axis=1, how="all").astype(np.int64)
        found.setdefault(network, []).append(Matrices(columns))
    return found


def read_boxes(file: Path = BOXES) -> pd.DataFrame:
    """The measures of boxes; see the head. No row where none are shipped."""
    if not file.is_file():
        return pd.DataFrame(columns=["network", "corpus", "measure", "name", "at", "value"])
    return pd.read_parquet(file).astype({"network": object, "measure": object, "name": object})


def threshold_table(boxes: pd.DataFrame) -> pd.DataFrame:
    """Average precision by share of boxes kept: network, name, kept, ap with ap_low, ap_high."""
    found = boxes[boxes["measure"] == "curve"].groupby(["network", "name", "at"], sort=False)
    rows = []
    for (network, name, kept), table in found:
        rows.append((network, name, kept, *middle(table["value"])))
    return pd.DataFrame(rows, columns=["network", "name", "kept", "ap", "ap_low", "ap_high"])


@dataclass(frozen=True)
class Evidence:
    """What is shipped of all networks; nothing for a study of another network or of photographs.

    truths  : network -> effects of cells; corpora : network -> matrices of fresh corpora
    boxes   : as `read_boxes`
    """

    truths: Mapping[str, Truth]
    corpora: Mapping[str, Sequence[Matrices]]
    boxes: pd.DataFrame

    @classmethod
    def shipped(cls, analysis: Analysis, probability: float) -> Evidence:
        """The study's own network first."""
        if not is_shipped(analysis):
            return cls({}, {}, read_boxes(FOLDER / "none"))
        corpora, own = read_fresh(), network_name(analysis)
        names = sorted(in_order(corpora), key=lambda name: name != own)
        truths = {name: read_truth(name, probability) for name in names}
        return cls(truths, {name: corpora[name] for name in names}, read_boxes())

    @property
    def count(self) -> str:
        """What the spread is over, in words, for a figure."""
        if not self.corpora:
            return "this corpus only, cut into halves 50 times"
        first = next(iter(self.corpora.values()))
        images = np.mean([matrices.images.sum() for matrices in first])
        words = f"{len(first)} fresh corpora of {images:,.0f} images"
        return f"{words}, {len(self.corpora)} networks"

    def corpus(self, split: str) -> str:
        """The name of the scenes that the shipped tables are of; none where there are none."""
        return f"EmoScenes {split} (synthetic)" if self.corpora else ""

    def truth(self, trial: Trial) -> Truth:
        """The truth of a trial's network; where none is shipped, that of its own images."""
        return self.truths.get(trial.network, trial.effects)


def again(
    analysis: Analysis,
    evidence: Evidence,
    thresholds: pd.DataFrame,
    presets: Mapping[str, Preset],
    corpus: int = 0,
) -> pd.DataFrame:
    """One of the shipped corpora drawn and explained here and now, beside what is shipped of it.

    returns : indexed by contestant of the headline: ap (now), shipped; differ (share of the cells
              with another count). No row for a study that is not the whole embedded one
    """
    network, spec = network_name(analysis), analysis.study.corpus
    if network not in evidence.corpora or spec.split != "test" or spec.limit:
        return pd.DataFrame()
    weights = {network: analysis.study.network.weights}
    rows = in_parallel(fresh_ids(corpus), weights, presets, methods=False)[network]
    now, before = matrices_of(rows, thresholds, presets), evidence.corpora[network][corpus]
    truth = evidence.truths[network]
    found = judged_corpora(truth, [now, before])["ap"].unstack("corpus")
    shared = now.counts.index.union(before.counts.index)
    table = pd.DataFrame({"ap": found[0], "shipped": found[1]}).loc[list(HEADLINE)]
    counts = (m.counts.reindex(shared, fill_value=0) for m in (now, before))
    columns = [column for column, _ in HEADLINE.values()]
    first, second = (c[columns].to_numpy() for c in counts)
    return table.assign(differ=(first != second).mean(axis=0))
