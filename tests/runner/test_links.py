from bs4 import BeautifulSoup

from emocam_utils.runner.links import link_pages, links_html


def links(page):
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    assert len(soup.find_all("nav")) == 1
    return {a.text: a["href"] for a in soup.nav.find_all("a")}


def test_pages_lead_back_and_on_to_those_that_are_there(tmp_path):
    stems = ["00_corpus", "01_detection", "02_association", "03_cam_methods"]
    for stem in ("00_corpus", "02_association", "03_cam_methods"):
        text = f"<body>{links_html(stem)}<main>{stem}</main>"
        (tmp_path / f"{stem}.html").write_text(text)
    link_pages(tmp_path, stems)
    assert links(tmp_path / "00_corpus.html") == {
        "all figures": "../index.html#00_corpus",
        "association ›": "02_association.html",  # 01 has not run
    }
    assert links(tmp_path / "02_association.html") == {
        "all figures": "../index.html#02_association",
        "‹ corpus": "00_corpus.html",
        "cam methods ›": "03_cam_methods.html",
    }
    (tmp_path / "01_detection.html").write_text(f"<body>{links_html('01_detection')}")
    link_pages(tmp_path, stems)
    assert links(tmp_path / "00_corpus.html")["detection ›"] == "01_detection.html"
    assert links(tmp_path / "03_cam_methods.html")["‹ association"] == "02_association.html"


def test_a_page_without_a_gallery_leads_to_where_it_will_be():
    soup = BeautifulSoup(links_html("explore"), "html.parser")
    assert [a["href"] for a in soup.find_all("a")] == ["../index.html"]
    assert soup.nav["aria-label"]


def test_a_page_that_says_the_same_is_not_written_again(tmp_path):
    page = tmp_path / "00_corpus.html"
    page.write_text(links_html("00_corpus"))
    link_pages(tmp_path, ["00_corpus"])
    before = page.stat().st_mtime_ns
    link_pages(tmp_path, ["00_corpus"])
    assert page.stat().st_mtime_ns == before
