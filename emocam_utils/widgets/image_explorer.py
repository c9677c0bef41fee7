"""One image with its boxes, its maps by several methods and what the network makes of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache
from html import escape

import ipywidgets
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from ..figures import said, show_image, side_by_side
from ..names import method_name
from ..pipeline.analysis import Analysis
from ..pipeline.example import clear_example, probabilities
from ..study import Preset
from .bars import bars_html
from .controls import LONG, WIDE, button, choice, column, field, row
from .corpus import MOST_IMAGES, CorpusExplorer
from .known import known_of
from .pictures import picture_html
from .target_maps import TargetMaps
from .words import named

MOST_LABELS = 6  # with a bar
MOST_LISTED = 200  # images below the search field
WIDTH = 340  # pixels
ANY, PREDICTED = "(any label)", "(the predicted label)"


class ImageExplorer(CorpusExplorer):
    """Choose or search an image, move the thresholds, compare methods side by side."""

    name = "image"

    def __init__(
        self,
        analysis: Analysis,
        preset: str = "corrected",
        image: str = "",
        most: int = MOST_IMAGES,
        beside: CorpusExplorer | None = None,
    ) -> None:
        """image : the one it starts with; the clearest of the corpus if none is given

        most   : images to choose from; of more, a seeded sample is taken, and it is said
        beside : an explorer whose tables this one shares
        Errors : KeyError for an image that is not in the corpus or cannot be read
        """
        super().__init__(analysis, preset, most, keep=image, beside=beside)
        if image and image not in self.predictions.index:
            number = len(analysis.predictions)
            raise KeyError(f"image {image!r} is not among the {number} of the study")
        cams = list(analysis.study.cams)
        if not image:
            found = self.attention(cams[0], preset)
            image = clear_example(found, found.maps, analysis.study.preset(preset))
        self.target_maps = TargetMaps(analysis)
        self._known = lru_cache(maxsize=256)(lambda image: known_of(analysis.corpus, image))
        self._among: list[str] | None = None
        self.controls = c = {
            "search": field("search", "part of a name"),
            "label": choice("predicted as", [ANY, *analysis.labels]),
            "image": ipywidgets.Select(
                options=[image], value=image, description="image", rows=6, style=LONG, layout=WIDE
            ),
            "cams": ipywidgets.SelectMultiple(
                options=named(cams, method_name), value=cams[:1], description="CAM methods",
                rows=min(len(cams), 5), style=LONG, layout=WIDE,
                tooltip="Several at once with Ctrl or ⌘",
            ),
            "target": choice(
                "map for", [PREDICTED, *analysis.labels],
                help="Which label a map explains; one that is not stored takes a network pass",
            ),
            "signed": ipywidgets.Checkbox(
                False, description="show what speaks against the label too (blue)", indent=False,
                layout=WIDE,
            ),
            **{k: self.filters[k] for k in ("maps", "score", "threshold", "confidence")},
        }  # fmt: skip
        self.view, self.about = ipywidgets.HTML(), ipywidgets.HTML()
        step = {"previous": lambda _: self.step(-1), "next": lambda _: self.step(1)}
        left = [c[k] for k in ("search", "label", "image", "cams")]
        right = [c[k] for k in ("target", "maps", "score", "threshold", "confidence", "signed")]
        self.box = ipywidgets.VBox(
            [
                row(column(*left), column(*right)),
                row(*(button(word, work, f"the {word} image") for word, work in step.items())),
                self.buttons(), self.message, self.status, self.about, self.view,
            ]
        )  # fmt: skip
        self._list_images()
        self.follow()

    @property
    def image(self) -> str | None:
        """The chosen image; None where none matches."""
        return self.controls["image"].value

    @property
    def probabilities(self) -> pd.Series:
        """Of the chosen image, the highest first."""
        values = probabilities(self.predictions.loc[self.image, "logits"], self.analysis.labels)
        return values.sort_values(ascending=False, kind="stable")

    @property
    def target(self) -> str:
        """The label that the maps explain."""
        wanted = self.controls["target"].value
        return self.predictions.loc[self.image, "label"] if wanted == PREDICTED else wanted

    def show(self, image: str, among: Sequence[str]) -> None:
        """Show an image; previous and next go through the others that it stands among."""
        self.set_state({"search": "", "label": ANY, "image": image})
        self._among = list(among)
        self._say_where()

    def step(self, by: int) -> None:
        """Go on by so many images, around the end."""
        images = self._among or self.matches()
        if images:
            here = images.index(self.image) if self.image in images else -by
            self.set_state({"image": images[(here + by) % len(images)]})
            self._say_where()

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
        if list(control.options) != listed:
            with self.quietly():
                control.options = listed
                control.value = now if now in listed else next(iter(listed), None)
        self._say_where()

    def _say_where(self) -> None:
        found = self._among or self.matches()
        word = "that were opened" if self._among else "match"
        at = f"image {found.index(self.image) + 1:,} of " if self.image in found else ""
        more = f", {MOST_LISTED} listed" if len(found) > MOST_LISTED and not self._among else ""
        self.status.value = f"{self.sample}{at}{len(found):,} images {word}{more}"

    def _changed(self, change: dict | None) -> None:
        if not self._quiet and change:
            if change["owner"] in (self.controls["search"], self.controls["label"]):
                self._among = None
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
        if self.image is None:
            sought = escape(self.controls["search"].value)
            label = self.controls["label"].value
            predicted = "" if label == ANY else f" predicted as {escape(label)}"
            self.about.value = f"<b>No image{predicted} has “{sought}” in its name.</b>"
            self.view.value = ""
            return
        preset, image = self.preset, self.image
        label, most = self.probabilities.index[0], self.probabilities.iloc[0]
        known, mixture = self._known(image), self.mixture
        self.about.value = (
            f"<b>{escape(image)}</b>: predicted {escape(label)} ({most:.2f})"
            f"{' · ' + escape(known) if known else ''}"
            f"{'<br>' + escape(mixture) if mixture else ''}"
        )
        boxes, _ = self.found(self._cams[0], self.controls["maps"].value).boxes(image, preset)
        bare = self.pictures.drawn(image, WIDTH, boxes=boxes)
        parts = [picture_html(bare, f"{len(boxes)} boxes above confidence {preset.confidence:g}")]
        for cam in self._cams:
            picture, note = self._explained(cam, preset)
            parts.append(picture_html(picture, f"{method_name(cam)} for {self.target}{note}"))
        self.view.value = "".join(parts) + bars_html(self.probabilities[:MOST_LABELS])
        self.seconds = time.perf_counter() - start

    @property
    def _cams(self) -> tuple[str, ...]:
        return self.controls["cams"].value or tuple(self.analysis.study.cams[:1])

    def _explained(self, cam: str, preset: Preset) -> tuple[Image.Image, str]:
        """The chosen image under one method, and a word about what is kept."""
        image = self.image
        found = self.found(cam, self.controls["maps"].value)
        boxes, importance = found.boxes(image, preset)
        raw = found.raw(image)
        if self.target != self.predictions.loc[image, "label"]:
            raw = self.target_maps.raw(cam, preset, image, self.target)
            importance = self.target_maps.importance(raw, preset, image, boxes)
        shown = self.target_maps.shown(raw, self.controls["signed"].value)
        with np.errstate(invalid="ignore"):
            kept = int((importance > preset.threshold).sum())
        picture = self.pictures.drawn(image, WIDTH, shown, boxes, importance, preset.threshold)
        empty = "" if (raw > 0).any() else ", empty map"
        return picture, f": {kept} of {len(boxes)} boxes attended{empty}"

    def figure(self) -> Figure:
        """The image and its maps side by side."""
        preset, cams = self.preset, self._cams
        figure, axes = side_by_side(1 + len(cams), 4, 3.4)
        if self.image is None:
            for ax in axes:
                said(ax, "no image matches")
                ax.set_axis_off()
            return figure
        label, most = self.probabilities.index[0], self.probabilities.iloc[0]
        bare = self.pictures.drawn(self.image, 2 * WIDTH)
        show_image(axes[0], bare, f"{self.image}\n{label} {most:.2f}")
        for ax, cam in zip(axes[1:], cams, strict=True):
            picture, note = self._explained(cam, preset)
            show_image(ax, picture, f"{method_name(cam)}{note}")
        return figure
