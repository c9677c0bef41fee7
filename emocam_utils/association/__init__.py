"""Which object classes go with which predicted emotion, and what is such a number worth?

floors      classes beside presence, chance and the corpus drawn again
box_size    does a score favour small boxes?
hierarchy   a man is a person: kinds of a class count for it
plots, explorer
"""

from ..pipeline.analysis import preset_cam
from ..pipeline.counts import sweep_table, threshold_sweep
from ..pipeline.example import example, small_box_example
from ..pipeline.matrix import associate, both_presets, label_counts
from . import plots
from .box_size import binned_medians, importance_by_area, size_bias
from .explorer import AssociationExplorer
from .floors import class_table
from .hierarchy import count_descendants

__all__ = [
    "AssociationExplorer", "associate", "binned_medians", "both_presets", "class_table",
    "count_descendants", "example", "importance_by_area", "label_counts", "plots", "preset_cam",
    "size_bias", "small_box_example", "sweep_table", "threshold_sweep",
]  # fmt: skip
