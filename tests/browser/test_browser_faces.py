"""Notebook 05 in a real browser: another emotion and another rule are chosen for a face."""

from __future__ import annotations

NOTEBOOK = "05_facial_saliency.ipynb"
EXPLORER = ".widget-vbox:has(> .widget-dropdown)"


def _chosen(page, label: str, option: str) -> str:
    """Choose an option of the control with this label; the sources of the pictures after it."""
    explorer = page.locator(EXPLORER).first
    explorer.scroll_into_view_if_needed()
    before = _pictures(explorer)
    explorer.locator(".widget-dropdown", has_text=label).locator("select").select_option(option)
    page.wait_for_function(
        "([within, before]) => [...document.querySelector(within).querySelectorAll('img')]"
        ".map(image => image.src).join() !== before",
        arg=[EXPLORER, before],
        timeout=60_000,
    )
    return _pictures(explorer)


def _pictures(explorer) -> str:
    return explorer.evaluate("e => [...e.querySelectorAll('img')].map(image => image.src).join()")


def test_every_cell_ran_without_an_error(page):
    text = page.locator(".jp-Notebook").inner_text()
    assert "Traceback" not in text and "face_claims.png" in text


def test_another_emotion_and_another_rule_change_the_map(page, screenshot):
    explorer = page.locator(EXPLORER).first
    explorer.wait_for(state="attached")
    emotion = _chosen(page, "emotion", "surprise")
    assert "for surprise" in explorer.inner_text()
    rule = _chosen(page, "backpropagation rule", "guided")
    assert "guided" in explorer.inner_text()
    assert rule != emotion
    screenshot(page, "faces-chosen")
