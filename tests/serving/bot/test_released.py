"""Matters that only people handle: what a person releases is answered from then on, and nothing else.

The sample company with its trained models; its business orders and cancellations are for people alone.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from serving.app import create_app
from serving.db.tables import DecisionRecord
from serving.runtime.assembly import Runtime, build_runtime
from serving.settings import Settings
from tests.serving.parts import AgentAtWork, Customer

pytestmark = pytest.mark.timeout(900)  # the home that all share may have to be trained first

SCHOOLS = "Can a school get a sponsored garden?"
SCHOOLS_REPLY = "Yes, schools get one sponsored garden a year. Fill in the form on our schools page to apply."
BY_PHONE = "Can I cancel my subscription by phone?"
BY_PHONE_REPLY = "Yes, our line is open on weekdays from nine to five, and a colleague cancels it with you."


@pytest.fixture
def company(demo_home: Path) -> Iterator[Runtime]:
    runtime = build_runtime(Settings.load(demo_home).model_copy(update={"burst_milliseconds": 0}))
    yield runtime
    runtime.stop()


@pytest.fixture
def people(company: Runtime) -> TestClient:
    """The application without its threads."""
    return TestClient(create_app(company))


def ask(runtime: Runtime, client: TestClient, text: str) -> tuple[str, list[str], str]:
    """What becomes of a new customer's question: conversation, reasons, and the bot's last words."""
    customer = Customer(client)
    conversation_id = customer.start()
    customer.say(conversation_id, text)
    runtime.worker.run_once()
    with runtime.database.reading() as session:
        record = session.query(DecisionRecord).filter_by(conversation_id=conversation_id).one()
    return conversation_id, record.reasons, customer.messages(conversation_id)[-1]["text"]


def teach(runtime: Runtime, client: TestClient, asked: str, reply: str, *, release: bool = True) -> dict:
    """A customer asks, it goes to people, an agent replies and approves; the proposal as it was put."""
    agent = AgentAtWork(client, runtime)
    conversation_id, reasons, _ = ask(runtime, client, asked)
    assert reasons == ["human_only_intent"]
    agent.say(conversation_id, reply)
    runtime.worker.run_once()
    [proposal] = agent.get(f"/v1/proposals?conversation_id={conversation_id}").json()["proposals"]
    approved = agent.post(f"/v1/proposals/{proposal['id']}/approve", {"release": release})
    assert approved.status_code == 200, approved.text
    runtime.knowledge.sync.follow_once()
    return proposal


def test_approving_a_reply_does_not_give_it_to_the_next_customer_of_a_matter_for_people(
    company: Runtime, people: TestClient
) -> None:
    teach(company, people, SCHOOLS, SCHOOLS_REPLY, release=False)
    assert ask(company, people, SCHOOLS)[1] == ["human_only_intent"]


def test_what_a_person_released_is_answered_to_the_next_customer_though_the_matter_is_for_people(
    company: Runtime, people: TestClient
) -> None:
    proposal = teach(company, people, SCHOOLS, SCHOOLS_REPLY)
    assert (proposal["kind"], proposal["human_only"]) == ("new", True)

    _, reasons, words = ask(company, people, "can our school get a sponsored garden?")
    assert (reasons, words) == (["released_question"], SCHOOLS_REPLY)

    for other in ("I want to cancel my subscription", "we need an offer for 25 gardens for our school"):
        _, reasons, words = ask(company, people, other)
        assert reasons[0] in ("human_only_intent", "human_only_in_passing")
        assert words != SCHOOLS_REPLY


def test_an_approved_answer_about_something_near_does_not_answer_a_cancellation(
    company: Runtime, people: TestClient
) -> None:
    teach(company, people, BY_PHONE, BY_PHONE_REPLY)
    assert ask(company, people, "can i cancel the subscription by phone")[1] == ["released_question"]
    for text in ("I want to cancel my subscription", "please cancel my subscription, I am moving"):
        _, reasons, _ = ask(company, people, text)
        assert reasons == ["human_only_intent"]
    for text in (f"{BY_PHONE} I want to talk to a person.", "can I talk to a person by phone"):
        assert ask(company, people, text)[1] == ["wants_person"]


def test_an_answer_that_nobody_released_is_proposed_again_until_it_is(
    company: Runtime, people: TestClient
) -> None:
    editor = AgentAtWork(people, company, "editor")
    made = editor.post("/v1/learned-answers", {"question": SCHOOLS, "answer": SCHOOLS_REPLY}).json()
    assert made["released"] is False
    company.knowledge.sync.follow_once()

    proposal = teach(company, people, SCHOOLS, SCHOOLS_REPLY)  # asks it in the same words and gets people
    assert (proposal["kind"], proposal["similar"]["ref"]) == ("phrasing", made["ref"])
    assert editor.get(f"/v1/learned-answers/{made['id']}").json()["released"] is True
    assert ask(company, people, SCHOOLS)[1] == ["released_question"]

    withdrawn = editor.client.put(
        f"/v1/learned-answers/{made['id']}", json={"released": False}, headers=editor.headers
    )
    assert withdrawn.json()["released"] is False
    company.knowledge.sync.follow_once()
    assert ask(company, people, SCHOOLS)[1] == ["human_only_intent"]


def test_what_nobody_released_is_offered_to_no_question_of_any_matter_and_learns_from_none(
    company: Runtime, people: TestClient
) -> None:
    teach(company, people, SCHOOLS, SCHOOLS_REPLY, release=False)
    typed = people.get("/v1/suggest", params={"q": SCHOOLS}).json()["suggestions"]
    assert SCHOOLS not in [one["title"] for one in typed]
    customer = Customer(people)
    for text in ("Do you have a garden for a window?", "Is there a sponsored newsletter?"):
        asked = customer.post("/v1/ask", {"question": text}).json()
        shown = [one["title"] for one in (*asked["sources"], *asked["choices"])]
        assert SCHOOLS not in shown
