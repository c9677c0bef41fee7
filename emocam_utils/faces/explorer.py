"""A face, an emotion and a rule: the map at once, and what the network thinks of the face."""

from __future__ import annotations

import time
from functools import lru_cache, partial

import ipywidgets
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from ..cams.saliency import RULES
from ..figures import overlay, show_image
from ..widgets.bars import bars_html
from ..widgets.controls import Explorer, choice
from ..widgets.pictures import picture_html
from .analysis import FaceAnalysis, clearest_face
from .maps import KIND_NAMES, alikeness, emotion_maps
from .maps import shown as scaled_map
from .plots import SALIENCY_COLOURS, emotion_colour, show_map

WIDTH = 300  # pixels
METHODS = {name: kind for kind, name in KIND_NAMES.items()}


class FaceExplorer(Explorer):
    """Choose a face, an emotion, a kind of map and a backpropagation rule."""

    name = "faces"

    def __init__(self, analysis: FaceAnalysis, emotion: str = "", face: str = "") -> None:
        """emotion : to start with, the first one's own label if none is given; face : likewise

        Errors: KeyError for a face that is not there, UnknownName for an emotion
        """
        super().__init__(analysis.study.name, analysis.study.presets)
        self.analysis, self.seconds = analysis, 0.0
        table = analysis.table
        if face and face not in table.index:
            raise KeyError(f"face {face!r} is not among the {len(table)} of {analysis.corpus.name}")
        face = face or clearest_face(table, analysis.require(emotion or table["label"].iloc[0]))
        self._maps = lru_cache(maxsize=64)(partial(emotion_maps, analysis))
        emotions = sorted(analysis.labels)
        self.controls = {
            "face": choice("face", list(table.index), face),
            "emotion": choice("emotion", emotions, emotion or table.loc[face, "label"]),
            "method": choice("kind of map", list(METHODS)),
            "rule": choice("backpropagation rule", list(RULES)),
        }
        self.view, self.status = ipywidgets.HTML(), ipywidgets.HTML()
        self.box = ipywidgets.VBox(
            [*self.controls.values(), self.buttons(), self.message, self.status, self.view]
        )
        self.follow()

    def chosen(self) -> tuple[Image.Image, str, np.ndarray]:
        """The face, the kind of map (a key of KINDS) and the raw map, as the controls say."""
        c = {name: control.value for name, control in self.controls.items()}
        kind = METHODS[c["method"]]
        maps = self._maps(c["face"], kind, c["rule"])
        return self.analysis.faces[c["face"]], kind, maps[self.analysis.labels.index(c["emotion"])]

    def refresh(self) -> None:
        start = time.perf_counter()
        face, kind, raw = self.chosen()
        chances = self._chances()
        c = self.controls
        face = face.convert("RGB").resize((WIDTH, WIDTH))
        self.view.value = (
            picture_html(face, f"{c['face'].value}: {chances.idxmax()}")
            + picture_html(_picture(face, kind, raw), self._caption(kind, raw))
            + bars_html(chances, colour=emotion_colour)
        )
        self.seconds = time.perf_counter() - start
        self.status.value = f"{1000 * self.seconds:.0f} ms"

    def _caption(self, kind: str, raw: np.ndarray) -> str:
        """What the map is, and how alike it is to the one of the predicted emotion."""
        c, predicted = self.controls, self._chances().idxmax()
        words = f"{c['method'].value}, {c['rule'].value}, for {c['emotion'].value}"
        if c["emotion"].value == predicted:
            return words
        own = self._maps(c["face"].value, kind, c["rule"].value)
        rho = alikeness(raw[None], own[self.analysis.labels.index(predicted)][None])[0]
        return words if np.isnan(rho) else f"{words}; ρ = {rho:.2f} with {predicted}'s"

    def _chances(self) -> pd.Series:
        order = sorted(self.analysis.labels)
        return self.analysis.table.loc[self.controls["face"].value, order].astype(float)

    def figure(self) -> Figure:
        """The face and its map."""
        face, kind, raw = self.chosen()
        figure, (left, right) = plt.subplots(1, 2, figsize=(6, 3.2), layout="constrained")
        show_image(left, face.convert("RGB"), f"{self._chances().idxmax()}")
        show_map(right, face, scaled_map(kind, raw))
        right.set_title(self._caption(kind, raw).replace("; ", "\n"), fontsize=8)
        return figure


def _picture(face: Image.Image, kind: str, raw: np.ndarray) -> Image.Image:
    """The map as a picture of the face's size; an empty one leaves the face grey."""
    values = scaled_map(kind, raw)
    if kind == "cam":
        return Image.fromarray((overlay(face, values) * 255).astype(np.uint8))
    rgb = mpl.colormaps[SALIENCY_COLOURS](np.nan_to_num(values))[..., :3]
    return Image.fromarray((rgb * 255).astype(np.uint8)).resize(face.size, Image.Resampling.NEAREST)
