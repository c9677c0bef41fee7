"""Fig. 2 with sliders: which classes go with which emotion, and the images behind a cell."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import lru_cache, partial
from html import escape

import ipywidgets
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..heatmaps import PERCENT, association_figure
from ..names import preset_name
from ..pipeline.analysis import Analysis
from ..pipeline.counts import Tally
from ..pipeline.matrix import most_prominent
from ..stats.measures import MEASURES, Counts, attended_percent
from ..study import StudyError
from ..widgets.controls import REST, column, row
from ..widgets.corpus import MOST_IMAGES, CorpusExplorer
from ..widgets.export import write_export
from ..widgets.heatmap import CLICK, ROOM, clicked, heatmap_html, said_of_cells
from ..widgets.words import MEASURE_QUESTIONS
from . import files
from .cell_images import CellImages
from .hierarchy import count_descendants
from .panel import KEPT, panel
from .setting import Setting, read_setting


class AssociationExplorer(CorpusExplorer):
    """Sliders for the filters, choices of method, score and measure, and the images of a cell.

    table : (K, L), what is shown now; other : (K, L) of what it is compared with, or None
    """

    name = "association"

    def __init__(
        self,
        analysis: Analysis,
        preset: str = "corrected",
        top: int = 25,
        pictures: int = 12,
        most: int = MOST_IMAGES,
    ) -> None:
        """preset : where it starts; pictures : how many images of a cell are on a page

        most : images that are counted; of more, a seeded sample is taken, and it is said
        """
        super().__init__(analysis, preset, most)
        self._tally = lru_cache(maxsize=4)(self._make_tally)
        self.images_of_cell = CellImages(self, pictures)
        self.controls = c = {**self.filters, **panel(analysis, top)}
        self.heat, self.note = ipywidgets.HTML(), ipywidgets.HTML()
        self.click = ipywidgets.Text(layout={"display": "none"}).add_class(CLICK)
        self.click.observe(self._clicked, "value")
        resets = {
            f"reset_to_{preset_name(name)}": partial(self.reset, name) for name in self.presets
        }
        resets |= {"keep_this_setting": self.keep, "export": self.export}
        left = [c[k] for k in ("threshold", "confidence", "probability", "top", "descendants")]
        middle = [c[k] for k in ("cam", "maps", "score", "measure", "compare")]
        right = [c[k] for k in ("find_class", "find_label", "labels")]
        self.box = ipywidgets.VBox(
            [
                row(column(*left), column(*middle), column(*right)),
                self.buttons(**resets), self.message, self.note, self.status, self.heat,
                row(c["cell_class"], c["cell_label"], c["order"]), self.images_of_cell.box,
                self.click, c["kept"],
            ]
        )  # fmt: skip
        self.box.add_class(ROOM)
        self.follow()

    # --------------------------------------------------------------------- what is counted

    @property
    def setting(self) -> Setting:
        """What the matrix is made with, as the controls say."""
        cam, maps, p = self.controls["cam"].value, self.controls["maps"].value, self.preset
        return Setting(cam, maps, p.importance, p.threshold, p.confidence, p.probability)

    @property
    def compared(self) -> Setting | None:
        """What it is compared with."""
        kind, _, name = self.controls["compare"].value.partition(" ")
        if kind == "cam":
            return replace(self.setting, cam=name)
        if kind == "maps":
            own = self.presets[name]
            return replace(self.setting, maps=name, score=own.importance, threshold=own.threshold)
        return read_setting(self.controls["kept"].value) if kind == KEPT else None

    @property
    def tally(self) -> Tally:
        return self.tally_of(self.setting)

    def tally_of(self, setting: Setting) -> Tally:
        return self._tally(setting.cam, setting.maps, self.controls["descendants"].value)

    def _make_tally(self, cam: str, maps: str, descendants: bool) -> Tally:
        attention = self.attention(cam, maps)
        return Tally.of(count_descendants(attention) if descendants else attention)

    def _counts(self, setting: Setting) -> Counts:
        return self.tally_of(setting).counts(setting.preset(self.presets))

    @property
    def cell(self) -> tuple[str, str] | None:
        """Class and label of the chosen cell; None for a class that only its kinds can show, while
        these are not counted."""
        kind, label = self.controls["cell_class"].value, self.controls["cell_label"].value
        return (kind, label) if label and kind in self.tally.classes else None

    # ------------------------------------------------------------------------ what is shown

    def refresh(self) -> None:
        start = time.perf_counter()
        settings = [one for one in (self.setting, self.compared) if one]
        tally, counted = self.tally, [self._counts(one) for one in settings]
        measure, counts = self.controls["measure"].value, counted[0]
        rows, labels = self._rows_and_labels(tally, counted)
        tables = [tally.frame(MEASURES[measure](one)).loc[rows, labels] for one in counted]
        self.table, self.other = tables[0], tables[1] if len(tables) > 1 else None
        images = [pd.Series(one.images, list(tally.labels))[labels] for one in counted]
        self.images, self.other_images = images[0], images[-1]
        at = tally.frame(0).index.get_indexer(rows), pd.Index(tally.labels).get_indexer(labels)
        shown = [self._part(one, *at) for one in counted]
        words = [said_of_cells(one, rows, labels) for one in shown]
        self.counts = shown[0]
        self.heat.value = self._heats(tables, images, words, [one.words for one in settings])
        self.seconds = time.perf_counter() - start
        said = " ".join(filter(None, (self.mixture, self.unfound)))
        self.note.value = f"{MEASURE_QUESTIONS.get(measure, '')} <b>{escape(said)}</b>"
        self.status.value = (
            f"{self.sample}{counts.images.sum():,} of {len(tally.images):,} images counted · "
            f"cells with an image: {(counts.attended > 0).sum():,} · {1000 * self.seconds:.0f} ms"
        )
        self.later("refresh_images", REST, restart=True)

    @property
    def difference(self) -> pd.DataFrame:
        """What is shown less what it is compared with; NaN where either is undefined."""
        with np.errstate(invalid="ignore"):
            return self.table - self.other

    @property
    def unfound(self) -> str:
        """That no label has the name that is looked for, so that all are shown; or ""."""
        sought = self.controls["find_label"].value
        if any(_has(label, sought) for label in self.controls["labels"].value):
            return ""
        return f"No label has “{sought}” in its name: all are shown."

    def _rows_and_labels(self, tally: Tally, counted: list[Counts]) -> tuple[pd.Index, list[str]]:
        """Classes of highest mean percentage in all matrices, and labels, that are looked for."""
        c = {name: control.value for name, control in self.controls.items()}
        chosen = [label for label in tally.labels if label in c["labels"]]
        labels = [label for label in chosen if _has(label, c["find_label"])] or chosen
        percent = sum(tally.frame(attended_percent(one)) for one in counted)[labels]
        found = percent[[_has(name, c["find_class"]) for name in percent.index]]
        return most_prominent(found, c["top"]).index, labels

    @staticmethod
    def _part(counts: Counts, rows: np.ndarray, columns: np.ndarray) -> Counts:
        here = np.ix_(rows, columns)
        return Counts(counts.attended[here], counts.present[here], counts.images[columns])

    def _heats(
        self, tables: list, images: list[pd.Series], words: list[np.ndarray], titles: list[str]
    ) -> str:
        """The matrix; of a comparison both, and their difference."""
        measure, cell = self.controls["measure"].value, self.cell
        if self.other is None:
            return heatmap_html(tables[0], images[0], measure, cell, words[0])
        three = zip((*tables, self.difference), (*images, images[0]), strict=True)
        said = (*words, words[0] + "; compared: " + words[1])
        titles = (*titles, "difference, first less second")
        parts = [
            heatmap_html(table, n, measure, cell, say, title, signed=k == 2)
            for k, ((table, n), say, title) in enumerate(zip(three, said, titles, strict=True))
        ]
        return f"<div class=emocam-matrices>{''.join(parts)}</div>"

    def refresh_images(self) -> None:
        """Draw the images of the chosen cell anew, from their first pages."""
        self.images_of_cell.show(self.cell)

    # ------------------------------------------------------------------------ what is done

    def _clicked(self, change: dict) -> None:
        """A cell was chosen, or something of its images; what is gone by now is passed over."""
        what, _, said = change["new"].partition(" ")
        if what != "cell":
            self.images_of_cell.told(what, said)
        elif cell := clicked(change["new"], self.table):
            with self.together():
                self.controls["cell_class"].value, self.controls["cell_label"].value = cell

    def keep(self, _: object = None) -> None:
        """Keep this setting, and compare what follows with it."""
        with self.together():
            self.controls["kept"].value = self.setting.text()
            self.controls["compare"].value = KEPT

    def reset(self, preset: str, _: object = None) -> None:
        """Put maps, score and filters to those of a preset."""
        p = self.presets[preset]
        values = {"maps": preset, "score": p.importance, "threshold": p.threshold}
        self.set_state({**values, "confidence": p.confidence, "probability": p.probability})

    def export(self, _: object = None) -> None:
        """Write the matrix, the images of the cell, the figure and the settings as one zip."""
        try:
            _, link = write_export(self.study, self.name, files.exported(self))
            self.message.value = link
        except StudyError as error:
            self.message.value = f"<span style='color:#c92a2a'>{escape(str(error))}</span>"

    def figure(self) -> Figure:
        """The heatmap as in the paper; of other measures too, and of what it is compared with."""
        sample = f"\n{self.sample.removesuffix(' · ')}" if self.sample else ""
        measure = self.controls["measure"].value
        panels = {f"{self.setting.lines}{sample}": (self.table, self.images)}
        if self.other is not None:
            panels[f"{self.compared.lines} "] = (self.other, self.other_images)
        return association_figure(panels, measure=measure)

    def difference_figure(self) -> Figure:
        """What is shown less what it is compared with."""
        measure = self.controls["measure"].value
        unit = "percentage points" if measure in PERCENT else measure
        title = f"{self.setting.lines}\nless {self.compared.lines}"
        panel = {title: (self.difference, self.images)}
        figure = association_figure(panel, measure="log odds")  # a measure with a sign
        figure.axes[-1].set_ylabel(f"difference in {unit}")
        return figure


def _has(name: str, sought: str) -> bool:
    """Whether a name has any of the parts that are looked for; every name where there are none."""
    parts = [part.strip().lower() for part in sought.split(",") if part.strip()]
    return not parts or any(part in name.lower() for part in parts)
