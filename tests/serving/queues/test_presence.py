"""Coming online and going by HTTP, and what the lists say."""

from fastapi.testclient import TestClient

from serving.company.accounts import change_agent
from serving.db.tables import Agent, Team
from serving.runtime.assembly import Runtime
from tests.serving.parts import AgentAtWork, Customer


def test_who_comes_online_is_given_what_waits_and_gives_it_back_on_leaving(
    client: TestClient, runtime: Runtime, customer: Customer, agent: AgentAtWork
) -> None:
    with runtime.database.session() as session:
        session.get_one(Team, "billing").assignment = "balanced"
        change_agent(session, session.get_one(Agent, agent.id), {"team": "billing"})
    conversation = customer.start()
    customer.say(conversation, "a person please")
    runtime.worker.run_once()
    assert agent.get(f"/v1/conversations/{conversation}").json()["agent"] is None
    assert agent.get("/v1/agents/me").json()["online"] is False
    assert agent.put("/v1/agents/me/presence", {"online": True}).json()["online"] is True
    assert agent.get(f"/v1/conversations/{conversation}").json()["agent"]["id"] == agent.id
    agent.put("/v1/agents/me/presence", {"online": False})
    assert agent.get(f"/v1/conversations/{conversation}").json()["agent"] is None
    assert agent.post(f"/v1/conversations/{conversation}/assign").json()["agent"]["id"] == agent.id


def test_what_nobody_looks_at_can_be_listed(runtime: Runtime, customer: Customer, agent: AgentAtWork) -> None:
    with runtime.database.session() as session:
        change_agent(session, session.get_one(Agent, agent.id), {"team": "billing"})
    conversation = customer.start()
    customer.say(conversation, "a person please")
    runtime.worker.run_once()
    with runtime.database.session() as session:
        change_agent(session, session.get_one(Agent, agent.id), {"team": None})
        session.add(Team(name="empty", title="Empty"))
        session.flush()
        for row in session.query(Agent):
            row.team = "empty"
    runtime.worker.keep_house()
    listed = agent.get("/v1/conversations?unattended=true").json()["conversations"]
    assert conversation in [one["id"] for one in listed]
    assert all(one["unattended"] for one in listed)
    others = agent.get("/v1/conversations?unattended=false").json()["conversations"]
    assert conversation not in [one["id"] for one in others]
