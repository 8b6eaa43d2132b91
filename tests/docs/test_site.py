"""The site: built without a warning, whole, and without anything from elsewhere."""

import os
import re
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import pytest

from tests.docs.pages import ROOT

ROOMS = (
    "aggregation",
    "algorithms",
    "devices",
    "network",
    "report",
    "reproduction",
    "results",
    "scenario",
    "session",
    "sweep",
)
INSIDE = {
    "Demand",
    "Planned",
    "require_folder",
    "read_sweep",
    "count",
    "State",
    "RunWriter",
    "manifest",
    "Scenario",
    "replay_keys",
}
"""Exported for other rooms rather than for users."""


def test_the_page_on_python_has_what_the_rooms_export() -> None:
    described = set(re.findall(r"^::: testbed\.(\S+)$", (ROOT / "docs/api.md").read_text("utf-8"), re.MULTILINE))
    wanted = {f"{room}.{each}" for room in ROOMS for each in import_module(f"testbed.{room}").__all__}
    assert {each for each in wanted - described if each.split(".")[1] not in INSIDE} == set()
    for each in described:
        module, _, thing = each.rpartition(".")
        assert getattr(import_module(f"testbed.{module}"), thing).__doc__, each


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    if find_spec("mkdocs") is None or find_spec("mkdocstrings_handlers") is None:
        pytest.skip("mkdocs-material and mkdocstrings are not installed: `make docs` does that")
    folder, environment = tmp_path_factory.mktemp("site"), {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_site_is_built_without_a_warning_and_asks_nobody(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        loaded = re.findall(r'<(?:script|link|img|iframe)\b[^>]*(?:src|href)="(?:https?:)?//', page.read_text("utf-8"))
        assert not loaded, page


@pytest.mark.skipif(find_spec("playwright") is None or which("chromium") is None, reason="no browser")
def test_the_search_works_from_the_disk(site: Path) -> None:
    from playwright.sync_api import sync_playwright

    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(120_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: errors.append(request.url) if request.url.startswith("http") else None)
        page.goto((site / "index.html").as_uri())
        page.fill("input.md-search__input", "straggler")
        found = page.locator(".md-search-result__item h1", has_text="Devices with a pace of their own")
        found.wait_for(state="attached")
        browser.close()
    assert errors == []
