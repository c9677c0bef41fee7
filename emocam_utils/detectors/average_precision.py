"""How good a detector is: average precision (brambox)."""

from __future__ import annotations

import warnings

import brambox as bb
import numpy as np
import pandas as pd


def mean_average_precision(
    detected: pd.DataFrame, truth: pd.DataFrame, iou: float = 0.5
) -> pd.Series:
    """Average precision of each class (brambox's definition: not interpolated); mAP is the mean.

    detected : image, class, confidence, x0, y0, x1, y1
    truth    : image, class, x0, y0, x1, y1
    iou      : least overlap of a found box with a true one of its class
    returns  : one value in [0, 1] a class of `truth`, 0 for a class that is never found; classes
               that only occur in `detected` have no average precision and are left out
    """
    images = pd.CategoricalDtype(sorted(set(truth["image"]) | set(detected["image"])))
    found = _brambox(detected, images).assign(confidence=detected["confidence"].to_numpy(float))
    wanted = _brambox(truth, images).assign(
        ignore=False, lost=False, difficult=False, occluded=0.0, truncated=0.0
    )
    precision = {}
    for name, true in wanted.groupby("class_label"):
        detections = found[found["class_label"] == name].copy()
        if detections.empty:
            precision[name] = 0.0
            continue
        with warnings.catch_warnings():  # brambox 5 does what pandas 3 will not allow
            warnings.filterwarnings("ignore", category=FutureWarning)
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            precision[name] = bb.stat.ap(bb.stat.pr(detections, true, iou))
    return pd.Series(precision, name=f"average precision at IoU {iou}", dtype=float)


def _brambox(boxes: pd.DataFrame, images: pd.CategoricalDtype) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "image": boxes["image"].astype(images),
            "class_label": boxes["class"].astype(str),
            "id": np.nan,
            "x_top_left": boxes["x0"].astype(float),
            "y_top_left": boxes["y0"].astype(float),
            "width": (boxes["x1"] - boxes["x0"]).astype(float),
            "height": (boxes["y1"] - boxes["y0"]).astype(float),
        }
    ).reset_index(drop=True)
