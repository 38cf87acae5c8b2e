"""What customers do with their own conversations beside writing: reading, ending, keeping."""

import pytest
from fastapi.testclient import TestClient

from serving.conversations.service import ENDED_BY_CUSTOMER
from serving.runtime.assembly import Runtime
from tests.serving.parts import AgentAtWork, Customer


def close(customer: Customer, conversation_id: str) -> dict:
    answer = customer.post(f"/v1/conversations/{conversation_id}/close", {})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_reply_to_another_conversation_shows_as_not_read_until_it_is(
    customer: Customer, agent: AgentAtWork
) -> None:
    first = customer.start()
    customer.say(first, "I want a person")
    reply = agent.post(f"/v1/conversations/{first}/messages", {"client_id": "r", "text": "Here I am."}).json()
    customer.start()
    listed = customer.get("/v1/conversations").json()["conversations"]
    shown = next(one for one in listed if one["id"] == first)
    assert (shown["last_message"]["id"], shown["read_message_id"]) == (reply["id"], 0)
    read = customer.post(f"/v1/conversations/{first}/read", {"message_id": reply["id"]})
    assert read.json()["read_message_id"] == reply["id"]
    assert agent.get(f"/v1/conversations/{first}").json()["read_message_id"] == reply["id"]


def test_reading_an_older_message_takes_nothing_back(customer: Customer) -> None:
    conversation = customer.start()
    one, two = (customer.say(conversation, text)["id"] for text in ("one", "two"))
    for message_id in (two, one):
        customer.post(f"/v1/conversations/{conversation}/read", {"message_id": message_id})
    assert customer.conversation(conversation)["read_message_id"] == two


def test_only_messages_that_the_customer_can_see_can_be_read(customer: Customer, agent: AgentAtWork) -> None:
    conversation, other = customer.start(), customer.start()
    body = {"client_id": "n", "text": "A note.", "kind": "note"}
    note = agent.post(f"/v1/conversations/{conversation}/messages", body).json()["id"]
    elsewhere = customer.say(other, "elsewhere")["id"]
    for message_id in (note, elsewhere, 999_999):
        answer = customer.post(f"/v1/conversations/{conversation}/read", {"message_id": message_id})
        assert answer.status_code == 404
        assert f"no message {message_id} in this conversation" in answer.json()["detail"]


def test_a_customer_who_waits_ends_the_conversation_and_nobody_waits_any_more(
    customer: Customer, agent: AgentAtWork, runtime: Runtime
) -> None:
    conversation = customer.start()
    customer.say(conversation, "I want a person")
    runtime.worker.run_once()
    assert customer.conversation(conversation)["status"] == "waiting"
    ended = close(customer, conversation)
    assert (ended["status"], ended["resolution"]) == ("closed", "none")
    last = agent.get(f"/v1/conversations/{conversation}").json()["last_message"]
    assert (last["author"], last["text"]) == ("system", ENDED_BY_CUSTOMER)
    close(customer, conversation)  # once more, by a second tab
    texts = [message["text"] for message in customer.messages(conversation)]
    assert texts.count(ENDED_BY_CUSTOMER) == 1


@pytest.mark.parametrize(
    ("question", "helpful", "resolution"),
    [
        ("Do you ship on Mondays?", None, "assumed"),
        ("Do you ship on Mondays?", True, "confirmed"),
        ("hello", None, "none"),
    ],
)
def test_ending_after_an_answer_counts_it_as_one_that_helped(
    customer: Customer, runtime: Runtime, question: str, helpful: bool | None, resolution: str
) -> None:
    conversation = customer.start()
    customer.say(conversation, question)
    runtime.worker.run_once()
    if helpful is not None:
        answer = customer.messages(conversation)[-1]["id"]
        body = {"message_id": answer, "helpful": helpful}
        customer.post(f"/v1/conversations/{conversation}/feedback", body)
    assert close(customer, conversation)["resolution"] == resolution


def test_another_customers_conversation_can_be_neither_ended_nor_read_nor_kept(
    customer: Customer, client: TestClient
) -> None:
    conversation = customer.start()
    message = customer.say(conversation, "mine")["id"]
    other = Customer(client)
    assert other.post(f"/v1/conversations/{conversation}/close", {}).status_code == 404
    assert other.post(f"/v1/conversations/{conversation}/read", {"message_id": message}).status_code == 404
    assert other.get(f"/v1/conversations/{conversation}/transcript").status_code == 404
    assert customer.conversation(conversation)["status"] == "bot"


def test_a_transcript_holds_all_that_was_said_and_no_note(
    customer: Customer, agent: AgentAtWork, runtime: Runtime
) -> None:
    conversation = customer.start()
    customer.say(conversation, "Do you ship on Mondays?")
    runtime.worker.run_once()
    for kind, text in (("note", "Between us."), ("message", "Anything else?")):
        body = {"client_id": kind, "text": text, "kind": kind}
        agent.post(f"/v1/conversations/{conversation}/messages", body)
    kept = customer.get(f"/v1/conversations/{conversation}/transcript")
    assert kept.headers["content-type"] == "text/plain; charset=utf-8"
    assert "attachment" in kept.headers["content-disposition"]
    said = [part.split("\n")[:2] for part in kept.text.split("\n\n")[1:]]
    assert [(head.partition("] ")[2], text) for head, text in said] == [
        ("You", "Do you ship on Mondays?"),
        ("Assistant", "We ship **daily**."),
        ("Ada", "Anything else?"),
    ]
    assert "Source: 1" in kept.text


def test_who_needs_nobody_any_more_is_offered_to_end_and_still_waits_until_they_say_so(
    customer: Customer, runtime: Runtime
) -> None:
    conversation = customer.start()
    customer.say(conversation, "I want a person")
    runtime.worker.run_once()
    customer.say(conversation, "never mind, found it")
    runtime.worker.run_once()
    offer = customer.messages(conversation)[-1]
    assert (offer["author"], offer["payload"]["offers_end"]) == ("bot", True)
    assert customer.conversation(conversation)["status"] == "waiting"


def test_further_words_while_waiting_are_left_to_the_person(customer: Customer, runtime: Runtime) -> None:
    conversation = customer.start()
    customer.say(conversation, "I want a person")
    runtime.worker.run_once()
    customer.say(conversation, "never mind the parcel, where is my refund?")
    runtime.worker.run_once()
    assert customer.messages(conversation)[-1]["author"] == "customer"
