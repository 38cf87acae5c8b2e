"""Conversations and contacts go after the time that they are kept, and nothing else does."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from serving.contacts.erasure import delete_conversations
from serving.contacts.retention import forget_old_people
from serving.db.session import Database
from serving.db.tables import (
    Contact,
    Conversation,
    CsatRating,
    Event,
    LearnedAnswer,
    Message,
    now,
)
from serving.settings import Settings


@pytest.fixture
def filled(database: Database) -> Database:
    """Three customers: one wrote long ago, one yesterday, one was only seen long ago."""
    with database.session() as session:
        for name, days in (("old", 400), ("new", 1), ("silent", 400)):
            moment = now() - timedelta(days=days)
            session.add(Contact(id=name, last_seen_at=moment, created_at=moment))
            session.flush()
            if name == "silent":
                continue
            session.add(Conversation(id=name, contact_id=name, client_id="c", updated_at=moment))
            session.flush()
            session.add(Message(conversation_id=name, author="customer", text=f"{name} words"))
            session.add(CsatRating(conversation_id=name, score=3))
        session.add(LearnedAnswer(question="How?", answer="So.", source_conversation_id="old"))
    return database


def settings(database: Database, tmp_path: Path, **days: float) -> Settings:
    url = database.url.render_as_string(hide_password=False)
    return Settings(home=tmp_path, database_url=url, secret_key="x" * 32, **days)


def ids(database: Database) -> tuple[list[str], list[str]]:
    with database.reading() as session:
        return (
            sorted(session.scalars(select(Contact.id))),
            sorted(session.scalars(select(Conversation.id))),
        )


def test_without_a_time_everything_is_kept(filled: Database, tmp_path: Path) -> None:
    assert forget_old_people(filled, settings(filled, tmp_path)) == 0
    assert ids(filled) == (["new", "old", "silent"], ["new", "old"])


def test_an_old_conversation_goes_with_all_that_belongs_to_it_and_its_answer_stays(
    filled: Database, tmp_path: Path
) -> None:
    assert forget_old_people(filled, settings(filled, tmp_path, conversation_days=365)) == 1
    assert ids(filled) == (["new", "old", "silent"], ["new"])
    with filled.reading() as session:
        assert list(session.scalars(select(Message.text))) == ["new words"]
        assert list(session.scalars(select(CsatRating.conversation_id))) == ["new"]
        [answer] = session.scalars(select(LearnedAnswer))
        assert (answer.question, answer.source_conversation_id) == ("How?", None)


def test_contacts_without_conversations_go_after_their_time(filled: Database, tmp_path: Path) -> None:
    assert forget_old_people(filled, settings(filled, tmp_path, contact_days=365)) == 1
    assert ids(filled)[0] == ["new", "old"]
    both = settings(filled, tmp_path, conversation_days=365, contact_days=365)
    assert forget_old_people(filled, both) == 2
    assert ids(filled) == (["new"], ["new"])


def test_a_conversation_that_the_bot_is_about_to_answer_is_kept(filled: Database, tmp_path: Path) -> None:
    with filled.session() as session:
        row = session.get_one(Conversation, "old")
        row.answer_due_at, row.updated_at = now(), now() - timedelta(days=400)
    assert forget_old_people(filled, settings(filled, tmp_path, conversation_days=365)) == 0


def test_the_number_of_the_newest_event_is_not_given_again(filled: Database) -> None:
    with filled.session() as session:
        session.add(Event(conversation_id="old", kind="message", data={"words": "zebrafinch"}))
        session.flush()
        newest = session.scalars(select(Event.id)).all()[-1]
    with filled.session() as session:
        delete_conversations(session, ["old"])
    with filled.session() as session:
        [kept] = session.scalars(select(Event))
        assert (kept.id, kept.conversation_id, kept.agents_only, kept.data) == (newest, "new", True, {})
        session.add(Event(conversation_id="new", kind="message", data={}))
        session.flush()
        assert session.scalars(select(Event.id).order_by(Event.id)).all()[-1] > newest
