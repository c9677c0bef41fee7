"""What is in the corpus, what is known of it, and what detector and network find in one image?

sheets                          contact sheets, the classes and the rule of EmoScenes
annotations, annotation_plots   what FindingEmo's annotators say
plots                           the pipeline on one image, and detections
photo_explorer, covering        your own photograph, and it without each object
"""

from ..heatmaps import association_figure
from ..names import preset_name
from ..pipeline.example import clear_example, example
from ..pipeline.matrix import class_counts
from ..widgets.image_explorer import ImageExplorer
from . import annotation_plots, annotations, plots, sheets
from .photo_explorer import PhotoExplorer

__all__ = [
    "ImageExplorer", "PhotoExplorer", "annotation_plots", "annotations", "association_figure",
    "class_counts",
    "clear_example", "example", "plots", "preset_name", "sheets",
]  # fmt: skip
