"""Object paste (EmoCAM, Section 3.2): a cut-out object put into images, and what the label does.

objects    cut-out pictures, from files or drawn
overlays   where in an image one lies and how large, and controls that hide the same pixels
plans      which variants of an image to try: an object on a grid, or on boxes beside its controls
variants   what the network says of them: stored stages
rates      how often the label changed, and whether the map went along
cues       what EmoScenes' rule says of a pasted cue, and whether the network agrees
look       one image looked at closely: Fig. 3.A, and what the explorer shows
"""

from ..corpora import picture
from . import cues, plots, rates
from .explorer import PasteExplorer
from .look import images_with_people, moved, probability_table
from .objects import read_objects
from .overlays import positions_table
from .plans import target_boxes
from .variants import box_variants, grid_variants, with_before

__all__ = [
    "PasteExplorer",
    "box_variants",
    "cues",
    "grid_variants",
    "images_with_people",
    "moved",
    "picture",
    "plots",
    "positions_table",
    "probability_table",
    "rates",
    "read_objects",
    "target_boxes",
    "with_before",
]
