"""An object on an image: drag it, scale it, and see the probabilities and the map follow."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from pathlib import Path

import ipywidgets
import matplotlib.pyplot as plt
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from ..corpora import offers
from ..figures import overlay, short_label, show_image
from ..pipeline.analysis import Analysis, preset_cam
from ..widgets.controls import LONG, WIDE, Explorer, button, choice, column, row, slider
from ..widgets.heatmap import CLICK, ROOM
from ..widgets.pictures import picture_html
from ..widgets.place import PLACE, place_wire
from .look import Look, look_at
from .objects import ObjectError, PasteObject, read_object
from .overlays import HEIGHT, overlay_at
from .plots import label_colour

WIDTH = 340  # pixels
NO_OBJECT = "(none)"


class PasteExplorer(Explorer):
    """Choose image and object, drag and scale it; one pass through the network a movement."""

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
        listed = list(analysis.ids if ids is None else ids)
        self.controls = c = {
            "image": ipywidgets.Combobox(
                options=listed, value=listed[0], ensure_option=True, continuous_update=False,
                description="image", style=LONG, layout=WIDE,
            ),
            "object": choice("object", [*self.objects, NO_OBJECT]),
            "x": slider("to the right", 0.5, 1, "Where its middle is, of the image's width"),
            "y": slider("down", 0.5, 1, "Where its middle is, of the image's height"),
            "height": slider("height", HEIGHT, 1, "Of the image's height", least=0.02),
            "removed": ipywidgets.SelectMultiple(
                description="without", rows=5, style=LONG, layout=WIDE,
                tooltip="What the scene is drawn again without; several with Ctrl or ⌘",
            ),
        }  # fmt: skip
        c["removed"].layout.display = "" if offers(analysis.corpus, "removable") else "none"
        self.view, self.status = ipywidgets.HTML(), ipywidgets.HTML()
        self.own = ipywidgets.FileUpload(
            accept="image/png", description="your own object (PNG)", layout={"width": "auto"},
            tooltip="A PNG whose background is transparent",
        )  # fmt: skip
        self.own.observe(self._take, "value")
        self.click = ipywidgets.Text(layout={"display": "none"}).add_class(CLICK)
        self.click.observe(self._placed, "value")
        remove = button("remove the object", self.remove, "The image as it is")
        self.box = ipywidgets.VBox(
            [
                row(
                    column(*(c[k] for k in ("image", "object", "removed"))),
                    column(*(c[k] for k in ("x", "y", "height"))),
                ),
                row(self.own, remove), self.buttons(), self.message, self.status, self.view,
                self.click,
            ]
        )  # fmt: skip
        self.box.add_class(ROOM)
        self._list_things()
        self.follow()

    def _open(self, image: str) -> Look:
        network = self.analysis.for_image(image).network
        return look_at(network, self.cam, self.analysis.corpus.read(image))

    def look(self) -> tuple[Look, Look]:
        """The original, and the image as the controls say."""
        chosen = self.state
        original = self._opened(chosen["image"])
        thing, picture = self.objects.get(chosen["object"]), original.image
        if chosen["removed"]:
            gone = self._things(chosen["image"])
            removals = [gone[name] for name in chosen["removed"]]
            picture = self.analysis.corpus.remove(chosen["image"], *removals)
        elif thing is None:
            return original, original
        at = thing and overlay_at(picture, thing, (chosen["x"], chosen["y"]), chosen["height"])
        network = self.analysis.for_image(chosen["image"]).network
        return original, look_at(network, self.cam, picture, at)

    def _things(self, image: str) -> dict[str, object]:
        """What can be removed from a drawn scene, by name."""
        if not offers(self.analysis.corpus, "removable"):
            return {}
        found = self.analysis.corpus.removable(image)
        return {f"{one.object_class} ({one.thing + 1})": one for one in found}

    def _list_things(self) -> None:
        control, names = self.controls["removed"], list(self._things(self.state["image"]))
        if list(control.options) != names:
            with self.quietly():
                control.options = names
                control.value = ()

    def _changed(self, change: dict | None) -> None:
        if not self._quiet:
            self._list_things()
        super()._changed(change)

    def _set(self, name: str, value: object) -> bool:
        done = super()._set(name, value)
        if name == "image":
            self._list_things()
        return done

    def _placed(self, change: dict) -> None:
        """The object was dragged: "place x,y" in shares of the picture, and the time."""
        try:
            _, place, *_ = change["new"].split(" ")
            x, y = (min(max(float(number), 0.0), 1.0) for number in place.split(","))
        except ValueError:
            return
        with self.quietly():
            self.controls["x"].value, self.controls["y"].value = x, y
        self._changed(None)

    def _take(self, _: object) -> None:
        """An object of one's own was chosen; what is wrong with it is said."""
        for file in self.own.value:
            with tempfile.TemporaryDirectory() as folder:
                kept = Path(folder) / Path(file["name"]).name
                kept.write_bytes(bytes(file["content"]))
                try:
                    thing = read_object(kept)
                except ObjectError as error:
                    said = escape(str(error).replace(f"{folder}/", ""))
                    self.message.value = f"<span style='color:#c92a2a'>{said}</span>"
                    return
            self.objects[thing.name] = thing
            with self.together():
                self.controls["object"].options = [*self.objects, NO_OBJECT]
                self.controls["object"].value = thing.name
            self.message.value = escape(f"{thing.name}: drag it on the picture")

    def remove(self, _: object = None) -> None:
        """Take the object away, and put back what was removed."""
        self.message.value = ""
        self.set_state({"object": NO_OBJECT, "removed": []})

    def refresh(self) -> None:
        start = time.perf_counter()
        original, now = self.look()
        turned = "" if now.label == original.label else f", was {original.label}"
        heat = Image.fromarray((overlay(now.image, now.cam) * 255).astype("uint8"))
        self.view.value = (
            picture_html(_fitted(original.image), f"before: {original.label}")
            + picture_html(_fitted(now.image), f"after: {now.label}{turned}", PLACE)
            + picture_html(_fitted(heat), f"map for {now.label}")
            + _bars(original, now)
            + place_wire()
        )
        self.seconds = time.perf_counter() - start
        self.status.value = (
            f"Drag the object on the picture “after”, or press where it should be. "
            f"{1000 * self.seconds:.0f} ms"
        )

    def figure(self) -> Figure:
        """The original, the image as the controls say, and its map."""
        original, now = self.look()
        figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained")
        pictures = (original.image, now.image, overlay(now.image, now.cam))
        titles = (f"before: {original.label}", f"after: {now.label}", f"map for {now.label}")
        for ax, picture, title in zip(axes, pictures, titles, strict=True):
            show_image(ax, picture, title)
        return figure


def _fitted(picture: Image.Image) -> Image.Image:
    scale = WIDTH / max(picture.size)
    return picture.resize([max(round(side * scale), 1) for side in picture.size])


def _bars(original: Look, now: Look) -> str:
    """All probabilities, the highest now first, each with what it was before."""
    rows = []
    for label, p in now.probabilities.sort_values(ascending=False, kind="stable").items():
        bar = f"background:{to_hex(label_colour(label))};height:11px;width:{240 * p:.0f}px"
        rows.append(
            f"<tr><td style='text-align:right;padding-right:6px'>{escape(short_label(label))}</td>"
            f"<td><div style='{bar}'></div></td>"
            f"<td>{100 * p:.1f} % (was {100 * original.probabilities[label]:.1f} %)</td></tr>"
        )
    return f"<table style='font:11px sans-serif'>{''.join(rows)}</table>"
