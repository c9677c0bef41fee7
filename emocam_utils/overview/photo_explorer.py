"""Your own photograph: drop or choose a file, and see what the network makes of it and why."""

from __future__ import annotations

import base64
import binascii
import tempfile
import time
from functools import lru_cache
from html import escape
from pathlib import Path
from urllib.parse import unquote

import ipywidgets
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from ..corpora.images import UnreadableImage, read_image
from ..detectors.box_files import BoxFileError
from ..figures import show_image, side_by_side
from ..names import method_name, score_name
from ..pipeline.analysis import Analysis, preset_cam
from ..pipeline.importance import scaled
from ..widgets.controls import Explorer, button, choice, row, slider
from ..widgets.heatmap import CLICK, ROOM, TELL
from ..widgets.pictures import drawn_on, fitted, picture_html
from ..widgets.words import named
from .covering import MOST_COVERED, Photo, look_at_photo

WIDTH = 400  # pixels
DROP = Path(__file__).parents[1] / "widgets" / "drop.js"


class PhotoExplorer(Explorer):
    """Boxes, map and label of a photograph, and what covering each object does."""

    name = "photo"

    def __init__(self, analysis: Analysis, preset: str = "corrected") -> None:
        """It starts with the corpus' first image."""
        super().__init__(analysis.study.name, analysis.study.presets)
        self.analysis, self.preset_name, self.seconds = analysis, preset, 0.0
        start = analysis.study.preset(preset)
        self.controls = {
            "cam": choice("CAM method", named(analysis.study.cams, method_name)),
            "threshold": slider(
                f"{score_name(start.importance)} >", start.threshold, 2.0,
                "A box is attended if the map in it scores more than this", digits=3,
            ),
        }  # fmt: skip
        self.title = analysis.ids[0]
        self.image = analysis.corpus.read(self.title)
        self._looked = lru_cache(maxsize=8)(self._look)
        self._shown = 0  # counts the photographs, of which the names may be alike
        self.upload = ipywidgets.FileUpload(
            accept="image/*", description="choose a photograph", layout={"width": "auto"}
        )
        self.upload.observe(self._chosen, "value")
        self.dropped = ipywidgets.Text(layout={"display": "none"}).add_class(CLICK)
        self.dropped.observe(self._dropped, "value")
        self.view = ipywidgets.HTML()
        wire = (
            f"const room = this.closest('.{ROOM}'); if (room) ({DROP.read_text('utf-8')})(room,"
            f" (name, data) => {{ const said = 'drop ' + name + ' ' + data; {TELL} }});"
            " this.remove();"
        )
        zone = ipywidgets.HTML(
            "<div style='border:2px dashed #868e96;border-radius:8px;padding:12px;font:13px "
            "sans-serif'>Drop a photograph here, or choose one below. It stays on this machine."
            f'<img hidden alt="" src="data:," onerror="{escape(wire)}"></div>'
        )
        again = button("the first image again", self._again, "The corpus' first image")
        self.box = ipywidgets.VBox(
            [
                zone, row(self.upload, again), row(*self.controls.values()), self.message,
                self.view, self.dropped,
            ]
        )  # fmt: skip
        self.box.add_class(ROOM)
        self.follow()

    def _look(self, number: int, cam: str) -> Photo:
        preset = self.analysis.study.preset(self.preset_name)
        return look_at_photo(self.analysis, self.image, self.title, preset_cam(cam, preset), preset)

    def photo(self) -> Photo:
        """What is shown, as the controls say."""
        return self._looked(self._shown, self.controls["cam"].value)

    def _chosen(self, _: object) -> None:
        for file in self.upload.value:
            self.take(file["name"], bytes(file["content"]))

    def _dropped(self, change: dict) -> None:
        """ "drop <name> data:<type>;base64,<content> <time>"."""
        try:
            _, name, data, *_ = change["new"].split(" ")
            content = base64.b64decode(data.partition("base64,")[2], validate=True)
        except (ValueError, binascii.Error):
            return
        self.take(unquote(name), content)

    def take(self, name: str, content: bytes) -> None:
        """Show a file's photograph; what is wrong with it is said, and the last one stays."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "photograph"
            file.write_bytes(content)
            try:
                image = read_image(file)
            except UnreadableImage as error:
                self._refuse(f"{name}: {error}")
                return
        before = self.image, self.title
        self.image, self.title, self._shown = image, name, self._shown + 1
        try:
            self.refresh()
        except BoxFileError as error:
            self.image, self.title = before
            self._shown += 1
            self._refuse(f"this study's detector reads its boxes from a file: {error}")
            return
        self.message.value = ""

    def _again(self, _: object) -> None:
        self.title = self.analysis.ids[0]
        self.image, self._shown = self.analysis.corpus.read(self.title), self._shown + 1
        self.refresh()

    def _refuse(self, why: str) -> None:
        self.message.value = f"<span style='color:#c92a2a'>{escape(why)}</span>"

    def refresh(self) -> None:
        start = time.perf_counter()
        photo, threshold = self.photo(), self.controls["threshold"].value
        bare, explained = self._pictures(photo, threshold)
        cam = method_name(self.controls["cam"].value)
        parts = [
            picture_html(bare, f"{self.title}: {photo.label} ({photo.probabilities.max():.2f})"),
            picture_html(explained, f"{cam} for {photo.label}"),
            _labels(photo.probabilities),
            _table(photo, threshold),
        ]
        self.seconds = time.perf_counter() - start
        self.view.value = "".join(parts)

    @staticmethod
    def _pictures(photo: Photo, threshold: float) -> tuple[Image.Image, Image.Image]:
        picture, scale = fitted(photo.image, WIDTH)
        bare = drawn_on(picture, scale, boxes=photo.boxes)
        importance = photo.boxes["importance"].to_numpy()
        return bare, drawn_on(picture, scale, scaled(photo.raw), photo.boxes, importance, threshold)

    def figure(self) -> Figure:
        """The photograph with its boxes, and its map."""
        photo = self.photo()
        pictures = self._pictures(photo, self.controls["threshold"].value)
        figure, axes = side_by_side(2, 4, 3.4)
        titles = (f"{self.title}: {photo.label}", f"map for {photo.label}")
        for ax, picture, title in zip(axes, pictures, titles, strict=True):
            show_image(ax, picture, title)
        return figure


def _labels(probabilities: pd.Series, most: int = 6) -> str:
    rows = "".join(
        f"<tr><td style='text-align:right'>{escape(label)}</td><td>{100 * p:.1f} %</td></tr>"
        for label, p in probabilities.nlargest(most).items()
    )
    return f"<table style='font:12px sans-serif'>{rows}</table>"


def _table(photo: Photo, threshold: float) -> str:
    """What covering each object does, the largest fall of the label's probability first."""
    if photo.boxes.empty:
        return "<p>The detector finds no object that it is sure enough of.</p>"
    rows = []
    for box in photo.boxes.sort_values("fall", ascending=False, kind="stable").to_dict("records"):
        attended = "yes" if box["importance"] > threshold else "no"
        number = "–" if np.isnan(box["importance"]) else f"{box['importance']:.2f}"
        cells = [escape(box["class"]), f"{box['confidence']:.2f}", f"{number} ({attended})"]
        if np.isnan(box["fall"]):
            cells += ["not covered", ""]
        else:
            then = box["label when covered"]
            turned = "" if then == photo.label else f", now {escape(then)}"
            cells += [f"{100 * box['probability when covered']:.1f} %{turned}"]
            cells += [f"{round(-100 * box['fall'], 1) + 0:+.1f}"]  # no minus before 0.0
        rows.append("".join(f"<td style='padding:1px 8px'>{cell}</td>" for cell in cells))
    heads = (
        "object",
        "detector",
        "importance (attended?)",
        f"{photo.label} when covered",
        "points",
    )
    head = "".join(f"<th scope=col style='padding:1px 8px'>{escape(h)}</th>" for h in heads)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return (
        f"<table style='font:12px sans-serif'><caption>Without each object (its box in the mean "
        f"colour of the rest; the {MOST_COVERED} surest)</caption><tr>{head}</tr>{body}</table>"
        "<p style='font:12px sans-serif'>A box of one colour is itself something that the network "
        "did not learn from: a fall is a hint at a cause and no proof of one.</p>"
    )
