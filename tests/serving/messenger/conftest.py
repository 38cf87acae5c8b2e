"""A headless browser and a server that stands in for ours."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browsers import open_browser
from tests.serving.messenger.stand_in import StandIn, running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser program that all pages share."""
    with open_browser() as opened:
        yield opened


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
