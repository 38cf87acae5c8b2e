"""Answering in the background: once, together, and safe against crashes and races; learning likewise."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.orm import Session

from model.types import Decision, Question
from serving.bot import turn as answering
from serving.bot.worker import AnswerWorker
from serving.db.tables import Conversation, DecisionRecord, Event, Message, Proposal, new_id, now
from serving.runtime.assembly import Runtime
from serving.runtime.metrics import Metrics
from tests.serving.parts import AgentAtWork, Customer


def bot_texts(customer: Customer, conversation_id: str) -> list[str]:
    return [m["text"] for m in customer.messages(conversation_id) if m["author"] == "bot"]


def worker_with(runtime: Runtime, resolve) -> AnswerWorker:  # noqa: ANN001
    return AnswerWorker(runtime.database, runtime.settings, resolve, runtime.metrics)


def test_a_message_posted_many_times_at_once_is_one_message(customer: Customer) -> None:
    conversation_id = customer.start()
    path = f"/v1/conversations/{conversation_id}/messages"
    body = {"client_id": new_id(), "text": "hello"}
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: customer.post(path, body), range(8)))
    assert sorted(answer.status_code for answer in made) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in made}) == 1
    assert len(customer.messages(conversation_id)) == 1


def test_a_conversation_started_many_times_at_once_is_one_conversation(customer: Customer) -> None:
    body = {"client_id": new_id()}
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: customer.post("/v1/conversations", body), range(8)))
    assert sorted(answer.status_code for answer in made) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in made}) == 1


def test_the_same_client_id_in_two_conversations_is_two_messages(customer: Customer) -> None:
    for conversation_id in (customer.start(), customer.start()):
        made = customer.post(
            f"/v1/conversations/{conversation_id}/messages", {"client_id": "same", "text": "hello"}
        )
        assert made.status_code == 201


def test_two_workers_that_both_resolved_a_turn_store_one_reply(customer: Customer, runtime: Runtime) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "do you ship?")
    with runtime.database.reading() as session:
        turn = answering.read_turn(session, conversation_id, runtime.settings)
    assert turn is not None
    decision = answering.resolve_turn(turn, runtime.resolver.resolve)
    stored = []
    for _ in range(2):
        with runtime.database.session() as session:
            stored.append(answering.store_decision(session, turn, decision))
    assert stored == [True, False]
    assert bot_texts(customer, conversation_id) == ["We ship **daily**."]


def test_many_workers_at_once_answer_every_conversation_exactly_once(
    customer: Customer, runtime: Runtime
) -> None:
    asked = [customer.start() for _ in range(6)]
    for conversation_id in asked:
        customer.say(conversation_id, "do you ship?")
    workers = [worker_with(runtime, runtime.resolver.resolve) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda worker: worker.run_once(), workers))
    assert [bot_texts(customer, one) for one in asked] == [["We ship **daily**."]] * 6


def test_a_message_that_arrives_while_the_bot_thinks_is_answered_with_the_others(
    customer: Customer, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "hello")
    asked: list[str] = []

    def interrupted(question: Question) -> Decision:
        asked.append(question.text)
        if len(asked) == 1:
            customer.say(conversation_id, "do you ship?")
        return runtime.resolver.resolve(question)

    worker = worker_with(runtime, interrupted)
    assert worker.answer(conversation_id) is False
    assert bot_texts(customer, conversation_id) == []
    assert worker.answer(conversation_id) is True
    assert asked == ["hello", "hello\ndo you ship?"]
    assert bot_texts(customer, conversation_id) == ["We ship **daily**."]


def test_an_agent_who_answers_while_the_bot_thinks_has_the_word(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "do you ship?")

    def overtaken(question: Question) -> Decision:
        agent.say(conversation_id, "Yes, daily.")
        return runtime.resolver.resolve(question)

    assert worker_with(runtime, overtaken).answer(conversation_id) is False
    assert [m["author"] for m in customer.messages(conversation_id)] == ["customer", "agent"]


def test_an_agent_who_answers_while_the_bot_fails_has_the_word(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "do you ship?")

    def overtaken(_question: Question) -> Decision:
        agent.say(conversation_id, "Yes, daily.")
        raise ValueError("cannot think")

    assert worker_with(runtime, overtaken).answer(conversation_id) is False
    assert [m["author"] for m in customer.messages(conversation_id)] == ["customer", "agent"]


def test_a_turn_that_nothing_was_said_before_ends_without_a_word(
    customer: Customer, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    with runtime.database.session() as session:
        session.get_one(Conversation, conversation_id).answer_due_at = now()
    assert runtime.worker.answer(conversation_id) is False
    assert customer.messages(conversation_id) == []
    with runtime.database.reading() as session:
        assert session.get_one(Conversation, conversation_id).answer_due_at is None


def test_every_turn_in_a_conversation_is_counted_by_what_the_bot_did(
    customer: Customer, runtime: Runtime
) -> None:
    first, second = customer.start(), customer.start()
    metrics = Metrics()
    worker = AnswerWorker(runtime.database, runtime.settings, runtime.resolver.resolve, metrics)
    for conversation_id, text in (
        (first, "hello"),
        (first, "do you ship?"),
        (first, "a person"),
        (second, "boom"),
    ):
        customer.say(conversation_id, text)
        worker.run_once()
    counts = [
        metrics.registry.get_sample_value(
            "firstlast_decisions_total", {"kind": kind, "channel": "conversation"}
        )
        for kind in ("smalltalk", "answer", "handoff")
    ]
    assert counts == [1, 1, 1]  # a failure is no decision
    assert metrics.registry.get_sample_value("firstlast_bot_failures_total") == 1


def test_a_crash_while_storing_leaves_the_turn_due_and_nothing_half_written(
    customer: Customer, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "do you ship?")

    class PowerCutError(BaseException):
        """Nothing in the program catches it."""

    def cut(*_: object) -> None:
        raise PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr(answering, "log_status", cut)  # after decision and reply were written
        with pytest.raises(PowerCutError):
            runtime.worker.answer(conversation_id)
    assert bot_texts(customer, conversation_id) == []
    with runtime.database.reading() as session:
        assert session.query(DecisionRecord).filter_by(conversation_id=conversation_id).count() == 0
        assert session.get_one(Conversation, conversation_id).answer_due_at is not None
    runtime.worker.run_once()
    assert bot_texts(customer, conversation_id) == ["We ship **daily**."]


def test_a_decision_that_cannot_be_stored_goes_to_a_person(
    customer: Customer, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "do you ship?")
    with monkeypatch.context() as patch:
        patch.setattr(answering, "sources_json", lambda _: [object()])
        runtime.worker.run_once()
    assert customer.conversation(conversation_id)["handoff_reason"] == "bot_error"


def test_a_started_worker_answers_when_the_burst_is_over_and_stops(
    customer: Customer, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "hello")
    with runtime.database.session() as session:
        session.get_one(Conversation, conversation_id).answer_due_at = now() + timedelta(milliseconds=150)
    committed = threading.Event()
    worker = worker_with(runtime, runtime.resolver.resolve)
    runtime.database.on_events(committed.set)
    worker.start()
    while not bot_texts(customer, conversation_id) and committed.wait(30):
        committed.clear()
    worker.stop()
    assert bot_texts(customer, conversation_id) == ["Hello! How can I help?"]


def test_a_failed_commit_is_a_failed_request_and_stores_nothing(customer: Customer, runtime: Runtime) -> None:
    conversation_id = customer.start()
    body = {"client_id": new_id(), "text": "hello"}
    path = f"/v1/conversations/{conversation_id}/messages"

    def disk_full(_session: Session) -> None:
        raise OSError("no space left on device")

    sqlalchemy_event.listen(runtime.database._writer, "before_commit", disk_full)
    try:
        failed = customer.post(path, body)
    finally:
        sqlalchemy_event.remove(runtime.database._writer, "before_commit", disk_full)
    assert failed.status_code == 500
    assert failed.headers["content-type"] == "application/problem+json"
    assert "no space" not in failed.text
    assert customer.messages(conversation_id) == []
    assert customer.post(path, body).status_code == 201


def handed_over(customer: Customer, runtime: Runtime, question: str) -> str:
    conversation_id = customer.start()
    customer.say(conversation_id, question)
    runtime.worker.run_once()
    return conversation_id


def test_an_agents_reply_after_a_handoff_becomes_a_proposal_for_agents_only(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = handed_over(customer, runtime, "Can I plant strawberries in the garden?")
    reply = agent.say(conversation_id, "Yes, strawberries grow well in blank pods, six for 9 dollars.")
    assert runtime.worker.run_once() == 1
    with runtime.database.reading() as session:
        proposal = session.query(Proposal).filter_by(conversation_id=conversation_id).one()
        event = session.query(Event).filter_by(conversation_id=conversation_id, kind="proposal").one()
        message = session.get_one(Message, reply["id"])
    assert (proposal.message_id, proposal.status) == (reply["id"], "pending")
    assert event.agents_only is True
    assert message.learning_due_at is None
    assert agent.get(f"/v1/conversations/{conversation_id}").json()["pending_proposals"] == 1
    assert runtime.worker.run_once() == 0


def test_learning_that_failed_is_tried_again_later_and_given_up_after_a_day(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = handed_over(customer, runtime, "what about strawberries?")
    reply = agent.say(conversation_id, "They grow well.")
    tried: list[int] = []

    def fail(_session: Session, _conversation_id: str, message_id: int) -> None:
        tried.append(message_id)
        raise ValueError("cannot learn")

    worker = AnswerWorker(
        runtime.database, runtime.settings, runtime.resolver.resolve, runtime.metrics, learn=fail
    )
    assert worker.run_once() == 1
    assert worker.run_once() == 0
    worker.learn_from(reply["id"])  # as a process would that saw it due before it failed here
    assert tried == [reply["id"]]
    with runtime.database.session() as session:
        message = session.get_one(Message, reply["id"])
        assert message.learning_due_at is not None
        assert message.learning_due_at > now()
        message.learning_due_at = now() - timedelta(seconds=1)
        message.created_at = now() - timedelta(days=2)
    worker.run_once()
    assert tried == [reply["id"]] * 2
    with runtime.database.reading() as session:
        assert session.get_one(Message, reply["id"]).learning_due_at is None


def test_a_failure_to_learn_does_not_bring_back_what_another_has_learned_meanwhile(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = handed_over(customer, runtime, "what about strawberries?")
    reply = agent.say(conversation_id, "They grow well.")

    def fail(_session: Session, _conversation_id: str, message_id: int) -> None:
        with runtime.database.session() as session:
            session.get_one(Message, message_id).learning_due_at = None
        raise ValueError("cannot learn")

    AnswerWorker(
        runtime.database, runtime.settings, runtime.resolver.resolve, runtime.metrics, learn=fail
    ).run_once()
    with runtime.database.reading() as session:
        assert session.get_one(Message, reply["id"]).learning_due_at is None


def test_a_reply_is_drafted_from_while_other_writers_go_on(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = handed_over(customer, runtime, "what about strawberries?")
    agent.say(conversation_id, "They grow well.")
    stored: list[bool] = []

    def draft(session: Session, _conversation_id: str, message_id: int) -> Callable[[Session], object]:
        agent.say(conversation_id, "A note meanwhile", kind="note")
        return lambda session: stored.append(session.get_one(Message, message_id).learning_due_at is None)

    AnswerWorker(
        runtime.database, runtime.settings, runtime.resolver.resolve, runtime.metrics, learn=draft
    ).run_once()
    assert stored == [True]


def test_a_note_teaches_nothing(customer: Customer, runtime: Runtime, agent: AgentAtWork) -> None:
    conversation_id = handed_over(customer, runtime, "what about strawberries?")
    agent.say(conversation_id, "They grow well.", kind="note")
    assert runtime.worker.run_once() == 0


def test_what_was_due_when_the_process_died_is_answered_by_the_next(
    client: TestClient, runtime: Runtime
) -> None:
    customer = Customer(client)
    conversation_id = customer.start()
    customer.say(conversation_id, "do you ship?")
    successor = worker_with(runtime, runtime.resolver.resolve)
    assert successor.run_once() >= 1
    assert bot_texts(customer, conversation_id) == ["We ship **daily**."]


def test_the_resolver_is_told_which_answers_the_bots_messages_gave_and_offered(
    customer: Customer, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    worker = worker_with(runtime, runtime.resolver.resolve)
    for text in ("do you ship?", "unclear"):
        customer.say(conversation_id, text)
        worker.run_once()
    customer.say(conversation_id, "the second one")
    with runtime.database.reading() as session:
        turn = answering.read_turn(session, conversation_id, runtime.settings)
    assert turn is not None
    told = [
        (turn.author, [answer.ref for answer in turn.given], [answer.ref for answer in turn.offered])
        for turn in turn.question.history
    ]
    assert told == [
        ("customer", [], []),
        ("bot", ["learned_answer:1"], []),
        ("customer", [], []),
        ("bot", [], ["article:refund-policy", "learned_answer:1"]),
    ]
    assert turn.question.history[1].given[0].title == "1"
