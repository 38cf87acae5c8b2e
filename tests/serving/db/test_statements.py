"""What the store is asked for after a long history: by index, and never once a row."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from serving.console.inbox_lists import Filters, list_context
from serving.conversations import feed, repository
from serving.conversations.housekeeping import assume_resolutions
from serving.drift.repository import feedback_given, first_questions, texts_of
from serving.runtime.assembly import Runtime
from serving.security.principals import AgentPrincipal
from tests.serving.db.big_store import CONVERSATIONS, fill_with_history, recorded, too_costly
from tests.serving.parts import AgentAtWork, Customer

_QUIET = f"v{CONVERSATIONS - 1}"
_WAITING = "v700"


@pytest.fixture(scope="module", autouse=True)
def _history(runtime: Runtime) -> None:
    fill_with_history(runtime.database.engine)
    assume_resolutions(runtime.database, runtime.settings)


@pytest.fixture(scope="module")
def customer(client: TestClient) -> Customer:
    return Customer(client)


@pytest.fixture(scope="module")
def signed_in(agent: AgentAtWork) -> AgentAtWork:
    return agent


Act = Callable[[], object]


@pytest.fixture
def acts(runtime: Runtime, customer: Customer, signed_in: AgentAtWork) -> dict[str, Act]:
    """What people and the bot do all day, by name."""
    conversation_id = customer.start()
    path = f"/v1/conversations/{conversation_id}"

    def page(address: str) -> Act:
        def open_page() -> None:
            answer = signed_in.get(address)
            assert answer.status_code == 200, answer.text

        return open_page

    def turn() -> None:
        customer.say(conversation_id, "do you ship?")
        assert runtime.worker.run_once() >= 1
        answer = customer.messages(conversation_id)[-1]
        assert answer["author"] == "bot"
        customer.post(f"{path}/feedback", {"message_id": answer["id"], "helpful": False})
        customer.say(conversation_id, "a person please")
        runtime.worker.run_once()
        signed_in.say(conversation_id, "We do ship, on every weekday.")
        runtime.worker.run_once()

    def idle() -> None:
        runtime.worker.run_once()
        with runtime.database.reading() as session:
            repository.next_due(session)

    def streams() -> None:
        with runtime.database.reading() as session:
            newest = repository.last_event_id(session)
            events = repository.events_after(session, newest - 200, limit=200)
            feed.conversation_items(session, events)
            feed.inbox_items(session, events)
            feed.conversation_items(
                session, repository.events_after(session, 0, conversation_id=_QUIET, limit=200)
            )

    def drift() -> None:
        since = datetime(2026, 1, 14, 21, tzinfo=UTC)  # of the last 20 minutes of the history
        with runtime.database.reading() as session:
            asked = list(first_questions(session, since, since + timedelta(days=365)))
            first = min(one.message_id for one in asked)
            list(feedback_given(session, since, since + timedelta(days=365), first_message=first))
            assert len(texts_of(session, [one.decision_id for one in asked])) == len(asked) >= 60

    return {
        "what is counted for drift": drift,
        "a turn of the bot, and of a person": turn,
        "a look at what is due": idle,
        "the streams": streams,
        "own conversations": lambda: customer.get("/v1/conversations"),
        "the API's list": page("/v1/conversations"),
        "the API's list by status": page("/v1/conversations?status=bot"),
        "the API's list by team": page("/v1/conversations?team=billing"),
        "one conversation": page(f"/v1/conversations/{_QUIET}"),
        "its messages": page(f"/v1/conversations/{_QUIET}/messages?after=10"),
        "a search for a common word": page("/v1/search?q=ordinary"),
        "a search for a rare word": page("/v1/search?q=n4711"),
        "a search for a customer": page("/v1/search?q=from:p4711"),
        "the lists with their counts": page("/v1/inbox/views"),
        "the tags": page("/v1/tags"),
        "who waits longest": page("/v1/conversations?view=needs_person&order=longest"),
        "what is mine": page("/v1/conversations?view=mine&order=pressing"),
        "a search in the inbox": page("/inbox?q=ordinary"),
        "what is snoozed": page("/inbox?status=snoozed"),
        "everything": page("/inbox?status=all"),
        "the inbox": page("/inbox"),
        "what is closed": page("/inbox?status=closed"),
        "what the bot has": page("/inbox?status=bot"),
        "a conversation in the inbox": page(f"/inbox/{_WAITING}"),
        "proposals by API": page("/v1/proposals?status=pending"),
        "proposals": page("/proposals"),
    }


def test_nothing_people_wait_for_reads_a_big_table_from_end_to_end(
    runtime: Runtime, acts: dict[str, Act]
) -> None:
    costly: dict[str, list[str]] = {}
    for name, act in acts.items():
        with recorded(runtime.database.engine) as statements:
            act()
        assert statements.selects, name
        costly[name] = too_costly(runtime.database.engine, statements)
    assert {name: found for name, found in costly.items() if found} == {}


@pytest.mark.parametrize(
    "address",
    ["/v1/conversations?status=bot&limit={}", "/v1/conversations/{conversation}/messages?limit={}"],
)
def test_a_longer_list_takes_no_more_statements(
    runtime: Runtime, signed_in: AgentAtWork, customer: Customer, address: str
) -> None:
    conversation_id = customer.start()
    for number in range(30):
        customer.say(conversation_id, f"hello {number}")
    taken: list[int] = []
    for rows in (3, 30):
        with recorded(runtime.database.engine) as statements:
            listed = signed_in.get(address.format(rows, conversation=conversation_id)).json()
        assert len(listed.get("conversations") or listed["messages"]) == rows
        taken.append(len(statements.sent))
    assert taken[0] == taken[1]


def test_a_longer_stream_and_inbox_take_no_more_statements(runtime: Runtime) -> None:
    viewer = AgentPrincipal("", "", "", "agent", None)
    taken: list[int] = []
    for rows in (3, 30):
        with recorded(runtime.database.engine) as statements, runtime.database.reading() as session:
            newest = repository.last_event_id(session)
            events = repository.events_after(session, newest - rows, limit=rows)
            assert len(events) == rows
            feed.conversation_items(session, events)
            feed.inbox_items(session, events)
            list_context(session, viewer, Filters("bot"))
        taken.append(len(statements.sent))
    assert taken[0] == taken[1]


def test_a_list_is_read_page_by_page_to_its_end(signed_in: AgentAtWork, customer: Customer) -> None:
    mine = [customer.start() for _ in range(5)]
    for conversation_id in mine:
        customer.post(f"/v1/conversations/{conversation_id}/handoff", {})
    waiting: list[str] = []
    page = signed_in.get("/v1/conversations?status=waiting&limit=40").json()
    while page["next"]:
        waiting += [row["id"] for row in page["conversations"]]
        page = signed_in.get(f"/v1/conversations?status=waiting&limit=40&after={page['next']}").json()
    waiting += [row["id"] for row in page["conversations"]]
    everything = signed_in.get("/v1/conversations?status=waiting&limit=500").json()
    assert everything["next"] is None
    assert waiting == [row["id"] for row in everything["conversations"]]
    assert waiting[:5] == mine[::-1]
    own = customer.get("/v1/conversations?limit=4").json()
    assert len(own["conversations"]) == 4
    rest = customer.get(f"/v1/conversations?limit=4&after={own['next']}").json()
    assert own["conversations"][0]["id"] == mine[-1]
    assert mine[0] in [row["id"] for row in own["conversations"] + rest["conversations"]]


def test_a_page_nobody_was_told_of_is_refused(signed_in: AgentAtWork) -> None:
    refused = signed_in.get("/v1/conversations?after=tomorrow")
    assert refused.status_code == 422
    assert refused.json()["detail"] == (
        "after='tomorrow' names no page; pass the `next` of the page before, or leave it out"
    )
