"""The headline with detected boxes in place of exact ones, and how far the detector is right.

A matrix of photographs rests on a detector. Here the objects are known, so what it costs is, too.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ..pipeline.analysis import Analysis
from ..pipeline.tables import box_importance
from ..study import Preset
from .cells import Matrices, judge
from .contestants import HEADLINE, contestants, settings_on_trial
from .trial import Trial
from .truth import Truth

CONFIDENCES = (0.1, 0.25, 0.5)
EXACT, DETECTED = "exact", "detected above {:g}"


def detected_table(
    analysis: Analysis,
    trial: Trial,
    truth: Truth,
    thresholds: pd.DataFrame,
    presets: Mapping[str, Preset],
) -> pd.DataFrame:
    """The headline's contestants with exact boxes, and with the detector's at some confidences.

    A cell that only the detector has (its class is in no image of the label in the truth) counts as
    one that causes nothing, so a box that is not there is an error.

    returns : indexed by boxes and contestant: auroc, ap, rho; cells judged, of them added ones.
              No row on photographs, whose boxes are the detector's anyway
    """
    chosen = contestants(thresholds, presets, trial.importances.columns)
    chosen = {name: way for name, way in chosen.items() if name in HEADLINE}
    if not trial.planted or not chosen:
        return pd.DataFrame()
    labels = trial.objects.drop_duplicates("image").set_index("image")["label"]
    found = {EXACT: trial.matrices(chosen)}
    for confidence in CONFIDENCES:
        boxes = detected_boxes(analysis, labels, confidence)
        columns = _importances(analysis, boxes, {way for way, _ in chosen.values()}, presets)
        found[DETECTED.format(confidence)] = Matrices.of(boxes, columns, chosen, labels)
    tables = {}
    for name, matrices in found.items():
        effects = truth.judged(absent=matrices.counts.index)
        table = judge(matrices.scores(HEADLINE, effects.index), effects.to_numpy())
        only = len(effects) - len(truth.judged())
        tables[name] = table.assign(cells=len(effects), added=only)
    return pd.concat(tables, names=["boxes", "contestant"])


def detected_boxes(analysis: Analysis, labels: pd.Series, confidence: float) -> pd.DataFrame:
    """The detector's boxes above a confidence in some images, with the label of the image."""
    boxes = analysis.boxes[analysis.boxes["confidence"] > confidence]
    boxes = boxes[boxes["image"].isin(labels.index)].reset_index(drop=True)
    return boxes.assign(label=boxes["image"].map(labels))


def _importances(
    analysis: Analysis, boxes: pd.DataFrame, variants: set[str], presets: Mapping[str, Preset]
) -> pd.DataFrame:
    settings = settings_on_trial(presets)
    split = {name: name.rsplit("/", 1) for name in sorted(variants)}
    maps = analysis.maps({setting: settings[setting] for setting, _ in split.values()})
    columns = {
        name: box_importance(boxes, maps[setting], analysis.images, score)
        for name, (setting, score) in split.items()
    }
    return pd.DataFrame(columns, index=boxes.index)


def detector_table(analysis: Analysis, trial: Trial) -> pd.DataFrame:
    """How far the detector can be believed: is a class in an image, whatever its box?

    returns : indexed by confidence and class, "all classes" first: precision and recall over
              images, images with the class, images in which it is detected; NaN where undefined
    """
    if not trial.planted:
        return pd.DataFrame()
    pairs = ["image", "class"]
    there = pd.MultiIndex.from_frame(trial.objects[pairs]).unique()
    labels = trial.objects.drop_duplicates("image").set_index("image")["label"]
    tables = {}
    for confidence in CONFIDENCES:
        said = pd.MultiIndex.from_frame(
            detected_boxes(analysis, labels, confidence)[pairs]
        ).unique()
        counts = pd.DataFrame(
            {
                "images": there.get_level_values("class").value_counts(),
                "detected": said.get_level_values("class").value_counts(),
                "right": said.intersection(there).get_level_values("class").value_counts(),
            }
        ).fillna(0)
        counts = pd.concat([counts.sum().to_frame("all classes").T, counts.sort_index()])
        precision = counts["right"] / counts["detected"].where(counts["detected"] > 0)
        recall = counts["right"] / counts["images"].where(counts["images"] > 0)
        rates = counts[["images", "detected"]].astype(int)
        tables[confidence] = rates.assign(precision=precision, recall=recall)
    return pd.concat(tables, names=["confidence", "class"])
