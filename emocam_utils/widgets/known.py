"""What people, or a rule, say of an image, in words, to stand beside what a network says."""

from __future__ import annotations

from numbers import Number

import pandas as pd

from ..corpora import Corpus, offers

SHOWN = ("emotion", "label", "valence", "arousal", "ambiguity")  # of annotations, if they are there


def known_of(corpus: Corpus, image: str) -> str:
    """The annotated or rated values of an image, or the label of a drawn one; "" if unknown."""
    if offers(corpus, "annotations") and image in corpus.annotations.index:
        row = corpus.annotations.loc[image]
        values = [(name, row[name]) for name in SHOWN if name in row and pd.notna(row[name])]
        return "annotated " + ", ".join(f"{name} {_shown(value)}" for name, value in values)
    if offers(corpus, "label_of"):
        return f"by the rule {corpus.label_of(image)}"
    return ""


def _shown(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, Number) else str(value)
