"""FindingEmo's study: its notebook without images, and the association by annotated emotion."""

from dataclasses import replace

import nbformat
import numpy as np
import pandas as pd
import pytest
from misbehaving_server import picture

from emocam_utils import paths
from emocam_utils.corpora import findingemo
from emocam_utils.corpora.findingemo import EMOTIONS, annotations
from emocam_utils.heatmaps import association_figure
from emocam_utils.networks.emonet import EmoNet, freeze
from emocam_utils.networks.weights import save_emonet
from emocam_utils.overview.annotations import (
    annotated_associations,
    annotated_cells,
    by_annotation,
)
from emocam_utils.pipeline import analysis as stages
from emocam_utils.pipeline.analysis import Analysis
from emocam_utils.pipeline.counts import Tally
from emocam_utils.pipeline.matrix import associate
from emocam_utils.study import CorpusSpec, ModelSpec, Study, load_study


def test_the_notebook_runs_offline_without_images_or_weights(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(paths, "FIGURES", tmp_path)
    monkeypatch.setattr(findingemo, "FOLDER", tmp_path / "none")
    monkeypatch.setattr("emocam_utils.pipeline.analysis.IMAGES", tmp_path / "none")
    notebook = nbformat.read(paths.NOTEBOOKS / "00_findingemo.ipynb", 4)
    scope: dict = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(cell.source, scope)
    said = capsys.readouterr().out
    assert "no predictions: none of FindingEmo's 25,869 images" in said
    assert "no association: none of FindingEmo's 25,869 images" in said
    saved = sorted(path.stem for path in (tmp_path / "findingemo").glob("*.png"))
    assert len(saved) == 6
    assert scope["found"].loc["all", "there"] == 0
    assert np.isnan(scope["annotated"].cramers_v(scope["agreement"]))


def corner_detector(weights, **options):
    """A "Dog" in the upper left quarter of every image."""

    class Detector:
        classes = ("Dog", "Cat")

        def detect(self, images, ids):
            return [
                pd.DataFrame(
                    [("Dog", 0.5, 0.0, 0.0, image.width / 2, image.height / 2)],
                    columns=["class", "confidence", "x0", "y0", "x1", "y1"],
                )
                for image in images
            ]

    return Detector()


@pytest.fixture
def small_study(tmp_path, monkeypatch):
    """One clear image of each of the 24 emotions, and three ambiguous ones of Joy."""
    table = annotations()
    clear = table[table["ambiguity"] < 3]
    images = [clear.index[clear["emotion"] == emotion][0] for emotion in EMOTIONS]
    images += list(table.index[(table["emotion"] == "Joy") & (table["ambiguity"] >= 3)][:3])
    for number, image in enumerate(images):
        path = tmp_path / "images" / image
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    monkeypatch.setitem(stages.DETECTORS._things, "corner", corner_detector)
    weights = save_emonet(freeze(EmoNet(0.0625, 0.01).initialise(0)), tmp_path / "net.safetensors")
    return Study(
        name="small",
        title="FindingEmo, a few images",
        corpus=CorpusSpec(kind="findingemo", path=tmp_path / "images"),
        network=ModelSpec(name="emonet", weights=weights),
        detector=ModelSpec(name="corner"),
        cams=("gradcam",),
        presets=load_study("findingemo").presets,
    )


def test_presets_leave_ambiguous_images_out_by_predicted_and_by_annotated_emotion(small_study):
    table = annotations()
    preset = small_study.preset("corrected").model_copy(update={"probability": 0.0})
    attention = Analysis(small_study, "cpu").attention("gradcam", preset)
    middle = float(attention.importances[preset.importance].median())
    preset = preset.model_copy(update={"threshold": middle})  # so that about half of them pass
    attention = replace(attention, preset=preset)
    assert len(attention.predictions) == 27
    assert preset.ambiguity == 3
    assert associate(attention).images.sum() == 24, "three are ambiguous"
    assert (
        "24 of 27 images above probability 0 and below ambiguity 3" in associate(attention).words()
    )

    result = associate(by_annotation(attention, table))
    assert list(result.matrix.columns) == list(EMOTIONS)
    assert result.images.to_dict() == dict.fromkeys(EMOTIONS, 1)
    kept = attention.importances[preset.importance] > middle
    attended = table.loc[attention.boxes["image"][kept]]
    expected = attended.loc[attended["ambiguity"] < 3, "emotion"].value_counts()
    assert 0 < len(expected) < 24, "the maps are to tell images apart"
    counted = result.matrix.loc["Dog"]
    assert counted[counted > 0].to_dict() == expected.to_dict()
    assert not result.matrix.loc["Cat"].any()

    everything = attention.preset.model_copy(update={"ambiguity": 7})
    all_of_them = associate(by_annotation(replace(attention, preset=everything), table))
    assert all_of_them.images["Joy"] == 4
    assert all_of_them.images.sum() == 27

    presets = dict.fromkeys(small_study.presets, preset)
    found, missing = annotated_associations(
        Analysis(small_study.model_copy(update={"presets": presets}), "cpu"), table
    )
    assert not missing and list(found) == ["as published", "corrected"]
    assert found["corrected"].matrix.equals(result.matrix)
    cells = annotated_cells(found).loc["Dog"]
    assert cells["corrected_images"].to_dict() == result.matrix.loc["Dog"].to_dict()
    panels = {title: made.panel(25) for title, made in found.items()}
    figure = association_figure(panels, columns="annotated emotion")
    assert "annotated emotion (n images)" in [ax.get_xlabel() for ax in figure.axes]

    tally = Tally.of(by_annotation(attention, table))  # what the sliders move
    assert np.array_equal(tally.matrix(preset), result.matrix.to_numpy())
