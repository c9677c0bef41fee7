"""The experiment on one image, to be looked at: the picture, and what it is without each object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image

from ..corpora.emoscenes import scene as scenes
from ..corpora.emoscenes.corpus import load_scene
from ..corpora.emoscenes.scene import Removal
from ..pipeline.analysis import Analysis
from ..pipeline.importance import scaled
from ..pipeline.tables import map_array
from ..study import Preset
from .causes import spurious
from .occlusion import occluded
from .trial import Trial

MOST_OBJECTS = 5


@dataclass(frozen=True)
class Experiment:
    """A picture, its objects (B rows of the trial), one version without each, and scaled maps."""

    image: str
    picture: Image.Image
    objects: pd.DataFrame
    versions: tuple[Image.Image, ...]
    cams: Mapping[str, np.ndarray]

    def table(self) -> pd.DataFrame:
        """The numbers that the picture shows."""
        columns = ["image", "class", "label", "probability", "label_without", "probability_drop"]
        return self.objects[columns].set_index("image")


def telling_image(trial: Trial) -> str:
    """The image that shows the question best, chosen by a rule, not by hand.

    Few objects, one large effect and as many companions without any: most spurious companions
    first, then the largest effect, among images with at most `MOST_OBJECTS` objects (or any).
    """
    table = trial.objects[["image"]].assign(
        drop=trial.effect, spurious=spurious(trial.objects) if trial.truth == "removal" else False
    )
    images = table.groupby("image").agg(
        drop=("drop", "max"), spurious=("spurious", "sum"), objects=("drop", "size")
    )
    few = images[(images["objects"] <= MOST_OBJECTS) & (images["objects"] > 1)]
    order = (few if len(few) else images).sort_values(
        ["spurious", "drop"], ascending=False, kind="stable"
    )
    return order.index[0]


def experiment(
    analysis: Analysis, trial: Trial, image: str, presets: Mapping[str, Preset]
) -> Experiment:
    """One image with every object taken out as the trial's truth says: removed or painted over."""
    objects = trial.objects[trial.objects["image"] == image].sort_values(
        "probability_drop", ascending=False, kind="stable"
    )
    picture = analysis.corpus.read(image)
    if trial.truth == "removal":
        scene = load_scene(image)
        exact = scenes.boxes(scene)
        versions = tuple(
            scenes.render(scene, Removal(int(_thing(exact, row)), row["class"]))
            for _, row in objects.iterrows()
        )
    else:
        corners = objects[["x0", "y0", "x1", "y1"]].to_numpy()
        versions = tuple(occluded(picture, box, trial.truth) for box in corners)
    cams = {}
    for name, preset in presets.items():
        maps = analysis.map_of("gradcam", preset)
        cams[name] = scaled(map_array(maps[maps["image"] == image].iloc[0]))
    return Experiment(image, picture, objects.reset_index(drop=True), versions, cams)


def _thing(exact: pd.DataFrame, row: pd.Series) -> int:
    """The thing of a scene whose box this is; two of a class differ in their boxes."""
    same = exact[exact["class"] == row["class"]]
    distance = (same[["x0", "y0"]] - row[["x0", "y0"]].astype(float)).abs().sum(axis=1)
    return same.loc[distance.idxmin(), "thing"]
