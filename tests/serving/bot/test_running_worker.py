"""A worker that runs: it answers again and again, outlives a store that is away, and puts customers first."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from model.types import Decision, Question
from serving.bot import worker as worker_module
from serving.bot.worker import AnswerWorker, Learn
from serving.conversations import repository
from serving.db.tables import Conversation, Message, WorkLease, now
from serving.runtime.assembly import Runtime
from tests.serving.parts import AgentAtWork, Customer

PATIENCE_SECONDS = 60
"""How long a test waits for what must come; it comes in a moment, even on a busy machine."""


@contextmanager
def running(
    runtime: Runtime, *, resolve: Callable[[Question], Decision] | None = None, learn: Learn | None = None
) -> Iterator[AnswerWorker]:
    worker = AnswerWorker(
        runtime.database,
        runtime.settings,
        resolve or runtime.resolver.resolve,
        runtime.metrics,
        learn=learn,
    )
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


class Heard:
    """Waits until something holds, looking again after each commit that wrote events."""

    def __init__(self, runtime: Runtime) -> None:
        self._committed = threading.Event()
        runtime.database.on_events(self._committed.set)

    def wait_until(self, holds: Callable[[], bool]) -> bool:
        while not holds():
            if not self._committed.wait(PATIENCE_SECONDS):
                return False
            self._committed.clear()
        return True


def bot_texts(customer: Customer, conversation_id: str) -> list[str]:
    return [m["text"] for m in customer.messages(conversation_id) if m["author"] == "bot"]


def test_a_second_question_in_the_same_conversation_is_answered_too(
    customer: Customer, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    heard = Heard(runtime)
    with running(runtime):
        customer.say(conversation_id, "hello")
        assert heard.wait_until(lambda: len(bot_texts(customer, conversation_id)) == 1)
        customer.say(conversation_id, "do you ship?")
        assert heard.wait_until(lambda: len(bot_texts(customer, conversation_id)) == 2)
    assert bot_texts(customer, conversation_id) == ["Hello! How can I help?", "We ship **daily**."]


@pytest.mark.parametrize("failing_statements", [1, 3])
def test_a_store_that_was_away_leaves_the_worker_answering(
    customer: Customer, runtime: Runtime, failing_statements: int
) -> None:
    conversation_id = customer.start()
    heard = Heard(runtime)
    with running(runtime), store_away_for_workers(runtime.database.engine, failing_statements) as back:
        assert back.wait(PATIENCE_SECONDS)
        customer.say(conversation_id, "do you ship?")
        assert heard.wait_until(lambda: bot_texts(customer, conversation_id) == ["We ship **daily**."])


@contextmanager
def store_away_for_workers(engine: Engine, failing_statements: int) -> Iterator[threading.Event]:
    """The next statements of the worker's threads fail, as when the store is away; set when it is back."""
    failed: list[str] = []
    back = threading.Event()

    def fail(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not threading.current_thread().name.startswith("answer") or back.is_set():
            return
        failed.append(statement)
        if len(failed) == failing_statements:
            back.set()
        raise OperationalError(statement, None, Exception("the store is away"))

    event.listen(engine, "before_cursor_execute", fail)
    try:
        yield back
    finally:
        event.remove(engine, "before_cursor_execute", fail)


def test_a_worker_that_is_stopped_ends_the_answer_that_it_is_at(customer: Customer, runtime: Runtime) -> None:
    conversation_id = customer.start()
    thinking, let_go = threading.Event(), threading.Event()

    def answer(question: Question) -> Decision:
        thinking.set()
        let_go.wait(PATIENCE_SECONDS)
        return runtime.resolver.resolve(question)

    with running(runtime, resolve=answer):
        customer.say(conversation_id, "do you ship?")
        assert thinking.wait(PATIENCE_SECONDS)
        threading.Timer(0.3, let_go.set).start()  # by then the worker is being stopped
    assert bot_texts(customer, conversation_id) == ["We ship **daily**."]


def test_a_customer_is_answered_while_many_drafts_are_due(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    handed_over = customer.start()
    customer.say(handed_over, "what about strawberries?")
    runtime.worker.run_once()
    replies = [agent.say(handed_over, f"Variety {number} grows well.")["id"] for number in range(12)]
    asking, drafting, let_go = customer.start(), threading.Event(), threading.Event()
    order: list[str] = []

    def draft(_session: Session, _conversation_id: str, message_id: int) -> None:
        drafting.set()
        let_go.wait(PATIENCE_SECONDS)
        order.append(f"drafted {message_id}")

    def answer(question: Question) -> Decision:
        order.append("answered")
        return runtime.resolver.resolve(question)

    heard = Heard(runtime)
    with running(runtime, resolve=answer, learn=draft):
        assert drafting.wait(PATIENCE_SECONDS)
        customer.say(asking, "do you ship?")
        threading.Timer(5, let_go.set).start()  # so that a worker whose threads are all taken ends the test
        assert heard.wait_until(lambda: bot_texts(customer, asking) == ["We ship **daily**."])
        let_go.set()
        assert heard_all(order, [f"drafted {reply}" for reply in replies])
    assert order[0] == "answered"
    assert sorted(order[1:]) == sorted(f"drafted {reply}" for reply in replies)


def heard_all(order: list[str], wanted: list[str]) -> bool:
    waiting = threading.Event()
    for _ in range(PATIENCE_SECONDS * 20):
        if set(wanted) <= set(order):
            return True
        waiting.wait(0.05)
    return False


def test_a_customer_is_answered_while_the_housekeeping_works(
    customer: Customer, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation_id = customer.start()
    cleaning, let_go = threading.Event(), threading.Event()

    def clean(_worker: AnswerWorker, **_: object) -> int:
        cleaning.set()
        let_go.wait(PATIENCE_SECONDS)
        return 0

    monkeypatch.setattr(AnswerWorker, "keep_house", clean)
    answer_threads = runtime.settings.answer_threads
    heard = Heard(runtime)
    thinking = threading.Barrier(answer_threads + 1, timeout=PATIENCE_SECONDS)

    def answer(question: Question) -> Decision:
        thinking.wait()  # every thread for answers is at work at once, the housekeeping beside them
        return runtime.resolver.resolve(question)

    asked = [conversation_id, *(customer.start() for _ in range(answer_threads - 1))]
    with running(runtime, resolve=answer):
        assert cleaning.wait(PATIENCE_SECONDS)
        for one in asked:
            customer.say(one, "do you ship?")
        thinking.wait()
        assert heard.wait_until(
            lambda: all(bot_texts(customer, one) == ["We ship **daily**."] for one in asked)
        )
        let_go.set()


def test_housekeeping_is_done_once_however_often_the_worker_is_woken(
    customer: Customer, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []

    def keep_house(_worker: AnswerWorker, *, rest_seconds: float) -> None:
        rests.append(rest_seconds)

    monkeypatch.setattr(AnswerWorker, "keep_house", keep_house)
    conversation_id = customer.start()
    heard = Heard(runtime)
    with running(runtime):
        for answers in (1, 2, 3):
            customer.say(conversation_id, f"hello {answers}")
            assert heard.wait_until(lambda: len(bot_texts(customer, conversation_id)) == answers)  # noqa: B023
    assert rests == [50.0]  # of the 60 seconds until this process does it again, nobody does it in 50


def test_housekeeping_comes_again_after_its_interval_though_nothing_wakes_the_worker(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.bot.worker._HOUSEKEEPING_SECONDS", 0.1)
    monkeypatch.setattr("serving.bot.worker._LONGEST_PAUSE_SECONDS", 3600.0)
    done = threading.Semaphore(0)
    monkeypatch.setattr(AnswerWorker, "keep_house", lambda _worker, *, rest_seconds: done.release())
    with running(runtime):
        for _ in range(3):
            assert done.acquire(timeout=PATIENCE_SECONDS)


def test_a_sleeping_worker_is_woken_by_what_a_customer_says(
    customer: Customer, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.bot.worker._HOUSEKEEPING_SECONDS", 3600.0)
    monkeypatch.setattr("serving.bot.worker._LONGEST_PAUSE_SECONDS", 3600.0)
    housekeeping = threading.Event()
    monkeypatch.setattr(AnswerWorker, "keep_house", lambda _worker, *, rest_seconds: housekeeping.set())
    conversation_id = customer.start()
    heard = Heard(runtime)
    with running(runtime):
        assert housekeeping.wait(PATIENCE_SECONDS)
        threading.Event().wait(0.2)  # it sleeps by now; where it does not yet, it has no need to be woken
        customer.say(conversation_id, "do you ship?")
        assert heard.wait_until(lambda: bot_texts(customer, conversation_id) == ["We ship **daily**."])


def test_a_clock_that_was_set_back_an_hour_keeps_nobody_waiting(
    customer: Customer, agent: AgentAtWork, runtime: Runtime
) -> None:
    asked, answered = customer.start(), customer.start()
    customer.say(asked, "do you ship?")
    customer.say(answered, "refund?")
    with running(runtime):
        assert Heard(runtime).wait_until(lambda: len(bot_texts(customer, answered)) == 1)
    reply_id = agent.say(answered, "Within a week.")["id"]
    in_an_hour = now() + timedelta(hours=1)  # what the clock said when it was all stored
    with runtime.database.session() as session:
        session.get_one(Conversation, asked).answer_due_at = in_an_hour
        reply = session.get_one(Message, reply_id)
        reply.created_at = reply.learning_due_at = in_an_hour
        session.add(WorkLease(work=repository.answer_work(asked), holder="of then", until=in_an_hour))
    learnt = threading.Event()
    heard = Heard(runtime)
    with running(runtime, learn=lambda *_: learnt.set()):
        assert heard.wait_until(lambda: bot_texts(customer, asked) == ["We ship **daily**."])
        assert learnt.wait(PATIENCE_SECONDS)


def test_a_draft_that_was_put_off_is_not_brought_forward(
    customer: Customer, agent: AgentAtWork, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    reply_id = agent.say(conversation_id, "Yes.")["id"]
    later = now() + timedelta(hours=3)
    with runtime.database.session() as session:
        session.get_one(Message, reply_id).learning_due_at = later
        repository.bring_forward(session, now())
    with runtime.database.reading() as session:
        assert session.get_one(Message, reply_id).learning_due_at == later


def test_it_looks_for_drift_again_and_again_and_outlives_a_look_that_fails(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_HOUSEKEEPING_SECONDS", 0.01)
    monkeypatch.setattr(worker_module, "_WATCH_SECONDS", 0.01)
    looks: list[int] = []
    thrice = threading.Event()

    def watch() -> None:
        looks.append(len(looks))
        if len(looks) == 3:
            thrice.set()
        raise ValueError("nothing to see")

    worker = AnswerWorker(
        runtime.database, runtime.settings, runtime.resolver.resolve, runtime.metrics, watch=watch
    )
    worker.start()
    assert thrice.wait(PATIENCE_SECONDS)
    worker.stop()
