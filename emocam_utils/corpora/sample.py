"""Some images of a corpus, for what takes too long for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import Corpus


@dataclass(frozen=True)
class Sample:
    """A corpus of fewer images; everything else, its name too, is that of the whole one."""

    corpus: Corpus
    ids: Sequence[str]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.corpus, name)


def spread(ids: Sequence[str], count: int) -> list[str]:
    """Images at equal distances through a corpus, its first and last among them."""
    places = np.linspace(0, len(ids) - 1, min(count, len(ids))).round().astype(int)
    return [ids[place] for place in places]
