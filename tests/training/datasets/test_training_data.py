"""What the heads are trained on: a company's files, the general ones where they lack, the store's."""

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from eval.data.labelled import LabelledText
from knowledge import DEMO_FOLDER
from model.errors import DataError
from model.generation import NONE
from model.types import IntentInfo
from serving.company.file import CompanyIntent, read_company
from serving.company.service import apply_company, put_entry
from serving.db.session import Database
from serving.db.tables import (
    Agent,
    Contact,
    Conversation,
    DecisionRecord,
    Feedback,
    Intent,
    IntentLabel,
    Message,
    Team,
)
from serving.settings import Settings
from tests.stores import sqlite_url
from training.datasets.from_store import INTENT_GONE
from training.datasets.training_data import (
    TrainingData,
    company_data,
    general_data,
    intents_file,
    remember_folder,
    stored_questions,
)
from training.datasets.with_service import stored_data
from training.pipeline import gather

COMPANY = """
name = "Nook"
[[teams]]
name = "desk"
title = "Desk"
[[intents]]
name = "opening_hours"
title = "Opening hours"
team = "desk"
[[intents]]
name = "complaint"
title = "A complaint"
team = "desk"
human_only = true
"""


def write_jsonl(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A company with two intents and nothing else."""
    (tmp_path / "company.toml").write_text(COMPANY, encoding="utf-8")
    write_jsonl(
        tmp_path / "training" / "intents.jsonl",
        [
            {"text": "when do you open", "label": "opening_hours"},
            {"text": "this is a disgrace", "label": "complaint"},
        ],
    )
    return tmp_path


def texts(data: TrainingData) -> list[tuple[str, str]]:
    return [(row.text, row.label) for row in data.intents]


def test_a_company_has_its_own_intents(folder: Path) -> None:
    data = company_data(folder)
    assert texts(data) == [("when do you open", "opening_hours"), ("this is a disgrace", "complaint")]
    assert data.intent_infos == {
        "opening_hours": IntentInfo("desk", False),
        "complaint": IntentInfo("desk", True),
    }


def test_files_that_a_company_lacks_are_the_general_ones(folder: Path) -> None:
    data, general = company_data(folder), general_data()
    for name in ("sentiment", "wants_person", "questions", "articles", "dialogues", "moods", "mood_texts"):
        assert getattr(data, name) == getattr(general, name), name
    assert not data.own_questions
    assert ("hello", "greeting") in [(row.text, row.label) for row in data.smalltalk]
    assert "whats the weather tomorrow" in [row.text for row in data.out_of_scope]


def test_one_changed_intent_of_a_company_leaves_its_general_data_as_they_are(tmp_path: Path) -> None:
    """A home that asked whether it was the sample company once lost smalltalk and questions by this."""
    for name in ("training", "calibration", "articles"):
        shutil.copytree(DEMO_FOLDER / name, tmp_path / name)
    told = (DEMO_FOLDER / "company.toml").read_text()
    (tmp_path / "company.toml").write_text(
        told.replace('title = "Gift cards"\n', 'title = "Vouchers"\nhuman_only = true\n')
    )
    changed, before = company_data(tmp_path), company_data(DEMO_FOLDER)
    assert changed.intent_infos["gift_card"] == IntentInfo("billing", human_only=True)
    names = ("sentiment", "wants_person", "smalltalk", "out_of_scope", "questions", "articles", "follow_ups")
    for name in names:
        assert getattr(changed, name) == getattr(before, name), name


def test_a_home_remembers_the_folder_it_was_trained_with_as_it_was_then(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = Settings(home=tmp_path_factory.mktemp("home"), secret_key=32 * "x")
    database = Database(settings.database_url)
    database.migrate()
    assert gather(settings, None, from_store=False).sha256 == general_data().sha256
    with database.session() as session:
        apply_company(session, read_company(folder))
    remember_folder(settings, folder)
    expected = company_data(folder)
    write_jsonl(folder / "training" / "intents.jsonl", [{"text": "later words", "label": "complaint"}])
    assert gather(settings, None, from_store=False) == replace(expected, source=str(settings.company_folder))
    with database.session() as session:
        put_entry(session, CompanyIntent(name="opening_hours", title="Hours", human_only=True), author="me")
    infos = gather(settings, None, from_store=False).intent_infos
    assert infos["opening_hours"] == IntentInfo(None, human_only=True)
    remember_folder(settings, folder)
    assert texts(gather(settings, None, from_store=False)) == [("later words", "complaint")]
    assert [path.name for path in settings.home.iterdir() if path.name.startswith(".")] == []
    database.close()


def test_a_file_that_a_company_has_is_its_own(folder: Path) -> None:
    write_jsonl(folder / "training" / "smalltalk.jsonl", [{"text": "moin", "label": "greeting"}])
    data = company_data(folder)
    smalltalk = [row.text for row in data.smalltalk if row.label != NONE]
    assert smalltalk == ["moin"]  # what is none stays the general data's
    assert data.sentiment == general_data().sentiment


def test_a_company_without_labelled_messages_has_no_intent_texts(folder: Path) -> None:
    (folder / "training" / "intents.jsonl").unlink()
    assert company_data(folder).intents == ()


def test_a_label_that_the_company_does_not_name_is_refused_by_name(folder: Path) -> None:
    write_jsonl(
        folder / "training" / "intents.jsonl",
        [
            {"text": "a", "label": "opening_hours"},
            {"text": "b", "label": "zeal"},
            {"text": "c", "label": "awe"},
        ],
    )
    with pytest.raises(DataError, match=r"company\.toml does not name: \['awe', 'zeal'\]"):
        company_data(folder)


def test_a_bad_row_is_left_out(folder: Path) -> None:
    with (folder / "training" / "intents.jsonl").open("a") as file:
        file.write('{"text": "", "label": "complaint"}\n')
    assert texts(company_data(folder)) == [
        ("when do you open", "opening_hours"),
        ("this is a disgrace", "complaint"),
    ]


def test_a_file_of_nothing_but_bad_rows_is_refused_by_line(folder: Path) -> None:
    (folder / "training" / "intents.jsonl").write_text('{"text": "", "label": "complaint"}\n')
    with pytest.raises(
        DataError, match=r"no usable row: intents\.jsonl: 1 row without a text, left out \(line 1\)"
    ):
        company_data(folder)


def test_a_folder_without_a_company_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"company\.toml does not exist; a company folder needs one"):
        company_data(tmp_path)


def test_general_data_have_everything_but_intents() -> None:
    data = general_data()
    assert (data.intents, data.intent_infos) == ((), {})
    assert data.sentiment
    assert data.questions
    assert data.articles


def test_superseded_articles_are_not_trained_on() -> None:
    assert not any(article.superseded_by for article in company_data(DEMO_FOLDER).articles)


def test_a_file_of_intents_knows_teams_where_they_are_known(tmp_path: Path) -> None:
    path = write_jsonl(
        tmp_path / "intents.jsonl", [{"text": "hi", "label": "complaint"}, {"text": "yo", "label": "other"}]
    )
    data = intents_file(path, {"complaint": IntentInfo("desk", True), "unused": IntentInfo("desk", False)})
    assert data.intent_infos == {"complaint": IntentInfo("desk", True), "other": IntentInfo(None, False)}


def test_the_digest_changes_with_any_label(folder: Path) -> None:
    before = company_data(folder).sha256
    assert company_data(folder).sha256 == before
    write_jsonl(
        folder / "training" / "intents.jsonl",
        [
            {"text": "when do you open", "label": "opening_hours"},
            {"text": "this is a disgrace", "label": "opening_hours"},
        ],
    )
    assert company_data(folder).sha256 != before
    unlabelled = replace(company_data(folder), unlabelled=("are you open",))
    assert unlabelled.sha256 != company_data(folder).sha256


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(sqlite_url(tmp_path))
    database.migrate()
    with database.session() as session:
        session.add(Team(name="desk", title="Desk"))
        session.flush()
        session.add(Intent(name="opening_hours", title="Opening hours", team="desk"))
        session.add(Intent(name="complaint", title="A complaint", team="desk", human_only=True))
        session.add(Contact(id="c1"))
        session.flush()
        session.add(Conversation(id="v1", contact_id="c1", client_id="x"))
    return database


def answered(session: Session, text: str, *, intent: str | None, helpful: bool | None) -> DecisionRecord:
    """A question that the bot answered, with what the customer said of the answer."""
    asked = Message(conversation_id="v1", author="customer", text=text, client_id=f"q {text}")
    session.add(asked)
    session.flush()
    decision = DecisionRecord(
        conversation_id="v1",
        message_id=asked.id,
        question=text,
        kind="answer",
        confidence=0.9,
        threshold=0.8,
        intent=intent,
        sentiment="neutral",
        mood=0.0,
        wants_person=0.0,
        reasons=[],
        model="v1",
    )
    session.add(decision)
    session.flush()
    reply = Message(
        conversation_id="v1",
        author="bot",
        text="An answer.",
        client_id=f"a {asked.id}",
        decision_id=decision.id,
    )
    session.add(reply)
    session.flush()
    if helpful is not None:
        session.add(Feedback(message_id=reply.id, conversation_id="v1", helpful=helpful))
        session.flush()
    return decision


def test_questions_that_agents_gave_an_intent_are_added_once_and_the_bots_own_reading_never(
    folder: Path, database: Database
) -> None:
    with database.session() as session:
        session.add(Agent(id="ada", email="ada@nook.example", name="Ada", password_hash="", role="agent"))
        session.flush()
        answered(session, "the bot read it so, and it helped", intent="complaint", helpful=True)
        for text, label in (
            ("open on sunday?", "complaint"),
            ("Open on Sunday?", "opening_hours"),  # the later word on the same question
            ("WHEN DO YOU OPEN", "complaint"),  # the company's own row
            ("do you like jazz", None),
            ("an intent that is gone", "gone"),
        ):
            decision = answered(session, text, intent="complaint", helpful=None)
            session.add(IntentLabel(decision_id=decision.id, intent=label, agent_id="ada"))
            session.flush()
        base = company_data(folder)
        data = stored_data(session, base)
    assert texts(data) == [
        ("when do you open", "opening_hours"),
        ("this is a disgrace", "complaint"),
        ("Open on Sunday?", "opening_hours"),
    ]
    assert data.out_of_scope == (*base.out_of_scope, LabelledText("do you like jazz", "out_of_scope"))
    assert data.from_service is not None
    assert data.from_service.rows_of("intents", "out_of_scope") == 2
    assert data.from_service.left_out[INTENT_GONE] == 1
    database.close()


def test_an_empty_store_adds_nothing(folder: Path, database: Database) -> None:
    base = company_data(folder)
    with database.session() as session:
        assert stored_data(session, base).intents == base.intents
    database.close()


def test_intents_and_teams_are_the_stores(folder: Path, database: Database) -> None:
    with database.session() as session:
        session.get_one(Intent, "opening_hours").human_only = True
        session.flush()
        data = stored_data(session, company_data(folder))
    assert data.intent_infos["opening_hours"] == IntentInfo("desk", True)
    database.close()


def test_questions_of_the_store_are_told_in_their_order_whatever_became_of_them(database: Database) -> None:
    with database.session() as session:
        answered(session, "open on sunday?", intent="opening_hours", helpful=True)
        answered(session, "and you?", intent=None, helpful=None)
        assert stored_questions(session) == ("open on sunday?", "and you?")
    database.close()


def test_unlabelled_texts_come_from_files_and_where_asked_from_the_store(folder: Path) -> None:
    settings = Settings.load(folder / "home")
    with closing(Database(settings.database_url)) as database:
        database.migrate()
        with database.session() as session:
            session.add(Contact(id="c1"))
            session.flush()
            session.add(Conversation(id="v1", contact_id="c1", client_id="x"))
            answered(session, "is it open now", intent=None, helpful=None)
    first = write_jsonl(folder / "one.jsonl", [{"text": "open today?"}, {"text": "sundays", "label": "no"}])
    second = write_jsonl(folder / "two.jsonl", [{"text": "till when"}])
    from_files = gather(settings, folder, from_store=False, unlabelled=[first, second])
    assert from_files.unlabelled == ("open today?", "sundays", "till when")
    assert texts(from_files) == texts(company_data(folder))
    from_all = gather(settings, folder, from_store=False, unlabelled=[second], unlabelled_from_store=True)
    assert from_all.unlabelled == ("till when", "is it open now")
    assert gather(settings, folder, from_store=True).unlabelled == ()


def test_a_bad_row_of_unlabelled_texts_is_named_by_file_and_line(folder: Path) -> None:
    bad = write_jsonl(folder / "one.jsonl", [{"text": "open today?"}, {"words": "sundays"}])
    with pytest.raises(DataError, match=r"one\.jsonl:2"):
        gather(Settings.load(folder / "home"), folder, from_store=False, unlabelled=[bad])


def test_a_store_without_questions_is_told_when_it_should_teach(folder: Path) -> None:
    with pytest.raises(DataError, match="the store has no questions to learn from yet"):
        gather(Settings.load(folder / "home"), folder, from_store=False, unlabelled_from_store=True)
