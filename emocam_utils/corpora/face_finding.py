"""Faces in images: where they are, cut out square, and as a corpus of faces.

Boxes are pixels x0, y0, x1, y1, half-open. Faces are found by YuNet where `make data` has put its
file, else by the boosted cascade of Viola and Jones (2001) that OpenCV brings along. Of the 41
photographs of faces in OASIS (500 x 400 pixels) YuNet finds a face in 27 and the cascade in 20; of
420 of objects and scenery in none and in 10. Both miss profiles; look at what was found.
"""

from __future__ import annotations

import hashlib
import threading
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..detectors import yunet
from ..detectors.yunet import FoundFaces, YuNet, build_yunet
from .images import UnreadableImage, file_stamp

YUNET = yunet.FILE
CASCADE = Path(cv2.data.haarcascades) / "haarcascade_frontalface_alt2.xml"
SEARCHED_SIDE = 640  # pixels; larger images are searched at this size
STEP = 1.1  # from one size of face to the next
NEIGHBOURS = 5  # overlapping hits that make a face
SMALLEST = 0.1  # of the image's shorter side

MARGIN = 0.02
"""Share of the box's longer side that is added on each side, to frame a face as FER2013 does.

On 250 of its training images, 202 with a face, the cascade's box has a median of 0.97 of the
image's side (quartiles 0.91 and 1.03) and the image's middle: FER2013's frame is that box and 1.6 %
around it. On 373 of 400 with a face, YuNet's longer side is 0.98 of the
image's (quartiles 0.93 and 1.03), at its middle too.
"""


class NoFace(UnreadableImage):
    """An image in which no face is found; the message says what to do."""


_own = threading.local()


def _cascade() -> cv2.CascadeClassifier:
    """Each thread its own: a cascade keeps the picture that it searches."""
    if hasattr(_own, "cascade"):
        return _own.cascade
    cascade = cv2.CascadeClassifier(str(CASCADE))
    if cascade.empty():
        raise FileNotFoundError(
            f"OpenCV has no {CASCADE.name} in {CASCADE.parent}; install opencv-python-headless "
            "again (`make env`)"
        )
    _own.cascade = cascade
    return cascade


def _yunet() -> YuNet:
    """Each thread its own, opened again if the file is another one."""
    stamp = YUNET, file_stamp(YUNET)
    if getattr(_own, "stamp", None) != stamp:
        _own.yunet, _own.stamp = build_yunet(YUNET), stamp
    return _own.yunet


def finder() -> tuple[str, Path]:
    """What looks for faces here, and its file: "yunet", or "opencv-haar" in its place."""
    return ("yunet", YUNET) if YUNET.is_file() else ("opencv-haar", CASCADE)


def finder_in_words() -> str:
    """For a user: what looks for faces, and how to get the better one."""
    if finder()[0] == "yunet":
        return "Faces are found by YuNet"
    return (
        "Faces are found by OpenCV's Haar cascade, which misses some and takes some textures for "
        "faces; `make data STUDY=photos` fetches YuNet, which is then used in its place"
    )


def finder_stamp() -> str:
    """Changes with what would be found."""
    name, path = finder()
    return f"{name} {_hash(path, file_stamp(path))}, OpenCV {cv2.__version__}"


@lru_cache(maxsize=8)
def _hash(path: Path, _stamp: str) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def find_faces(image: Image.Image, smallest: float = SMALLEST) -> FoundFaces:
    """The faces in an image, the largest first; boxes are whole pixels within the image.

    smallest : least side of a face, as a share of the image's shorter side, in (0, 1]
    returns  : points and scores are NaN if there is no YuNet
    The same image gives the same boxes, whatever the number of threads.
    """
    if not 0 < smallest <= 1:
        raise ValueError(
            f"smallest={smallest!r} must lie in (0, 1]: a share of the image's shorter side"
        )
    if finder()[0] == "opencv-haar":
        return _without_points(cascade_boxes(image, smallest))
    boxes, points, scores = _yunet().find(image)
    width, height = image.size
    boxes = np.rint(boxes).astype(np.int64).clip(0, [width, height, width, height])
    sides = boxes[:, 2:] - boxes[:, :2]
    large = np.flatnonzero((sides.max(1) >= smallest * min(image.size)) & (sides.min(1) > 0))
    kept = large[_largest_first(boxes[large])]
    return FoundFaces(boxes[kept], points[kept], scores[kept])


def whole_face(image: Image.Image) -> FoundFaces:
    """An image that is a face, as if it had been found; its score is NaN."""
    found = _without_points(np.array([[0, 0, *image.size]]))
    return found._replace(points=face_points(image)[None])


def face_points(face: Image.Image) -> NDArray[np.float32]:
    """Eyes, nose and corners of the mouth of a face that fills an image, as YuNet finds them.

    returns : (5, 2) as `yunet.POINTS`, pixels; NaN if it finds none or is not there
    """
    if finder()[0] == "yunet":
        return _yunet().points(face)
    return _without_points(np.zeros((1, 4))).points[0]


def _without_points(boxes: NDArray) -> FoundFaces:
    unknown = np.full((len(boxes), len(yunet.POINTS), 2), np.nan, np.float32)
    return FoundFaces(boxes, unknown, unknown[:, 0, 0])


def cascade_boxes(image: Image.Image, smallest: float = SMALLEST) -> NDArray[np.int64]:
    """Faces as the cascade finds them, with or without YuNet: (B, 4), the largest first."""
    grey = np.asarray(image.convert("L"))
    scale = min(1.0, SEARCHED_SIDE / max(grey.shape))
    if scale < 1:
        size = tuple(max(round(scale * side), 1) for side in image.size)
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    least = max(round(smallest * min(grey.shape)), 1)
    found = _cascade().detectMultiScale(grey, STEP, NEIGHBOURS, minSize=(least, least))
    boxes = np.asarray(found, dtype=np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    width, height = image.size
    boxes = np.rint(boxes / scale).astype(np.int64).clip(0, [width, height, width, height])
    return boxes[_largest_first(boxes)]


def _largest_first(boxes: NDArray) -> NDArray[np.int64]:
    """The order of boxes by area; equal ones from the top left."""
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return np.lexsort((boxes[:, 0], boxes[:, 1], -area))


def no_face(image: Image.Image, name: str, smallest: float = SMALLEST) -> NoFace:
    """What to say of an image without a face."""
    turned = "turned by up to some 30 degrees" if finder()[0] == "yunet" else "upright"
    return NoFace(
        f"no face found in {name} ({image.width} x {image.height} pixels). Faces are found "
        f"{turned}, from the front, and from {smallest:.0%} of the shorter side; an image that "
        "is a cropped face already may be given as it is: detect=False, --cropped, CROPPED=1"
    )


def largest_face(image: Image.Image, name: str = "the image") -> NDArray[np.int64]:
    """The box (4,) of the largest face. Errors: NoFace, naming the image."""
    boxes = find_faces(image).boxes
    if not len(boxes):
        raise no_face(image, name)
    return boxes[0]


def cut_faces(
    image: Image.Image, smallest: float = SMALLEST, margin: float = MARGIN
) -> tuple[FoundFaces, list[Image.Image]]:
    """All faces of an image and what is cut out for each, with points looked for in what is cut."""
    found = find_faces(image, smallest)
    crops = [crop_face(image, box, margin) for box in found.boxes]
    points = found.points.copy()
    for k, (crop, box) in enumerate(zip(crops, found.boxes, strict=True)):
        exact = face_points(crop) + square(box, margin)[:2]
        points[k] = points[k] if np.isnan(exact).any() else exact
    return found._replace(points=points), crops


def square(box: NDArray, margin: float = MARGIN) -> NDArray[np.int64]:
    """The square around a box's middle, its longer side and a margin; may overhang the image.

    margin : share of the longer side that is added on each side, above -0.5
    """
    if not margin > -0.5:
        raise ValueError(f"margin={margin!r} leaves nothing of the face; it must be above -0.5")
    x0, y0, x1, y1 = (float(v) for v in box)
    if x1 <= x0 or y1 <= y0:
        raise ValueError(f"the box {x0:g}, {y0:g}, {x1:g}, {y1:g} is empty: x0 < x1 and y0 < y1")
    side = max(round(max(x1 - x0, y1 - y0) * (1 + 2 * margin)), 1)
    left, top = round((x0 + x1 - side) / 2), round((y0 + y1 - side) / 2)
    return np.array([left, top, left + side, top + side], dtype=np.int64)


def crop_face(image: Image.Image, box: NDArray, margin: float = MARGIN) -> Image.Image:
    """A face cut out as a square, so that no network squeezes it.

    Where the square overhangs, the image's border is repeated: a black rim would be an edge that
    looks like one of the face. Errors: ValueError for a box without a pixel inside the image.
    """
    x0, y0, x1, y1 = square(box, margin)
    width, height = image.size
    if x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
        raise ValueError(
            f"the box {x0}, {y0}, {x1}, {y1} lies outside the image of {width} x {height} pixels"
        )
    rows = np.arange(y0, y1).clip(0, height - 1)
    columns = np.arange(x0, x1).clip(0, width - 1)
    return Image.fromarray(np.asarray(image.convert("RGB"))[np.ix_(rows, columns)])


def cut_face(image: Image.Image, name: str = "the image", margin: float = MARGIN) -> Image.Image:
    """The largest face of an image, cut out. Errors: NoFace."""
    return crop_face(image, largest_face(image, name), margin)
