"""Does it matter how large an object is, where it is, and whether there are people?

The density of the evidence is the mean of |map| inside an object over that of its photograph: 1 is
what a map of noise gives to any object, whatever its size and place.

Axes: N photographs, R objects (a photograph and class), h x w cells.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..pipeline.dimensions import covered
from ..stats.agreement import pearson
from ..stats.bootstrap import resampled_rows, weighted_mean
from ..stats.intervals import percentile
from ..stats.measures import ratio
from .evidence import noise_like
from .rated import CORNERS, Rated

SIZES = {"below 2 %": 0.02, "2 to 10 %": 0.1, "10 to 30 %": 0.3, "above 30 %": np.inf}
PLACES = {"inner third": 1 / 3, "middle third": 2 / 3, "outer third": np.inf}
PEOPLE = {"a person": ("Person",), "a face": ("Human face",)}


def object_table(rated: Rated, seed: int = 0) -> pd.DataFrame:
    """Size, place and density of every box that counts.

    returns : one row a box: image, class, theme, area (share of the photograph), distance (of its
              middle from that of the photograph, which is 0; an edge is 1), and for each dimension
              <dimension> and <dimension>_noise, the density of the map and that of a map of noise
    """
    rng = np.random.default_rng(seed)
    maps = dict(rated.maps)
    maps |= {f"{name}_noise": noise_like(cams, rng) for name, cams in rated.maps.items()}
    row_of = {image: row for row, image in enumerate(rated.photographs.index)}
    sizes = rated.photographs[["height", "width"]].to_numpy(dtype=np.float64)
    boxes = rated.sure[rated.sure["image"].isin(row_of)]
    rows = []
    for box in boxes.to_dict("records"):
        row = row_of[box["image"]]
        height, width = sizes[row]
        corners = np.array([[box[name] for name in CORNERS]])
        cells = next(iter(maps.values())).shape[1:]
        cover = covered(corners, (int(height), int(width)), cells)
        x, y = corners[0, [0, 2]].mean() / width, corners[0, [1, 3]].mean() / height
        made = {"image": box["image"], "class": box["class"], "theme": rated.themes[row]}
        made |= {"area": cover.mean(), "distance": 2 * max(abs(x - 0.5), abs(y - 0.5))}
        rows.append(made | {name: _density(cams[row], cover) for name, cams in maps.items()})
    return pd.DataFrame(rows, columns=["image", "class", "theme", "area", "distance", *maps])


def density_table(objects: pd.DataFrame, dimensions: tuple[str, ...]) -> pd.DataFrame:
    """Mean density of objects by size and by place.

    objects : of `object_table`
    returns : one row a dimension, grouping (size, place) and group: objects, themes, density with
              low and high (95 % over themes), noise
    """
    weights = resampled_rows(objects["theme"], 2000).astype(np.float64)
    rows = []
    for grouping, column, bounds in (("size", "area", SIZES), ("place", "distance", PLACES)):
        for (group, upper), lower in zip(
            bounds.items(), [-np.inf, *list(bounds.values())[:-1]], strict=True
        ):
            inside = objects[column].gt(lower).to_numpy() & objects[column].le(upper).to_numpy()
            for dimension in dimensions:
                values = objects.loc[inside, [dimension, f"{dimension}_noise"]].to_numpy(float)
                mean = weighted_mean(values, np.ones((1, len(values))))[0]
                low, high = percentile(weighted_mean(values[:, 0], weights[:, inside]))
                row = {"dimension": dimension, "grouping": grouping, "group": group}
                row |= {"objects": inside.sum(), "themes": objects.loc[inside, "theme"].nunique()}
                rows.append(row | {"density": mean[0], "low": low, "high": high, "noise": mean[1]})
    return pd.DataFrame(rows).set_index(["dimension", "grouping", "group"])


def centre_table(rated: Rated, rings: int = 5) -> pd.DataFrame:
    """Density of the evidence from the middle of a photograph to its edge, boxes or not.

    returns : one row a dimension and ring (0 in the middle): distance (mean of its cells), density
              with low and high (95 % over themes)
    """
    rows = []
    for dimension, cams in rated.maps.items():
        height, width = cams.shape[1:]
        y, x = (np.abs((np.arange(n) + 0.5) / n * 2 - 1) for n in (height, width))
        distance = np.maximum(y[:, None], x[None])
        ring = np.minimum((distance * rings).astype(int), rings - 1)
        mass = np.abs(cams)
        whole = mass.mean((1, 2))
        for number in range(rings):
            cells = (ring == number).astype(np.float64)
            inside = ratio((mass * cells).sum((1, 2)), cells.sum())
            density = ratio(inside, whole)
            low, high = percentile(weighted_mean(density, rated.weights))
            row = {"dimension": dimension, "ring": number}
            row["distance"] = float(ratio((distance * cells).sum(), cells.sum()))
            row["density"] = weighted_mean(density, np.ones((1, len(density))))[0]
            rows.append(row | {"low": low, "high": high})
    return pd.DataFrame(rows).set_index(["dimension", "ring"])


def people_table(rated: Rated, kinds: Mapping[str, tuple[str, ...]] | None = None) -> pd.DataFrame:
    """Photographs with and without people: what both say of them, and how well the network reads.

    kinds   : words -> classes of which any counts; by default PEOPLE
    returns : one row a dimension and group: photographs, themes; people and network (mean ratings),
              bias (network less people) and r, each with _low and _high (95 % over themes)
    """
    rows = []
    for words, classes in (PEOPLE if kinds is None else kinds).items():
        has = rated.present(list(classes)).any(axis=1)
        for group, inside in ((f"with {words}", has), (f"without {words}", ~has)):
            weights = rated.weights[:, inside]
            for dimension in rated.dimensions:
                ours, theirs = rated.network(dimension)[inside], rated.people(dimension)[inside]
                row = {"dimension": dimension, "group": group, "photographs": inside.sum()}
                row["themes"] = len(set(rated.themes[inside]))
                for name, values in {
                    "people": theirs,
                    "network": ours,
                    "bias": ours - theirs,
                }.items():
                    row[name] = values.mean() if len(values) else np.nan
                    low, high = percentile(weighted_mean(values, weights))
                    row |= {f"{name}_low": low, f"{name}_high": high}
                row["r"] = pearson(ours, theirs)
                row["r_low"], row["r_high"] = percentile(pearson(ours, theirs, weights))
                rows.append(row)
    return pd.DataFrame(rows).set_index(["dimension", "group"])


def layout_in_words(density: pd.DataFrame) -> list[str]:
    """A sentence a dimension and grouping: the groups whose interval leaves 1 out."""
    lines = []
    known = density.dropna(subset="density")
    for (dimension, grouping), rows in known.groupby(level=["dimension", "grouping"], sort=False):
        said = [
            f"{group} {row['density']:.2f} ({row['low']:.2f} to {row['high']:.2f}, "
            f"{row['objects']:.0f} boxes)"
            for (_, _, group), row in rows.iterrows()
        ]
        apart = ((rows["low"] > 1) | (rows["high"] < 1)).sum()
        lines.append(
            f"{dimension} by {grouping}: {'; '.join(said)}. {apart} of {len(rows)} differ from 1."
        )
    return lines


def people_in_words(table: pd.DataFrame) -> list[str]:
    """A sentence a dimension and kind: the difference, as people and as the network have it."""
    lines = []
    for (dimension, group), row in table.iterrows():
        over = row["bias_low"] > 0, row["bias_high"] < 0
        words = "above" if over[0] else "below" if over[1] else "as"
        lines.append(
            f"{dimension}, {row['photographs']:.0f} photographs {group}: people "
            f"{row['people']:.2f}, network {row['network']:.2f}, rated {words} people do "
            f"({row['bias']:+.2f}, {row['bias_low']:+.2f} to {row['bias_high']:+.2f}); r "
            f"{row['r']:.2f} ({row['r_low']:.2f} to {row['r_high']:.2f})."
        )
    return lines


def _density(cam: NDArray, cover: NDArray) -> float:
    """Mean of |map| in a part over that of the whole; NaN for an empty part or map."""
    mass = np.abs(cam)
    inside = ratio(np.array((mass * cover).sum()), np.array(cover.sum()))
    return float(ratio(inside, np.array(mass.mean())))
