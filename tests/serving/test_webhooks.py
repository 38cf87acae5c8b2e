"""Notes are signed as Standard Webhooks has it, tried three times, and never follow a redirect."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from model.errors import ConfigurationError
from serving.webhooks import secret_bytes, send_note, signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Receiver(HTTPServer):
    """Answers with the statuses given, in turn, and keeps what it was sent."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses = list(statuses)
        self.notes: list[tuple[dict[str, str], bytes]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/notes"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver)
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.notes.append(({key.lower(): value for key, value in self.headers.items()}, body))
        self.send_response(self.server.statuses.pop(0))
        self.send_header("location", self.server.url)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def receiver(request: pytest.FixtureRequest) -> Iterator[Receiver]:
    server = Receiver(*request.param)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_signature_is_that_of_the_published_example() -> None:
    headers = signed_headers(
        secret_bytes(SECRET),
        note_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("receiver", [(204,)], indirect=True)
def test_a_note_arrives_with_a_signature_that_its_receiver_can_check(receiver: Receiver) -> None:
    assert send_note(receiver.url, SECRET, "retrain.promoted", {"trained": "süß"}) is None
    [(headers, body)] = receiver.notes
    told = json.loads(body)
    assert (told["type"], told["data"]) == ("retrain.promoted", {"trained": "süß"})
    signed = signed_headers(
        secret_bytes(SECRET),
        note_id=headers["webhook-id"],
        timestamp=int(headers["webhook-timestamp"]),
        body=body,
    )
    assert headers["webhook-signature"] == signed["webhook-signature"]
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize("receiver", [(500, 503, 200)], indirect=True)
def test_a_receiver_that_recovers_gets_the_same_note_at_the_third_try(receiver: Receiver) -> None:
    waits: list[float] = []
    assert send_note(receiver.url, SECRET, "retrain.refused", {}, wait=waits.append) is None
    assert waits == [0.0, 1.0, 5.0]
    assert len({headers["webhook-id"] for headers, _ in receiver.notes}) == 1
    assert len({body for _, body in receiver.notes}) == 1


@pytest.mark.parametrize("receiver", [(500, 500, 302)], indirect=True)
def test_after_three_tries_it_is_told_why_and_a_redirect_is_not_followed(receiver: Receiver) -> None:
    assert send_note(receiver.url, SECRET, "retrain.failed", {}, wait=lambda _: None) == "status 302"
    assert len(receiver.notes) == 3


def test_nobody_listening_is_told_in_words() -> None:
    problem = send_note("http://127.0.0.1:9/", SECRET, "retrain.failed", {}, wait=lambda _: None)
    assert problem is not None
    assert "refused" in problem


@pytest.mark.parametrize(
    "url", ["", "help.example/notes", "file:///etc/passwd", "ftp://help.example", "https://"]
)
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is no address to send a note to"):
        send_note(url, SECRET, "retrain.failed", {})


@pytest.mark.parametrize(
    "secret", [None, "", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64!", SECRET.removeprefix("whsec_")]
)
def test_a_secret_that_signs_nothing_is_refused_with_how_to_make_one(secret: str | None) -> None:
    with pytest.raises(ConfigurationError, match=r"whsec_\$\(openssl rand -base64 32\)"):
        secret_bytes(secret)
