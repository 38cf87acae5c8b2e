"""Forgets conversations and contacts that are older than they are kept; decides nothing about knowledge."""

from datetime import timedelta

from sqlalchemy import delete, exists, select

from serving.contacts.erasure import delete_conversations
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
        for _ in range(_MOST_BATCHES):
            with database.session() as session:
                ids = list(
                    session.scalars(old.order_by(Conversation.updated_at, Conversation.id).limit(_BATCH))
                )
                delete_conversations(session, ids)
            forgotten += len(ids)
            if len(ids) < _BATCH:
                break
    if settings.contact_days is not None:
        before = now() - timedelta(days=settings.contact_days)
        alone = ~exists().where(Conversation.contact_id == Contact.id)
        gone = select(Contact.id).where(Contact.last_seen_at < before, alone).limit(_BATCH)
        for _ in range(_MOST_BATCHES):
            with database.session() as session:
                ids = list(session.scalars(gone))
                session.execute(delete(Contact).where(Contact.id.in_(ids), alone))
            forgotten += len(ids)
            if len(ids) < _BATCH:
                break
    return forgotten
