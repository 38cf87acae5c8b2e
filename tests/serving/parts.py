"""Small real parts that tests of serving run with: an encoder of word hashes and a resolver of rules."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import numpy as np
import uvicorn
from fastapi import FastAPI
from httpx2 import Client, Response
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from model.types import (
    Decision,
    DecisionKind,
    IntentInfo,
    Question,
    Reading,
    Source,
    Understanding,
    Vector,
    Vectors,
)
from model.understanding.classifying import Classified, IntentsRead
from serving.app import create_app
from serving.company.accounts import create_agent
from serving.db.tables import new_id
from serving.problems import route_of
from serving.runtime.assembly import Runtime
from serving.security.principals import SESSION_COOKIE
from serving.server import Server

PASSWORD = "correct horse battery"
IDENTITY_SECRET = "shared with the business, 32 or more"


class HashReader:
    """Encodes a text by the hashes of its words; texts that share words are near each other."""

    dim = 64
    fingerprint = "word-hashes-64"
    words = frozenset[str]()

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.array([self.encode_one(text) for text in texts], np.float32).reshape(len(texts), self.dim)

    def encode_one(self, text: str) -> Vector:
        vector = np.zeros(self.dim, np.float32)
        for word in text.lower().split():
            vector[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) % self.dim] += 1
        norm = np.linalg.norm(vector)
        return vector / norm if norm else vector

    def read(self, texts: Sequence[str]) -> Reading:
        vectors = self.encode(texts)
        return Reading(vectors, vectors)

    def pieces(self, word: str) -> int:
        return 1


@dataclass(frozen=True)
class Rule:
    """Answers in order of preference for questions that hold the word."""

    word: str
    answers: tuple[tuple[str, str], ...]


RULES = (
    Rule(
        "refund", (("article:refund-policy", "Within 45 days."), ("article:refund-time", "It takes 5 days."))
    ),
    Rule("ship", (("learned_answer:1", "We ship **daily**."),)),
)


class RuleResolver:
    """Decides by words: of danger, of the rules, `person`, `awful`, `boom`, `hello`, `asdf`, `unclear`."""

    def __init__(self) -> None:
        self.questions: list[Question] = []

    def resolve(self, question: Question) -> Decision:
        self.questions.append(question)
        text = question.text.lower()
        upset = ("mood_low",) if "awful" in text else ()
        danger = ("danger",) if question.danger.found_in(text) else ()
        if question.owned_by_person:
            return decision("silent", reasons=(*danger, *upset, "owned_by_person"))
        if danger:
            told = (source("article:safety"),) if "plug" in text else ()
            words = "**Pull** the plug." if told else ""
            return decision("handoff", words, reasons=danger, sources=told)
        if "boom" in text:
            raise ValueError(f"cannot think about {question.text}")
        if "person" in text:
            return decision("handoff", reasons=("wants_person",))
        if upset:
            return decision("handoff", reasons=upset)
        for rule in RULES:
            for ref, words in rule.answers:
                wanted = rule.word in text or question.chosen_ref == ref
                if wanted and ref not in question.tried_refs and question.chosen_ref in {None, ref}:
                    return decision("answer", words, reasons=("above_threshold",), sources=(source(ref),))
        if "hello" in text:
            return decision("smalltalk", "Hello! How can I help?", reasons=("smalltalk_greeting",))
        if "asdf" in text and not question.clarifications:
            return decision("clarify", "In other words?", reasons=("nothing_found", "not_understood"))
        if "unclear" in text and not question.clarifications:
            choices = (source("article:refund-policy"), source("learned_answer:1"))
            return decision("clarify", "Which of these is it?", reasons=("plausible",), choices=choices)
        return decision("handoff", reasons=("below_threshold",))

    def classify(self, texts: Sequence[str], *, intents: Mapping[str, IntentInfo]) -> Classified:
        """`refund` is in scope, `person` asks for one, `awful` is negative; the business names the team."""
        info = intents.get("refund_policy", IntentInfo(None, human_only=False))
        return Classified("rules", tuple(_read(text.lower(), info) for text in texts), wants_person_limit=0.8)

    def read_intents(self, texts: Sequence[str]) -> IntentsRead:
        """`refund` is surely in scope; of everything else two intents are as likely."""
        is_refund = np.array(["refund" in text.lower() for text in texts], np.bool_)
        sure, unsure = np.array([0.05, 0.9, 0.05]), np.array([0.4, 0.2, 0.4])
        return IntentsRead(
            model="rules",
            labels=("pause", "refund_policy", "track_order"),
            probabilities=np.where(is_refund[:, None], sure, unsure),
            out_of_scope=~is_refund,
            vectors=HashReader().encode(texts),
        )


def _read(text: str, info: IntentInfo) -> Understanding:
    negative = 0.9 if "awful" in text else 0.1
    is_refund = "refund" in text
    return replace(
        decision("handoff", reasons=()).understanding,
        intent="refund_policy" if is_refund else None,
        intent_probabilities={"track_order": 0.25, "refund_policy": 0.7, "pause": 0.05},
        out_of_scope_score=0.25 if is_refund else 0.75,
        team=info.team if is_refund else None,
        sentiment="negative" if negative == 0.9 else "positive",
        sentiment_score=0.9 - 2 * negative,
        sentiment_probabilities={"negative": negative, "neutral": 0.1, "positive": 0.9 - negative},
        wants_person=0.8 if "person" in text else 0.0,
    )


def source(ref: str) -> Source:
    return Source(
        ref=ref,
        kind="article" if ref.startswith("article:") else "learned_answer",
        title=ref.partition(":")[2],
        heading_path=("Top",),
        url="https://tuckleaf.example/help",
        excerpt="An excerpt.",
    )


def decision(
    kind: DecisionKind,
    answer: str = "",
    *,
    reasons: tuple[str, ...],
    sources: tuple[Source, ...] = (),
    choices: tuple[Source, ...] = (),
) -> Decision:
    understanding = Understanding(
        intent="refund_policy",
        intent_confidence=0.9,
        intent_probabilities={"refund_policy": 0.9, "track_order": 0.1},
        out_of_scope_score=0.1,
        human_only_probability=0.0,
        human_only_in_passing=0.0,
        genre_probabilities={},
        team="billing",
        sentiment="neutral",
        sentiment_score=0.0,
        mood=-0.25,
        wants_person=0.0,
        smalltalk=None,
    )
    return Decision(
        kind=kind,
        answer=answer,
        sources=sources,
        choices=choices,
        confidence=0.9 if kind == "answer" else 0.1,
        threshold=0.8,
        reasons=reasons,
        understanding=understanding,
        candidates=(),
        model="rules",
        milliseconds={"total": 1.5},
    )


class DeclaredResponses:
    """Passes requests on, and notes each response of the API that its schema does not declare."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._paths = app.openapi()["paths"]
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
        config = uvicorn.Config(create_app(runtime), host="127.0.0.1", port=0, log_config=None)
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
