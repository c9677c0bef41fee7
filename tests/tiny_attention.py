"""A made-up corpus of some images, with boxes, labels and importances as the stages store them."""

import numpy as np
import pandas as pd

from emocam_utils.pipeline.attention import Attention
from emocam_utils.study import Preset

CLASSES, LABELS = ("Dog", "Tree", "Man", "Knife"), ("Joy", "Awe", "Fear")
PRESET = Preset(
    score="logit",
    layer="post_relu",
    importance="mean",
    threshold=0.3,
    probability=0.5,
    confidence=0.1,
    ambiguity=3,
)


def tiny_attention(
    seed: int = 0, images: int = 30, boxes: int = 150, ambiguity: bool = False
) -> Attention:
    """The class Knife has no box and the label Fear no image; some importances are NaN."""
    rng = np.random.default_rng(seed)
    names = [f"i{k}.png" for k in range(images)]
    labels = rng.choice(LABELS[:2], images)
    predictions = pd.DataFrame(
        {
            "image": names,
            "label": labels,
            "probability": rng.uniform(0, 1, images).astype(np.float32),
            "logits": [rng.normal(size=len(LABELS)).astype(np.float32) for _ in names],
        }
    )
    if ambiguity:
        predictions["ambiguity"] = rng.integers(0, 6, images).astype(float)
    corners = np.sort(rng.uniform(0, 60, (boxes, 2, 2)), axis=2)
    found = pd.DataFrame(
        {
            "image": rng.choice(names, boxes),
            "class": rng.choice(CLASSES[:3], boxes),
            "confidence": rng.uniform(0, 1, boxes).astype(np.float32),
            "x0": corners[:, 0, 0],
            "y0": corners[:, 1, 0],
            "x1": corners[:, 0, 1],
            "y1": corners[:, 1, 1],
        }
    )
    importance = rng.uniform(0, 1, boxes)
    importance[rng.random(boxes) < 0.15] = np.nan
    maps = pd.DataFrame(
        {
            "image": names,
            "empty": False,
            "height": 3,
            "width": 4,
            "map": [rng.normal(size=12).astype(np.float32) for _ in names],
        }
    )
    importances = pd.DataFrame({"mean": importance, "share": 1.5 * importance[::-1]})
    return Attention("gradcam", PRESET, found, predictions, maps, importances, CLASSES, LABELS)
