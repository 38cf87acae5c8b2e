"""The list of contacts: who is found, in which order, by whom."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete

from serving.db.tables import Contact, now
from serving.runtime.assembly import Runtime
from tests.serving.parts import AgentAtWork, Customer


@pytest.fixture
def people(runtime: Runtime) -> dict[str, str]:
    """Three contacts, the first seen last; their ids by name."""
    with runtime.database.session() as session:
        session.execute(delete(Contact).where(Contact.email.endswith("@list.example")))
        rows = [
            Contact(name="Mara 50%", email="mara@list.example", external_id="list-1"),
            Contact(name="Ben Ode", email="ben@list.example"),
            Contact(name="Noor", email="noor@list.example", blocked=True),
        ]
        for days, row in enumerate(rows):
            row.last_seen_at = now() - timedelta(days=days)
        session.add_all(rows)
        session.flush()
        return {row.name.split()[0]: row.id for row in rows if row.name}


def names(agent: AgentAtWork, query: str) -> list[str]:
    answer = agent.get(f"/v1/contacts?{query}")
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["contacts"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=list.example", ["Mara 50%", "Ben Ode", "Noor"]),
        ("q=ODE+ben", ["Ben Ode"]),
        ("q=50%25+list", ["Mara 50%"]),
        ("q=%25+ode", []),
        ("q=list-1", ["Mara 50%"]),
        ("q=list.example&which=known", ["Mara 50%"]),
        ("q=list.example&which=blocked", ["Noor"]),
    ],
)
def test_every_word_stands_somewhere_in_whoever_is_found(
    agent: AgentAtWork, people: dict[str, str], query: str, found: list[str]
) -> None:
    assert names(agent, query) == found


def test_a_contact_is_found_by_the_beginning_of_its_id(agent: AgentAtWork, people: dict[str, str]) -> None:
    assert names(agent, f"q={people['Ben'][:8].upper()}") == ["Ben Ode"]


def test_pages_follow_each_other_without_a_gap(agent: AgentAtWork, people: dict[str, str]) -> None:
    first = agent.get("/v1/contacts?q=list.example&limit=2").json()
    rest = agent.get(f"/v1/contacts?q=list.example&limit=2&after={first['next']}").json()
    assert [one["name"] for one in first["contacts"] + rest["contacts"]] == ["Mara 50%", "Ben Ode", "Noor"]
    assert rest["next"] is None


def test_the_page_of_a_contact_blocks_them_and_lets_them_in_again(
    client: TestClient, agent: AgentAtWork, runtime: Runtime
) -> None:
    customer = Customer(client)
    conversation = customer.start()
    customer.say(conversation, "Is anybody <b>there</b>?")
    page = agent.get(f"/contacts/{customer.contact_id}").text
    assert f'href="/inbox/{conversation}"' in page
    assert "&lt;b&gt;there&lt;/b&gt;" in page
    for blocked, status in (("true", 403), ("false", 401)):  # 401: a new token is needed
        path = f"/contacts/{customer.contact_id}/access"
        done = agent.client.post(
            path, data={"blocked": blocked}, headers=agent.headers, follow_redirects=False
        )
        assert done.status_code == 303
        assert customer.get("/v1/conversations").status_code == status
    missing = agent.get("/contacts/none")
    assert missing.status_code == 404
