"""The offline explorer in a real browser, from file://, at three widths, light and dark."""

from __future__ import annotations

import pytest
from tiny_pages import SIZES, Pictured

from emocam_utils.runner.explorer_page.__main__ import page_html


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    file = tmp_path_factory.mktemp("page") / "explore.html"
    analysis = Pictured(images=80, boxes=400)
    file.write_text(page_html(analysis), encoding="utf-8")
    return file.as_uri()


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_matrix_cell_and_image_by_keyboard_at_any_width(
    browser, address, screenshot, serious, width, scheme
):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.set_default_timeout(120_000)
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: request.url.startswith("http") and wrong.append(request.url))
    page.goto(address)
    page.wait_for_selector("body[data-ready=yes]")
    before = page.locator("#matrix").inner_text()
    page.locator("#threshold").focus()
    for _ in range(40):
        page.keyboard.press("PageUp")
    page.wait_for_function("before => document.querySelector('#matrix').innerText !== before",
                           arg=before)  # fmt: skip
    page.get_by_role("button", name="reset to corrected").click()
    page.wait_for_function("before => document.querySelector('#matrix').innerText === before",
                           arg=before)  # fmt: skip
    page.locator("td[data-cell]").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.cell") == "0,1"
    assert "of" in page.locator(".emocam-tip").inner_text()
    page.keyboard.press("Enter")
    page.locator("button.picture").first.wait_for()
    page.locator("button.picture").first.focus()
    page.keyboard.press("Enter")
    page.get_by_text("boxes attended").first.wait_for()
    assert not serious(page)
    screenshot(page, f"page-{width}-{scheme}")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "picture"
    assert not serious(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width and not wrong
    page.close()


def test_a_slider_is_followed_at_two_thousand_images(browser, tmp_path):
    file = tmp_path / "explore.html"
    file.write_text(page_html(Pictured(images=2000, boxes=86_000)), encoding="utf-8")
    assert file.stat().st_size < 30_000_000
    page = browser.new_page()
    page.set_default_timeout(120_000)
    page.goto(file.as_uri())
    page.wait_for_selector("body[data-ready=yes]")
    milliseconds = page.evaluate(
        """() => Array.from({length: 21}, (_, k) => {
          document.querySelector('#threshold').value = 300 + 10 * k;
          const start = performance.now();
          draw();
          document.body.offsetHeight;  // laid out, too
          return performance.now() - start;
        })"""
    )
    print(f"{sorted(milliseconds)[10]:.0f} ms a slider move, the median of {len(milliseconds)}")
    assert sorted(milliseconds)[10] < 300  # of a busy machine; docs/speed.md has the true time
    page.close()
