"""EmoNet's valence and arousal: linear in its 20 logits (Kragel et al. 2019; emonet-py).

Axes: N images. The units are those of the ratings that the original authors fitted, not those of
any corpus: compare by correlation. They are functions of stored logits, so no network runs again.
"""

from __future__ import annotations

import numpy as np
from emonet_py.emonet_arousal import EmoNetArousal
from emonet_py.emonet_valence import EmoNetValence
from numpy.typing import ArrayLike, NDArray

from .emonet import EMONET_LABELS


def emonet_valence(logits: ArrayLike) -> NDArray[np.float64]:
    """Valence, (N,), from logits (N, 20) in the order of EMONET_LABELS; higher is more pleasant.

    emonet-py feeds it the logits, since its network is in training mode there; in eval mode the
    same class would feed probabilities and return other numbers.
    """
    return _linear(logits, EmoNetValence.FC_WEIGHTS, EmoNetValence.FC_BIAS)


def emonet_arousal(logits: ArrayLike) -> NDArray[np.float64]:
    """Arousal, (N,), from logits (N, 20) in the order of EMONET_LABELS; see `emonet_valence`."""
    return _linear(logits, EmoNetArousal.FC_WEIGHTS, EmoNetArousal.FC_BIAS)


def _linear(logits: ArrayLike, weights: list[float], bias: float) -> NDArray[np.float64]:
    values = np.asarray(logits, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(EMONET_LABELS):
        raise ValueError(
            f"logits have shape {values.shape}; expected (images, {len(EMONET_LABELS)}), EmoNet's"
        )
    return values @ np.asarray(weights, dtype=np.float64) + bias
