"""The whole validation on three photographs, with boxes and without any."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_studies import PRESET, scene_study

from emocam_utils.pipeline.analysis import Analysis
from emocam_utils.study import CorpusSpec
from emocam_utils.validation import causes, contestants, curves, judgement, plots, shipped
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
    thresholds = pd.DataFrame({"threshold": 0.3}, index=list(trial.importances))
    assert shipped.shipped_trials(photographs) == []
    assert shipped.network_table(photographs, [trial], [{}])["accuracy"].isna().all()
    cells = causes.rule_table(trial, times=5)
    assert (cells["planted"] == 0).all() and causes.rule_agreement([trial]).empty
    assert causes.pairs_by_network([trial])["pairs"].sum() == 0
    table = judgement.preset_table([trial], PRESETS, times=5, box_times=5)
    assert table["ap"].isna().all() and judgement.verdict_table(table).empty
    detected = judgement.detected_table(photographs, trial, PRESETS, times=5)
    assert detected.index.get_level_values("boxes").unique().tolist() == ["detected"]
    methods = judgement.method_table([trial], *PRESETS.values(), thresholds, box_times=5)
    assert len(judgement.covered_table(methods, trial)) == len(methods) - len(contestants.METHODS)
    maps = photographs.maps(contestants.short_list(PRESETS))
    pointing = curves.pointing_table(trial.objects, trial.causal, maps, photographs.images)
    assert (pointing["images"] == 0).all()
    ids = photographs.ids[:1]
    lines = curves.curve_table(photographs, maps, ids, steps=2)
    assert set(lines["method"]) == set(maps) and len(road_table(photographs, maps, ids)) == len(
        maps
    )
    tables = {"cells": cells, "presets": table, "methods": methods, "pointing": pointing}
    assert set(judgement.numbers(tables).index.unique("table")) <= set(tables)
