"""The true effect of an object on the network: the scene is drawn again without it.

The ground truth of the validation. It needs drawn scenes; `occlusion` is its stand-in for
photographs. An effect is a change of what the network says of the *whole* scene's predicted label:

    probability_drop = p(whole) - p(without)      logit_drop = y(whole) - y(without)

so positive means that the object speaks for the label. A person, its clothing and its face are
three objects: removing a face turns the head away, removing a person removes all three.

    objects : image, thing, name, class, x0, y0, x1, y1, occluded, label, probability, logit,
              label_without, probability_drop, logit_drop
    pairs   : image, first, second, first_name, second_name, label, probability, and for both
              measures the drops without the first, the second and both
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
import torch
from PIL import Image

from .emoscenes import scene as scenes
from .emoscenes.corpus import EmoScenes, load_scene
from .emoscenes.rule import FACE, load_rule
from .emoscenes.scene import Removal, Scene
from .networks import NETWORKS, EmotionNetwork
from .stages import Analysis, file_hash, source_hash
from .store import Stage, run_stages

MEASURES = ("probability", "logit")
CHUNK = 5  # scenes that a drawing process takes at a time


@dataclass(frozen=True)
class Drawing:
    """A scene, the same without each of its objects, and without each pair of cues and both.

    The pictures of pairs hold neither thing; those without one of them are among `without`.
    """

    objects: pd.DataFrame  # as `scene.boxes`
    pairs: tuple[tuple[Removal, Removal], ...]
    whole: Image.Image
    without: tuple[Image.Image, ...]
    without_pairs: tuple[Image.Image, ...]


def cue_removal(scene: Scene, index: int) -> Removal:
    """How a cue is removed: a face from its person, any other thing as a whole."""
    thing = scene.things[index]
    return Removal(index, "Human face" if thing.is_person else thing.name)


def cue_pairs(scene: Scene) -> tuple[tuple[Removal, Removal], ...]:
    """All pairs of things of which each is a cue of some label under the rule."""
    cues = {thing for weights in load_rule().cues.values() for thing in weights}
    there = [i for i, thing in enumerate(scene.things) if thing.name in cues]
    return tuple(
        (cue_removal(scene, first), cue_removal(scene, second))
        for first, second in combinations(there, 2)
    )


def without(scene: Scene, removals: Sequence[Removal]) -> Scene:
    """The scene without several cues; drawn, it equals `scene.render` with one removal for one.

    removals : whole things, or faces, whose heads are then turned away
    Errors   : ValueError for a class that is not removed as a thing of its own
    """
    things = list(scene.things)
    gone = set()
    for removal in removals:
        thing = things[removal.thing]
        if thing.is_person and removal.object_class == "Human face":
            things[removal.thing] = replace(thing, name=f"{FACE}away")
        elif removal.object_class == ("Person" if thing.is_person else thing.name):
            gone.add(removal.thing)
        else:
            raise ValueError(
                f"{removal.object_class!r} of thing {removal.thing} ({thing.name}) cannot be "
                "removed together with another; give a whole thing or a Human face"
            )
    kept = tuple(thing for index, thing in enumerate(things) if index not in gone)
    return replace(scene, things=kept)


def draw(image: str) -> Drawing:
    """Everything that has to be drawn of one scene."""
    scene = load_scene(image)
    objects = scenes.boxes(scene)
    removals = [Removal(int(o["thing"]), o["class"]) for _, o in objects.iterrows()]
    pairs = cue_pairs(scene)
    return Drawing(
        objects,
        pairs,
        scenes.render(scene),
        tuple(scenes.render(scene, removal) for removal in removals),
        tuple(scenes.render(without(scene, pair)) for pair in pairs),
    )


@dataclass(frozen=True)
class Effects:
    """Effects of single objects and of pairs of cues; see the head of the module."""

    objects: pd.DataFrame
    pairs: pd.DataFrame


def measure_effects(analysis: Analysis, processes: int | None = None) -> Effects:
    """The effect of every object of every scene of a study of EmoScenes, stored in shards.

    processes : that draw; as many as there are cores by default
    Errors    : TypeError for a corpus that cannot be drawn again
    """
    corpus = analysis.corpus
    if not isinstance(corpus, EmoScenes):
        raise TypeError(
            f"objects can be removed from EmoScenes only, not from {corpus.name}; "
            "use occlusion.occlusion_effects"
        )
    spec = analysis.study.network
    key = {
        "corpus": corpus.fingerprint,
        "ids": corpus.ids,
        "network": [spec.name, file_hash(spec.weights), spec.options],
        "source": [source_hash(NETWORKS[spec.name]), source_hash(draw)],
    }
    stages = {
        name: Stage.of(analysis.study.results, name, {**key, "stage": name})
        for name in ("effects", "pairs")
    }
    with _Painters(processes or os.cpu_count() or 1) as painters:

        def compute(ids: list[str], missing: list[str]) -> dict[str, pd.DataFrame]:
            tables = [
                _effects(image, drawing, analysis.network, analysis.torch_device)
                for image, drawing in zip(ids, painters.draw(ids), strict=True)
            ]
            whole = {
                "effects": pd.concat([t[0] for t in tables], ignore_index=True),
                "pairs": pd.concat([t[1] for t in tables], ignore_index=True),
            }
            return {name: whole[name] for name in missing}

        done = run_stages(stages, corpus.ids, compute, "drawing scenes without each object")
    return Effects(done["effects"], done["pairs"])


class _Painters:
    """Processes that draw, started when there is something to draw."""

    def __init__(self, processes: int) -> None:
        self.processes = processes
        self.pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> _Painters:
        return self

    def __exit__(self, *error: object) -> None:
        if self.pool is not None:
            self.pool.shutdown(cancel_futures=True)

    def draw(self, ids: Sequence[str]) -> Iterator[Drawing]:
        if self.processes == 1:
            return map(draw, ids)
        self.pool = self.pool or ProcessPoolExecutor(self.processes)
        return self.pool.map(draw, ids, chunksize=CHUNK)


def logits_of(
    network: EmotionNetwork, pictures: Sequence[Image.Image], device: torch.device
) -> np.ndarray:
    """(N, L) logits of pictures of any size."""
    with torch.no_grad():
        images = torch.stack([network.preprocess(picture) for picture in pictures]).to(device)
        return network.head(network.features(images)).double().cpu().numpy()


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities (N, L) of logits (N, L)."""
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def logits_without(
    network: EmotionNetwork,
    whole: Image.Image,
    changed: Sequence[Image.Image],
    device: torch.device,
) -> np.ndarray:
    """(1 + N, L) logits of a picture and its changed versions.

    A version in which no pixel differs has the picture's own logits to the last bit, whatever its
    place in the batch: what the network cannot see has no effect, not even a rounding error.
    """
    original = np.asarray(whole)
    differ = [not np.array_equal(original, np.asarray(picture)) for picture in changed]
    seen = [picture for picture, differs in zip(changed, differ, strict=True) if differs]
    passed = logits_of(network, [whole, *seen], device)
    rows = np.where(differ, np.cumsum(differ), 0)
    return passed[np.concatenate([[0], rows]).astype(int)]


def _effects(
    image: str, drawing: Drawing, network: EmotionNetwork, device: torch.device
) -> tuple[pd.DataFrame, pd.DataFrame]:
    changed = [*drawing.without, *drawing.without_pairs]
    logits = logits_without(network, drawing.whole, changed, device)
    measured = {"probability": softmax(logits), "logit": logits}
    target = int(logits[0].argmax())
    common = {"image": image, "label": network.labels[target]}
    common |= {measure: values[0, target] for measure, values in measured.items()}
    drops = {measure: values[0, target] - values[1:, target] for measure, values in measured.items()}

    count = len(drawing.objects)
    objects = drawing.objects.assign(**common)
    objects["label_without"] = [network.labels[i] for i in logits[1 : count + 1].argmax(axis=1)]
    for measure in MEASURES:
        objects[f"{measure}_drop"] = drops[measure][:count]

    keys = list(zip(drawing.objects["thing"], drawing.objects["class"], strict=True))
    names = dict(zip(drawing.objects["thing"], drawing.objects["name"], strict=True))
    rows = []
    for number, pair in enumerate(drawing.pairs):
        first, second = (keys.index((removal.thing, removal.object_class)) for removal in pair)
        row = dict(zip(("first", "second"), (removal.thing for removal in pair), strict=True))
        row |= {"first_name": names[pair[0].thing], "second_name": names[pair[1].thing], **common}
        for measure in MEASURES:
            row[f"{measure}_first"] = drops[measure][first]
            row[f"{measure}_second"] = drops[measure][second]
            row[f"{measure}_both"] = drops[measure][count + number]
        rows.append(row)
    return objects, pd.DataFrame(rows, columns=PAIR_COLUMNS).astype(_pair_types())


PAIR_COLUMNS = ["image", "first", "second", "first_name", "second_name", "label", *MEASURES] + [
    f"{measure}_{what}" for measure in MEASURES for what in ("first", "second", "both")
]


def _pair_types() -> dict[str, str]:
    """Types of an empty table too, so that the parts of a stage fit together."""
    texts = ("image", "first_name", "second_name", "label")
    whole = ("first", "second")
    return {c: "object" if c in texts else "int64" if c in whole else "float64" for c in PAIR_COLUMNS}
