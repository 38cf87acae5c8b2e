"""Limits are counted in the store by a clock that the tests move; a refusal says when to come back."""

import threading
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from serving.app import create_app
from serving.company.accounts import create_api_key
from serving.db.session import Database
from serving.db.tables import new_id
from serving.runtime.assembly import Runtime, build_runtime
from serving.security.counters import CounterStorage
from serving.security.rate_limit import RequestLimits, Spender, TooManyRequestsError
from serving.settings import Settings
from tests.serving.parts import Customer
from tests.serving.rules import HashReader, RuleResolver

SECRET = "a secret key for tests, 32 or more"
ADA, BEN = Spender("contact", "ada"), Spender("contact", "ben")
OFFICE, SHOP = Spender("address", "198.51.100.7"), Spender("key", "shop")


class Clock:
    """Seconds since the test began."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counters(database: Database, clock: Clock) -> Iterator[CounterStorage]:
    made = CounterStorage(database, secret=SECRET, clock=clock)
    yield made
    made.close()


@pytest.fixture
def limits(counters: CounterStorage) -> RequestLimits:
    """Three messages a minute and four an hour; an address sends twice, a key three times as much."""
    settings = Settings(
        secret_key=SECRET,
        limit_messages="3/minute; 4/hour",
        limit_ask="",
        limit_per_address=2,
        limit_per_key=3,
    )
    return RequestLimits(settings, counters)


def wait_of(limits: RequestLimits, *spenders: Spender, what: str = "messages") -> float:
    """Seconds until the next may be sent; 0 when this one was."""
    try:
        limits.spend(what, spenders)  # type: ignore[arg-type]
    except TooManyRequestsError as error:
        return error.retry_after_seconds
    return 0.0


def test_the_fourth_within_a_minute_waits_until_the_minute_is_over(
    limits: RequestLimits, clock: Clock
) -> None:
    assert [wait_of(limits, ADA) for _ in range(4)] == [0, 0, 0, 60]
    clock.now += 59
    assert wait_of(limits, ADA) == 3541  # it was the fifth within the hour, which has 3,541 seconds left
    clock.now += 3541
    assert wait_of(limits, ADA) == 0


def test_one_customer_costs_another_nothing(limits: RequestLimits) -> None:
    assert [wait_of(limits, ADA) for _ in range(4)][-1] > 0
    assert wait_of(limits, BEN) == 0


def test_an_address_and_a_key_may_as_often_as_their_settings_say(limits: RequestLimits) -> None:
    sent = [wait_of(limits, Spender("contact", str(number)), OFFICE) for number in range(7)]
    assert sent == [0, 0, 0, 0, 0, 0, 60]
    assert [wait_of(limits, SHOP) > 0 for _ in range(10)] == [False] * 9 + [True]


def test_an_empty_setting_limits_nothing(limits: RequestLimits) -> None:
    assert {wait_of(limits, ADA, what="ask") for _ in range(100)} == {0.0}


def test_a_clock_set_back_lets_nobody_wait_longer(limits: RequestLimits, clock: Clock) -> None:
    assert [wait_of(limits, ADA) for _ in range(4)][-1] > 0
    clock.now -= 7200
    assert wait_of(limits, ADA) == 0


def test_several_processes_count_together_and_no_two_count_the_same(database: Database) -> None:
    storages = [CounterStorage(database, secret=SECRET) for _ in range(4)]
    counted: list[int] = []

    def count(storage: CounterStorage) -> None:
        for _ in range(25):
            counted.append(storage.incr("k", 60))

    threads = [threading.Thread(target=count, args=(storage,)) for storage in storages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counted) == list(range(1, 101))
    assert storages[0].get("k") == 100
    for storage in storages:
        storage.close()


def test_what_has_ended_is_forgotten_and_no_name_can_be_read(
    counters: CounterStorage, clock: Clock, database: Database
) -> None:
    for number in range(50):
        counters.incr(f"messages/address/198.51.100.{number}", 60)
    with counters._engine.connect() as connection:
        rows = str(connection.exec_driver_sql("SELECT * FROM rate_counts").all())
    assert "198.51" not in rows
    clock.now += 61
    counters.incr("another", 60)
    assert counters.reset() == 1


@pytest.fixture(scope="module")
def strict(settings: Settings) -> Iterator[Runtime]:
    """A server that allows twice of everything, and no more for an address or a key."""
    few = dict.fromkeys(
        [f"limit_{name}" for name in ("conversations", "messages", "ask", "classify", "suggest")], "2/hour"
    )
    own = settings.model_copy(update={**few, "limit_per_address": 1, "limit_per_key": 1})
    runtime = build_runtime(own, encoder=HashReader(), resolver=RuleResolver())
    yield runtime
    runtime.stop()


def client_at(runtime: Runtime, address: str) -> TestClient:
    return TestClient(create_app(runtime), client=(address, 50_000))


def refused(answers: list) -> None:
    """Two were taken, the third is a problem that says when to come back."""
    assert [answer.status_code == 429 for answer in answers] == [False, False, True]
    assert answers[2].headers["content-type"] == "application/problem+json"
    assert 3500 < int(answers[2].headers["retry-after"]) <= 3600
    problem = answers[2].json()
    assert (problem["status"], problem["title"]) == (429, "Too Many Requests")
    assert problem["detail"] == (
        f"too many requests of this kind; try again in {answers[2].headers['retry-after']} seconds"
    )


def test_each_kind_of_request_of_a_customer_is_limited(strict: Runtime) -> None:
    client = client_at(strict, "127.0.0.1")
    customer = Customer(client)
    started = [customer.post("/v1/conversations", {"client_id": new_id()}) for _ in range(3)]
    refused(started)
    conversation = started[0].json()["id"]
    path = f"/v1/conversations/{conversation}/messages"
    refused([customer.post(path, {"client_id": new_id(), "text": "hi"}) for _ in range(3)])
    refused([customer.post("/v1/ask", {"question": "refund?"}) for _ in range(3)])
    other = Customer(client)
    assert other.post("/v1/ask", {"question": "refund?"}).status_code == 200


def test_an_address_is_limited_whoever_asks_from_it(strict: Runtime) -> None:
    client = client_at(strict, "198.51.100.7")
    refused([client.get("/v1/suggest?q=refund") for _ in range(3)])
    assert client_at(strict, "198.51.100.8").get("/v1/suggest?q=refund").status_code == 200
    inside = client_at(strict, "2001:db8:1:2::1")
    near = client_at(strict, "2001:db8:1:2:ffff::9")
    refused([one.get("/v1/suggest?q=refund") for one in (inside, inside, near)])


def test_this_machine_itself_is_no_address_that_is_limited(strict: Runtime) -> None:
    for address in ("127.0.0.1", "::1", "testclient"):
        client = client_at(strict, address)
        assert {client.get("/v1/suggest?q=refund").status_code for _ in range(5)} == {200}


def test_a_key_is_limited_by_itself_from_wherever_it_is_used(strict: Runtime) -> None:
    with strict.database.session() as session:
        secret = create_api_key(session, name="shop", scopes=["classify"]).secret
    headers = {"Authorization": f"Bearer {secret}"}

    def classify(address: str) -> object:
        body = {"texts": ["refund?"]}
        return client_at(strict, address).post("/v1/classify", json=body, headers=headers)

    refused([classify("203.0.113.1"), classify("203.0.113.2"), classify("203.0.113.3")])


def test_the_schema_tells_of_the_limits_on_every_route_that_has_one(strict: Runtime) -> None:
    schema = create_app(strict).openapi()
    limited = {
        (method, path)
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
        if "429" in operation["responses"]
    }
    one = "/v1/conversations/{conversation_id}"
    assert limited == {
        ("post", "/v1/agents/me/second-factor"),
        ("post", "/v1/agents/me/second-factor/recovery-codes"),
        ("post", "/v1/agents/me/second-factor/turn-off"),
        ("post", "/v1/agents/session"),
        ("post", "/v1/ask"),
        ("post", "/v1/ask/batch"),
        ("post", "/v1/classify"),
        ("post", "/v1/conversations"),
        ("post", f"{one}/attachments"),
        ("post", f"{one}/csat"),
        ("put", f"{one}/details"),
        ("post", f"{one}/feedback"),
        ("post", f"{one}/handoff"),
        ("post", f"{one}/messages"),
        ("get", f"{one}/transcript"),
        ("post", "/v1/customers/token"),
        ("get", "/v1/help"),
        ("get", "/v1/help/{slug}"),
        ("get", "/v1/suggest"),
        ("get", "/v1/waiting"),
    }
    told = schema["paths"]["/v1/ask"]["post"]["responses"]["429"]
    assert told["headers"]["Retry-After"]["schema"] == {"type": "integer"}
