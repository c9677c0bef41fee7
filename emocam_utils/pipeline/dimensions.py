"""Signed dimensions: ratings, what raises and lowers them, and which classes of objects do.

A network with `dimensions` (valence, arousal) has a `rater`, a head whose exact class activation
map is signed: the mean of its cells plus an intercept is the rating, in rating points. So the part
of a map inside an object, over the number of all cells, is the object's contribution to the rating,
in rating points, and the contributions of parts of an image add up.

    ratings       : image, a column a dimension (rating points)
    maps          : as those of `stages`, two rows an image; target is the index of the dimension
    contributions : one row an image and class: image, class, boxes, area, and for each dimension
                    <dimension> and <dimension>_beyond

`beyond` is what a contribution has beyond that of an equal area anywhere in its image: an object
that is as all the rest of a pleasant picture contributes to its valence, but nothing beyond. How a
rating is split into map and intercept is the head's choice, and differs between heads: a
contribution grows with the area by what it is worth on average, and only what is beyond does not
depend on that.

Axes: B boxes, h x w cells, D dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray

from ..cams import CamMethod, ExactCam
from ..corpora import Corpus, offers
from ..stats.bootstrap import TIMES, Means, resampled_rows, weighted_mean
from ..stats.intervals import percentile
from ..stats.tests import benjamini_hochberg
from .analysis import Analysis
from .importance import pixel_boxes
from .stages import Models
from .tables import map_array, maps_table

BEYOND = "_beyond"


# ------------------------------------------------------------------------- what is computed once


def rate(
    models: Models, corpus: Corpus, ids: Sequence[str], method: CamMethod
) -> dict[str, pd.DataFrame]:
    """`ratings` and `maps` of some images, each passed through the network alone."""
    tables: dict[str, list[pd.DataFrame]] = {"ratings": [], "maps": []}
    network = models.network
    dimensions = network.dimensions
    for image in ids:
        inputs = network.preprocess(corpus.read(image))[None].to(models.device)
        with torch.no_grad():
            features = network.features(inputs)
            ratings = network.rater(features)[0].float().cpu().numpy()
        targets = torch.arange(len(dimensions))
        cams = method(network.rater, features.expand(len(dimensions), -1, -1, -1), targets)
        columns = {"image": [image], **dict(zip(dimensions, ratings[:, None], strict=True))}
        tables["ratings"].append(pd.DataFrame(columns))
        maps = maps_table([image] * len(dimensions), targets.numpy(), cams.float().cpu().numpy())
        tables["maps"].append(maps)
    return {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}


def dimensions_of(analysis: Analysis) -> tuple[str, ...]:
    """The network's signed dimensions, () for one that has labels only."""
    return getattr(analysis.network, "dimensions", ())


def ratings(analysis: Analysis) -> pd.DataFrame:
    """What the network rates every readable image. Errors: TypeError without dimensions"""
    return _rated(analysis)["ratings"]


def dimension_maps(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """The exact signed map of each dimension, a table as `Analysis.map_of` gives it.

    Errors: TypeError without dimensions
    """
    maps = _rated(analysis)["maps"]
    return {
        dimension: maps[maps["target"] == number].reset_index(drop=True)
        for number, dimension in enumerate(dimensions_of(analysis))
    }


def _rated(analysis: Analysis) -> dict[str, pd.DataFrame]:
    if not dimensions_of(analysis):
        raise TypeError(
            f"the network {analysis.study.network.name} has labels only and no signed dimensions; "
            "mobilenetv2-oasis has valence and arousal"
        )
    method = ExactCam()
    recipes = {
        name: analysis.recipe(name, rate, Models, network=True, method=method)
        for name in ("ratings", "dimension-maps")
    }

    def compute(ids: list[str], missing: list[str]) -> dict[str, pd.DataFrame]:
        parts = [rate(analysis.for_image(i).models, analysis.corpus, [i], method) for i in ids]
        made = {"ratings": "ratings", "dimension-maps": "maps"}
        return {
            name: pd.concat([part[made[name]] for part in parts], ignore_index=True)
            for name in missing
        }

    tables = analysis.run(recipes, compute, "rating")
    return {"ratings": tables["ratings"], "maps": tables["dimension-maps"]}


# ------------------------------------------------------------------- what is arithmetic on tables


def covered(boxes: ArrayLike, size: tuple[int, int], cells: tuple[int, int]) -> NDArray[np.float64]:
    """Share of each cell of a map that lies in the union of boxes; (h, w) in [0, 1].

    boxes : (B, 4) pixels, may overlap and overhang; size : height, width; cells : h, w of the map
    """
    inside = pixel_boxes(boxes, size)
    ys, xs = np.unique(inside[:, [1, 3]]), np.unique(inside[:, [0, 2]])
    within = np.zeros((max(len(ys) - 1, 0), max(len(xs) - 1, 0)))
    for x0, y0, x1, y1 in inside:
        rows = slice(np.searchsorted(ys, y0), np.searchsorted(ys, y1))
        within[rows, slice(np.searchsorted(xs, x0), np.searchsorted(xs, x1))] = 1
    return _overlap(ys, size[0], cells[0]) @ within @ _overlap(xs, size[1], cells[1]).T


def _overlap(edges: NDArray, pixels: int, cells: int) -> NDArray[np.float64]:
    """Share of each cell that lies between each two edges; (cells, len(edges) - 1)."""
    borders = np.linspace(0, pixels, cells + 1)
    low = np.maximum(borders[:-1, None], edges[None, :-1])
    high = np.minimum(borders[1:, None], edges[None, 1:])
    return (high - low).clip(0) / (pixels / cells)


def contribution(cam: NDArray, cover: NDArray) -> tuple[float, float]:
    """What a part of an image adds to the rating, and that beyond an equal area of the image.

    cam     : (h, w), exact and signed; cover : (h, w) in [0, 1], the part
    returns : rating points; those of a partition of the image add up to the mean of the map, and
              those beyond to 0
    """
    inside = float((cam * cover).mean())
    return inside, inside - float(cover.mean() * cam.mean())


def contributions(
    boxes: pd.DataFrame,
    maps: dict[str, pd.DataFrame],
    images: pd.DataFrame,
    confidence: float = 0.0,
) -> pd.DataFrame:
    """What the objects of each class contribute to each rating of their image; see the head.

    boxes      : as the stages store them; those of one class in one image count as their union
    maps       : dimension -> its maps, a row an image
    images     : image, width, height
    confidence : boxes of higher confidence count
    """
    sizes = {row.image: (row.height, row.width) for row in images.itertuples()}
    cams = {
        dimension: {row["image"]: map_array(row) for _, row in table.iterrows()}
        for dimension, table in maps.items()
    }
    corners = ["x0", "y0", "x1", "y1"]
    rows = []
    sure = boxes[boxes["confidence"] > confidence]
    for (image, kind), found in sure.groupby(["image", "class"], sort=False, observed=True):
        row = {"image": image, "class": kind, "boxes": len(found), "area": np.nan}
        for dimension, of_image in cams.items():
            cam = of_image[image]
            cover = covered(found[corners].to_numpy(), sizes[image], cam.shape)
            row["area"] = float(cover.mean())
            row[dimension], row[dimension + BEYOND] = contribution(cam, cover)
        rows.append(row)
    columns = ["image", "class", "boxes", "area"]
    columns += [name for dimension in maps for name in (dimension, dimension + BEYOND)]
    return pd.DataFrame(rows, columns=columns)


def clusters_of(corpus: Corpus, images: Sequence[str]) -> NDArray:
    """What is drawn together in a bootstrap: an image's theme where the corpus knows it."""
    if offers(corpus, "annotations") and "theme" in corpus.annotations:
        return corpus.annotations["theme"].reindex(images).to_numpy()
    return np.asarray(images, dtype=object)


def associate_dimensions(
    table: pd.DataFrame,
    clusters: ArrayLike,
    columns: Sequence[str],
    least: int = 5,
    times: int = TIMES,
    seed: int = 0,
) -> pd.DataFrame:
    """The association of classes with signed dimensions: mean contribution over images.

    table    : one row an image and class, as `contributions` gives it
    clusters : (len(table),), e.g. the theme of each row; drawn whole, since photographs of a theme
               are alike
    columns  : of the table, e.g. valence, valence_beyond
    least    : clusters that an interval needs; with fewer it is NaN, the mean stays
    returns  : one row a class and column: class, score, images, clusters, mean, low, high (95 %,
               percentile bootstrap), p (of 0, two-sided), q (Benjamini and Hochberg over the
               classes of the same column)
    """
    clusters, rows = np.asarray(clusters), []
    for kind, places in table.groupby("class", sort=True, observed=True).indices.items():
        values = table.iloc[places][list(columns)].to_numpy(dtype=np.float64)
        own = clusters[places]
        count = len(pd.unique(own))
        samples = weighted_mean(values, resampled_rows(own, times, seed))
        drawn = Means(values.mean(axis=0), samples)
        low, high = percentile(samples)
        for place, column in enumerate(columns):
            row = {"class": kind, "score": column, "images": len(places), "clusters": count}
            row["mean"] = drawn.value[place]
            known = count >= least
            row["low"], row["high"] = (low[place], high[place]) if known else (np.nan, np.nan)
            row["p"] = drawn.p[place] if known else np.nan
            rows.append(row)
    names = ["class", "score", "images", "clusters", "mean", "low", "high", "p"]
    found = pd.DataFrame(rows, columns=names)
    found["q"] = np.nan
    for column in columns:
        here = (found["score"] == column).to_numpy()
        found.loc[here, "q"] = benjamini_hochberg(found.loc[here, "p"].to_numpy(dtype=np.float64))
    return found
