"""explore.ipynb and the paste explorer in a real JupyterLab: what each of them is for."""

from __future__ import annotations

import base64
import io
import re

import nbformat
import pytest
from PIL import Image, ImageDraw

NOTEBOOK = "explore.ipynb"
MORE = """from emocam_utils import paste
pasted = paste.PasteExplorer(analysis, paste.read_objects(["soccer_ball"]), analysis.ids)
pasted"""
HEAT = ".emocam-association table.heat"

THEME = "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"
OUTSIDE = """explorer => {
  const right = explorer.closest('.jp-OutputArea').getBoundingClientRect().right;
  const parts = explorer.querySelectorAll('select, input, button, .slider-container, figure');
  return [...parts].filter(one => one.offsetParent && !one.closest('.heat-frame')
    && one.getBoundingClientRect().right > right + 1).map(one => one.outerHTML.slice(0, 90)) }"""


@pytest.fixture
def association(page):
    explorer = page.locator(".emocam-association").first
    explorer.scroll_into_view_if_needed()
    explorer.get_by_role("button", name="reset to corrected").click()
    page.wait_for_timeout(500)
    return explorer


def changed(page, script: str, before: str, seconds: float = 120) -> str:
    """What a script says once it no longer says the same as before."""
    page.wait_for_function(f"before => ({script}) !== before", arg=before, timeout=1000 * seconds)
    return page.evaluate(script)


def text_of(place: str) -> str:
    return f"document.querySelector('{place}').innerText"


def sources_in(place: str) -> str:
    return f"[...document.querySelectorAll('{place} img')].map(one => one.src.length).join()"


def choose(explorer, label: str, option: str) -> None:
    explorer.get_by_label(label, exact=True).first.select_option(label=option)


def test_nothing_failed_and_every_control_has_a_name(page, serious):
    assert "Traceback" not in page.locator(".jp-Notebook").inner_text()
    for name in ("association", "image", "photo", "paste"):
        assert not serious(page, f".emocam-{name}"), name


def test_the_matrix_follows_while_a_slider_is_dragged(page, association):
    before = page.evaluate(text_of(HEAT))
    handle = association.locator(".noUi-handle").first.bounding_box()
    track = association.locator(".noUi-base").first.bounding_box()
    y = handle["y"] + handle["height"] / 2
    page.mouse.move(handle["x"] + handle["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(track["x"] + 0.5 * track["width"], y, steps=5)
    changed(page, text_of(HEAT), before)  # the button of the mouse is still down
    page.mouse.up()
    assert "A mixture: maps corrected" in association.inner_text()
    association.get_by_role("button", name="reset to corrected").click()
    page.wait_for_function(f"before => {text_of(HEAT)} === before", arg=before, timeout=60_000)
    page.wait_for_timeout(1000)
    assert "A mixture" not in association.inner_text()  # the very threshold of the preset


def test_maps_made_otherwise_bring_their_own_threshold(page, association):
    choose(association, "maps made", "as published")
    page.wait_for_timeout(3000)
    score = association.get_by_label("a box scores by").first
    chosen = score.evaluate("one => one.selectedOptions[0].label")
    assert chosen.replace("\xa0", " ") == "mean of the map"
    assert "A mixture" not in association.inner_text()


def test_a_cell_says_n_and_interval_when_pointed_at(page, association):
    association.locator("td[data-cell]").nth(3).hover()
    said = association.locator(".emocam-tip").inner_text()
    assert re.search(r"attended in \d+ of \d+ images, \d+ % \(95 % interval \d+ to \d+ %\)", said)
    assert said == association.locator("td[data-cell]").nth(3).get_attribute("aria-label")


def test_a_cell_has_pages_of_images_beside_those_against_it(page, association, screenshot):
    choose(association, "images of class", "Human face")
    choose(association, "and label", "Sadness")
    association.locator("button.picture").first.wait_for()
    titles = association.locator(".emocam-strips h4").all_inner_texts()
    assert [title.split(":")[0] for title in titles] == [
        "attended", "detected, not attended", "attended, another label",
    ]  # fmt: skip
    last = association.locator(".emocam-strips section").last
    first_page = last.locator("button.picture").all_inner_texts()
    last.get_by_role("button", name="next page").click()
    last.get_by_text("page 2 of").wait_for()
    assert not {*first_page} & {*last.locator("button.picture").all_inner_texts()}
    screenshot(page, "explore-cell")


def test_two_settings_stand_beside_their_difference(page, association, screenshot):
    choose(association, "compare with", "maps as published")
    association.get_by_text("difference, first less second").wait_for()
    tables = association.locator("table.heat")
    assert tables.count() == 3
    cells = [tables.nth(k).locator("td[data-cell]").all_inner_texts() for k in range(3)]
    numbers = [[float(text or "nan") for text in texts] for texts in cells]
    for one, other, less in zip(*numbers, strict=True):
        assert abs(one - other - less) <= 1.01
    screenshot(page, "explore-compared")
    choose(association, "compare with", "(nothing)")
    page.wait_for_function(
        "() => document.querySelectorAll('.emocam-association table').length < 3"
    )


def test_classes_and_labels_are_searched(page, association):
    before = page.evaluate(text_of(HEAT))
    association.get_by_placeholder("e.g. dog, flower").fill("face, dog")
    changed(page, text_of(HEAT), before)
    rows = association.locator("table.heat tbody th").all_inner_texts()
    assert rows and all("face" in row.lower() or "dog" in row.lower() for row in rows)
    association.get_by_placeholder("e.g. joy, fear").fill("nowhere")
    association.get_by_text("No label has “nowhere” in its name: all are shown.").wait_for()
    for field in ("e.g. dog, flower", "e.g. joy, fear"):
        association.get_by_placeholder(field).fill("")


def test_one_button_exports_everything(page, association):
    association.get_by_role("button", name="export").click()
    link = association.get_by_role("link", name="download")
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "tiny-association.zip"


def test_images_are_searched_and_gone_through(page, screenshot):
    image = page.locator(".emocam-image").last
    image.scroll_into_view_if_needed()
    image.get_by_placeholder("part of a name").fill("nowhere")
    image.get_by_text("No image has “nowhere” in its name.").wait_for()
    assert image.locator("figure").count() == 0
    image.get_by_placeholder("part of a name").fill("0000")
    image.get_by_text(re.compile("image 1 of 10 images")).wait_for()
    image.get_by_role("button", name="next").click()
    image.get_by_text(re.compile("image 2 of 10 images")).wait_for()
    image.get_by_role("button", name="previous").click()
    image.get_by_text(re.compile("image 1 of 10 images")).wait_for()
    assert re.search("by the rule|annotated", image.inner_text())  # beside what is predicted
    choose(image, "map for", "Fear")
    image.get_by_text(re.compile("Grad-CAM for Fear")).wait_for()
    image.get_by_label(re.compile("show what speaks against")).check()
    image.get_by_label("CAM methods").select_option(label=["Grad-CAM", "Ablation-CAM"])
    image.get_by_text(re.compile("Ablation-CAM for Fear")).wait_for()
    screenshot(page, "explore-image")


def test_a_photograph_is_chosen_or_dropped(page, screenshot):
    photo = page.locator(".emocam-photo").first
    photo.scroll_into_view_if_needed()
    drawn = io.BytesIO()
    Image.new("RGB", (300, 200), "seagreen").save(drawn, "JPEG")
    with page.expect_file_chooser() as chooser:
        photo.get_by_role("button", name=re.compile("choose a photograph")).click()
    file = {"name": "mine.jpg", "mimeType": "image/jpeg", "buffer": drawn.getvalue()}
    chooser.value.set_files(file)
    photo.get_by_text(re.compile("mine.jpg: ")).first.wait_for()
    page.evaluate(
        """([name, data]) => {
          const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
          const dropped = new DataTransfer();
          dropped.items.add(new File([bytes], name, {type: 'image/jpeg'}));
          document.querySelector('.emocam-photo').dispatchEvent(
            new DragEvent('drop', {dataTransfer: dropped, bubbles: true, cancelable: true}));
        }""",
        ["an other.jpg", base64.b64encode(drawn.getvalue()).decode()],
    )
    photo.get_by_text(re.compile("an other.jpg: ")).first.wait_for()
    screenshot(page, "explore-photo")


def test_an_object_is_dragged_replaced_and_removed(page, screenshot):
    pasted = page.locator(".emocam-paste").first
    pasted.scroll_into_view_if_needed()
    place, sources = pasted.locator(".emocam-place"), sources_in(".emocam-paste")
    before, box = page.evaluate(sources), place.bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.8 * box["height"], steps=4)
    page.mouse.up()
    before = changed(page, sources, before)
    page.wait_for_function("""() => [...document.querySelectorAll('.emocam-paste .widget-readout')]
      .slice(0, 2).every(one => Math.abs(Number(one.textContent) - 0.8) < 0.03)""")
    own = Image.new("RGBA", (80, 80))
    ImageDraw.Draw(own).ellipse((5, 5, 75, 75), fill="red")
    content = io.BytesIO()
    own.save(content, "PNG")
    with page.expect_file_chooser() as chooser:
        pasted.get_by_role("button", name=re.compile("your own object")).click()
    file = {"name": "dot.png", "mimeType": "image/png", "buffer": content.getvalue()}
    chooser.value.set_files(file)
    pasted.get_by_text("drag it on the picture").first.wait_for()
    changed(page, sources, before)
    assert len(pasted.locator("table tr").all()) == 20  # the probabilities of all labels
    screenshot(page, "explore-paste")
    pasted.get_by_role("button", name="remove the object").click()
    page.wait_for_function("""() => { const [before, after] = [...document.querySelectorAll(
      '.emocam-paste figure img')].map(one => one.src); return before === after }""")
    things = pasted.get_by_label("without")
    before = page.evaluate(sources)
    things.select_option(index=0)
    changed(page, sources, before)  # the scene is drawn again without it


@pytest.mark.parametrize(("width", "theme"), [(1400, "Light"), (1000, "Dark"), (420, "Light")])
def test_nothing_is_cut_off_at_any_width(page, screenshot, width, theme):
    page.set_viewport_size({"width": width, "height": 1300})
    page.evaluate(THEME, f"JupyterLab {theme}")
    page.evaluate("jupyterapp.shell.collapseLeft()")
    page.wait_for_timeout(3000)
    for name in ("association", "image", "photo", "paste"):
        explorer = page.locator(f".emocam-{name}").last
        explorer.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
        screenshot(page, f"explore-{name}-{width}-{theme.lower()}")
        assert not explorer.evaluate(OUTSIDE), name
    page.set_viewport_size({"width": 1500, "height": 1300})


def test_saved_it_shows_a_picture_and_a_way_on_without_a_kernel(page, notebook):
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    saved = nbformat.read(notebook, as_version=4)
    outputs = [out for cell in saved.cells for out in cell.get("outputs", []) if "data" in out]
    stills = [out["data"]["text/html"] for out in outputs if "text/html" in out["data"]]
    for name in ("association", "image", "photo", "paste"):
        [still] = [html for html in stills if f"alt='The {name} explorer as it starts'" in html]
        linked = "href='../figures/tiny/explore.html'" in still
        assert linked == (name in ("association", "image")) and "make lab" in still
