"""The experiment on one image, to be looked at: the picture, and what it is without each object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image

from ..pipeline.analysis import Analysis
from ..pipeline.importance import scaled
from ..pipeline.tables import map_array
from ..study import Preset
from .causes import spurious
from .effects import draw
from .occlusion import occluded
from .trial import Trial

MOST_OBJECTS = 5
CORNERS = ["x0", "y0", "x1", "y1"]


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
    """The image that shows the question best, chosen by a rule, not by hand; "" without objects.

    Few objects, one large effect and as many companions without any: most spurious companions
    first, then the largest effect, among images with at most `MOST_OBJECTS` objects (or any).
    """
    table = trial.objects[["image"]].assign(drop=trial.effect, spurious=spurious(trial))
    images = table.groupby("image").agg(
        drop=("drop", "max"), spurious=("spurious", "sum"), objects=("drop", "size")
    )
    few = images[(images["objects"] <= MOST_OBJECTS) & (images["objects"] > 1)]
    order = (few if len(few) else images).sort_values(
        ["spurious", "drop"], ascending=False, kind="stable"
    )
    return order.index[0] if len(order) else ""


def experiment_on(
    analysis: Analysis, trial: Trial, image: str, presets: Mapping[str, Preset]
) -> Experiment:
    """One image with every object taken out as the trial's truth says: removed or painted over.

    image : of the trial; "" takes the first image of the study, of which no object is known
    """
    image = image or analysis.ids[0]
    objects = trial.objects[trial.objects["image"] == image].sort_values(
        "probability_drop", ascending=False, kind="stable"
    )
    picture = analysis.corpus.read(image)
    if trial.planted and len(objects):
        drawing = draw(image)
        exact = drawing.objects.assign(version=drawing.without)
        found = objects.merge(exact, on=["class", *CORNERS], how="left")
        versions = tuple(found["version"])
    else:
        versions = tuple(occluded(picture, box, trial.truth) for box in objects[CORNERS].to_numpy())
    cams = {}
    for name, preset in presets.items():
        maps = analysis.map_of("gradcam", preset).set_index("image")
        cams[name] = scaled(map_array(maps.loc[image]))
    return Experiment(image, picture, objects.reset_index(drop=True), versions, cams)
