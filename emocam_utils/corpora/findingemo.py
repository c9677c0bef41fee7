"""FindingEmo (Mertens et al., NeurIPS 2024, arXiv 2402.01355): annotations, addresses, images.

The annotations and the addresses come with the package findingemo-light (CC BY-NC-SA 4.0, not for
commercial use) and are read from there. The images are fetched by `make data` into
data/raw/findingemo/images; many are gone from the web, so every figure says how many it is of.

An image id is the annotations' path without its leading slash: "Run_1/Joyful people party/a.jpg".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
from PIL import Image

from .. import paths
from .images import UnreadableImage, file_digest, file_stamp, read_image

FOLDER = paths.RAW / "findingemo"
IMAGES = FOLDER / "images"
ANNOTATED = 25_869

WHEEL: dict[str, tuple[str, str, str]] = {
    "Joy": ("Serenity", "Joy", "Ecstasy"),
    "Trust": ("Acceptance", "Trust", "Admiration"),
    "Fear": ("Apprehension", "Fear", "Terror"),
    "Surprise": ("Distraction", "Surprise", "Amazement"),
    "Sadness": ("Pensiveness", "Sadness", "Grief"),
    "Disgust": ("Boredom", "Disgust", "Loathing"),
    "Anger": ("Annoyance", "Anger", "Rage"),
    "Anticipation": ("Interest", "Anticipation", "Vigilance"),
}
"""Plutchik's wheel: eight emotions, each in three intensities from mild to strong."""

EMOTIONS: tuple[str, ...] = tuple(emotion for leaf in WHEEL.values() for emotion in leaf)
"""The 24 annotated emotions around the wheel, spelt as the annotations spell them."""

AGES = ("Children", "Youth", "Young Adults", "Adults", "Seniors", "Undefined")
FACTORS = (
    "FacialExpression",
    "BodyLanguage",
    "Context",
    "Staging",
    "ConflictCtxtPerson",
    "Neutral",
    "Undefined",
)
"""What decided the annotator: faces, bodies, the surroundings, the staging, a conflict of these."""

RANGES = {"valence": (-3, 3), "arousal": (0, 6), "ambiguity": (0, 6)}


class AnnotationError(ValueError):
    """Annotations that are not what they should be; the message lists every problem at once."""


@lru_cache(maxsize=1)
def annotations() -> pd.DataFrame:
    """All annotations, one row an image: see `read_annotations`. Not to be changed in place."""
    source = files("findingemo_light") / "data" / "annotations_single.ann"
    with source.open(encoding="utf-8") as file:
        return read_annotations(file)


def read_annotations(file) -> pd.DataFrame:
    """Annotations from a csv as findingemo-light ships it, checked.

    returns : indexed by image; annotator: str; emotion: one of `EMOTIONS`; leaf: one of `WHEEL`;
              valence in -3 … 3, arousal and ambiguity in 0 … 6: whole numbers; ages, factors, tags:
              tuples of str
    Errors  : AnnotationError for a label, age or factor that is not known, a value out of range, an
              image annotated twice, or a path that leads out of the folder
    """
    table = pd.read_csv(file, index_col=0, keep_default_na=False)
    leaf = {emotion: name for name, emotions in WHEEL.items() for emotion in emotions}
    made = pd.DataFrame(
        {
            "image": table["image_path"].str.lstrip("/"),
            "annotator": table["user"].astype(str),
            "emotion": table["emotion"],
            "leaf": table["emotion"].map(leaf),
            **{name: pd.to_numeric(table[name], errors="coerce") for name in RANGES},
            "ages": table["age"].str.split(",").map(tuple),
            "factors": table["dec_factors"].str.split(",").map(tuple),
            "tags": table["tags"].str.split(",").map(tuple),
        }
    ).set_index("image")
    problems = [
        *_unknown(made["emotion"], EMOTIONS, "emotion"),
        *_unknown(made["ages"].explode(), AGES, "age"),
        *_unknown(made["factors"].explode(), FACTORS, "deciding factor"),
    ]
    for name, (low, high) in RANGES.items():
        wrong = int((~made[name].between(low, high)).sum())
        problems += [f"{wrong} rows with {name} outside {low} to {high}"] * (wrong > 0)
    twice = made.index[made.index.duplicated()].unique()
    problems += [f"images annotated twice: {', '.join(twice[:5])}"] * (len(twice) > 0)
    leaving = [image for image in made.index if ".." in image.split("/")]
    problems += [f"paths that lead out of the folder: {', '.join(leaving[:5])}"] * bool(leaving)
    if problems:
        raise AnnotationError(
            "these are not FindingEmo's annotations as findingemo-light 1.0.0 has them:\n  "
            + "\n  ".join(problems)
        )
    return made.astype(dict.fromkeys(RANGES, "int64"))


def _unknown(values: pd.Series, allowed: tuple[str, ...], kind: str) -> list[str]:
    counted = values[~values.isin(allowed)].value_counts()
    return [
        f"unknown {kind} {name!r} ({count} times); there are {', '.join(allowed)}"
        for name, count in counted.items()
    ]


@lru_cache(maxsize=1)
def addresses() -> Mapping[str, tuple[str, ...]]:
    """Where each annotated image was found: image -> addresses, the first to be tried first.

    261 images have none. Seven entries that are no web address, among them a paragraph of html,
    and those of twelve images without an annotation are left out.
    """
    source = files("findingemo_light") / "data" / "dataset_urls_exploded.json"
    entries = json.loads(source.read_text(encoding="utf-8"))
    found: dict[str, list[str]] = {image: [] for image in annotations().index}
    for entry in sorted(entries, key=lambda entry: entry["idx_url"]):
        image, url = entry["rel_path"].lstrip("/"), entry["url"].strip()
        if image in found and is_web_address(url) and url not in found[image]:
            found[image].append(url)
    return {image: tuple(urls) for image, urls in found.items()}


def is_web_address(text: str) -> bool:
    """Whether this is an http or https address with a host."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


@dataclass(frozen=True)
class FindingEmo:
    """The annotated images that are in a folder, the first `limit` of them (0: all)."""

    path: Path = IMAGES
    limit: int = 0
    decoder = staticmethod(read_image)

    @property
    def name(self) -> str:
        count = len(self.found)
        return f"FindingEmo ({count:,} of {ANNOTATED:,} images)"

    @cached_property
    def found(self) -> list[str]:
        """Images whose file is there, in the annotations' order; looked up once."""
        there = [image for image in annotations().index if (self.path / image).is_file()]
        return there[: self.limit or None]

    @property
    def ids(self) -> list[str]:
        """Errors: UnreadableImage when no image is there, with how to get them."""
        if not self.found:
            raise UnreadableImage(
                f"none of FindingEmo's {ANNOTATED:,} images is in {self.path}. Fetch them with "
                "`make data STUDY=findingemo` (hours, some gigabytes), or put them there by hand "
                "under the annotations' names, e.g. Run_1/Joyful people party/a.jpg"
            )
        return self.found

    @cached_property
    def annotations(self) -> pd.DataFrame:
        """What people said of the images, by image: see `read_annotations`."""
        return annotations()

    def stamp(self, image: str) -> str:
        return file_stamp(self.path / image)

    def digest(self, image: str) -> str:
        return file_digest(self.path / image)

    def read(self, image: str) -> Image.Image:
        """The image as RGB after EXIF rotation.

        Errors: UnreadableImage, also for an image that has no annotation.
        """
        if image not in annotations().index:
            raise UnreadableImage(f"FindingEmo has no image {image!r}")
        return read_image(self.path / image)

    def size(self, image: str) -> tuple[int, int]:
        return self.read(image).size
