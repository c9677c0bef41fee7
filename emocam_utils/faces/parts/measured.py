"""All that is measured of one network on one set of faces; tables and verdicts are made from it.

What is explained is the network's answer, so every face counts once: among the *correct* ones of an
emotion if that is its label, else among the *misclassified* ones, where errors are explained.

Axes: N faces, R regions (`template.REGIONS`), V moves of the template, L labels.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from ...corpora.fer2013 import FaceSet
from ...networks import EmotionNetwork
from .covering import covered_logits, drops, logits_of
from .shares import RANDOM, ceilings, map_shares
from .template import MOVES, REGIONS, part_areas, region_masks

METHODS = ("gradcam", "saliency", "guided saliency")
FLOORS = {"gradcam": RANDOM[0], "saliency": RANDOM[1], "guided saliency": RANDOM[1]}
COPIES = 200  # untrained ones, each of which explains its share of the faces
COVERED = ("eyes", "mouth")  # what is also covered with the template moved
ANY = "any"
CORRECT, MISCLASSIFIED = "correct", "misclassified"


@dataclass(frozen=True)
class Measured:
    """One network's numbers on N faces.

    faces     : label, answer, correct (bool), copy (the untrained copy that is the face's floor)
    shares    : method -> (N, R) shares of the map's positive mass; the random maps among them
    untrained : method -> the same of untrained copies
    drops     : "logit", "probability", "accuracy" -> (N, R), what covering a region takes away
    elsewhere : the same for covers of the same shape at random places
    moved     : method or "occlusion, <drop>" -> (V, N, R), less its floor, with the template moved;
                NaN for covers of other regions than COVERED
    """

    network: str
    labels: tuple[str, ...]
    filling: str
    faces: pd.DataFrame
    areas: NDArray[np.float64]
    ceilings: dict[str, NDArray[np.float64]]
    shares: dict[str, NDArray[np.float64]]
    untrained: dict[str, NDArray[np.float64]]
    drops: dict[str, NDArray[np.float64]]
    elsewhere: dict[str, NDArray[np.float64]]
    moved: dict[str, NDArray[np.float64]]

    @property
    def labelled(self) -> int:
        """Faces whose label is an answer of the network."""
        return int(self.faces["label"].isin(self.labels).sum())

    @property
    def accuracy(self) -> float:
        """Of the faces whose label is an answer of the network."""
        return float(self.faces["correct"].sum() / self.labelled)

    def group(self, faces: str, emotion: str) -> NDArray[np.int64]:
        """Rows of the correct or misclassified faces that the network says show an emotion."""
        chosen = self.faces["correct"] == (faces == CORRECT)
        return np.flatnonzero(chosen & (self.faces["answer"].eq(emotion) | (emotion == ANY)))

    def groups(self) -> Iterator[tuple[str, str, NDArray[np.int64]]]:
        """Which faces, which emotion, and their rows; no correct ones where no label says so."""
        known = {ANY, *self.faces["label"]}
        for faces in (CORRECT, MISCLASSIFIED):
            for emotion in (*self.labels, ANY):
                if faces == MISCLASSIFIED or emotion in known:
                    yield faces, emotion, self.group(faces, emotion)


def measure(
    name: str,
    network: EmotionNetwork,
    of: FaceSet,
    mean_face: NDArray[np.float64],
    filling: str,
    *,
    methods: Sequence[str] = METHODS,
    copies: int = COPIES,
    seed: int = 0,
) -> Measured:
    """Maps and covers of every region for all faces.

    mean_face : (H, W), of training images; filling : a name of `covering.FILLINGS`
    copies    : untrained ones; seed : of the covers at random places
    """
    network = copy.deepcopy(network).to(memory_format=torch.channels_last)
    faces, side = of.images, of.images.shape[1]
    masks, moves = region_masks(side), [region_masks(side, move) for move in MOVES]
    whole = logits_of(network, faces)
    targets = whole.argmax(1)
    answers = np.asarray(network.labels)[targets]
    of_maps = (faces, targets, np.concatenate([masks, *moves]))
    floors = tuple(dict.fromkeys(FLOORS[method] for method in methods))
    shares, cells = map_shares(network, *of_maps, (*methods, *floors), f"{name}: maps")
    untrained, _ = map_shares(network, *of_maps, methods, f"{name}: untrained maps", copies)

    def covers(where: NDArray[np.bool_], words: str, seed: int | None = None) -> dict:
        label = f"{name}: covering {words}"
        without = covered_logits(network, faces, where, filling, mean_face, seed, label)
        return drops(whole, without, targets)

    regions = [REGIONS.index(part) for part in COVERED]
    elsewhere = covers(masks, "random places", seed)
    displaced = covers(np.concatenate([of[regions] for of in moves]), "with the template moved")
    count = len(masks)
    moved = {m: _by_move((shares[m] - untrained[m])[:, count:], range(count)) for m in methods}
    for drop, values in displaced.items():
        floor = np.tile(elsewhere[drop][:, regions], len(MOVES))
        moved[f"occlusion, {drop}"] = _by_move(values - floor, regions)
    return Measured(
        network=name,
        labels=tuple(network.labels),
        filling=filling,
        faces=pd.DataFrame(
            {
                "label": of.labels,
                "answer": answers,
                "correct": answers == of.labels,
                "copy": np.arange(len(faces)) % copies,
            }
        ),
        areas=part_areas(masks),
        ceilings={method: ceilings(masks, shape) for method, shape in cells.items()},
        shares={method: values[:, :count] for method, values in shares.items()},
        untrained={method: values[:, :count] for method, values in untrained.items()},
        drops=covers(masks, "parts"),
        elsewhere=elsewhere,
        moved=moved,
    )


def _by_move(values: NDArray[np.float64], regions: Sequence[int]) -> NDArray[np.float64]:
    """Columns of each move and region (N, V x K) as (V, N, R), NaN for the other regions."""
    found = np.full((len(MOVES), len(values), len(REGIONS)), np.nan)
    found[..., list(regions)] = values.reshape(len(values), len(MOVES), -1).swapaxes(0, 1)
    return found
