"""The offline explorer: one file that loads nothing and counts what the live explorer counts."""

import base64
import gzip
import io
import re

import numpy as np
import pytest
from bs4 import BeautifulSoup
from offline_counts import NODE, assert_equal_counts, counted_by, random_settings, told
from PIL import Image
from tiny_pages import Pictured

from emocam_utils.pipeline.counts import Tally
from emocam_utils.runner.explorer_page import data
from emocam_utils.runner.explorer_page.__main__ import page_html
from emocam_utils.runner.explorer_page.data import Packed, exceeded, grids


@pytest.fixture
def analysis():
    return Pictured(images=80, boxes=400, ambiguity=True)


@pytest.fixture
def page(analysis, tmp_path):
    file = tmp_path / "explore.html"
    file.write_text(page_html(analysis), encoding="utf-8")
    return file


@pytest.mark.skipif(not NODE, reason="node runs the page's script here; it is not installed")
def test_the_page_counts_what_the_live_explorer_counts(page, analysis, tmp_path):
    about = told(page)
    asked = random_settings(about, 60)
    attended = 0
    for one, found in zip(asked, counted_by(page, asked, tmp_path), strict=True):
        s = one["setting"]
        tally = Tally.of(analysis.attention(s["cam"], analysis.study.presets[s["maps"]]))
        assert_equal_counts(about, one, found, analysis, tally)
        attended += sum(found["attended"])
    assert attended > 300  # the comparison is not of nothing


def test_a_value_is_above_a_threshold_just_if_its_place_says_so():
    values = np.array([0, 0.3, np.nextafter(0.3, 1), 1.0, 5.0, np.nan, -np.inf])
    grid = grids({}).threshold
    places = exceeded(values, grid)
    for k, threshold in enumerate(grid):
        with np.errstate(invalid="ignore"):
            np.testing.assert_array_equal(places > k, values > threshold)
    sure = np.array([0.1, 0.30000001, 0.5], dtype=np.float32)  # compared as float32, as when live
    grid = grids({}).confidence
    for k, threshold in enumerate(grid):
        np.testing.assert_array_equal(exceeded(sure, grid) > k, sure > float(threshold))


def test_the_presets_own_thresholds_are_on_the_grid(analysis):
    preset = analysis.study.presets["paper"].model_copy(update={"threshold": 0.32251})
    assert 0.32251 in grids({"mine": preset}).threshold
    assert (np.diff(grids({"mine": preset}).threshold) > 0).all()


def test_the_page_is_one_file_that_loads_nothing(page):
    text = page.read_text(encoding="utf-8")
    soup = BeautifulSoup(text, "html.parser")
    assert not soup.find_all("link") and not soup.find_all(src=True)
    assert {a["href"] for a in soup.find_all("a")} == {"index.html"}
    assert not re.search(r"https?://|@import|\bfetch\(|XMLHttpRequest|import\(", text)
    assert soup.html["lang"] == "en" and "80 images" in soup.header.text
    for control in soup.find_all(["input", "select"]):
        assert control.parent.name == "label" and control.parent.text.strip()


def test_names_cannot_break_the_page(analysis, monkeypatch):
    monkeypatch.setattr(data, "known_of", lambda corpus, image: "</script><b>&")
    soup = BeautifulSoup(page_html(analysis), "html.parser")
    assert soup.b is None and len(soup.find_all("script")) == 5


def test_of_many_images_a_seeded_sample_is_taken_and_said(analysis):
    about, _, thumbnails = data.page_data(analysis, most=20)
    assert len(about["images"]) == len(thumbnails) == 20 and about["total"] == 80
    kept = analysis.predictions["image"].sample(20, random_state=0)  # as the live explorer
    assert set(about["images"]) == {*kept}
    assert "a seeded sample of 80" in page_html(analysis, most=20)


def test_thumbnails_shrink_until_all_of_them_fit(analysis, monkeypatch):
    images = analysis.predictions["image"].tolist()[:5]

    def side():
        picture = data.thumbnails(analysis.corpus, images)[0]
        return max(Image.open(io.BytesIO(base64.b64decode(picture))).size)

    assert side() == 256
    monkeypatch.setattr(data, "MOST_BYTES", 0)
    assert side() == min(data.SIDES)


def test_packed_arrays_are_read_back():
    packed = Packed()
    made = {"a": np.array([1, 2, 3], np.uint8), "b": np.array([70000, 1], np.uint32)}
    for name, values in made.items():
        packed.add(name, values)
    content = gzip.decompress(base64.b64decode(packed.text()))
    for name, (kind, start, size) in packed.about.items():
        assert start % 4 == 0
        np.testing.assert_array_equal(np.frombuffer(content, kind, size, start), made[name])
    with pytest.raises(ValueError, match="c is float64, the page reads uint8"):
        packed.add("c", np.zeros(2))
