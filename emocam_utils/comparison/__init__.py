"""Do different CAM methods say the same, and more alike than methods that know nothing?

rsa           what methods choose, as vectors, and Spearman's correlation of these (Fig. 6)
agreement     the methods of a study against their floors
fresh         the same on fresh corpora: is the interval right?
differences   single images, boxes kept, and the cells on which methods differ
plots
"""

from ..corpora import picture
from ..pipeline.detections import believed
from ..pipeline.matrix import associate
from . import plots
from .agreement import above_floors, contests, floor_table, made_by, pair_table, rivals, verdict
from .differences import (
    example_images,
    matrices,
    matrix_table,
    method_table,
    scaled_maps,
    scipy_agreement,
    spread_table,
)
from .fresh import read_agreement, repeated

__all__ = [
    "above_floors", "associate", "believed", "contests", "example_images", "floor_table", "made_by",
    "matrices", "matrix_table", "method_table", "pair_table", "picture", "plots",
    "read_agreement", "repeated", "rivals", "scaled_maps", "scipy_agreement", "spread_table",
    "verdict",
]  # fmt: skip
