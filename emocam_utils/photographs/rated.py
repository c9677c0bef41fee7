"""Photographs that people have rated, what a network rates them, and what is found in them.

Everything else in this section is arithmetic on a `Rated`. Photographs of a theme ("Dog",
"Funeral") are alike, so every interval is over themes: a bootstrap sample draws a theme whole.

Axes: N photographs, K classes, T bootstrap samples, h x w cells of a map.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..corpora import offers
from ..pipeline.analysis import Analysis
from ..pipeline.dimensions import (
    contributions,
    covered,
    dimension_maps,
    dimensions_of,
    ratings,
)
from ..pipeline.tables import map_array
from ..stats.bootstrap import TIMES, resampled_rows

CORNERS = ["x0", "y0", "x1", "y1"]
NETWORK = "network_"


class NotRated(ValueError):
    """A corpus that nobody has rated, or a network without ratings."""


@dataclass(frozen=True)
class Rated:
    """One row a photograph, in one order everywhere.

    photographs : indexed by image: theme, category, fold, width, height, and for each dimension
                  <dimension> (people's mean), <dimension>_sd, <dimension>_n, network_<dimension>
    boxes       : image, class, confidence, x0, y0, x1, y1; all that the detector finds
    maps        : dimension -> (N, h, w), exact and signed: the mean over cells and a constant make
                  the network's rating
    confidence  : boxes above it count
    """

    photographs: pd.DataFrame
    boxes: pd.DataFrame
    maps: dict[str, NDArray[np.float64]]
    confidence: float

    @property
    def dimensions(self) -> tuple[str, ...]:
        return tuple(self.maps)

    @cached_property
    def sure(self) -> pd.DataFrame:
        """The boxes that count."""
        return self.boxes[self.boxes["confidence"] > self.confidence]

    def at(self, confidence: float) -> Rated:
        """The same with other boxes counted."""
        return replace(self, confidence=confidence)

    def people(self, dimension: str) -> NDArray[np.float64]:
        """People's mean ratings, (N,)."""
        return self.photographs[dimension].to_numpy(dtype=np.float64)

    def network(self, dimension: str) -> NDArray[np.float64]:
        """The network's ratings, (N,)."""
        return self.photographs[NETWORK + dimension].to_numpy(dtype=np.float64)

    @cached_property
    def themes(self) -> NDArray:
        return self.photographs["theme"].to_numpy()

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """How often each photograph is drawn when its theme is, (T, N)."""
        return resampled_rows(self.themes, TIMES).astype(np.float64)

    @cached_property
    def contributions(self) -> pd.DataFrame:
        """One row a photograph and class; see `pipeline.dimensions.contributions`."""
        images = self.photographs.reset_index()
        sizes = images[["image", "width", "height"]]
        tables = {name: _table(images["image"], cams) for name, cams in self.maps.items()}
        return contributions(self.sure, tables, sizes)

    @cached_property
    def cover(self) -> NDArray[np.float64]:
        """Share of each cell that lies in any box, (N, h, w)."""
        cells = next(iter(self.maps.values())).shape[1:]
        of_image = dict(tuple(self.sure.groupby("image", sort=False)))
        sizes = self.photographs[["height", "width"]].itertuples()
        return np.array(
            [
                covered(of_image[row.Index][CORNERS].to_numpy(), (row.height, row.width), cells)
                if row.Index in of_image
                else np.zeros(cells)
                for row in sizes
            ]
        ).reshape(-1, *cells)

    def classes(self, least: int) -> list[str]:
        """Classes that at least so many photographs have, the most frequent first."""
        counts = self.contributions["class"].astype(str).value_counts()
        return sorted(counts.index[counts >= least], key=lambda name: (-counts[name], name))

    def present(self, classes: Sequence[str]) -> NDArray[np.bool_]:
        """Whether a photograph has a class, (N, K)."""
        return ~np.isnan(self.wide(self.contributions, "area", classes))

    def wide(self, table: pd.DataFrame, column: str, classes: Sequence[str]) -> NDArray[np.float64]:
        """A column of a table with one row a photograph and class as (N, K); NaN without a row."""
        found = np.full((len(self.photographs), len(classes)), np.nan)
        row = self.photographs.index.get_indexer(table["image"])
        place = pd.Index(classes).get_indexer(table["class"].astype(str))
        known = (row >= 0) & (place >= 0)
        found[row[known], place[known]] = table[column].to_numpy(dtype=np.float64)[known]
        return found

    def words(self) -> str:
        """What was counted."""
        themes, sure = len(np.unique(self.themes.astype(str))), len(self.sure)
        return (
            f"{len(self.photographs)} photographs of {themes} themes, {sure:,} boxes above "
            f"confidence {self.confidence:g}"
        )


def rated(analysis: Analysis, confidence: float) -> Rated:
    """The photographs of a study that people have rated, as its network rates them.

    Errors: NotRated for a network or a corpus without ratings
    """
    dimensions = dimensions_of(analysis)
    said = analysis.corpus.annotations if offers(analysis.corpus, "annotations") else pd.DataFrame()
    missing = [column for column in (*dimensions, "theme") if column not in said]
    if missing or not dimensions:
        lack = (
            f"the corpus has no {', '.join(missing)}" if dimensions else "the network rates nothing"
        )
        raise NotRated(
            f"study {analysis.study.name}: {lack}. 08_photographs compares people's ratings with a "
            "network's: STUDY=oasis"
        )
    table = said.loc[analysis.ids].rename_axis("image")
    made = ratings(analysis).set_index("image").loc[analysis.ids]
    sizes = analysis.manifest.set_index("image").loc[analysis.ids]
    table = table.assign(
        fold=_folds(analysis, sizes["digest"]), width=sizes["width"], height=sizes["height"]
    )
    maps = {}
    for dimension, cams in dimension_maps(analysis).items():
        table[NETWORK + dimension] = made[dimension]
        by_image = cams.set_index("image").loc[analysis.ids]
        maps[dimension] = np.stack([map_array(row) for _, row in by_image.iterrows()])
    return Rated(table, analysis.boxes, maps, confidence)


def _folds(analysis: Analysis, digests: pd.Series) -> list[int]:
    """Which head rates each photograph; 0 for a network that has one head only."""
    heads = getattr(analysis.network, "heads", None)
    return [heads.of(digest) if heads else 0 for digest in digests]


def _table(images: Sequence[str], cams: NDArray) -> pd.DataFrame:
    """Maps as a table, a row a photograph."""
    count, height, width = cams.shape
    columns = {"image": list(images), "height": height, "width": width}
    return pd.DataFrame(columns).assign(map=list(cams.reshape(count, -1)))
