"""Images of a study, one by one, as RGB, and what else a corpus may know of them.

Capabilities, which sections ask for with `offers` and never by the corpus's kind:

    annotations : DataFrame by image, what people said of it. Of its columns the pipeline knows
                  `ambiguity`, which presets limit, and `theme`: images of one are alike, and drawn
                  together in a bootstrap
    truth()     : DataFrame of the exact boxes of every image, with the image's true `label`
    label_of(image) : the true label of one image
    removable(image) : what `remove` can leave out of it
    remove(image, *removals) : the image drawn again without some of its objects
    hidden      : True for pictures that must not be published; see `picture`
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

from PIL import Image, ImageDraw, ImageFont

BLANK, WORDS = "#dee2e6", "#adb5bd"  # of a picture that is not shown

Capability = Literal["annotations", "truth", "label_of", "removable", "remove", "hidden"]


class Corpus(Protocol):
    """A named, ordered set of images.

    decoder : what turns the bytes that `digest` is of into the image that `read` returns; results
              are computed again when its code changes
    """

    decoder: Callable

    @property
    def name(self) -> str:
        """What stands on figures."""
        ...

    @property
    def ids(self) -> list[str]:
        """Image ids: relative paths with forward slashes."""
        ...

    def stamp(self, image: str) -> str:
        """Changes whenever the image's content may have changed; cheap, e.g. size and date."""
        ...

    def digest(self, image: str) -> str:
        """Of the image's content, whatever its name: 32 hexadecimal digits.

        Errors: UnreadableImage, with the reason.
        """
        ...

    def read(self, image: str) -> Image.Image:
        """The image as RGB after EXIF rotation.

        Errors: UnreadableImage, with the reason.
        """
        ...

    def size(self, image: str) -> tuple[int, int]:
        """Width and height of what `read` returns.

        Errors: UnreadableImage for exactly the images that `read` cannot read.
        """
        ...


def offers(corpus: Corpus, what: Capability) -> bool:
    """Whether a corpus has a capability that not every corpus has."""
    return hasattr(corpus, what)


def picture(corpus: Corpus, image: str) -> Image.Image:
    """What a figure may show of an image: itself, or a blank of its size that says so."""
    if offers(corpus, "hidden") and corpus.hidden:
        width, height = size = corpus.size(image)
        blank = Image.new("RGB", size, BLANK)
        font = ImageFont.load_default(max(width / 18, 4))
        middle = width / 2, height / 2
        ImageDraw.Draw(blank).text(middle, "not shown", WORDS, font, anchor="mm")
        return blank
    return corpus.read(image)
