"""Where CAM methods differ: on single images, in how much they choose, and in which cells.

Axes: K classes, L labels, h x w cells of a map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from ..pipeline.analysis import Analysis
from ..pipeline.example import clear_examples
from ..pipeline.importance import scaled
from ..pipeline.tables import map_array
from ..stats.measures import attended_percent
from .agreement import Contest


def method_table(contests: Mapping[str, Contest]) -> pd.DataFrame:
    """One row a method and preset: empty maps, boxes kept, and whether another seed changes it.

    empty, images       maps without a positive cell, of how many
    empty_untrained     the same on the untrained network
    kept                share of the candidate boxes that are attended, in percent
    same_map            LIME: median over images of the correlation of two seeds' maps; else NaN
    same_choice         LIME: percent of the boxes kept under either seed that are under both
    """
    rows = {}
    for name, contest in contests.items():
        for cam in contest.cams:
            key = f"{cam}/{name}"
            maps, chosen = contest.maps[key], contest.chosen[key]
            row = {
                "empty": int(maps["empty"].sum()),
                "images": len(maps),
                "empty_untrained": int(contest.maps[f"{key}/untrained"]["empty"].sum()),
                "kept": 100 * chosen.mean() if len(chosen) else np.nan,
                "same_map": np.nan,
                "same_choice": np.nan,
            }
            if (other := f"{key}/reseeded") in contest.maps:
                either = (chosen | contest.chosen[other]).sum()
                both = (chosen & contest.chosen[other]).sum()
                known = map_correlations(maps, contest.maps[other])
                known = known[~np.isnan(known)]
                row["same_map"] = np.median(known) if len(known) else np.nan
                row["same_choice"] = 100 * both / either if either else np.nan
            rows[name, cam] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["preset", "method"])


def map_correlations(first: pd.DataFrame, second: pd.DataFrame) -> NDArray[np.float64]:
    """Pearson's correlation over cells of two raw maps of each image; NaN where one is constant."""
    a, b = (np.stack(maps["map"]).astype(np.float64) for maps in (first, second))
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    length = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return (a * b).sum(axis=1) / np.where(length > 0, length, np.nan)


def spread_table(contest: Contest, count: int = 15, least: int = 10) -> pd.DataFrame:
    """The cells on which the methods differ most (the paper's "Pillow" and "Sexual Desire").

    returns : one row a class and label, the largest spread first: M'_A of each method in percent,
              `spread` = highest less lowest, `presence` = percent of the label's images with the
              class, `images` of the label. Labels of less than `least` images are left out.
    """
    c, once = contest.candidates, np.ones(contest.images)
    cells = pd.MultiIndex.from_product([c.classes, c.labels], names=["class", "label"])
    choices = contest.rsa.choices
    table = pd.DataFrame(
        {cam: attended_percent(choices[cam].counts(once)).ravel() for cam in choices}, index=cells
    )
    table["spread"] = table.max(axis=1) - table.min(axis=1)
    images = c.label.sum(axis=0)
    present = c.present.T @ c.label
    table["presence"] = (100 * present / np.where(images > 0, images, np.nan)).ravel()
    table["images"] = np.tile(images, len(c.classes)).astype(int)
    table = table[(table["images"] >= least) & (table["spread"] > 0)]
    return table.sort_values("spread", ascending=False, kind="stable").head(count)


def matrices(contest: Contest) -> dict[str, pd.DataFrame]:
    """M_A of each method, (K, L) counts of images."""
    c, once = contest.candidates, np.ones(contest.images)
    return {
        cam: pd.DataFrame(choice.matrix(once), index=c.classes, columns=c.labels)
        for cam, choice in contest.rsa.choices.items()
    }


def matrix_table(contest: Contest) -> pd.DataFrame:
    """`matrices` one below the other."""
    return pd.concat(matrices(contest), names=["method", "class"])


def scipy_agreement(contest: Contest, first: str, second: str) -> float:
    """Spearman's correlation of the M_A of two methods, as SciPy computes it: a check of `Rsa`."""
    counted = matrices(contest)
    return float(spearmanr(counted[first].stack(), counted[second].stack()).statistic)


def example_images(analysis: Analysis, contest: Contest, count: int) -> pd.Series:
    """Images to look at, of different labels, chosen by `clear_examples`: (image -> label)."""
    empty = sum(contest.maps[f"{cam}/{contest.name}"]["empty"].astype(int) for cam in contest.cams)
    boxes, predictions = analysis.boxes, analysis.predictions
    order = clear_examples(boxes, predictions, empty, contest.preset.confidence)
    return order.drop_duplicates()[:count]


def scaled_maps(
    contests: Mapping[str, Contest], images: Sequence[str]
) -> dict[str, list[dict[str, NDArray[np.float64]]]]:
    """Maps of all methods, scaled to [0, 1], NaN where empty: preset -> an image -> method."""
    shown = {}
    for name, contest in contests.items():
        maps = {cam: contest.maps[f"{cam}/{name}"].set_index("image") for cam in contest.cams}
        shown[name] = [
            {cam: scaled(map_array(table.loc[image])) for cam, table in maps.items()}
            for image in images
        ]
    return shown
