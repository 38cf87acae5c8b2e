"""Who may do what: every family of routes, for everybody who may not."""

import re
import time
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from fastapi.testclient import TestClient

from serving.company.accounts import create_api_key
from serving.db.tables import AgentSession, now
from serving.runtime.assembly import Runtime
from serving.security import passwords, tokens
from tests.serving.parts import IDENTITY_SECRET, AgentAtWork, Customer

CONVERSATION_READS = ["", "/messages", "/events"]
CUSTOMER_DEEDS = [
    ("/messages", {"client_id": "x", "text": "hi"}),
    ("/feedback", {"message_id": 1, "helpful": True}),
    ("/handoff", {}),
    ("/csat", {"score": 5}),
]
AGENT_ROUTES = [
    ("GET", "/v1/inbox/events"),
    ("POST", "/v1/conversations/any/assign"),
    ("DELETE", "/v1/conversations/any/snooze"),
    ("PUT", "/v1/conversations/any/intent"),
    ("GET", "/v1/agents/me"),
    ("GET", "/v1/agents"),
    ("GET", "/v1/contacts/any"),
    ("GET", "/v1/contacts/any/export"),
    ("DELETE", "/v1/contacts/any"),
    ("GET", "/v1/models"),
    ("GET", "/v1/labelling"),
    ("GET", "/v1/drift"),
    ("GET", "/v1/articles"),
    ("GET", "/v1/sources"),
    ("DELETE", "/v1/sources/any"),
    ("GET", "/v1/learned-answers"),
    ("GET", "/v1/proposals"),
]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def signed(runtime: Runtime, **claims: object) -> str:
    """A token signed with our own customer key, with these claims."""
    return jwt.encode(claims, tokens._customer_key(runtime.settings), algorithm="HS256")


def test_without_credentials_nothing_but_the_open_pages_answers(client: TestClient) -> None:
    for path in CONVERSATION_READS:
        assert client.get(f"/v1/conversations/any{path}").status_code == 401
    for path, body in CUSTOMER_DEEDS:
        assert client.post(f"/v1/conversations/any{path}", json=body).status_code == 401
    for method, path in AGENT_ROUTES:
        refused = client.request(method, path)
        assert refused.status_code == 401, path
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["www-authenticate"] == "Bearer"
    assert client.post("/v1/ask", json={"question": "refund?"}).status_code == 401
    for path in ("/healthz", "/readyz", "/metrics", "/v1/suggest?q=refund"):
        assert client.get(path).status_code == 200, path


def test_another_customers_conversation_does_not_exist(client: TestClient, customer: Customer) -> None:
    conversation_id = customer.start()
    other = Customer(client)
    for path in CONVERSATION_READS:
        assert other.get(f"/v1/conversations/{conversation_id}{path}").status_code == 404
    for path, body in CUSTOMER_DEEDS:
        assert other.post(f"/v1/conversations/{conversation_id}{path}", body).status_code == 404
    assert other.get("/v1/conversations").json() == {"conversations": [], "next": None}


def test_a_customer_may_nothing_that_is_for_agents(customer: Customer, client: TestClient) -> None:
    for method, path in AGENT_ROUTES:
        assert client.request(method, path, headers=customer.headers).status_code == 403, path


def test_an_agent_may_nothing_that_is_for_customers(customer: Customer, agent: AgentAtWork) -> None:
    conversation_id = customer.start()
    for path, body in CUSTOMER_DEEDS[1:]:
        assert agent.post(f"/v1/conversations/{conversation_id}{path}", body).status_code == 403
    assert agent.post("/v1/conversations", {"client_id": "x"}).status_code == 403


@pytest.mark.parametrize("role", ["agent", "editor", "engineer"])
def test_only_an_admin_manages_agents(client: TestClient, runtime: Runtime, role: str) -> None:
    someone = AgentAtWork(client, runtime, role)
    assert someone.get("/v1/agents").status_code == 403
    body = {"email": "new@tuckleaf.example", "password": "long enough it is"}
    assert someone.post("/v1/agents", body).status_code == 403


@pytest.mark.parametrize(
    ("role", "status"), [("agent", 403), ("editor", 403), ("engineer", 200), ("admin", 200)]
)
def test_only_who_looks_after_the_models_sees_what_to_label(
    client: TestClient, runtime: Runtime, role: str, status: int
) -> None:
    someone = AgentAtWork(client, runtime, role)
    assert someone.get("/v1/labelling").status_code == status
    page = client.get("/labelling", headers=someone.headers)
    assert page.status_code == status
    sent = client.post("/labelling", headers=someone.headers, data={"decision_id": 1, "intent": "-"})
    assert sent.status_code == (403 if status == 403 else 404)  # there is no such question


def test_no_key_reads_customers_questions_to_label(client: TestClient, runtime: Runtime) -> None:
    with runtime.database.session() as session:
        made = create_api_key(session, name="ml", scopes=["models:write", "models:read", "classify"])
    assert client.get("/v1/labelling", headers=bearer(made.secret)).status_code == 403


def test_a_token_that_is_expired_tampered_foreign_or_unsigned_is_refused(
    customer: Customer, client: TestClient, runtime: Runtime
) -> None:
    soon, past = time.time() + 600, time.time() - 90
    good = {"sub": customer.contact_id, "aud": "firstlast:customer"}
    head, body, signature = customer.token.split(".")
    bad = [
        signed(runtime, **good, exp=past),
        signed(runtime, **good),  # never ends
        signed(runtime, sub=customer.contact_id, exp=soon),  # for no audience
        signed(runtime, sub=customer.contact_id, exp=soon, aud="firstlast:other"),
        f"{head}.{body}.{signature[::-1]}",
        f"{head}.{Customer(client).token.split('.')[1]}.{signature}",
        jwt.encode({**good, "exp": soon}, IDENTITY_SECRET, algorithm="HS256"),
        jwt.encode({**good, "exp": soon}, runtime.settings.secret_key.get_secret_value(), algorithm="HS256"),
        jwt.encode({**good, "exp": soon}, "", algorithm="none"),
        "nonsense",
        "a" * 9000,
    ]
    for token in bad:
        assert client.get("/v1/conversations", headers=bearer(token)).status_code == 401, token[:80]
    fine = signed(runtime, **good, exp=soon)
    assert client.get("/v1/conversations", headers=bearer(fine)).status_code == 200
    for scheme in ("Basic", "Token"):
        headers = {"Authorization": f"{scheme} {fine}"}
        assert client.get("/v1/conversations", headers=headers).status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "fl_abc"])
def test_an_authorization_header_of_another_form_is_refused(client: TestClient, header: str) -> None:
    assert client.get("/v1/conversations", headers={"Authorization": header}).status_code == 401


def test_a_session_ends_when_it_expires_when_signed_out_and_when_the_agent_leaves(
    client: TestClient, runtime: Runtime
) -> None:
    someone = AgentAtWork(client, runtime)
    assert someone.get("/v1/agents/me").json()["email"] == someone.email
    with runtime.database.session() as session:
        row = session.get_one(AgentSession, tokens.digest(someone.cookie))
        row.expires_at = now() - timedelta(seconds=1)
    assert someone.get("/v1/agents/me").status_code == 401
    someone = AgentAtWork(client, runtime)
    gone = client.request("DELETE", "/v1/agents/session", headers=someone.headers)
    assert gone.json() == {"signed_in": False}
    assert someone.get("/v1/agents/me").status_code == 401
    someone = AgentAtWork(client, runtime)
    with runtime.database.session() as session:
        session.get_one(AgentSession, tokens.digest(someone.cookie)).agent.active = False
    assert someone.get("/v1/agents/me").status_code == 401


def test_the_store_holds_no_token_that_could_be_used(agent: AgentAtWork, runtime: Runtime) -> None:
    with runtime.database.session() as session:
        made = create_api_key(session, name="site", scopes=["ask"])
        hashes = {row.token_hash for row in session.query(AgentSession)} | {made.key.key_hash}
    assert agent.cookie not in hashes
    assert made.secret not in hashes
    assert all(len(one) == 64 for one in hashes)


def test_an_api_key_may_what_its_scopes_say_until_it_is_revoked(client: TestClient, runtime: Runtime) -> None:
    with runtime.database.session() as session:
        made = create_api_key(session, name="shop", scopes=["ask", "models:read"])
    headers = bearer(made.secret)
    assert client.post("/v1/ask", json={"question": "refund?"}, headers=headers).status_code == 200
    assert client.get("/v1/models", headers=headers).status_code == 200
    assert client.get("/v1/contacts/any", headers=headers).status_code == 403
    assert client.get("/v1/conversations", headers=headers).status_code == 403
    assert client.get("/v1/agents", headers=headers).status_code == 403
    assert client.get("/v1/models", headers=bearer(made.secret + "x")).status_code == 401
    with runtime.database.session() as session:
        session.merge(made.key).revoked_at = now()
    assert client.get("/v1/models", headers=headers).status_code == 401


def test_another_site_cannot_act_for_a_signed_in_agent(
    customer: Customer, agent: AgentAtWork, client: TestClient
) -> None:
    path = f"/v1/conversations/{customer.start()}/close"

    def close(**headers: str) -> int:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return client.post(path, headers={**agent.headers, **named}).status_code

    assert close(Origin="https://evil.example") == 403
    assert close(Origin="null") == 403
    assert close(Origin="http://testserver.evil.example") == 403
    assert close(Sec_Fetch_Site="cross-site") == 403
    assert close(Sec_Fetch_Site="same-site") == 403
    assert close(Origin="https://shop.example") == 403  # may load the messenger, not act for agents
    assert close(Origin="http://testserver", Sec_Fetch_Site="same-origin") == 200
    assert close() == 200
    read = client.get("/v1/agents/me", headers={**agent.headers, "Origin": "https://evil.example"})
    assert read.status_code == 200
    assert "access-control-allow-origin" not in read.headers


def test_allowed_sites_may_call_for_customers_and_for_nothing_else(client: TestClient) -> None:
    preflight = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    allowed = client.options("/v1/conversations", headers=preflight)
    assert allowed.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-credentials" not in allowed.headers
    other = client.options("/v1/conversations", headers={**preflight, "Origin": "https://evil.example"})
    assert other.status_code == 400
    agents = client.options("/v1/agents/session", headers=preflight)
    assert "access-control-allow-origin" not in agents.headers


def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_do_not_get(
    agent: AgentAtWork, client: TestClient
) -> None:
    body = {"email": agent.email.upper(), "password": "correct horse battery"}
    signed_in = client.post("/v1/agents/session", json=body)
    client.cookies.clear()
    cookie = signed_in.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "inbox" in signed_in.json()["permissions"]
    foreign = client.post("/v1/agents/session", json=body, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403


def test_guessing_passwords_has_to_wait_and_unknown_emails_look_the_same(
    client: TestClient, runtime: Runtime
) -> None:
    someone = AgentAtWork(client, runtime)
    for email in (someone.email, "nobody@tuckleaf.example"):
        body = {"email": email, "password": "wrong"}
        answers = [client.post("/v1/agents/session", json=body) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
        assert answers[0].json()["detail"] == "e-mail or password is wrong"
        assert 1 <= int(answers[3].headers["retry-after"]) <= 300
    right = {"email": someone.email, "password": "correct horse battery"}
    assert client.post("/v1/agents/session", json=right).status_code == 429


def test_an_unknown_email_costs_the_work_of_a_wrong_password() -> None:
    stored = passwords.hash_password("correct horse battery")
    nobody = passwords._hash_of_nobody()
    assert nobody.split("$")[:4] == stored.split("$")[:4]  # the same algorithm, version, memory and rounds
    assert passwords.verify_password("nobody has this password", None) is False
    assert passwords.verify_password("correct horse battery", stored) is True


def test_a_password_longer_than_any_may_be_is_wrong_whatever_its_hash() -> None:
    for chars, right in ((1_000, True), (1_001, False), (1_002, False)):
        assert passwords.verify_password("x" * chars, passwords._HASHER.hash("x" * chars)) is right


def test_times_in_tokens_are_what_the_settings_say(customer: Customer, client: TestClient) -> None:
    made = client.post("/v1/customers/token").json()
    left = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)


def test_pages_carry_a_policy_without_inline_script(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    answer = client.get("/healthz")
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "content-security-policy" not in answer.headers


def test_the_api_page_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs")
    assert "https:" not in page.headers["content-security-policy"]
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert [address for address in loaded if not address.startswith(("/docs/static/", "data:"))] == []
    for address in (one for one in loaded if one.startswith("/")):
        assert client.get(address).status_code == 200


def test_an_address_with_a_nul_character_is_refused(client: TestClient, customer: Customer) -> None:
    assert customer.get("/v1/conversations/%00").status_code == 400
    assert customer.get("/v1/conversations?team=%00").status_code == 400
