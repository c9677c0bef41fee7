"""OASIS (Kurdi, Lozano and Banaji 2017): 900 photographs that about 100 people each have rated.

`make data STUDY=oasis` fetches OASIS.csv and the images into data/raw/oasis; "free use of the
images in online and offline research studies". Among them are nudity, injuries and corpses, and the
licences of single pictures are not listed, so figures show none of them (`hidden`).

An image id is the file's name, e.g. "Acorns 1.jpg". Ratings are on a scale from 1 to 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

import pandas as pd
from PIL import Image

from .. import paths
from .images import UnreadableImage, file_digest, file_stamp, read_image

FOLDER = paths.RAW / "oasis"
RATED = 900
SCALE = (1.0, 7.0)  # of valence and arousal
DIMENSIONS = ("valence", "arousal")
CATEGORIES = ("Animal", "Object", "Person", "Scenery")
GET = (
    "Fetch OASIS with `make data STUDY=oasis` (87 MB), or put OASIS.csv and the folder images there"
)


class RatingsError(ValueError):
    """Ratings that are not what they should be; the message lists every problem at once."""


def read_ratings(file: Path) -> pd.DataFrame:
    """The ratings of OASIS.csv, one row an image.

    returns : indexed by image; theme ("Acorns"), category, source (where the picture is from),
              valence, arousal (means, 1 to 7), valence_sd, arousal_sd (over raters), valence_n,
              arousal_n (raters)
    Errors  : RatingsError for a missing column, an unknown category, a rating off the scale, an
              image rated twice; UnreadableImage for a file that is missing
    """
    try:
        # lines end in CR; the reader takes any ending
        text = file.read_text(encoding="utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        raise UnreadableImage(f"there is no {file} ({error.strerror}). {GET}") from None
    lines = [line for line in text.split("\n") if line]
    table = pd.read_csv(pd.io.common.StringIO("\n".join(lines)), keep_default_na=False)
    wanted = ["Theme", "Category", "Source"]
    wanted += [f"{d.title()}_{what}" for d in DIMENSIONS for what in ("mean", "SD", "N")]
    if missing := [column for column in wanted if column not in table]:
        raise RatingsError(f"{file} is not OASIS.csv: it has no {', '.join(missing)}. {GET}")
    names = table["Theme"].str.strip()  # two of them end in a blank
    numbers = table.filter(regex="_(mean|SD|N)$").apply(pd.to_numeric, errors="coerce")
    made = pd.DataFrame(
        {
            "image": names + ".jpg",
            "theme": names.str.replace(r"\s*\d+$", "", regex=True),
            "category": table["Category"],
            "source": table["Source"],
        }
    )
    for dimension in DIMENSIONS:
        for column, what in (("", "mean"), ("_sd", "SD"), ("_n", "N")):
            made[dimension + column] = numbers[f"{dimension.title()}_{what}"]
    problems = [
        f"{count} rows of unknown category {name!r}"
        for name, count in made["category"].value_counts().items()
        if name not in CATEGORIES
    ]
    for dimension in DIMENSIONS:
        off = int((~made[dimension].between(*SCALE)).sum())
        problems += [f"{off} rows with {dimension} outside 1 to 7"] * bool(off)
    twice = made.loc[made["image"].duplicated(), "image"]
    problems += [f"rated twice: {', '.join(twice[:5])}"] * bool(len(twice))
    leaving = made.loc[made["image"].str.contains(r"[/\\]"), "image"]
    problems += [f"names that lead out of the folder: {', '.join(leaving[:5])}"] * bool(
        len(leaving)
    )
    if problems:
        raise RatingsError(f"{file} does not hold OASIS' ratings:\n  " + "\n  ".join(problems))
    return made.set_index("image")


@dataclass(frozen=True)
class Oasis:
    """The rated images whose file is in a folder, the first `limit` of them (0: all)."""

    path: Path = FOLDER
    limit: int = 0
    decoder = staticmethod(read_image)
    hidden = True

    @property
    def name(self) -> str:
        count = len(self.found)
        return "OASIS" if count == RATED else f"OASIS ({count} of {RATED} images)"

    @cached_property
    def annotations(self) -> pd.DataFrame:
        """What people said of the images, by image: see `read_ratings`."""
        return read_ratings(self.path / "OASIS.csv")

    @cached_property
    def found(self) -> list[str]:
        """Rated images whose file is there, in the order of OASIS.csv; looked up once."""
        there = [i for i in self.annotations.index if (self.path / "images" / i).is_file()]
        return there[: self.limit or None]

    @property
    def ids(self) -> list[str]:
        """Errors: UnreadableImage when no image is there, with how to get them."""
        if not self.found:
            raise UnreadableImage(f"no image of OASIS is in {self.path / 'images'}. {GET}")
        return self.found

    def stamp(self, image: str) -> str:
        return file_stamp(self._file(image))

    def digest(self, image: str) -> str:
        return file_digest(self._file(image))

    def read(self, image: str) -> Image.Image:
        """The image as RGB. Errors: UnreadableImage, also for an image that nobody rated."""
        if image not in self.annotations.index:
            raise UnreadableImage(f"OASIS has no image {image!r}")
        return read_image(self._file(image))

    def size(self, image: str) -> tuple[int, int]:
        return self.read(image).size

    def _file(self, image: str) -> Path:
        return self.path / "images" / PurePosixPath(image).name
