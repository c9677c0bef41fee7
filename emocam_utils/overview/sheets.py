"""Plots of 00_corpus: contact sheets."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from ..figures import show_image


def contact_sheet(
    pictures: Sequence[Image.Image | np.ndarray], titles: Sequence[str], columns: int, width: float
) -> Figure:
    """Pictures in rows with a title each; `width` inches a picture."""
    rows = -(-len(pictures) // columns)
    ratio = np.asarray(pictures[0]).shape[0] / np.asarray(pictures[0]).shape[1]
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(width * columns, (width * ratio + 0.24) * rows),
        squeeze=False,
        layout="constrained",
    )
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, picture, title in zip(axes.flat, pictures, titles, strict=False):
        show_image(ax, picture)
        ax.set_title(title, fontsize=7, fontweight="normal", pad=2)
    return figure
