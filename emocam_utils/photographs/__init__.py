"""What drives a network that reads people's ratings of photographs, and what is that worth?

rated     the photographs with people's and the network's ratings, boxes and signed maps
reading   how well the network reads people, beside readers that know less and the raters' agreement
covering  what is rated when the objects of a class are covered
classes   which classes raise and lower a rating: by map, presence, covering and people
evidence  how much of it lies in boxes, and whether that part explains the rating
layout    size, place, people and faces
own       ratings of photographs that nobody has rated
verdict   what can be said, judged from the tables
plots
"""

from . import own, plots
from .classes import (
    agreement_in_words,
    at_confidences,
    class_table,
    measure_agreement,
    sign_table,
)
from .covering import covered_ratings
from .evidence import evidence_in_words, evidence_table, part_table
from .layout import (
    centre_table,
    density_table,
    layout_in_words,
    object_table,
    people_in_words,
    people_table,
)
from .rated import NotRated, Rated, rated
from .reading import (
    calibration_table,
    ceiling_table,
    readers,
    reading_in_words,
    reading_table,
)
from .verdict import verdict_in_words, verdict_table

__all__ = [
    "NotRated", "Rated", "agreement_in_words", "at_confidences", "calibration_table",
    "ceiling_table", "centre_table", "class_table", "covered_ratings", "density_table",
    "evidence_in_words", "evidence_table", "layout_in_words", "measure_agreement",
    "object_table", "own", "part_table", "people_in_words", "people_table", "plots",
    "rated", "readers", "reading_in_words", "reading_table", "sign_table",
    "verdict_in_words", "verdict_table",
]  # fmt: skip
