"""An object on an image: move it, scale it, and see the probabilities and the map follow."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import lru_cache
from html import escape

import ipywidgets
import matplotlib.pyplot as plt
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from ..figures import overlay, short_label, show_image
from ..pipeline.analysis import Analysis, preset_cam
from ..widgets.controls import LONG, WIDE, Explorer, choice
from ..widgets.pictures import picture_html
from .look import Look, look_at
from .objects import PasteObject
from .overlays import HEIGHT, overlay_at
from .plots import label_colour

WIDTH = 340  # pixels
PAUSE = 0.03  # seconds in which the movements of a slider are drawn once
NO_OBJECT = "(none)"


class PasteExplorer(Explorer):
    """Choose image and object, move and scale it; one pass through the network a movement."""

    name = "paste"

    def __init__(
        self,
        analysis: Analysis,
        objects: Sequence[PasteObject],
        ids: Sequence[str] | None = None,
        preset: str = "corrected",
    ) -> None:
        """ids : the images to choose from; all that can be read if none are given."""
        super().__init__(analysis.study.name, analysis.study.presets)
        self.analysis = analysis
        self.objects = {thing.name: thing for thing in objects}
        self.cam = preset_cam(analysis.study.cams[0], analysis.study.preset(preset))
        self.seconds = 0.0
        self._opened = lru_cache(maxsize=8)(self._open)
        self._scheduled = False
        listed = list(analysis.ids if ids is None else ids)
        self.controls = {
            "image": ipywidgets.Combobox(
                options=listed, value=listed[0], ensure_option=True, continuous_update=False,
                description="image", style=LONG, layout=WIDE,
            ),
            "object": choice("object", [*self.objects, NO_OBJECT]),
            "x": _slider("to the right", 0.5, 0, 1),
            "y": _slider("down", 0.5, 0, 1),
            "height": _slider("height", HEIGHT, 0.02, 1),
        }  # fmt: skip
        self.view, self.status = ipywidgets.HTML(), ipywidgets.HTML()
        self.box = ipywidgets.VBox(
            [*self.controls.values(), self.buttons(), self.message, self.status, self.view]
        )
        self.follow()

    def _open(self, image: str) -> Look:
        return look_at(self.analysis.network, self.cam, self.analysis.corpus.read(image))

    def look(self) -> tuple[Look, Look]:
        """The original, and the image as the controls say."""
        chosen = self.state
        original = self._opened(chosen["image"])
        thing = self.objects.get(chosen["object"])
        if thing is None:
            return original, original
        at = overlay_at(original.image, thing, (chosen["x"], chosen["y"]), chosen["height"])
        return original, look_at(self.analysis.network, self.cam, original.image, at)

    def _changed(self, change: object) -> None:
        """Draw once for all the movements of a slider that are waiting already."""
        if self._quiet or self._scheduled:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no live notebook: nothing is waiting
            super()._changed(change)
            return
        self._scheduled = True
        loop.call_later(PAUSE, self._draw)

    def _draw(self) -> None:
        self._scheduled = False
        self.refresh()

    def refresh(self) -> None:
        start = time.perf_counter()
        original, now = self.look()
        turned = "" if now.label == original.label else f", was {original.label}"
        heat = Image.fromarray((overlay(now.image, now.cam) * 255).astype("uint8"))
        self.view.value = (
            picture_html(_fitted(now.image), f"{now.label}{turned}")
            + picture_html(_fitted(heat), f"map for {now.label}")
            + _bars(original, now)
        )
        self.seconds = time.perf_counter() - start
        self.status.value = f"{1000 * self.seconds:.0f} ms"

    def figure(self) -> Figure:
        """The original, the image as the controls say, and its map."""
        original, now = self.look()
        figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained")
        pictures = (original.image, now.image, overlay(now.image, now.cam))
        titles = (f"before: {original.label}", f"after: {now.label}", f"map for {now.label}")
        for ax, picture, title in zip(axes, pictures, titles, strict=True):
            show_image(ax, picture, title)
        return figure


def _slider(label: str, value: float, least: float, most: float) -> ipywidgets.FloatSlider:
    return ipywidgets.FloatSlider(
        value, min=least, max=most, step=0.01, description=label, continuous_update=True,
        readout_format=".2f", style=LONG, layout=WIDE,
    )  # fmt: skip


def _fitted(picture: Image.Image) -> Image.Image:
    scale = WIDTH / max(picture.size)
    return picture.resize([max(round(side * scale), 1) for side in picture.size])


def _bars(original: Look, now: Look, most: int = 6) -> str:
    """The highest probabilities now, each with what it was before."""
    rows = []
    for label, p in now.probabilities.nlargest(most).items():
        bar = f"background:{to_hex(label_colour(label))};height:11px;width:{240 * p:.0f}px"
        rows.append(
            f"<tr><td style='text-align:right;padding-right:6px'>{escape(short_label(label))}</td>"
            f"<td><div style='{bar}'></div></td>"
            f"<td>{100 * p:.1f} % (was {100 * original.probabilities[label]:.1f} %)</td></tr>"
        )
    return f"<table style='font:11px sans-serif'>{''.join(rows)}</table>"
