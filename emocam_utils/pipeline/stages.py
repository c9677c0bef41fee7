"""What is computed of an image: pure functions of models and images to tables.

    boxes       : image, class, confidence, x0, y0, x1, y1 (pixels of the image, half-open, clipped)
    predictions : image, label, probability, logits (L,)
    maps        : image, target (index of the label), empty, height, width, map (h * w, raw, signed)
    importance  : image, and for each box in the order of `boxes` a column a box score

Each image passes through a network alone: see `run`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import torch

from ..cams import CamMethod
from ..corpora import Corpus
from ..detectors import Detector
from ..networks import EmotionNetwork
from ..networks.untrained import untrained
from .importance import Score
from .tables import box_importance, maps_table


@dataclass(frozen=True)
class Untrained:
    """A CAM method to be run on a copy of the network with new weights: a floor.

    It explains the labels that the network itself predicts.
    """

    method: CamMethod
    seed: int = 0

    @property
    def name(self) -> str:
        return f"{self.method.name}-untrained"


@dataclass(frozen=True)
class Models:
    """The models of one worker, opened when first needed; nobody else touches them meanwhile.

    A CAM method hangs hooks into the network, so two threads cannot share one.
    """

    open_network: Callable[[], EmotionNetwork]
    open_detector: Callable[[], Detector]
    device: torch.device

    @cached_property
    def network(self) -> EmotionNetwork:
        return self.open_network()

    @cached_property
    def detector(self) -> Detector:
        return self.open_detector()

    @cached_property
    def _fresh(self) -> dict[int, EmotionNetwork]:
        return {}

    def untrained(self, seed: int) -> EmotionNetwork:
        """A copy of the network with new weights, made when first needed."""
        if seed not in self._fresh:
            self._fresh[seed] = untrained(self.network, seed)
        return self._fresh[seed]


def detect(detector: Detector, corpus: Corpus, ids: Sequence[str]) -> pd.DataFrame:
    """`boxes` of some images."""
    tables = [
        detector.detect([corpus.read(image)], [image])[0].assign(image=image) for image in ids
    ]
    columns = ["image", "class", "confidence", "x0", "y0", "x1", "y1"]
    return pd.concat(tables, ignore_index=True)[columns]


def explain(
    models: Models,
    corpus: Corpus,
    ids: Sequence[str],
    methods: Mapping[str, CamMethod | Untrained],
) -> dict[str, pd.DataFrame]:
    """`predictions`, and `maps` by each method for the predicted label, in one pass an image."""
    parts = [_explain_one(models, corpus, image, methods) for image in ids]
    return {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}


def _explain_one(
    models: Models, corpus: Corpus, image: str, methods: Mapping[str, CamMethod | Untrained]
) -> dict[str, pd.DataFrame]:
    network = models.network
    inputs = network.preprocess(corpus.read(image))[None].to(models.device)
    with torch.no_grad():
        features = network.features(inputs)
        logits = network.head(features).float()
    probabilities, targets = logits.softmax(1).max(1)
    tables = {
        "predictions": pd.DataFrame(
            {
                "image": [image],
                "label": [network.labels[int(targets)]],
                "probability": probabilities.cpu().numpy().astype(np.float32),
                "logits": list(logits.cpu().numpy()),
            }
        )
    }
    for name, method in methods.items():
        head, seen = network.head, features
        if isinstance(method, Untrained):
            fresh = models.untrained(method.seed)
            with torch.no_grad():
                head, seen, method = fresh.head, fresh.features(inputs), method.method
        cams = method(head, seen, targets).float().cpu().numpy()
        tables[name] = maps_table([image], targets.cpu().numpy(), cams)
    return tables


def importance(
    boxes: pd.DataFrame, maps: pd.DataFrame, images: pd.DataFrame, scores: Mapping[str, Score]
) -> pd.DataFrame:
    """The importance of every box under every score, NaN where it is undefined.

    boxes, images : of some images, with a column `image`; maps : of at least these
    """
    columns = {name: box_importance(boxes, maps, images, score) for name, score in scores.items()}
    return pd.DataFrame({"image": boxes["image"].to_numpy(), **columns})
