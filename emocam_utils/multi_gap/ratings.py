"""Multi-GAP over a real backbone: do earlier blocks help to read people's ratings of photographs?

OASIS, MobileNetV2 of ImageNet as the Object stream, its blocks' outputs averaged over space, ridge
regression with its penalty chosen inside the training folds, folds of whole themes. The reduction
to 64 channels is linear, and so is a ridge: MG is a ridge on all blocks' means. More columns may
help by themselves, so others of the same number stand beside. Axes: N images, C columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.decomposition import PCA
from torch import nn

from .. import paths
from ..corpora.oasis import DIMENSIONS
from ..downloads import assets
from ..networks.multi_gap import REDUCED
from ..networks.multi_gap_weights import imagenet_blocks
from ..pipeline.analysis import Analysis
from ..pipeline.code import file_hash
from ..stats.agreement import explained, pearson
from ..stats.bootstrap import resampled_rows
from ..stats.intervals import percentile
from ..stats.ridge import FOLDS, cross_fitted, group_folds
from ..study import ModelSpec, Study
from .rows import BLOCKS
from .tables import FOLDER

WEIGHTS = paths.RAW / "networks" / "mobilenet_v2_1.0_224_quant.tflite"
INPUT_SIZE = (225, 289)  # height, width: 32 k + 1, as mobilenetv2's padding wants
WHOLE, LAST = "all blocks", "last block"
MEASURES = ("r", "R2", "quadrants")
SHIPPED = FOLDER / "oasis.csv"


class BlockMeans(nn.Module):
    """(1, 3, H, W) -> the blocks' outputs averaged over space, a tensor (C_i,) each."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(imagenet_blocks(path)[0])

    @torch.no_grad()
    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        found = []
        for block in self.blocks:
            image = block(image)
            found.append(image.mean((2, 3))[0])
        return found


def block_means(analysis: Analysis) -> list[NDArray[np.float32]]:
    """Of each block (N, C_i), in the order of `analysis.ids`. Errors: AssetError without weights"""
    assets.require(WEIGHTS)
    made = analysis.recipe("block-means", BlockMeans, _read, weights=WEIGHTS, size=INPUT_SIZE)
    network = BlockMeans(WEIGHTS).eval()

    def compute(ids: list[str], _: list[str]) -> dict[str, pd.DataFrame]:
        rows = [network(_read(analysis.corpus.read(image))) for image in ids]
        columns = {f"block {k}": [row[k - 1].numpy() for row in rows] for k in range(1, BLOCKS + 1)}
        return {"means": pd.DataFrame({"image": ids, **columns})}

    found = analysis.run({"means": made}, compute, "blocks of MobileNetV2")["means"]
    return [np.stack(found[f"block {k}"].to_list()) for k in range(1, BLOCKS + 1)]


def _read(image: Image.Image) -> torch.Tensor:
    height, width = INPUT_SIZE
    pixels = np.array(image.convert("RGB").resize((width, height)), dtype=np.float32)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None] / 127.5 - 1


def readers(blocks: list[NDArray], seed: int = 0) -> dict[str, NDArray]:
    """What ratings are read from, by name: (N, columns) each.

    Each block alone, the first k, all; and controls for all: the last with as many columns of
    noise as the others have; all blocks reduced to 64 columns each, as Multi-GAP does, and the
    last block reduced to as many columns as these together (principal components, which know no
    rating).
    """
    count = len(blocks)
    found = {f"block {k} alone": blocks[k - 1] for k in range(1, count)}
    found[LAST] = blocks[-1]
    found |= {f"blocks 1-{k}": np.hstack(blocks[:k]) for k in range(2, count)}
    found[WHOLE] = np.hstack(blocks)
    others = np.hstack(blocks[:-1])
    noise = np.random.default_rng(seed).standard_normal(others.shape)
    found["last block and noise"] = np.hstack([blocks[-1], noise])
    reduced = np.hstack([_components(block, REDUCED) for block in blocks])
    found["all blocks, 64 each"] = reduced
    found["last block, as many"] = _components(blocks[-1], reduced.shape[1])
    return found


def _components(features: NDArray, most: int) -> NDArray[np.float64]:
    """The first principal components of standardised features; all of them where these are few."""
    spread = features.std(axis=0)
    standard = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1)
    count = min(most, *standard.shape)
    return PCA(count, svd_solver="full").fit_transform(standard)


PAIRS = (
    (WHOLE, LAST),
    ("all blocks, 64 each", "last block, as many"),
    (WHOLE, "last block and noise"),
)
"""What is compared: Multi-GAP and the last block, and the same at equal numbers of columns."""


def reading(analysis: Analysis, times: int = 2000, seed: int = 0) -> pd.DataFrame:
    """How well each reader reads people's ratings of themes it has not seen.

    returns : reader, columns, dimension (valence, arousal, or "both" for quadrants), measure (r,
              R2; percent of photographs in the right quadrant), value, low, high (over themes); for
              the first of each of `PAIRS` also `less` (the other) and the paired difference as
              `more`, `more low`, `more high`
    """
    rated = analysis.corpus.annotations.loc[analysis.ids]
    people, themes = rated[list(DIMENSIONS)].to_numpy(float), rated["theme"].to_numpy()
    fold = group_folds(themes, min(FOLDS, len(np.unique(themes))), seed)
    weights = resampled_rows(themes, times, seed)
    sources = readers(block_means(analysis), seed)
    read = {name: cross_fitted(x, people, themes, fold)[0] for name, x in sources.items()}
    measured = {name: _measured(people, values, weights) for name, values in read.items()}
    rows = []
    for name, found in measured.items():
        for (dimension, measure), (value, samples) in found.items():
            row = {"reader": name, "columns": sources[name].shape[1], "dimension": dimension}
            row |= {"measure": measure, "value": value}
            row |= dict(zip(("low", "high"), percentile(samples), strict=True))
            for mine, other in PAIRS:
                if mine == name:
                    less, drawn = measured[other][dimension, measure]
                    ends = percentile(samples - drawn)
                    pair = {"less": other, "more": value - less}
                    rows.append(row | pair | {"more low": ends[0], "more high": ends[1]})
            if name not in {mine for mine, _ in PAIRS}:
                rows.append(row)
    return pd.DataFrame(rows)


def _measured(people: NDArray, read: NDArray, weights: NDArray) -> dict:
    """(dimension, measure) -> value and its samples (T,)."""
    found = {}
    for place, dimension in enumerate(DIMENSIONS):
        both = people[:, place], read[:, place]
        for name, measure in (("r", pearson), ("R2", explained)):
            found[dimension, name] = float(measure(*both)), measure(*both, weights)
    centre = people.mean(axis=0)
    right = 100.0 * ((people > centre) == (read > centre)).all(axis=1)
    found["both", "quadrants"] = right.mean(), weights @ right / weights.sum(axis=1)
    return found


def verdicts(table: pd.DataFrame) -> list[str]:
    """For each comparison of `PAIRS`: do earlier blocks help?"""
    said = []
    for row in table.dropna(subset=["more"]).to_dict("records"):
        low, high = row["more low"], row["more high"]
        what = "helps" if low > 0 else "harms" if high < 0 else "makes no clear difference"
        of = "quadrants (points)" if row["measure"] == "quadrants" else (
            f"{row['measure']} of {row['dimension']}")  # fmt: skip
        said.append(
            f"{of}: {row['reader']} rather than {row['less']} {what} "
            f"({row['more']:+.3f} [{low:+.3f}, {high:+.3f}])"
        )
    return said


def shipped_reading() -> pd.DataFrame:
    """`reading` of the 900 photographs, as it was published. Errors: FileNotFoundError"""
    if not SHIPPED.is_file():
        raise FileNotFoundError(f"there is no {SHIPPED}. Restore it, or `make train-multi-gap`")
    return pd.read_csv(SHIPPED)


@dataclass(frozen=True)
class Shown:
    """What a figure of the photographs says that it is of, in the folder of any study."""

    study: Study
    corpus: SimpleNamespace
    hashes: dict[str, str]


def of_oasis(analysis: Analysis) -> Shown:
    """For `save_figure`: OASIS and MobileNetV2, whatever the study's own corpus and network are."""
    own = analysis.study.corpus.kind == "oasis"
    spec = ModelSpec(name="blocks of MobileNetV2", weights=WEIGHTS)
    return Shown(
        analysis.study.model_copy(update={"network": spec, "note": ""}),
        SimpleNamespace(name=analysis.corpus.name if own else "OASIS"),
        analysis.hashes if own else {"table": file_hash(SHIPPED)},
    )
