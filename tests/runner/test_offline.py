import base64
import re

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from emocam_utils.progress import MARK
from emocam_utils.runner.offline import (
    NOTE,
    WIDGET,
    finding,
    to_html,
    without_progress,
    without_widgets,
)

PNG = base64.b64encode(b"\x89PNG not really").decode()

STATE = "application/vnd.jupyter.widget-state+json"


def shown(**data):
    return new_output("display_data", data=data)


def printed(text):
    return new_output("stream", name="stdout", text=text)


@pytest.fixture
def executed():
    """One output of each kind that could want the network."""
    outputs = [
        shown(**{"image/png": PNG, "text/plain": "<Figure>"}),
        shown(**{WIDGET: {"model_id": "1"}, "text/plain": "IntSlider(value=0)"}),
        shown(**{"text/latex": "$x^2$"}),
        shown(**{"text/vnd.mermaid": "graph TD"}),
        printed("loaded\n"),
    ]
    cells = [
        new_markdown_cell("# Heading\n![a picture](pixel.png) and $x^2$ [link](https://a.example)"),
        new_code_cell("show()", outputs=outputs, execution_count=1),
    ]
    return new_notebook(cells=cells, metadata={"widgets": {STATE: {"state": {}}}})


def test_the_page_loads_nothing(executed, tmp_path):
    (tmp_path / "pixel.png").write_bytes(b"picture in a text")
    html = to_html(executed, "01_x", tmp_path)  # with its widgets
    page = BeautifulSoup(html, "html.parser")
    sources = [tag["src"] for tag in page.find_all(src=True)]
    assert all(source.startswith("data:") for source in sources) and len(sources) == 2
    assert not page.find_all("link", href=True) and not page.find_all("script", src=True)
    for script in page.find_all("script"):
        assert "http" not in script.text and "import" not in script.text
    assert not re.search(r"@import|url\(\s*['\"]?(https?:)?//", html)
    assert page.find("a", href="https://a.example")  # a link is not a load


def test_the_page_shows_what_the_notebook_holds(executed, tmp_path):
    page = BeautifulSoup(to_html(without_widgets(executed), "01_x", tmp_path), "html.parser")
    assert page.title.text == "01_x"
    assert "Heading" in page.h1.text and "loaded" in page.text
    assert page.find("img", src=re.compile(re.escape(PNG)))


def test_a_widget_without_a_picture_is_a_word(executed):
    tidied = without_widgets(executed)
    assert "widgets" not in tidied.metadata
    assert tidied.cells[1].outputs[1].data == {"text/plain": NOTE}
    assert tidied.cells[1].outputs[0].data["image/png"] == PNG


@pytest.mark.parametrize("picture", [{"image/png": PNG}, {"text/html": f"<img src='{PNG}'>"}])
def test_a_widget_with_a_picture_shows_it(picture, tmp_path):
    data = {WIDGET: {"model_id": "1"}, "text/plain": "VBox(children=())", **picture}
    cell = new_code_cell("explore()", outputs=[shown(**data)])
    tidied = without_widgets(new_notebook(cells=[cell]))
    page = to_html(tidied, "02_x", tmp_path)
    assert PNG in page and "VBox" not in page
    assert WIDGET not in tidied.cells[0].outputs[0].data


def test_passing_progress_is_dropped_and_the_rest_kept():
    passing = printed(f"{MARK}EmoNet: 10 %\n{MARK}EmoNet: 20 %\n")
    mixed = printed(f"first\n{MARK}EmoNet: 90 %\nEmoNet: 60 in 4 s\n")
    cell = new_code_cell("run()", outputs=[passing, mixed])
    outputs = without_progress(new_notebook(cells=[cell])).cells[0].outputs
    assert [output.text for output in outputs] == ["first\nEmoNet: 60 in 4 s\n"]


def pictured(alt=""):
    metadata = {"image/png": {"alt": alt}} if alt else {}
    return new_output("display_data", data={"image/png": PNG}, metadata=metadata)


def test_every_picture_has_words(tmp_path):
    cells = [
        new_code_cell("early", outputs=[pictured()]),
        new_markdown_cell("## Boxes & maps\ntext"),
        new_code_cell("a", outputs=[pictured('Fig. 1: "what" is <seen>'), pictured()]),
    ]
    page = BeautifulSoup(to_html(new_notebook(cells=cells), "x", tmp_path), "html.parser")
    words = [image["alt"] for image in page.find_all("img")]
    assert words == ["Picture", 'Fig. 1: "what" is <seen>', "Picture: Boxes & maps"]


def test_imports_are_folded_and_the_rest_is_not(tmp_path):
    cells = [new_code_cell("from a import b\nb()"), new_code_cell("important = 1")]
    page = BeautifulSoup(to_html(new_notebook(cells=cells), "x", tmp_path), "html.parser")
    folded = page.find_all("details")
    assert len(folded) == 1 and "from a import b" in folded[0].text
    assert "important" in page.text and "important" not in folded[0].text


def test_a_page_has_links_a_language_and_both_themes(executed, tmp_path):
    page = BeautifulSoup(to_html(executed, "A & B", tmp_path, "<nav>on</nav>"), "html.parser")
    assert page.title.text == "A & B" and page.html["lang"] == "en"
    assert page.nav.text == "on" and page.nav.find_parent("main") is None
    dark = page.find("style", media="(prefers-color-scheme: dark)")
    assert "--jp-layout-color0: #111" in dark.text
    assert not page.find(class_="jp-InputPrompt")


def test_a_finding_is_what_is_printed_as_one():
    cells = [
        new_code_cell("a", outputs=[printed("Finding: 3 of 4 cells.\nmore\nFinding: and one.\n")]),
        new_code_cell("b", outputs=[printed("no Finding: this\n"), printed("Finding: Last.")]),
    ]
    assert finding(new_notebook(cells=cells)) == "3 of 4 cells. And one. Last."
    assert finding(new_notebook(cells=cells[:0])) == ""
