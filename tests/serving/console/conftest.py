"""The console over a real store, with signed-in browsers without script."""

from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from serving.app import create_app
from serving.runtime.assembly import Runtime
from tests.serving.console.sample import PASSWORD, People, fill, sample_runtime

ORIGIN = "http://testserver"
SignIn = Callable[[str], TestClient]


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """The parts over a filled store; the bot's threads do not run."""
    runtime = sample_runtime(tmp_path_factory.mktemp("home"))
    fill(runtime)
    yield runtime
    runtime.stop()


@pytest.fixture(scope="session")
def app(runtime: Runtime) -> FastAPI:
    """The application."""
    return create_app(runtime)


@pytest.fixture(scope="session")
def sign_in(app: FastAPI) -> SignIn:
    """Signs in by the form, once an e-mail; redirects are not followed."""
    browsers: dict[str, TestClient] = {}

    def sign_in(email: str) -> TestClient:
        if email not in browsers:
            browser = TestClient(app, base_url=ORIGIN, follow_redirects=False, headers={"Origin": ORIGIN})
            browser.post("/login", data={"email": email, "password": PASSWORD})
            browsers[email] = browser
        return browsers[email]

    return sign_in


@pytest.fixture
def anonymous(app: FastAPI) -> TestClient:
    """A browser that nobody signed in with."""
    return TestClient(app, base_url=ORIGIN, follow_redirects=False)


@pytest.fixture
def agent(sign_in: SignIn) -> TestClient:
    """Ada's browser: she answers customers."""
    return sign_in(People().agent)


@pytest.fixture
def editor(sign_in: SignIn) -> TestClient:
    """Edith's browser: she also changes articles and learned answers."""
    return sign_in(People().editor)


@pytest.fixture
def engineer(sign_in: SignIn) -> TestClient:
    """Enid's browser: she also looks after the models."""
    return sign_in(People().engineer)
