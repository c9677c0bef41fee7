import json
from pathlib import Path
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_notebook
from tiny_notebooks import write_notebook

from emocam_utils import paths
from emocam_utils.runner.gallery import RecordError, read_records, write_gallery
from emocam_utils.runner.links import links_html
from emocam_utils.runner.notebooks import title
from emocam_utils.runner.offline import to_html


@pytest.fixture
def figures(tmp_path, monkeypatch):
    """The folder of figures of the study "tiny"."""
    monkeypatch.setattr(paths, "FIGURES", tmp_path / "figures")
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "notebooks")
    folder = tmp_path / "figures" / "tiny"
    (folder / "notebooks").mkdir(parents=True)
    return folder


def record(folder: Path, figure: str, extensions=("png", "pdf", "csv"), **changes):
    content = {
        "name": figure,
        "title": f"Title of {figure}",
        "caption": "What it shows.",
        "notebook": "02_association",
        "study": "tiny",
        "corpus": "EmoScenes, 60 scenes",
        "network": "emonet (emonet.safetensors)",
        "n": "60 images",
        "hashes": {"corpus": "ab12"},
    }
    for extension in extensions:
        (folder / f"{figure}.{extension}").write_bytes(b"x")
    (folder / f"{figure}.json").write_text(json.dumps({**content, **changes}))


def page(study="tiny"):
    return BeautifulSoup(write_gallery(study).read_text(encoding="utf-8"), "html.parser")


def test_figures_stand_under_their_notebooks_in_order(figures):
    for name in ("fig10_last", "fig2_association", "fig4_small_box"):
        record(figures, name)
    record(figures, "fig9_pipeline", notebook="01_detection")
    sections = page().find_all("section")
    assert [s["id"] for s in sections] == ["01_detection", "02_association"]
    assert [[f["id"] for f in s.find_all("figure")] for s in sections] == [
        ["fig9_pipeline"],
        ["fig2_association", "fig4_small_box", "fig10_last"],
    ]


def test_a_figure_has_its_picture_caption_provenance_and_files(figures):
    record(figures, "fig2", title="Fig. 2", caption="Percent.", n="60 images, 41 used")
    figure = page().figure
    assert figure.img["src"] == "fig2.png" and figure.img["alt"] == "Fig. 2: Percent."
    assert figure.h3.text == "Fig. 2" and "Percent." in figure.text
    shown = "EmoScenes, 60 scenes · emonet (emonet.safetensors) · n = 60 images, 41 used"
    assert figure.find(class_="of").text == shown
    assert figure.find(class_="of")["title"] == "corpus ab12"
    assert {a["href"] for a in figure.find_all("a")} == {
        f"fig2.{e}" for e in ("png", "pdf", "csv", "json")
    }


def test_every_link_is_relative_and_leads_somewhere(figures):
    record(figures, "fig 2 é%")
    record(figures, "fig3", extensions=("png",), notebook="01_detection")
    for extension in ("html", "run.json"):
        (figures / "notebooks" / f"01_detection.{extension}").write_text("executed")
    soup = page()
    assert soup.script is None and soup.find("link") is None
    links = [tag.get("href") or tag.get("src") for tag in soup.find_all(["a", "img"])]
    assert "notebooks/01_detection.html" in links and "fig3.pdf" not in links
    assert "notebooks/02_association.html" not in links  # it has not run
    for link in links:
        if link.startswith("#"):
            assert soup.find(id=link[1:])
        else:
            assert (figures / unquote(link)).exists()


def test_titles_are_the_headings_of_the_notebooks(figures):
    record(figures, "fig2")
    record(figures, "fig3", notebook="03_cam_methods")
    write_notebook(
        paths.NOTEBOOKS / "02_association.ipynb", "x = '''\n# no heading\n'''", "# Why?\nText"
    )
    assert [h.text for h in page().find_all("h2")] == ["Why?", "cam methods"]
    (paths.NOTEBOOKS / "02_association.ipynb").write_text("not json")
    assert title("02_association") == "association"


def test_a_notebook_that_ran_and_saved_no_figure_is_listed_but_not_a_failed_one(figures):
    (figures / "notebooks" / "04_object_paste.run.json").write_text("x")
    (figures / "notebooks" / "05_facial_saliency.failed.html").write_text("x")
    (figures / "notebooks" / "explore.run.json").write_text("x")
    assert [s["id"] for s in page().find_all("section")] == ["04_object_paste"]


def test_texts_are_escaped(figures):
    evil = "<script>alert('&')</script>\"{braces}"
    record(figures, "fig2", title=evil, caption=evil, corpus=evil, n=evil, hashes={"a": evil})
    soup = page()
    assert soup.script is None
    assert soup.h3.text == soup.figcaption.p.text == evil
    assert soup.img["alt"] == f"{evil}: {evil}"


def test_a_missing_picture_is_said(figures):
    record(figures, "fig2", extensions=("csv",))
    figure = page().figure
    assert figure.img is None and "fig2.png is missing" in figure.text


def test_a_study_without_figures_has_a_page(figures):
    assert "no figure yet" in page("empty").text


def test_equal_figures_give_an_equal_page(figures):
    record(figures, "fig2")
    first = write_gallery("tiny").stat()
    assert write_gallery("tiny").stat() == first  # not even written
    record(figures, "fig2", title="New")
    assert "New" in write_gallery("tiny").read_text()
    assert sorted(f.name for f in figures.glob("*index*")) == ["index.html"]  # nothing half-written


def test_what_is_not_a_record_is_named_with_all_its_faults(figures):
    record(figures, "fig1")
    record(figures, "fig2", name="fig3")
    (figures / "notes.json").write_text('{"name": "notes", "title": "x"}')
    (figures / "broken.json").write_text("{")
    (figures / "list.json").write_text("[]")
    with pytest.raises(RecordError) as caught:
        read_records(figures)
    first, *rest = str(caught.value).splitlines()
    assert first == "not a figure's record; delete it or draw the figure again:"
    assert [line.split("/")[-1] for line in rest] == [
        "broken.json: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        "fig2.json: named 'fig3', unlike the file",
        "list.json: not a JSON object",
        "notes.json: without caption, notebook, study, corpus, network, n, hashes",
    ]
    with pytest.raises(RecordError):
        write_gallery("tiny")
    assert not (figures / "index.html").exists()


def run_of(folder: Path, stem: str, **content):
    (folder / "notebooks" / f"{stem}.run.json").write_text(json.dumps(content))


def test_figures_stand_as_their_notebook_saved_them(figures):
    for name in ("fig4", "fig2", "new", "beside"):
        record(figures, name)
    made = ["02_association.html", "../fig4.png", "../fig4.json", "../beside.png", "../fig2.png"]
    run_of(figures, "02_association", products=made)
    shown = [figure["id"] for figure in page().find_all("figure")]
    assert shown == ["fig4", "beside", "fig2", "new"]  # the last one is of an older run


def test_a_section_opens_with_what_its_notebook_found(figures):
    record(figures, "fig2")
    run_of(figures, "02_association", products=[], finding="55 <b>cells</b> & more.")
    section = page().section
    assert section.find(class_="finding").text == "55 <b>cells</b> & more."
    assert section.find(class_="finding").find_previous_sibling().name == "h2"
    (figures / "notebooks" / "02_association.run.json").write_text("damaged")
    assert page().find(class_="finding") is None


def test_notebooks_pages_are_linked_to_each_other(figures):
    for stem in ("01_detection", "02_association"):
        run_of(figures, stem, products=[])
        html = to_html(new_notebook(), stem, figures, links_html(stem))
        (figures / "notebooks" / f"{stem}.html").write_text(html)
    page()
    text = (figures / "notebooks" / "01_detection.html").read_text()
    assert 'href="02_association.html"' in text and 'href="../index.html#01_detection"' in text
