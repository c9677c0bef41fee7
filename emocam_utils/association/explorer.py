"""Fig. 2 with sliders: which classes go with which emotion, and the images behind a cell."""

from __future__ import annotations

import time
from functools import lru_cache, partial
from html import escape

import ipywidgets
import pandas as pd
from matplotlib.figure import Figure

from ..heatmaps import association_figure
from ..names import method_name, preset_name, score_name
from ..pipeline.analysis import Analysis
from ..pipeline.counts import Tally
from ..pipeline.matrix import most_prominent
from ..stats.measures import MEASURES, attended_percent
from ..widgets.controls import LONG, WIDE, choice
from ..widgets.corpus import MOST_IMAGES, CorpusExplorer
from ..widgets.heatmap import CLICK, ROOM, clicked, heatmap_html
from ..widgets.pictures import picture_html
from .hierarchy import ancestors_of, count_descendants, read_hierarchy, with_ancestor_classes

THUMBNAIL = 230  # pixels


class AssociationExplorer(CorpusExplorer):
    """Sliders for the filters, choices of method, score and measure, and the images of a cell.

    table : (K, L), what is shown now
    """

    name = "association"

    def __init__(
        self,
        analysis: Analysis,
        preset: str = "corrected",
        top: int = 25,
        pictures: int = 6,
        most: int = MOST_IMAGES,
    ) -> None:
        """preset : where it starts; pictures : how many images of a cell are shown

        most : images that are counted; of more, a seeded sample is taken, and it is said
        """
        super().__init__(analysis, preset, most)
        self.most_pictures = pictures
        self._tally = lru_cache(maxsize=4)(self._make_tally)
        labels = list(analysis.labels)
        classes = with_ancestor_classes(analysis.classes, ancestors_of(read_hierarchy()))
        self.controls = c = {
            **self.filters,
            "cam": choice("CAM method", list(analysis.study.cams)),
            "measure": choice("measure", list(MEASURES)),
            "top": ipywidgets.IntSlider(
                top, min=1, max=60, description="classes", continuous_update=False,
                style=LONG, layout=WIDE,
            ),
            "descendants": ipywidgets.Checkbox(False, description="count kinds of a class too"),
            "labels": ipywidgets.SelectMultiple(
                options=labels, value=labels, description="labels", rows=9, style=LONG, layout=WIDE
            ),
            "cell_class": choice("images of class", ["", *classes]),
            "cell_label": choice("and label", ["", *labels]),
        }  # fmt: skip
        self.heat, self.behind = ipywidgets.HTML(), ipywidgets.HTML()
        self.click = ipywidgets.Text(layout={"display": "none"}).add_class(CLICK)
        self.click.observe(self._clicked, "value")
        resets = {f"reset_to_{name}": partial(self.reset, name) for name in self.presets}
        left = [c[k] for k in ("threshold", "confidence", "probability", "top", "descendants")]
        right = [c[k] for k in ("cam", "maps", "score", "measure", "labels")]
        self.box = ipywidgets.VBox(
            [
                ipywidgets.HBox([ipywidgets.VBox(left), ipywidgets.VBox(right)]),
                self.buttons(**resets), self.message, self.status, self.heat,
                ipywidgets.HBox([c["cell_class"], c["cell_label"]]), self.behind, self.click,
            ]
        )  # fmt: skip
        self.box.add_class(ROOM)
        self.follow()

    @property
    def tally(self) -> Tally:
        return self._tally(*self._method, self.controls["descendants"].value)

    @property
    def _method(self) -> tuple[str, str]:
        return self.controls["cam"].value, self.controls["maps"].value

    def _make_tally(self, cam: str, maps: str, descendants: bool) -> Tally:
        attention = self.attention(cam, maps)
        return Tally.of(count_descendants(attention) if descendants else attention)

    @property
    def cell(self) -> tuple[str, str] | None:
        """Class and label of the chosen cell; None for a class that only its kinds can show, while
        these are not counted."""
        kind, label = self.controls["cell_class"].value, self.controls["cell_label"].value
        return (kind, label) if label and kind in self.tally.classes else None

    def reset(self, preset: str, _: object = None) -> None:
        """Put maps, score and filters to those of a preset."""
        p = self.presets[preset]
        values = {"maps": preset, "score": p.importance, "threshold": p.threshold}
        self.set_state({**values, "confidence": p.confidence, "probability": p.probability})

    def refresh(self) -> None:
        start = time.perf_counter()
        tally = self.tally
        counts = tally.counts(self.preset)
        labels = [name for name in tally.labels if name in self.controls["labels"].value]
        percent = tally.frame(attended_percent(counts))[labels]
        rows = most_prominent(percent, self.controls["top"].value).index
        measure = self.controls["measure"].value
        self.table = tally.frame(MEASURES[measure](counts)).loc[rows, labels]
        self.images = pd.Series(counts.images, index=list(tally.labels))[labels]
        self.heat.value = heatmap_html(self.table, self.images, measure, self.cell)
        self.seconds = time.perf_counter() - start
        self.status.value = (
            f"{self.sample}{counts.images.sum():,} of {len(tally.images):,} images counted · "
            f"{(counts.attended > 0).sum():,} cells with an image · {1000 * self.seconds:.0f} ms"
        )
        self.behind.value = self._images_behind()

    def _clicked(self, change: dict) -> None:
        cell = clicked(change["new"], self.table)
        if cell:
            with self.together():
                self.controls["cell_class"].value, self.controls["cell_label"].value = cell

    def _images_behind(self) -> str:
        """The images that the chosen cell counts, with the boxes of its class and their map."""
        if self.cell is None:
            return "<i>Click a cell, or choose a class and a label, to see its images.</i>"
        found = self.tally.images_behind(self.cell, self.preset)
        shown = found[: self.most_pictures]
        number = "1 image" if len(found) == 1 else f"{len(found)} images"
        word = f"{number} of {self.cell[1]} with {self.cell[0]} attended"
        more = f", the {len(shown)} of highest importance" if len(shown) < len(found) else ""
        figures = "".join(self._picture(image) for image in shown)
        return f"<div><b>{escape(word)}</b>{more}</div>{figures}"

    def _picture(self, image: str) -> str:
        preset, found = self.preset, self.found(*self._method)
        boxes, importance = found.boxes(image, preset)
        picture = self.pictures.drawn(
            image, THUMBNAIL, found.cam(image), boxes, importance, preset.threshold, names=False
        )
        return picture_html(picture, image)

    def figure(self) -> Figure:
        """The heatmap as in the paper; of other measures too."""
        (cam, maps), preset, measure = self._method, self.preset, self.controls["measure"].value
        score = f"{score_name(preset.importance)} > {preset.threshold:g}"
        title = f"{method_name(cam)} {preset_name(maps)}, {score}: {measure}"
        title += f"\n{self.sample.removesuffix(' · ')}" if self.sample else ""
        return association_figure({title: (self.table, self.images)}, measure=measure)
