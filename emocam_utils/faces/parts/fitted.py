"""The template fitted to a face: its parts where YuNet finds the eyes and the mouth of that face.

Of 500 training images of FER2013 YuNet finds the points of 489. A place fixed for all faces is off
by 3.6 to 4.1 of 64 pixels (medians of eyes and mouth). Of this, 1.4 to 2.4 may be YuNet's own: so
far it is from the cascades' eyes and mouths, with the medians of both taken out.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...corpora.face_finding import face_points
from .template import PARTS, SIDE, part_map

TYPICAL = ((20.1, 24.5), (44.2, 24.3), (32.7, 49.6))
"""Left eye, right eye and the middle of the mouth's corners, medians of those 489 faces, in 64ths
of the face's side: where they are on the face that the template is drawn for."""

FINE = 4 * SIDE  # pixels of a side at which the template is looked up
MOST = 3.0  # times larger or smaller than the typical face, in area: no face in a face's frame


def fitted_map(points: NDArray, side: int = SIDE) -> NDArray[np.int64]:
    """Index in PARTS of each pixel of a face of side x side pixels, as `template.part_map`.

    points  : (5, 2) as `yunet.POINTS`, pixels of that face
    returns : (side, side), by the affine map that brings eyes and mouth to their typical places;
              what lies outside the template is as its nearest edge: chin below, surround beside.
              The template as it is where a point is NaN, or where the face would be MOST times too
              large or small.
    """
    left, right, _, *corners = np.asarray(points, np.float64) * SIDE / side
    anchors = np.float32([left, right, np.mean(corners, axis=0)])
    if np.isnan(anchors).any():
        return part_map(side)
    (a, b), (c, d) = (anchors[1:] - anchors[0]).astype(np.float64)
    (e, f), (g, h) = np.subtract(TYPICAL[1:], TYPICAL[0])
    area = (a * d - b * c) / (e * h - f * g)
    if not 1 / MOST < area < MOST:
        return part_map(side)
    to_template = cv2.getAffineTransform(anchors, np.float32(TYPICAL))
    centres = (np.arange(side) + 0.5) * SIDE / side
    x, y = np.meshgrid(centres, centres)
    there = np.stack((x, y, np.ones_like(x)), 2) @ to_template.T
    column, row = np.moveaxis(np.floor(there * FINE / SIDE).astype(np.int64), 2, 0)
    return part_map(FINE)[row.clip(0, FINE - 1), column.clip(0, FINE - 1)]


def fitted_masks(face: Image.Image, side: int = SIDE) -> NDArray[np.bool_]:
    """A mask a part of a square face, (P, side, side), as `template.part_masks`; see `fitted_map`.

    The template as it is where there is no YuNet, or where it finds no face.
    """
    points = face_points(face) * side / max(face.size)
    return fitted_map(points, side) == np.arange(len(PARTS))[:, None, None]
