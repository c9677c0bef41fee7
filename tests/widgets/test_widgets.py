"""Explorers driven through their values, as a person or a click would."""

import base64
import io
import re
import time

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from tiny_attention import CLASSES, LABELS, PRESET, tiny_attention

from emocam_utils import paths
from emocam_utils.association.explorer import AssociationExplorer
from emocam_utils.association.hierarchy import count_descendants
from emocam_utils.overview.explorer import ImageExplorer
from emocam_utils.pipeline.matrix import associate, most_prominent
from emocam_utils.stats.measures import MEASURES
from emocam_utils.study import Preset, Study, StudyError, load_study
from emocam_utils.widgets.heatmap import clicked, heatmap_html, limits
from emocam_utils.widgets.pictures import Pictures
from emocam_utils.widgets.state import save_state, saved_state

PAPER = PRESET.model_copy(update={"score": "probability", "layer": "pre_relu", "threshold": 0.4})
CORRECTED = PRESET.model_copy(update={"importance": "share", "threshold": 0.6})
FILE = """# A study, with a comment that must stay.
title: tiny  # this one too
corpus: {kind: emoscenes, split: test}
network: {name: emonet}
detector: {name: lightnet-yolo}
cams: [gradcam, ablation]
"""


class TinyCorpus:
    name = "tiny"
    reads = 0

    def read(self, image):
        self.reads += 1
        return Image.new("RGB", (60, 80), (200, 220, 240))


class TinyAnalysis:
    """What the explorers ask of an `Analysis`, with one table for each method and preset."""

    def __init__(self, **shape):
        self.study = Study(
            **yaml.safe_load(FILE), name="tiny", presets={"paper": PAPER, "corrected": CORRECTED}
        )
        self.corpus, self.labels, self.classes = TinyCorpus(), LABELS, CLASSES
        self.shape = shape
        found = tiny_attention(**shape)
        self.predictions, self.boxes = found.predictions, found.boxes

    def attention(self, cam: str, preset: Preset):
        seed = {"gradcam": 0, "ablation": 1}[cam] + 10 * (preset.score == "probability")
        found, other = tiny_attention(0, **self.shape), tiny_attention(seed, **self.shape)
        return type(found)(
            **{**vars(found), "cam": cam, "preset": preset, "importances": other.importances}
        )


@pytest.fixture
def analysis():
    return TinyAnalysis()


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "STUDIES", tmp_path)
    (tmp_path / "tiny.yaml").write_text(FILE)
    return tmp_path / "tiny.yaml"


def expected_table(analysis, explorer, measure="attended"):
    """What should be shown, by `association`."""
    c = {name: control.value for name, control in explorer.controls.items()}
    update = {k: c[k] for k in ("threshold", "confidence", "probability")}
    preset = analysis.study.presets[c["maps"]].model_copy(
        update={**update, "importance": c["score"]}
    )
    attention = analysis.attention(c["cam"], preset)
    if c["descendants"]:
        attention = count_descendants(attention)
    result = associate(type(attention)(**{**vars(attention), "preset": preset}))
    labels = [label for label in LABELS if label in c["labels"]]
    rows = most_prominent(result.percent[labels], c["top"]).index
    return result.measure(measure).loc[rows, labels]


def numbers_in(html):
    """The texts of the heatmap's cells, row by row."""
    body = html.split("<tbody>")[1]
    rows = re.findall(r"<tr><th>(.*?)</th>(.*?)</tr>", body)
    return {name: re.findall(r"<td[^>]*>(.*?)</td>", cells) for name, cells in rows}


@pytest.mark.parametrize(
    "moves",
    [
        {},
        {"threshold": 0.75},
        {"confidence": 0.5, "probability": 0.2},
        {"cam": "ablation", "maps": "paper", "score": "mean"},
        {"top": 1},
        {"labels": ("Awe", "Fear")},
        {"descendants": True},
        {"threshold": 2.0},
    ],
)
def test_the_heatmap_follows_every_control(analysis, moves):
    explorer = AssociationExplorer(analysis)
    for name, value in moves.items():
        explorer.controls[name].value = value
    expected = expected_table(analysis, explorer)
    pd.testing.assert_frame_equal(explorer.table, expected, check_dtype=False, check_names=False)
    shown = numbers_in(explorer.heat.value)
    for name, row in expected.iterrows():
        assert shown[name] == ["" if np.isnan(v) else f"{v:.0f}" for v in row]
    if moves.get("threshold") == 2.0:
        assert "No class passes these thresholds" in explorer.heat.value


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_can_be_shown_live_and_static(analysis, measure):
    explorer = AssociationExplorer(analysis)
    explorer.controls["measure"].value = measure
    expected = expected_table(analysis, explorer, measure)
    pd.testing.assert_frame_equal(explorer.table, expected, check_dtype=False, check_names=False)
    assert Image.open(io.BytesIO(static(explorer))).width > 300


def static(explorer):
    return base64.b64decode(explorer._repr_mimebundle_()["image/png"])


def test_a_click_on_a_cell_shows_the_images_behind_it(analysis):
    explorer = AssociationExplorer(analysis, pictures=3)
    assert "Click a cell" in explorer.behind.value
    explorer.click.value = "0,0 123"
    kind, label = explorer.table.index[0], explorer.table.columns[0]
    assert explorer.cell == (kind, label)
    count = associate(analysis.attention("gradcam", CORRECTED)).matrix.loc[kind, label]
    assert (
        f"{count} image{'s' if count != 1 else ''} of {label} with {kind} attended"
        in explorer.behind.value
    )
    assert explorer.behind.value.count("<img") == min(3, count)
    assert "class=chosen" in explorer.heat.value
    explorer.controls["threshold"].value = 2.0
    assert f"0 images of {label}" in explorer.behind.value and "<img" not in explorer.behind.value


def test_a_choice_of_a_cell_does_what_a_click_does(analysis):
    explorer = AssociationExplorer(analysis)
    explorer.controls["cell_class"].value = "Dog"
    assert explorer.cell is None
    explorer.controls["cell_label"].value = "Joy"
    assert explorer.cell == ("Dog", "Joy") and "<img" in explorer.behind.value


def test_a_class_that_only_its_kinds_show_has_images_when_they_count(analysis):
    explorer = AssociationExplorer(analysis)
    explorer.controls["cell_label"].value = "Joy"
    explorer.controls["cell_class"].value = "Animal"
    assert explorer.cell is None
    explorer.controls["descendants"].value = True
    assert explorer.cell == ("Animal", "Joy") and "<img" in explorer.behind.value


def test_a_click_on_a_cell_that_is_gone_does_nothing(analysis):
    explorer = AssociationExplorer(analysis)
    for value in ("99,0 1", "nonsense", ""):
        explorer.click.value = value
        assert explorer.cell is None
    assert clicked("0,1 5", explorer.table) == (explorer.table.index[0], "Awe")


def test_reset_goes_to_the_presets_filters_and_draws_once(analysis, monkeypatch):
    explorer = AssociationExplorer(analysis)
    draws = []
    monkeypatch.setattr(explorer, "refresh", lambda: draws.append(explorer.preset))
    explorer.reset("paper")
    assert draws == [PAPER]
    explorer.reset("corrected")
    assert draws == [PAPER, CORRECTED]
    buttons = {b.description for b in explorer.box.children[1].children}
    assert buttons == {"reset to paper", "reset to corrected", "save", "restore"}


def test_a_saved_state_is_restored_by_another_explorer(analysis, file):
    explorer = AssociationExplorer(analysis)
    moved = {"threshold": 0.25, "cam": "ablation", "measure": "lift", "labels": ["Awe"], "top": 3}
    explorer.set_state({**moved, "cell_class": "Dog", "cell_label": "Awe"})
    explorer.save()
    assert "saved to tiny.yaml" in explorer.message.value
    other = AssociationExplorer(analysis)
    assert other.state != explorer.state
    other.restore()
    assert other.state == explorer.state and other.heat.value == explorer.heat.value
    images = ImageExplorer(analysis)
    images.restore()
    assert "nothing is saved for the image explorer" in images.message.value
    images.save()
    assert saved_state("tiny", "association") == explorer.state


def test_the_study_file_keeps_its_comments_and_its_meaning(file):
    before = load_study("tiny")
    save_state("tiny", "image", {"image": "a: b.png", "labels": ["ü", "'"]})
    save_state("tiny", "association", {"threshold": 0.1})
    save_state("tiny", "association", {"threshold": 0.2})
    text = file.read_text()
    assert text.startswith(FILE) and text.count("widgets:") == 1
    after = load_study("tiny")
    assert after.widgets["association"] == {"threshold": 0.2}
    assert after.widgets["image"] == {"image": "a: b.png", "labels": ["ü", "'"]}
    assert after.model_copy(update={"widgets": {}}) == before
    assert list(file.parent.iterdir()) == [file]


def test_what_follows_the_saved_block_stays(file):
    file.write_text("widgets:\n  image: {a: 1}\n\n# about the corpus\n" + FILE)
    save_state("tiny", "image", {"a": 2})
    assert "# about the corpus" in file.read_text()
    assert load_study("tiny").widgets == {"image": {"a": 2}}
    assert load_study("tiny").title == "tiny"


@pytest.mark.parametrize("block", ['"widgets": {image: {a: 1}}', "widgets: {\n  image: {a: 1}\n}"])
def test_a_block_that_cannot_be_replaced_leaves_the_file_alone(file, block):
    text = f"{FILE}{block}\n"
    file.write_text(text)
    with pytest.raises(StudyError, match="cannot"):
        save_state("tiny", "image", {"a": 2})
    assert file.read_text() == text and list(file.parent.iterdir()) == [file]


def test_a_file_that_cannot_be_written_is_said_and_nothing_fails(analysis, file):
    file.unlink()
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
    assert set(bundle) == {"image/png", "text/plain"}
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))))
    assert picture[..., :3].std() > 5


@pytest.mark.parametrize("kind", [AssociationExplorer, ImageExplorer])
def test_in_a_live_notebook_it_is_the_widget(analysis, kind, monkeypatch):
    monkeypatch.setattr("emocam_utils.widgets.controls.surroundings", lambda: "notebook")
    assert "application/vnd.jupyter.widget-view+json" in kind(analysis)._repr_mimebundle_()


def test_sliders_report_only_where_they_are_let_go(analysis):
    for explorer in (AssociationExplorer(analysis), ImageExplorer(analysis)):
        for control in explorer.controls.values():
            assert not getattr(control, "continuous_update", False)


def test_a_move_reacts_within_100_ms(analysis):
    """At 2,000 images, a cell's pictures included; FindingEmo's size is the benchmark's.

    Seconds of this process, as other work on the machine takes no part in them.
    """
    large = TinyAnalysis(images=2000, boxes=10_000)
    explorer = AssociationExplorer(large)
    explorer.set_state({"cell_class": "Dog", "cell_label": "Joy"})
    explorer.controls["threshold"].value = 0.31
    seconds = []
    for step in range(9):
        start = time.process_time()
        explorer.controls["threshold"].value = 0.4 + step / 100
        seconds.append(time.process_time() - start)
    print(f"{1000 * np.median(seconds):.0f} ms")
    assert np.median(seconds) < 0.1


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


def test_image_explorer_searches_and_keeps_the_image(analysis):
    explorer = ImageExplorer(analysis, image="i12.png")
    assert explorer.image == "i12.png" and "i12.png" in explorer.view.value
    explorer.controls["search"].value = "I1"
    assert set(explorer.controls["image"].options) == {"i1.png"} | {f"i1{k}.png" for k in range(10)}
    assert explorer.image == "i12.png"
    explorer.controls["search"].value = "i3.png"
    assert explorer.image == "i3.png" and "i3.png" in explorer.view.value
    explorer.controls["search"].value = "nothing like this"
    assert explorer.image == "i3.png" and "0 images match" in explorer.status.value


def test_image_explorer_filters_by_label_and_shows_probabilities(analysis):
    explorer = ImageExplorer(analysis)
    explorer.controls["label"].value = "Awe"
    table = analysis.predictions.set_index("image")["label"]
    assert set(explorer.controls["image"].options) == set(table.index[table == "Awe"])
    logits = analysis.predictions.set_index("image").loc[explorer.image, "logits"]
    odds = np.exp(logits.astype(float))
    assert explorer.probabilities.sum() == pytest.approx(1)
    assert explorer.probabilities[LABELS[0]] == pytest.approx(odds[0] / odds.sum(), rel=1e-5)
    assert f"{100 * explorer.probabilities.iloc[0]:.1f} %" in explorer.view.value


def test_image_explorer_compares_methods_and_counts_kept_boxes(analysis):
    explorer = ImageExplorer(analysis)
    explorer.controls["cams"].value = ("gradcam", "ablation")
    for threshold in (0.1, 0.9):
        explorer.controls["threshold"].value = threshold
        for cam in ("gradcam", "ablation"):
            a = analysis.attention(cam, CORRECTED)
            here = (a.boxes["image"] == explorer.image) & (a.boxes["confidence"] > 0.1)
            kept = (a.importances["share"][here] > threshold).sum()
            assert f"{cam}: {kept} of {here.sum()} boxes kept" in explorer.view.value
    assert explorer.view.value.count("<img") == 3


def test_image_explorer_refuses_an_image_that_is_not_there(analysis):
    with pytest.raises(KeyError, match=r"'no\.png' is not among the 30"):
        ImageExplorer(analysis, image="no.png")


def test_a_restored_image_need_not_be_listed(analysis, file):
    explorer = ImageExplorer(analysis, image="i7.png")
    explorer.save()
    other = ImageExplorer(analysis, image="i2.png")
    other.controls["search"].value = "i2"
    other.restore()
    assert other.image == "i7.png" and "restored" in other.message.value


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
