"""Housekeeping: what it takes for resolved, and that it never has the last word against a customer."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from serving_parts import AgentAtWork, Customer

from serving.conversations import housekeeping, repository
from serving.conversations.housekeeping import assume_resolutions
from serving.db.tables import Conversation, now
from serving.runtime.assembly import Runtime


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
