"""Whose turn it is: what closing, a failing bot, an answer in between and a handover do to a conversation."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from model.types import Decision, Question
from serving.bot.worker import AnswerWorker
from serving.db.tables import Conversation, DecisionRecord, Event, Intent, Team, now
from serving.runtime.assembly import Runtime
from serving.runtime.metrics import Metrics
from tests.serving.parts import AgentAtWork, Customer
from tests.serving.rules import RuleResolver


def bot_kinds(customer: Customer, conversation_id: str) -> list[str]:
    """What the bot did in the conversation, in order."""
    messages = customer.messages(conversation_id)
    return [message["payload"]["kind"] for message in messages if message["author"] == "bot"]


def say(customer: Customer, runtime: Runtime, conversation_id: str, *texts: str) -> None:
    """The customer says one after the other, and the bot takes its turn after each."""
    for text in texts:
        customer.say(conversation_id, text)
        runtime.worker.run_once()


@pytest.fixture(scope="module")
def devices(runtime: Runtime) -> Iterator[str]:
    """A second team, which looks after one matter."""
    with runtime.database.session() as session:
        session.add(Team(name="devices", title="Devices"))
        session.flush()
        session.add(Intent(name="leaking_pump", title="Leaking pump", team="devices"))
    return "devices"


def test_closing_takes_away_the_bots_turn(customer: Customer, runtime: Runtime, agent: AgentAtWork) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "do you ship?")
    closed = agent.post(f"/v1/conversations/{conversation_id}/close").json()
    runtime.worker.run_once()
    assert (closed["status"], closed["resolution"]) == ("closed", "none")  # nobody had answered
    assert [message["author"] for message in customer.messages(conversation_id)] == ["customer"]
    assert customer.conversation(conversation_id)["status"] == "closed"
    with runtime.database.reading() as session:
        row = session.get_one(Conversation, conversation_id)
        assert row.answer_due_at is None
        assert row.closed_at is not None


def test_a_bot_that_fails_while_an_agent_owns_the_conversation_leaves_it_to_the_agent(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    def fail(_: Question) -> Decision:
        raise ValueError("cannot think")

    failing = AnswerWorker(runtime.database, runtime.settings, fail, Metrics())
    for said, before in ((["person please"], "waiting"), (["person please", "Hi, I am here."], "open")):
        conversation_id = customer.start()
        say(customer, runtime, conversation_id, said[0])
        for words in said[1:]:
            agent.say(conversation_id, words)
        shown = customer.conversation(conversation_id)
        assert shown["status"] == before
        seen = len(customer.messages(conversation_id))

        customer.say(conversation_id, "are you still there?")
        failing.answer(conversation_id)

        after = customer.conversation(conversation_id)
        assert (after["status"], after["handoff_reason"]) == (before, "wants_person")
        assert len(customer.messages(conversation_id)) == seen + 1  # the customer's own
        with runtime.database.reading() as session:
            row = session.get_one(Conversation, conversation_id)
            assert row.agent_id == (agent.id if before == "open" else None)
            assert row.answer_due_at is None
            kinds = [one.kind for one in session.query(DecisionRecord).filter_by(conversation_id=row.id)]
        assert kinds == ["handoff"]


def test_after_an_answer_the_bot_may_ask_back_again(customer: Customer, runtime: Runtime) -> None:
    conversation_id = customer.start()
    say(customer, runtime, conversation_id, "unclear", "do you ship?", "unclear")
    assert bot_kinds(customer, conversation_id) == ["clarify", "answer", "clarify"]
    say(customer, runtime, conversation_id, "still unclear")
    assert bot_kinds(customer, conversation_id) == ["clarify", "answer", "clarify", "handoff"]


def test_whoever_is_not_understood_twice_goes_to_a_person_with_all_that_was_said(
    customer: Customer, runtime: Runtime, agent: AgentAtWork, resolver: RuleResolver
) -> None:
    conversation_id = customer.start()
    say(customer, runtime, conversation_id, "asdf")
    asked = customer.messages(conversation_id)[-1]
    assert (asked["text"], asked["payload"]) == ("In other words?", {"kind": "clarify"})
    assert customer.conversation(conversation_id)["status"] == "bot"
    say(customer, runtime, conversation_id, "qwer asdf")
    assert (resolver.questions[-1].clarifications, resolver.questions[-1].rewordings) == (1, 1)
    assert bot_kinds(customer, conversation_id) == ["clarify", "handoff"]
    seen = agent.get(f"/v1/conversations/{conversation_id}").json()
    assert seen["handoff_summary"]["question"] == "asdf\nqwer asdf"


def test_choices_that_were_offered_are_no_rewording(
    customer: Customer, runtime: Runtime, agent: AgentAtWork, resolver: RuleResolver
) -> None:
    conversation_id = customer.start()
    say(customer, runtime, conversation_id, "unclear", "still unclear")
    assert (resolver.questions[-1].clarifications, resolver.questions[-1].rewordings) == (1, 0)
    seen = agent.get(f"/v1/conversations/{conversation_id}").json()
    assert seen["handoff_summary"]["question"] == "still unclear"


def test_small_talk_between_two_questions_is_no_answer_to_the_first(
    customer: Customer, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    say(customer, runtime, conversation_id, "unclear", "hello", "unclear")
    assert bot_kinds(customer, conversation_id) == ["clarify", "smalltalk", "handoff"]


def test_whoever_was_not_helped_is_handed_over_rather_than_given_small_talk(
    customer: Customer, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    say(customer, runtime, conversation_id, "do you ship?")
    answer = customer.messages(conversation_id)[-1]["id"]
    customer.post(f"/v1/conversations/{conversation_id}/feedback", {"message_id": answer, "helpful": False})
    worker = AnswerWorker(
        runtime.database,
        runtime.settings,
        lambda question: runtime.resolver.resolve(replace(question, text="hello")),
        runtime.metrics,
    )
    worker.run_once()
    assert bot_kinds(customer, conversation_id) == ["answer", "handoff"]
    assert customer.conversation(conversation_id)["handoff_reason"] == "no_other_answer"


def test_a_conversation_that_comes_back_from_people_may_be_asked_back_again(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = customer.start()
    say(customer, runtime, conversation_id, "unclear", "person please")
    agent.post(f"/v1/conversations/{conversation_id}/close")
    say(customer, runtime, conversation_id, "unclear")
    assert bot_kinds(customer, conversation_id) == ["clarify", "handoff", "clarify"]


def test_whoever_is_handed_over_is_not_resolved_though_an_answer_had_helped(
    customer: Customer, runtime: Runtime
) -> None:
    for ask in ("by words", "by the button"):
        conversation_id = customer.start()
        say(customer, runtime, conversation_id, "do you ship?")
        answer = customer.messages(conversation_id)[-1]["id"]
        rated = {"message_id": answer, "helpful": True}
        customer.post(f"/v1/conversations/{conversation_id}/feedback", rated)
        assert customer.conversation(conversation_id)["resolution"] == "confirmed"

        if ask == "by words":
            say(customer, runtime, conversation_id, "person please")
        else:
            customer.post(f"/v1/conversations/{conversation_id}/handoff", {})

        assert customer.conversation(conversation_id)["resolution"] == "none"


def test_the_team_that_was_found_now_comes_before_the_one_of_last_time(
    customer: Customer, runtime: Runtime, devices: str
) -> None:
    conversation_id = customer.start()
    with runtime.database.session() as session:
        session.get_one(Conversation, conversation_id).team = devices
    say(customer, runtime, conversation_id, "person please")
    assert customer.conversation(conversation_id)["team"] == "billing"  # which the decision named


@pytest.mark.parametrize(
    ("intent", "before", "team"),
    [
        ("leaking_pump", "billing", "devices"),
        ("refund_policy", "devices", "billing"),
        ("unheard_of", "devices", "devices"),
        (None, "devices", "devices"),
        (None, None, None),
    ],
)
def test_without_a_decision_the_team_of_the_matter_comes_before_the_one_of_last_time(
    customer: Customer,
    runtime: Runtime,
    devices: str,
    intent: str | None,
    before: str | None,
    team: str | None,
) -> None:
    conversation_id = customer.start()
    with runtime.database.session() as session:
        row = session.get_one(Conversation, conversation_id)
        row.intent, row.team = intent, before
    customer.post(f"/v1/conversations/{conversation_id}/handoff", {})
    assert customer.conversation(conversation_id)["team"] == team


def test_everything_that_happens_in_a_conversation_is_told_in_order(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = customer.start()
    path = f"/v1/conversations/{conversation_id}"
    told: list[list[str]] = []

    def tell() -> None:
        with runtime.database.reading() as session:
            events = session.query(Event).filter_by(conversation_id=conversation_id).order_by(Event.id)
            kinds = [event.kind for event in events]
        told.append(kinds[sum(map(len, told)) :])

    tell()
    customer.say(conversation_id, "do you ship?")
    tell()
    runtime.worker.run_once()
    tell()
    answer = customer.messages(conversation_id)[-1]["id"]
    customer.post(f"{path}/feedback", {"message_id": answer, "helpful": True})
    tell()
    customer.post(f"{path}/handoff", {})
    tell()
    agent.say(conversation_id, "A regular.", kind="note")
    tell()
    agent.say(conversation_id, "Hi, I am here.")
    tell()
    agent.post(f"{path}/close")
    tell()
    agent.post(f"{path}/close")  # which it is already
    tell()
    customer.say(conversation_id, "do you ship?")
    tell()
    agent.post(f"{path}/assign")
    tell()
    agent.post(f"{path}/assign")  # to whom it belongs already
    tell()
    assert told == [
        ["status"],
        ["message"],
        ["message", "status"],
        ["feedback", "status"],
        ["message", "status"],
        ["message"],
        ["message", "status"],
        ["status"],
        [],
        ["message", "status"],
        ["status"],
        [],
    ]


def test_what_a_customer_is_told_of_a_conversation_ends_before_the_notes(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = customer.start()
    say(customer, runtime, conversation_id, "person please")
    said = agent.say(conversation_id, "Hi, I am here.")
    agent.say(conversation_id, "Has been rude before.", kind="note")
    agent.post(f"/v1/conversations/{conversation_id}/close")
    with runtime.database.reading() as session:
        events = session.query(Event).filter_by(conversation_id=conversation_id).order_by(Event.id).all()
    assert (events[-1].kind, events[-1].data["last_message_id"]) == ("status", said["id"])


def test_what_a_customer_said_of_an_answer_is_told_with_its_message(
    customer: Customer, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    say(customer, runtime, conversation_id, "do you ship?")
    rated = {"message_id": customer.messages(conversation_id)[-1]["id"], "helpful": False}
    customer.post(f"/v1/conversations/{conversation_id}/feedback", rated)
    with runtime.database.reading() as session:
        event = session.query(Event).filter_by(conversation_id=conversation_id, kind="feedback").one()
    assert event.data == rated
    assert event.agents_only is False


def test_a_no_to_the_answer_brings_a_closed_conversation_back_to_the_bot(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = customer.start()
    say(customer, runtime, conversation_id, "refund?")
    answer = customer.messages(conversation_id)[-1]["id"]
    agent.post(f"/v1/conversations/{conversation_id}/assign")
    agent.post(f"/v1/conversations/{conversation_id}/close")
    customer.post(f"/v1/conversations/{conversation_id}/feedback", {"message_id": answer, "helpful": False})
    with runtime.database.reading() as session:
        row = session.get_one(Conversation, conversation_id)
        assert (row.status, row.agent_id, row.closed_at) == ("bot", None, None)
    runtime.worker.run_once()
    assert customer.messages(conversation_id)[-1]["text"] == "It takes 5 days."


def test_a_no_leaves_the_conversation_to_the_agent_who_looks_after_it(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = customer.start()
    say(customer, runtime, conversation_id, "refund?")
    answer = customer.messages(conversation_id)[-1]["id"]
    agent.post(f"/v1/conversations/{conversation_id}/assign")  # while the bot still answers
    customer.post(f"/v1/conversations/{conversation_id}/feedback", {"message_id": answer, "helpful": False})
    with runtime.database.reading() as session:
        assert session.get_one(Conversation, conversation_id).agent_id == agent.id


def test_whoever_asks_for_a_person_after_the_end_waits_for_any_of_the_team(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = customer.start()
    say(customer, runtime, conversation_id, "person please")
    agent.say(conversation_id, "Hi, I am here.")
    agent.post(f"/v1/conversations/{conversation_id}/close")
    customer.post(f"/v1/conversations/{conversation_id}/handoff", {})
    with runtime.database.reading() as session:
        row = session.get_one(Conversation, conversation_id)
        assert (row.status, row.agent_id, row.team) == ("waiting", None, "billing")
        assert (row.first_response_at, row.closed_at) == (None, None)
        assert row.handed_over_at == row.updated_at


@pytest.mark.parametrize(("days", "team"), [(6, "devices"), (8, "billing")])
def test_who_comes_back_within_a_week_waits_for_the_team_that_answered(
    customer: Customer, runtime: Runtime, agent: AgentAtWork, devices: str, days: int, team: str
) -> None:
    conversation_id = customer.start()
    say(customer, runtime, conversation_id, "person please")
    agent.say(conversation_id, "Hi, I am here.")
    agent.post(f"/v1/conversations/{conversation_id}/close")
    with runtime.database.session() as session:
        row = session.get_one(Conversation, conversation_id)
        row.team, row.first_response_at = devices, now() - timedelta(days=days)
    say(customer, runtime, conversation_id, "person please")  # which the decision gives to billing
    assert customer.conversation(conversation_id)["team"] == team


def test_what_an_agent_has_answered_is_not_asked_of_the_bot(
    customer: Customer, runtime: Runtime, agent: AgentAtWork, resolver: RuleResolver
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "do you ship?")
    agent.say(conversation_id, "Yes, daily.")
    agent.post(f"/v1/conversations/{conversation_id}/close")
    say(customer, runtime, conversation_id, "refund?")
    asked = resolver.questions[-1]
    assert asked.text == "refund?"
    assert [turn.text for turn in asked.history] == ["do you ship?", "Yes, daily."]


def test_an_agent_finds_the_question_of_whoever_asks_for_a_person_at_once(
    customer: Customer, runtime: Runtime
) -> None:
    for said, question in (
        ([], ""),
        (["where is it?", "hello?"], "where is it?\nhello?"),
    ):
        conversation_id = customer.start()
        for text in said:
            customer.say(conversation_id, text)
        customer.post(f"/v1/conversations/{conversation_id}/handoff", {})
        with runtime.database.reading() as session:
            summary = session.get_one(Conversation, conversation_id).handoff_summary
        assert summary is not None
        assert summary["question"] == question
