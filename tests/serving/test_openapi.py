"""The schema of the API tells clients all: names, who may call, what comes back, and every error."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from serving.app import create_app
from serving.runtime.assembly import build_runtime
from serving.settings import Settings
from tests.serving.rules import HashReader, RuleResolver

Operation = dict[str, Any]

OPEN = {
    ("post", "/v1/customers/token"),
    ("post", "/v1/agents/session"),
    ("delete", "/v1/agents/session"),
    ("get", "/v1/help"),
    ("get", "/v1/help/{slug}"),
    ("get", "/v1/suggest"),
    ("get", "/v1/waiting"),
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
}
FREE_FORM = {
    "ContactOut.attributes",  # set by the business
    "ChangeOut.before",  # of a company, team, intent, agent or key
    "ChangeOut.after",
    "ModelSetOut.card",  # written by training
}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    home = tmp_path_factory.mktemp("home")
    runtime = build_runtime(Settings.load(home), encoder=HashReader(), resolver=RuleResolver())
    yield create_app(runtime).openapi()
    runtime.stop()


@pytest.fixture(scope="module")
def operations(schema: dict[str, Any]) -> dict[tuple[str, str], Operation]:
    return {
        (method, path): operation
        for path, of_path in schema["paths"].items()
        for method, operation in of_path.items()
    }


def test_an_operation_is_called_by_two_or_three_plain_words(
    operations: dict[tuple[str, str], Operation],
) -> None:
    names = [operation["operationId"] for operation in operations.values()]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+){0,3}", name)] == []
    assert operations["post", "/v1/learned-answers"]["operationId"] == "create_learned_answer"


def test_an_operation_names_the_credentials_that_it_takes_and_open_ones_take_none(
    operations: dict[tuple[str, str], Operation], schema: dict[str, Any]
) -> None:
    taken = {
        place: [next(iter(one)) for one in operation.get("security", ())]
        for place, operation in operations.items()
    }
    assert {place for place, schemes in taken.items() if not schemes} == OPEN
    assert taken["post", "/v1/conversations"] == ["visitorToken"]
    assert taken["get", "/v1/proposals"] == ["agentSession"]
    assert taken["get", "/v1/articles"] == ["agentSession", "apiKey"]
    assert taken["post", "/v1/ask"] == ["visitorToken", "agentSession", "apiKey"]
    schemes = schema["components"]["securitySchemes"]
    assert {name: one["type"] for name, one in schemes.items()} == {
        "visitorToken": "http",
        "agentSession": "apiKey",
        "apiKey": "http",
    }
    assert (schemes["agentSession"]["in"], schemes["agentSession"]["name"]) == ("cookie", "firstlast_session")


def test_every_error_is_a_problem_and_who_must_say_who_they_are_may_be_refused(
    operations: dict[tuple[str, str], Operation], schema: dict[str, Any]
) -> None:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for place, operation in operations.items():
        errors = {status: one["content"] for status, one in operation["responses"].items() if status >= "400"}
        if place == ("get", "/readyz"):
            assert "Readiness" in str(errors.pop("503"))
        assert all(content == problem for content in errors.values()), place
        assert {"400", "500"} <= set(errors), place
        assert {"401", "403"} <= set(errors) or place in OPEN, place
        assert "422" in errors or not ({"parameters", "requestBody"} & set(operation)), place
    assert not {"HTTPValidationError", "ValidationError"} & set(schema["components"]["schemas"])


def test_nothing_is_an_object_of_any_shape_but_what_others_shape(schema: dict[str, Any]) -> None:
    found = {
        f"{name}.{field}"
        for name, component in schema["components"]["schemas"].items()
        for field, described in component.get("properties", {}).items()
        if any(one.get("additionalProperties") is True for one in _parts(described))
    }
    assert found == FREE_FORM


def test_what_has_few_values_lists_them(schema: dict[str, Any]) -> None:
    def values(component: str, field: str) -> list[str]:
        parts = list(_parts(schema["components"]["schemas"][component]["properties"][field]))
        named = [
            schema["components"]["schemas"][one["$ref"].split("/")[-1]] for one in parts if "$ref" in one
        ]
        return next(one["enum"] for one in (*parts, *named) if "enum" in one)

    assert values("AskOut", "decision") == ["answer", "clarify", "handoff", "smalltalk", "silent"]
    assert values("AskOut", "sentiment") == ["negative", "neutral", "positive"]
    assert {"danger", "wants_person", "below_threshold"} <= set(values("AskOut", "reasons"))
    assert values("ConversationOut", "status") == ["bot", "waiting", "open", "closed"]
    assert values("ConversationOut", "resolution")[0] == "confirmed"
    assert values("MessageOut", "kind") == ["message", "note"]
    assert values("ProposalOut", "kind") == ["new", "phrasing", "correction"]
    assert values("ArticleOut", "status") == ["published", "retired"]
    assert values("SourceOut", "kind") == ["article", "learned_answer"]
    assert values("AgentOut", "role") == ["agent", "editor", "engineer", "admin"]


def _parts(described: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A field's schema, and those that it is made of."""
    yield described
    for one in (*described.get("anyOf", ()), *filter(None, [described.get("items")])):
        yield from _parts(one)
