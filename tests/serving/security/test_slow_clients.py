"""Clients that send a byte now and then hold no place for long; over real sockets."""

import asyncio
import json
import socket
import time
from urllib.parse import urlsplit

import pytest
from starlette.types import Message, Receive, Scope, Send

from serving import slow_clients
from serving.security import headers
from tests.serving.parts import Customer, LiveServer, take_until
from tests.serving.security.test_request_bodies import CHUNKED, ask, raw_request

PATIENCE_SECONDS = 60


def connected(live: LiveServer) -> socket.socket:
    address = urlsplit(live.address)
    return socket.create_connection((address.hostname, address.port), timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize("begun", [b"", b"GET /healthz HTTP/1.1\r\nHost: a\r\n"])
def test_a_connection_without_a_whole_head_is_closed(
    live: LiveServer, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_clients, "HEAD_SECONDS", 0.2)
    with connected(live) as connection:
        connection.sendall(begun)
        assert connection.recv(1000) == b""  # without the limit this waits until the test gives up


def test_a_head_that_stops_half_way_on_a_connection_in_use_is_closed_too(
    live: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_clients, "HEAD_SECONDS", 0.2)
    with connected(live) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HT")
        received = b""
        while part := connection.recv(1000):
            received += part
        assert received.startswith(b"HTTP/1.1 200")
        assert received.count(b"HTTP/1.1") == 1


def test_a_body_that_does_not_come_is_answered_with_408_and_the_connection_ends(
    live: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, token = ask(live)
    monkeypatch.setattr(headers, "READ_SECONDS", 0.2)
    with raw_request(live) as request:
        request.begin(path, token, CHUNKED)
        request.chunk(b'{"question": ')
        status, problem = request.answer()
    assert status == 408
    assert problem["detail"] == "the request came too slowly, and nothing was changed; send it again"


def test_a_body_has_longer_by_what_has_come_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headers, "READ_SECONDS", 0.2)
    monkeypatch.setattr(headers, "SLOWEST_BYTES_PER_SECOND", 1.0)
    parts = [(b" " * 3600, 0.0), (b"end", 0.5)]  # an hour's worth at once, the rest after the time is over

    async def receive() -> Message:
        body, pause = parts.pop(0)
        await asyncio.sleep(pause)
        return {"type": "http.request", "body": body, "more_body": bool(parts)}

    async def read(_scope: Scope, receive: Receive, send: Send) -> None:
        while message := await receive():
            await send(message)
            if not message["more_body"]:
                return

    sent: list[bytes] = []

    async def send(message: Message) -> None:
        sent.append(message["body"])

    asyncio.run(headers.ReadInTime(read)({"type": "http"}, receive, send))
    assert sent == [b" " * 3600, b"end"]


def test_a_stream_is_no_slow_request_however_long_it_says_nothing(
    live: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = Customer(live.client)
    conversation_id = customer.start()
    monkeypatch.setattr(headers, "READ_SECONDS", 0.2)
    with live.stream(f"/v1/conversations/{conversation_id}/events", customer.headers) as events:
        time.sleep(0.5)  # longer than any body may take
        monkeypatch.setattr(headers, "READ_SECONDS", 20.0)
        customer.say(conversation_id, "do you ship?")
        assert take_until(events, "message", text="do you ship?")


def test_a_history_has_a_limit_in_all(live: LiveServer) -> None:
    customer = Customer(live.client)

    def asked(*texts: str) -> tuple[int, str]:
        history = [{"author": "customer", "text": text} for text in texts]
        answer = customer.post("/v1/ask", {"question": "how do refunds work?", "history": history})
        return answer.status_code, json.loads(answer.text).get("detail", "")

    assert asked("a" * 20_000, "b" * 20_000) == (200, "")
    detail = "history has 40,001 characters, at most 40,000; send the last messages only"
    assert asked("a" * 20_000, "b" * 20_001) == (422, detail)
    assert asked(*["a"] * 101)[0] == 422
