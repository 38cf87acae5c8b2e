"""Whose turn it is: what closing, a failing bot, an answer in between and a handover do to a conversation."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from model.types import Decision, Question
from serving.bot.worker import AnswerWorker
from serving.db.tables import Conversation, DecisionRecord, Intent, Team
from serving.runtime.assembly import Runtime
from serving.runtime.metrics import Metrics
from tests.serving.parts import AgentAtWork, Customer


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
