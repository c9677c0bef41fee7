"""How fast a slider of the association explorer is at FindingEmo's size, against plain pandas.

The table is made up: 25,869 images of 100 boxes, 601 classes drawn evenly (so that nearly every box
is a pair of its own, the hardest case), 20 labels. One row a slider: `ours` is a move of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import cycle

import numpy as np
import pandas as pd

from emocam_utils.pipeline.attention import counted_images
from emocam_utils.pipeline.counts import Tally
from emocam_utils.pipeline.importance import SCORES
from emocam_utils.stats.measures import attended_percent
from emocam_utils.study import Preset

IMAGES, BOXES, CLASSES, LABELS = 25_869, 100, 601, 20
GOAL_SECONDS = 0.050
MOVES = {
    "importance threshold": [{"threshold": t} for t in (0.3, 0.35)],
    "detector confidence": [{"confidence": c} for c in (0.1, 0.15)],
    "emotion probability": [{"probability": p} for p in (0.5, 0.55)],
}
START = {"threshold": 0.31, "confidence": 0.11, "probability": 0.51}


def made_up_tables(
    images: int = IMAGES, boxes: int = BOXES, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """boxes, predictions, importance, classes and labels, with the stages' columns and types."""
    rng = np.random.default_rng(seed)
    classes = tuple(f"class {k}" for k in range(CLASSES))
    labels = tuple(f"label {k}" for k in range(LABELS))
    names = np.array([f"Run_1/some folder/image {k}.jpg" for k in range(images)], dtype=object)
    predictions = pd.DataFrame(
        {
            "image": names,
            "label": np.array(labels, dtype=object)[rng.integers(0, LABELS, images)],
            "probability": rng.uniform(0, 1, images).astype(np.float32),
        }
    )
    found = pd.DataFrame(
        {
            "image": np.repeat(names, boxes),
            "class": np.array(classes, dtype=object)[rng.integers(0, CLASSES, images * boxes)],
            "confidence": rng.uniform(0, 1, images * boxes).astype(np.float32),
        }
    )
    return found, predictions, rng.uniform(0, 1, images * boxes), classes, labels


def run(images: int = IMAGES, rounds: int = 7) -> list[dict]:
    """One row a slider; the table holds every score.

    returns : name, ours_seconds (best of the rounds), peer, peer_seconds (once), ratio
              (peer_seconds / ours_seconds), n (images), goal_seconds, megabytes (of the table)
    Errors  : AssertionError if the two do not count the same
    """
    boxes, predictions, importance, classes, labels = made_up_tables(images)
    tally = Tally(boxes, predictions, dict.fromkeys(SCORES, importance), classes, labels)
    start, rows = _preset(**START), []
    for slider, moves in MOVES.items():
        presets = [_preset(**{**START, **move}) for move in moves]
        expected, peer_seconds = _timed(
            lambda p=presets[0]: _pandas(boxes, predictions, importance, classes, labels, p)
        )
        np.testing.assert_array_equal(_ours(tally, presets[0]), expected.to_numpy())
        seconds = []
        for preset, _ in zip(cycle(presets), range(rounds), strict=False):
            seconds.append(_timed(lambda p=preset: _ours(tally, p))[1])
            _ours(tally, start)  # the slider goes back, so that nothing kept is of use
        rows.append(
            {
                "name": f"M'_A after a move of {slider}",
                "ours_seconds": min(seconds),
                "peer": "pandas groupby",
                "peer_seconds": peer_seconds,
                "ratio": peer_seconds / min(seconds),
                "n": images,
                "goal_seconds": GOAL_SECONDS,
                "megabytes": _megabytes(tally),
            }
        )
    return rows


def _preset(**filters: float) -> Preset:
    return Preset(score="logit", layer="post_relu", importance="mean", ambiguity=3, **filters)


def _ours(tally: Tally, preset: Preset) -> np.ndarray:
    return attended_percent(tally.counts(preset))


def _pandas(boxes, predictions, importance, classes, labels, preset) -> pd.DataFrame:
    counted = counted_images(predictions, preset)
    passed = (importance > preset.threshold) & (boxes["confidence"] > preset.confidence)
    kept = boxes[passed].merge(counted[["image", "label"]], on="image")
    pairs = kept[["image", "class", "label"]].drop_duplicates()
    matrix = pairs.groupby(["class", "label"]).size().unstack(fill_value=0)
    matrix = matrix.reindex(index=list(classes), columns=list(labels), fill_value=0)
    images = counted["label"].value_counts().reindex(list(labels), fill_value=0)
    return 100 * matrix / images.replace(0, np.nan)


def _megabytes(tally: Tally) -> float:
    return sum(getattr(value, "nbytes", 0) for value in vars(tally).values()) / 1e6


def _timed(work: Callable) -> tuple[object, float]:
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


if __name__ == "__main__":
    for row in run():
        print({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()})
