"""Multi-GAP (Lim et al.): several depths and several streams for the emotion of an image.

labels, folders   which label is which, images in one folder per label, the paper's split
rows, tables      the networks of Table 1, and tables of what they said of the same images
claims, following what the paper says of them, judged
streams, removal, examples    what each stream looks at, and which block carries which emotion
ratings           the same over a real backbone, on photographs that people have rated
"""

from .claims import MARGIN
from .claims import claims as claims_table
from .claims import in_words as claims_in_words
from .examples import CASES, called, cases_figure, cases_table, chosen, example, streams_figure
from .following import beyond_rules
from .following import following as following_table
from .following import in_words as following_in_words
from .ratings import of_oasis, reading, shipped_reading, verdicts
from .removal import carrying, falls
from .rows import BEST
from .streams import (
    agreement_with_rule,
    associations,
    both_streams,
    drawn,
    looking_in_words,
    looking_table,
    shares,
    shipped_network,
    stream_analysis,
)
from .tables import Trials, confusion, shifted, table_1, truncation

__all__ = [
    "BEST",
    "CASES",
    "MARGIN",
    "Trials",
    "agreement_with_rule",
    "associations",
    "beyond_rules",
    "both_streams",
    "called",
    "carrying",
    "cases_figure",
    "cases_table",
    "chosen",
    "claims_in_words",
    "claims_table",
    "confusion",
    "drawn",
    "example",
    "falls",
    "following_in_words",
    "following_table",
    "looking_in_words",
    "looking_table",
    "of_oasis",
    "reading",
    "shares",
    "shifted",
    "shipped_network",
    "shipped_reading",
    "stream_analysis",
    "streams_figure",
    "table_1",
    "truncation",
    "verdicts",
]
