"""A trial made by hand: two labels, two causes, and what Grad-CAM would say of them."""

import numpy as np
import pandas as pd

from emocam_utils.pipeline.importance import SCORES
from emocam_utils.study import Preset
from emocam_utils.validation.contestants import FACTORS, variant
from emocam_utils.validation.trial import NO_PAIRS, Trial

CORRECTED = Preset(
    score="logit",
    layer="post_relu",
    importance="mean",
    threshold=0.5,
    probability=0.5,
    confidence=0.1,
    ambiguity=3,
)
PAPER = CORRECTED.model_copy(update={"score": "probability", "layer": "pre_relu"})


def hand_made(images=60, seed=0, network="seed 0"):
    """Two labels, four classes: Dog causes A, Clock causes B, Tree and Chair cause nothing.

    The corrected mean knows the effect, the published one is noise.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(images):
        label, cause = (("Adoration", "Dog"), ("Anxiety", "Clock"))[number % 2]
        for name in [cause, *rng.choice(["Tree", "Chair", "Couch"], 2, replace=False)]:
            effect = rng.uniform(0.4, 0.9) if name == cause else rng.uniform(-0.03, 0.03)
            rows.append((f"test/{number:05d}", name, label, 0.9, effect, rng.uniform(0.02, 0.3)))
    columns = ["image", "class", "label", "probability", "probability_drop", "area"]
    objects = pd.DataFrame(rows, columns=columns)
    objects = objects.assign(name=objects["class"], label_without="Awe", logit_drop=0.0)
    objects[["x0", "y0", "x1", "y1"]] = [0.0, 0.0, 10.0, 10.0]
    noise = {
        variant("gradcam", score, layer, box_score): rng.uniform(0, 1, len(objects))
        for score, layer in FACTORS
        for box_score in SCORES
    }
    noise[variant("gradcam", "logit", "post_relu", "mean")] = objects["probability_drop"]
    noise["random/mean"] = rng.uniform(0, 1, len(objects))
    share = objects["area"] ** 0.25 * np.where(objects["probability_drop"] > 0.2, 1, 0.1)
    noise[variant("gradcam", "logit", "post_relu", "share")] = share
    return Trial(network, "removal", objects, pd.DataFrame(noise), NO_PAIRS, images)


def calibrated_thresholds():
    """Thresholds of every variant of `hand_made`, as `calibration.of_network` gives them."""
    names = list(hand_made(images=2).importances)
    return pd.DataFrame({"threshold": 0.35, "matched": 0.6}, index=pd.Index(names, name="variant"))
