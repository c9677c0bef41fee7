"""The tables of what was measured: each part's share of the maps, and what covering it does.

Every mean is over faces, with a 95 % interval from the bootstrap over faces; where untrained copies
come in, all faces of a copy are drawn together.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...stats.bootstrap import TIMES, Means
from .measured import FLOORS, Measured
from .template import REGIONS


def importance_table(measured: Measured, times: int = TIMES, seed: int = 0) -> pd.DataFrame:
    """Part by part, the share of each method's map, by the part's area.

    returns : network, method, faces, emotion, part, area (share of the image), n, empty (maps
              without a positive cell, which have no share), per_area (_low, _high; 1 for a map that
              is the same everywhere), untrained (_low, _high; the same of untrained copies), beyond
              (_low, _high; per_area less untrained, paired by face), random (of random maps) and
              ceiling (the highest per_area that maps of so few cells can have)
    """
    parts = []
    for method in measured.untrained:
        values, floor = measured.shares[method], measured.untrained[method]
        for group, rows in _groups(measured, method=method):
            copies = measured.faces["copy"].to_numpy()[rows]
            columns = {}
            for name, of, units in (
                ("per_area", values, None),
                ("untrained", floor, copies),
                ("beyond", values - floor, copies),
            ):
                columns |= _columns(name, Means.over(of[rows] / measured.areas, times, seed, units))
            random = Means.over(measured.shares[FLOORS[method]][rows] / measured.areas, 1)
            empty = int(np.isnan(values[rows]).any(axis=1).sum())
            extra = {"random": random.value, "ceiling": measured.ceilings[method]}
            parts.append(group.assign(empty=empty, **columns, **extra))
    return pd.concat(parts, ignore_index=True)


def occlusion_table(measured: Measured, times: int = TIMES, seed: int = 0) -> pd.DataFrame:
    """Part by part, what covering it takes from the emotion that is explained.

    returns : network, measure (logit, probability, or accuracy: share of the faces), faces,
              emotion, part, area, n, drop (_low, _high), per_percent (the drop for each percent of
              the image that is covered), random (_low, _high: covers of the same shape at random
              places) and beyond (_low, _high: drop less random, paired by face)
    """
    parts = []
    for measure, values in measured.drops.items():
        elsewhere = measured.elsewhere[measure]
        for group, rows in _groups(measured, measure=measure):
            drop, random, beyond = (
                Means.over(of[rows], times, seed) for of in (values, elsewhere, values - elsewhere)
            )
            columns = _columns("drop", drop)
            columns |= _columns("per_percent", drop.scaled(1 / (100 * measured.areas)))
            columns |= _columns("random", random) | _columns("beyond", beyond)
            parts.append(group.assign(**columns))
    return pd.concat(parts, ignore_index=True)


def _groups(measured: Measured, **names: str) -> Iterator[tuple[pd.DataFrame, NDArray[np.int64]]]:
    """The first columns of each group of faces, a row a region, and the rows of its faces."""
    for faces, emotion, rows in measured.groups():
        first = {"network": measured.network, **names, "faces": faces, "emotion": emotion}
        table = pd.DataFrame(first | {"part": REGIONS, "area": measured.areas, "n": len(rows)})
        yield table, rows


def _columns(name: str, means: Means) -> dict[str, np.ndarray]:
    return {name: means.value, f"{name}_low": means.low, f"{name}_high": means.high}
