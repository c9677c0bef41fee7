"""Figures: equal input gives equal bytes, each carries corpus, network and n."""

import json
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from PIL import Image

from emocam_utils import figures
from emocam_utils.networks.emonet import EMONET_LABELS
from emocam_utils.study import load_study


def some_analysis(folder, note=""):
    model = SimpleNamespace(name="emonet", weights=folder / "net.safetensors")
    return SimpleNamespace(
        study=SimpleNamespace(
            name="mine", figures=folder / "mine", network=model, detector=model, note=note
        ),
        corpus=SimpleNamespace(name="EmoScenes test (synthetic)"),
        hashes={"corpus": "abc", "network": "def", "detector": "123"},
    )


def save(folder, note=""):
    with figures.style():
        figure, ax = plt.subplots()
        ax.plot([0, 1], [1, 0])
        return figures.save_figure(
            figure,
            pd.DataFrame({"x": [1 / 3]}),
            name="fig",
            title="A title",
            caption="A caption",
            notebook="01_detection",
            analysis=some_analysis(folder, note),
            n="7 images",
        )


def test_equal_input_gives_equal_bytes(tmp_path):
    save(tmp_path / "one")
    save(tmp_path / "two")
    for kind in ("png", "pdf", "csv", "json"):
        one, two = (tmp_path / side / "mine" / f"fig.{kind}" for side in ("one", "two"))
        assert one.read_bytes() == two.read_bytes() and one.stat().st_size > 0, kind


def test_the_record_says_of_what_the_figure_is(tmp_path):
    saved = save(tmp_path)
    record = json.loads(saved.png.with_suffix(".json").read_text())
    assert record["corpus"] == "EmoScenes test (synthetic)"
    assert record["network"] == "emonet (net.safetensors)"
    assert record["n"] == "7 images" and record["notebook"] == "01_detection"
    assert record["hashes"] == {"corpus": "abc", "network": "def", "detector": "123"}
    assert saved.png.with_suffix(".csv").read_text() == ",x\n0,0.333333\n"
    assert not plt.get_fignums(), "the figure is left open"


def test_the_note_of_a_demonstration_stands_beside_its_network(tmp_path):
    saved = save(tmp_path, "networks of drawings")
    record = json.loads(saved.png.with_suffix(".json").read_text())
    assert record["network"] == "emonet (net.safetensors); networks of drawings"
    demo = load_study("folder-demo", images=tmp_path)
    assert "trained on drawings" in demo.note and demo.note in demo.summary()["note"]


def test_corpus_network_and_n_are_written_on_the_figure(tmp_path, monkeypatch):
    texts = []
    original = plt.Figure.text
    monkeypatch.setattr(
        plt.Figure,
        "text",
        lambda self, x, y, s, **k: texts.append(s) or original(self, x, y, s, **k),
    )
    save(tmp_path)
    assert texts == ["EmoScenes test (synthetic)  ·  emonet (net.safetensors)  ·  n = 7 images"]


def test_no_text_is_below_seven_points_on_a_page(tmp_path):
    with figures.style():
        figure, ax = plt.subplots(figsize=(14.4, 4))
        ax.bar(["a", "b"], [1, 2], label="bars")
        ax.set_title("tiny", fontsize=3)
        ax.text(0, 1, "smaller", fontsize=6)
        ax.legend(fontsize=5)
        figures.readable(figure)
        shrunk = figures.JOURNAL / figure.get_tightbbox().width
        sizes = [text.get_fontsize() * shrunk for text in figure.findobj(Text) if text.get_text()]
        assert len(sizes) >= 5 and min(sizes) >= 6.9
        narrow, ax = plt.subplots(figsize=(3, 2))
        ax.set_title("as it is", fontsize=8)
        figures.readable(narrow)
        assert ax.title.get_fontsize() == 8, "what is large enough stays"
    plt.close("all")


def test_a_long_footer_does_not_widen_the_figure(tmp_path):
    with figures.style():
        figure, _ = plt.subplots(figsize=(5, 2))
        words = {"name": "fig", "title": "", "caption": "", "notebook": "01"}
        many = "2,000 images, of which 1,901 count; " * 4
        analysis = some_analysis(tmp_path)
        figures.save_figure(figure, pd.DataFrame(), **words, analysis=analysis, n=many)
    assert Image.open(tmp_path / "mine" / "fig.png").width < 5.6 * 160


def test_style_leaves_no_trace():
    before = plt.rcParams["font.size"]
    with figures.style():
        assert plt.rcParams["svg.hashsalt"] == "emocam"
    assert plt.rcParams["font.size"] == before and plt.rcParams["svg.hashsalt"] is None


def test_every_label_has_its_own_colour():
    assert set(figures.PALETTE) == set(EMONET_LABELS)
    assert len(set(figures.PALETTE.values())) == len(EMONET_LABELS)


def test_overlay_is_hot_where_the_map_is_high_and_grey_for_an_empty_map():
    image = Image.new("RGB", (40, 40), (120, 60, 60))
    cam = np.zeros((4, 4))
    cam[0, 0] = 1
    shown = figures.overlay(image, cam)
    assert shown.shape == (40, 40, 3) and shown.min() >= 0 and shown.max() <= 1
    assert shown[0, 0].sum() > shown[-1, -1].sum() + 1
    empty = figures.overlay(image, np.full((4, 4), np.nan))
    assert np.ptp(empty, axis=2).max() == pytest.approx(0)


def test_boxes_are_written_with_their_values():
    _, ax = plt.subplots()
    boxes = pd.DataFrame(
        {"class": ["Dog", "Cat"], "x0": [0, 1], "y0": [0, 1], "x1": [2, 3], "y1": [2, 3]}
    )
    figures.draw_boxes(ax, boxes, [0.25, 0.5], [True, False])
    assert [t.get_text() for t in ax.texts] == ["Cat 0.50", "Dog 0.25"], "kept boxes come on top"
    assert [p.get_linestyle() for p in ax.patches] == [":", "-"]
    plt.close()
