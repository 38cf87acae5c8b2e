"""Guessing passwords is slow, and nobody can keep an agent out by it."""

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from serving.agents import service
from serving.app import create_app
from serving.company.accounts import create_agent
from serving.db.session import Database
from serving.db.tables import new_id
from serving.runtime.assembly import Runtime
from serving.security.counters import CounterStorage
from serving.security.passwords import verify_password
from serving.security.principals import DEVICE_COOKIE
from tests.serving.parts import PASSWORD, AgentAtWork
from tests.serving.security.test_rate_limit import SECRET, Clock

_addresses = itertools.count(1)


class Browser:
    """A browser at an address of its own, with its cookies; three attempts are allowed."""

    def __init__(self, app: FastAPI, address: str = "") -> None:
        host = address or f"203.0.113.{next(_addresses)}"
        self.client = TestClient(app, client=(host, 50_000))

    def sign_in(self, email: str, password: str) -> int:
        body = {"email": email, "password": password}
        return self.client.post("/v1/agents/session", json=body).status_code

    def guess(self, email: str, times: int = 1) -> list[int]:
        return [self.sign_in(email, "wrong") for _ in range(times)]


@pytest.fixture(scope="module")
def app(runtime: Runtime) -> FastAPI:
    return create_app(runtime)


@pytest.fixture
def email(runtime: Runtime) -> str:
    """Of an agent who never signed in."""
    made = f"{new_id()}@tuckleaf.example"
    with runtime.database.session() as session:
        create_agent(session, email=made, name="Ada", password=PASSWORD, role="agent", team=None)
    return made


def test_three_attempts_are_checked_and_then_a_pause_comes(app: FastAPI, email: str) -> None:
    browser = Browser(app)
    assert browser.guess(email, 4) == [401, 401, 401, 429]
    assert browser.sign_in(email, PASSWORD) == 429  # or the pause would say nothing to who guesses right


def test_signing_in_forgets_the_wrong_passwords_before_it(app: FastAPI, email: str) -> None:
    browser = Browser(app)
    tries = ["wrong", "wrong", PASSWORD, "wrong", "wrong", PASSWORD]
    assert [browser.sign_in(email, password) for password in tries] == [401, 401, 200, 401, 401, 200]


def test_of_sixty_attempts_at_once_no_more_are_checked_than_allowed(
    app: FastAPI, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def counted(password: str, password_hash: str | None) -> bool:
        checked.append(password)
        return verify_password(password, password_hash)

    monkeypatch.setattr(service, "verify_password", counted)
    begin = threading.Barrier(20)

    def attempt(_: int) -> int:
        browser = Browser(app, "203.0.113.250")
        begin.wait(30)
        return browser.guess(email)[0]

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(attempt, range(60)))
    assert len(checked) == 3
    assert sorted(statuses) == [401] * 3 + [429] * 57


def test_a_stranger_cannot_keep_the_owner_out(app: FastAPI, email: str) -> None:
    known, other = Browser(app), Browser(app)
    assert known.sign_in(email, PASSWORD) == 200
    for _ in range(25):  # strangers from everywhere: 75 attempts, of which 60 may be made
        Browser(app).guess(email, 3)
    assert Browser(app).guess(email) == [429]
    assert other.sign_in(email, PASSWORD) == 429  # a browser never seen has to wait
    assert known.sign_in(email, PASSWORD) == 200


def test_guessing_from_the_owners_office_leaves_the_owners_browser_alone(app: FastAPI, email: str) -> None:
    office = "203.0.113.251"
    known, guesser = Browser(app, office), Browser(app, office)
    assert known.sign_in(email, PASSWORD) == 200
    assert guesser.guess(email, 4)[-1] == 429
    assert known.sign_in(email, PASSWORD) == 200


def test_a_known_browser_has_no_more_attempts_than_anybody_and_only_for_its_agent(
    app: FastAPI, email: str
) -> None:
    known = Browser(app)
    assert known.sign_in(email, PASSWORD) == 200
    assert known.guess(email, 4) == [401, 401, 401, 429]
    someone = f"{new_id()}@tuckleaf.example"
    assert known.guess(someone, 4) == [401, 401, 401, 429]


def test_made_up_names_lock_nobody_out(app: FastAPI, email: str) -> None:
    office = "203.0.113.252"
    guesser = Browser(app, office)
    for number in range(20):
        guesser.guess(f"{number}@made-up.example", 3)
    assert Browser(app, office).sign_in(email, PASSWORD) == 200


def test_names_are_answered_alike_whether_or_not_somebody_has_them(
    app: FastAPI, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[bool] = []

    def counted(password: str, password_hash: str | None) -> bool:
        checks.append(password_hash is not None)
        return verify_password(password, password_hash)

    monkeypatch.setattr(service, "verify_password", counted)
    told = []
    for name in (email, "nobody@tuckleaf.example"):
        browser = Browser(app)
        body = {"email": name, "password": "wrong"}
        answers = [browser.client.post("/v1/agents/session", json=body) for _ in range(4)]
        told.append(
            [(answer.status_code, answer.json()["title"], dict(answer.cookies)) for answer in answers]
        )
    assert told[0] == told[1]
    assert checks == [True] * 3 + [False] * 3  # as many passwords are checked of nobody


def test_the_cookie_of_a_browser_is_for_http_only_and_a_forged_one_is_as_none(
    app: FastAPI, email: str, agent: AgentAtWork
) -> None:
    browser = Browser(app)
    body = {"email": email, "password": PASSWORD}
    cookies = browser.client.post("/v1/agents/session", json=body).headers.get_list("set-cookie")
    own = next(cookie for cookie in cookies if cookie.startswith(DEVICE_COOKIE))
    assert "HttpOnly" in own
    assert "Max-Age=15552000" in own
    stranger = Browser(app)
    stranger.client.cookies.set(DEVICE_COOKIE, agent.cookie)
    assert stranger.guess(email, 4) == [401, 401, 401, 429]


def test_a_browsers_cookie_signs_nobody_in(app: FastAPI, email: str) -> None:
    browser = Browser(app)
    assert browser.sign_in(email, PASSWORD) == 200
    browser.client.cookies.delete("firstlast_session")
    assert browser.client.get("/v1/agents/me").status_code == 401


@pytest.fixture
def counters(database: Database) -> Iterator[tuple[CounterStorage, Clock]]:
    clock = Clock()
    made = CounterStorage(database, secret=SECRET, clock=clock)
    yield made, clock
    made.close()


def test_a_pause_doubles_with_every_further_attempt_up_to_256_times(
    counters: tuple[CounterStorage, Clock],
) -> None:
    storage, clock = counters

    def attempt() -> float:
        return storage.begin_attempt("ada", limit=3, pause_seconds=10)

    assert [attempt() for _ in range(4)] == [0, 0, 0, 10]
    pauses = []
    for _ in range(10):
        clock.now += attempt()
        assert attempt() == 0
        pauses.append(attempt())
    assert pauses == [20, 40, 80, 160, 320, 640, 1280, 2560, 2560, 2560]
    clock.now += 5120  # as long as twice the longest pause nobody tried
    assert [attempt() for _ in range(4)] == [0, 0, 0, 10]


def test_a_limit_of_one_pauses_after_the_first_and_a_clock_set_back_ends_the_pause(
    counters: tuple[CounterStorage, Clock],
) -> None:
    storage, clock = counters
    assert [storage.begin_attempt("ada", limit=1, pause_seconds=10) for _ in range(2)] == [0, 10]
    clock.now -= 7200
    assert storage.begin_attempt("ada", limit=1, pause_seconds=10) == 0
