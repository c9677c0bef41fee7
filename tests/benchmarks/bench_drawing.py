"""What layers save: a scene alone, and a scene with all its removals and pairs of cues.

The peer draws each version as one SVG document. Single objects are removed one at a time; pairs
are those of the validation. Both take turns, and the best of the rounds counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from whole_scenes import whole_pixels

from emocam_utils.corpora.emoscenes import scene as scenes
from emocam_utils.corpora.emoscenes.corpus import EmoScenes, load_scene
from emocam_utils.corpora.emoscenes.layers import render
from emocam_utils.corpora.emoscenes.scene import Removal
from emocam_utils.validation.effects import cue_pairs, draw

SCENES = 40
ROUNDS = 3


def run() -> list[dict]:
    ids = EmoScenes("test", SCENES).ids
    pairs = (
        ("a scene", lambda i: render(load_scene(i)), lambda i: whole_pixels(load_scene(i))),
        ("a scene, all removals and pairs", draw, _every_version),
    )
    return [_row(name, ids, ours, theirs) for name, ours, theirs in pairs]


def _every_version(image: str) -> None:
    scene = load_scene(image)
    table = scenes.boxes(scene)
    objects = ((Removal(*row),) for row in zip(table["thing"], table["class"], strict=True))
    for removals in ((), *objects, *cue_pairs(scene)):
        whole_pixels(scene, *removals)


def _row(name: str, ids: list[str], ours: Callable, theirs: Callable) -> dict:
    seconds = [(_seconds(ours, ids), _seconds(theirs, ids)) for _ in range(ROUNDS)]
    mine, other = (min(column) / len(ids) for column in zip(*seconds, strict=True))
    return {
        "name": f"drawing {name}",
        "n": len(ids),
        "ours": mine,
        "peer": "one SVG a version",
        "peer_seconds": other,
        "ratio": other / mine,
    }


def _seconds(draws: Callable, ids: list[str]) -> float:
    start = time.perf_counter()
    for image in ids:
        draws(image)
    return time.perf_counter() - start
