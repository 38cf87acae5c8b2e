"""Forgets conversations and contacts that are older than they are kept; decides nothing about knowledge."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import Select, delete, exists, select
from sqlalchemy.orm import Session

from serving.contacts.erasure import delete_conversations
from serving.db.search import forget_deleted_words
from serving.db.session import Database
from serving.db.tables import Contact, Conversation, now
from serving.settings import Settings

_BATCH = 50
_MOST_BATCHES = 40


def forget_old_people(database: Database, settings: Settings) -> int:
    """Delete conversations and contacts whose time is over; how many of both.

    In small transactions, so that nobody waits for long; what is left over comes the next time. The newest
    event stays where its conversation does, so that no number is given twice.
    """
    forgotten = 0
    if settings.conversation_days is not None:
        before = now() - timedelta(days=settings.conversation_days)
        old = select(Conversation.id).where(
            Conversation.updated_at < before, Conversation.answer_due_at.is_(None)
        )
        oldest = old.order_by(Conversation.updated_at, Conversation.id)
        deleted = _in_batches(database, oldest, delete_conversations)
        if deleted:
            with database.session() as session:
                forget_deleted_words(session)
        forgotten += deleted
    if settings.contact_days is not None:
        before = now() - timedelta(days=settings.contact_days)
        alone = ~exists().where(Conversation.contact_id == Contact.id)

        def delete_contacts(session: Session, ids: Sequence[str]) -> None:
            session.execute(delete(Contact).where(Contact.id.in_(ids), alone))

        gone = select(Contact.id).where(Contact.last_seen_at < before, alone)
        forgotten += _in_batches(database, gone, delete_contacts)
    return forgotten


def _in_batches(
    database: Database, found: Select[str], delete_rows: Callable[[Session, Sequence[str]], object]
) -> int:
    """Delete what is found by its ids, a few at a time and only so often; how many they were."""
    deleted = 0
    for _ in range(_MOST_BATCHES):
        with database.session() as session:
            ids = session.scalars(found.limit(_BATCH)).all()
            delete_rows(session, ids)
        deleted += len(ids)
        if len(ids) < _BATCH:
            break
    return deleted
