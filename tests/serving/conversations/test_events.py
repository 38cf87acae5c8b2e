"""Event streams from a real server: order, resuming, who sees what, many at once, and the end."""

import asyncio
import threading
from types import SimpleNamespace

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from serving.company.accounts import any_agent, change_agent
from serving.conversations import feed as feed_module
from serving.conversations import repository
from serving.conversations import stream as stream_module
from serving.conversations.feed import EventFeed, FeedItem, Subscription
from serving.db.session import Database, append_event
from serving.db.tables import Conversation, Event
from serving.settings import Settings
from tests.serving.parts import AgentAtWork, Customer, LiveServer, Sent, take_until


@pytest.fixture
def customer(live: LiveServer) -> Customer:
    return Customer(live.client)


@pytest.fixture(scope="module")
def agent(live: LiveServer) -> AgentAtWork:
    return AgentAtWork(live.client, live.runtime)


def stored_events(live: LiveServer, conversation_id: str, *, agents: bool = False) -> list[int]:
    with live.runtime.database.reading() as session:
        rows = session.query(Event).filter_by(conversation_id=conversation_id).order_by(Event.id)
        return [row.id for row in rows if agents or not row.agents_only]


def test_a_stream_brings_the_message_typing_and_the_answer(live: LiveServer, customer: Customer) -> None:
    conversation_id = customer.start()
    with live.stream(f"/v1/conversations/{conversation_id}/events", customer.headers) as events:
        assert take_until(events, "status")[-1].data["id"] == conversation_id
        asked = customer.say(conversation_id, "do you ship?")
        seen = take_until(events, "message", author="bot")
        seen += take_until(events, "status")
        said = [event for event in seen if event.kind != "typing"]
        assert [event.kind for event in said] == ["message", "message", "status"]
        assert said[0].data == asked
        assert said[1].data == customer.messages(conversation_id)[1]
        assert said[2].data == customer.conversation(conversation_id)
        assert [event.id for event in said] == stored_events(live, conversation_id)[-3:]
        assert {event.id for event in seen if event.kind == "typing"} <= {None}  # not to be resumed from


def test_typing_is_told_while_the_bot_is_about_to_answer(live: LiveServer, customer: Customer) -> None:
    conversation_id = customer.start()
    live.runtime.worker.stop()
    try:
        with live.stream(f"/v1/conversations/{conversation_id}/events", customer.headers) as events:
            customer.say(conversation_id, "do you ship?")
            assert take_until(events, "typing")[-1].id is None
        with live.stream(f"/v1/conversations/{conversation_id}/events", customer.headers) as again:
            assert next(event.kind for event in take_until(again, "typing")) == "status"
    finally:
        live.runtime.worker.start()
    with live.stream(f"/v1/conversations/{conversation_id}/events", customer.headers) as events:
        take_until(events, "message", author="bot")  # due before the start: picked up


def test_a_reader_who_comes_back_again_and_again_misses_and_doubles_nothing(
    live: LiveServer, customer: Customer
) -> None:
    conversation_id = customer.start()
    path = f"/v1/conversations/{conversation_id}/events"
    writer = threading.Thread(target=lambda: [customer.say(conversation_id, f"hello {n}") for n in range(20)])
    writer.start()
    seen: list[Sent] = []
    last = "0"
    while not any(event.data.get("text") == "hello 19" for event in seen):
        with live.stream(path, {**customer.headers, "Last-Event-ID": last}) as events:
            for event in events:
                if event.id is not None:
                    seen.append(event)
                    last = str(event.id)
                if len(seen) % 3 == 0 or event.data.get("text") == "hello 19":
                    break
    writer.join()
    ids = [event.id for event in seen]
    assert ids == [one for one in stored_events(live, conversation_id) if one <= int(last)]
    texts = [event.data["text"] for event in seen if event.data.get("author") == "customer"]
    assert texts == [f"hello {n}" for n in range(20)]


def test_a_stream_that_opens_while_the_log_is_being_read_misses_nothing(
    live: LiveServer, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation_id = customer.start()
    database = live.runtime.database

    async def open_in_between() -> FeedItem | None:
        feed = EventFeed(database)
        opened: list[Subscription] = []

        def read(session: Session, after: int, *, limit: int) -> list[Event]:
            opened.append(feed.subscribe(conversation_id))  # its own look at the store would find nothing yet
            with database.session() as writing:
                append_event(writing, Event(conversation_id=conversation_id, kind="feedback", data={}))
            return repository.events_after(session, after, limit=limit)

        with monkeypatch.context() as patch:
            patch.setattr(
                feed_module, "repository", SimpleNamespace(**{**vars(repository), "events_after": read})
            )
            feed._read_batch()
        item = await opened[0].next(5)
        while item is not None and item.kind != "feedback":
            item = await opened[0].next(5)
        return item

    assert asyncio.run(open_in_between()) is not None


def test_after_says_where_to_begin_and_the_header_counts_before_it(
    live: LiveServer, customer: Customer
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "hello")
    path = f"/v1/conversations/{conversation_id}/events"
    with live.stream(path, customer.headers) as events:
        seen = [event for event in take_until(events, "message", author="bot") if event.id]
    with live.stream(f"{path}?after={seen[0].id}", customer.headers) as events:
        assert next(event for event in events if event.id).id == seen[1].id
    headers = {**customer.headers, "Last-Event-ID": str(seen[1].id)}
    with live.stream(f"{path}?after={seen[0].id}", headers) as events:
        assert next(event for event in events if event.id).id == seen[2].id


def test_a_reader_whose_last_event_is_forgotten_is_told_to_read_anew(
    live: LiveServer, customer: Customer, agent: AgentAtWork
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "hello")
    path = f"/v1/conversations/{conversation_id}/events"
    with live.stream(path, customer.headers) as events:
        seen = [event.id for event in take_until(events, "message", author="bot") if event.id]
    with live.runtime.database.session() as session:
        session.execute(delete(Event).where(Event.id <= seen[1]))
    with live.stream(path, {**customer.headers, "Last-Event-ID": str(seen[0])}) as events:
        assert next(events) == Sent(None, "reset", {"oldest": seen[2]})
        assert next(event.id for event in events if event.id) == seen[2]
    with live.stream(path, {**customer.headers, "Last-Event-ID": str(seen[1])}) as events:
        assert next(event for event in events).kind != "reset"  # the next event is kept
    with live.stream("/v1/inbox/events", {**agent.headers, "Last-Event-ID": str(seen[0])}) as events:
        assert next(events).kind == "reset"


@pytest.mark.parametrize("foreign", ["999999", str(2**63), "9" * 20])
def test_a_reader_who_names_an_event_that_never_was_is_told_to_read_anew(
    live: LiveServer, customer: Customer, agent: AgentAtWork, foreign: str
) -> None:
    conversation_id = customer.start()
    path = f"/v1/conversations/{conversation_id}/events"
    with live.stream(path, {**customer.headers, "Last-Event-ID": foreign}) as events:
        assert next(events).kind == "reset"
        customer.say(conversation_id, "hello")
        assert take_until(events, "message", author="bot")
    with live.stream("/v1/inbox/events", {**agent.headers, "Last-Event-ID": foreign}) as events:
        assert next(events).kind == "reset"


def test_what_is_for_agents_only_never_reaches_a_customer(
    live: LiveServer, customer: Customer, agent: AgentAtWork
) -> None:
    conversation_id = customer.start()
    path = f"/v1/conversations/{conversation_id}/events"
    with live.stream(path, customer.headers) as theirs, live.stream(path, agent.headers) as ours:
        take_until(theirs, "status")
        agent.say(conversation_id, "careful", kind="note")
        with live.runtime.database.session() as session:
            append_event(
                session,
                Event(conversation_id=conversation_id, kind="proposal", agents_only=True, data={"id": 1}),
            )
        agent.say(conversation_id, "Good day!")
        assert [event.data["text"] for event in take_until(theirs, "message")] == ["Good day!"]
        kinds = [
            (event.kind, event.data.get("text")) for event in take_until(ours, "message", text="Good day!")
        ]
        assert kinds[1:] == [("message", "careful"), ("proposal", None), ("message", "Good day!")]
    with live.stream(path, customer.headers) as replayed:
        assert "note" not in [e.data.get("kind") for e in take_until(replayed, "message", text="Good day!")]


def test_the_inbox_tells_of_every_conversation_that_changes(
    live: LiveServer, customer: Customer, agent: AgentAtWork
) -> None:
    with live.stream("/v1/inbox/events", agent.headers) as events:
        conversation_id = customer.start()
        customer.say(conversation_id, "a person please")
        seen = take_until(events, "conversation", id=conversation_id, status="waiting")
        assert seen[-1].data["contact"]["id"] == customer.contact_id
        first = next(event for event in seen if event.data["id"] == conversation_id)
    with live.stream("/v1/inbox/events", {**agent.headers, "Last-Event-ID": str(first.id)}) as events:
        assert take_until(events, "conversation", id=conversation_id)[-1].data["status"] == "waiting"


def test_events_written_by_another_process_arrive(
    live: LiveServer, customer: Customer, settings: Settings
) -> None:
    conversation_id = customer.start()
    other_process = Database(settings.database_url)
    with live.stream(f"/v1/conversations/{conversation_id}/events", customer.headers) as events:
        take_until(events, "status")
        with other_process.session() as session:
            append_event(
                session, Event(conversation_id=conversation_id, kind="feedback", data={"message_id": 1})
            )
        seen = take_until(events, "feedback")
        assert seen[-1].data == {"message_id": 1}
        assert seen[-1].id == stored_events(live, conversation_id)[-1]
    other_process.close()


def test_many_open_streams_leave_room_for_requests(live: LiveServer, customer: Customer) -> None:
    conversation_id = customer.start()
    path = f"/v1/conversations/{conversation_id}/events"
    opened = threading.Barrier(61, timeout=30)
    received: list[str] = []

    def follow() -> None:
        with live.stream(path, customer.headers) as events:
            take_until(events, "status")
            opened.wait()
            received.append(take_until(events, "message", author="bot")[-1].data["text"])

    readers = [threading.Thread(target=follow) for _ in range(60)]
    for reader in readers:
        reader.start()
    opened.wait()
    assert live.runtime.feed.open_streams >= 60
    customer.say(conversation_id, "do you ship?")
    for reader in readers:
        reader.join(20)
    assert received == ["We ship **daily**."] * 60


def test_a_silent_stream_shows_that_it_is_alive(
    live: LiveServer, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "HEARTBEAT_SECONDS", 0.05)
    path = f"/v1/conversations/{customer.start()}/events"
    with live.client.stream("GET", path, headers=customer.headers) as response:
        assert ": alive" in response.iter_lines()


def test_a_stream_ends_after_its_time_so_that_rights_are_checked_again(
    live: LiveServer, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "LONGEST_STREAM_SECONDS", 0.2)
    monkeypatch.setattr(stream_module, "HEARTBEAT_SECONDS", 0.1)
    with live.stream(f"/v1/conversations/{customer.start()}/events", customer.headers) as events:
        assert [event.kind for event in events] == ["status"]


@pytest.mark.parametrize("ending", ["signs out", "is deactivated"])
def test_a_stream_of_an_agent_ends_soon_after_the_session(
    live: LiveServer, customer: Customer, ending: str
) -> None:
    leaving, staying = AgentAtWork(live.client, live.runtime), AgentAtWork(live.client, live.runtime)
    conversation_id = customer.start()
    with (
        live.stream(f"/v1/conversations/{conversation_id}/events", leaving.headers) as ended,
        live.stream("/v1/inbox/events?after=0", staying.headers) as going_on,
    ):
        assert next(ended).kind == "status"
        if ending == "signs out":
            live.client.delete("/v1/agents/session", headers=leaving.headers)
        else:
            with live.runtime.database.session() as session:
                change_agent(session, any_agent(session, leaving.id), {"active": False})
        assert list(ended) == []  # instead of waiting for more
        take_until(going_on, "conversation", id=conversation_id)
        customer.say(conversation_id, "do you ship?")
        take_until(going_on, "conversation", id=conversation_id)


def test_reading_refused_is_refused_before_the_stream_begins(live: LiveServer, customer: Customer) -> None:
    path = f"/v1/conversations/{customer.start()}/events"
    other = Customer(live.client)
    assert live.client.get(path).status_code == 401
    assert live.client.get(path, headers=other.headers).status_code == 404
    assert live.client.get("/v1/inbox/events", headers=other.headers).status_code == 403


def test_an_answer_is_in_the_store_before_its_event_is_told(live: LiveServer, customer: Customer) -> None:
    conversation_id = customer.start()
    with live.stream(f"/v1/conversations/{conversation_id}/events", customer.headers) as events:
        customer.say(conversation_id, "do you ship?")
        told = take_until(events, "message", author="bot")[-1].data
    with live.runtime.database.reading() as session:
        assert session.get_one(Conversation, conversation_id).answer_due_at is None
    assert customer.messages(conversation_id)[-1]["id"] == told["id"]


def running_threads() -> set[str]:
    """The server's own threads, without their numbers."""
    names = {thread.name.partition("_")[0] for thread in threading.enumerate()}
    return names & {"answer-worker", "answer", "event-feed"}


def test_stopping_ends_open_streams_and_the_servers_threads(
    live: LiveServer, agent: AgentAtWork, customer: Customer
) -> None:
    """The last test here: it stops the module's server."""
    ended = threading.Event()
    opened = threading.Event()
    path = f"/v1/conversations/{customer.start()}/events"

    def follow() -> None:
        with live.stream(path, customer.headers) as events:
            take_until(events, "status")
            opened.set()
            list(events)
            ended.set()

    reader = threading.Thread(target=follow)
    reader.start()
    assert opened.wait(10)
    assert running_threads() == {"answer-worker", "answer", "event-feed"}
    live.stop()  # waits for the server's end, which an open stream would put off
    assert ended.wait(20)
    reader.join()
    assert running_threads() == set()
