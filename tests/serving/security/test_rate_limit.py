"""Failed sign-ins are counted by a clock that the tests move."""

import pytest
from fastapi.testclient import TestClient

from serving.runtime.assembly import Runtime
from serving.security import rate_limit
from serving.security.rate_limit import FailureLimiter, TooManyAttemptsError
from tests.serving.parts import PASSWORD, AgentAtWork


class Clock:
    """Seconds since the test began."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> FailureLimiter:
    """Three failures within a minute."""
    return FailureLimiter(limit=3, window_seconds=60, clock=clock)


def fail(limiter: FailureLimiter, key: str, *, times: int = 1) -> None:
    for _ in range(times):
        limiter.add_failure(key)


def wait_of(limiter: FailureLimiter, key: str) -> float:
    """Seconds until the next attempt; 0 when it may be made now."""
    try:
        limiter.check(key)
    except TooManyAttemptsError as error:
        return error.retry_after_seconds
    return 0.0


def test_the_third_failure_within_a_minute_stops_and_the_wait_is_until_the_first_is_over(
    limiter: FailureLimiter, clock: Clock
) -> None:
    for clock.now in (0.0, 10.0):
        fail(limiter, "ada")
        assert wait_of(limiter, "ada") == 0
    clock.now = 20.0
    fail(limiter, "ada")
    assert wait_of(limiter, "ada") == 40
    with pytest.raises(TooManyAttemptsError, match="3 failed attempts; try again in 40 seconds"):
        limiter.check("ada")


def test_a_failure_is_over_when_the_window_is(limiter: FailureLimiter, clock: Clock) -> None:
    for clock.now in (0.0, 10.0, 20.0):
        fail(limiter, "ada")
    clock.now = 59.9
    assert wait_of(limiter, "ada") == 1  # a wait is told as a second at least
    clock.now = 60.0
    assert wait_of(limiter, "ada") == 0
    fail(limiter, "ada")
    assert wait_of(limiter, "ada") == 10  # those of 10, 20 and 60 are three again
    clock.now = 80.0
    assert wait_of(limiter, "ada") == 0


def test_one_key_stops_no_other(limiter: FailureLimiter) -> None:
    fail(limiter, "ada", times=3)
    assert (wait_of(limiter, "ada"), wait_of(limiter, "ben")) == (60, 0)


def test_a_success_forgets_the_failures_before_it_and_those_of_nobody_else(limiter: FailureLimiter) -> None:
    fail(limiter, "ada", times=2)
    fail(limiter, "ben", times=3)
    limiter.forget("ada")
    limiter.forget("nobody")
    fail(limiter, "ada", times=2)
    assert (wait_of(limiter, "ada"), wait_of(limiter, "ben")) == (0, 60)
    fail(limiter, "ada")
    assert wait_of(limiter, "ada") == 60


def test_a_flood_of_keys_pushes_out_the_oldest_and_keeps_the_rest(
    limiter: FailureLimiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "_MAX_KEYS", 2)
    for key in ("ada", "ben", "cleo"):
        fail(limiter, key, times=3)
    assert [wait_of(limiter, key) for key in ("ada", "ben", "cleo")] == [0, 60, 60]


def test_signing_in_forgets_the_wrong_passwords_before_it(client: TestClient, runtime: Runtime) -> None:
    someone = AgentAtWork(client, runtime)  # three failures are allowed

    def sign_in(password: str) -> int:
        body = {"email": someone.email, "password": password}
        status = client.post("/v1/agents/session", json=body).status_code
        client.cookies.clear()
        return status

    tries = ["wrong", "wrong", PASSWORD, "wrong", "wrong", PASSWORD]
    assert [sign_in(password) for password in tries] == [401, 401, 200, 401, 401, 200]
