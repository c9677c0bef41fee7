"""What the offline explorer counts with and shows: tables as compact arrays, images as thumbnails.

A number is stored as its place on the grid of the thresholds that the page offers: how many of
them it exceeds. So every comparison on the page is the one that `pipeline.counts` makes, in few
bytes.

Axes: N images, B boxes, S scores, h x w cells.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...corpora import Corpus
from ...pipeline.analysis import Analysis
from ...pipeline.attention import Attention
from ...pipeline.counts import codes, joined, part_of
from ...pipeline.importance import scaled
from ...pipeline.tables import map_array
from ...progress import progress
from ...study import Preset
from ...widgets.known import known_of

MOST_IMAGES = 2000
MOST_BYTES = 16_000_000  # of all thumbnails, before base64
SIDES = (256, 208, 160, 128)  # pixels of a thumbnail's longer side, the first that fits
QUALITY = 60
CORNER_STEPS = 1000  # a box's corners are in thousandths of the image


@dataclass(frozen=True)
class Grids:
    """The thresholds that the page offers, in increasing order, the presets' own among them."""

    threshold: NDArray[np.float64]
    confidence: NDArray[np.float32]
    probability: NDArray[np.float32]


def grids(presets: Mapping[str, Preset]) -> Grids:
    """Thresholds to thousandths up to 2, confidence and probability to hundredths."""

    def grid(name: str, steps: int, most: float) -> NDArray[np.float64]:
        regular = [k / steps for k in range(round(most * steps) + 1)]
        return np.unique([*regular, *(getattr(preset, name) for preset in presets.values())])

    # A stored confidence is a float32, and compared with a threshold as such.
    return Grids(
        grid("threshold", 1000, 2.0),
        grid("confidence", 100, 1.0).astype(np.float32),
        grid("probability", 100, 1.0).astype(np.float32),
    )


def exceeded(values: NDArray, grid: NDArray) -> NDArray[np.uint16]:
    """How many thresholds of a grid each value exceeds: it is above grid[k] just if k is below
    that. NaN exceeds none."""
    known = np.where(np.isnan(values), -np.inf, values).astype(grid.dtype)
    return np.searchsorted(grid, known, "left").astype(np.uint16)


class Packed:
    """Arrays one after the other, with their types and places by name."""

    def __init__(self) -> None:
        self.about: dict[str, tuple[str, int, int]] = {}
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, name: str, values: NDArray) -> None:
        """Errors: ValueError for a type that the page does not read."""
        if values.dtype not in (np.uint8, np.uint16, np.uint32):
            raise ValueError(f"{name} is {values.dtype}, the page reads uint8, uint16 and uint32")
        content = values.astype(values.dtype.newbyteorder("<")).tobytes()
        self.about[name] = (str(values.dtype), self._size, values.size)
        padding = -len(content) % 4  # a typed array starts at a multiple of its item
        self._parts.append(content + bytes(padding))
        self._size += len(content) + padding

    def text(self) -> str:
        """Compressed, in base64."""
        packed = gzip.compress(b"".join(self._parts), 6, mtime=0)
        return base64.b64encode(packed).decode()


def chosen_images(analysis: Analysis, most: int) -> list[str]:
    """All images, or of more than `most` the sample that the live explorer takes of as many."""
    images = analysis.predictions["image"]
    if len(images) > most:
        kept = {*images.sample(most, random_state=0)}
        images = images[images.isin(kept)]
    return images.tolist()


def page_data(analysis: Analysis, most: int = MOST_IMAGES) -> tuple[dict, str, list[str]]:
    """What the page is told: a description, the packed arrays, and a thumbnail of each image."""
    presets, cams = analysis.study.presets, analysis.study.cams
    images = chosen_images(analysis, most)
    grid, packed = grids(presets), Packed()
    about: dict = {"images": images, "labels": list(analysis.labels)}
    about |= {"cams": list(cams), "presets": {k: v.model_dump() for k, v in presets.items()}}
    about["grids"] = {
        "threshold": grid.threshold.tolist(),
        "confidence": [round(float(value), 6) for value in grid.confidence],
        "probability": [round(float(value), 6) for value in grid.probability],
    }
    order = None
    made = [(cam, name) for cam in cams for name in presets]
    for cam, name in progress(made, label="maps for the offline explorer"):
        found = _of(analysis, cam, presets[name], images, most)
        if order is None:
            classes = [kind for kind in found.classes if kind in set(found.boxes["class"])]
            about |= {"classes": classes, "scores": list(found.importances)}
            order = _add_boxes(packed, analysis, found, images, classes, grid)
            _add_images(packed, about, found, images, presets, grid)
        for score in found.importances:
            values = found.importances[score].to_numpy()[order]
            packed.add(f"importance {cam} {name} {score}", exceeded(values, grid.threshold))
        _add_maps(packed, about, found, images, f"{cam} {name}")
    about["known"] = [known_of(analysis.corpus, image) for image in images]
    about["total"] = len(analysis.predictions)
    about["arrays"] = packed.about
    return about, packed.text(), thumbnails(analysis.corpus, images)


def _of(
    analysis: Analysis, cam: str, preset: Preset, images: Sequence[str], most: int
) -> Attention:
    if len(analysis.predictions) <= most:
        return analysis.attention(cam, preset)
    chosen = {*images}
    return joined(part_of(part, chosen) for part in analysis.attention_parts(cam, preset))


def _add_boxes(
    packed: Packed,
    analysis: Analysis,
    found: Attention,
    images: Sequence[str],
    classes: Sequence[str],
    grid: Grids,
) -> NDArray[np.intp]:
    """Boxes by image, then class; returns their order."""
    boxes = found.boxes
    image, kind = codes(boxes["image"], images, "image"), codes(boxes["class"], classes, "class")
    order = np.lexsort((kind, image))
    packed.add("box image", image[order].astype(np.uint32))
    packed.add("box class", kind[order].astype(np.uint16))
    packed.add("box confidence", exceeded(boxes["confidence"].to_numpy()[order], grid.confidence))
    sizes = analysis.images.set_index("image").loc[list(images), ["width", "height"]].to_numpy()
    scale = np.tile(sizes[image[order]], 2)
    corners = boxes[["x0", "y0", "x1", "y1"]].to_numpy()[order] / scale
    corners = np.clip(np.rint(corners * CORNER_STEPS), 0, CORNER_STEPS)
    packed.add("box corners", corners.astype(np.uint16).ravel())
    return order


def _add_images(
    packed: Packed,
    about: dict,
    found: Attention,
    images: Sequence[str],
    presets: Mapping[str, Preset],
    grid: Grids,
) -> None:
    table = found.predictions.set_index("image").loc[list(images)]
    packed.add("image label", codes(table["label"], about["labels"], "label").astype(np.uint16))
    packed.add("image probability", exceeded(table["probability"].to_numpy(), grid.probability))
    about["probability"] = [round(float(value), 3) for value in table["probability"]]
    for name, preset in presets.items():
        rated = "ambiguity" in table
        clear = (table["ambiguity"] < preset.ambiguity) if rated else np.ones(len(table), bool)
        packed.add(f"image clear {name}", np.asarray(clear).astype(np.uint8))


def _add_maps(
    packed: Packed, about: dict, found: Attention, images: Sequence[str], name: str
) -> None:
    """The positive part of every map in 255 steps; an empty one is 0 everywhere."""
    maps = found.maps.set_index("image").loc[list(images)]
    shape = int(maps["height"].max()), int(maps["width"].max())
    rows = (_shown(map_array(row), shape) for _, row in maps.iterrows())
    about.setdefault("maps", {})[name] = shape
    packed.add(f"map {name}", np.concatenate([row.ravel() for row in rows]))


def _shown(raw: NDArray, shape: tuple[int, int]) -> NDArray[np.uint8]:
    levels = np.nan_to_num(scaled(raw)).astype(np.float32)
    if levels.shape != shape:
        small = Image.fromarray(levels).resize(shape[::-1], Image.Resampling.BILINEAR)
        levels = np.asarray(small)
    return np.rint(255 * levels).astype(np.uint8)


def thumbnails(corpus: Corpus, images: Sequence[str]) -> list[str]:
    """Each image as WebP in base64, as large as lets all of them stay below MOST_BYTES."""
    tried = images[:: max(len(images) // 40, 1)]
    allowed = MOST_BYTES / max(len(images), 1)
    for side in SIDES:
        mean = np.mean([len(made) for made in _encoded(corpus, tried, side)] or [0])
        if mean <= allowed:
            break
    made = progress(
        _encoded(corpus, images, side), len(images), label="images for the offline explorer"
    )
    return [base64.b64encode(content).decode() for content in made]


def _encoded(corpus: Corpus, images: Sequence[str], side: int) -> Iterator[bytes]:
    for image in images:
        picture = corpus.read(image)
        scale = side / max(picture.size)
        size = [max(round(pixels * scale), 1) for pixels in picture.size]
        buffer = io.BytesIO()
        picture.resize(size).save(buffer, "WEBP", quality=QUALITY, method=2)
        yield buffer.getvalue()


def as_json(value: object) -> str:
    """JSON that can stand in a script element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
