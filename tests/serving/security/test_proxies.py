"""Whose word counts on where a request comes from, and what follows from HTTPS."""

import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request

from model.errors import ConfigurationError
from serving.app import create_app
from serving.runtime.assembly import Runtime
from serving.security.addresses import client_address, countable
from serving.settings import Settings
from tests.stores import sqlite_alone

database_url = sqlite_alone
"""Addresses are read of requests, not of the store."""


def seen_from(runtime: Runtime, peer: str, forwarded: str, *, trusted: tuple[str, ...]) -> str | None:
    """The address that the server counts a request by."""
    seen: list[str | None] = []
    own = runtime.settings.model_copy(update={"trusted_proxies": trusted})
    before, runtime.settings = runtime.settings, own
    try:
        app = create_app(runtime)
    finally:
        runtime.settings = before

    def look(request: Request) -> None:
        seen.append(client_address(request))

    app.add_api_route("/seen", look, methods=["GET"])
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert TestClient(app, client=(peer, 50_000)).get("/seen", headers=headers).status_code == 200
    return seen[0]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.0.0.5", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.5", "203.0.113.66, 198.51.100.7", "198.51.100.7"),  # what the visitor wrote comes first
        ("10.0.0.5", "198.51.100.7, 10.0.0.9", "198.51.100.7"),  # two proxies of ours
        ("203.0.113.66", "198.51.100.7", "203.0.113.66"),  # anybody can write such a header
        ("127.0.0.1", "198.51.100.7", None),  # not named as trusted here
        ("10.0.0.5", "", "10.0.0.5"),
    ],
)
def test_only_trusted_proxies_say_where_a_request_comes_from(
    runtime: Runtime, peer: str, forwarded: str, address: str | None
) -> None:
    assert seen_from(runtime, peer, forwarded, trusted=("10.0.0.0/8",)) == address


def test_by_default_a_proxy_on_this_machine_is_trusted(runtime: Runtime) -> None:
    default = runtime.settings.trusted_proxies
    assert default == ("127.0.0.0/8", "::1/128")
    assert seen_from(runtime, "127.0.0.1", "198.51.100.7", trusted=default) == "198.51.100.7"
    assert seen_from(runtime, "10.0.0.5", "198.51.100.7", trusted=default) == "10.0.0.5"


def test_an_address_is_counted_in_one_form() -> None:
    assert countable("::ffff:198.51.100.7") == "198.51.100.7"
    assert countable("2001:db8:1:2:3:4:5:6") == countable("2001:0db8:1:2::") == "2001:db8:1:2::"
    assert countable("fe80::1%eth0") == "fe80::"
    assert [countable(host) for host in ("127.0.0.9", "::1", "", "unix:", "1.2.3")] == [None] * 5


def test_https_is_asked_for_ever_after_and_cookies_stay_on_it(runtime: Runtime) -> None:
    client = TestClient(create_app(runtime), client=("127.0.0.1", 50_000))
    assert "strict-transport-security" not in client.get("/healthz").headers
    secure = client.get("/healthz", headers={"X-Forwarded-Proto": "https"})
    assert secure.headers["strict-transport-security"] == "max-age=31536000"
    stranger = TestClient(create_app(runtime), client=("203.0.113.66", 50_000))
    forged = stranger.get("/healthz", headers={"X-Forwarded-Proto": "https"})
    assert "strict-transport-security" not in forged.headers


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("trusted_proxies", "10.0.0.0/8, here", "'here' is no network"),
        ("trusted_proxies", "10.0.0.1/8", "'10.0.0.1/8' is no network"),
        ("limit_ask", "often", "'often' is no limit"),
        ("limit_ask", "0/minute", "'0/minute' is no limit"),
        ("limit_ask", "5/minute; ٣/hour", "'٣/hour' is no limit"),
    ],
)
def test_a_network_or_limit_that_is_none_is_refused_by_name(
    tmp_path: object, name: str, value: str, problem: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"{name}.*{problem}"):
        Settings.load(tmp_path, **{name: value})  # type: ignore[arg-type]
