"""The images behind a cell of the matrix, and those that speak against it.

Axes: P pairs (image, class), as in `pipeline.counts.Tally`.
"""

from __future__ import annotations

import numpy as np

from ..pipeline.counts import Tally
from ..study import Preset

GROUPS = {
    "attended": "attended",
    "passed over": "detected, not attended",
    "other label": "attended, another label",
}
ORDERS = {
    "importance": "importance of the class",
    "confidence": "detector's confidence",
    "probability": "probability of the emotion",
}


def images_of_cell(
    tally: Tally, cell: tuple[str, str], preset: Preset, order: str = "importance"
) -> dict[str, list[str]]:
    """Images that count, by group, the highest first.

    cell    : class and label
    order   : a key of ORDERS; of boxes of the class in the image, the highest one's value
    returns : "attended", those that the cell counts; "passed over", of the label with the class
              detected and not attended; "other label", with the class attended and another label
    """
    kind, label = tally.classes.index(cell[0]), tally.labels.index(cell[1])
    of_class = tally.cell // len(tally.labels) == kind
    of_label = tally.cell % len(tally.labels) == label
    attended, present = tally.attended(preset), tally.present(preset)
    groups = {
        "attended": of_label & attended,
        "passed over": of_label & present & ~attended,
        "other label": ~of_label & attended,
    }
    values = {
        "importance": lambda: tally.highest_importance(preset),
        "confidence": lambda: tally.confidence,
        "probability": lambda: tally.probability[tally.pair_image],
    }[order]()
    found = {}
    for name, group in groups.items():
        rows = np.flatnonzero(of_class & group)
        rows = rows[np.argsort(-values[rows], kind="stable")]
        found[name] = tally.images[tally.pair_image[rows]].tolist()
    return found
