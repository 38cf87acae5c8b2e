"""Queries on attachments; it decides nothing and never commits."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.orm import Session

from serving.db.tables import Attachment, Conversation


def find(session: Session, attachment_id: str, *, contact_id: str | None = None) -> Attachment | None:
    """The attachment, of this contact's conversations if one is named; its content not read yet."""
    query = select(Attachment).where(Attachment.id == attachment_id)
    if contact_id is not None:
        own = select(Conversation.id).where(Conversation.contact_id == contact_id)
        query = query.where(Attachment.conversation_id.in_(own))
    return session.scalar(query)


def list_unsent(session: Session, conversation_id: str, ids: Collection[str]) -> list[Attachment]:
    """Those of the attachments of this conversation that no message carries yet, in the order uploaded."""
    query = select(Attachment).where(
        Attachment.conversation_id == conversation_id, Attachment.id.in_(ids), Attachment.message_id.is_(None)
    )
    return list(session.scalars(query.order_by(Attachment.created_at, Attachment.id)))


def total_of(session: Session, conversation_id: str) -> tuple[int, int]:
    """How many files the conversation has, and how many bytes they take."""
    query = select(func.count(), func.coalesce(func.sum(Attachment.size), 0))
    count, size = session.execute(query.where(Attachment.conversation_id == conversation_id)).one()
    return int(count), int(size)


def delete_unsent(session: Session, before: datetime) -> int:
    """Delete what was uploaded before and sent with no message; how many files."""
    unsent = delete(Attachment).where(Attachment.message_id.is_(None), Attachment.created_at < before)
    result = session.execute(unsent.execution_options(synchronize_session=False))
    return result.rowcount if isinstance(result, CursorResult) else 0
