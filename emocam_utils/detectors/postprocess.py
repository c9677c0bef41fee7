"""From the outputs of a YOLO network to boxes: decoding, non-maximum suppression, tidy tables.

Axes: N images, A anchors a scale, C classes, B boxes. A candidate is a row of seven: number of the
image in the batch, centre x, centre y, width, height (pixels of the network's input), confidence,
number of the class. These are lightnet's columns.
"""

from __future__ import annotations

from collections.abc import Sequence

import lightnet as ln
import numpy as np
import pandas as pd
import torch
from torch import Tensor

BOX_COLUMNS = ("class", "confidence", "x0", "y0", "x1", "y1")


def softmax_candidates(
    outputs: Sequence[Tensor], strides: Sequence[int], anchors: ln.util.Anchors, confidence: float
) -> Tensor:
    """One class a cell and anchor, objectness times softmax over the classes: lightnet's reading.

    outputs : one (N, A * (5 + C), h, w) a scale
    returns : (B, 7), confidence above the threshold
    """
    decode = ln.data.transform.GetMultiScaleAnchorBoxes(confidence, strides, anchors)
    # lightnet decodes in place, and only what lies in channels-first order
    own = [output.detach().clone(memory_format=torch.contiguous_format) for output in outputs]
    return decode(own)


def logistic_candidates(
    outputs: Sequence[Tensor], strides: Sequence[int], anchors: ln.util.Anchors, confidence: float
) -> Tensor:
    """Each class by its own logistic, so a cell may give several boxes: darknet's reading (YOLOv3).

    lightnet 4 keeps the name GetMultiScaleDarknetBoxes, but as an alias of its softmax decoder.

    outputs : one (N, A * (5 + C), h, w) a scale
    returns : (B, 7), objectness times class probability, above the threshold
    """
    found = []
    for output, stride, scale in zip(outputs, strides, anchors.split_scales(), strict=True):
        images, _, height, width = output.shape
        values = output.detach().view(images, scale.num_anchors, -1, height, width)
        values = values.permute(0, 1, 3, 4, 2)
        scores = values[..., 4:5].sigmoid() * values[..., 5:].sigmoid()
        image, anchor, row, column, label = (scores > confidence).nonzero(as_tuple=True)
        raw = values[image, anchor, row, column]
        centre = raw[:, :2].sigmoid() + torch.stack((column, row), 1)
        size = raw[:, 2:4].clamp(max=60).exp()  # e^60 is past any image and still finite
        size = size * scale.as_input().to(output)[anchor]
        score = scores[image, anchor, row, column, label]
        columns = (image[:, None], centre * stride, size, score[:, None], label[:, None])
        found.append(torch.cat([part.to(scores.dtype) for part in columns], 1))
    return torch.cat(found)


CANDIDATES = {"softmax": softmax_candidates, "logistic": logistic_candidates}


def suppress(candidates: Tensor, iou: float) -> Tensor:
    """Greedy non-maximum suppression within each image and class, lightnet's NMS in the groups.

    lightnet moves classes and images apart by adding offsets to the coordinates. In float32 that
    costs small boxes their precision (0.25 pixels at 601 classes in a batch of 8), and boxes with
    negative coordinates reach into the class before. One group at a time is exact, and makes the
    boxes of an image independent of its batch.

    iou     : in (0, 1]; a box that overlaps a more confident one of its class by more is dropped
    returns : (B, 7), grouped by image and class
    """
    nms = ln.data.transform.NMS(iou, class_nms=False)
    groups, group = torch.unique(candidates[:, [0, 6]], dim=0, return_inverse=True)
    kept = [nms(candidates[group == number]) for number in range(len(groups))]
    return torch.cat(kept) if kept else candidates


def empty_boxes() -> pd.DataFrame:
    """A boxes table (class, confidence, x0, y0, x1, y1) without a row."""
    return boxes_table([], np.zeros(0), np.zeros((0, 4)))


def boxes_table(names: Sequence[str], confidence: np.ndarray, corners: np.ndarray) -> pd.DataFrame:
    """A boxes table from columns: class name, confidence and x0, y0, x1, y1 of each box."""
    table = pd.DataFrame({"class": pd.Series(list(names), dtype=object)})
    table["confidence"] = np.asarray(confidence, dtype=np.float32)
    for column, values in zip(BOX_COLUMNS[2:], np.asarray(corners).T, strict=True):
        table[column] = values.astype(np.float32)
    return table


def tidy_boxes(boxes: pd.DataFrame, width: int, height: int) -> pd.DataFrame:
    """Boxes clipped to the frame, empty ones dropped, in an order that does not depend on chance.

    boxes   : class, confidence, x0, y0, x1, y1 in pixels of the frame, half-open
    width   : of the frame, pixels
    height  : of the frame, pixels
    returns : most confident first, then by class and place; 0 <= x0 < x1 <= width, the same for y
    """
    numbers = dict.fromkeys(BOX_COLUMNS[1:], np.float32)
    boxes = boxes.loc[:, list(BOX_COLUMNS)].astype({"class": object, **numbers})
    boxes[["x0", "x1"]] = boxes[["x0", "x1"]].clip(0, width)
    boxes[["y0", "y1"]] = boxes[["y0", "y1"]].clip(0, height)
    boxes = boxes[(boxes["x1"] > boxes["x0"]) & (boxes["y1"] > boxes["y0"])]
    rising = [column != "confidence" for column in ("confidence", "class", *BOX_COLUMNS[2:])]
    order = ["confidence", "class", *BOX_COLUMNS[2:]]
    return boxes.sort_values(order, ascending=rising, kind="stable", ignore_index=True)
