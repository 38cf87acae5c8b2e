"""Agents and API keys: added, changed, ended; who is deactivated is out at once; an admin always stays."""

import threading

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from model.errors import ConflictError, DataError
from serving.company.accounts import any_agent, change_agent, create_agent
from serving.db.tables import Agent, ApiKey
from serving.runtime.assembly import Runtime
from serving.security import tokens
from tests.serving.parts import PASSWORD, AgentAtWork, Customer


@pytest.fixture
def admin(client: TestClient, runtime: Runtime) -> AgentAtWork:
    return AgentAtWork(client, runtime, "admin")


@pytest.fixture
def ada(client: TestClient, runtime: Runtime) -> AgentAtWork:
    return AgentAtWork(client, runtime)


def only_admin(runtime: Runtime, email: str) -> str:
    """Makes a new admin the only active one; the id."""
    with runtime.database.session() as session:
        for one in session.scalars(select(Agent).where(Agent.role == "admin")):
            one.active = False
        session.flush()
        return create_agent(session, email=email, name="", password=PASSWORD, role="admin").id


def sign_in(client: TestClient, email: str, password: str = PASSWORD) -> int:
    status = client.post("/v1/agents/session", json={"email": email, "password": password}).status_code
    client.cookies.clear()
    return status


def test_a_deactivated_agent_is_out_at_once_and_may_come_back(
    client: TestClient, admin: AgentAtWork, ada: AgentAtWork
) -> None:
    path = f"/v1/agents/{ada.get('/v1/agents/me').json()['id']}"
    gone = admin.patch(path, {"active": False})
    assert (gone.status_code, gone.json()["active"]) == (200, False)
    assert ada.get("/v1/agents/me").status_code == 401
    assert sign_in(client, ada.email) == 401
    assert admin.patch(path, {"active": True}).json()["active"] is True
    assert ada.get("/v1/agents/me").status_code == 401  # the old session does not come back
    assert sign_in(client, ada.email) == 200


def test_role_team_and_name_change_at_once_and_what_is_left_out_stays(
    admin: AgentAtWork, ada: AgentAtWork
) -> None:
    me = ada.get("/v1/agents/me").json()
    path = f"/v1/agents/{me['id']}"
    changed = admin.patch(path, {"role": "editor", "team": "billing"}).json()
    assert changed == {**{key: me[key] for key in changed}, "role": "editor", "team": "billing"}
    assert "articles:write" in ada.get("/v1/agents/me").json()["permissions"]
    assert admin.patch(path, {"name": "Ada Wren"}).json()["team"] == "billing"
    assert admin.patch(path, {"team": None}).json()["team"] is None


def test_a_new_password_ends_all_sessions(client: TestClient, admin: AgentAtWork, ada: AgentAtWork) -> None:
    path = f"/v1/agents/{ada.get('/v1/agents/me').json()['id']}"
    assert admin.patch(path, {"password": "another long one"}).status_code == 200
    assert ada.get("/v1/agents/me").status_code == 401
    assert sign_in(client, ada.email) == 401
    assert sign_in(client, ada.email, "another long one") == 200
    change = admin.get("/v1/company/changes?limit=1").json()["changes"][0]
    assert (change["subject"], change["after"]["password"]) == (f"agent {ada.email}", "changed")


@pytest.mark.parametrize(
    "changes", [{"active": False}, {"role": "agent"}, {"role": "editor", "active": True}]
)
def test_the_last_active_admin_stays_one(runtime: Runtime, changes: dict[str, object]) -> None:
    last = only_admin(runtime, f"last{len(changes)}{'role' in changes}@bolt.example")
    with runtime.database.session() as session:
        with pytest.raises(ConflictError, match="is the last active admin"):
            change_agent(session, any_agent(session, last), changes)  # type: ignore[arg-type]
        session.rollback()
    with runtime.database.session() as session:
        second = create_agent(
            session, email=f"second-{last}@bolt.example", name="", password=PASSWORD, role="admin"
        )
        change_agent(session, any_agent(session, last), changes)  # type: ignore[arg-type]
        assert second.active


def test_two_admins_who_deactivate_each_other_leave_one(runtime: Runtime) -> None:
    first = only_admin(runtime, "first@bolt.example")
    with runtime.database.session() as session:
        second = create_agent(
            session, email="other@bolt.example", name="", password=PASSWORD, role="admin"
        ).id
    together = threading.Barrier(2)
    refused: list[str] = []

    def deactivate(agent_id: str) -> None:
        together.wait(10)
        try:
            with runtime.database.session() as session:
                change_agent(session, any_agent(session, agent_id), {"active": False})
        except ConflictError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=deactivate, args=(one,)) for one in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    with runtime.database.reading() as session:
        left = session.scalars(select(Agent).where(Agent.role == "admin", Agent.active)).all()
    assert (len(left), len(refused)) == (1, 1)


def test_an_unknown_team_says_which_command_adds_one(runtime: Runtime) -> None:
    with (
        pytest.raises(DataError, match=r"team 'nowhere' is unknown.*firstlast company apply FILE"),
        runtime.database.session() as session,
    ):
        create_agent(
            session, email="x@bolt.example", name="", password=PASSWORD, role="agent", team="nowhere"
        )


def test_a_key_is_shown_once_kept_as_its_hash_and_ends_for_ever_when_revoked(
    client: TestClient, admin: AgentAtWork, runtime: Runtime
) -> None:
    made = admin.post("/v1/api-keys", {"name": "shop", "scopes": ["models:read", "ask", "ask"]})
    assert (made.status_code, made.json()["scopes"]) == (201, ["ask", "models:read"])
    secret, key_id = made.json()["key"], made.json()["id"]
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/v1/models", headers=headers).status_code == 200
    listed = admin.get("/v1/api-keys")
    assert secret not in listed.text
    assert [one["revoked_at"] for one in listed.json()["keys"] if one["id"] == key_id] == [None]
    with runtime.database.reading() as session:
        assert session.get_one(ApiKey, key_id).key_hash == tokens.digest(secret)
    first = admin.delete(f"/v1/api-keys/{key_id}")
    assert first.json()["revoked_at"] is not None
    assert client.get("/v1/models", headers=headers).status_code == 401
    assert admin.delete(f"/v1/api-keys/{key_id}").json() == first.json()
    assert admin.delete("/v1/api-keys/unknown").status_code == 404


def test_two_keys_in_use_never_have_one_name(admin: AgentAtWork) -> None:
    first = admin.post("/v1/api-keys", {"name": "till", "scopes": ["ask"]}).json()
    again = admin.post("/v1/api-keys", {"name": " Till ", "scopes": ["classify"]})
    assert again.status_code == 409
    assert "there is a key 'Till' already; give this one another name" in again.json()["detail"]
    admin.delete(f"/v1/api-keys/{first['id']}")
    assert admin.post("/v1/api-keys", {"name": "till", "scopes": ["classify"]}).status_code == 201


@pytest.mark.parametrize(
    "scopes", [[], ["agents:manage"], ["keys:manage"], ["inbox"], ["everything"]], ids=str
)
def test_a_key_may_not_do_what_only_people_may(admin: AgentAtWork, scopes: list[str]) -> None:
    refused = admin.post("/v1/api-keys", {"name": "shop", "scopes": scopes})
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")


@pytest.mark.parametrize("role", ["agent", "editor", "engineer"])
def test_only_an_admin_manages_accounts_and_keys(
    client: TestClient, runtime: Runtime, customer: Customer, role: str
) -> None:
    someone = AgentAtWork(client, runtime, role)
    routes = [
        ("PATCH", "/v1/agents/x", {"role": "admin"}),
        ("GET", "/v1/api-keys", None),
        ("POST", "/v1/api-keys", {"name": "x", "scopes": ["ask"]}),
        ("DELETE", "/v1/api-keys/x", None),
    ]
    for method, path, body in routes:
        assert client.request(method, path, json=body, headers=someone.headers).status_code == 403, path
        assert client.request(method, path, json=body, headers=customer.headers).status_code == 403, path
        assert client.request(method, path, json=body).status_code == 401, path
