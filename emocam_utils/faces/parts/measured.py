"""All that is measured of one network on one set of faces; tables and verdicts are made from it.

A *case* is a face and the emotion that is explained: the one it is labelled with or, for an emotion
of the network that no face is labelled with, the one it is predicted to show.

Axes: N faces, M cases, R regions (`template.REGIONS`), L labels.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from ...networks import EmotionNetwork
from ...networks.untrained import untrained
from .covering import covered_logits, drops, logits_of
from .shares import RANDOM, ceilings, map_shares
from .template import MOVES, part_areas, region_masks

METHODS = ("gradcam", "saliency", "guided saliency")
FLOORS = {"gradcam": RANDOM[0], "saliency": RANDOM[1], "guided saliency": RANDOM[1]}
UNTRAINED = (0, 1, 2)  # seeds of the untrained copies, whose shares are averaged
ANY = "any"


@dataclass(frozen=True)
class Measured:
    """One network's numbers on N faces.

    cases     : face (its row), emotion, correct and labelled (bool), M rows
    shares    : method -> (M, R) shares of the map's positive mass; the random maps among them
    untrained : method -> the same of untrained copies, their mean
    moved     : method -> (len(MOVES), M, R), with the template moved
    drops     : "logit", "probability", "accuracy" -> (M, R), what covering a region takes away
    elsewhere : the same for covers of the same shape at random places
    """

    network: str
    labels: tuple[str, ...]
    accuracy: float
    cases: pd.DataFrame
    areas: NDArray[np.float64]
    ceilings: dict[str, NDArray[np.float64]]
    shares: dict[str, NDArray[np.float64]]
    untrained: dict[str, NDArray[np.float64]]
    moved: dict[str, NDArray[np.float64]]
    drops: dict[str, NDArray[np.float64]]
    elsewhere: dict[str, NDArray[np.float64]]

    def groups(self) -> Iterator[tuple[str, str, NDArray[np.int64]]]:
        """Which faces, which emotion, and the rows of their cases.

        "correct": predicted as labelled. "labelled": with that label, whatever the prediction.
        "predicted": predicted so while labelled otherwise, for emotions that are no face's label;
        what is said of them is said of errors.
        """
        cases = self.cases
        known = set(cases.loc[cases["labelled"], "emotion"])
        for faces, chosen in (("correct", cases["correct"]), ("labelled", cases["labelled"])):
            for emotion in (*self.labels, ANY):
                if emotion in known or emotion == ANY:
                    rows = chosen & (cases["emotion"].eq(emotion) | (emotion == ANY))
                    yield faces, emotion, np.flatnonzero(rows)
        for emotion in self.labels:
            if emotion not in known:
                rows = cases["emotion"].eq(emotion) & ~cases["labelled"]
                yield "predicted", emotion, np.flatnonzero(rows)


def find_cases(
    answers: NDArray[np.int64], labels: NDArray[np.str_], outputs: Sequence[str]
) -> pd.DataFrame:
    """The cases of predicted (N,) and labelled (N,) emotions; see the head of this module.

    A face whose label the network does not have is explained only as what it is predicted.
    """
    index = {label: k for k, label in enumerate(outputs)}
    predicted = np.asarray(outputs)[answers]
    known = np.array([label in index for label in labels], dtype=bool)
    absent = ~np.isin(predicted, np.unique(labels))
    faces = np.concatenate([np.flatnonzero(known), np.flatnonzero(absent)])
    emotion = np.concatenate([labels[known], predicted[absent]]).astype(object)
    labelled = np.arange(len(faces)) < known.sum()
    return pd.DataFrame(
        {
            "face": faces,
            "emotion": emotion,
            "target": [index[label] for label in emotion],
            "labelled": labelled,
            "correct": labelled & (predicted[faces] == emotion),
        }
    )


def measure(
    name: str,
    network: EmotionNetwork,
    faces: NDArray[np.uint8],
    labels: NDArray[np.str_],
    mean_face: NDArray[np.float64],
    filling: str,
    *,
    methods: Sequence[str] = METHODS,
    seeds: Sequence[int] = UNTRAINED,
    seed: int = 0,
) -> Measured:
    """Maps and covers of every region for all faces (N, H, W) with labels (N,).

    mean_face : (H, W), of training images; filling : a name of `occlusion.FILLINGS`
    seeds     : of the untrained copies; seed : of the covers at random places
    """
    network = copy.deepcopy(network).to(memory_format=torch.channels_last)
    masks = region_masks(faces.shape[1])
    moves = [region_masks(faces.shape[1], move) for move in MOVES]
    whole = logits_of(network, faces)
    cases = find_cases(whole.argmax(1), labels, network.labels)
    at, targets = cases["face"].to_numpy(), cases["target"].to_numpy()
    floors = tuple(dict.fromkeys(FLOORS[method] for method in methods))
    every, count = np.concatenate([masks, *moves]), len(masks)
    shares, cells = map_shares(
        network, faces[at], targets, every, (*methods, *floors), f"{name}: maps"
    )
    copies = [
        map_shares(untrained(network, s), faces[at], targets, masks, methods, f"untrained {name}")
        for s in seeds
    ]
    covers = [
        covered_logits(network, faces, masks, filling, mean_face, at_random, f"{name}: {label}")
        for at_random, label in ((None, "covering parts"), (seed, "covering random places"))
    ]
    found = [drops(whole[at], without[at], targets) for without in covers]
    labelled = cases[cases["labelled"]]
    return Measured(
        network=name,
        labels=tuple(network.labels),
        accuracy=float(labelled["correct"].mean()),
        cases=cases,
        areas=part_areas(masks),
        ceilings={method: ceilings(masks, cells[method]) for method in shares if method in cells},
        shares={method: values[:, :count] for method, values in shares.items()},
        untrained={m: np.mean([c[0][m] for c in copies], axis=0) for m in methods if copies},
        moved={
            method: shares[method][:, count:].reshape(len(cases), len(MOVES), count).swapaxes(0, 1)
            for method in methods
        },
        drops=found[0],
        elsewhere=found[1],
    )
