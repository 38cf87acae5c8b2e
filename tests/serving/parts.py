"""A server at work for tests of serving, and the people who use it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from fastapi import FastAPI
from httpx2 import Client, Response
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from serving.company.accounts import create_agent
from serving.db.tables import new_id
from serving.problems import route_of
from serving.runtime.assembly import Runtime
from serving.security.principals import SESSION_COOKIE
from serving.server import Server, server_config

PASSWORD = "correct horse battery"
IDENTITY_SECRET = "shared with the business, 32 or more"


_declared: dict[str, Any] = {}  # JSON


def _declared_paths(app: FastAPI) -> dict[str, Any]:
    """The paths of the schema, worked out once: every application has the same."""
    if not _declared:
        _declared.update(app.openapi()["paths"])
    return _declared


class DeclaredResponses:
    """Passes requests on, and notes each response of the API that its schema does not declare."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._paths = _declared_paths(app)
        self.undeclared: set[tuple[str, str, int, str]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(scope, message["status"], MutableHeaders(scope=message).get("content-type", ""))
            await send(message)

        await self._app(scope, receive, send_noting)

    def _note(self, scope: Scope, status: int, content_type: str) -> None:
        path, method = route_of(scope).replace(":path}", "}"), scope["method"].lower()
        operation = self._paths.get(path, {}).get(method)
        if operation is None:
            return
        declared = operation["responses"].get(str(status))
        kinds = {kind.partition(";")[0] for kind in (declared or {}).get("content", ())}
        if declared is None or (kinds and content_type.partition(";")[0] not in kinds):
            self.undeclared.add((method, path, status, content_type))


class Customer:
    """A customer with a token, who talks to the server."""

    def __init__(self, client: Client, body: dict[str, str] | None = None) -> None:
        self.client = client
        made = client.post("/v1/customers/token", json=body or {})
        assert made.status_code == 201, made.text
        self.token = made.json()["token"]
        self.contact_id = made.json()["contact_id"]
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str) -> Response:
        return self.client.get(path, headers=self.headers)

    def post(self, path: str, body: object) -> Response:
        return self.client.post(path, headers=self.headers, json=body)

    def start(self) -> str:
        return self.post("/v1/conversations", {"client_id": new_id()}).json()["id"]

    def say(self, conversation_id: str, text: str, **more: object) -> dict:
        body = {"client_id": new_id(), "text": text, **more}
        made = self.post(f"/v1/conversations/{conversation_id}/messages", body)
        assert made.status_code == 201, made.text
        return made.json()

    def messages(self, conversation_id: str) -> list[dict]:
        return self.get(f"/v1/conversations/{conversation_id}/messages").json()["messages"]

    def conversation(self, conversation_id: str) -> dict:
        return self.get(f"/v1/conversations/{conversation_id}").json()


class AgentAtWork:
    """A signed-in agent, who talks to the server."""

    def __init__(self, client: Client, runtime: Runtime, role: str = "agent") -> None:
        self.client = client
        self.email = f"{new_id()}@tuckleaf.example"
        with runtime.database.session() as session:
            agent = create_agent(
                session, email=self.email, name="Ada", password=PASSWORD, role=role, team=None
            )
        self.id = agent.id
        body = {"email": self.email, "password": PASSWORD}
        signed = client.post("/v1/agents/session", json=body)
        assert signed.status_code == 200, signed.text
        self.cookie = signed.cookies[SESSION_COOKIE]
        client.cookies.clear()
        self.headers = {"Cookie": f"{SESSION_COOKIE}={self.cookie}"}

    def get(self, path: str) -> Response:
        return self.client.get(path, headers=self.headers)

    def post(self, path: str, body: object = None) -> Response:
        return self.client.post(path, headers=self.headers, json=body)

    def put(self, path: str, body: object) -> Response:
        return self.client.put(path, headers=self.headers, json=body)

    def patch(self, path: str, body: object) -> Response:
        return self.client.patch(path, headers=self.headers, json=body)

    def delete(self, path: str) -> Response:
        return self.client.delete(path, headers=self.headers)

    def say(self, conversation_id: str, text: str, **more: object) -> dict:
        body = {"client_id": new_id(), "text": text, **more}
        made = self.post(f"/v1/conversations/{conversation_id}/messages", body)
        assert made.status_code == 201, made.text
        return made.json()


@dataclass(frozen=True)
class Sent:
    """One server-sent event as it came over the wire."""

    id: int | None
    kind: str
    data: dict


class LiveServer:
    """A real server in a thread."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        config = server_config(runtime)
        self._ready = threading.Event()
        self.address = ""
        self.server = Server(config, runtime, on_ready=self._on_ready)
        self._thread = threading.Thread(target=self.server.run)
        self.client = Client()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(20)
        self.client = Client(base_url=self.address, timeout=20)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> float:
        """Stop the server; how many seconds it took."""
        started = time.monotonic()
        self.server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()
        self.client.close()
        return time.monotonic() - started

    @contextmanager
    def stream(self, path: str, headers: dict[str, str]) -> Iterator[Iterator[Sent]]:
        """The events of a stream, read as they come; comments are left out."""
        with self.client.stream("GET", path, headers=headers) as response:
            assert response.status_code == 200, response.read()
            assert response.headers["content-type"].startswith("text/event-stream")
            yield _events(response.iter_lines())

    def _on_ready(self, address: str) -> None:
        self.address = address
        self._ready.set()


def _events(lines: Iterator[str]) -> Iterator[Sent]:
    fields: dict[str, str] = {}
    for line in lines:
        if not line:
            if "data" in fields:
                number = fields.get("id")
                yield Sent(int(number) if number else None, fields["event"], json.loads(fields["data"]))
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value


def take_until(events: Iterator[Sent], kind: str, **data: object) -> list[Sent]:
    """The events up to the first of this kind whose data has these values."""
    taken: list[Sent] = []
    for event in events:
        taken.append(event)
        if event.kind == kind and all(event.data.get(key) == value for key, value in data.items()):
            return taken
    raise AssertionError(f"the stream ended before {kind} {data}: {taken}")
