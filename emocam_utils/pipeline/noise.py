"""Maps of smooth noise in place of a method's: what a score makes of boxes, whatever is in them.

One draw can flip a verdict, so there are twenty.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..cams.random_cam import RandomCam
from .tables import box_importance

SEEDS = range(20)


def noise_methods(seeds: range = SEEDS) -> dict[str, RandomCam]:
    """The methods "random/0", "random/1", …, for one pass with others."""
    return {f"random/{seed}": RandomCam(seed=seed) for seed in seeds}


def noise_importance(
    boxes: pd.DataFrame, images: pd.DataFrame, maps: Mapping[str, pd.DataFrame], score: str
) -> NDArray[np.float64]:
    """Importance of every box under each map of noise, (R, len(boxes)).

    maps : as `Analysis.maps` gives them; those that are no noise are left out
    """
    own = [table for name, table in maps.items() if name.startswith("random/")]
    values = [box_importance(boxes, table, images, score) for table in own]
    return np.array(values).reshape(len(own), len(boxes))
