"""One network on trial: the effect of every object, and what every explanation said of it.

Where the corpus knows its objects exactly and can be drawn without each, effects are measured by
removal (`effects`). On any other corpus objects are what the detector finds, and the effect is that
of inpainting the box (`occlusion`): a stand-in, which says so in `truth`.

    objects     : image, name, class, x0, y0, x1, y1, area (share of the image), label,
                  probability, label_without, probability_drop, logit_drop
    importances : the same rows; a column a variant, named as `contestants.variant` names it
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from ..corpora import offers
from ..pipeline.analysis import Analysis
from ..pipeline.importance import SCORES
from ..pipeline.tables import box_importance
from ..study import Preset
from .cells import CAUSAL, LEAST, Matrices
from .contestants import settings_on_trial
from .effects import PAIR_TYPES, measure_effects
from .occlusion import occlusion_effects
from .truth import Truth

OCCLUSIONS = ("grey", "blur", "inpaint", "cells")
REMOVAL, STAND_IN = "removal", "inpaint"
NO_PAIRS = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in PAIR_TYPES.items()})
DESCRIBED = ["image", "name", "class", "x0", "y0", "x1", "y1", "area", "label", "probability"]
DESCRIBED += ["label_without", "probability_drop", "logit_drop"]


@dataclass(frozen=True)
class Trial:
    """What is judged, and by what.

    network : its name in tables, e.g. "seed 0"
    truth   : "removal", or the occlusion that stands in for it
    pairs   : effects of pairs of cues; empty on photographs
    """

    network: str
    truth: str
    objects: pd.DataFrame
    importances: pd.DataFrame
    pairs: pd.DataFrame
    count: int  # images

    @property
    def planted(self) -> bool:
        """Whether the objects are a rule's and were removed, so that causes are known."""
        return self.truth == REMOVAL

    @cached_property
    def effect(self) -> np.ndarray:
        """Drop of the label's probability without each object, (B,)."""
        return self.objects["probability_drop"].to_numpy(dtype=np.float64)

    @cached_property
    def causal(self) -> np.ndarray:
        """Which objects are a cause of the label, (B,)."""
        return self.effect > CAUSAL

    def importance(self, name: str) -> np.ndarray:
        """What a variant says of each object, (B,); NaN where it is undefined."""
        return self.importances[name].to_numpy(dtype=np.float64)

    def above(self, probability: float) -> Trial:
        """The same with the images predicted above a probability only, as the presets count."""
        return self.of(set(self.objects.loc[self.objects["probability"] > probability, "image"]))

    def confident(self, probability: float) -> tuple[Trial, str]:
        """`above`, and what was left out; with too few such images, all images count instead."""
        trial = self.above(probability)
        said = f"{trial.count} of {self.count} images are above probability {probability:g}"
        if trial.count >= LEAST:
            return trial, said
        return self, f"{said}: too few to judge, so all images count below"

    def of(self, images: Collection[str]) -> Trial:
        """The same with some of the images only."""
        kept = self.objects["image"].isin(images).to_numpy()
        objects = self.objects[kept].reset_index(drop=True)
        return replace(
            self,
            objects=objects,
            importances=self.importances[kept].reset_index(drop=True),
            pairs=self.pairs[self.pairs["image"].isin(images)].reset_index(drop=True),
            count=objects["image"].nunique(),
        )

    def covered(self, name: str) -> Trial:
        """The same with the images of which a variant is known: occlusions may be of fewer.

        An importance of a CAM that is NaN is a finding (an empty map), and its image stays.
        """
        if not name.startswith("occlusion/") or self.importances[name].notna().all():
            return self
        return self.of(set(self.objects.loc[self.importances[name].notna(), "image"]))

    def matrices(self, contestants: Mapping[str, tuple[str, float]]) -> Matrices:
        """The association matrices of these images under contestants, see `Matrices.of`."""
        return Matrices.of(self.objects, self.importances, contestants)

    @property
    def effects(self) -> Truth:
        """Effects of the cells as measured on these very images."""
        return Truth.of(self.network, self.objects, 0.0)


def relative_area(objects: pd.DataFrame, images: pd.DataFrame) -> np.ndarray:
    """Share of its image that each box covers."""
    sizes = images.set_index("image")
    pixels = objects["image"].map(sizes["width"] * sizes["height"]).to_numpy(dtype=np.float64)
    sides = (objects["x1"] - objects["x0"]) * (objects["y1"] - objects["y0"])
    return sides.to_numpy(dtype=np.float64) / pixels


def objects_of(analysis: Analysis, confidence: float) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Objects with their effects, pairs, and how the effects were measured.

    confidence : of the detector's boxes, on photographs
    """
    if offers(analysis.corpus, "remove"):
        effects = measure_effects(analysis)
        return effects.objects, effects.pairs, REMOVAL
    boxes = analysis.boxes
    boxes = boxes[boxes["confidence"] > confidence].reset_index(drop=True)
    found = occlusion_effects(analysis, boxes, [STAND_IN])[STAND_IN].set_index("box")
    drops = found.drop(columns="image").reindex(boxes.index)
    return pd.concat([boxes.assign(name=boxes["class"]), drops], axis=1), NO_PAIRS, STAND_IN


def scored(
    objects: pd.DataFrame, maps: Mapping[str, pd.DataFrame], images: pd.DataFrame
) -> pd.DataFrame:
    """Importances of all objects under all settings and all box scores."""
    columns = {
        f"{name}/{score}": box_importance(objects, table, images, score)
        for name, table in maps.items()
        for score in SCORES
    }
    return pd.DataFrame(columns, index=objects.index)


def occlusion_columns(
    analysis: Analysis, objects: pd.DataFrame, fills: Sequence[str], covered: int
) -> pd.DataFrame:
    """Occlusion as an explanation: the drop of probability and of logit when a box is covered.

    covered : of how many images; NaN for the boxes of the others; 0 takes all
    """
    found = occlusion_effects(analysis, objects, fills, analysis.ids[: covered or None])
    drops = {fill: table.set_index("box").reindex(objects.index) for fill, table in found.items()}
    columns = {
        f"occlusion/{fill}/{measure}": table[f"{measure}_drop"].to_numpy()
        for fill, table in drops.items()
        for measure in ("probability", "logit")
    }
    return pd.DataFrame(columns, index=objects.index)


def put_on_trial(
    analysis: Analysis,
    network: str,
    presets: Mapping[str, Preset],
    *,
    fills: Sequence[str] = OCCLUSIONS,
    covered: int = 0,
    confidence: float = 0.1,
) -> Trial:
    """Everything that is judged, computed or read back from the study's results.

    network    : its name in tables
    presets    : under which the methods are judged
    covered    : occlude the boxes of the first images only; 0 takes all
    confidence : of the detector's boxes that count as objects, on photographs
    """
    objects, pairs, truth = objects_of(analysis, confidence)
    objects = objects.assign(area=relative_area(objects, analysis.images))
    maps = analysis.maps(settings_on_trial(presets))
    importances = [scored(objects, maps, analysis.images)]
    if judged := [fill for fill in fills if fill != truth]:
        importances.append(occlusion_columns(analysis, objects, judged, covered))
    columns = pd.concat(importances, axis=1)
    return Trial(network, truth, objects[DESCRIBED], columns, pairs, len(analysis.ids))
