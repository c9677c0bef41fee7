"""explore.ipynb as a page of its own (Voila): no code is seen, and the explorers live."""

from __future__ import annotations

import pytest
from served import served

NOTEBOOK = "explore.ipynb"


@pytest.fixture(scope="module")
def address(notebook):
    options = [notebook.name, "--VoilaConfiguration.template=lab", "--Voila.ip=127.0.0.1"]
    with served(notebook, "voila", options, "--port", "/voila/static/") as at:
        yield at


def test_the_page_has_the_explorers_and_no_code(browser, address, screenshot, serious):
    page = browser.new_page(viewport={"width": 1000, "height": 1400})
    page.set_default_timeout(600_000)
    page.goto(address)
    page.locator(".emocam-photo").wait_for()
    assert page.get_by_text("load_study").count() == 0
    explorer = page.locator(".emocam-association")
    before = explorer.locator("table.heat").inner_text()
    explorer.get_by_role("button", name="reset to as published").click()
    page.wait_for_function(
        "before => document.querySelector('.emocam-association table.heat').innerText !== before",
        arg=before,
    )
    explorer.locator("td[data-cell]").first.click()
    explorer.locator("button.picture").first.wait_for()
    screenshot(page, "voila")
    for name in ("association", "image", "photo"):
        assert not serious(page, f".emocam-{name}")
    page.close()
