"""Requests made of the API's schema, sent by all who may ask, and what the answers break of its word."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import schemathesis
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from serving.db.tables import new_id
from serving.runtime.assembly import Runtime
from tests.serving.parts import AgentAtWork, Customer

IDENTITIES = ("anonymous", "customer", "agent", "admin")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ENDLESS = ("GET /v1/inbox/events", "GET /v1/conversations/{conversation_id}/events")
"""Streams: whoever is let in stays, so that only those are sent here who are not."""


class Sent:
    """What came of all requests."""

    def __init__(self) -> None:
        self.statuses: dict[str, Counter[int]] = {who: Counter() for who in IDENTITIES}
        self.broken: list[str] = []

    def lines(self) -> Iterator[str]:
        """A line for each identity: how many requests, and of each hundred how many answers."""
        for who, statuses in self.statuses.items():
            by_hundred = Counter(status // 100 for status in statuses.elements())
            counts = ", ".join(f"{hundred}xx {count}" for hundred, count in sorted(by_hundred.items()))
            yield f"{who}: {statuses.total()} requests, {counts}"


class Senders:
    """The four who ask; whoever's session was ended by a request before signs in again."""

    def __init__(self, client: TestClient, runtime: Runtime) -> None:
        self._client = client
        self._runtime = runtime
        self._headers: dict[str, Mapping[str, str]] = {}

    def send(self, who: str, case: Case, changes: Mapping[str, Any]) -> Response:
        """The answer to the case as this one asks it, with some path parameters put in its place."""
        answer = self._send(who, case, changes)
        if answer.status_code == 401 and who != "anonymous":
            del self._headers[who]
            answer = self._send(who, case, changes)
        return answer

    def _send(self, who: str, case: Case, changes: Mapping[str, Any]) -> Response:
        case.path_parameters = {**(case.path_parameters or {}), **changes}
        request = case.as_transport_kwargs(base_url="http://testserver")
        headers = {**request["headers"], **self._headers_of(who)}
        if "Authorization" not in self._headers_of(who):
            headers.pop("Authorization", None)
        request |= {"headers": headers}
        request.pop("cookies", None)
        if "data" in request:
            request["content"] = request.pop("data")
        answer = self._client.request(**request, follow_redirects=False)
        self._client.cookies.clear()
        return answer

    def _headers_of(self, who: str) -> Mapping[str, str]:
        if who not in self._headers:
            self._headers[who] = self._new(who)
        return self._headers[who]

    def _new(self, who: str) -> Mapping[str, str]:
        if who == "anonymous":
            return {}
        if who == "customer":
            return Customer(self._client).headers
        return AgentAtWork(self._client, self._runtime, who).headers


def send_all(client: TestClient, runtime: Runtime, schema: Mapping[str, Any], *, examples: int) -> Sent:
    """Send so many requests of each operation as each of the four; half of them name what is there."""
    sent, senders = Sent(), Senders(client, runtime)
    for found in schemathesis.openapi.from_dict(dict(schema)).get_all_operations():
        operation = found.ok()
        names = {parameter["name"] for parameter in operation.definition.raw.get("parameters", ())}
        numbers = iter(range(10**9))

        def send(
            case: Case,
            label: str = operation.label,
            names: set[str] = names,
            numbers: Iterator[int] = numbers,
        ) -> None:
            is_there = next(numbers) % 2 == 1 and label not in ENDLESS
            changes = {
                k: v for k, v in (_what_is_there(client, runtime).items() if is_there else ()) if k in names
            }
            for who in IDENTITIES[: 2 if label == ENDLESS[0] else 4]:
                answer = senders.send(who, case, changes)
                sent.statuses[who][answer.status_code] += 1
                sent.broken.extend(f"{who}: {label}: {told}" for told in _broken(case, answer))

        _examples_of(operation, send, examples)
    return sent


def _examples_of(operation: Any, send: Callable[[Case], None], examples: int) -> None:
    """Call `send` with so many cases, the same at every run."""
    run = given(case=operation.as_strategy())(lambda case: send(case))
    limits = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    seed(20_261_201)(limits(run))()


def _broken(case: Case, answer: Response) -> list[str]:
    try:
        case.validate_response(answer, checks=CHECKS)
    except (FailureGroup, Failure) as failures:
        found = failures.exceptions if isinstance(failures, FailureGroup) else [failures]
        return [
            f"{type(one).__name__} {answer.status_code} {answer.text[:300]} to {case.as_curl_command()[:600]}"
            for one in found
        ]
    return []


_there: dict[int, dict[str, Any]] = {}


def _what_is_there(client: TestClient, runtime: Runtime) -> dict[str, Any]:
    """Path parameters that name something; made once for a store, so that some of it goes on the way."""
    if id(runtime) not in _there:
        customer, admin = Customer(client), AgentAtWork(client, runtime, "admin")
        admin.put("/v1/articles/pump", {"title": "The pump", "body": "Fill it."})
        admin.put("/v1/teams/repairs", {"title": "Repairs"})
        answer = admin.post("/v1/learned-answers", {"question": "Is it loud?", "answer": "No."}).json()
        key = admin.post("/v1/api-keys", {"name": f"shop {new_id()}", "scopes": ["ask"]}).json()
        _there[id(runtime)] = {
            "contact_id": customer.contact_id,
            "conversation_id": customer.start(),
            "agent_id": AgentAtWork(client, runtime).id,
            "slug": "pump",
            "name": "repairs",
            "learned_answer_id": answer["id"],
            "key_id": key["id"],
        }
    return _there[id(runtime)]
