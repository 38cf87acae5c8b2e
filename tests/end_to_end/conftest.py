"""A real server on a home of its own, and browsers for the people who use it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browsers import open_browser
from tests.end_to_end.people import AgentAtWork, Customer
from tests.end_to_end.server_process import ServerProcess

NewCustomer = Callable[[], Customer]


@pytest.fixture
def server(demo_home: Path) -> Iterator[ServerProcess]:
    """The server on a fresh home of the sample company, not started; it is gone afterwards."""
    server = ServerProcess(demo_home)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser program that all profiles share."""
    with open_browser() as opened:
        yield opened


@pytest.fixture
def new_profile(browser: Browser) -> Iterator[Callable[[], BrowserContext]]:
    """Makes fresh browser profiles; an uncaught error in any page of theirs fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def new_profile() -> BrowserContext:
        context = browser.new_context(viewport={"width": 1400, "height": 800})
        context.set_default_timeout(15_000)
        context.on("weberror", lambda failed: errors.append(str(failed.error)))
        contexts.append(context)
        return context

    yield new_profile
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def new_customer(server: ServerProcess, new_profile: Callable[[], BrowserContext]) -> NewCustomer:
    """Brings another customer to the shop."""
    return lambda: Customer(new_profile(), server.address)


@pytest.fixture
def new_agent(server: ServerProcess, new_profile: Callable[[], BrowserContext]) -> Callable[[], AgentAtWork]:
    """Signs the sample company's agent in."""
    return lambda: AgentAtWork(new_profile(), server.address, server.home)
