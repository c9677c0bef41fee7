"""An explorer of what CAM methods find in a study's images: its filters, methods and images."""

from __future__ import annotations

from functools import lru_cache

import ipywidgets
import numpy as np
import pandas as pd

from ..names import preset_name, score_name
from ..pipeline.analysis import Analysis
from ..pipeline.attention import Attention
from ..pipeline.counts import joined, part_of
from ..pipeline.importance import SCORES, scaled
from ..pipeline.tables import map_array
from ..study import Preset
from .controls import Explorer, choice, slider
from .pictures import Pictures
from .words import named

MOST_IMAGES = 20_000
MOST_THRESHOLD = 2.0  # share / sqrt(area) may be above 1


class Found:
    """What an `Attention` has of single images, looked up without a search through its tables."""

    def __init__(self, attention: Attention) -> None:
        self.attention = attention
        self._rows = attention.boxes.groupby("image", sort=False).indices
        self._maps = {name: row for row, name in enumerate(attention.maps["image"])}

    def boxes(self, image: str, preset: Preset) -> tuple[pd.DataFrame, np.ndarray]:
        """The boxes of enough confidence and their importance under the preset's score."""
        a = self.attention
        rows = self._rows.get(image, np.array([], dtype=int))
        rows = rows[a.boxes["confidence"].to_numpy()[rows] > preset.confidence]
        return a.boxes.iloc[rows], a.importances[preset.importance].to_numpy()[rows]

    def raw(self, image: str) -> np.ndarray:
        """The map, raw and signed."""
        return map_array(self.attention.maps.iloc[self._maps[image]])

    def cam(self, image: str) -> np.ndarray:
        """The map scaled to [0, 1]; NaN for an empty one."""
        return scaled(self.raw(image))


class CorpusExplorer(Explorer):
    """The filters of a preset as controls, and what each method finds, the last ones kept.

    sample : "" or, of a corpus of more than `most` images, that this is a seeded sample of them
    """

    offline = True

    def __init__(
        self,
        analysis: Analysis,
        preset: str,
        most: int = MOST_IMAGES,
        keep: str = "",
        beside: CorpusExplorer | None = None,
    ) -> None:
        """preset : where it starts; keep : an image that the sample must have

        beside : an explorer of the same images, whose tables and pictures this one shares
        """
        super().__init__(analysis.study.name, analysis.study.presets)
        self.analysis = analysis
        self.status, self.seconds = ipywidgets.HTML(), 0.0
        if beside:
            self.pictures, self.sample = beside.pictures, beside.sample
            self.predictions = beside.predictions
            self.attention, self.found = beside.attention, beside.found
        else:
            self._open(most, keep)
        start = analysis.study.preset(preset)
        self.filters = {
            "threshold": slider(
                "importance >", start.threshold, MOST_THRESHOLD,
                "A box is attended if the map in it scores more than this", digits=3,
            ),
            "confidence": slider(
                "detector confidence >", start.confidence,
                help="Boxes of which the detector is less sure are left out",
            ),
            "probability": slider(
                "emotion probability >", start.probability,
                help="Images of whose emotion the network is less sure do not count",
            ),
            "maps": choice(
                "maps made", named(self.presets, preset_name), preset,
                "Which layer and which output a map explains. Its own score and threshold come "
                "along; move them afterwards if you want a mixture",
            ),
            "score": choice(
                "a box scores by", named(SCORES, score_name), start.importance,
                "How the map inside a box becomes one number. A threshold of one score is not "
                "that of another",
            ),
        }  # fmt: skip

    def _open(self, most: int, keep: str) -> None:
        """The tables of all images, or of a seeded sample of `most` of them and `keep`."""
        self.pictures = Pictures(self.analysis.corpus)
        predictions = self.analysis.predictions
        self.sample, self._of = "", None
        if len(predictions) > most:
            chosen = predictions["image"].sample(most, random_state=0)
            self._of = {*chosen, keep}
            self.sample = f"a sample of {most:,} of {len(predictions):,} images · "
            predictions = predictions[predictions["image"].isin(self._of)]
        self.predictions = predictions.set_index("image")
        self.attention = lru_cache(maxsize=4)(self._attention)
        self.found = lru_cache(maxsize=4)(lambda *method: Found(self.attention(*method)))

    def _changed(self, change: dict | None) -> None:
        """Maps that are made otherwise take their own score and threshold along."""
        maps = self.controls.get("maps")
        if not self._quiet and change and maps is not None and change["owner"] is maps:
            own = self.presets[maps.value]
            with self.quietly():
                self.controls["score"].value = own.importance
                self.controls["threshold"].value = own.threshold
        super()._changed(change)

    @property
    def mixture(self) -> str:
        """What of score and threshold is not that of how the maps are made, as a sentence."""
        maps = self.controls["maps"].value
        own, now = self.presets[maps], self.preset
        if (now.importance, now.threshold) == (own.importance, own.threshold):
            return ""
        return (
            f"A mixture: maps {preset_name(maps)}, with {score_name(now.importance)} > "
            f"{now.threshold:g} (there: {score_name(own.importance)} > {own.threshold:g})."
        )

    @property
    def preset(self) -> Preset:
        """The filters as the sliders say them, without the last digits of a browser's numbers."""
        c = self.controls
        names = [name for name in ("threshold", "confidence", "probability") if name in c]
        update = {name: round(c[name].value, 9) for name in names} | {
            "importance": c["score"].value
        }
        return self.presets[c["maps"].value].model_copy(update=update)

    def _attention(self, cam: str, maps: str) -> Attention:
        preset = self.presets[maps]
        if self._of is None:
            return self.analysis.attention(cam, preset)
        parts = self.analysis.attention_parts(cam, preset)  # never all of them in memory
        return joined(part_of(part, self._of) for part in parts)
