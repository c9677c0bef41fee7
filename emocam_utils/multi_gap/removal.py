"""Which block carries which emotion: a cause is taken out of the scene, and what each block gave to
the emotion's logit falls.

The logits of MG are a sum over blocks (its classifier is linear on their concatenation), so a fall
is, exactly, the sum of the blocks' falls. The floor is the same scene without a thing that causes
nothing of its label. Axes: N images, K blocks, L labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import Tensor, nn

from ..corpora.emoscenes.corpus import load_scene
from ..corpora.emoscenes.rule import FACE, load_rule
from ..corpora.emoscenes.scene import Removal, Scene
from ..networks.multi_gap import REDUCED, MultiGap, MultiStream
from ..networks.multi_gap_views import StreamView
from ..pipeline.analysis import Analysis
from ..progress import progress
from ..stats.bootstrap import Means
from .labels import label_map


def block_parts(network: MultiGap, images: Tensor) -> Tensor:
    """What each block gives to the logits, (N, K, L); with the bias they sum to them.

    Errors: ValueError for a network whose blocks depend on each other
    """
    if not isinstance(network.dependency, nn.Identity):
        raise ValueError("the logits are a sum over blocks for MG only, not behind a GRU")
    weight = network.classifier.weight.unflatten(1, (-1, REDUCED))  # (L, K, 64)
    return torch.einsum("nkc,lkc->nkl", network.pooled(images), weight)


def cause_of(scene: Scene) -> Removal | None:
    """The strongest cue of a scene's label; a face is turned away. None without a cue."""
    cues = load_rule().cues.get(scene.label, {})
    weights = [cues.get(thing.name, 0.0) for thing in scene.things]
    if not weights or max(weights) == 0:
        return None
    return _removal(scene, int(np.argmax(weights)))


def bystander_of(scene: Scene) -> Removal | None:
    """The first thing that is a cue of no label at all; None without one."""
    cues = {name for known in load_rule().cues.values() for name in known}
    others = [k for k, thing in enumerate(scene.things) if thing.name not in cues]
    others = [k for k in others if not scene.things[k].name.endswith("/away")]
    return _removal(scene, others[0]) if others else None


def _removal(scene: Scene, thing: int) -> Removal:
    name = scene.things[thing].name
    return Removal(thing, "Human face" if name.startswith(FACE) else name)


@torch.no_grad()
def falls(scenes: Analysis, network: MultiStream, limit: int) -> pd.DataFrame:
    """What each block's part of the label's logit loses when a thing is taken out.

    limit   : scenes with a label of Mikels' and a cause; 0 takes all
    returns : one row a stream, image, removed ("cause" or "bystander") and block: emotion, fall
    """
    mikels = label_map("emoscenes-to-mikels")
    known = [image for image in scenes.ids if mikels(load_scene(image).label)]
    chosen = [image for image in known if cause_of(load_scene(image))][: limit or None]
    views = {name: StreamView(stream) for name, stream in network.streams.items()}
    rows = []
    for image in progress(chosen, label="taking causes out of scenes"):
        scene = load_scene(image)
        emotion = mikels(scene.label)
        target = network.labels.index(emotion)
        removals = {"cause": cause_of(scene), "bystander": bystander_of(scene)}
        pictures = [scenes.corpus.read(image)]
        removals = {name: one for name, one in removals.items() if one is not None}
        pictures += [scenes.corpus.remove(image, one) for one in removals.values()]
        for stream, one in network.streams.items():
            parts = block_parts(one, _batch(views[stream], pictures))[:, :, target]
            for name, values in zip(removals, (parts[0] - parts[1:]).numpy(), strict=True):
                for block, fall in enumerate(values, start=1):
                    rows.append((stream, image, name, block, emotion, float(fall)))
    columns = ["stream", "image", "removed", "block", "emotion", "fall"]
    return pd.DataFrame(rows, columns=columns)


def _batch(view: StreamView, pictures: Sequence[Image.Image]) -> Tensor:
    return torch.stack([view.preprocess(picture) for picture in pictures])


def carrying(found: pd.DataFrame) -> pd.DataFrame:
    """Mean falls by stream, emotion ("all" first) and block, 95 % over images.

    returns : stream, emotion, block, fall, low, high, floor (of bystanders), n
    """
    rows = []
    for stream, of_stream in found.groupby("stream", sort=False):
        for emotion, table in {
            "all": of_stream,
            **dict(list(of_stream.groupby("emotion"))),
        }.items():
            wide = table.pivot(index=["removed", "image"], columns="block", values="fall")
            of = {n: wide.loc[n] if n in wide.index.get_level_values(0) else wide.iloc[:0]
                  for n in ("cause", "bystander")}  # fmt: skip
            means, floor = (Means.over(of[name].to_numpy(float)) for name in ("cause", "bystander"))
            for place, block in enumerate(wide.columns):
                ends = means.value[place], means.low[place], means.high[place]
                row = {"stream": stream, "emotion": emotion, "block": block}
                row |= dict(zip(("fall", "low", "high"), ends, strict=True))
                rows.append(row | {"floor": floor.value[place], "n": len(of["cause"])})
    return pd.DataFrame(rows)
