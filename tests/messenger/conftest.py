"""A headless browser and a server that stands in for ours."""

import os
import shutil
from collections.abc import Iterator

import pytest
from messenger_stand_in import StandIn, running
from playwright.sync_api import Browser, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, named by FIRSTLAST_BROWSER or found on PATH."""
    executable = os.environ.get("FIRSTLAST_BROWSER") or next(filter(None, map(shutil.which, _NAMES)), None)
    if executable is None:
        pytest.skip(f"no browser; install one of {', '.join(_NAMES)} or set FIRSTLAST_BROWSER")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=_ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh profile's page; an uncaught error in it fails the test."""
    context = browser.new_context()
    context.set_default_timeout(8_000)
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert errors == []


@pytest.fixture
def stand_in() -> StandIn:
    """What the stand-in server knows and does."""
    return StandIn()


@pytest.fixture
def site(stand_in: StandIn) -> Iterator[str]:
    """Address of a shop page with the messenger on it, and of the server behind it."""
    with running(stand_in) as address:
        yield address
