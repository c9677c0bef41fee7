"""A notebook of the study tiny in a real browser: JupyterLab here, Chromium driven by playwright.

`make test-browser` runs these tests, or says what to install for them; a run of all tests skips
them without playwright, Chromium or the trained weights. A test module says by `NOTEBOOK` which
notebook it is about, and by `MORE` what a further cell of it does. Screenshots go to the folder of
EMOCAM_SCREENSHOTS, if that is set.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from served import served

from emocam_utils import paths

try:
    import voila  # noqa: F401  (only whether it is there; a test starts it)
    from axe_playwright_python.sync_playwright import Axe
    from playwright import sync_api as playwright
except ImportError:
    playwright = None
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WEIGHTS = paths.EMOSCENES / "emonet.safetensors"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
MINUTES = float(os.environ.get("EMOCAM_BROWSER_MINUTES", "10"))  # for the notebook to run
FINISHED = """() => {
  const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')];
  return (prompts.length && /\\[\\d+\\]/.test(prompts.at(-1).innerText))
    || document.querySelector('[data-mime-type="application/vnd.jupyter.error"]') }"""
# JupyterLab leaves out cells that are out of sight, unless it is told to draw them all.
SETTINGS = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false"},
}


def missing() -> str:
    """What keeps these tests from running, and how to get it; "" if nothing does."""
    if playwright is None:
        return f"a package is missing: {sys.executable} -m pip install -r requirements-browser.txt"
    if not CHROMIUM:
        return "Chromium is missing: install it, e.g. apt-get install chromium"
    return "" if WEIGHTS.exists() else f"{WEIGHTS} is missing: make train"


def pytest_sessionstart() -> None:
    """Called where these tests are asked for by name, as `make test-browser` does."""
    if missing():
        raise pytest.UsageError(missing())


@pytest.fixture(scope="module")
def notebook(tmp_path_factory, request) -> Path:
    """The module's notebook with the study tiny in its parameters, in a folder of its own."""
    if missing():
        pytest.skip(missing())
    name = request.module.NOTEBOOK
    source = nbformat.read(paths.NOTEBOOKS / name, as_version=4)
    cell = next(c for c in source.cells if "parameters" in c.metadata.get("tags", []))
    cell.source = re.sub(r'study = ".*"', 'study = "tiny"', cell.source)
    if more := getattr(request.module, "MORE", ""):
        source.cells.append(nbformat.v4.new_code_cell(more))
    file = tmp_path_factory.mktemp("notebooks") / name
    nbformat.write(source, file)
    return file


@pytest.fixture(scope="module")
def lab(notebook) -> str:
    """Address of the notebook in a JupyterLab that only this machine reaches, with a token."""
    token = secrets.token_hex(16)
    for plugin, settings in SETTINGS.items():
        file = notebook.parent / ".jupyter/settings" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(settings))
    options = [
        "--allow-root", "--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={notebook.parent}",
        "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    with served(notebook, "jupyterlab", options, "--ServerApp.port", f"/api?token={token}") as at:
        yield f"{at}/lab/tree/{notebook.name}?token={token}&reset"


@pytest.fixture(scope="module")
def browser():
    """Chromium, for pages that need no JupyterLab."""
    if missing():
        pytest.skip(missing())
    with playwright.sync_playwright() as driver:
        made = driver.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=ARGUMENTS, timeout=180_000
        )
        yield made
        made.close()


@pytest.fixture(scope="module")
def page(lab, screenshot, request):
    """The notebook's page, after all its cells ran."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=ARGUMENTS, timeout=180_000
        )
        page = browser.new_page(viewport={"width": 1500, "height": 1300})
        page.set_default_timeout(120_000)
        page.goto(lab)
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.get_by_text(re.compile(r"Python 3 .*\| Idle")).wait_for()  # else Run asks for a kernel
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        with contextlib.suppress(playwright.TimeoutError):
            page.locator(".jp-Dialog .jp-mod-accept").click(timeout=5_000)
        try:
            page.wait_for_function(FINISHED, timeout=60_000 * MINUTES)
        finally:
            screenshot(page, f"{request.module.__name__}-ran")
        yield page
        browser.close()


@pytest.fixture(scope="session")
def serious():
    """A function of page: what axe-core finds serious or critical there."""

    def found(page, within: str | None = None) -> list[str]:
        violations = Axe().run(page, within).response["violations"]
        return [
            f"{one['id']}: {node['target']} {node['html'][:200]}"
            for one in violations
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]

    return found


@pytest.fixture(scope="module")
def screenshot():
    """A function of page and name that keeps a picture, if a folder is given."""

    def keep(page, name: str) -> None:
        if folder := os.environ.get("EMOCAM_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=str(Path(folder) / f"{name}.png"))

    return keep
