"""Boxes that are known already: COCO json, brambox's formats, or our own table.

An image is looked up by its id in the corpus (its relative path), with or without the suffix.
Nothing is guessed beyond that: `b/1.jpg` never gets the boxes of `a/1.jpg`.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

import brambox as bb
import numpy as np
import pandas as pd
from brambox.io.parser import ParserType
from PIL import Image

from .postprocess import BOX_COLUMNS, empty_boxes, tidy_boxes

TABLES = {".csv": pd.read_csv, ".parquet": pd.read_parquet}
PICKLED = "pickle and HDF files run code when they are read"


class BoxFileError(ValueError):
    """A file of boxes that cannot be used; the message says expected, got, what to do."""


@dataclass(frozen=True)
class BoxFiles:
    """Boxes from a file.

    boxes   : image, class, confidence, x0, y0, x1, y1 in pixels, half-open; may overhang the image
    images  : ids the file knows, those without a box among them
    classes : names of all classes
    missing : what an id the file does not know means: "error", or "empty" for formats that name
              only the images that have a box
    """

    boxes: pd.DataFrame
    images: frozenset[str]
    classes: tuple[str, ...]
    source: Path
    missing: str = "error"

    def __post_init__(self) -> None:
        if self.missing not in ("error", "empty"):
            raise ValueError(f"missing is {self.missing!r}, allowed are 'error' or 'empty'")
        if not np.isfinite(self.boxes[list(BOX_COLUMNS[1:])].to_numpy(float)).all():
            raise BoxFileError(f"{self.source} has boxes with NaN or infinite numbers")

    @cached_property
    def _tables(self) -> dict[str, pd.DataFrame]:
        return {image: table[list(BOX_COLUMNS)] for image, table in self.boxes.groupby("image")}

    def detect(self, images: Sequence[Image.Image], ids: Sequence[str]) -> list[pd.DataFrame]:
        """The boxes of each id, clipped to its image. Errors: BoxFileError for unknown ids."""
        if len(images) != len(ids):
            raise ValueError(f"{len(images)} images, but {len(ids)} ids; give one id an image")
        known = [self._known(name) for name in ids]
        unknown = [name for name, key in zip(ids, known, strict=True) if key is None]
        if unknown and self.missing == "error":
            near = difflib.get_close_matches(unknown[0], self.images, 1) or sorted(self.images)[:1]
            raise BoxFileError(
                f"{self.source} knows {len(self.images)} images, but not {', '.join(unknown[:3])}"
                f"{' …' * (len(unknown) > 3)} ({len(unknown)} of {len(ids)}); it has {near[0]!r}. "
                "Ids are paths relative to the corpus, with or without suffix. If the file names "
                "only images that have boxes, set the option missing to 'empty'."
            )
        return [
            tidy_boxes(self._tables.get(key, empty_boxes()), *image.size)
            for image, key in zip(images, known, strict=True)
        ]

    def _known(self, name: str) -> str | None:
        keys = (name, PurePosixPath(name).with_suffix("").as_posix())
        return next((key for key in keys if key in self.images), None)


def build_box_files(
    weights: Path | None,
    *,
    format: str | None = None,
    categories: Path | str | None = None,
    missing: str = "error",
    **options: object,
) -> BoxFiles:
    """BoxFiles from a file, or from a folder for the formats of one file an image or class.

    weights    : the file of boxes, called weights as every detector's file
    format     : "coco"; "table" (.csv, .parquet with image, class, confidence, x0, y0, x1, y1); or
                 a format of brambox (anno_pascalvoc, det_yaml, …). By default from the suffix:
                 .json is coco, .csv and .parquet are tables
    categories : for a list of COCO detections, the COCO annotation file with its images and classes
    options    : for brambox's parser, e.g. class_label_map
    """
    if weights is None or not Path(weights).exists():
        raise FileNotFoundError(f"no file of boxes at {weights}; give its path as `weights`")
    path = Path(weights)
    format = format or ("coco" if path.suffix == ".json" else "table")
    try:
        if format == "coco":
            boxes, images, classes = _read_coco(path, Path(categories) if categories else None)
        elif format == "table":
            boxes, images, classes = _read_table(path)
        else:
            boxes, images, classes = _read_brambox(path, format, options)
    except BoxFileError:
        raise
    except Exception as error:  # parsers of a dozen formats raise whatever they stumble over
        raise BoxFileError(
            f"{path} cannot be read as {format!r} ({type(error).__name__}: {error}). "
            f"Formats: coco, table, {', '.join(brambox_formats())}."
        ) from error
    return BoxFiles(boxes, frozenset(images), tuple(classes), path, missing)


def brambox_formats() -> list[str]:
    """brambox's formats, without `pandas`, which reads pickles."""
    return sorted(name for name in bb.io.formats if name != "pandas")


Read = tuple[pd.DataFrame, Sequence[str], Sequence[str]]


def _read_coco(path: Path, categories: Path | None) -> Read:
    """COCO annotations, with or without scores, or a list of detections; crowds are left out.

    `bbox` is x, y, width, height.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    described = json.loads(categories.read_text(encoding="utf-8")) if categories else content
    if not isinstance(described, Mapping) or not {"images", "categories"} <= set(described):
        raise BoxFileError(
            f"{categories or path} does not say which images and classes its numbers mean. "
            'Expected COCO annotations {"images": …, "categories": …, "annotations": …}; for a '
            "list of detections give the annotation file as the option `categories`."
        )
    rows = content["annotations"] if isinstance(content, Mapping) else content
    images = {image["id"]: image["file_name"] for image in described["images"]}
    names = {category["id"]: category["name"] for category in described["categories"]}
    rows = [row for row in rows if not row.get("iscrowd")]
    problems = []
    if unknown := sorted({str(r["image_id"]) for r in rows if r["image_id"] not in images}):
        problems.append(f"images that are not described: {', '.join(unknown[:6])}")
    if unknown := sorted({str(r["category_id"]) for r in rows if r["category_id"] not in names}):
        problems.append(f"categories that are not described: {', '.join(unknown[:6])}")
    if problems:
        raise BoxFileError(f"{path} has {'; '.join(problems)}. Is it the right annotation file?")
    corners = np.array([row["bbox"] for row in rows], dtype=float).reshape(len(rows), 4)
    corners[:, 2:] += corners[:, :2]
    boxes = pd.DataFrame(corners, columns=["x0", "y0", "x1", "y1"])
    boxes["image"] = [images[row["image_id"]] for row in rows]
    boxes["class"] = [names[row["category_id"]] for row in rows]
    boxes["confidence"] = [float(row.get("score", 1.0)) for row in rows]
    return boxes, list(images.values()), list(names.values())


def _read_table(path: Path) -> Read:
    if path.suffix not in TABLES:
        raise BoxFileError(
            f"{path} has the suffix {path.suffix!r}; a table of boxes is a {' or '.join(TABLES)} "
            f"file. {PICKLED}, so they are not read. For another format name it: coco, "
            f"{', '.join(brambox_formats())}."
        )
    # keep_default_na would read an image or class named "NA" or "null" as missing
    options = {"keep_default_na": False} if path.suffix == ".csv" else {}
    boxes = TABLES[path.suffix](path, **options)
    if lacking := {"image", *BOX_COLUMNS} - set(boxes.columns):
        raise BoxFileError(f"{path} has no column {', '.join(sorted(lacking))}")
    boxes = boxes.astype({"image": str, "class": str})
    return boxes, boxes["image"].unique(), sorted(boxes["class"].unique())


def _read_brambox(path: Path, format: str, options: Mapping[str, object]) -> Read:
    """Any format of brambox; regions marked `ignore` are left out."""
    if format == "pandas":
        raise BoxFileError(
            f"brambox's format 'pandas' is not read: {PICKLED}. Save the boxes as 'det_yaml', "
            "or as a .csv or .parquet table with image, class, confidence, x0, y0, x1, y1."
        )
    if format not in bb.io.formats:
        near = difflib.get_close_matches(format, ["coco", "table", *brambox_formats()], 1)
        raise BoxFileError(
            f"no format {format!r}{f', did you mean {near[0]!r}?' if near else ''} "
            f"There are: coco, table, {', '.join(brambox_formats())}."
        )
    parser = bb.io.formats[format]
    if parser.parser_type is ParserType.MULTI_FILE:
        # brambox looks into one folder only and names an image by its file, without its folder
        files = [str(f) for f in sorted(path.rglob("*" + parser.extension))]
        read = bb.io.load(
            format,
            files if path.is_dir() else [str(path)],
            identify=lambda file: _relative_stem(Path(file), path),
            **options,
        )
    else:
        read = bb.io.load(format, path, **options)
    images = [str(image) for image in read["image"].cat.categories]
    if "ignore" in read:
        read = read[~read["ignore"].astype(bool)]
    boxes = pd.DataFrame({"image": read["image"].astype(str), "class": read["class_label"]})
    boxes["confidence"] = read.get("confidence", 1.0)
    boxes["x0"], boxes["y0"] = read["x_top_left"], read["y_top_left"]
    boxes["x1"], boxes["y1"] = boxes["x0"] + read["width"], boxes["y0"] + read["height"]
    return boxes, images, sorted(boxes["class"].unique())


def _relative_stem(file: Path, root: Path) -> str:
    return (file.relative_to(root) if root.is_dir() else Path(file.name)).with_suffix("").as_posix()
