"""A small server with the messenger's part of the HTTP contract, which can fail on request."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from serving.messenger.assets import STATIC_FOLDER, messenger_script, part_file, words_file

PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8"><title>Shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<body><main><h1>Shop</h1></main>
<script type="module" src="{script}/messenger.js"></script>
<firstlast-messenger title="Help" {attributes}></firstlast-messenger></body></html>"""


class StandIn:
    """What the server knows, what it was asked, and how it shall fail next."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.contacts: dict[str, str] = {}
        """Contact by token."""
        self.expired: dict[str, str] = {}
        """The same for tokens that can only be exchanged."""
        self.conversations: dict[str, dict[str, Any]] = {}
        self.messages: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str, dict[str, str], Any]] = []
        self.suggestions: list[dict[str, str]] = []
        self.articles: dict[str, dict[str, str]] = {}
        """`slug`, `title` and `html` of each, by slug."""
        self.language = "en"
        self.details: dict[str, Any] = {"status": None, "fields": [], "values": {}}
        self.files: dict[str, bytes] = {}
        """What was uploaded, by id."""
        self.attributes = ""
        self.script_origin = ""
        self.answer: Callable[[dict[str, Any]], None] = lambda message: None
        self.faults: list[str] = []
        """For the next posts of a message: `lost` (kept, then cut), `cut`, `503`, `429`, `422`."""
        self.is_down = False
        self.streams_cut = 0
        self.stopped = False

    def say(self, conversation_id: str, author: str, html: str, **more: Any) -> dict[str, Any]:
        """A message of the bot or an agent, stored and told to the streams."""
        return self.store_message(conversation_id, {"author": author, "text": html, "html": html, **more})

    def store_message(self, conversation_id: str, given: dict[str, Any]) -> dict[str, Any]:
        with self.changed:
            message = {
                "id": len(self.messages) + 1,
                "conversation_id": conversation_id,
                "client_id": f"server-{len(self.messages) + 1}",
                "kind": "message",
                "html": "",
                "agent": None,
                "payload": {},
                "created_at": _now(),
                **given,
            }
            self.messages.append(message)
            self.tell(conversation_id, "message", message)
            return message

    def with_last_message(self, conversation: dict[str, Any]) -> dict[str, Any]:
        own = [m for m in self.messages if m["conversation_id"] == conversation["id"]]
        return {**conversation, "last_message": own[-1] if own else None}

    def set_status(self, conversation_id: str, **changes: Any) -> None:
        with self.changed:
            conversation = self.conversations[conversation_id]
            conversation.update(changes, updated_at=_now())
            self.tell(conversation_id, "status", dict(conversation))

    def tell(self, conversation_id: str, kind: str, data: Any) -> None:
        with self.changed:
            event = {"id": len(self.events) + 1, "conversation": conversation_id, "kind": kind, "data": data}
            self.events.append(event)
            self.changed.notify_all()

    def cut_streams(self) -> None:
        with self.changed:
            self.streams_cut += 1
            self.changed.notify_all()

    def go_down(self) -> None:
        self.is_down = True
        self.cut_streams()

    def texts(self, author: str = "customer") -> list[str]:
        return [message["text"] for message in self.messages if message["author"] == author]

    def asked(self, method: str, ending: str) -> list[Any]:
        """The bodies of the requests to addresses that end so."""
        return [body for verb, path, _, body in self.requests if verb == method and path.endswith(ending)]


def _now() -> str:
    return datetime.now(UTC).isoformat()


class _Handler(BaseHTTPRequestHandler):
    state: StandIn

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_OPTIONS(self) -> None:
        self._send(204, None)

    def do_GET(self) -> None:
        self._handle("GET")

    def do_PUT(self) -> None:
        self._handle("PUT")

    def do_POST(self) -> None:
        self._handle("POST")

    def _handle(self, method: str) -> None:
        state, url = self.state, urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(size)
        is_file = self.headers.get("Content-Type") == "application/octet-stream"
        body = sent if is_file else json.loads(sent) if size else None
        if self._serve_file(url.path):
            return
        state.requests.append((method, url.path, dict(self.headers), body))
        if state.is_down:
            return
        if url.path == "/v1/customers/token":
            self._token(body)
            return
        if url.path == "/v1/suggest":
            self._send(200, {"suggestions": state.suggestions})
            return
        if url.path == "/v1/help":
            listed = [{key: one[key] for key in ("slug", "title")} for one in state.articles.values()]
            self._send(200, {"articles": listed})
            return
        if url.path.startswith("/v1/help/"):
            article = state.articles.get(unquote(url.path.removeprefix("/v1/help/")))
            self._send(200, article) if article else self._problem(404, "There is no such article.")
            return
        contact = state.contacts.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if contact is None:
            self._problem(401, "The token is not known.")
        elif url.path.startswith("/v1/attachments/"):
            self._send(200, state.files[url.path.rpartition("/")[2]], "image/png")
        elif url.path == "/v1/conversations" and method == "POST":
            self._begin(contact, body["client_id"])
        elif url.path == "/v1/conversations":
            own = [kept for kept in state.conversations.values() if kept["contact"] == contact]
            self._send(200, {"conversations": [state.with_last_message(kept) for kept in own[::-1]]})
        else:
            self._in_conversation(method, contact, url.path.split("/")[3:], parse_qs(url.query), body)

    def _serve_file(self, path: str) -> bool:
        if path == "/":
            page = PAGE.format(
                script=self.state.script_origin,
                attributes=self.state.attributes,
                language=self.state.language,
            )
            self._send(200, page.encode(), "text/html; charset=utf-8")
        elif path == "/blank":
            self._send(200, b"<!doctype html><title>Parts</title>", "text/html")
        elif path == "/favicon.ico":
            self._send(204, None)
        elif path == "/messenger.js":
            self._send(200, messenger_script().body, "text/javascript")
        elif path.startswith("/messenger/parts/"):
            self._send(200, part_file(path.rpartition("/")[2]).body, "text/javascript")
        elif path.startswith("/messenger/words/"):
            self._send(200, words_file(path.rpartition("/")[2]).body, "application/json")
        elif path.startswith("/parts/"):
            self._send(200, (STATIC_FOLDER / path.removeprefix("/parts/")).read_bytes(), "text/javascript")
        else:
            return False
        return True

    def _token(self, body: dict[str, Any]) -> None:
        state = self.state
        with state.changed:
            number = len(state.contacts) + 1
            contact = f"contact-{number}"
            if "jwt" in body:
                contact = f"known-{body['jwt']}"
            elif "refresh" in body:
                if body["refresh"] not in state.expired:
                    self._problem(401, "The token is too old.")
                    return
                contact = state.expired[body["refresh"]]
            token = f"token-{number}-{time.monotonic_ns()}"
            state.contacts[token] = contact
        expires = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        self._send(201, {"token": token, "contact_id": contact, "expires_at": expires})

    def _begin(self, contact: str, client_id: str) -> None:
        state = self.state
        with state.changed:
            for kept in state.conversations.values():
                if (kept["contact"], kept["client_id"]) == (contact, client_id):
                    self._send(200, kept)
                    return
            new_id = f"c{len(state.conversations) + 1}"
            state.conversations[new_id] = {
                **{"id": new_id, "contact": contact, "client_id": client_id, "status": "bot", "team": None},
                **{
                    "team_title": None,
                    "expected_wait_minutes": None,
                    "read_message_id": 0,
                    "created_at": _now(),
                    "updated_at": _now(),
                },
            }
        self._send(201, state.conversations[new_id])

    def _in_conversation(
        self, method: str, contact: str, path: list[str], query: dict[str, list[str]], body: Any
    ) -> None:
        state = self.state
        conversation = state.conversations.get(path[0])
        if conversation is None or conversation["contact"] != contact:
            self._problem(404, "There is no such conversation.")
            return
        match method, path[1:]:
            case "GET", []:
                self._send(200, conversation)
            case "GET", ["messages"]:
                after = int(query.get("after", ["0"])[0])
                own = [m for m in state.messages if m["conversation_id"] == path[0] and m["id"] > after]
                self._send(200, {"messages": own})
            case "GET", ["events"]:
                self._stream(path[0])
            case "POST", ["messages"]:
                self._post_message(path[0], body)
            case "POST", ["handoff"]:
                state.set_status(path[0], status="waiting", team_title="Billing", expected_wait_minutes=10)
                self._send(200, conversation)
            case "POST", ["close"]:
                state.set_status(path[0], status="closed")
                self._send(200, conversation)
            case "GET", ["details"]:
                self._send(200, state.details)
            case "PUT", ["details"]:
                if body.get("values", {}).get("order") == "12":
                    self._problem(422, "order: '12' is no order number; write it as AB-####")
                    return
                state.details = {**state.details, "status": "skipped" if body.get("skip") else "given"}
                self._send(200, state.details)
            case "POST", ["attachments"]:
                self._upload(query["name"][0], body)
            case "POST", ["read"]:
                conversation["read_message_id"] = body["message_id"]
                self._send(200, conversation)
            case "GET", ["transcript"]:
                self._send(200, b"All that was said.\n", "text/plain; charset=utf-8")
            case _:
                self._send(200, {"resolution": "none"})

    def _upload(self, name: str, content: bytes) -> None:
        if content.startswith(b"MZ"):
            self._problem(422, f"'{name}' holds no picture, document or text that can be sent.")
            return
        new_id = f"f{len(self.state.files) + 1}"
        self.state.files[new_id] = content
        self._send(201, {"id": new_id, "name": name})

    def _post_message(self, conversation_id: str, body: dict[str, Any]) -> None:
        state = self.state
        fault = state.faults.pop(0) if state.faults else ""
        if fault == "cut":
            return
        if fault == "503":
            self._problem(503, "The store is busy.")
            return
        if fault == "429":
            self._problem(429, "too many requests of this kind; try again in 2 seconds", retry_after=2)
            return
        if fault == "422":
            self._problem(422, "The text is too long; 8000 characters are accepted.")
            return
        with state.changed:
            known = [m for m in state.messages if m["client_id"] == body["client_id"]]
            payload = {"choice": body["choice"]} if body.get("choice") else {}
            if body.get("attachments"):
                files = [
                    {"id": one, "name": f"{one}.png", "media_type": "image/png"}
                    for one in body["attachments"]
                ]
                payload["attachments"] = files
            given = {
                **{key: body[key] for key in ("client_id", "text")},
                "author": "customer",
                "payload": payload,
            }
            message = known[0] if known else state.store_message(conversation_id, given)
        if fault != "lost":
            self._send(200 if known else 201, message)
        if not known:
            state.answer(message)

    def _stream(self, conversation_id: str) -> None:
        state, cuts = self.state, self.state.streams_cut
        last = int(self.headers.get("Last-Event-ID") or 0)
        self._head(200, "text/event-stream")
        try:
            self.wfile.write(b": welcome\n\n")
            while cuts == state.streams_cut and not state.stopped:
                with state.changed:
                    fresh = state.events[last:]
                    if not fresh:
                        state.changed.wait(0.1)
                for event in fresh:
                    last = event["id"]
                    if event["conversation"] == conversation_id:
                        data = json.dumps(event["data"])
                        text = f"id: {last}\r\nevent: {event['kind']}\r\ndata: {data}\r\n\r\n"
                        self.wfile.write(text.encode())
                self.wfile.flush()
        except OSError:
            return

    def _problem(self, status: int, detail: str, *, retry_after: int = 0) -> None:
        self._retry_after = retry_after
        self._send(status, {"title": "Problem", "status": status, "detail": detail})

    def _send(self, status: int, body: Any, media_type: str = "application/json") -> None:
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            self._head(status, media_type, len(data))
            self.wfile.write(data)
        except OSError:
            return

    def _head(self, status: int, media_type: str, size: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        if status == 429:
            self.send_header("Retry-After", str(self._retry_after))
        if size is not None:
            self.send_header("Content-Length", str(size))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID")
        self.end_headers()


@contextmanager
def running(state: StandIn) -> Iterator[str]:
    """The server's address, while the block runs."""
    handler = type("Handler", (_Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        state.stopped = True
        state.cut_streams()
        server.shutdown()
        thread.join()
        server.server_close()
