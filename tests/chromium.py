"""For tests of pages: Chromium without a window, driven by Playwright. Where there is none, they are skipped."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: `make setup` installs it")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine: install it")

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
CONTRAST = Path(__file__).with_name("contrast.js").read_text("utf-8")
"""An expression: the texts that have less contrast with what is behind them than WCAG 2 asks for at level AA."""


def launched() -> Iterator[Any]:
    """The browser, as long as a fixture of scope `module` needs it: a process drives one at a time."""
    with sync_api.sync_playwright() as driver:
        # Tests may run as root, which Chromium's own sandbox does not allow; the pages are ours.
        found = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()
