"""Agents end their own sessions, and get another password by a link that works once."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from model.errors import AuthenticationError
from serving.app import create_app
from serving.company import accounts
from serving.db.tables import PasswordReset, now
from serving.runtime.assembly import Runtime
from serving.security import tokens
from tests.serving.parts import PASSWORD, AgentAtWork, Customer

NEW = "another battery staple"


@pytest.fixture
def admin(client: TestClient, runtime: Runtime) -> AgentAtWork:
    return AgentAtWork(client, runtime, "admin")


@pytest.fixture
def ada(client: TestClient, runtime: Runtime) -> AgentAtWork:
    return AgentAtWork(client, runtime)


def sign_in(client: TestClient, email: str, password: str) -> int:
    body = {"email": email, "password": password}
    status = client.post("/v1/agents/session", json=body).status_code
    client.cookies.clear()
    return status


def link_of(admin: AgentAtWork, agent: AgentAtWork) -> str:
    """The token of a new link."""
    made = admin.post(f"/v1/agents/{agent.id}/reset-link")
    assert made.status_code == 201, made.text
    path = re.fullmatch(r"/reset-password\?token=([\w-]{43})", made.json()["path"])
    assert path is not None
    return path[1]


def choose(client: TestClient, token: str, password: str = NEW) -> int:
    form = {"token": token, "password": password}
    status = client.post("/reset-password", data=form, follow_redirects=False).status_code
    client.cookies.clear()
    return status


def test_one_sees_ones_own_sessions_and_ends_one_or_all(client: TestClient, ada: AgentAtWork) -> None:
    other = client.post("/v1/agents/session", json={"email": ada.email, "password": PASSWORD})
    second = {"Cookie": f"firstlast_session={other.cookies['firstlast_session']}"}
    client.cookies.clear()
    shown = ada.get("/v1/agents/me/sessions").json()["sessions"]
    assert sorted(one["current"] for one in shown) == [False, True]
    foreign = next(one["id"] for one in shown if not one["current"])
    assert ada.delete(f"/v1/agents/me/sessions/{foreign}").status_code == 204
    assert client.get("/v1/agents/me", headers=second).status_code == 401
    assert ada.get("/v1/agents/me").status_code == 200
    assert ada.delete("/v1/agents/me/sessions").status_code == 204
    assert ada.get("/v1/agents/me").status_code == 401


def test_nobody_ends_the_sessions_of_another(ada: AgentAtWork, admin: AgentAtWork) -> None:
    own = ada.get("/v1/agents/me/sessions").json()["sessions"][0]["id"]
    for named in (own, own[:8], "%25" * 16, "_" * 16):
        assert admin.delete(f"/v1/agents/me/sessions/{named}").status_code == 404
    assert admin.delete("/v1/agents/me/sessions").status_code == 204
    assert ada.get("/v1/agents/me").status_code == 200


def test_a_link_gives_a_password_once_and_ends_all_sessions(
    client: TestClient, admin: AgentAtWork, ada: AgentAtWork
) -> None:
    token = link_of(admin, ada)
    assert "Choose a password" in client.get(f"/reset-password?token={token}").text
    assert choose(client, token) == 303
    assert ada.get("/v1/agents/me").status_code == 401
    assert [sign_in(client, ada.email, word) for word in (PASSWORD, NEW)] == [401, 200]
    assert choose(client, token, "a third password") == 401
    assert sign_in(client, ada.email, NEW) == 200


def test_a_password_that_is_too_short_leaves_the_link_as_it_is(
    client: TestClient, admin: AgentAtWork, ada: AgentAtWork
) -> None:
    token = link_of(admin, ada)
    assert [choose(client, token, "short"), choose(client, token)] == [422, 303]


def test_a_link_ends_with_time_a_newer_one_another_password_and_the_account(
    client: TestClient, admin: AgentAtWork, ada: AgentAtWork, runtime: Runtime
) -> None:
    token = link_of(admin, ada)
    with runtime.database.session() as session:
        row = session.get(PasswordReset, tokens.digest(token))
        assert row is not None
        assert timedelta(hours=23, minutes=59) < row.expires_at - now() <= timedelta(hours=24)
        row.expires_at = now()
    assert choose(client, token) == 401
    first, second = link_of(admin, ada), link_of(admin, ada)
    assert choose(client, first) == 401
    assert admin.patch(f"/v1/agents/{ada.id}", {"password": "yet another one"}).status_code == 200
    assert choose(client, second) == 401
    third = link_of(admin, ada)
    assert admin.patch(f"/v1/agents/{ada.id}", {"active": False}).status_code == 200
    assert choose(client, third) == 401
    assert admin.post(f"/v1/agents/{ada.id}/reset-link").status_code == 409


def test_of_many_who_use_a_link_at_once_one_succeeds(
    admin: AgentAtWork, ada: AgentAtWork, runtime: Runtime
) -> None:
    token = link_of(admin, ada)
    begin = threading.Barrier(8)

    def use(number: int) -> bool:
        begin.wait(30)
        try:
            with runtime.database.session() as session:
                accounts.use_reset_link(session, token, f"password number {number}")
        except AuthenticationError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(use, range(8))) == [False] * 7 + [True]


def test_a_link_frees_an_owner_whom_strangers_keep_waiting(
    runtime: Runtime, admin: AgentAtWork, ada: AgentAtWork
) -> None:
    browser = TestClient(create_app(runtime), client=("203.0.113.199", 50_000))
    body = {"email": ada.email, "password": "wrong"}
    assert [browser.post("/v1/agents/session", json=body).status_code for _ in range(4)][-1] == 429
    token = link_of(admin, ada)
    form = {"token": token, "password": NEW}
    assert browser.post("/reset-password", data=form, follow_redirects=False).status_code == 303
    signed = browser.post("/v1/agents/session", json={"email": ada.email, "password": NEW})
    assert signed.status_code == 200


def test_only_admins_make_links_and_the_history_names_them(
    client: TestClient, admin: AgentAtWork, ada: AgentAtWork, customer: Customer
) -> None:
    path = f"/v1/agents/{ada.id}/reset-link"
    assert ada.post(path).status_code == 403
    assert customer.post(path, {}).status_code == 403
    assert client.post(path).status_code == 401
    token = link_of(admin, ada)
    assert choose(client, token) == 303
    latest = admin.get("/v1/company/changes").json()["changes"][:2]
    assert [(one["author"], one["after"]["password"]) for one in latest] == [
        ("reset link", "changed"),
        (admin.email, "link made"),
    ]
    assert token not in str(latest)


def test_another_sites_page_cannot_choose_a_password(
    client: TestClient, admin: AgentAtWork, ada: AgentAtWork
) -> None:
    form = {"token": link_of(admin, ada), "password": NEW}
    foreign = client.post("/reset-password", data=form, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
