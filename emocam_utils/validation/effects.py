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
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations

import pandas as pd
import torch
from PIL import Image

from ..corpora import offers
from ..corpora.emoscenes import scene as scenes
from ..corpora.emoscenes.corpus import load_scene
from ..corpora.emoscenes.layers import Layers
from ..corpora.emoscenes.rule import RULE_FILE, load_rule
from ..corpora.emoscenes.scene import Removal, Scene
from ..networks import EmotionNetwork
from ..pipeline.analysis import Analysis
from ..pipeline.run import one_by_one
from .changes import MEASURES, changes, logits_without

CHUNK = 5  # scenes that a drawing process takes at a time
PAIR_TYPES = {  # of an empty table too, so that the parts of a stage fit together
    **dict.fromkeys(("image", "first_name", "second_name", "label"), "object"),
    **dict.fromkeys(("first", "second"), "int64"),
    **dict.fromkeys(MEASURES, "float64"),
    **{f"{m}_{what}": "float64" for m in MEASURES for what in ("first", "second", "both")},
}


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


def draw(image: str) -> Drawing:
    """Everything that has to be drawn of one scene."""
    scene = load_scene(image)
    objects = scenes.boxes(scene)
    pairs, layers = cue_pairs(scene), Layers(scene)
    removals = (Removal(*row) for row in zip(objects["thing"], objects["class"], strict=True))
    return Drawing(
        objects,
        pairs,
        layers.image(),
        tuple(layers.image(removal) for removal in removals),
        tuple(layers.image(*pair) for pair in pairs),
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
    if not offers(corpus, "remove"):
        raise TypeError(
            f"objects can be removed from EmoScenes only, not from {corpus.name}; "
            "use occlusion.occlusion_effects"
        )
    recipes = {
        name: analysis.recipe(name, draw, _effects, network=True, rule=RULE_FILE)
        for name in ("effects", "pairs")
    }
    with _painters(processes or os.cpu_count() or 1) as painted:

        def compute(ids: list[str], missing: list[str]) -> dict[str, pd.DataFrame]:
            tables = [
                _effects(image, drawing, analysis.models.network, analysis.torch_device)
                for image, drawing in zip(ids, painted(ids), strict=True)
            ]
            whole = {
                "effects": pd.concat([t[0] for t in tables], ignore_index=True),
                "pairs": pd.concat([t[1] for t in tables], ignore_index=True),
            }
            return {name: whole[name] for name in missing}

        # Drawing fills the cores, and processes that draw cannot start beside threads that compute.
        label = "drawing scenes without each object"
        done = analysis.run(recipes, compute, label, through=one_by_one)
    return Effects(done["effects"], done["pairs"])


@contextmanager
def _painters(processes: int) -> Iterator[Callable[[Sequence[str]], Iterable[Drawing]]]:
    """`draw` of many scenes, in processes that start with the first scene."""
    if processes == 1:
        yield lambda ids: map(draw, ids)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield lambda ids: pool.map(draw, ids, chunksize=CHUNK)


def _effects(
    image: str, drawing: Drawing, network: EmotionNetwork, device: torch.device
) -> tuple[pd.DataFrame, pd.DataFrame]:
    changed = [*drawing.without, *drawing.without_pairs]
    found = changes(logits_without(network, drawing.whole, changed, device), network.labels)
    count = len(drawing.objects)
    first, pairs = found[:count].reset_index(drop=True), found[count:].reset_index(drop=True)
    objects = pd.concat([drawing.objects.assign(image=image), first], axis=1)
    return objects, _pairs(image, drawing, objects, pairs)


def _pairs(image: str, drawing: Drawing, objects: pd.DataFrame, both: pd.DataFrame) -> pd.DataFrame:
    """One row a pair: its two effects from the single objects, and that of the pair."""
    of = objects.set_index(["thing", "class"])
    rows = []
    for number, pair in enumerate(drawing.pairs):
        row = {"image": image} | both.loc[number, ["label", *MEASURES]].to_dict()
        for which, removal in zip(("first", "second"), pair, strict=True):
            single = of.loc[(removal.thing, removal.object_class)]
            row |= {which: removal.thing, f"{which}_name": single["name"]}
            row |= {f"{measure}_{which}": single[f"{measure}_drop"] for measure in MEASURES}
        row |= {f"{measure}_both": both.loc[number, f"{measure}_drop"] for measure in MEASURES}
        rows.append(row)
    return pd.DataFrame(rows, columns=list(PAIR_TYPES)).astype(PAIR_TYPES)
