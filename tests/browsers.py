"""A headless browser for tests, with everything off that would reach for the network."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

_GIVEN = os.environ.get("TEST_BROWSER")
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Chromium: named by TEST_BROWSER, on PATH, or Playwright's own; without one the test fails."""
    with sync_playwright() as playwright:
        executable = _executable(playwright)
        if executable is None:
            pytest.fail(f"no browser; install one of {', '.join(_NAMES)} or set TEST_BROWSER")
        opened = playwright.chromium.launch(executable_path=executable, args=_ARGUMENTS)
        try:
            yield opened
        finally:
            opened.close()


def _executable(playwright: Playwright) -> str | None:
    found = _GIVEN or next(filter(None, map(shutil.which, _NAMES)), None)
    own = playwright.chromium.executable_path
    return found or (own if Path(own).exists() else None)


def barriers(page: Page) -> list[str]:
    """What axe finds on the page that keeps people out, as rule and element: WCAG 2.2 and good practice."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    violations = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in violations
        for node in one["nodes"]
    ]
