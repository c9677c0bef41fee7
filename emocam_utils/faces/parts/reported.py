"""The tables of what was measured: each part's share of the maps, and what covering it does.

Every mean is over faces, with a 95 % interval from the bootstrap over faces.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...stats.bootstrap import TIMES, Means
from .measured import FLOORS, Measured
from .template import REGIONS


def importance_table(measured: Measured, times: int = TIMES, seed: int = 0) -> pd.DataFrame:
    """Part by part, the share of each method's map.

    returns : network, weights ("trained", "untrained", or "none" for random maps), method, faces,
              emotion, part, area (share of the image), n, empty (maps without a positive cell,
              which have no share), share (_low, _high), per_area (_low, _high; 1 for a map that is
              the same everywhere) and ceiling (the highest per_area that maps of so few cells can
              have)
    """
    parts = []
    for weights, of in (("trained", measured.shares), ("untrained", measured.untrained)):
        for method, values in of.items():
            random = method in FLOORS.values()
            for faces, emotion, rows in measured.groups():
                means = Means.over(values[rows], times, seed)
                relative = means.scaled(1 / measured.areas)
                parts.append(
                    pd.DataFrame(
                        {
                            "network": measured.network,
                            "weights": "none" if random else weights,
                            "method": method,
                            "faces": faces,
                            "emotion": emotion,
                            "part": REGIONS,
                            "area": measured.areas,
                            "n": len(rows),
                            "empty": int(np.isnan(values[rows]).any(axis=1).sum()),
                            **_columns("share", means),
                            **_columns("per_area", relative),
                            "ceiling": measured.ceilings[method],
                        }
                    )
                )
    return pd.concat(parts, ignore_index=True)


def occlusion_table(measured: Measured, times: int = TIMES, seed: int = 0) -> pd.DataFrame:
    """Part by part, what covering it takes from the emotion that is explained.

    returns : network, measure (logit, probability, or accuracy: share of the faces), faces,
              emotion, part, area, n, drop (_low, _high), per_percent (the drop for each percent of
              the image that is covered), random (_low, _high: covers of the same shape at random
              places) and beyond (_low, _high: drop less random, paired by face)
    """
    percent = 100 * measured.areas
    parts = []
    for measure, values in measured.drops.items():
        elsewhere = measured.elsewhere[measure]
        for faces, emotion, rows in measured.groups():
            drop = Means.over(values[rows], times, seed)
            parts.append(
                pd.DataFrame(
                    {
                        "network": measured.network,
                        "measure": measure,
                        "faces": faces,
                        "emotion": emotion,
                        "part": REGIONS,
                        "area": measured.areas,
                        "n": len(rows),
                        **_columns("drop", drop),
                        **_columns("per_percent", drop.scaled(1 / percent)),
                        **_columns("random", Means.over(elsewhere[rows], times, seed)),
                        **_columns("beyond", Means.over((values - elsewhere)[rows], times, seed)),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def _columns(name: str, means: Means) -> dict[str, np.ndarray]:
    return {name: means.value, f"{name}_low": means.low, f"{name}_high": means.high}
