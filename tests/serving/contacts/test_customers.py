"""Customers' tokens: anonymous, signed by the business, exchanged for new ones."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import jwt
import pytest
from fastapi.testclient import TestClient

from serving.db.tables import Contact, new_id, now
from serving.runtime.assembly import Runtime
from serving.security import tokens
from tests.serving.parts import IDENTITY_SECRET, AgentAtWork, Customer
from tests.serving.rules import RuleResolver


def identity(**claims: object) -> str:
    """What the business signs of its customer, for ten minutes unless an end is given."""
    return jwt.encode({"exp": time.time() + 600, **claims}, IDENTITY_SECRET, algorithm="HS256")


def ended_token(runtime: Runtime, contact_id: str, *, days_ago: float) -> str:
    claims = {"sub": contact_id, "aud": "firstlast:customer", "exp": time.time() - days_ago * 86_400}
    return jwt.encode(claims, tokens._customer_key(runtime.settings), algorithm="HS256")


def test_a_signed_customer_is_the_same_contact_every_time_and_kept_up_to_date(
    client: TestClient, agent: AgentAtWork
) -> None:
    sub = new_id()
    first = Customer(client, {"jwt": identity(sub=sub, name="Kim", attributes={"plan": "orchard"})})
    second = Customer(client, {"jwt": identity(sub=sub, email="kim@tuckleaf.example", attributes={})})
    assert first.contact_id == second.contact_id
    seen = agent.get(f"/v1/contacts/{first.contact_id}").json()
    assert (seen["external_id"], seen["name"], seen["email"]) == (sub, "Kim", "kim@tuckleaf.example")
    assert seen["attributes"] == {}


@pytest.mark.parametrize(
    ("signed", "kept"),
    [
        ("Kim\x00 Berg", "Kim Berg"),  # PostgreSQL keeps no NUL character
        ("Kim\ud800", "Kim?"),  # half a character
        ("K" * 201, "K" * 200),
        ("日本 🌿", "日本 🌿"),
        ("", None),
        (["Kim"], None),
        (7, None),
        (None, None),
    ],
)
def test_a_name_that_the_business_signed_is_cleaned_before_it_is_kept(
    client: TestClient, agent: AgentAtWork, signed: object, kept: str | None
) -> None:
    someone = Customer(client, {"jwt": identity(sub=new_id(), name=signed)})
    assert agent.get(f"/v1/contacts/{someone.contact_id}").json()["name"] == kept


def test_an_email_that_the_business_signed_is_cut_where_addresses_end_and_the_sub_is_cleaned(
    client: TestClient, agent: AgentAtWork
) -> None:
    sub = new_id()
    body = {"jwt": identity(sub=f"{sub}\x00", email="e" * 321)}
    seen = agent.get(f"/v1/contacts/{Customer(client, body).contact_id}").json()
    assert (seen["external_id"], seen["email"]) == (sub, "e" * 320)


def test_a_signed_customer_arriving_many_times_at_once_is_one_contact(client: TestClient) -> None:
    body = {"jwt": identity(sub=new_id())}
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: client.post("/v1/customers/token", json=body), range(8)))
    assert [answer.status_code for answer in made] == [201] * 8
    assert len({answer.json()["contact_id"] for answer in made}) == 1


def test_identities_that_the_business_did_not_sign_or_that_ended_are_refused(client: TestClient) -> None:
    own_token = Customer(client).token
    bad = [
        jwt.encode({"sub": "x"}, "another secret of 32 characters!!", algorithm="HS256"),
        identity(name="nobody"),
        identity(sub=""),
        identity(sub="x" * 201),
        identity(sub="x", attributes=["a"]),
        identity(sub="x", exp=time.time() - 90),
        identity(sub="x", nbf=time.time() + 90),
        identity(sub="x", aud="another service"),
        jwt.encode({"sub": "x"}, "", algorithm="none"),
        own_token,
    ]
    for token in bad:
        assert client.post("/v1/customers/token", json={"jwt": token}).status_code == 401, token
    assert client.post("/v1/customers/token", json={"jwt": "a", "refresh": "b"}).status_code == 422


def test_an_identity_without_an_end_is_refused_for_it_could_be_used_for_ever(client: TestClient) -> None:
    endless = jwt.encode({"sub": new_id()}, IDENTITY_SECRET, algorithm="HS256")
    refused = client.post("/v1/customers/token", json={"jwt": endless})
    assert (refused.status_code, "has no 'exp'" in refused.json()["detail"]) == (401, True)


def test_clocks_may_differ_by_a_minute(client: TestClient, runtime: Runtime) -> None:
    for claims in ({"exp": time.time() - 30}, {"nbf": time.time() + 30}, {"iat": time.time() + 30}):
        assert Customer(client, {"jwt": identity(sub=new_id(), **claims)}).contact_id
    mine = Customer(client)
    fresh = {"sub": mine.contact_id, "aud": "firstlast:customer", "iat": time.time() + 50}
    token = jwt.encode(
        {**fresh, "exp": time.time() + 600}, tokens._customer_key(runtime.settings), algorithm="HS256"
    )
    assert client.get("/v1/conversations", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_the_attributes_of_the_customer_reach_the_bot(
    client: TestClient, runtime: Runtime, resolver: RuleResolver
) -> None:
    someone = Customer(client, {"jwt": identity(sub=new_id(), attributes={"plan": "orchard"})})
    someone.post("/v1/ask", {"question": "refund?"})
    assert resolver.questions[-1].contact == {"plan": "orchard"}
    someone.say(someone.start(), "refund?")
    runtime.worker.run_once()
    assert resolver.questions[-1].contact == {"plan": "orchard"}


def test_an_anonymous_customer_returns_with_an_ended_token_for_a_while(
    client: TestClient, runtime: Runtime
) -> None:
    customer = Customer(client)
    conversation_id = customer.start()
    recent = ended_token(runtime, customer.contact_id, days_ago=29)
    again = Customer(client, {"refresh": recent})
    assert again.contact_id == customer.contact_id
    assert again.conversation(conversation_id)["id"] == conversation_id
    old = ended_token(runtime, customer.contact_id, days_ago=31)
    assert client.post("/v1/customers/token", json={"refresh": old}).status_code == 401


def test_a_known_customer_renews_only_a_token_that_is_still_valid(
    client: TestClient, runtime: Runtime
) -> None:
    someone = Customer(client, {"jwt": identity(sub=new_id())})
    assert Customer(client, {"refresh": someone.token}).contact_id == someone.contact_id
    ended = ended_token(runtime, someone.contact_id, days_ago=0.01)
    assert client.post("/v1/customers/token", json={"refresh": ended}).status_code == 401


def test_a_token_of_a_customer_who_was_removed_opens_nothing(client: TestClient, runtime: Runtime) -> None:
    customer = Customer(client)
    with runtime.database.session() as session:
        session.delete(session.get_one(Contact, customer.contact_id))
    assert customer.post("/v1/conversations", {"client_id": "x"}).status_code == 404
    assert client.post("/v1/customers/token", json={"refresh": customer.token}).status_code == 401


def access(agent: AgentAtWork, customer: Customer, *, blocked: bool) -> None:
    changed = agent.put(f"/v1/contacts/{customer.contact_id}/access", {"blocked": blocked})
    assert (changed.status_code, changed.json()["blocked"]) == (200, blocked)


def test_revoked_tokens_open_nothing_and_are_exchanged_for_none(
    client: TestClient, agent: AgentAtWork, customer: Customer
) -> None:
    conversation_id, other = customer.start(), Customer(client)
    access(agent, customer, blocked=False)
    for path in ("", "/messages", "/events"):
        refused = customer.get(f"/v1/conversations/{conversation_id}{path}")
        assert (refused.status_code, refused.json()["detail"]) == (
            401,
            "the customer token was revoked; get a new one",
        )
    assert client.post("/v1/customers/token", json={"refresh": customer.token}).status_code == 401
    assert other.get("/v1/conversations").status_code == 200


def test_a_known_customer_gets_a_new_token_after_a_revocation_but_not_while_blocked(
    client: TestClient, agent: AgentAtWork, runtime: Runtime
) -> None:
    signed = {"jwt": identity(sub=new_id())}
    known = Customer(client, signed)
    access(agent, known, blocked=True)
    assert known.get("/v1/conversations").status_code == 403
    assert client.post("/v1/customers/token", json=signed).status_code == 403
    access(agent, known, blocked=False)
    with runtime.database.session() as session:  # as if a second had passed
        row = session.get_one(Contact, known.contact_id)
        row.tokens_revoked_at = now() - timedelta(seconds=2)
    again = Customer(client, signed)
    assert again.contact_id == known.contact_id
    assert again.get("/v1/conversations").status_code == 200


def test_a_token_made_before_a_revocation_is_refused_and_one_made_after_is_not(
    customer: Customer, runtime: Runtime
) -> None:
    made_at = tokens.read_customer_token(runtime.settings, customer.token).issued_at
    for revoked_at, status in ((made_at, 401), (made_at - timedelta(microseconds=1), 200)):
        with runtime.database.session() as session:
            session.get_one(Contact, customer.contact_id).tokens_revoked_at = revoked_at
        assert customer.get("/v1/conversations").status_code == status


def test_customers_and_servers_block_nobody(client: TestClient, customer: Customer) -> None:
    path, body = f"/v1/contacts/{customer.contact_id}/access", {"blocked": True}
    assert client.put(path, json=body).status_code == 401
    assert client.put(path, json=body, headers=customer.headers).status_code == 403
