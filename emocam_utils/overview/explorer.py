"""One image with its boxes, its maps by several methods and what the network makes of it."""

from __future__ import annotations

import time
from html import escape

import ipywidgets
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from ..figures import PALETTE, show_image, side_by_side
from ..pipeline.analysis import Analysis
from ..pipeline.example import clear_example, probabilities
from ..study import Preset
from ..widgets.controls import LONG, WIDE, choice
from ..widgets.corpus import MOST_IMAGES, CorpusExplorer
from ..widgets.pictures import picture_html

MOST_LISTED = 200  # images below the search field
WIDTH = 340  # pixels
ANY = "(any label)"


class ImageExplorer(CorpusExplorer):
    """Choose or search an image, move the thresholds, compare methods side by side."""

    name = "image"

    def __init__(
        self,
        analysis: Analysis,
        preset: str = "corrected",
        image: str = "",
        most: int = MOST_IMAGES,
    ) -> None:
        """image : the one it starts with; the clearest of the corpus if none is given

        most   : images to choose from; of more, a seeded sample is taken, and it is said
        Errors : KeyError for an image that is not in the corpus or cannot be read
        """
        super().__init__(analysis, preset, most, keep=image)
        if image and image not in self.predictions.index:
            number = len(analysis.predictions)
            raise KeyError(f"image {image!r} is not among the {number} of the study")
        cams = list(analysis.study.cams)
        if not image:
            found = self.attention(cams[0], preset)
            image = clear_example(found, found.maps, analysis.study.preset(preset))
        self.controls = c = {
            "search": ipywidgets.Text(
                description="search", placeholder="part of a name", continuous_update=False,
                style=LONG, layout=WIDE,
            ),
            "label": choice("predicted as", [ANY, *analysis.labels]),
            "image": ipywidgets.Select(
                options=[image], value=image, description="image", rows=7, style=LONG, layout=WIDE
            ),
            "cams": ipywidgets.SelectMultiple(
                options=cams, value=cams[:1], description="CAM methods", rows=3, style=LONG,
                layout=WIDE,
            ),
            **{k: self.filters[k] for k in ("maps", "score", "threshold", "confidence")},
        }  # fmt: skip
        self.view = ipywidgets.HTML()
        left = [c[k] for k in ("search", "label", "image")]
        right = [c[k] for k in ("cams", "maps", "score", "threshold", "confidence")]
        self.box = ipywidgets.VBox(
            [
                ipywidgets.HBox([ipywidgets.VBox(left), ipywidgets.VBox(right)]),
                self.buttons(), self.message, self.status, self.view,
            ]
        )  # fmt: skip
        self._list_images()
        self.follow()

    @property
    def image(self) -> str:
        return self.controls["image"].value

    @property
    def probabilities(self) -> pd.Series:
        """Of the chosen image, the highest first."""
        values = probabilities(self.predictions.loc[self.image, "logits"], self.analysis.labels)
        return values.sort_values(ascending=False, kind="stable")

    def matches(self) -> list[str]:
        """The images that the search and the label leave."""
        table, text = self.predictions, self.controls["search"].value.strip()
        found = table.index.str.contains(text, case=False, regex=False)
        if self.controls["label"].value != ANY:
            found &= (table["label"] == self.controls["label"].value).to_numpy()
        return table.index[found].tolist()

    def _list_images(self) -> None:
        """Offer what matches; the image stays if it is among it."""
        found = self.matches()
        listed, now = found[:MOST_LISTED], self.image
        if now in found and now not in listed:
            listed = [now, *listed]
        control = self.controls["image"]
        if listed and list(control.options) != listed:
            with self.quietly():
                control.options = listed
                control.value = now if now in listed else listed[0]
        more = f", {MOST_LISTED} listed" if len(found) > MOST_LISTED else ""
        self.status.value = f"{self.sample}{len(found):,} images match{more}"

    def _changed(self, change: dict | None) -> None:
        if not self._quiet:
            self._list_images()
        super()._changed(change)

    def _set(self, name: str, value: object) -> bool:
        control = self.controls["image"]
        if name == "image" and value in self.predictions.index and value not in control.options:
            with self.quietly():
                control.options = [value, *control.options]
        return super()._set(name, value)

    def refresh(self) -> None:
        start = time.perf_counter()
        preset, image = self.preset, self.image
        first = self.found(self._cams[0], self.controls["maps"].value)
        boxes, _ = first.boxes(image, preset)
        bare = self.pictures.drawn(image, WIDTH, boxes=boxes)
        parts = [picture_html(bare, f"{image}: {len(boxes)} boxes")]
        for cam in self._cams:
            picture, note = self._explained(cam, preset)
            parts.append(picture_html(picture, f"{cam}{note}"))
        self.view.value = "".join(parts) + self._bars()
        self.seconds = time.perf_counter() - start

    @property
    def _cams(self) -> tuple[str, ...]:
        return self.controls["cams"].value or tuple(self.analysis.study.cams[:1])

    def _explained(self, cam: str, preset: Preset) -> tuple[Image.Image, str]:
        """The chosen image under one method, and a word about what is kept."""
        found = self.found(cam, self.controls["maps"].value)
        boxes, importance = found.boxes(self.image, preset)
        scaled = found.cam(self.image)
        with np.errstate(invalid="ignore"):
            kept = int((importance > preset.threshold).sum())
        picture = self.pictures.drawn(
            self.image, WIDTH, scaled, boxes, importance, preset.threshold
        )
        empty = ", empty map" if np.isnan(scaled).any() else ""
        return picture, f": {kept} of {len(boxes)} boxes kept{empty}"

    def _bars(self, most: int = 6) -> str:
        rows = "".join(
            f"<tr><td style='text-align:right;padding-right:6px'>{escape(label)}</td>"
            f"<td><div style='background:{_css(label)};height:11px;width:{240 * p:.0f}px'></div>"
            f"</td><td>{100 * p:.1f} %</td></tr>"
            for label, p in self.probabilities[:most].items()
        )
        return f"<table style='font:11px sans-serif'>{rows}</table>"

    def figure(self) -> Figure:
        """The image and its maps side by side."""
        preset, cams = self.preset, self._cams
        figure, axes = side_by_side(1 + len(cams), 4, 3.4)
        label, most = self.probabilities.index[0], self.probabilities.iloc[0]
        bare = self.pictures.drawn(self.image, 2 * WIDTH)
        show_image(axes[0], bare, f"{self.image}\n{label} {most:.2f}")
        for ax, cam in zip(axes[1:], cams, strict=True):
            picture, note = self._explained(cam, preset)
            show_image(ax, picture, f"{cam}{note}")
        return figure


def _css(label: str) -> str:
    red, green, blue = PALETTE.get(label, (0.5, 0.5, 0.5))
    return f"rgb({255 * red:.0f},{255 * green:.0f},{255 * blue:.0f})"
