"""Encoding holds up no writer: it happens while no transaction that writes is open."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from model.types import Vectors
from serving.app import create_app
from serving.db.tables import LearnedAnswer, Proposal, RegressionCase
from serving.runtime.assembly import Runtime, build_runtime
from serving.settings import Settings
from tests.serving.parts import AgentAtWork, Customer
from tests.serving.rules import HashReader, RuleResolver
from tests.stores import sqlite_url


class UnlockedReader(HashReader):
    """Refuses to encode while the store is locked for writing; SQLite has one writer at a time."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        with sqlite3.connect(self.store, timeout=0) as connection:
            connection.execute("BEGIN IMMEDIATE")  # "database is locked" while anybody else writes
            connection.rollback()
        self.texts += texts
        return super().encode(texts)


@pytest.fixture
def encoder(tmp_path: Path) -> UnlockedReader:
    return UnlockedReader(tmp_path / "firstlast.db")


@pytest.fixture
def runtime(tmp_path: Path, encoder: UnlockedReader) -> Iterator[Runtime]:
    url, secret = sqlite_url(tmp_path), "a secret key for tests, 32 or more"
    settings = Settings(home=tmp_path, database_url=url, secret_key=secret, burst_milliseconds=0)
    runtime = build_runtime(settings, encoder=encoder, resolver=RuleResolver())
    yield runtime
    runtime.stop()


def proposal_of_a_reply(client: TestClient, runtime: Runtime, agent: AgentAtWork, question: str) -> int:
    """What is drafted when an agent answers the question; the proposal's id."""
    customer = Customer(client)
    conversation_id = customer.start()
    customer.say(conversation_id, f"{question} I want a person")
    runtime.worker.run_once()
    agent.say(conversation_id, "Yes, every box is delivered on Mondays before noon.")
    runtime.worker.run_once()
    with runtime.database.reading() as session:
        (drafted,) = session.query(Proposal).filter_by(conversation_id=conversation_id)
        return drafted.id


def test_nothing_is_encoded_while_an_approval_writes(encoder: UnlockedReader, runtime: Runtime) -> None:
    client = TestClient(create_app(runtime), base_url="http://testserver")  # entered, it would start threads
    agent = AgentAtWork(client, runtime)
    question = "Do you deliver green boxes on Mondays?"
    near = "Do you deliver boxes on Sundays?"
    written = AgentAtWork(client, runtime, "editor").post(
        "/v1/learned-answers", {"question": near, "answer": "No, never on Sundays."}
    )
    assert written.status_code == 201
    runtime.knowledge.sync.follow_once()
    drafted = proposal_of_a_reply(client, runtime, agent, question)

    encoder.texts.clear()
    approved = agent.post(f"/v1/proposals/{drafted}/approve", {})

    assert approved.status_code == 200, approved.text
    assert question in encoder.texts
    with runtime.database.reading() as session:
        learned = session.get(LearnedAnswer, approved.json()["learned_answer_id"])
        cases = session.query(RegressionCase).filter_by(learned_answer_id=learned.id, must_answer=False)
        assert [case.text for case in cases] == [near]


def test_nothing_is_encoded_while_an_approval_on_a_page_writes(
    encoder: UnlockedReader, runtime: Runtime
) -> None:
    client = TestClient(create_app(runtime), base_url="http://testserver")
    agent = AgentAtWork(client, runtime)
    drafted = proposal_of_a_reply(client, runtime, agent, "Do you deliver green boxes on Mondays?")

    encoder.texts.clear()
    headers = {**agent.headers, "Origin": "http://testserver"}
    decided = client.post(f"/proposals/{drafted}/approve", headers=headers, follow_redirects=False)

    assert decided.status_code == 303, decided.text
    assert encoder.texts == ["Do you deliver green boxes on Mondays?"]
