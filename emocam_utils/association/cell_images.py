"""The images of a chosen cell below the matrix: all of them in pages, and one enlarged."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

import ipywidgets
from PIL import Image

from ..widgets.cells import GROUPS, images_of_cell
from ..widgets.controls import button
from ..widgets.image_explorer import ANY, ImageExplorer
from .setting import Setting
from .strips import pages, strips_html

if TYPE_CHECKING:
    from .explorer import AssociationExplorer

THUMBNAIL = 200  # pixels


class CellImages:
    """Images of a cell of an association explorer, those against it beside them.

    groups : title -> images, all of them; page : title -> the page that is shown, from 0
    """

    def __init__(self, explorer: AssociationExplorer, on_page: int) -> None:
        """on_page : pictures on a page of the first group; the others have a third of it"""
        self.explorer, self.on_page = explorer, on_page
        self.cell: tuple[str, str] | None = None
        self.groups: dict[str, list[str]] = {}
        self.page: dict[str, int] = {}
        self.large: ImageExplorer | None = None
        self.view, self.enlarged = ipywidgets.HTML(), ipywidgets.VBox()
        self.box = ipywidgets.VBox([self.view, self.enlarged])
        self._drawn = lru_cache(maxsize=256)(self._draw_picture)

    def show(self, cell: tuple[str, str] | None) -> None:
        """The first pages of a cell's images; of no cell, how to choose one."""
        self.cell, self.page = cell, {}
        self.groups = self._groups() if cell else {}
        self._draw()

    def _draw(self) -> None:
        if self.cell is None:
            self.view.value = "<i>Choose a cell, or a class and a label, to see its images.</i>"
            return
        sizes = {title: self._size(number) for number, title in enumerate(self.groups)}
        page = {title: self.page.get(title, 0) for title in self.groups}
        kind, label = self.cell
        strips = strips_html(self.groups, page, sizes, self._picture)
        self.view.value = f"<b>{escape(kind)} and {escape(label)}</b>{strips}"

    def _size(self, group: int) -> int:
        return self.on_page if group == 0 else max(self.on_page // 3, 1)

    def _groups(self) -> dict[str, list[str]]:
        """The images of the cell and those that speak against it; of two settings, what differs."""
        explorer = self.explorer
        order, here, there = (
            explorer.controls["order"].value, explorer.setting, explorer.compared
        )  # fmt: skip

        def of(setting) -> dict[str, list[str]]:
            preset = setting.preset(explorer.presets)
            return images_of_cell(explorer.tally_of(setting), self.cell, preset, order)

        if there is None:
            return {GROUPS[name]: images for name, images in of(here).items()}
        first, second = of(here)["attended"], of(there)["attended"]
        both = {*first} & {*second}
        return {
            "attended in both": [image for image in first if image in both],
            "only in the first": [image for image in first if image not in both],
            "only in the second": [image for image in second if image not in both],
        }

    def _picture(self, image: str) -> Image.Image:
        return self._drawn(image, self.explorer.setting)

    def _draw_picture(self, image: str, setting: Setting) -> Image.Image:
        explorer, preset = self.explorer, setting.preset(self.explorer.presets)
        found = explorer.found(setting.cam, setting.maps)
        boxes, importance = found.boxes(image, preset)
        return explorer.pictures.drawn(
            image, THUMBNAIL, found.cam(image), boxes, importance, preset.threshold, names=False
        )

    def told(self, what: str, said: str) -> None:
        """A page was turned or a picture pressed: what `strips_html` says, and the time.

        What is gone by now is passed over.
        """
        try:
            group, place = (int(number) for number in said.split(" ")[0].split(","))
            title = list(self.groups)[group]
        except (ValueError, IndexError):
            return
        images = self.groups[title]
        if what == "page":
            self.page[title] = min(max(place, 0), pages(len(images), self._size(group)) - 1)
            self._draw()
        elif what == "open" and 0 <= place < len(images):
            self.open(images[place], images)

    def open(self, image: str, among: list[str]) -> None:
        """Enlarge an image in an image explorer below, under the same setting."""
        explorer = self.explorer
        if self.large is None:
            self.large = ImageExplorer(explorer.analysis, image=image, beside=explorer)
        names = ("maps", "score", "threshold", "confidence")
        state = {name: explorer.controls[name].value for name in names}
        self.large.set_state({**state, "cams": [explorer.setting.cam], "label": ANY})
        self.large.show(image, among)
        self.enlarged.children = (button("close the image", self.close), self.large.box)

    def close(self, _: object = None) -> None:
        self.enlarged.children = ()
