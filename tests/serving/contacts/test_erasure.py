"""A customer takes their data along, and is erased: no word of theirs is left in any file of the home."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from eval.report.tracking import log_run
from knowledge.index.knowledge_index import KnowledgeIndex
from model.encoder.onnx_encoder import OnnxEncoder
from serving.contacts.leaving import erase_person, export_person
from serving.db.session import Database
from serving.db.tables import (
    Agent,
    AuditEntry,
    Contact,
    Conversation,
    CsatRating,
    DecisionRecord,
    DecisionTrace,
    Event,
    Feedback,
    IntentLabel,
    LearnedAnswer,
    Message,
    Phrasing,
    Proposal,
    RegressionCase,
    WorkLease,
    now,
)
from serving.indexing.sync import KnowledgeSync
from serving.labelling.schemas import GroupOut
from serving.settings import Settings
from tests.stores import fresh_postgres_url, sqlite_url
from training.datasets.build import Gathered, build
from training.datasets.from_store import read_store
from training.datasets.label_files import Format, write_tasks

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's imports warn of other people's deprecations

NAME, EMAIL, EXTERNAL_ID = "Ottilie Vandermeer", "ottilie@vandermeer.example", "crm-88213-x"
ASKED = "my zebrafinch cage 7731 will not open, how do I unlock it?"
PHRASING = "how do I unlock a zebrafinch cage 7731"
COMMENT = "the quartzite helper never told me anything"
MARKS = (NAME, "vandermeer", EXTERNAL_ID, "VAT-NL-5512", "zebrafinch", "quartzite")
"""Of what they are called, what the business knows of them, and what they wrote."""
KEPT_QUESTION, KEPT_ANSWER = "How do I unlock a cage?", "Turn the latch twice."


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    (tmp_path / "home").mkdir()
    return sqlite_url(tmp_path / "home") if request.param == "sqlite" else fresh_postgres_url()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with closing(Database(url)) as database:
        database.migrate()
        yield database


@pytest.fixture
def settings(tmp_path: Path, url: str) -> Settings:
    return Settings(home=tmp_path / "home", database_url=url, secret_key="a secret key for tests, 32 or more")


def decision(conversation_id: str, message_id: int, question: str) -> DecisionRecord:
    return DecisionRecord(
        conversation_id=conversation_id,
        message_id=message_id,
        question=question,
        kind="handoff",
        confidence=0.1,
        threshold=0.9,
        sentiment="neutral",
        mood=0.0,
        wants_person=0.0,
        reasons=[],
        model="m",
    )


def plant(database: Database) -> tuple[str, int]:
    """A customer whose words are in every table that they reach; the contact's id, the learned answer's."""
    with database.session() as session:
        session.add(Agent(id="ana", email="ana@x.example", name="Ana", password_hash="", role="agent"))
        contact = Contact(name=NAME, email=EMAIL, external_id=EXTERNAL_ID, attributes={"vat": "VAT-NL-5512"})
        session.add(contact)
        session.flush()
        conversation = Conversation(
            contact_id=contact.id, client_id="c", handoff_summary={"question": ASKED, "tried": [ASKED]}
        )
        session.add(conversation)
        session.flush()
        asked = Message(conversation_id=conversation.id, author="customer", text=f"I'm {NAME}.\n{ASKED}")
        session.add(asked)
        session.flush()
        record = decision(conversation.id, asked.id, ASKED)
        record.trace = DecisionTrace(trace={"read": ASKED, "candidates": [{"text": ASKED}]})
        session.add(record)
        session.flush()
        reply = Message(
            conversation_id=conversation.id,
            author="agent",
            agent_id="ana",
            text=f"Dear Ottilie Vandermeer, {KEPT_ANSWER}",
            payload={"nothing_learned": {"reason": "one_case", "words": ASKED}},
        )
        bot = Message(
            conversation_id=conversation.id, author="bot", text=f"You asked: {ASKED}", decision_id=record.id
        )
        session.add_all((reply, bot))
        session.flush()
        answer = LearnedAnswer(
            question=KEPT_QUESTION,
            answer=KEPT_ANSWER,
            source_conversation_id=conversation.id,
            approved_by="ana",
        )
        answer.phrasings = [
            Phrasing(text=KEPT_QUESTION, origin="question"),
            Phrasing(text=ASKED, origin="customer"),
            Phrasing(text="unlock it for Ottilie Vandermeer", origin="agent"),
        ]
        session.add(answer)
        session.flush()
        session.add_all(
            (
                IntentLabel(decision_id=record.id, intent=None, agent_id="ana"),
                Feedback(message_id=bot.id, conversation_id=conversation.id, helpful=False),
                CsatRating(conversation_id=conversation.id, score=1, comment=COMMENT),
                Event(conversation_id=conversation.id, kind="message", data={"words": ASKED}),
                WorkLease(work=f"answer:{conversation.id}", holder="h", until=now()),
                RegressionCase(learned_answer_id=answer.id, text=ASKED, must_answer=True),
                RegressionCase(learned_answer_id=answer.id, text=KEPT_QUESTION, must_answer=True),
                Proposal(
                    conversation_id=conversation.id,
                    message_id=reply.id,
                    kind="new",
                    status="approved",
                    question=KEPT_QUESTION,
                    answer=KEPT_ANSWER,
                    phrasings=[ASKED],
                    undo={"drafted": {"question": PHRASING, "phrasings": [ASKED]}},
                    in_doubt=[{"field": "question", "kind": "number", "words": "zebrafinch 7731"}],
                    learned_answer_id=answer.id,
                ),
            )
        )
        return contact.id, answer.id


def plant_another(database: Database) -> None:
    """A customer who stays, with words of the same kind."""
    with database.session() as session:
        contact = Contact(id="stays", name="Bo Li", email="bo@li.example")
        session.add(contact)
        session.flush()
        session.add(Conversation(id="other", contact_id="stays", client_id="d"))
        session.flush()
        message = Message(conversation_id="other", author="customer", text="where is my parrot perch?")
        session.add(message)
        session.flush()
        session.add(decision("other", message.id, "where is my parrot perch?"))
        session.flush()


def write_files(database: Database, settings: Settings, encoder: OnnxEncoder) -> None:
    """Everything that the product itself makes of a store within a home, and a few files beside."""
    home = settings.home
    index: KnowledgeIndex = KnowledgeSync(database, encoder).load_or_rebuild(settings.index_folder)
    assert len(index) > 0
    with database.reading() as session:
        gathered = read_store(session)
    build(Gathered(gathered.examples), home / "sets" / "first", encoder)
    rows = [{"suite": "answers", "question": ASKED, "text": "kept row"}, {"question": "kept row"}]
    log_run(
        home,
        "eval answers",
        params={"said": ASKED, "who": NAME},
        metrics={"n": 2, "worst": {"text": 1}},
        items=rows,
        about=f"questions of {EMAIL}",
    )
    with database.reading() as session:
        [record] = session.query(DecisionRecord).filter(DecisionRecord.question == ASKED)
        group = label_group(record.id, record.conversation_id)
    formats: Sequence[tuple[str, Format]] = (
        ("a.csv", "text"),
        ("b.json", "label-studio"),
        ("c.json", "argilla"),
    )
    for name, format in formats:
        write_tasks(home / name, [group], format=format, intents=["x"], model="m")
    (home / "notes.txt").write_text(f"call {NAME} about: {ASKED}\nkept row\n", encoding="utf-8")
    (home / "items.jsonl").write_text(
        json.dumps({"text": f"I'm {NAME}.\n{ASKED}"}) + "\n" + json.dumps({"text": "kept row"}) + "\n",
        encoding="utf-8",
    )
    company = home / "company" / "training"
    company.mkdir(parents=True)
    (company / "intents.jsonl").write_text('{"text": "kept row", "label": "x"}\n', encoding="utf-8")


def label_group(decision_id: int, conversation_id: str) -> GroupOut:
    return GroupOut.model_validate(
        {
            "decision_id": decision_id,
            "conversation_id": conversation_id,
            "text": ASKED,
            "alike": 1,
            "expected_gain": 1.0,
            "new_topic": False,
            "intents": [],
            "same": [],
        }
    )


def dumped(database: Database) -> str:
    """Every row of every table as text."""
    with database.engine.connect() as connection:
        names = connection.dialect.get_table_names(connection)
        rows = [connection.execute(text(f'SELECT * FROM "{name}"')).fetchall() for name in names]
    return repr(rows)


def places_of(mark: str, settings: Settings, database: Database) -> list[str]:
    """Where the mark is found: files of the home, byte by byte, and the store's rows."""
    pattern = re.compile(re.escape(mark.encode()), re.IGNORECASE)
    files = [
        str(path.relative_to(settings.home))
        for path in settings.home.rglob("*")
        if path.is_file() and pattern.search(path.read_bytes())
    ]
    return [*files, *(["rows"] if mark.casefold() in dumped(database).casefold() else [])]


def test_no_word_of_an_erased_customer_is_left_anywhere_in_the_home(
    database: Database, settings: Settings, encoder: OnnxEncoder
) -> None:
    contact_id, answer_id = plant(database)
    plant_another(database)
    write_files(database, settings, encoder)
    before = {mark: places_of(mark, settings, database) for mark in MARKS}
    assert all("rows" in places for places in before.values())
    held = "\n".join(place for places in before.values() for place in places)
    for part in (
        "index/",
        "sets/first/data/",
        "sets/first/arrow/",
        "mlflow.db",
        "mlruns/",
        "a.csv",
        "b.json",
    ):
        assert part in held, part
    assert all(part in held for part in ("c.json", "notes.txt", "items.jsonl"))

    erased = erase_person(database, settings, EMAIL, author="ada@help.example")

    assert erased.contacts == (contact_id,)
    with database.reading() as session:
        [entry] = session.query(AuditEntry)
        digest = hashlib.sha256(contact_id.encode()).hexdigest()[:16]
        assert (entry.who, entry.what, entry.on) == ("ada@help.example", "erased", f"contact {digest}")
    assert erased.files.left == ()
    assert erased.store_compacted
    for mark in (*MARKS, contact_id):
        assert places_of(mark, settings, database) == [], mark
    with database.reading() as session:
        answer = session.get_one(LearnedAnswer, answer_id)
        assert (answer.question, answer.answer, answer.source_conversation_id) == (
            KEPT_QUESTION,
            KEPT_ANSWER,
            None,
        )
        assert [row.text for row in answer.phrasings] == [KEPT_QUESTION, "unlock it for [erased]"]
        assert [case.text for case in session.query(RegressionCase)] == [KEPT_QUESTION]
        assert [contact.id for contact in session.query(Contact)] == ["stays"]
        assert [message.text for message in session.query(Message)] == ["where is my parrot perch?"]
    for path in ("notes.txt", "items.jsonl", "company/training/intents.jsonl"):
        assert "kept row" in (settings.home / path).read_text(encoding="utf-8")


def test_data_sets_and_index_can_be_read_after_an_erasure(
    database: Database, settings: Settings, encoder: OnnxEncoder
) -> None:
    from datasets import load_from_disk

    plant(database)
    plant_another(database)
    write_files(database, settings, encoder)
    erase_person(database, settings, EXTERNAL_ID, author="ada@help.example")
    for folder in sorted((settings.home / "sets" / "first" / "arrow").iterdir()):
        loaded: Any = load_from_disk(str(folder))
        texts = [row["text"] for split in loaded.values() for row in split]
        assert not any("zebrafinch" in one for one in texts)
    index = KnowledgeSync(database, encoder).load_or_rebuild(settings.index_folder)
    assert len(index) > 0


def test_a_dry_run_tells_what_it_would_take_and_takes_nothing(
    database: Database, settings: Settings, encoder: OnnxEncoder
) -> None:
    contact_id, _ = plant(database)
    write_files(database, settings, encoder)
    told = erase_person(database, settings, contact_id, author="ada@help.example", dry_run=True)
    assert told.rows["messages"] == 3
    assert told.rows["phrasings"] == 1
    assert "notes.txt" in told.files.changed
    with database.reading() as session:
        assert session.query(AuditEntry).count() == 0
    assert all(places_of(mark, settings, database) for mark in MARKS)


def test_a_file_that_cannot_be_changed_is_named(database: Database, settings: Settings) -> None:
    plant(database)
    (settings.home / "old.bin").write_bytes(b"\x00\x01" + NAME.encode() + b"\x00")
    erased = erase_person(database, settings, EMAIL, author="ada@help.example")
    assert erased.files.left == ("old.bin",)
    assert not erased.is_whole


def test_the_export_holds_everything_that_is_kept_of_a_person(database: Database) -> None:
    plant(database)
    person = export_person(database, EMAIL, author="ada@help.example")
    assert person["contacts"][0]["attributes"] == {"vat": "VAT-NL-5512"}
    [conversation] = person["conversations"]
    assert [message["author"] for message in conversation["messages"]] == ["customer", "agent", "bot"]
    assert person["decisions"][0]["trace"]["read"] == ASKED
    assert person["ratings"][0]["comment"] == COMMENT
    assert person["proposals"][0]["phrasings"] == [ASKED]
    json.dumps(person)
