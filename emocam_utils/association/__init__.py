"""Which object classes go with which predicted emotion, and what is such a number worth?

given_presence  is a class attended more than its presence makes it? a test of every cell
floors          classes beside presence, chance and the corpus drawn again
causes          what the corpus knows: the planted causes of EmoScenes
box_size        does a score favour small boxes?
published       what EmoCAM reports in Section 3.1, judged where it can be asked
hierarchy       a man is a person: kinds of a class count for it
plots, explorer
"""

from ..pipeline.analysis import preset_cam
from ..pipeline.counts import sweep_table, threshold_sweep
from ..pipeline.detections import believed
from ..pipeline.dimensions import clusters_of
from ..pipeline.example import example, small_box_example
from ..pipeline.matrix import associate, both_presets, label_counts
from ..pipeline.noise import noise_importance, noise_methods
from . import plots
from .box_size import binned_medians, importance_by_area, size_bias
from .causes import absent_cells, boxes_there, causal_boxes, planted_causes
from .explorer import AssociationExplorer
from .floors import (
    attention_where_present,
    beside_presence_table,
    cell_table,
    class_table,
    lasting_classes,
)
from .given_presence import chosen_boxes, counted_boxes, dots_in_words, given_presence
from .hierarchy import count_descendants
from .published import claims_in_words, published_claims

__all__ = [
    "AssociationExplorer", "absent_cells", "associate", "attention_where_present", "believed",
    "beside_presence_table", "binned_medians", "both_presets", "boxes_there", "causal_boxes",
    "cell_table", "chosen_boxes", "claims_in_words", "class_table", "clusters_of",
    "count_descendants", "counted_boxes", "dots_in_words", "example", "given_presence",
    "importance_by_area", "label_counts", "lasting_classes", "noise_importance", "noise_methods",
    "planted_causes", "plots", "preset_cam", "published_claims", "size_bias", "small_box_example",
    "sweep_table", "threshold_sweep",
]  # fmt: skip
