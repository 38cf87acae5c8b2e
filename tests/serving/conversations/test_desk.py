"""What agents do to conversations: owners, snoozing, tags, priority, many at once, by API on both stores."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from serving.conversations.housekeeping import wake_snoozed
from serving.db.tables import Agent, Conversation, Team, new_id, now
from serving.runtime.assembly import Runtime
from tests.serving.parts import AgentAtWork, Customer


@pytest.fixture(scope="module")
def colleague(client: TestClient, runtime: Runtime) -> AgentAtWork:
    return AgentAtWork(client, runtime)


@pytest.fixture(scope="module", autouse=True)
def _devices(runtime: Runtime) -> None:
    with runtime.database.session() as session:
        session.add(Team(name="devices", title="Devices"))


@pytest.fixture
def waiting(customer: Customer, runtime: Runtime) -> str:
    """A conversation that waits in billing."""
    conversation_id = customer.start()
    customer.say(conversation_id, "person please")
    runtime.worker.run_once()
    return conversation_id


def row(runtime: Runtime, conversation_id: str) -> Conversation:
    with runtime.database.reading() as session:
        return session.get_one(Conversation, conversation_id)


def viewed(agent: AgentAtWork, view: str) -> list[str]:
    listed = agent.get(f"/v1/conversations?view={view}&limit=500").json()["conversations"]
    return [one["id"] for one in listed]


def counts(agent: AgentAtWork) -> dict[str, int]:
    return {one["view"]: one["count"] for one in agent.get("/v1/inbox/views").json()["views"]}


def test_answering_anothers_conversation_is_refused_with_the_owners_name_until_one_says_anyway(
    waiting: str, agent: AgentAtWork, colleague: AgentAtWork, runtime: Runtime
) -> None:
    agent.say(waiting, "I look into it.")
    path = f"/v1/conversations/{waiting}/messages"
    refused = colleague.post(path, {"client_id": new_id(), "text": "Me too."})
    assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")
    assert refused.json()["detail"] == (
        "Ada has this conversation; send `anyway: true` to answer all the same"
    )
    colleague.say(waiting, "A note is always welcome.", kind="note")
    colleague.say(waiting, "Here is more.", anyway=True)
    assert row(runtime, waiting).agent_id == agent.id


def test_whoever_left_keeps_no_conversation_from_others(
    waiting: str, client: TestClient, agent: AgentAtWork, runtime: Runtime
) -> None:
    leaver = AgentAtWork(client, runtime)
    leaver.say(waiting, "I look into it.")
    with runtime.database.session() as session:
        session.get_one(Agent, leaver.id).active = False
    agent.say(waiting, "I go on here.")
    assert row(runtime, waiting).agent_id == agent.id
    assert agent.post(f"/v1/conversations/{waiting}/assign", {"agent_id": leaver.id}).status_code == 404


def test_taking_anothers_conversation_is_refused_until_one_says_anyway(
    waiting: str, agent: AgentAtWork, colleague: AgentAtWork
) -> None:
    path = f"/v1/conversations/{waiting}/assign"
    agent.post(path)
    assert colleague.post(path).status_code == 409
    assert colleague.post(path, {"team": "devices"}).status_code == 409
    assert colleague.post(path, {"anyway": True}).json()["agent"]["id"] == colleague.id


def test_what_an_agent_takes_from_the_bot_is_with_people_and_the_bot_is_silent(
    customer: Customer, agent: AgentAtWork, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "do you ship?")
    taken = agent.post(f"/v1/conversations/{conversation_id}/assign").json()
    assert (taken["status"], taken["agent"]["id"]) == ("waiting", agent.id)
    assert taken["handoff_reason"] == "agent_stepped_in"
    runtime.worker.run_once()
    assert [one["author"] for one in customer.messages(conversation_id)] == ["customer"]


def test_a_team_gets_the_conversation_into_its_queue_and_giving_it_back_begins_the_wait_anew(
    waiting: str, agent: AgentAtWork, runtime: Runtime
) -> None:
    path = f"/v1/conversations/{waiting}/assign"
    agent.say(waiting, "I ask the others.")
    moved = agent.post(path, {"team": "devices"}).json()
    assert (moved["status"], moved["team"], moved["agent"]) == ("waiting", "devices", None)
    assert row(runtime, waiting).first_response_at is None
    agent.post(path)
    assert agent.delete(path).json()["agent"] is None
    assert waiting in viewed(agent, "unassigned")
    assert agent.post(path, {"team": "gardens"}).status_code == 404
    agent.post(f"/v1/conversations/{waiting}/close")
    assert agent.post(path).status_code == 409
    assert agent.delete(path).status_code == 409


def test_a_snoozed_conversation_comes_back_when_its_time_has_come(
    waiting: str, agent: AgentAtWork, runtime: Runtime
) -> None:
    path, before = f"/v1/conversations/{waiting}/snooze", counts(agent)
    until = (now() + timedelta(hours=2)).isoformat()
    snoozed = agent.put(path, {"until": until, "reason": "Waits for\nthe warehouse"}).json()
    assert snoozed["snooze_reason"] == "Waits for the warehouse"
    assert waiting in viewed(agent, "snoozed")
    assert waiting not in viewed(agent, "needs_person")
    after = counts(agent)
    assert (after["needs_person"] - before["needs_person"], after["snoozed"] - before["snoozed"]) == (-1, 1)
    assert wake_snoozed(runtime.database) == 0
    with runtime.database.session() as session:
        session.get_one(Conversation, waiting).snoozed_until = now() - timedelta(seconds=1)
    assert wake_snoozed(runtime.database) == 1
    assert waiting in viewed(agent, "needs_person")
    assert row(runtime, waiting).snooze_reason == "Waits for the warehouse"


def test_a_snoozed_conversation_comes_back_at_once_when_the_customer_writes(
    waiting: str, customer: Customer, agent: AgentAtWork, runtime: Runtime
) -> None:
    until = (now() + timedelta(days=2)).isoformat()
    agent.put(f"/v1/conversations/{waiting}/snooze", {"until": until})
    customer.say(waiting, "Any news?")
    assert row(runtime, waiting).snoozed_until is None


def test_what_was_snoozed_while_the_clock_was_wrong_comes_back_once_it_is_right(
    waiting: str, agent: AgentAtWork, runtime: Runtime
) -> None:
    with runtime.database.session() as session:
        one = session.get_one(Conversation, waiting)
        one.snoozed_at, one.snoozed_until = now() + timedelta(days=365), now() + timedelta(days=366)
    assert wake_snoozed(runtime.database) == 1
    assert waiting in viewed(agent, "needs_person")


def test_only_what_people_have_is_snoozed_and_only_until_a_time_to_come(
    waiting: str, customer: Customer, agent: AgentAtWork
) -> None:
    tomorrow = (now() + timedelta(days=1)).isoformat()
    with_bot = customer.start()
    assert agent.put(f"/v1/conversations/{with_bot}/snooze", {"until": tomorrow}).status_code == 409
    for days in (-1, 400):
        until = (now() + timedelta(days=days)).isoformat()
        assert agent.put(f"/v1/conversations/{waiting}/snooze", {"until": until}).status_code == 422


def test_tags_are_made_on_the_fly_folded_and_counted(waiting: str, agent: AgentAtWork) -> None:
    path, tag = f"/v1/conversations/{waiting}/tags", f"t{new_id()[:8]}"
    body = {"add": [f" {tag.upper()}  x ", f"{tag} x", "other"]}
    assert agent.patch(path, body).json()["tags"] == ["other", f"{tag} x"]
    assert agent.patch(path, {"remove": ["other"]}).json()["tags"] == [f"{tag} x"]
    assert {"tag": f"{tag} x", "conversations": 1} in agent.get("/v1/tags").json()["tags"]
    listed = agent.get(
        "/v1/conversations",
    ).json()
    assert listed["conversations"][0]["id"] == waiting
    found = agent.get(f"/v1/conversations?tag={tag} x").json()["conversations"]
    assert [one["id"] for one in found] == [waiting]
    assert agent.patch(path, {"add": ["x" * 41]}).status_code == 422
    assert agent.patch(path, {"add": [f"n{n}" for n in range(20)]}).status_code == 422


def test_a_priority_by_hand_moves_the_conversation_up(waiting: str, agent: AgentAtWork) -> None:
    assert agent.put(f"/v1/conversations/{waiting}/priority", {"priority": "urgent"}).status_code == 200
    listed = agent.get("/v1/conversations?view=needs_person&order=pressing&limit=1").json()
    assert [one["id"] for one in listed["conversations"]] == [waiting]


@pytest.mark.parametrize("order", ["pressing", "longest", "newest"])
def test_every_order_is_read_page_by_page_to_its_end(
    order: str, waiting: str, agent: AgentAtWork, colleague: AgentAtWork, customer: Customer, runtime: Runtime
) -> None:
    for number in range(3):
        more = customer.start()
        customer.post(f"/v1/conversations/{more}/handoff", {})
        if number == 0:
            agent.say(more, "Hi.")
    address = f"/v1/conversations?view=needs_person&order={order}"
    whole = [one["id"] for one in agent.get(f"{address}&limit=500").json()["conversations"]]
    pages: list[str] = []
    page = agent.get(f"{address}&limit=2").json()
    while True:
        pages += [one["id"] for one in page["conversations"]]
        if page["next"] is None:
            break
        page = agent.get(f"{address}&limit=2&after={page['next']}").json()
    assert pages == whole
    assert waiting in whole


def test_many_are_changed_at_once_and_those_that_cannot_be_are_named(
    waiting: str, customer: Customer, agent: AgentAtWork, runtime: Runtime
) -> None:
    closed = customer.start()
    agent.post(f"/v1/conversations/{closed}/close")
    body = {"ids": [waiting, closed, "nobody"], "agent_id": agent.id, "add_tags": ["bulk"]}
    done = agent.post("/v1/inbox/changes", body).json()
    assert done["changed"] == [waiting]
    refused = {one["id"]: one["detail"] for one in done["not_changed"]}
    assert refused == {
        closed: "a closed conversation cannot be assigned; reply to open it again",
        "nobody": "no conversation 'nobody'",
    }
    assert (row(runtime, waiting).agent_id, row(runtime, closed).agent_id) == (agent.id, None)
    agent.post("/v1/inbox/changes", {"ids": [waiting], "close": True})
    assert row(runtime, waiting).status == "closed"
    assert agent.post("/v1/inbox/changes", {"ids": ["x"] * 101}).status_code == 422


def test_macros_are_kept_for_a_team_or_for_all(agent: AgentAtWork) -> None:
    body = {"name": " Hello ", "text": "Hi {first_name}, {agent} here.", "team": "billing"}
    made = agent.post("/v1/macros", body).json()
    assert (made["name"], made["team"]) == ("Hello", "billing")
    path = f"/v1/macros/{made['id']}"
    assert agent.put(path, {**body, "team": None}).json()["team"] is None
    wrong = agent.put(path, {**body, "text": "Hi {surname}"})
    assert wrong.status_code == 422
    assert "{surname} stands for nothing; use {first_name} and {agent}" in wrong.json()["detail"]
    assert agent.put(path, {**body, "team": "gardens"}).status_code == 422
    assert [one["id"] for one in agent.get("/v1/macros").json()["macros"]] == [made["id"]]
    assert agent.delete(path).status_code == 204
    assert agent.delete(path).status_code == 404
