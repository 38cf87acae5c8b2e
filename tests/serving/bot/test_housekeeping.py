"""Housekeeping: what it takes for resolved, never against a customer's word, and what it forgets."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, inspect, select, update
from sqlalchemy.event import listen

from serving.conversations import housekeeping, repository
from serving.conversations.housekeeping import assume_resolutions, forget_old
from serving.conversations.log import told
from serving.db.tables import Conversation, DecisionRecord, DecisionTrace, Event, KnowledgeChange, now
from serving.runtime.assembly import Runtime
from tests.serving.db.big_store import recorded
from tests.serving.parts import AgentAtWork, Customer


def answered_a_day_ago(customer: Customer, runtime: Runtime) -> str:
    conversation_id = customer.start()
    customer.say(conversation_id, "do you ship?")
    runtime.worker.run_once()
    a_day_passes(runtime, conversation_id)
    return conversation_id


def a_day_passes(runtime: Runtime, conversation_id: str) -> None:
    with runtime.database.session() as session:
        session.get_one(Conversation, conversation_id).updated_at = now() - timedelta(hours=25)


def when_listed(patch: pytest.MonkeyPatch, then: Callable[[], object]) -> None:
    """Do something between the housekeeping's look at the store and its writing."""
    once: list[object] = []

    def list_and_then(*args: object, **options: object) -> object:
        found = repository.list_silently_resolved(*args, **options)  # type: ignore[arg-type]
        if not once:
            once.append(then())
        return found

    class Interrupted:
        list_silently_resolved = staticmethod(list_and_then)

        def __getattr__(self, name: str) -> object:
            return getattr(repository, name)

    patch.setattr(housekeeping, "repository", Interrupted())


def test_an_unquestioned_answer_becomes_an_assumed_resolution_after_the_window(
    customer: Customer, runtime: Runtime
) -> None:
    helped, handed, fresh = customer.start(), customer.start(), customer.start()
    for conversation_id, said in ((helped, "do you ship?"), (handed, "person"), (fresh, "do you ship?")):
        customer.say(conversation_id, said)
    runtime.worker.run_once()
    for conversation_id in (helped, handed):
        a_day_passes(runtime, conversation_id)
    assert assume_resolutions(runtime.database, runtime.settings) == 1
    assert [customer.conversation(one)["resolution"] for one in (helped, handed, fresh)] == [
        "assumed",
        "none",
        "none",
    ]


def test_only_an_answer_that_nobody_came_back_to_counts_as_a_resolution(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    told: dict[str, str] = {}
    for said in ("do you ship?", "do you ship? / hello", "do you ship? / unclear", "unclear", "hello"):
        told[said] = customer.start()
        for text in said.split(" / "):
            customer.say(told[said], text)
            runtime.worker.run_once()
    for what in ("just now", "a month ago", "still due", "rated no", "stepped in"):
        told[what] = customer.start()
        customer.say(told[what], "do you ship?")
        runtime.worker.run_once()
    agent.say(told["stepped in"], "Yes, we do.")
    answer = customer.messages(told["rated no"])[-1]["id"]
    no = {"message_id": answer, "helpful": False}
    customer.post(f"/v1/conversations/{told['rated no']}/feedback", no)
    hours = {"just now": 23, "a month ago": 24 * 31 + 25}
    with runtime.database.session() as session:
        for what, conversation_id in told.items():
            row = session.get_one(Conversation, conversation_id)
            row.answer_due_at = now() if what == "still due" else None
            row.updated_at = now() - timedelta(hours=hours.get(what, 25))
    assert assume_resolutions(runtime.database, runtime.settings) == 2
    resolved = [what for what, one in told.items() if customer.conversation(one)["resolution"] == "assumed"]
    assert resolved == ["do you ship?", "do you ship? / hello"]
    assert assume_resolutions(runtime.database, runtime.settings) == 0


def test_what_a_customer_says_while_the_housekeeping_looks_is_not_overwritten(
    customer: Customer, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation_id = answered_a_day_ago(customer, runtime)
    answer = customer.messages(conversation_id)[-1]["id"]

    def say_that_it_helped() -> None:
        said = {"message_id": answer, "helpful": True}
        assert customer.post(f"/v1/conversations/{conversation_id}/feedback", said).status_code == 200

    when_listed(monkeypatch, say_that_it_helped)
    assert assume_resolutions(runtime.database, runtime.settings) == 0
    assert customer.conversation(conversation_id)["resolution"] == "confirmed"


def test_a_conversation_that_an_agent_closes_meanwhile_is_not_taken_for_resolved(
    customer: Customer, runtime: Runtime, agent: AgentAtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation_id = answered_a_day_ago(customer, runtime)

    def close_without_counting_as_a_change() -> None:
        agent.post(f"/v1/conversations/{conversation_id}/close")
        a_day_passes(runtime, conversation_id)

    when_listed(monkeypatch, close_without_counting_as_a_change)
    assert assume_resolutions(runtime.database, runtime.settings) == 0
    assert customer.conversation(conversation_id)["resolution"] == "none"


def ids_of(runtime: Runtime, table: type[Event | KnowledgeChange | DecisionTrace]) -> list[int]:
    key = inspect(table).primary_key[0]
    with runtime.database.reading() as session:
        return list(session.scalars(select(key).order_by(key)))


@pytest.mark.parametrize(
    ("table", "setting"),
    [(Event, "event_days"), (KnowledgeChange, "knowledge_change_days"), (DecisionTrace, "trace_days")],
)
def test_what_grows_for_ever_is_cut_after_its_time_and_nothing_else(
    customer: Customer, runtime: Runtime, table: type[Event | KnowledgeChange | DecisionTrace], setting: str
) -> None:
    for _ in range(3):
        conversation_id = customer.start()
        customer.say(conversation_id, "do you ship?")
        runtime.worker.run_once()
    with runtime.database.session() as session:
        session.add_all(KnowledgeChange(ref=f"article:{number}") for number in range(5))
    before = {one: ids_of(runtime, one) for one in (Event, KnowledgeChange, DecisionTrace)}
    old, key = before[table][:-2], inspect(table).primary_key[0]
    with runtime.database.session() as session:
        session.execute(update(table).where(key.in_(old)).values(created_at=now() - timedelta(days=3)))
    settings = runtime.settings.model_copy(update={setting: 2.0})
    assert forget_old(runtime.database, settings) == len(old)
    after = {one: ids_of(runtime, one) for one in before}
    assert after == {**before, table: before[table][-2:]}
    assert customer.messages(conversation_id)[-1]["text"] == "We ship **daily**."


def test_the_newest_event_stays_so_that_its_number_is_never_given_again(
    customer: Customer, runtime: Runtime
) -> None:
    customer.start()
    newest = ids_of(runtime, Event)[-1]
    with runtime.database.session() as session:
        session.execute(update(Event).values(created_at=now() - timedelta(days=400)))
    forget_old(runtime.database, runtime.settings)
    assert ids_of(runtime, Event) == [newest]
    customer.start()
    assert ids_of(runtime, Event) == [newest, newest + 1]


def test_a_long_backlog_is_cut_in_small_transactions(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with runtime.database.session() as session:
        session.execute(delete(KnowledgeChange))
        rows = [{"ref": "article:x", "created_at": now() - timedelta(days=400)} for _ in range(25)]
        session.execute(insert(KnowledgeChange), rows)
        session.add(KnowledgeChange(ref="article:newest"))
    monkeypatch.setattr(housekeeping, "_BATCH", 10)
    commits: list[int] = []
    listen(runtime.database.engine, "commit", lambda _: commits.append(1))
    assert forget_old(runtime.database, runtime.settings) >= 25
    assert len(commits) >= 3
    assert len(ids_of(runtime, KnowledgeChange)) == 1


def test_a_silent_decision_keeps_no_trace_and_no_other_is_read_with_its_decision(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "refund?")
    runtime.worker.run_once()
    agent.say(conversation_id, "Of course.")
    customer.say(conversation_id, "and for the lamp?")
    with recorded(runtime.database.engine) as statements:
        runtime.worker.run_once()
    with runtime.database.reading() as session:
        traced = {
            row.kind: row.trace is not None
            for row in session.scalars(select(DecisionRecord).filter_by(conversation_id=conversation_id))
        }
    assert traced == {"answer": True, "silent": False}
    assert [one for one in statements.selects if "decisions.question" in one]
    assert not [one for one in statements.selects if "decision_traces.trace" in one]


def test_events_hold_no_word_of_what_was_said(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "Where is my rhubarb?")
    runtime.worker.run_once()
    agent.say(conversation_id, "Your rhubarb comes on Monday, in a tall box.")
    runtime.worker.run_once()
    with runtime.database.reading() as session:
        events = session.scalars(select(Event).filter_by(conversation_id=conversation_id)).all()
        held = " ".join(json.dumps(event.data) for event in events)
        shown = json.dumps(list(told(session, events).values()))
    assert {event.kind for event in events} >= {"message", "status", "proposal"}
    assert "rhubarb" not in held
    assert shown.count("Where is my rhubarb?") >= 2
