"""Do maps of faces depend on the class and on what was learnt? Numbers beside the pictures.

A saliency map can look convincing and show no more than the image's edges. Two checks: does it
change with the class it explains (Nie et al. 2018), and does it change when the network forgets
what it learnt (Adebayo et al. 2018, model parameter randomisation)? The floor is how alike the maps
of two different faces are, which have only the framing of a face in common: a map that keeps more
than that when the class or the weights change shows the image.

Axes: L labels, N faces, H x W pixels or cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import torch

from ..cams.saliency import RULES
from ..networks.untrained import untrained
from ..progress import progress
from ..stats.bootstrap import Means
from .analysis import FaceAnalysis
from .maps import KIND_NAMES, KINDS, alikeness
from .reading import face_logits

CHANGES = ("another emotion", "untrained weights", "another face (floor)")
OTHERS = 5  # faces with which each is compared, at most


def dependence_table(
    analysis: FaceAnalysis,
    faces: Sequence[str],
    seeds: Sequence[int] = (0, 1),
    draws: int = 500,
) -> pd.DataFrame:
    """How alike maps stay when something else is explained: Spearman's rho with the original map.

    faces   : with one there is no floor, and no interval that says anything
    seeds   : of the untrained copies, over which is averaged
    returns : rows of map, rule, changed (one of CHANGES), rho, low and high (95 % bootstrap over
              faces), n. "another emotion" is the mean over every two of the network's labels, the
              others are of the predicted label. The positive part of class activation maps is
              compared; NaN if all are flat
    """
    network = analysis.network
    images = torch.cat([analysis.input(face) for face in faces])
    predicted = face_logits(network, images).argmax(1)
    copies = [untrained(network, seed) for seed in seeds]
    rows = []
    for kind, rule in progress([(k, r) for k in KINDS for r in RULES], label="comparing maps"):

        def maps(of, targets, kind=kind, rule=rule):
            return KINDS[kind](of, images, targets, rule).clamp(min=0).numpy()

        labels = range(len(network.labels))
        every = np.stack([maps(network, torch.full_like(predicted, k)) for k in labels])
        own = every[predicted.numpy(), np.arange(len(faces))]
        shifts = range(1, min(len(faces), OTHERS + 1))
        found = (
            [alikeness(one, other) for one, other in combinations(every, 2)],
            [alikeness(own, maps(copy, predicted)) for copy in copies],
            [alikeness(own, np.roll(own, shift, axis=0)) for shift in shifts],
        )
        for change, values in zip(CHANGES, found, strict=True):
            each = pd.DataFrame(values).mean().to_numpy()
            means = Means.over(each[:, None], draws)
            numbers = (means.value[0], means.low[0], means.high[0])
            rows.append((KIND_NAMES[kind], rule, change, *numbers, len(faces)))
    return pd.DataFrame(rows, columns=["map", "rule", "changed", "rho", "low", "high", "n"])
