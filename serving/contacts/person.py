"""What the store holds of one person, and the words by which to know them elsewhere; changes nothing."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from knowledge.privacy.scrubbing import scrub
from model.errors import NotFoundError
from serving.conversations.repository import tags_of
from serving.db.tables import (
    Attachment,
    Contact,
    Conversation,
    CsatRating,
    DecisionRecord,
    Feedback,
    Message,
    Proposal,
)

_SHORTEST_IDENTIFIER = 5
"""Fewer characters may be part of any word."""
_SHORTEST_WORDS = 3
"""A text of fewer words, such as "thank you", is everybody's."""


@dataclass(frozen=True, slots=True)
class PersonsWords:
    """By what a person is known in a text, as it was written."""

    identifiers: tuple[str, ...]
    """Ids, e-mail, full name and the business's attributes: they name this person alone."""
    said: tuple[str, ...]
    """What they wrote, whole and by line, also with personal data replaced; none that is everybody's."""


@dataclass(frozen=True, slots=True)
class PersonsRows:
    """The rows of one person."""

    contacts: tuple[Contact, ...]
    conversations: tuple[Conversation, ...]
    messages: tuple[Message, ...]
    decisions: tuple[DecisionRecord, ...]
    """With their traces."""
    ratings: tuple[CsatRating, ...]
    feedback: tuple[Feedback, ...]
    proposals: tuple[Proposal, ...]
    attachments: tuple[Attachment, ...]
    tags: Mapping[str, list[str]]
    """What agents put on each conversation."""


def find_person(session: Session, who: str) -> PersonsRows:
    """The rows of whoever has this id, external id or e-mail address; several contacts may share one.

    Raises `NotFoundError` for nobody.
    """
    same = or_(Contact.id == who, Contact.external_id == who, Contact.email == who)
    contacts = tuple(session.scalars(select(Contact).where(same).order_by(Contact.created_at, Contact.id)))
    if not contacts:
        raise NotFoundError(f"there is no contact with the id or e-mail address {who!r}")
    ids = [contact.id for contact in contacts]
    conversations = tuple(
        session.scalars(
            select(Conversation)
            .where(Conversation.contact_id.in_(ids))
            .order_by(Conversation.created_at, Conversation.id)
        )
    )
    own = [conversation.id for conversation in conversations]
    decisions = (
        select(DecisionRecord)
        .where(DecisionRecord.conversation_id.in_(own))
        .options(selectinload(DecisionRecord.trace))
        .order_by(DecisionRecord.id)
    )

    def of(table: Any, *order: Any) -> tuple[Any, ...]:  # a mapped class, its columns and its rows
        rows = session.scalars(select(table).where(table.conversation_id.in_(own)).order_by(*order))
        return tuple(rows)

    return PersonsRows(
        contacts=contacts,
        conversations=conversations,
        messages=of(Message, Message.id),
        decisions=tuple(session.scalars(decisions)),
        ratings=of(CsatRating, CsatRating.created_at),
        feedback=of(Feedback, Feedback.message_id),
        proposals=of(Proposal, Proposal.id),
        attachments=of(Attachment, Attachment.created_at, Attachment.id),
        tags=tags_of(session, own),
    )


def words_of(rows: PersonsRows) -> PersonsWords:
    """The words by which the person is known outside the store."""
    identifiers = [*_identifiers(rows.contacts), *(one.id for one in rows.conversations)]
    names = [contact.name for contact in rows.contacts if contact.name]
    said: dict[str, None] = {}
    for text in _texts(rows):
        for form in (text, scrub(text, names=names).text):
            said.update(dict.fromkeys((form, *form.splitlines())))
    return PersonsWords(
        tuple(dict.fromkeys(one for one in identifiers if len(one) >= _SHORTEST_IDENTIFIER)),
        tuple(text.strip() for text in said if len(text.split()) >= _SHORTEST_WORDS),
    )


def as_json(rows: PersonsRows) -> dict[str, Any]:  # JSON
    """Everything that is kept of the person, for them to read."""
    by_conversation: dict[str, list[Message]] = {one.id: [] for one in rows.conversations}
    for message in rows.messages:
        by_conversation[message.conversation_id].append(message)
    return {
        "contacts": [
            _columns(one, "id", "external_id", "name", "email", "attributes", "created_at", "last_seen_at")
            for one in rows.contacts
        ],
        "conversations": [
            {
                **_columns(one, "id", "channel", "status", "team", "intent", "mood", "priority"),
                **_columns(one, "details", "handoff_reason", "handoff_summary", "resolution"),
                **_columns(one, "created_at", "closed_at", "snoozed_until", "snooze_reason"),
                "tags": rows.tags.get(one.id, []),
                "messages": [
                    _columns(message, "id", "author", "kind", "text", "payload", "created_at")
                    for message in by_conversation[one.id]
                ],
            }
            for one in rows.conversations
        ],
        "decisions": [
            {
                **_columns(one, "id", "conversation_id", "question", "kind", "answer_ref", "confidence"),
                **_columns(one, "intent", "sentiment", "mood", "wants_person", "reasons", "created_at"),
                "trace": one.trace.trace if one.trace else None,
            }
            for one in rows.decisions
        ],
        "ratings": [
            _columns(one, "conversation_id", "score", "comment", "created_at") for one in rows.ratings
        ],
        "feedback": [_columns(one, "message_id", "helpful", "created_at") for one in rows.feedback],
        "proposals": [
            _columns(one, "id", "kind", "status", "question", "answer", "phrasings", "created_at")
            for one in rows.proposals
        ],
        "attachments": [
            {
                **_columns(one, "id", "conversation_id", "message_id", "author", "name", "media_type"),
                **_columns(one, "size", "created_at"),
                "content_base64": b64encode(one.content).decode(),
            }
            for one in rows.attachments
        ],
    }


def _identifiers(contacts: Iterable[Contact]) -> Iterator[str]:
    for contact in contacts:
        yield contact.id
        yield from filter(None, (contact.external_id, contact.email))
        if contact.name and " " in contact.name.strip():
            yield contact.name.strip()
        yield from (value for value in _strings(contact.attributes) if not value.isalpha())


def _texts(rows: PersonsRows) -> Iterator[str]:
    """Everything that the person wrote, and what was drafted of it."""
    yield from (message.text for message in rows.messages if message.author == "customer")
    yield from (text for one in rows.conversations for text in _strings((one.details or {}).get("values")))
    yield from (decision.question for decision in rows.decisions)
    yield from (rating.comment for rating in rows.ratings)
    for proposal in rows.proposals:
        drafted = (proposal.undo or {}).get("drafted", {})
        yield from (proposal.question, *proposal.phrasings)
        yield from _strings([drafted.get("question"), drafted.get("phrasings")])


def _strings(value: object) -> Iterator[str]:
    """All texts within a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


def _columns(row: object, *names: str) -> dict[str, Any]:  # JSON
    values = {name: getattr(row, name) for name in names}
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()
    }
