"""The form in a conversation: asked at handover, sent, corrected, skipped, seen by the agent."""

from collections.abc import Iterator

import pytest

from serving.company import service as company
from serving.company.file import CompanyIntent, CompanyTeam
from serving.contacts.person import as_json, find_person
from serving.details.fields import DetailField
from serving.runtime.assembly import Runtime
from tests.serving.parts import AgentAtWork, Customer

ORDER = DetailField(name="order", label="Order number", kind="order", pattern="TL-####", required=True)
MAIL = DetailField(name="mail", label="Your e-mail", kind="email")


def ask_for(runtime: Runtime, *details: DetailField, intent: tuple[DetailField, ...] = ()) -> None:
    billing = CompanyTeam(name="billing", title="Billing", expected_wait_minutes=10, details=details)
    refunds = CompanyIntent(name="refund_policy", title="Refunds", team="billing", details=intent)
    with runtime.database.session() as session:
        company.put_entry(session, billing, author="me")
        company.put_entry(session, refunds, author="me")


@pytest.fixture(autouse=True)
def _ask_for_nothing_afterwards(runtime: Runtime) -> Iterator[None]:
    yield
    ask_for(runtime)


def handed_over(runtime: Runtime, customer: Customer) -> str:
    conversation = customer.start()
    customer.say(conversation, "a person please")
    runtime.worker.run_once()
    return conversation


def put(customer: Customer, conversation: str, body: object) -> tuple[int, dict]:
    path = f"/v1/conversations/{conversation}/details"
    answer = customer.client.put(path, headers=customer.headers, json=body)
    return answer.status_code, answer.json()


def test_the_team_is_asked_for_what_it_wants_and_sees_what_was_written(
    runtime: Runtime, customer: Customer, agent: AgentAtWork
) -> None:
    ask_for(runtime, ORDER, MAIL)
    conversation = handed_over(runtime, customer)
    assert customer.messages(conversation)[-1]["payload"]["details"] is True
    form = customer.get(f"/v1/conversations/{conversation}/details").json()
    assert (form["status"], [field["label"] for field in form["fields"]]) == (
        "asked",
        ["Order number", "Your e-mail"],
    )
    status, refused = put(customer, conversation, {"values": {"order": "12"}})
    assert (status, "order: '12' does not look like TL-####" in refused["detail"]) == (422, True)
    assert customer.get(f"/v1/conversations/{conversation}/details").json() == form
    status, kept = put(customer, conversation, {"values": {"order": "tl-0042"}})
    assert (status, kept["status"], kept["values"]) == (200, "given", {"order": "TL-0042"})
    assert agent.get(f"/v1/conversations/{conversation}").json()["details"] == kept
    _, corrected = put(customer, conversation, {"values": {"order": "TL-0043", "mail": "a@b.example"}})
    assert corrected["values"] == {"order": "TL-0043", "mail": "a@b.example"}


def test_the_form_can_be_skipped_and_is_not_asked_for_again(
    runtime: Runtime, customer: Customer, agent: AgentAtWork
) -> None:
    ask_for(runtime, ORDER)
    conversation = handed_over(runtime, customer)
    assert put(customer, conversation, {"skip": True, "values": {"order": "TL-0001"}})[0] == 422
    assert put(customer, conversation, {"skip": True})[1]["status"] == "skipped"
    agent.post(f"/v1/conversations/{conversation}/close")
    customer.say(conversation, "a person please")
    runtime.worker.run_once()
    assert "details" not in customer.messages(conversation)[-1]["payload"]
    ask_for(runtime, ORDER, MAIL)
    agent.post(f"/v1/conversations/{conversation}/close")
    customer.say(conversation, "a person please")
    runtime.worker.run_once()
    assert customer.messages(conversation)[-1]["payload"]["details"] is True  # something new is wanted


def test_what_the_matter_asks_for_comes_before_what_the_team_asks(
    runtime: Runtime, customer: Customer
) -> None:
    ask_for(runtime, MAIL, intent=(ORDER,))
    conversation = handed_over(runtime, customer)  # about the refund policy
    form = customer.get(f"/v1/conversations/{conversation}/details").json()
    assert [field["name"] for field in form["fields"]] == ["order"]
    put(customer, conversation, {"values": {"order": "TL-0777"}})
    with runtime.database.reading() as session:
        rows = find_person(session, customer.contact_id)
    assert as_json(rows)["conversations"][0]["details"]["values"] == {"order": "TL-0777"}


def test_where_nothing_is_asked_nothing_can_be_sent(runtime: Runtime, customer: Customer) -> None:
    conversation = handed_over(runtime, customer)
    assert customer.get(f"/v1/conversations/{conversation}/details").json() == {
        "status": None,
        "fields": [],
        "values": {},
    }
    assert put(customer, conversation, {"values": {"order": "TL-0001"}})[0] == 409
    other = Customer(customer.client)
    assert put(other, conversation, {"skip": True})[0] == 404
