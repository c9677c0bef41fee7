"""Gallery and notebooks' pages in a real browser: sizes, light and dark, links, accessibility."""

from __future__ import annotations

import base64
import json

import nbformat
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from tiny_pages import SIZES

from emocam_utils import paths
from emocam_utils.runner.gallery import write_gallery
from emocam_utils.runner.links import links_html
from emocam_utils.runner.notebooks import title
from emocam_utils.runner.offline import finding, to_html
from emocam_utils.widgets.still import png, still_html

STEMS = ("01_detection", "02_association")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    """The pages of two notebooks with an output of each kind, and the gallery of their figures."""
    figures = tmp_path_factory.mktemp("figures")
    folder = figures / "tiny" / "notebooks"
    folder.mkdir(parents=True)
    figure, ax = plt.subplots(figsize=(9, 4))
    ax.plot([1, 3, 2])
    picture = png(figure)
    for stem in STEMS:
        notebook = nbformat.read(paths.NOTEBOOKS / f"{stem}.ipynb", as_version=4)
        executed = new_notebook(cells=[*notebook.cells, *_outputs(picture)])
        html = to_html(executed, f"{title(stem)} · EmoCAM", paths.NOTEBOOKS, links_html(stem))
        (folder / f"{stem}.html").write_text(html, encoding="utf-8")
        run = {"finding": finding(executed), "products": [], "inputs": {}}
        (folder / f"{stem}.run.json").write_text(json.dumps(run))
        _figure(folder.parent, stem, picture)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "FIGURES", figures)
        return write_gallery("tiny")


def _outputs(picture: bytes) -> list:
    table = pd.DataFrame({f"a long column {k}": [0.123456] for k in range(14)})._repr_html_()
    still = still_html(base64.b64encode(picture).decode(), "association", "../explore.html")
    outputs = [
        new_output("stream", text="Finding: 3 of 4 cells.\n" + 40 * "a sentence of words " + "\n"),
        new_output("display_data", data={"image/png": base64.b64encode(picture).decode()}),
        new_output("display_data", data={"text/html": table}),
        new_output("display_data", data={"text/html": still}),
    ]
    code = "from a import b  # why\nprint(f'{b:.2f}', \"text\", 12.5, None is not b)\n"
    long = "with style():\n    figure = plots.a_figure(" + 12 * "an_argument, " + ")\n"
    return [
        new_markdown_cell("## Results\n**What could mislead.** [A link](https://a.example)."),
        new_code_cell(code),
        new_code_cell(long, outputs=outputs, execution_count=1),
    ]


def _figure(folder, stem: str, picture: bytes) -> None:
    name = f"fig_of_{stem}"
    record = {"name": name, "title": "A figure", "caption": "What it shows.", "notebook": stem}
    record |= {"study": "tiny", "corpus": "EmoScenes", "network": "emonet", "n": "60 images"}
    (folder / f"{name}.json").write_text(json.dumps({**record, "hashes": {}}))
    (folder / f"{name}.png").write_bytes(picture)


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_pages_fit_say_what_they_show_and_lead_on(
    browser, gallery, serious, screenshot, width, scheme
):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(gallery.as_uri())
    _fits(page, width)
    assert page.locator(".finding").first.inner_text() == "3 of 4 cells."
    assert not serious(page)
    screenshot(page, f"gallery-{width}-{scheme}")
    page.locator("#\\30 1_detection").get_by_text("the executed notebook").click()
    _fits(page, width)
    assert page.title() == f"{title('01_detection')} · EmoCAM"
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 17, 17)"
    assert dark == (scheme == "dark")
    assert not page.locator("details").first.get_by_text("from emocam_utils").is_visible()
    page.get_by_text("a sentence of words").first.scroll_into_view_if_needed()
    screenshot(page, f"notebook-{width}-{scheme}")
    assert not serious(page)
    assert page.locator("img").evaluate_all("all => all.every(image => image.alt)")
    page.get_by_role("link", name="association ›").click()
    page.get_by_role("link", name="‹ detection").wait_for()
    page.get_by_role("link", name="all figures").click()
    page.wait_for_url("**/index.html#02_association")
    page.close()


def _fits(page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width
