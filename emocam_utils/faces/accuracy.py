"""How often a network names the emotion of a face: accuracy, confusion, figures of each emotion.

Axes: N faces, L labels of the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix
from torch import nn

from ..stats.significance import wilson_interval


@dataclass(frozen=True)
class FaceAccuracy:
    """What a network names, against what the faces are labelled.

    confusion : labelled emotion x named emotion, faces; the emotions are the network's labels
    """

    confusion: pd.DataFrame

    @property
    def faces(self) -> int:
        return int(self.confusion.to_numpy().sum())

    @property
    def right(self) -> int:
        return int(np.trace(self.confusion.to_numpy()))

    @property
    def share(self) -> float:
        """Accuracy in [0, 1]; NaN without faces."""
        return self.right / self.faces if self.faces else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the accuracy in [0, 1] (Wilson 1927), were the faces independent."""
        low, high = wilson_interval(np.array(self.right), np.array(self.faces))
        return float(low) / 100, float(high) / 100

    @property
    def balanced(self) -> float:
        """Mean recall of the emotions that occur: every emotion counts alike."""
        return float(self.per_emotion["recall"].mean())

    @property
    def commonest(self) -> float:
        """What naming the commonest emotion every time would reach."""
        return float(self.confusion.sum(axis=1).max() / self.faces) if self.faces else float("nan")

    @property
    def per_emotion(self) -> pd.DataFrame:
        """By emotion: precision, recall, F1 in [0, 1], and the number of faces labelled so.

        NaN: precision of an emotion that is never named, recall and F1 of one that does not occur.
        """
        counts = self.confusion.to_numpy().astype(float)
        right, labelled, named = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
        with np.errstate(invalid="ignore"):
            rows = {
                "precision": right / named,
                "recall": right / labelled,
                "F1": np.where(labelled > 0, 2 * right / (labelled + named), np.nan),
            }
        emotions = pd.Index(list(self.confusion.index), name="emotion")
        return pd.DataFrame(rows, emotions).assign(faces=labelled.astype(int))


def face_accuracy(
    probabilities: NDArray, labels: Sequence[str], emotions: Sequence[str]
) -> FaceAccuracy:
    """Compare the most probable label of each face with its emotion.

    probabilities : (N, L), rows that sum to 1
    labels        : (L,) of the outputs
    emotions      : (N,) what each face is labelled; each must be one of the labels
    """
    labels, emotions = list(labels), list(emotions)
    _check(np.asarray(probabilities), labels, len(emotions))
    unknown = sorted(set(emotions) - set(labels))
    if unknown:
        raise ValueError(
            f"{sum(e in unknown for e in emotions)} faces are labelled {', '.join(unknown)}, for "
            f"which the network has no output ({', '.join(labels)}); leave these faces out"
        )
    counts = np.zeros((len(labels), len(labels)), dtype=int)
    if emotions:
        named = [labels[k] for k in np.argmax(probabilities, axis=1)]
        counts = confusion_matrix(emotions, named, labels=labels)
    axes = (pd.Index(labels, name=name) for name in ("labelled", "named"))
    return FaceAccuracy(pd.DataFrame(counts, *axes))


def limited(
    probabilities: NDArray, labels: Sequence[str], allowed: Sequence[str]
) -> NDArray[np.float64]:
    """Probabilities among the allowed labels only, in their order: (N, L) -> (N, allowed).

    The softmax over fewer logits: a network of seven emotions asked a question of six.
    """
    probabilities, labels = np.asarray(probabilities, dtype=np.float64), list(labels)
    _check(probabilities, labels, len(probabilities))
    missing = [label for label in allowed if label not in labels]
    if missing:
        raise ValueError(f"the network has no output {', '.join(missing)}; it has {labels}")
    kept = probabilities[:, [labels.index(label) for label in allowed]]
    total = kept.sum(axis=1, keepdims=True)
    return np.divide(kept, total, out=np.full_like(kept, 1 / len(allowed)), where=total > 0)


def _check(probabilities: NDArray, labels: list[str], faces: int) -> None:
    if probabilities.shape != (faces, len(labels)):
        raise ValueError(
            f"probabilities have shape {probabilities.shape}, expected ({faces}, {len(labels)}): "
            "one row a face, one column a label"
        )
    wrong = (probabilities < 0).any(1) | ~(abs(probabilities.sum(1) - 1) < 1e-3)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"{int(wrong.sum())} of {faces} rows are no probabilities, such as row {row}: "
            f"{probabilities[row]}; give the softmax of the logits"
        )


def probabilities(network: nn.Module, images: np.ndarray, batch: int = 256) -> np.ndarray:
    """Softmax of a network in eval mode on grey faces (N, 64, 64) uint8: (N, L) float32."""
    device = next(network.parameters()).device
    with torch.no_grad():
        parts = [
            network.head(network.features(network.normalise(part.to(device)))).softmax(1).cpu()
            for part in torch.from_numpy(images).split(batch)
        ]
    return torch.cat(parts).numpy()
