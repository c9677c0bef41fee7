"""The images of a cell as pages of small pictures, in groups beside each other, as HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

from PIL import Image

from ..widgets.heatmap import live
from ..widgets.pictures import picture_data


def pages(count: int, size: int) -> int:
    """How many pages of `size` pictures; at least one."""
    return max(-(-count // size), 1)


def strips_html(
    groups: Mapping[str, list[str]],
    page: Mapping[str, int],
    sizes: Mapping[str, int],
    draw: Callable[[str], Image.Image],
) -> str:
    """Groups of images, each with its page.

    groups : title -> images, all of them
    page   : title -> the page that is shown, from 0
    sizes  : title -> pictures on a page
    A press on a picture says "open group,position", one on a button "page group,page", both of
    groups by their number.
    """
    strips = "".join(
        _strip(number, title, images, page[title], sizes[title], draw)
        for number, (title, images) in enumerate(groups.items())
    )
    return f"<div class=emocam-strips {live('images of the cell')}>{strips}</div>"


def _strip(
    number: int,
    title: str,
    images: list[str],
    page: int,
    size: int,
    draw: Callable[[str], Image.Image],
) -> str:
    last = pages(len(images), size) - 1
    first = page * size
    pictures = "".join(
        _picture(number, first + k, image, draw(image))
        for k, image in enumerate(images[first : first + size])
    )
    many = "1 image" if len(images) == 1 else f"{len(images):,} images"
    turn = "".join(
        f"<button data-say='page {number},{to}' aria-label='{word} page of {escape(title)}'"
        f"{'' if 0 <= to <= last else ' disabled'}>{sign}</button> "
        for to, sign, word in ((page - 1, "‹", "previous"), (page + 1, "›", "next"))
    )
    turn = f"<div>{turn} page {page + 1} of {last + 1}</div>" if last else ""
    return f"<section><h4>{escape(title)}: {many}</h4>{turn}{pictures}</section>"


def _picture(number: int, position: int, image: str, picture: Image.Image) -> str:
    name = escape(image)
    return (
        f"<button class=picture data-say='open {number},{position}' title=\"enlarge {name}\" "
        f"style='width:{picture.width}px;max-width:100%'><img src='{picture_data(picture)}' "
        f'width={picture.width} height={picture.height} alt=""><span>{name}</span></button>'
    )
