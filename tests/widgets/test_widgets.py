"""What explorers share: state, still pictures, heatmap, pictures of images."""

import base64
import io
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from tiny_studies import TinyAnalysis, TinyCorpus

from emocam_utils import paths
from emocam_utils.association.explorer import AssociationExplorer
from emocam_utils.heatmaps import limits
from emocam_utils.study import StudyError
from emocam_utils.widgets import controls
from emocam_utils.widgets.heatmap import heatmap_html
from emocam_utils.widgets.image_explorer import ImageExplorer
from emocam_utils.widgets.pictures import Pictures
from emocam_utils.widgets.state import save_state, saved_states, settings_file

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def analysis():
    return TinyAnalysis()


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    return tmp_path / "results"


def test_a_saved_state_is_restored_by_another_explorer(analysis):
    explorer = AssociationExplorer(analysis)
    moved = {"threshold": 0.25, "cam": "ablation", "measure": "lift", "labels": ["Awe"], "top": 3}
    explorer.set_state({**moved, "cell_class": "Dog", "cell_label": "Awe"})
    explorer.save()
    assert "saved to" in explorer.message.value and "tiny.yaml" in explorer.message.value
    other = AssociationExplorer(analysis)
    assert other.state != explorer.state
    other.restore()
    assert other.state == explorer.state and other.heat.value == explorer.heat.value
    images = ImageExplorer(analysis)
    images.restore()
    assert "nothing is saved for the image explorer" in images.message.value
    images.save()
    assert saved_states("tiny") == {"association": explorer.state, "image": images.state}


def test_settings_lie_beside_the_results_and_each_study_has_its_own(results):
    save_state("tiny", "image", {"image": "a: b.png", "labels": ["ü", "'"]})
    save_state("tiny", "association", {"threshold": 0.1})
    save_state("tiny", "association", {"threshold": 0.2})
    assert settings_file("tiny") == results / "widgets" / "tiny.yaml"
    assert saved_states("tiny") == {
        "image": {"image": "a: b.png", "labels": ["ü", "'"]}, "association": {"threshold": 0.2}
    }  # fmt: skip
    assert saved_states("other") == {}
    assert [file.name for file in results.rglob("*") if file.is_file()] == ["tiny.yaml"]


@pytest.mark.parametrize("damage", [b"image: [1", b"just words", b"image: 3", b"\xff\xfe\x00"])
def test_a_damaged_file_is_said_and_the_next_save_replaces_it(analysis, damage):
    file = settings_file("tiny")
    file.parent.mkdir(parents=True)
    file.write_bytes(damage)
    explorer = ImageExplorer(analysis)
    before = explorer.state
    explorer.restore()
    assert "tiny.yaml" in explorer.message.value and "color" in explorer.message.value
    assert explorer.state == before
    explorer.save()
    assert yaml.safe_load(file.read_text()) == {"image": before}


def test_a_file_that_cannot_be_written_is_said_and_nothing_fails(analysis, results):
    results.write_text("not a folder")
    explorer = AssociationExplorer(analysis)
    explorer.save()
    assert "cannot save to" in explorer.message.value
    explorer.restore()
    assert "cannot read" in explorer.message.value


def test_a_state_that_does_not_fit_changes_nothing_and_names_all_problems(analysis):
    explorer = AssociationExplorer(analysis)
    before, heat = explorer.state, explorer.heat.value
    wrong = {"threshold": 0.2, "cam": "gradcm", "top": 999, "tresh": 1, "labels": ["Joi"]}
    with pytest.raises(StudyError) as error:
        explorer.set_state(wrong)
    for words in ("no 'tresh'", "cam cannot be 'gradcm'", "top cannot be 999", "labels cannot be"):
        assert words in str(error.value)
    assert explorer.state == before and explorer.heat.value == heat


@pytest.mark.parametrize("kind", [AssociationExplorer, ImageExplorer])
def test_headless_an_explorer_is_a_static_figure(analysis, kind, monkeypatch):
    monkeypatch.setenv("EMOCAM_HEADLESS", "1")
    bundle = kind(analysis)._repr_mimebundle_(include=None, exclude=None)
    assert set(bundle) == {"image/png", "text/plain", "text/html"}
    assert "href='../explore.html'" in bundle["text/html"] and " alt='The" in bundle["text/html"]
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))))
    assert picture[..., :3].std() > 5


def test_names_cannot_break_the_page():
    table = pd.DataFrame([[1.0]], index=["<b>x</b>"], columns=["<i>"])
    html = heatmap_html(table, pd.Series({"<i>": 3}))
    assert "<b>" not in html and "<i>" not in html and "&lt;b&gt;" in html


def test_colours_are_symmetric_where_values_have_a_sign():
    values = np.array([[-np.inf, -1.0, 3.0, np.nan]])
    assert limits("pmi", values)[:2] == (-3, 3)
    assert limits("attended", values)[:2] == (0, 100)
    assert limits("lift", np.array([[np.nan]]))[:2] == (0, 1)
    columns = list("wxyz")
    table = pd.DataFrame(values, index=["a"], columns=columns)
    html = heatmap_html(table, pd.Series(1, index=columns), "pmi")
    assert numbers_in(html)["a"] == ["−∞", "-1.00", "3.00", ""]


def test_pictures_read_an_image_once_and_mark_kept_boxes():
    corpus = TinyCorpus()
    pictures = Pictures(corpus)
    boxes = pd.DataFrame(
        {"class": ["Dog", "Tree"], "x0": [5, 35.0], "y0": 10.0, "x1": [25, 55.0], "y1": 70.0}
    )
    bare = np.asarray(pictures.drawn("a", 160))
    drawn = np.asarray(
        pictures.drawn("a", 160, None, boxes, np.array([0.9, np.nan]), 0.5, names=False)
    )
    assert corpus.reads == 1 and bare.shape == (160, 120, 3) and bare.std() > 0
    changed = (bare != drawn).any(axis=2)
    assert drawn[80, 10].tolist() == [232, 89, 12]  # left edge of the kept box, at twice the size
    assert drawn[80, 70].tolist() == [206, 212, 218]
    assert not changed[80, 20:49].any() and not changed[:19].any()


@pytest.mark.parametrize("kind", [AssociationExplorer, ImageExplorer])
def test_live_it_is_the_widget_with_a_picture_for_who_has_no_kernel(analysis, kind, monkeypatch):
    monkeypatch.setattr(controls, "surroundings", lambda: "notebook")
    explorer = kind(analysis)
    bundle = explorer._repr_mimebundle_()
    assert bundle[VIEW]["model_id"] == explorer.box.model_id
    assert Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))).width > 300


def test_the_still_picture_is_an_output_of_its_own_which_the_live_explorer_hides(
    analysis, monkeypatch
):
    """JupyterLab shows the widget of a bundle, and an error in its place without a kernel."""
    shown = []
    monkeypatch.setattr(controls, "surroundings", lambda: "notebook")
    monkeypatch.setattr(controls, "display", lambda bundle, raw: shown.append(bundle))
    explorer = ImageExplorer(analysis)
    explorer._ipython_display_()
    still, live = shown
    [mark] = re.findall(r"<div class='([\w-]+)'><img alt='The image expl", still["text/html"])
    assert "href='../figures/tiny/explore.html'" in still["text/html"]
    assert "src='data:image/png;base64," in still["text/html"]
    assert VIEW in live and VIEW not in still and "image/png" not in live
    assert f".{mark} {{display: none}}" in explorer.box.children[-1].value
    monkeypatch.setattr(controls, "surroundings", lambda: "lines")
    ImageExplorer(analysis)._ipython_display_()
    assert set(shown[2]) == {"image/png", "text/plain", "text/html"} and len(shown) == 3


def numbers_in(html):
    """The texts of the heatmap's cells, row by row."""
    body = html.split("<tbody>")[1]
    rows = re.findall(r"<tr><th scope=row>(.*?)</th>(.*?)</tr>", body)
    return {name: re.findall(r"<td[^>]*>(.*?)</td>", cells) for name, cells in rows}
