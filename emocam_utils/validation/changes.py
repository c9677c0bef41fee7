"""What the network says of a picture and of changed versions of it.

Axes: N pictures, L labels. The label is always the one predicted for the whole picture.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.special import softmax

from ..networks import EmotionNetwork

MEASURES = ("probability", "logit")


def logits_of(
    network: EmotionNetwork, pictures: Sequence[Image.Image], device: torch.device
) -> np.ndarray:
    """(N, L) logits of pictures of any size."""
    with torch.no_grad():
        images = torch.stack([network.preprocess(picture) for picture in pictures]).to(device)
        return network.head(network.features(images)).double().cpu().numpy()


def logits_without(
    network: EmotionNetwork,
    whole: Image.Image,
    changed: Sequence[Image.Image],
    device: torch.device,
) -> np.ndarray:
    """(1 + N, L) logits of a picture and its changed versions.

    A version in which no pixel differs has the picture's own logits to the last bit, whatever its
    place in the batch: what the network cannot see has no effect, not even a rounding error.
    """
    original = np.asarray(whole)
    differ = [not np.array_equal(original, np.asarray(picture)) for picture in changed]
    seen = [picture for picture, differs in zip(changed, differ, strict=True) if differs]
    passed = logits_of(network, [whole, *seen], device)
    rows = np.where(differ, np.cumsum(differ), 0)
    return passed[np.concatenate([[0], rows]).astype(int)]


def changes(logits: NDArray[np.float64], labels: Sequence[str]) -> pd.DataFrame:
    """How each change moves the predicted label.

    logits  : (1 + N, L), of the whole picture and of its N versions
    returns : (N rows) label, probability, logit of the whole picture; label_without,
              probability_drop, logit_drop: the whole picture's value less the version's
    """
    target = int(logits[0].argmax())
    values = {"probability": softmax(logits, axis=1)[:, target], "logit": logits[:, target]}
    table = pd.DataFrame({"label_without": [labels[i] for i in logits[1:].argmax(axis=1)]})
    table["label"] = labels[target]
    for measure in MEASURES:
        table[measure] = values[measure][0]
        table[f"{measure}_drop"] = values[measure][0] - values[measure][1:]
    return table
