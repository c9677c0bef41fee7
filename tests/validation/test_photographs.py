"""The whole validation on three photographs, with boxes and without any."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_studies import PRESET, scene_study

from emocam_utils.pipeline.analysis import Analysis
from emocam_utils.study import CorpusSpec
from emocam_utils.validation import (
    causes,
    contestants,
    curves,
    detected,
    fresh_tables,
    headline,
    judgement,
    known,
    plots,
    words,
)
from emocam_utils.validation.experiment import experiment_on, telling_image
from emocam_utils.validation.road import road_table
from emocam_utils.validation.trial import put_on_trial

PRESETS = {"paper": PRESET, "corrected": PRESET.model_copy(update={"threshold": 0.5})}


@pytest.fixture(params=[0, 2], ids=["no box", "boxes"])
def photographs(request, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in "abc":
        noise = rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{name}.png")
    spec = CorpusSpec(kind="folder", path=folder)
    analysis = Analysis(scene_study(tmp_path, 0).model_copy(update={"corpus": spec}))
    columns = ["image", "class", "confidence", "x0", "y0", "x1", "y1"]
    rows = [
        (f"{n}.png", "Dog", 0.9, 5.0, 5, 30 + 9 * i, 40) for n in "ab" for i in range(request.param)
    ]
    analysis.__dict__["boxes"] = pd.DataFrame(rows, columns=columns)
    return analysis


def test_photographs_are_judged_as_far_as_they_can_be(photographs):
    trial = put_on_trial(photographs, "own", PRESETS, fills=("cells",))
    assert trial.truth == "inpaint" and not trial.planted
    one = experiment_on(photographs, trial, telling_image(trial), PRESETS)
    assert len(one.versions) == len(one.objects)
    plots.experiment_figure(one)
    thresholds = pd.DataFrame({"threshold": 0.3, "matched": 0.2}, index=list(trial.importances))
    evidence = fresh_tables.Evidence.shipped(photographs, 0.5)
    assert evidence.corpora == {} and evidence.truths == {} and evidence.count.startswith("this")
    truth = evidence.truth(trial)
    assert known.network_table(evidence.truths).empty
    cells = causes.rule_table(truth, trial.planted)
    assert (cells["planted"] == 0).all() and causes.rule_agreement([]).empty
    assert causes.pair_table(trial.pairs)["pairs"].sum() == 0
    ways = contestants.contestants(thresholds, PRESETS, trial.importances.columns)
    table = headline.halves_table(trial, ways, times=3)
    assert table.empty or table["ap"].isna().all()
    verdict = headline.verdict_table(table)
    assert verdict.empty and words.headline_words(table, verdict) == words.NOTHING
    own = judgement.own_table(trial, truth, thresholds, PRESETS)
    assert own["ap"].isna().all()
    assert detected.detected_table(photographs, trial, truth, thresholds, PRESETS).empty
    assert detected.detector_table(photographs, trial).empty
    methods = judgement.method_table(trial, truth, thresholds, PRESETS, times=5)
    same = judgement.covered_table(methods, trial, truth)
    assert len(same) == len(methods) - len(contestants.METHODS)
    assert fresh_tables.again(photographs, evidence, thresholds, PRESETS).empty
    maps = photographs.maps(contestants.short_list(PRESETS))
    pointing = curves.pointing_table(trial.objects, trial.causal, maps, photographs.images)
    assert (pointing["images"] == 0).all()
    ids = photographs.ids[:1]
    lines = curves.curve_table(photographs, maps, ids, steps=2)
    removed = road_table(photographs, maps, ids)
    assert set(lines["method"]) == set(maps) and len(removed) == len(maps)
    assert "deletion" in words.curve_words({"curves": lines, "road": removed})
    tables = {"cells": cells, "headline": table, "methods": methods, "pointing": pointing}
    assert set(judgement.numbers(tables).index.unique("table")) <= set(tables)
