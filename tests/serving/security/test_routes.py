"""Every route has a line in the table of rights; a new one fails here until somebody says who may use it."""

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from serving.app import create_app
from serving.company.accounts import create_api_key
from serving.db.tables import new_id
from serving.runtime.assembly import Runtime
from serving.security.permissions import ROLES
from tests.serving.parts import AgentAtWork, Customer
from tests.stores import sqlite_alone

database_url = sqlite_alone
"""Rights are looked up before anything else is read of the store."""
WHO = ("anybody", "customer", "key", *ROLES)
"""Nobody known, a customer, a key without any scope, and agents by their role."""

ALL, ADMINS, CUSTOMERS = WHO, ("admin",), ("customer",)
AGENTS, EDITORS, ENGINEERS = ROLES, ROLES[1:], ROLES[2:]
PEOPLE = (*CUSTOMERS, *AGENTS)

TABLE = {
    "GET /v1/agents": ADMINS,
    "POST /v1/agents": ADMINS,
    "GET /v1/agents/me": AGENTS,
    "DELETE /v1/agents/me/sessions": AGENTS,
    "GET /v1/agents/me/second-factor": AGENTS,
    "POST /v1/agents/me/second-factor": AGENTS,
    "POST /v1/agents/me/second-factor/confirm": AGENTS,
    "POST /v1/agents/me/second-factor/recovery-codes": AGENTS,
    "POST /v1/agents/me/second-factor/turn-off": AGENTS,
    "PUT /v1/agents/me/presence": AGENTS,
    "GET /v1/agents/me/sessions": AGENTS,
    "DELETE /v1/agents/me/sessions/{session_id}": AGENTS,
    "DELETE /v1/agents/session": ALL,
    "POST /v1/agents/session": ALL,
    "PATCH /v1/agents/{agent_id}": ADMINS,
    "POST /v1/agents/{agent_id}/reset-link": ADMINS,
    "DELETE /v1/agents/{agent_id}/second-factor": ADMINS,
    "GET /v1/api-keys": ADMINS,
    "POST /v1/api-keys": ADMINS,
    "DELETE /v1/api-keys/{key_id}": ADMINS,
    "GET /v1/articles": AGENTS,
    "POST /v1/articles": EDITORS,
    "DELETE /v1/articles/{slug:path}": EDITORS,
    "GET /v1/articles/{slug:path}": AGENTS,
    "PUT /v1/articles/{slug:path}": EDITORS,
    "POST /v1/ask": PEOPLE,
    "POST /v1/ask/batch": AGENTS,
    "POST /v1/classify": AGENTS,
    "GET /v1/attachments/{attachment_id}": PEOPLE,
    "GET /v1/audit": ADMINS,
    "DELETE /v1/calendars/{name:path}": ADMINS,
    "PUT /v1/calendars/{name:path}": ADMINS,
    "GET /v1/company": AGENTS,
    "PATCH /v1/company": ADMINS,
    "PUT /v1/company": ADMINS,
    "GET /v1/company/changes": ADMINS,
    "DELETE /v1/company/danger": ADMINS,
    "PUT /v1/company/danger": ADMINS,
    "GET /v1/contacts": AGENTS,
    "GET /v1/contacts/{contact_id}": AGENTS,
    "DELETE /v1/contacts/{contact_id}": ADMINS,
    "PUT /v1/contacts/{contact_id}/access": AGENTS,
    "GET /v1/contacts/{contact_id}/export": ADMINS,
    "GET /v1/conversations": PEOPLE,
    "POST /v1/conversations": CUSTOMERS,
    "GET /v1/conversations/{conversation_id}": PEOPLE,
    "DELETE /v1/conversations/{conversation_id}/assign": AGENTS,
    "POST /v1/conversations/{conversation_id}/assign": AGENTS,
    "POST /v1/conversations/{conversation_id}/attachments": PEOPLE,
    "POST /v1/conversations/{conversation_id}/close": PEOPLE,
    "POST /v1/conversations/{conversation_id}/csat": CUSTOMERS,
    "GET /v1/conversations/{conversation_id}/details": PEOPLE,
    "PUT /v1/conversations/{conversation_id}/details": CUSTOMERS,
    "GET /v1/conversations/{conversation_id}/events": PEOPLE,
    "POST /v1/conversations/{conversation_id}/feedback": CUSTOMERS,
    "POST /v1/conversations/{conversation_id}/handoff": CUSTOMERS,
    "PUT /v1/conversations/{conversation_id}/intent": AGENTS,
    "GET /v1/conversations/{conversation_id}/messages": PEOPLE,
    "POST /v1/conversations/{conversation_id}/read": CUSTOMERS,
    "GET /v1/conversations/{conversation_id}/transcript": PEOPLE,
    "POST /v1/conversations/{conversation_id}/messages": PEOPLE,
    "PUT /v1/conversations/{conversation_id}/priority": AGENTS,
    "DELETE /v1/conversations/{conversation_id}/snooze": AGENTS,
    "PUT /v1/conversations/{conversation_id}/snooze": AGENTS,
    "PATCH /v1/conversations/{conversation_id}/tags": AGENTS,
    "POST /v1/customers/token": ALL,
    "GET /v1/drift": AGENTS,
    "GET /v1/help": ALL,
    "GET /v1/help/{slug:path}": ALL,
    "GET /v1/imports": AGENTS,
    "POST /v1/inbox/changes": AGENTS,
    "GET /v1/inbox/events": AGENTS,
    "GET /v1/inbox/views": AGENTS,
    "DELETE /v1/intents/{name:path}": ADMINS,
    "PUT /v1/intents/{name:path}": ADMINS,
    "GET /v1/labelling": ENGINEERS,
    "GET /v1/learned-answers": AGENTS,
    "POST /v1/learned-answers": EDITORS,
    "GET /v1/learned-answers/{learned_answer_id}": AGENTS,
    "PUT /v1/learned-answers/{learned_answer_id}": EDITORS,
    "POST /v1/learned-answers/{learned_answer_id}/restore": EDITORS,
    "POST /v1/learned-answers/{learned_answer_id}/retire": EDITORS,
    "GET /v1/macros": AGENTS,
    "POST /v1/macros": AGENTS,
    "DELETE /v1/macros/{macro_id}": AGENTS,
    "PUT /v1/macros/{macro_id}": AGENTS,
    "GET /v1/models": AGENTS,
    "GET /v1/proposals": AGENTS,
    "GET /v1/proposals/{proposal_id}": AGENTS,
    "POST /v1/proposals/{proposal_id}/approve": AGENTS,
    "POST /v1/proposals/{proposal_id}/reject": AGENTS,
    "POST /v1/proposals/{proposal_id}/undo": AGENTS,
    "GET /v1/sources": AGENTS,
    "DELETE /v1/sources/{name:path}": EDITORS,
    "GET /v1/search": AGENTS,
    "GET /v1/suggest": ALL,
    "GET /v1/tags": AGENTS,
    "DELETE /v1/teams/{name:path}": ADMINS,
    "PUT /v1/teams/{name:path}": ADMINS,
    "GET /v1/waiting": ALL,
    "GET /": ALL,
    "GET /account": AGENTS,
    "POST /account/second-factor": AGENTS,
    "POST /account/second-factor/confirm": AGENTS,
    "POST /account/second-factor/recovery-codes": AGENTS,
    "POST /account/second-factor/turn-off": AGENTS,
    "POST /account/sessions/end-others": AGENTS,
    "POST /account/sessions/{session_id}/end": AGENTS,
    "GET /articles": AGENTS,
    "GET /articles/{slug:path}": AGENTS,
    "POST /articles/{slug:path}": EDITORS,
    "GET /console": ALL,
    "GET /console/static/{name:path}": ALL,
    "GET /files/{name}": ALL,
    "GET /healthz": ALL,
    "GET /help": ALL,
    "GET /help/{slug:path}": ALL,
    "GET /imports": AGENTS,
    "POST /imports": EDITORS,
    "GET /contacts": AGENTS,
    "GET /contacts/{contact_id}": AGENTS,
    "POST /contacts/{contact_id}/access": AGENTS,
    "GET /inbox": AGENTS,
    "GET /inbox/{conversation_id}": AGENTS,
    "POST /inbox/bulk": AGENTS,
    "POST /inbox/{conversation_id}/assign": AGENTS,
    "POST /inbox/{conversation_id}/close": AGENTS,
    "POST /inbox/{conversation_id}/intent": AGENTS,
    "POST /inbox/{conversation_id}/messages": AGENTS,
    "POST /inbox/{conversation_id}/priority": AGENTS,
    "POST /inbox/{conversation_id}/snooze": AGENTS,
    "POST /inbox/{conversation_id}/tags": AGENTS,
    "POST /inbox/{conversation_id}/proposals/{proposal_id}/{verb}": AGENTS,
    "GET /labelling": ENGINEERS,
    "POST /labelling": ENGINEERS,
    "GET /learned-answers": AGENTS,
    "GET /learned-answers/{learned_answer_id}": AGENTS,
    "POST /learned-answers/{learned_answer_id}": EDITORS,
    "POST /learned-answers/{learned_answer_id}/restore": EDITORS,
    "POST /learned-answers/{learned_answer_id}/retire": EDITORS,
    "GET /login": ALL,
    "POST /login": ALL,
    "POST /login/code": ALL,
    "POST /logout": ALL,
    "GET /macros": AGENTS,
    "POST /macros": AGENTS,
    "POST /macros/{macro_id}/remove": AGENTS,
    "GET /messenger.js": ALL,
    "GET /messenger/pages/{name}": ALL,
    "GET /messenger/parts/{name}": ALL,
    "GET /messenger/words/{name}": ALL,
    "GET /metrics": ALL,
    "GET /models": ENGINEERS,
    "GET /new-article": EDITORS,
    "POST /new-article": EDITORS,
    "POST /presence": AGENTS,
    "GET /proposals": AGENTS,
    "POST /proposals/{proposal_id}/{verb}": AGENTS,
    "GET /readyz": ALL,
    "GET /reset-password": ALL,
    "POST /reset-password": ALL,
    "GET /storefront/{name}": ALL,
}
"""Who is let in, whatever comes then; scopes of keys stand in `test_permissions`."""

ENDLESS = ("GET /v1/inbox/events",)
"""Whoever is let in there stays."""
SAYS_401_ITSELF = ("POST /login", "POST /login/code")
"""To a wrong password or code, which is no matter of rights."""
FRAMEWORKS_OWN = {"GET /docs", "GET /docs/oauth2-redirect"}
BODIES = {"POST /v1/ask": {"question": "how do refunds work?"}}
"""Where rights are looked at after the body."""


Credentials = dict[str, dict[str, str]]
"""Headers by who sends them."""


def routes_of(router: object) -> Iterator[str]:
    """Method and path of every route."""
    for route in getattr(router, "routes", ()):
        if isinstance(route, APIRoute):
            for method in sorted(route.methods):
                yield f"{method} {route.path}"
        else:
            inner = getattr(route, "original_router", None)
            if inner is not None:
                yield from routes_of(inner)


def address_of(path: str) -> str:
    """The path with something that is not there for each parameter."""
    return re.sub(r"\{[^}]*\}", "none", path)


def headers_of(who: str, client: TestClient, runtime: Runtime) -> dict[str, str]:
    """The credentials of somebody new."""
    if who == "anybody":
        return {}
    if who == "customer":
        return Customer(client).headers
    if who == "key":
        with runtime.database.session() as session:
            key = create_api_key(session, name=f"shop {new_id()}", scopes=["articles:read"])
            key.key.scopes = []
        return {"Authorization": f"Bearer {key.secret}"}
    return AgentAtWork(client, runtime, who).headers


def admitted(
    client: TestClient, runtime: Runtime, known: Credentials, route: str, *, besides: tuple[str, ...] = ()
) -> list[str]:
    """Who is not refused. Pages send others to sign in.

    Credentials serve for many routes, until a change was let through with them: some end a session.
    """
    method, path = route.split(" ", 1)
    may = []
    for who in WHO:
        if who in besides:
            continue
        if who not in known:
            known[who] = headers_of(who, client, runtime)
        answer = client.request(
            method, address_of(path), headers=known[who], json=BODIES.get(route), follow_redirects=False
        )
        client.cookies.clear()
        sent_away = answer.headers.get("location", "").startswith("/login")
        if answer.status_code not in (401, 403) and not (sent_away and path != "/logout"):
            may.append(who)
            if method != "GET":
                del known[who]
    return may


@pytest.fixture(scope="module")
def known() -> Credentials:
    """Whose credentials are there; at first nobody's."""
    return {}


def test_every_route_has_a_line_and_every_line_a_route(runtime: Runtime) -> None:
    routes = set(routes_of(create_app(runtime)))
    assert routes - FRAMEWORKS_OWN == set(TABLE)


@pytest.mark.parametrize("route", [route for route in TABLE if route not in SAYS_401_ITSELF])
def test_nobody_is_let_in_but_whom_the_table_names(
    client: TestClient, runtime: Runtime, known: Credentials, route: str
) -> None:
    staying = TABLE[route] if route in ENDLESS else ()
    may = admitted(client, runtime, known, route, besides=staying)
    assert may == [who for who in TABLE[route] if who not in staying]
