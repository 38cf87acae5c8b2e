"""Who floods the bot waits; others wait for one turn of the flood at most. Turns are counted, not seconds."""

import threading
from collections.abc import Iterator

import pytest

from model.types import Decision, Question
from serving.conversations import repository
from serving.db.tables import now
from serving.runtime.assembly import Runtime
from tests.serving.bot.test_running_worker import PATIENCE_SECONDS, Heard, bot_texts, running
from tests.serving.parts import Customer
from tests.serving.stand import wait_until


class Turns:
    """A resolver that is slow until told otherwise, and the questions in the order it took them."""

    def __init__(self, runtime: Runtime) -> None:
        self._resolve = runtime.resolver.resolve
        self.taken: list[str] = []
        self.is_busy, self.go_on = threading.Event(), threading.Event()

    def __call__(self, question: Question) -> Decision:
        self.taken.append(question.text)
        self.is_busy.set()
        self.go_on.wait(PATIENCE_SECONDS)
        return self._resolve(question)


@pytest.fixture
def one_thread(runtime: Runtime) -> Iterator[None]:
    """One answer at a time, so that the order is that of the turns."""
    before, runtime.settings = runtime.settings, runtime.settings.model_copy(update={"answer_threads": 1})
    yield
    runtime.settings = before


@pytest.mark.usefixtures("one_thread")
def test_of_eight_threads_of_one_visitor_another_waits_for_one(customer: Customer, runtime: Runtime) -> None:
    other = Customer(customer.client)
    flood = [customer.start() for _ in range(8)]
    quiet = other.start()
    turns = Turns(runtime)
    heard = Heard(runtime)
    for conversation_id in flood:
        customer.say(conversation_id, "do you ship?")
    with running(runtime, resolve=turns) as worker:
        assert turns.is_busy.wait(PATIENCE_SECONDS)  # the first of the flood is being answered
        other.say(quiet, "how do refunds work?")
        wait_until(lambda: any(quiet in lane._busy for lane in worker._lanes or ()))
        turns.go_on.set()
        assert heard.wait_until(lambda: all(bot_texts(customer, one) for one in flood))
        assert heard.wait_until(lambda: bool(bot_texts(other, quiet)))
    assert turns.taken.index("how do refunds work?") == 1
    assert len(turns.taken) == 9


def test_a_hundred_conversations_of_one_customer_keep_nobody_out_of_the_list(
    customer: Customer, runtime: Runtime
) -> None:
    other = Customer(customer.client)
    flood = [customer.start() for _ in range(9)]
    for conversation_id in flood:
        customer.say(conversation_id, "do you ship?")
    quiet = other.start()
    other.say(quiet, "how do refunds work?")
    with runtime.database.reading() as session:
        due = repository.list_due(session, now(), limit=3)
    assert [one.conversation_id for one in due] == [flood[0], quiet, flood[1]]
    assert {one.contact_id for one in due} == {customer.contact_id, other.contact_id}
    runtime.worker.run_once()
