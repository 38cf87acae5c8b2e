"""What to label next over the API and on the store, and the labels that come back."""

import time
from collections.abc import Iterator, Sequence

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, update

from model.errors import DataError, NotFoundError
from model.understanding.classifying import IntentsRead
from serving.db.tables import (
    Contact,
    Conversation,
    DecisionRecord,
    Event,
    IntentLabel,
    Message,
    new_id,
)
from serving.labelling.repository import first_questions
from serving.labelling.service import label_questions
from serving.runtime.assembly import Runtime
from serving.runtime.in_service import LoadedSet
from tests.serving.parts import AgentAtWork, Customer
from tests.serving.rules import RuleResolver


@pytest.fixture
def engineer(client: TestClient, runtime: Runtime) -> AgentAtWork:
    return AgentAtWork(client, runtime, "engineer")


@pytest.fixture(autouse=True)
def _empty(runtime: Runtime) -> Iterator[None]:
    """No questions of other tests: they are forgotten with another model set."""
    yield
    with runtime.database.session() as session:
        session.execute(update(Message).values(decision_id=None))
        for table in (IntentLabel, Event, DecisionRecord, Message, Conversation):
            session.execute(delete(table))
    runtime.resolver.put(LoadedSet(new_id(), RuleResolver(), runtime.knowledge))


def ask(
    runtime: Runtime, *texts: str, kind: str = "handoff", name: str | None = None, choice: str | None = None
) -> list[int]:
    """One conversation in which these were asked one after the other; the decisions' ids."""
    ids = []
    with runtime.database.session() as session:
        contact = Contact(name=name)
        session.add(contact)
        session.flush()
        conversation = Conversation(contact_id=contact.id, client_id=new_id())
        session.add(conversation)
        session.flush()
        for text in texts:
            message = Message(conversation_id=conversation.id, author="customer", text=text)
            message.payload = {"choice": choice} if choice else {}
            session.add(message)
            session.flush()
            numbers = {"confidence": 0.0, "threshold": 0.9, "mood": 0.0, "wants_person": 0.0}
            decision = DecisionRecord(
                conversation_id=conversation.id,
                message_id=message.id,
                question=text,
                kind=kind,
                sentiment="neutral",
                reasons=[],
                model="rules",
                **numbers,
            )
            session.add(decision)
            session.flush()
            ids.append(decision.id)
    return ids


def listed(engineer: AgentAtWork, n: int = 20) -> dict:
    """The complete list: a reading that takes long goes on by itself."""
    for _ in range(100):
        answer = engineer.get(f"/v1/labelling?n={n}")
        assert answer.status_code == 200, answer.text
        if answer.json()["complete"]:
            return answer.json()
        time.sleep(0.05)
    raise AssertionError("the questions were never read")


def conversation_of(runtime: Runtime, decision_id: int) -> str:
    with runtime.database.reading() as session:
        return session.get_one(DecisionRecord, decision_id).conversation_id


def labels(runtime: Runtime) -> dict[int, str | None]:
    with runtime.database.reading() as session:
        return {row.decision_id: row.intent for row in session.query(IntentLabel)}


def test_what_is_asked_often_and_read_unsurely_comes_first(runtime: Runtime, engineer: AgentAtWork) -> None:
    ask(runtime, "cancel everything")
    first = ask(runtime, "pods never arrive")[0]
    again = ask(runtime, "Pods never  arrive")[0]
    ask(runtime, "a refund please")  # the bot is sure of it
    found = listed(engineer)
    # Two decisions at 1 - .4 each are 1.2, one is .6, the sure one is .1.
    assert [(group["text"], group["alike"], group["expected_gain"]) for group in found["groups"]] == [
        ("pods never arrive", 2, 1.2),
        ("cancel everything", 1, 0.6),
        ("a refund please", 1, 0.1),
    ]
    group = found["groups"][0]
    assert (group["decision_id"], group["new_topic"]) == (first, True)
    assert [other["decision_id"] for other in group["same"]] == [again]
    assert group["intents"] == [{"name": "refund_policy", "probability": 0.2}]  # the business has no others
    assert found["groups"][2]["intents"] == [{"name": "refund_policy", "probability": 0.9}]
    assert (found["unlabelled"], found["labelled"]) == (4, 0)
    assert [group["text"] for group in listed(engineer, n=1)["groups"]] == ["pods never arrive"]


def test_only_the_first_question_of_a_conversation_counts(runtime: Runtime, engineer: AgentAtWork) -> None:
    ask(runtime, "hello there", kind="smalltalk")
    ask(runtime, "while a person answers", kind="silent")
    ask(runtime, "picked", choice="article:refund-policy")
    ask(runtime, "where is my box", "and the next one")
    assert [group["text"] for group in listed(engineer)["groups"]] == ["where is my box"]


def test_personal_data_is_replaced(runtime: Runtime, engineer: AgentAtWork) -> None:
    ask(runtime, "this is Petra Novak, write to petra@shop.example about order #4711-22", name="Petra Novak")
    [group] = listed(engineer)["groups"]
    assert group["text"] == "this is [name], write to [email] about order [number]"


def test_a_label_takes_its_question_and_those_like_it_off_the_list(
    runtime: Runtime, engineer: AgentAtWork
) -> None:
    first = ask(runtime, "my pods never arrive", "thanks anyway")[0]
    ask(runtime, "cancel everything")
    path = f"/v1/conversations/{conversation_of(runtime, first)}/intent"
    assert listed(engineer)["groups"][0]["text"] in {"my pods never arrive", "cancel everything"}

    given = engineer.put(path, {"intent": "refund_policy", "decision_id": first})

    assert given.status_code == 200, given.text
    assert labels(runtime) == {first: "refund_policy"}
    assert given.json()["intent"] is None  # the last question is another one
    found = listed(engineer)
    assert [group["text"] for group in found["groups"]] == ["cancel everything"]
    assert (found["unlabelled"], found["labelled"]) == (1, 1)


def test_the_question_named_must_be_one_of_the_conversation(runtime: Runtime, engineer: AgentAtWork) -> None:
    first, other = ask(runtime, "one")[0], ask(runtime, "two")[0]
    path = f"/v1/conversations/{conversation_of(runtime, first)}/intent"
    refused = engineer.put(path, {"intent": None, "decision_id": other})
    assert (refused.status_code, f"decision {other} is on no question" in refused.text) == (404, True)
    assert engineer.put(path, {"intent": None, "decision_id": 0}).status_code == 422
    assert labels(runtime) == {}


def test_labelling_the_last_question_shows_on_the_conversation_but_moves_it_not(
    runtime: Runtime, engineer: AgentAtWork
) -> None:
    [asked] = ask(runtime, "one")
    conversation_id = conversation_of(runtime, asked)
    with runtime.database.reading() as session:
        before = session.get_one(Conversation, conversation_id).updated_at
    with runtime.database.session() as session:
        label_questions(session, [asked], "refund_policy", engineer.id)
    with runtime.database.reading() as session:
        after = session.get_one(Conversation, conversation_id)
        assert (after.intent, after.updated_at) == ("refund_policy", before)


def test_one_label_for_several_questions_is_all_or_nothing(runtime: Runtime, engineer: AgentAtWork) -> None:
    ids = [ask(runtime, f"question {number}")[0] for number in range(3)]
    with pytest.raises(NotFoundError, match="decision 999999"), runtime.database.session() as session:
        label_questions(session, [*ids, 999_999], None, engineer.id)
    with pytest.raises(DataError, match="no intent 'lost'"), runtime.database.session() as session:
        label_questions(session, ids, "lost", engineer.id)
    with pytest.raises(DataError, match="0 questions"), runtime.database.session() as session:
        label_questions(session, [], None, engineer.id)
    assert labels(runtime) == {}
    with runtime.database.session() as session:
        label_questions(session, [*ids, ids[0]], None, engineer.id)
    assert labels(runtime) == dict.fromkeys(ids)


def test_new_questions_join_the_list_and_another_model_set_reads_all_again(
    runtime: Runtime, engineer: AgentAtWork
) -> None:
    ask(runtime, "pods never arrive")
    assert len(listed(engineer)["groups"]) == 1
    ask(runtime, "cancel everything")
    assert len(listed(engineer)["groups"]) == 2

    class Surer(RuleResolver):
        def read_intents(self, texts: Sequence[str]) -> IntentsRead:
            return super().read_intents(["refund " + text for text in texts])

    runtime.resolver.put(LoadedSet(new_id(), Surer(), runtime.knowledge))
    assert [group["expected_gain"] for group in listed(engineer)["groups"]] == [0.1, 0.1]


def test_the_newest_first_questions_are_read_the_oldest_of_them_first(runtime: Runtime) -> None:
    ids = [ask(runtime, text)[0] for text in ("one", "two", "three")]
    with runtime.database.reading() as session:
        assert first_questions(session, after=0, limit=2) == [(ids[1], "two"), (ids[2], "three")]
        assert first_questions(session, after=ids[2], limit=2) == []


def test_a_question_that_is_gone_from_the_store_is_not_shown(runtime: Runtime, engineer: AgentAtWork) -> None:
    gone = ask(runtime, "pods never arrive")[0]
    ask(runtime, "cancel everything")
    assert len(listed(engineer)["groups"]) == 2
    with runtime.database.session() as session:
        session.execute(delete(DecisionRecord).where(DecisionRecord.id == gone))
    assert [group["text"] for group in listed(engineer)["groups"]] == ["cancel everything"]


def test_while_the_bot_cannot_read_the_list_says_so_and_tries_again(
    runtime: Runtime, engineer: AgentAtWork
) -> None:
    ask(runtime, "pods never arrive")

    class Broken(RuleResolver):
        def read_intents(self, texts: Sequence[str]) -> IntentsRead:
            raise ValueError("boom")

    runtime.resolver.put(LoadedSet("broken", Broken(), runtime.knowledge))
    refused = engineer.get("/v1/labelling")
    assert (refused.status_code, "could not be read" in refused.text) == (503, True)
    assert "boom" not in refused.text
    runtime.resolver.put(LoadedSet("mended", RuleResolver(), runtime.knowledge))
    assert len(listed(engineer)["groups"]) == 1


@pytest.mark.parametrize("n", [0, 101])
def test_how_many_is_between_1_and_100(engineer: AgentAtWork, n: int) -> None:
    assert engineer.get(f"/v1/labelling?n={n}").status_code == 422


def test_a_customers_own_conversation_can_be_labelled_as_it_is_answered(
    runtime: Runtime, engineer: AgentAtWork, customer: Customer
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "unclear: the shirt that shrank")
    runtime.worker.run_once()
    [group] = listed(engineer)["groups"]
    body = {"intent": "refund_policy", "decision_id": group["decision_id"]}
    engineer.put(f"/v1/conversations/{group['conversation_id']}/intent", body)
    assert (group["text"], customer.conversation(conversation_id)["intent"]) == (
        "unclear: the shirt that shrank",
        "refund_policy",
    )
