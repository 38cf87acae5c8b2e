"""How much a request may send, whatever its headers say; over real sockets, byte by byte."""

import json
import socket
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from tests.serving.parts import Customer, LiveServer
from tests.stores import sqlite_alone

database_url = sqlite_alone
"""Bodies are counted before anything of them reaches the store."""
MEGABYTE = 1024 * 1024
LIMIT = 4_194_304
CHUNKED = "Transfer-Encoding: chunked"


class RawRequest:
    """A POST written by hand, for what a well-behaved client would never send."""

    def __init__(self, connection: socket.socket, host: str) -> None:
        self._connection = connection
        self._host = host

    def begin(self, path: str, *headers: str, kind: str = "application/json") -> None:
        lines = [f"POST {path} HTTP/1.1", f"Host: {self._host}", f"Content-Type: {kind}", *headers]
        self._connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    def chunk(self, data: bytes) -> None:
        """One chunk; the empty one ends the body."""
        self._connection.sendall(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def answer(self) -> tuple[int, dict]:
        """Status and JSON body of the response."""
        with self._connection.makefile("rb") as stream:
            status = int(stream.readline().split()[1])
            length = 0
            while (line := stream.readline().strip()) != b"":
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            return status, json.loads(stream.read(length))


@contextmanager
def raw_request(live: LiveServer) -> Iterator[RawRequest]:
    address = urlsplit(live.address)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        yield RawRequest(connection, address.netloc)


def ask(live: LiveServer) -> tuple[str, str]:
    """The path of a question and the header that allows it."""
    return "/v1/ask", f"Authorization: {Customer(live.client).headers['Authorization']}"


@pytest.mark.parametrize("length", [None, "Content-Length: 30"])
def test_a_chunked_body_is_refused_at_the_limit_before_it_ends(live: LiveServer, length: str | None) -> None:
    path, token = ask(live)
    with raw_request(live) as request:
        request.begin(path, token, CHUNKED, *([length] if length else []))
        request.chunk(b'{"question": "')
        for _ in range(4):
            request.chunk(b"a" * MEGABYTE)
        status, problem = request.answer()  # the body has not ended, and never will
    assert status == 413
    assert problem == {
        "type": "about:blank",
        "title": problem["title"],
        "status": 413,
        "detail": "the body has more than 4,194,304 bytes; send less at once",
    }


@pytest.mark.parametrize("length", [None, "Content-Length: 30"])
def test_a_chunked_body_within_the_limit_is_read(live: LiveServer, length: str | None) -> None:
    path, token = ask(live)
    with raw_request(live) as request:
        request.begin(path, token, CHUNKED, *([length] if length else []))
        request.chunk(b'{"question": ')
        request.chunk(b'"how do refunds work?"}')
        request.chunk(b"")
        status, answer = request.answer()
    assert status == 200
    assert answer["decision"] == "answer"


def test_a_body_of_exactly_the_limit_is_read_and_one_byte_more_is_not(live: LiveServer) -> None:
    path, token = ask(live)
    wanted = {LIMIT: 200, LIMIT + 1: 413}
    for size, status in wanted.items():
        start = b'{"question": "how do refunds work?"'
        with raw_request(live) as request:
            request.begin(path, token, CHUNKED)
            request.chunk(start)
            request.chunk(b" " * (size - len(start) - 1) + b"}")
            request.chunk(b"")
            assert request.answer()[0] == status, size


def test_a_form_with_a_file_is_refused_at_the_limit_too(live: LiveServer) -> None:
    with raw_request(live) as request:
        kind = "multipart/form-data; boundary=x"
        request.begin("/login", CHUNKED, f"Origin: {live.address}", kind=kind)
        request.chunk(b'--x\r\nContent-Disposition: form-data; name="email"; filename="a"\r\n\r\n')
        for _ in range(4):
            request.chunk(b"a" * MEGABYTE)
        assert request.answer()[0] == 413


def test_an_endless_body_fills_no_memory(live: LiveServer) -> None:
    tracemalloc.start()
    try:
        with raw_request(live) as request:
            request.begin("/v1/customers/token", "Content-Length: 2", CHUNKED)
            for _ in range(60):
                request.chunk(b" " * MEGABYTE)
            request.chunk(b"{}")
            request.chunk(b"")
            assert request.answer()[0] == 413
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 30 * MEGABYTE  # what is read is kept in two copies at most; 60 MB were sent


def test_a_body_that_says_it_is_too_large_is_refused_before_any_of_it_is_sent(live: LiveServer) -> None:
    path, token = ask(live)
    with raw_request(live) as request:
        request.begin(path, token, "Content-Length: 5000000")
        status, problem = request.answer()
    assert (status, problem["detail"]) == (
        413,
        "the body has 5,000,000 bytes, at most 4,194,304 are accepted",
    )
