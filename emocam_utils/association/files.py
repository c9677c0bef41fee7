"""What the association explorer shows as files: matrix, counts, images, figures, settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import yaml

from ..figures import style
from ..stats.intervals import wilson
from ..widgets.still import png

if TYPE_CHECKING:
    from .explorer import AssociationExplorer


def exported(explorer: AssociationExplorer) -> dict[str, bytes]:
    """The files by their names; those of a comparison or of a cell only where there is one."""
    made = {
        "settings.yaml": yaml.safe_dump(explorer.state, sort_keys=False, allow_unicode=True),
        "matrix.csv": explorer.table.to_csv(),
        "cells.csv": cells_table(explorer).to_csv(index=False, float_format="%.6g"),
    }
    figures = {"matrix.png": explorer.figure}
    if explorer.other is not None:
        made["compared.csv"] = explorer.other.to_csv()
        made["difference.csv"] = explorer.difference.to_csv()
        figures["difference.png"] = explorer.difference_figure
    if explorer.cell:
        made["images.csv"] = images_table(explorer).to_csv(index=False)
    drawn = {}
    with style():
        for name, draw in figures.items():
            drawn[name] = png(draw())
    return {name: text.encode() for name, text in made.items()} | drawn


def cells_table(explorer: AssociationExplorer) -> pd.DataFrame:
    """Every shown cell: class, label, attended, detected and images, percent and its interval."""
    counts, table = explorer.counts, explorer.table
    low, high = (100 * end for end in wilson(counts.attended, counts.images))
    rows = [
        (kind, label, counts.attended[i, j], counts.present[i, j], counts.images[j], low[i, j],
         high[i, j])
        for i, kind in enumerate(table.index)
        for j, label in enumerate(table.columns)
    ]  # fmt: skip
    columns = ["class", "label", "attended", "detected", "images", "low_percent", "high_percent"]
    return pd.DataFrame(rows, columns=columns)


def images_table(explorer: AssociationExplorer) -> pd.DataFrame:
    """All images of the chosen cell, in their order: class, label (of the cell), group, image."""
    kind, label = explorer.cell
    rows = [
        (kind, label, group, image)
        for group, images in explorer.images_of_cell.groups.items()
        for image in images
    ]
    return pd.DataFrame(rows, columns=["class", "label", "group", "image"])
